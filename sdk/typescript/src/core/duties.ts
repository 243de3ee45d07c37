/**
 * What a holder does besides passing messages on: objects and claims of the tabs, rooms and presence, what passes by and what is kept for
 * the session, signing out. In a file of its own, which comes along with the holder's; until it is there what it is asked waits.
 */

import type { CallView, Welcome } from "../wire/types.ts";
import type { Asker } from "./awaiting.ts";
import { CALL } from "./claims.ts";
import { settle } from "./ending.ts";
import type { EndingPorts } from "./ending.ts";
import { denied } from "./faults.ts";
import { Granting } from "./granting.ts";
import { Stake, giveUp, narrowed, note, vacate } from "./interests.ts";
import type { Left } from "./leaving.ts";
import type { Link } from "./link.ts";
import type { Claimed, Command, FromTab, ObjectView, TabView, ToTab, WireCommand, WireEvent } from "./messages.ts";
import { Objects } from "./objects.ts";
import { Passing } from "./passing.ts";
import type { Shelf } from "./ports.ts";
import type { Seat } from "./seat.ts";
import type { Session } from "./session.ts";
import { Sharing } from "./sharing.ts";
import { SigningOff } from "./signing-off.ts";

/** For the tabs of an earlier holder to come back; then those that did not are in no room any more. */
const RETURN_MS = 10_000;

/** For a tab to claim the call that it was told to be in. */
const CLAIMED_MS = 2_000;

/** What a tab says to them. */
export type DutyMessage = Extract<FromTab, { readonly is: "object" | "claim" | "release" | "heard" | "ping" }>;

/** What is done by them. */
export type Act = (duties: Duties) => void;

/** What they need of the holder. */
export interface DutyPorts extends EndingPorts {
  readonly url: string;
  readonly shelf: Shelf;
  readonly session: Session;
  /** Above every revision of an object that an earlier holder gave and that was not kept. */
  readonly floor: number;
  /** There was a holder before this one: its tabs may come back. */
  readonly follows: boolean;
  readonly seats: ReadonlyMap<string, Seat>;
  tabs(): readonly TabView[];
  post(tab: string | null, message: ToTab): void;
  /** Answers a tab, and the same when it asks again. */
  answer(tab: string, n: number, answer: unknown): void;
  /** Asks the server. */
  ask(tab: string, command: Command): void;
}

/** Makes them for a holder. */
export const makeDuties = (ports: DutyPorts): Duties => new Duties(ports);

/** The duties of a holder. */
export class Duties {
  private readonly _ports: DutyPorts;
  private readonly _stakes = new Map<string, Stake>();
  private readonly _objects: Objects;
  private readonly _granting: Granting;
  private readonly _passing: Passing;
  private readonly _sharing: Sharing;
  private readonly _leaving: SigningOff;
  /** A tab asked to be in a call. */
  private _hasCalled = false;

  constructor(ports: DutyPorts) {
    const { post, shelf, floor, follows } = ports;
    const inner = { ...ports, stakes: this._stakes };
    this._ports = ports;
    this._objects = new Objects(shelf, floor, {
      changed: (name, object, revision, tab) => post(null, { is: "object", name, object, revision, tab }),
      done: (tab, n, revision) => post(tab, { is: "answer", n, answer: revision }),
      failed: (tab, n, fault) => post(tab, { is: "fault", n, fault }),
    });
    this._granting = new Granting(inner, follows);
    this._passing = new Passing(inner);
    this._sharing = new Sharing(ports.tabs);
    this._leaving = new SigningOff(ports);
    for (const tab of ports.seats.keys()) this._stakes.set(tab, new Stake());
  }

  get objects(): readonly ObjectView[] {
    return this._objects.all;
  }

  // ------------------------------------------------------------ tabs

  /** A tab says hello, maybe again, and what it holds by its own word. */
  hello(tab: string, claims: readonly Claimed[]): void {
    if (!this._stakes.has(tab)) this._stakes.set(tab, new Stake());
    this._granting.regain(tab, claims);
  }

  /** A tab is welcome: it is told what waited for it. */
  welcome(seat: Seat): void {
    this._passing.welcome(seat);
  }

  take(tab: string, message: DutyMessage): void {
    switch (message.is) {
      case "object":
        return this._objects.take(tab, message);
      case "claim":
        return this._granting.take(tab, message.n, message.claim);
      case "release":
        return this._granting.release(tab, message.claim);
      case "heard":
        return this._passing.heard(message.id);
      case "ping":
        return;
      default:
        // Of a newer tab's words those that are not known here are passed over.
        message satisfies never;
    }
  }

