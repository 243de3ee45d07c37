/** Who is told which facts: the tabs in step all the same, each of the others along a way of its own until it is, too. */

import type { Delivery, Welcome } from "../wire/types.ts";
import { Course } from "./course.ts";
import { areSame, lowest } from "./cursors.ts";
import type { Link } from "./link.ts";
import type { Cursor, ToTab, WireAnswer, WireFact } from "./messages.ts";
import type { Outcome } from "./places.ts";
import type { Clock } from "./ports.ts";
import { Ring } from "./ring.ts";
import type { Told } from "./ring.ts";
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
    this._snapshots = new Snapshots(ports.clock, this._ring, (snapshot) => this.greet(snapshot));
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
        passed: (outcomes) => this._passed(this._course, outcomes, (told) => this._tell(told)),
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
    if (missed !== null) return missed.forEach((told) => this._tellOne(seat, told));
    const course: Course = new Course(this._ports.clock, main.positions.user, cursor, {
      passed: (outcomes) => this._passed(course, outcomes, (told) => this._tellOne(seat, told)),
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
    for (const told of this._ring.since(snapshot.place) ?? []) this._tellOne(seat, told);
  }

  // ------------------------------------------------------------ facts come

  private get _course(): Course {
    return this._main as Course; // made before anything passes
  }

  private *_courses(): Iterable<Course> {
    if (this._main !== null) yield this._main;
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

  private _passed({ positions }: Course, outcomes: readonly Outcome[], tell: (told: Told) => void): void {
    const all = toldOf(outcomes);
    // Only with the last is everything told that the checkpoint includes.
    all.forEach((told, at) => tell(told.is === "facts" && at === all.length - 1 ? { ...told, checkpoint: positions.checkpoint } : told));
  }

  /** Tells all that are in step. */
  private _tell(told: Told): void {
    this._ring.put(told);
    const seats = [...this._ports.seats.values()];
    const inStep = seats.filter((seat) => seat.isInStep);
    if (inStep.length === 0) return;
    const n = ++this._frames;
    const [message, bytes] = [numbered(told, n), sizeOf(told)];
    if (inStep.length > 1 && inStep.length === seats.length) this._ports.post(null, message);
    else for (const { tab } of inStep) this._ports.post(tab, message);
    for (const seat of inStep) this._note(seat, told, n, bytes);
  }

  private _tellOne(seat: Seat, told: Told): void {
    if (seat.isBehind) return;
    const n = ++this._frames;
    this._ports.post(seat.tab, numbered(told, n));
    this._note(seat, told, n, sizeOf(told));
  }

  private _note(seat: Seat, told: Told, n: number, bytes: number): void {
    if (!seat.told(n, told, bytes)) return;
    seat.forget();
    seat.isBehind = true;
    this._ports.post(seat.tab, { is: "behind" });
  }
}

function numbered(told: Told, n: number): ToTab {
  return told.is === "facts" ? { ...told, n } : told;
}

function sizeOf(told: Told): number {
  return JSON.stringify(told).length;
}

/** Puts together what belongs to one stream, within the bounds of a frame. */
function toldOf(outcomes: readonly Outcome[]): Told[] {
  const all: Told[] = [];
  let open: { readonly stream: string; readonly epoch: number; readonly facts: WireFact[]; bytes: number } | null = null;
  for (const outcome of outcomes) {
    const { stream, epoch } = outcome;
    if (outcome.is === "restart") {
      open = null;
      all.push({ is: "start-over", stream, epoch, first: outcome.first, last: outcome.until, reason: outcome.reason });
      continue;
    }
    const bytes = JSON.stringify(outcome.placed).length;
    if (open === null || open.stream !== stream || open.epoch !== epoch || open.facts.length >= FACTS || open.bytes + bytes > BYTES) {
      open = { stream, epoch, facts: [], bytes: 0 };
      all.push({ is: "facts", stream, epoch, facts: open.facts, checkpoint: 0 });
    }
    open.facts.push(outcome.placed);
    open.bytes += bytes;
  }
  return all;
}
