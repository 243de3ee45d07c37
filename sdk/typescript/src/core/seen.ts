/** Tells the holder how far this tab got, in batches: that is how it knows who keeps up. */

import type { Clock } from "./ports.ts";

/** As many facts are told of at once, without waiting: timers of hidden pages may come once a minute. */
const FACTS = 64;
const WAIT_MS = 200;

/** Counts what the program has had of one holder. */
export class Seen {
  upTo = 0;
  private _untold = 0;
  private _cancel: (() => void) | null = null;
  private _had: Promise<void> | void = undefined;
  private _turn = 0;

  private readonly _clock: Clock;
  private readonly _tell: (upTo: number) => void;

  constructor(clock: Clock, tell: (upTo: number) => void) {
    this._clock = clock;
    this._tell = tell;
  }

  /** The program has had a frame, or will when `had` is kept. */
  took(n: number, facts: number, had: Promise<void> | void): void {
    const turn = this._turn;
    this._had = had;
    if (had) void had.then(() => turn === this._turn && this._count(n, facts));
    else this._count(n, facts);
  }

  /** Calls when the program has had all that was taken. */
  async all(call: () => void): Promise<void> {
    await this._had;
    call();
  }

  private _count(n: number, facts: number): void {
    this.upTo = n;
    this._untold += facts;
    if (this._untold >= FACTS) this._flush();
    else this._cancel ??= this._clock.after(WAIT_MS, () => this._flush());
  }

  /** Another holder, or none: it counts anew. */
  reset(): void {
    this._turn += 1;
    this._cancel?.();
    this._cancel = null;
    this._untold = 0;
    this.upTo = 0;
  }

  private _flush(): void {
    this._cancel?.();
    this._cancel = null;
    this._untold = 0;
    this._tell(this.upTo);
  }
}