  /** Carries out what a tab asks about the presence of others, and what brings about a call, if it is still there. */
  watch(tab: string, command: Command): void {
    const { seats, ask, answer } = this._ports;
    this._hasCalled ||= !command.do.op.endsWith("watch");
    const stake = this._stakes.get(tab);
    if (stake === undefined || !seats.has(tab)) return;
    const asked = narrowed(stake, command, this._stakes);
    if (asked === null) answer(tab, command.n, { kind: "done" });
    else ask(tab, asked);
  }

  /** The server carried out what a tab asked. */
  note(tab: string, command: WireCommand): void {
    const stake = this._stakes.get(tab);
    if (stake !== undefined) note(stake, command);
  }

  /** A tab is gone, and with it what it alone wanted. */
  gone(tab: string): void {
    const { seats, session } = this._ports;
    const stake = this._stakes.get(tab);
    if (stake === undefined) return;
    this.hangUp(tab);
    this._stakes.delete(tab);
    // Back by the time that this can be said: it has what the server knows of it, which may be newer than its going.
    if (seats.has(tab)) return void this._stakes.set(tab, new Stake(stake));
    this._passing.gone();
    if (session.link !== null) giveUp(stake, session.link, this._stakes);
    if (this._hasCalled) this._lookForCalls();
  }

  /** Hangs up calls of this session that no tab has: their tab was gone before it heard of them. One that hears of them claims them at once. */
  private _lookForCalls(): void {
    const { clock, session } = this._ports;
    const isMine = ({ ends = [] }: CallView): boolean => ends.some((end) => end.session === this._session);
    const isClaimed = ({ call }: CallView): boolean => [...this._stakes.values()].some(({ claims }) => claims.has([CALL, call]));
    clock.after(CLAIMED_MS, async () => {
      const said = await session.link?.request({ op: "calls" });
      if (said === undefined || !("answer" in said)) return;
      const mine = said.answer.calls.filter(isMine);
      clock.after(CLAIMED_MS, () => {
        for (const call of mine) if (!isClaimed(call)) this._hangUp(call.call);
      });
    });
  }

  /** Nobody is left at this end of the calls that a tab was in. Another session may have them by the time that this can be said. */
  hangUp(tab: string): void {
    for (const call of this._granting.callsOf(tab)) this._hangUp(call);
  }

  private _hangUp(call: string): void {
    this._ports.ask(call, { is: "command", n: 0, how: "repeat", do: { op: "hang_up", call, session: this._session } });
  }

  private get _session(): string {
    return this._ports.session.info?.session ?? "";
  }

  /** Does in order what waited for them, on the last link that was live. */
  catchUp(waiting: ReadonlyMap<Act, Asker | null>, live: readonly [Link, Welcome] | null): void {
    if (live !== null) this.begin(...live);
    for (const [act, asker] of waiting) {
      try {
        act(this);
      } catch (problem) {
        // By a wrong word of one tab all the others would suffer.
        if (asker === null) void Promise.reject(problem);
        else asker.refuse(denied("invalid_argument", `this could not be done: ${String(problem)}`));
      }
    }
    // That a tab went may have found no room.
    for (const tab of this._stakes.keys()) if (!this._ports.seats.has(tab)) this.gone(tab);
  }

  /** Which tabs there are has changed. */
  tabsChanged(): void {
    this._sharing.changed();
  }

  // ------------------------------------------------------------ the session

  /** A link is live. */
  begin(link: Link, { seats: rooms = [] }: Welcome): void {
    const { clock, seats, follows } = this._ports;
    if (link.loss !== null) return;
    this._sharing.begin(link);
    this._passing.begin(link);
    clock.after(RETURN_MS, () => {
      vacate(rooms, link, seats);
      this._passing.settle();
      if (this._hasCalled || follows) this._lookForCalls();
    });
    void this._settle().catch(() => undefined);
  }

  private async _settle(): Promise<void> {
    await null;
    // Whoever signs out at this moment tells the server by the link.
    if (this._leaving.stay === "staying") await settle(this._ports, this._ports.url);
  }

  /** An event came, at that time. */
  event(event: WireEvent, at: number): void {
    this._passing.take(event, at);
  }

  /** What was kept for the session goes: others ended it. */
  forget(): void {
    this._objects.forget();
  }

  /** Ends the session; null where another holder has it. `here` is how it was forgotten here; null: it is to end everywhere. */
  signOut(here: Promise<unknown> | null): Promise<Left | null> {
    return this._leaving.run(here);
  }
}
