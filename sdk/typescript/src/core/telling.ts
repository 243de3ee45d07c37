/** Who is told which facts: the tabs in step all the same, each of the others along a way of its own until it is, too. */

import type { Delivery, Welcome } from "../wire/types.ts";
import { Course } from "./course.ts";
import { areSame, lowest } from "./cursors.ts";
import type { Link } from "./link.ts";
import type { Cursor, Facts, ToTab, WireAnswer, WireFact } from "./messages.ts";
import type { Outcome } from "./places.ts";
import type { Clock } from "./ports.ts";
import { Ring } from "./ring.ts";
import type { Saying } from "./ring.ts";
import type { Seat } from "./seat.ts";
import { Snapshots } from "./snapshots.ts";
import type { Snapshot } from "./snapshots.ts";

/** What is told at once. */
const FACTS = 64;
const BYTES = 256 << 10;

/** What telling needs of the holder. */
export interface TellingPorts {
  readonly clock: Clock;
  readonly seats: ReadonlyMap<string, Seat>;
  /** To one tab, or to all that listen. */
  post(tab: string | null, message: ToTab): void;
  /** The tab is to be welcomed, with a snapshot where there are answers. */
  welcome(seat: Seat, cursor: Cursor, answers: readonly WireAnswer[] | null): void;
}

/** The facts on their way to the tabs. */
export class Telling {
  private readonly _ports: TellingPorts;
  private readonly _ring = new Ring();
  private readonly _snapshots: Snapshots;
  private _main: Course | null = null;
  private _link: Link | null = null;
  private _greeting: Pick<Welcome, "epoch" | "checkpoint"> = { epoch: 0, checkpoint: 0 };
  private _frames = 0;

  constructor(ports: TellingPorts) {
    this._ports = ports;
    this._snapshots = new Snapshots(ports.clock, (snapshot) => this.greet(snapshot));
  }

  /** A link is live. The first one begins where the tabs are that came back by then. */
  begin(link: Link, welcome: Welcome): void {
    this._link = link;
    this._greeting = welcome;
    const seats = [...this._ports.seats.values()];
    if (this._main === null) {
      const user = welcome.user ?? "";
      const cursors = seats.flatMap(({ isWelcome, cursor }) => (isWelcome && cursor !== null ? [cursor] : []));
      this._main = new Course(this._ports.clock, user, lowest(cursors, `u/${user}`), {
        passed: (outcomes) => this._passed(this._course, outcomes, (saying) => this._tell(saying)),
        moved: () => this._moved(),
        hasRoom: () => true,
      });
    }
    this._main.begin(link, welcome);
    for (const { course } of seats) course?.begin(link, welcome);
  }

  lost(): void {
    this._link = null;
  }

  take(delivery: Delivery): void {
    for (const course of this._courses()) course.take(delivery);
  }

  reach(checkpoint: number): void {
    for (const course of this._courses()) course.reach(checkpoint);
  }

  /** Welcomes the tabs that wait for it, as far as that can be. */
  greet(snapshot: Snapshot | null = null): void {
    for (const seat of this._ports.seats.values()) {
      if (seat.isWelcome) continue;
      if (seat.cursor !== null) this._goOn(seat, seat.cursor);
      else this._begin(seat, snapshot);
    }
  }

  /** A tab that was behind says how far it is. */
  rejoin(seat: Seat, cursor: Cursor): void {
    seat.forget();
    this._join(seat, cursor);
  }

  // ------------------------------------------------------------ tabs come

  private _goOn(seat: Seat, cursor: Cursor): void {
    seat.isWelcome = true;
    this._ports.welcome(seat, { ...cursor, epoch: this._greeting.epoch || cursor.epoch }, null);
    this._join(seat, cursor);
  }

  /** Brings a tab into step: by what was told last, else by reading for it alone. Before the first link all begin together. */
  private _join(seat: Seat, cursor: Cursor): void {
    const main = this._main;
    if (main === null) return;
    // While something is missing here it is not known what is missing there.
    const missed = main.positions.isSettled ? this._ring.between(cursor, main.cursor) : null;
    if (missed !== null) return missed.forEach((saying) => this._tellOne(seat, saying));
    const course: Course = new Course(this._ports.clock, main.positions.user, cursor, {
      passed: (outcomes) => this._passed(course, outcomes, (saying) => this._tellOne(seat, saying)),
      moved: () => this._merge(),
      hasRoom: () => seat.hasRoom,
    });
    seat.course = course;
    if (this._link !== null) course.begin(this._link, this._greeting);
  }

