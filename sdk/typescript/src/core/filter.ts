/** What a tab has taken of each stream; lets each fact through once and in order, whatever the holders repeat. */

import type { Cursor, Facts, Position, ToTab, WireFact } from "./messages.ts";

/** That facts of a stream will not come. */
export type StartOver = Extract<ToTab, { readonly is: "start-over" }>;

/** `hole`: facts before these are missing; nothing was taken. */
export type Passed = readonly WireFact[] | "hole";

/** The positions of one tab in all streams of its session. */
export class Filter {
  private _positions = new Map<string, Position>();
  /** Conversations that I may be out of, or in again: facts of these begin anywhere. */
  private readonly _unsure = new Set<string>();
  private _epoch = 0;
  private _checkpoint = 0;

  /** The cursor to go on from. */
  get cursor(): Cursor {
    return { epoch: this._epoch, checkpoint: this._checkpoint, positions: Object.fromEntries(this._positions) };
  }

  /** Forgets all, and goes on from a snapshot. */
  begin(cursor: Cursor): void {
    this._positions = new Map(Object.entries(cursor.positions));
    this._unsure.clear();
    this._epoch = cursor.epoch;
    this._checkpoint = cursor.checkpoint;
  }

  /** The holder goes on from what this tab said it has; streams it never saw begin with their first frame. */
  goOn(cursor: Cursor): void {
    if (cursor.epoch !== this._epoch) this._checkpoint = 0;
    this._epoch = cursor.epoch;
  }

  /**
   * Gives those facts of a frame that were not taken before.
   *
   * Of an older epoch: none. Of a newer one, or of a stream that was never seen: all. What was said in a conversation
   * while `user` was no member of it is missing there for good, and no hole.
   */
  pass(frame: Facts, user: string): Passed {
    const at = this._positions.get(frame.stream);
    const first = frame.facts[0];
    if (first !== undefined && (at === undefined || frame.epoch >= at.epoch)) {
      const seq = at?.epoch === frame.epoch ? at.seq : null;
      if (seq !== null && !at?.isLeft && first.seq > seq + 1 && !this._unsure.has(frame.stream)) return "hole";
      const fresh = seq === null ? frame.facts : frame.facts.filter((fact) => fact.seq > seq);
      this._advance(frame, fresh, user);
      this._reach(frame.checkpoint);
      return fresh;
    }
    this._reach(frame.checkpoint);
    return [];
  }

  /** Passes over facts that will not come; gives those of them that were not taken, or null where nothing is missing to this tab. */
  skip(range: StartOver): StartOver | null {
    const { stream, epoch, last, reason } = range;
    const at = this._positions.get(stream);
    if (at !== undefined && epoch < at.epoch) return null;
    if (reason === "gone") return this._positions.delete(stream) ? range : null;
    const seq = at?.epoch === epoch ? at.seq : -1;
    // Where the server was restored and has less than was taken, what follows has places that were taken before.
    if (last === seq || (last < seq && reason !== "ahead")) return null;
    const wasLeft = seq >= 0 && at?.isLeft === true;
    // What let me in again may be among what is gone: the next holder, like this one, is not told that I am out.
    const isLeft = wasLeft && reason === "unreadable";
    if (wasLeft && !isLeft) this._unsure.add(stream);
    this._positions.set(stream, { epoch, seq: last, ...(isLeft && { isLeft }) });
    return last < seq ? range : { ...range, first: Math.max(range.first, seq + 1) };
  }

  /** How far a stream was taken; undefined if it never was. */
  at(stream: string): Position | undefined {
    return this._positions.get(stream);
  }

  private _reach(checkpoint: number): void {
    if (checkpoint > this._checkpoint) this._checkpoint = checkpoint;
  }

  private _advance(frame: Facts, fresh: readonly WireFact[], user: string): void {
    const last = fresh[fresh.length - 1];
    if (last === undefined) return;
    this._unsure.delete(frame.stream);
    let isLeft = this._positions.get(frame.stream)?.isLeft ?? false;
    for (const { fact } of fresh) isLeft = leaves(fact, user) || (isLeft && !enters(fact, user));
    this._positions.set(frame.stream, { epoch: frame.epoch, seq: last.seq, ...(isLeft && { isLeft }) });
    if (frame.stream !== `u/${user}`) return;
    // Where a conversation began for me is said here alone, and never again: the next holder has to know it.
    for (const { fact } of fresh) {
      const stream = `c/${String(fact["conversation"])}`;
      if (fact.kind === "entered" && !this._positions.has(stream)) this._positions.set(stream, { epoch: frame.epoch, seq: Number(fact["seq"]) - 1 });
    }
  }
}

type Fact = WireFact["fact"];

function leaves(fact: Fact, user: string): boolean {
  return fact.kind === "ended" || (fact.kind === "left" && names(fact["users"], user));
}

function enters(fact: Fact, user: string): boolean {
  return (fact.kind === "joined" && names(fact["users"], user)) || (fact.kind === "created" && names(fact["members"], user));
}

function names(users: unknown, user: string): boolean {
  return Array.isArray(users) && users.includes(user);
}
