/**
 * Delivery arithmetic: every fact of my streams once and in order, or a plain word that it cannot be. Pure.
 * docs/protocol/native.md, section 5; the Python SDK has the same in `positions.py`.
 *
 * A fact that follows the position is delivered, a lower one dropped, a higher one held until what is missing was read.
 * `checkpoint` moves only while nothing is missing, so that resuming from it loses nothing.
 *
 * Where a stream begins for me is known from the fact that made me a member; a stream whose beginning is not known yet
 * waits until my own stream has told it. After my leaving, facts pass unseen until one makes me a member again.
 */

import type { Delivery, Facts, SeqFact, StartOver, StreamHead } from "../wire/types.ts";
import type { Position } from "./messages.ts";
import { UNKNOWN, isOpen, letsIn, letsOut, placeAt } from "./places.ts";
import type { Outcome, Place, Read, Restart } from "./places.ts";

/** Facts held behind gaps, and characters of them as JSON; more are read again from the server. */
const HELD = 2000;
const HELD_BYTES = 4 << 20;
/** Reads in a row that bring nothing, before what is missing counts as unreadable. */
const FRUITLESS = 3;

/** The positions of one user's session in all their streams. */
export class Positions {
  readonly own: string;
  checkpoint: number;
  /** No state is known from before: the heads are learned first, what comes after them is delivered. */
  isFresh: boolean;

  readonly user: string;
  private readonly _places = new Map<string, Place>();
  private readonly _open = new Set<string>();
  private readonly _held = new Map<SeqFact, number>();
  private _bytes = 0;
  private _reached = 0;
  private _synced: number | null = null;
  private _isSyncing = true;
  private _listed: Set<string> | null = null;

  /** Begins with what was known before, if anything was. */
  constructor(user: string, known: { readonly [stream: string]: Position } = {}, checkpoint = 0) {
    this.user = user;
    this.own = `u/${user}`;
    for (const [stream, at] of Object.entries(known)) this._places.set(stream, placeAt(at.epoch, at.seq, at.isLeft));
    this.checkpoint = checkpoint;
    this.isFresh = this._places.size === 0;
  }

  /** Gives the position in a stream; null in one that is not known, or not yet. */
  at(stream: string): Position | null {
    const place = this._places.get(stream);
    return place === undefined || place.seq === UNKNOWN ? null : positionOf(place);
  }

  /** Gives all positions, to be kept. */
  snapshot(): { [stream: string]: Position } {
    const known: { [stream: string]: Position } = {};
    for (const [stream, place] of this._places) if (place.seq !== UNKNOWN) known[stream] = positionOf(place);
    return known;
  }

  /** Nothing is known to be missing. */
  get isSettled(): boolean {
    return !this._isSyncing && this._open.size === 0;
  }

  // ------------------------------------------------------------ a link begins

  /**
   * Forgets what was asked on the link before; gives the checkpoint to sync from.
   * `isRestored` says that the server knows less than this client: then all positions are compared anew.
   */
  beginLink(isRestored: boolean): number {
    for (const place of this._places.values()) {
      place.isReading = place.isAsked = false;
      place.resumedAt = place.seq;
    }
    if (isRestored) this.checkpoint = this._reached = 0;
    this._isSyncing = true;
    this._synced = null;
    this._listed = this.checkpoint === 0 && !this.isFresh ? new Set() : null;
    return this.checkpoint;
  }

  /** Takes a page of streams that moved. The first page's checkpoint is the one that counts. */
  takeHeads(heads: readonly StreamHead[], checkpoint: number | null): Outcome[] {
    this._synced ??= checkpoint;
    return heads.flatMap((head) => {
      this._listed?.add(head.stream);
      return this.isFresh ? this._takeFreshHead(head) : this._takeHead(head);
    });
  }

  /** Notes that the last page was taken. */
  endSync(): Outcome[] {
    const outcomes: Outcome[] = [];
    if (this._listed !== null) for (const stream of [...this._places.keys()]) if (!this._listed.has(stream)) outcomes.push(...this._loseVanished(stream));
    this._isSyncing = this.isFresh = false;
    this._listed = null;
    for (const stream of [...this._open]) {
      const place = this._place(stream);
      outcomes.push(...this._settle(stream, place, this._drain(stream, place)));
    }
    this.reach(this._synced ?? 0);
    return outcomes;
  }

