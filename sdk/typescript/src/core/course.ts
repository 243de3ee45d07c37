/** One way through the user's streams: what comes live, and getting what is missing on each link. */

import { broken } from "../wire/loss.ts";
import type { Answer, Answers, Command, Delivery, Refusal, Welcome } from "../wire/types.ts";
import type { Link, Said } from "./link.ts";
import type { Cursor } from "./messages.ts";
import type { Outcome, Read } from "./places.ts";
import type { Clock } from "./ports.ts";
import { Positions } from "./positions.ts";

/** Facts asked for at a time. */
const PAGE = 200;
/** Streams read at a time. */
const READS = 4;
/** Before a request is repeated that the server put off without saying for how long. */
const PUT_OFF_MS = 1000;

/** Who hears of a course. */
export interface CourseEvents {
  passed(outcomes: readonly Outcome[]): void;
  /** It may be settled now. */
  moved(): void;
  /** Whether more facts can be taken; `wake` is called when that changes. */
  hasRoom(): boolean;
}

/** Follows the streams over all links of a session. */
export class Course {
  readonly positions: Positions;
  private readonly _clock: Clock;
  private readonly _events: CourseEvents;
  private _epoch: number;
  private _link: Link | null = null;
  private _reads = 0;

  constructor(clock: Clock, user: string, cursor: Cursor | null, events: CourseEvents) {
    this._clock = clock;
    this._events = events;
    this._epoch = cursor?.epoch ?? 0;
    this.positions = new Positions(user, cursor?.positions, cursor?.checkpoint);
  }

  /** What to go on from; settled or not. */
  get cursor(): Cursor {
    return { epoch: this._epoch, checkpoint: this.positions.checkpoint, positions: this.positions.snapshot() };
  }

  /** A link is live. */
  begin(link: Link, { epoch, checkpoint }: Pick<Welcome, "epoch" | "checkpoint">): void {
    const isRestored = checkpoint < this.positions.checkpoint || (this._epoch !== 0 && this._epoch !== epoch);
    this._epoch = epoch;
    this._link = link;
    this._reads = 0;
    void this._sync(link, this.positions.beginLink(isRestored));
  }

  take(delivery: Delivery): void {
    this._pass(this.positions.take(delivery));
  }

  reach(checkpoint: number): void {
    this.positions.reach(checkpoint);
  }

  /** Reads what is missing, as far as there is room. */
  wake(): void {
    const link = this._link;
    while (link !== null && link.loss === null && this._reads < READS && this._events.hasRoom()) {
      const asked = this.positions.nextRead();
      if (asked === null) return;
      this._reads += 1;
      void this._read(link, asked);
    }
  }

  /** Goes no further. */
  end(): void {
    this._link = null;
  }

  private async _sync(link: Link, checkpoint: number): Promise<void> {
    const { positions } = this;
    if (positions.isFresh) {
      // My own stream comes first: it tells of each conversation that begins for me while the others are listed.
      const own = await this._ask(link, { op: "read", stream: positions.own, after: 0, limit: 1 });
      if (own === null) return;
      if (own.kind === "facts") this._pass(positions.takeHeads([{ stream: positions.own, epoch: own.epoch, seq: own.head }], null));
    }
    for (let after: string | undefined, isLast = false; !isLast; ) {
      const moved = await this._ask(link, { op: "sync", checkpoint, after });
      if (moved === null) return;
      this._pass(positions.takeHeads(moved.heads, moved.checkpoint));
      after = moved.next;
      isLast = after === undefined;
    }
    this._pass(positions.endSync());
  }

  private async _read(link: Link, asked: Read): Promise<void> {
    const { stream, after } = asked;
    const answer = await this._ask(link, { op: "read", stream, after, limit: PAGE, ...(asked.epoch > 0 && { epoch: asked.epoch }) }, true);
    if (this._link !== link) return;
    this._reads -= 1;
    if (answer === null) this.positions.putBack(asked);
    else if ("refused" in answer) this._pass(this.positions.giveUp(asked));
    else if (answer.kind === "facts") this._pass(this.positions.takePage(asked, answer));
    else this._pass(this.positions.takeStartOver(asked, answer));
  }

  /** Asks, and asks again when put off; null when this course goes on elsewhere. A refusal ends the link unless it `mayFail`. */
  private async _ask<C extends Command>(link: Link, command: C): Promise<Answers[C["op"]] | null>;
  private async _ask<C extends Command>(link: Link, command: C, mayFail: true): Promise<Answers[C["op"]] | { readonly refused: Refusal } | null>;
  private async _ask(link: Link, command: Command, mayFail = false): Promise<Answer | { readonly refused: Refusal } | null> {
    for (;;) {
      const said: Said = await link.request(command);
      if (this._link !== link || "loss" in said) return null;
      if ("answer" in said) return said.answer;
      const { refusal } = said;
      if (!refusal.retryable) {
        if (mayFail) return { refused: refusal };
        link.end(broken(`the server does not answer: ${refusal.message}`));
        return null;
      }
      await new Promise<void>((go) => this._clock.after(refusal.retry_after_ms ?? PUT_OFF_MS, go));
      if (this._link !== link) return null;
    }
  }

  private _pass(outcomes: readonly Outcome[]): void {
    if (outcomes.length > 0) this._events.passed(outcomes);
    this.wake();
    this._events.moved();
  }
}

