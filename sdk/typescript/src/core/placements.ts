/** Holds back the answer to a send until the fact of the message was told: programs see their own message first. */

import type { Position, WireAnswer } from "./messages.ts";
import type { Clock } from "./ports.ts";

/** A fact that has not come by then will not come, or the link is in trouble: the answer is true all the same. */
const PATIENCE_MS = 5000;

export interface Placed {
  readonly stream: string;
  readonly epoch: number;
  readonly seq: number;
}

interface Held {
  readonly placed: Placed;
  readonly give: () => void;
  readonly cancel: () => void;
}

/** The answers that wait for their facts. */
export class Placements {
  private _held: Held[] = [];
  private readonly _expected = new Set<string>();

  private readonly _clock: Clock;

  constructor(clock: Clock) {
    this._clock = clock;
  }

  /** Gives the answer now, or when its fact was told. What is said in rooms has no stream that this session follows. */
  hold(op: string, answer: WireAnswer, at: (stream: string) => Position | undefined, give: () => void): void {
    if (answer.kind === "conversation" && answer["of"] !== "room") this._expected.add(`c/${String(answer["conversation"])}`);
    const placed = op === "send" && answer.kind === "placed" ? (answer as unknown as Placed) : null;
    if (placed === null || this._isTold(placed, at(placed.stream))) return give();
    const cancel = this._clock.after(PATIENCE_MS, () => this.settle((other) => other === placed));
    this._held.push({ placed, give, cancel });
  }

  /** Gives those answers whose fact was told. */
  settle(isTold: (placed: Placed) => boolean): void {
    if (this._held.length === 0) return;
    const told = this._held.filter((one) => isTold(one.placed));
    this._held = this._held.filter((one) => !told.includes(one));
    for (const one of told) {
      one.cancel();
      one.give();
    }
  }

  private _isTold(placed: Placed, at: Position | undefined): boolean {
    if (at === undefined) return !this._expected.has(placed.stream);
    return at.epoch !== placed.epoch || at.seq >= placed.seq;
  }
}