  /** Takes note of a checkpoint of the server; it becomes mine when nothing before it is missing. */
  reach(checkpoint: number): void {
    this._reached = Math.max(this._reached, checkpoint);
    if (this.isSettled) this.checkpoint = Math.max(this.checkpoint, this._reached);
  }

  // ------------------------------------------------------------ facts come

  /** Takes facts that were pushed. */
  take({ stream, epoch, facts, checkpoint }: Delivery): Outcome[] {
    const [first, last] = [facts[0], facts[facts.length - 1]];
    const outcomes: Outcome[] = [];
    if (first !== undefined && last !== undefined) {
      const place = this._meet(stream, epoch);
      if (epoch < place.epoch) return [];
      if (epoch > place.epoch) outcomes.push(this._restart(stream, place, epoch, first.seq - 1, "epoch_changed"));
      place.head = Math.max(place.head, last.seq);
      outcomes.push(...this._takeFacts(stream, place, facts));
      this._noteOpen(stream, place);
    }
    this.reach(checkpoint);
    return outcomes;
  }

  /** Takes facts that were asked for. */
  takePage(asked: Read, page: Facts): Outcome[] {
    const { stream } = asked;
    const place = this._meet(stream, page.epoch);
    place.isReading = false;
    if (page.epoch < place.epoch) return [];
    if (page.epoch > place.epoch) return this._settle(stream, place, [this._restart(stream, place, page.epoch, page.head, "epoch_changed")]);
    const outcomes: Outcome[] = [];
    if (page.head < asked.after) outcomes.push(this._restart(stream, place, page.epoch, page.head, "ahead"));
    else if (place.seq !== UNKNOWN) outcomes.push(...this._takePagesFacts(stream, place, page));
    if (stream === this.own && place.seq >= page.head) outcomes.push(...this._giveUpUnknown());
    return this._settle(stream, place, outcomes);
  }

  /** Takes the server's word that a position cannot be continued. */
  takeStartOver({ stream }: Read, told: StartOver): Outcome[] {
    const place = this._meet(stream, told.epoch);
    place.isReading = false;
    if (told.epoch < place.epoch) return [];
    if (told.epoch === place.epoch && told.reason === "trimmed") return this._settle(stream, place, this._skipTo(stream, place, told));
    const restart = this._restart(stream, place, told.epoch, told.until, told.reason);
    return this._settle(stream, place, [{ ...restart, first: told.first }]);
  }

  /** Notes that the server does not let me read a stream: what is missing of it stays missing. */
  giveUp({ stream }: Read): Outcome[] {
    const place = this._place(stream);
    place.isReading = false;
    if (place.seq === UNKNOWN) place.seq = 0;
    const until = Math.max(place.seq, place.head);
    const restart: Restart = { is: "restart", stream, epoch: place.epoch, first: place.seq + 1, until, reason: "unreadable" };
    this._release(place, place.head);
    place.seq = until;
    return this._settle(stream, place, [restart]);
  }

  /** Notes that a read was not answered. */
  putBack({ stream }: Read): void {
    const place = this._places.get(stream);
    if (place !== undefined) place.isReading = place.isAsked = false;
  }

  /** Gives what to ask next, if anything; it counts as asked until its page, `giveUp` or `putBack` comes. */
  nextRead(): Read | null {
    if (this.isFresh) return null;
    for (const stream of this._open) {
      const place = this._place(stream);
      if (place.seq === UNKNOWN || place.isReading) continue;
      place.isReading = true;
      return { stream, after: place.seq, epoch: place.epoch };
    }
    return this._readOwnForUnknown();
  }

  // ------------------------------------------------------------ inside

  private _takeFreshHead(head: StreamHead): Outcome[] {
    const place = this._meet(head.stream, head.epoch);
    if (place.seq === UNKNOWN) place.seq = head.seq;
    place.head = Math.max(place.head, head.seq);
    return this._settle(head.stream, place, this._drain(head.stream, place));
  }

  private _takeHead({ stream, epoch, seq }: StreamHead): Outcome[] {
    const place = this._meet(stream, epoch);
    const outcomes: Outcome[] = [];
    if (epoch > place.epoch) outcomes.push(this._restart(stream, place, epoch, seq, "epoch_changed"));
    // Lower than where this link began: live facts cannot explain that, only an older copy of the log can.
    else if (epoch === place.epoch && seq < place.resumedAt) outcomes.push(this._restart(stream, place, epoch, seq, "ahead"));
    else if (epoch === place.epoch) place.head = Math.max(place.head, seq);
    return this._settle(stream, place, outcomes);
  }

