/** The locks of a tab: its own, by which the holder sees that it lives, and the holder's, by which it sees the same. */

import type { Held, Locks } from "./ports.ts";
import { Stopper } from "./stopper.ts";

/** Holds the one lock and waits for the other. */
export class Watch {
  private _own: Held | null = null;
  private _wait: Stopper | null = null;
  private _waitOwn: Stopper | null = null;

  private readonly _locks: Locks | null;
  private readonly _name: string;

  constructor(locks: Locks | null, name: string) {
    this._locks = locks;
    this._name = name;
  }

  /** Takes the tab's own lock. */
  async live(): Promise<void> {
    if (this._locks === null || this._own !== null) return;
    const stop = new Stopper();
    this._waitOwn = stop;
    const held = await this._locks.hold(this._name, stop);
    if (stop.aborted) held?.release();
    else this._own = held;
  }

  /** Calls when the holder with this lock is gone; of two, the last one. */
  await(life: string, gone: () => void): void {
    this.forget();
    if (this._locks === null) return;
    const stop = new Stopper();
    this._wait = stop;
    void this._locks.hold(life, stop).then((held) => {
      held?.release();
      if (held !== null && !stop.aborted) gone();
    });
  }

  /** Waits for no holder. */
  forget(): void {
    this._wait?.stop();
    this._wait = null;
  }

  /** The tab is gone, or asleep. */
  leave(): void {
    this.forget();
    this._waitOwn?.stop();
    this._waitOwn = null;
    this._own?.release();
    this._own = null;
  }
}
