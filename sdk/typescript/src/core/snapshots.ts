/** What a new tab begins with: the newest conversations and what is unread, as the server tells it, and where facts go on. */

import type { Link } from "./link.ts";
import type { Cursor, WireAnswer } from "./messages.ts";
import type { Clock } from "./ports.ts";

/** Conversations in it, the newest first. */
const CONVERSATIONS = 100;
/** Conversations whose unread messages are counted in it. */
const UNREAD = 1000;
const PUT_OFF_MS = 1000;

/** Answers of `query` and `unread`; facts go on from `cursor`. */
export interface Snapshot {
  readonly cursor: Cursor;
  readonly answers: readonly WireAnswer[];
}

/** Asks once for all tabs that come together. */
export class Snapshots {
  private readonly _clock: Clock;
  private readonly _done: (snapshot: Snapshot | null) => void;
  /** What a tab begins with while there is no link; it catches up from there. */
  last: Snapshot | null = null;
  private _asking: Link | null = null;

  constructor(clock: Clock, done: (snapshot: Snapshot | null) => void) {
    this._clock = clock;
    this._done = done;
  }

  /** Asks for one as of a cursor, unless that is under way; `done` is given it, or null where it is to be asked for again. */
  ask(link: Link, cursor: Cursor): void {
    if (this._asking === link) return;
    this._asking = link;
    void this._ask(link, cursor);
  }

  private async _ask(link: Link, cursor: Cursor): Promise<void> {
    const said = await Promise.all([link.request({ op: "query", limit: CONVERSATIONS, with_last: true }), link.request({ op: "unread", limit: UNREAD })]);
    if (this._asking !== link) return;
    const putOff = said.flatMap((each) => ("refusal" in each && each.refusal.retryable ? [each.refusal.retry_after_ms ?? PUT_OFF_MS] : []));
    if (putOff.length > 0) await new Promise<void>((go) => this._clock.after(Math.max(...putOff), go));
    if (this._asking !== link) return;
    this._asking = null;
    // What the server refuses for good the tab goes without.
    const isWhole = link.loss === null && putOff.length === 0;
    if (isWhole) this.last = { cursor, answers: said.flatMap((each) => ("answer" in each ? [each.answer as WireAnswer] : [])) };
    this._done(isWhole ? this.last : null);
  }
}