  private _takeFacts(stream: string, place: Place, facts: readonly SeqFact[]): Outcome[] {
    const outcomes: Outcome[] = [];
    for (const fact of facts) {
      if (place.seq === UNKNOWN || fact.seq > place.seq + 1) this._hold(place, fact);
      else if (fact.seq === place.seq + 1) outcomes.push(...this._advance(stream, place, fact));
    }
    outcomes.push(...this._drain(stream, place));
    return outcomes;
  }

  private _takePagesFacts(stream: string, place: Place, { facts, head }: Facts): Outcome[] {
    const outcomes: Outcome[] = [];
    const first = facts[0];
    const lacksFrom = place.seq + 1;
    const skip = (until: number, reason: string): void => {
      outcomes.push({ is: "restart", stream, epoch: place.epoch, first: lacksFrom, until, reason });
      place.seq = until;
      place.isLeft = false;
    };
    place.fruitless = first === undefined ? place.fruitless + 1 : 0;
    if (first !== undefined && first.seq > lacksFrom) skip(first.seq - 1, "trimmed");
    else if (first === undefined && head >= lacksFrom) skip(head, "trimmed");
    else if (place.fruitless >= FRUITLESS && isOpen(place)) skip(place.held.size > 0 ? Math.min(...place.held.keys()) - 1 : place.head, "unreadable");
    place.head = Math.max(place.head, head);
    // What was delivered after a head goes on without a hole, even if it was said while I was out.
    place.isLeft ||= !place.isSure && this._wasOut(place, facts);
    return [...outcomes, ...this._takeFacts(stream, place, facts)];
  }

  /** Delivers the fact that follows, and draws from it what it says about other streams. */
  private _advance(stream: string, place: Place, placed: SeqFact): Outcome[] {
    place.seq = placed.seq;
    place.head = Math.max(place.head, placed.seq);
    if (place.isLeft && !letsIn(placed, this.user)) return [];
    place.isLeft = letsOut(placed, this.user);
    place.isSure = true;
    const outcome: Outcome = { is: "deliver", stream, epoch: place.epoch, placed };
    return stream === this.own ? [outcome, ...this._hear(placed)] : [outcome];
  }

  /** Learns from my own stream where a conversation's began for me, and how far it goes. */
  private _hear({ fact }: SeqFact): Outcome[] {
    if (fact.kind !== "entered" && fact.kind !== "exited") return [];
    const stream = `c/${fact.conversation}`;
    const known = this._places.get(stream);
    if (known === undefined && fact.kind === "exited") return [];
    const place = this._meet(stream, 0);
    if (place.seq === UNKNOWN && fact.kind === "entered") place.seq = fact.seq - 1;
    place.head = Math.max(place.head, fact.seq);
    return this._settle(stream, place, this._drain(stream, place));
  }

  private _drain(stream: string, place: Place): Outcome[] {
    const outcomes: Outcome[] = [];
    if (place.seq === UNKNOWN && place.held.size > 0 && !this.isFresh) this._begin(place, !this._isSyncing && !this._open.has(this.own));
    if (place.held.size === 0 || place.seq === UNKNOWN) return outcomes;
    for (let fact = place.held.get(place.seq + 1); fact !== undefined; fact = place.held.get(place.seq + 1)) {
      this._letGo(place, fact);
      outcomes.push(...this._advance(stream, place, fact));
    }
    this._release(place, place.seq);
    return outcomes;
  }

  private _hold(place: Place, fact: SeqFact): void {
    if (place.held.has(fact.seq) || this._held.size >= HELD) return;
    const bytes = JSON.stringify(fact).length;
    if (this._bytes + bytes > HELD_BYTES) return;
    place.held.set(fact.seq, fact);
    this._held.set(fact, bytes);
    this._bytes += bytes;
  }

  private _letGo(place: Place, fact: SeqFact): void {
    place.held.delete(fact.seq);
    this._bytes -= this._held.get(fact) ?? 0;
    this._held.delete(fact);
  }

