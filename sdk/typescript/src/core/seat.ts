/** What the holder knows of a tab. */

import type { Course } from "./course.ts";
import type { Cursor, Hello, ToTab, View } from "./messages.ts";
import { countOf } from "./ring.ts";
import type { Saying } from "./ring.ts";

/** Facts, and bytes of them, that a tab may have been told without having seen them; then it is behind. */
const UNSEEN_FACTS = 2000;
const UNSEEN_BYTES = 4 << 20;
/** Unseen facts from which on nothing more is read for a tab that catches up. */
const ROOM_FACTS = 1000;
/** Answers kept for a tab that asks again because they crossed its hello, in characters of JSON; what is larger is asked for again. */
const ANSWER_BYTES = 64 << 10;

interface Unseen {
  readonly n: number;
  readonly facts: number;
  readonly bytes: number;
}

/** A tab of this session. */
export class Seat {
  readonly tab: string;
  since!: number; // set by `greet`, like all that a hello says
  token!: string | null;
  canAsk!: boolean;
  /** It has no session to go on in: a person asks for one. */
  isNew!: boolean;
  view!: View;
  /** Has its snapshot, or goes on from what it had seen. */
  isWelcome = false;
  /** What it goes on from while it waits for its welcome or has too much unseen; null: it is new. */
  cursor!: Cursor | null;
  /** Its own way through the streams, while it catches up with the others. */
  course: Course | null = null;
  /** It has not kept up: it is told nothing until it says how far it is. */
  isBehind = false;

  private readonly _answers = new Map<number, { readonly answer: ToTab; readonly bytes: number }>();
  private _answerBytes = 0;
  private _unseen: Unseen[] = [];
  private _facts = 0;
  private _bytes = 0;

  constructor(hello: Hello) {
    this.tab = hello.tab;
    this.greet(hello);
  }

  /** Gets the same as all others that are in step. */
  get isInStep(): boolean {
    return this.isWelcome && this.course === null && !this.isBehind;
  }

  /** Whether more may be read for it. */
  get hasRoom(): boolean {
    return this._facts < ROOM_FACTS && !this.isBehind;
  }

  /** It says hello, maybe again: what it was told before and has not seen it asks for by its cursor. */
  greet({ since, token, canAsk, view, cursor }: Hello): void {
    Object.assign(this, { since, token, canAsk, view, cursor, isNew: cursor === null, isWelcome: false });
    this.forget();
  }

  /** Nothing is under way to it. */
  forget(): void {
    this.isBehind = false;
    this.course?.end();
    this.course = null;
    this._unseen = [];
    this._facts = this._bytes = 0;
  }

  /** Notes what it is told; true when it has too much unseen. */
  told(n: number, { told, bytes }: Saying): boolean {
    const facts = countOf(told);
    this._unseen.push({ n, facts, bytes });
    this._facts += facts;
    this._bytes += bytes;
    return this._facts > UNSEEN_FACTS || this._bytes > UNSEEN_BYTES;
  }

  /** It has seen all up to a frame. */
  seen(upTo: number): void {
    while (this._unseen[0] !== undefined && this._unseen[0].n <= upTo) {
      const seen = this._unseen.shift() as Unseen; // just looked at
      this._facts -= seen.facts;
      this._bytes -= seen.bytes;
    }
    this.course?.wake();
  }

  /** Keeps an answer for a while. */
  answered(n: number, answer: ToTab): void {
    const bytes = JSON.stringify(answer).length;
    if (bytes > ANSWER_BYTES) return;
    this._answers.set(n, { answer, bytes });
    this._answerBytes += bytes;
    for (const oldest of this._answers.keys()) {
      if (this._answerBytes <= ANSWER_BYTES) return;
      this._answerBytes -= this._answers.get(oldest)?.bytes ?? 0;
      this._answers.delete(oldest);
    }
  }

  /** Gives the answer to what was answered already. */
  answer(n: number): ToTab | undefined {
    return this._answers.get(n)?.answer;
  }
}

/** The tab in front first, then those that are seen, then the latest. */
export function fromTheFront(seats: Iterable<Seat>): readonly Seat[] {
  const rank = ({ view }: Seat): number => (view.focused ? 0 : view.visible ? 1 : 2);
  return [...seats].sort((a, b) => rank(a) - rank(b) || b.since - a.since);
}
