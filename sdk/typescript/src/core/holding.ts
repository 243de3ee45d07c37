/** What a host needs of the holder of a session, and gives it. */

import type { Duties, DutyPorts } from "./duties.ts";
import type { FromTabEnvelope, HostKind, ToTabEnvelope } from "./messages.ts";
import type { Clock, Dial, Entropy, Store } from "./ports.ts";

/** What a holder loads besides: few of its first messages need it. */
export interface DutyCode {
  makeDuties(ports: DutyPorts): Duties;
}

/** The hub as its host sees it. */
export interface Holder {
  /** It tells its tabs how the session ended, and is over when they have heard it. */
  readonly isLeaving: boolean;
  take(envelope: FromTabEnvelope): void;
  /** The tab's lock is free: it was closed or crashed without a word. */
  gone(tab: string): void;
  /**
   * Ends at once: closes the link, writes nothing more. The session lives on for the next holder. Where a `tab` goes with it, which cannot
   * say good-bye to it any more, that one hangs up; all else is without a word.
   */
  stop(tab?: string): void;
}

export interface HolderPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly store: Store;
  readonly dial: Dial;
  /** Brings the rest of the holder's code; `isAnew` where it was asked for, and did not come. */
  readonly duties: (isAnew?: boolean) => Promise<DutyCode>;
  readonly host: HostKind;
  /** Name of the lock that is held for as long as this holder lives. */
  readonly life: string;
  readonly sdk: string;
  post(envelope: ToTabEnvelope): void;
  /** This holder has ended by itself: signed out, displaced, replaced, or asked to yield. */
  over(): void;
}

export type MakeHolder = (ports: HolderPorts) => Holder;

/** The code of a holder. */
export interface HolderCode extends Pick<HolderPorts, "dial" | "duties"> {
  readonly make: MakeHolder;
}