  /** Forgets the facts held up to a seq. */
  private _release(place: Place, upTo: number): void {
    for (const fact of place.held.values()) if (fact.seq <= upTo) this._letGo(place, fact);
  }

  private _restart(stream: string, place: Place, epoch: number, until: number, reason: string): Restart {
    this._release(place, Infinity);
    place.epoch = epoch;
    place.seq = place.head = place.resumedAt = until;
    place.isLeft = false;
    return { is: "restart", stream, epoch, first: 1, until, reason };
  }

  /** Goes on with the oldest fact that is kept, unless it came already. */
  private _skipTo(stream: string, place: Place, told: StartOver): Outcome[] {
    place.head = Math.max(place.head, told.until);
    const first = place.seq + 1;
    if (told.first <= first) return [];
    place.seq = told.first - 1;
    // What let me in again may be among what is gone.
    place.isLeft = false;
    return [{ is: "restart", stream, epoch: place.epoch, first, until: place.seq, reason: "trimmed" }, ...this._drain(stream, place)];
  }

  private _loseVanished(stream: string): Outcome[] {
    const place = this._place(stream);
    if (place.resumedAt === UNKNOWN) return [];
    this._release(place, Infinity);
    this._places.delete(stream);
    this._open.delete(stream);
    return [{ is: "restart", stream, epoch: place.epoch, first: 1, until: 0, reason: "gone" }];
  }

  private _unknown(): [string, Place][] {
    return [...this._open].map((stream): [string, Place] => [stream, this._place(stream)]).filter(([, place]) => place.seq === UNKNOWN);
  }

  private _readOwnForUnknown(): Read | null {
    const unknown = this._unknown();
    if (unknown.every(([, place]) => place.isAsked)) return null;
    const own = this._places.get(this.own) ?? placeAt(0, 0);
    this._places.set(this.own, own);
    if (own.isReading) return null;
    for (const [, place] of unknown) place.isAsked = true;
    own.isReading = true;
    return { stream: this.own, after: Math.max(own.seq, 0), epoch: own.epoch };
  }

  /** My own stream was read to its end and does not say where these began: says so. */
  private _giveUpUnknown(): Outcome[] {
    const outcomes: Outcome[] = [];
    for (const [stream, place] of this._unknown()) {
      if (!place.isAsked) continue;
      this._begin(place, true);
      if (place.seq === UNKNOWN) {
        place.seq = place.held.size > 0 ? Math.min(...place.held.keys()) - 1 : place.head;
        outcomes.push({ is: "restart", stream, epoch: place.epoch, first: 1, until: place.seq, reason: "unknown" });
      }
      outcomes.push(...this._settle(stream, place, this._drain(stream, place)));
    }
    return outcomes;
  }

  private _settle(stream: string, place: Place, outcomes: Outcome[]): Outcome[] {
    this._noteOpen(stream, place);
    this.reach(0);
    return outcomes;
  }

  private _noteOpen(stream: string, place: Place): void {
    if (isOpen(place)) this._open.add(stream);
    else this._open.delete(stream);
  }

  /**
   * Begins with the first fact held, if that is where the stream begins for me.
   * Unless my own stream has told all it has, I may have come and gone before the coming that is held.
   */
  private _begin(place: Place, isTold: boolean): void {
    const first = place.held.get(Math.min(...place.held.keys()));
    if (first !== undefined && (first.seq === 1 || (isTold && letsIn(first, this.user)))) place.seq = first.seq - 1;
  }

  /** Says if the first word about me among facts that are new is that I came in. */
  private _wasOut(place: Place, facts: readonly SeqFact[]): boolean {
    const word = facts.find((placed) => placed.seq > place.seq && (letsIn(placed, this.user) || letsOut(placed, this.user)));
    return word !== undefined && letsIn(word, this.user);
  }

  /** Gives the place of a stream, which has an epoch from now on. */
  private _meet(stream: string, epoch: number): Place {
    const place = this._places.get(stream) ?? placeAt(epoch);
    this._places.set(stream, place);
    place.epoch ||= epoch;
    return place;
  }

  private _place(stream: string): Place {
    return this._meet(stream, 0);
  }
}

function positionOf({ epoch, seq, isLeft }: Place): Position {
  return { epoch, seq: Math.max(seq, 0), ...(isLeft && { isLeft }) };
}
