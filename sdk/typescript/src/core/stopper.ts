/** Calls off a wait; what AbortController is where there is one. */

import type { Stop } from "./ports.ts";

/** A `Stop` and what stops it. */
export class Stopper implements Stop {
  private _calls: (() => void)[] = [];
  aborted = false;

  addEventListener(_type: "abort", call: () => void): void {
    if (this.aborted) call();
    else this._calls.push(call);
  }

  /** Ends the wait; once. */
  stop(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const call of this._calls.splice(0)) call();
  }
}