  /** A new tab begins with what is now; while there is no link, with what was last, and what came since. */
  private _begin(seat: Seat, fresh: Snapshot | null): void {
    if (this._main === null) return;
    const snapshot = fresh ?? (this._link === null ? this._snapshots.last : null);
    if (snapshot === null) {
      if (this._link !== null && this._main.positions.isSettled) this._snapshots.ask(this._link, this._main.cursor);
      return;
    }
    seat.isWelcome = true;
    seat.cursor = snapshot.cursor;
    this._ports.welcome(seat, snapshot.cursor, snapshot.answers);
    this._join(seat, snapshot.cursor);
  }

  // ------------------------------------------------------------ facts come

  private get _course(): Course {
    return this._main as Course; // made before anything passes
  }

  private *_courses(): Iterable<Course> {
    // Of a link that is only there to say good-bye nothing is told: what came before it is not.
    if (this._link === null || this._main === null) return;
    yield this._main;
    for (const { course } of this._ports.seats.values()) if (course !== null) yield course;
  }

  private _moved(): void {
    this._merge();
    this.greet();
  }

  /** A tab that has caught up goes with the others. */
  private _merge(): void {
    const main = this._main;
    if (main?.positions.isSettled !== true) return;
    for (const seat of this._ports.seats.values()) {
      const { course } = seat;
      if (course === null || !course.positions.isSettled || !areSame(course.cursor, main.cursor)) continue;
      course.end();
      seat.course = null;
    }
  }

  private _passed({ positions }: Course, outcomes: readonly Outcome[], tell: (saying: Saying) => void): void {
    const all = toldOf(outcomes);
    // Only with the last is everything told that the checkpoint includes.
    all.forEach(({ told, bytes }, at) => tell({ told: told.is === "facts" && at === all.length - 1 ? { ...told, checkpoint: positions.checkpoint } : told, bytes }));
  }

  /** Tells all that are in step. */
  private _tell(saying: Saying): void {
    this._ring.put(saying);
    const seats = [...this._ports.seats.values()];
    const inStep = seats.filter((seat) => seat.isInStep);
    if (inStep.length === 0) return;
    const n = ++this._frames;
    const message = numbered(saying, n);
    if (inStep.length > 1 && inStep.length === seats.length) this._ports.post(null, message);
    else for (const { tab } of inStep) this._ports.post(tab, message);
    for (const seat of inStep) this._note(seat, saying, n);
  }

  private _tellOne(seat: Seat, saying: Saying): void {
    if (seat.isBehind) return;
    const n = ++this._frames;
    this._ports.post(seat.tab, numbered(saying, n));
    this._note(seat, saying, n);
  }

  private _note(seat: Seat, saying: Saying, n: number): void {
    if (!seat.told(n, saying)) return;
    seat.forget();
    seat.isBehind = true;
    this._ports.post(seat.tab, { is: "behind" });
  }
}

function numbered({ told }: Saying, n: number): ToTab {
  return told.is === "facts" ? { ...told, n } : told;
}

/** Puts together what belongs to one stream, within the bounds of a frame. */
function toldOf(outcomes: readonly Outcome[]): Saying[] {
  const all: Saying[] = [];
  let open: { readonly told: Facts & { readonly facts: WireFact[] }; bytes: number } | null = null;
  for (const outcome of outcomes) {
    const { stream, epoch } = outcome;
    if (outcome.is === "restart") {
      open = null;
      all.push({ told: { is: "start-over", stream, epoch, first: outcome.first, last: outcome.until, reason: outcome.reason }, bytes: 0 });
      continue;
    }
    const bytes = JSON.stringify(outcome.placed).length;
    if (open === null || open.told.stream !== stream || open.told.epoch !== epoch || open.told.facts.length >= FACTS || open.bytes + bytes > BYTES) {
      open = { told: { is: "facts", n: 0, stream, epoch, facts: [], checkpoint: 0 }, bytes: 0 };
      all.push(open);
    }
    open.told.facts.push(outcome.placed);
    open.bytes += bytes;
  }
  return all;
}
