/** How a tab comes to the holder of its session: what a host gives its tabs. */

import type { FromTabEnvelope, ToTabEnvelope } from "./messages.ts";
import type { Channel } from "./ports.ts";

export interface Ways {
  /**
   * Opens a way to the holder there is, or makes one. What is posted before it is open is kept.
   *
   * `silences` counts the hellos that nobody answered, one after the other: the rung of the ladder.
   * `failed` is called when this way can never work, so that the tab need not wait for the silence.
   */
  open(silences: number, failed: () => void): Channel<ToTabEnvelope, FromTabEnvelope>;
  /** What was asked does not hold the session, but somebody on the bus does: the next way is the bus. */
  elsewhere(): void;
  /** Milliseconds without a sign of life after which an attached tab looks for another holder; 0: it need not ask. */
  readonly patience: number;
  /** This page, with its tab, sleeps: a holder that lives in it must end now. */
  suspend(tab: string): void;
  /** This tab leaves for good. */
  close(tab: string): void;
}
