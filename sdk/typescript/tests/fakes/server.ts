/** A server of one user, in memory, that speaks the native protocol as far as a holder needs it, and can be cut and slowed. */

import type { Dial, WireEvents } from "../../src/core/ports.ts";
import type { Fact, SeqFact, StreamHead } from "../../src/wire/types.ts";
import type { Chance } from "./chance.ts";
import type { ManualClock } from "./time.ts";

type Command = { readonly op: string; readonly [field: string]: unknown };

interface Placed extends SeqFact {
  readonly commit: number;
}

interface Connection {
  readonly events: WireEvents;
  isOpen: boolean;
  isLive: boolean;
  session: string | null;
  /** When the last frame to the client arrives: none passes another. */
  arrives: number;
}

const WEB = { id: "d", platform: "web" };

/** The user whose server it is. */
export const USER = "ann";
export const OWN = `u/${USER}`;

export class FakeServer {
  readonly streams = new Map<string, Placed[]>();
  readonly keys = new Map<string, { readonly stream: string; readonly seq: number }>();
  /** Sends that were refused once, while the user was no member. */
  readonly refused = new Set<string>();
  readonly members = new Set<string>();
  /** Up to where a former member may read. */
  readonly left = new Map<string, number>();
  /** Up to where facts of a stream are kept no longer. */
  readonly floors = new Map<string, number>();
  /** Rooms that somebody of the session is in, each with a place. */
  readonly seats = new Map<string, { readonly room: string; readonly tab: string }>();
  /** Whom the session's connection hears of. */
  readonly watched = new Set<string>();
  epoch = 100;
  /** Share of the commands that are put off. */
  putOff = 0;
  isDown = false;
  logins = 0;
  mostLinks = 0;
  private commit = 0;
  private session: { id: string; token: string; fence: number } | null = null;
  private readonly open = new Set<Connection>();
  private readonly clock: ManualClock;
  private readonly chance: Chance;

  constructor(clock: ManualClock, chance: Chance) {
    this.clock = clock;
    this.chance = chance;
    this.place(OWN, { kind: "session_opened", session: "s", device: "d", shown: { platform: "web" } });
  }

  readonly dial: Dial = (_url, events) =>
    new Promise((opened, failed) => {
      this.clock.after(this.chance.below(10), () => {
        if (this.isDown) return failed(new Error("nobody there"));
        const connection: Connection = { events, isOpen: true, isLive: false, session: null, arrives: 0 };
        this.open.add(connection);
        opened({
          buffered: 0,
          send: (frame) => {
            const { id, do: command } = JSON.parse(String(frame)) as { id: number; do: Command };
            this.clock.after(1 + this.chance.below(5), () => connection.isOpen && this.take(connection, id, command));
          },
          close: () => this.forget(connection),
        });
      });
    });

  /** Every link breaks without a word, with all that is under way. */
  cut(): void {
    for (const connection of [...this.open]) {
      this.forget(connection);
      connection.events.closed(1006, "");
    }
  }

  get links(): number {
    return [...this.open].filter((each) => each.isLive).length;
  }

  /** A fact comes to pass; who is there is told. */
  place(stream: string, fact: Fact): number {
    const facts = this.streams.get(stream) ?? [];
    this.streams.set(stream, facts);
    const placed: Placed = { seq: facts.length + 1, at: this.clock.wall(), fact, commit: ++this.commit };
    facts.push(placed);
    if (stream === OWN || this.members.has(stream) || this.left.get(stream) === placed.seq) this.push(stream, [placed]);
    return placed.seq;
  }

  /** Tells facts of a stream again, as after a disturbance. */
  repeat(stream: string): void {
    const facts = (this.streams.get(stream) ?? []).slice(-3).filter((fact) => stream === OWN || fact.seq <= this.headOf(stream));
    if (facts.length > 0 && (stream === OWN || this.members.has(stream))) this.push(stream, facts);
  }

  begin(conversation: string): void {
    const stream = `c/${conversation}`;
    this.members.add(stream);
    this.place(stream, { kind: "created", by: "bob", of: "group", members: [USER, "bob"] });
    this.place(OWN, { kind: "entered", conversation, seq: 1, by: "bob" });
  }

  /** The user is thrown out, or comes back. */
  turn(conversation: string): void {
    const stream = `c/${conversation}`;
    const head = this.streams.get(stream)?.length ?? 0;
    if (this.members.has(stream)) {
      this.members.delete(stream);
      this.left.set(stream, head + 1);
      this.place(stream, { kind: "left", users: [USER], by: "bob" });
      this.place(OWN, { kind: "exited", conversation, seq: head + 1, by: "bob" });
    } else {
      this.members.add(stream);
      this.left.delete(stream);
      this.place(stream, { kind: "joined", users: [USER], by: "bob" });
      this.place(OWN, { kind: "entered", conversation, seq: head + 1, by: "bob" });
    }
  }

  /** The oldest facts of a stream are thrown away. */
  trim(stream: string, kept: number): void {
    const head = this.headOf(stream);
    this.floors.set(stream, Math.max(this.floors.get(stream) ?? 0, head - kept));
  }

  /** Whether the user could never have a fact: it is not kept, or was said while the user was out. */
  isWithheld(stream: string, seq: number): boolean {
    let isOut = false;
    for (const { seq: at, fact } of (this.streams.get(stream) ?? []).slice(0, seq)) {
      const users = "users" in fact ? (fact.users as readonly string[]) : [];
      if (fact.kind === "joined" && users.includes(USER)) isOut = false;
      if (at === seq) break;
      if (fact.kind === "left" && users.includes(USER)) isOut = true;
    }
    return isOut || seq <= (this.floors.get(stream) ?? 0);
  }

  /** The last seq that the user may read. */
  headOf(stream: string): number {
    const head = this.streams.get(stream)?.length ?? 0;
    return Math.min(head, this.left.get(stream) ?? head);
  }

  // ------------------------------------------------------------ frames

  private push(stream: string, facts: readonly Placed[]): void {
    for (const connection of this.open) if (connection.isLive) this.say(connection, { is: "facts", stream, epoch: this.epoch, facts: facts.map(plain), checkpoint: this.commit });
  }

  private say(connection: Connection, frame: object, then?: () => void): void {
    connection.arrives = Math.max(connection.arrives, this.clock.now() + 1 + this.chance.below(5));
    this.clock.after(connection.arrives - this.clock.now(), () => {
      if (!connection.isOpen) return;
      connection.events.frame(JSON.stringify(frame));
      then?.();
    });
  }

  private forget(connection: Connection): void {
    if (connection.isLive) this.watched.clear();
    connection.isOpen = connection.isLive = false;
    this.open.delete(connection);
  }

  private end(connection: Connection, code: string, close: number, advice: string): void {
    if (connection.isLive) this.watched.clear();
    connection.isLive = false;
    this.say(connection, { is: "bye", code, message: code, advice }, () => {
      this.forget(connection);
      connection.events.closed(close, code);
    });
  }

  private take(connection: Connection, id: number, command: Command): void {
    if (!connection.isLive && command.op !== "login" && command.op !== "resume") return;
    if (connection.isLive && this.chance.is(this.putOff)) return this.refuse(connection, id, "overloaded", true);
    const answer = this.answer(connection, command);
    if (typeof answer === "string") {
      this.refuse(connection, id, answer, false);
      if (answer === "session_unknown" || answer === "replaced") this.end(connection, answer, answer === "replaced" ? 4433 : 4430, answer === "replaced" ? "stop" : "log_in");
    } else this.say(connection, { is: "reply", re: id, answer });
  }

  private refuse(connection: Connection, id: number, code: string, retryable: boolean): void {
    this.say(connection, { is: "error", re: id, code, message: code, ...(retryable && { retryable, retry_after_ms: 20 }) });
  }

  private answer(connection: Connection, command: Command): object | string {
    switch (command.op) {
      case "login":
        return this.login(connection, String(command["login"]), Number(command["fence"]));
      case "resume":
        return this.resume(connection, command);
      case "ping":
        return { kind: "pong", checkpoint: this.commit };
      case "sync":
        return this.sync(Number(command["checkpoint"] ?? 0), command["after"] as string | undefined);
      case "read":
        return this.read(String(command["stream"]), Number(command["after"]), Number(command["limit"] ?? 100));
      case "send":
        return this.send(command);
      case "logout":
        this.session = null;
        this.seats.clear();
        return { kind: "done" };
      case "enter":
      case "leave":
        return this.turnSeat(command.op === "enter", String(command["conversation"]), String(command["tab"]));
      case "watch":
      case "unwatch":
        for (const user of command["users"] as readonly string[]) this.watched[command.op === "watch" ? "add" : "delete"](user);
        return { kind: "done" };
      case "calls":
        return { kind: "calls", calls: [] };
      case "query":
        return { kind: "found", conversations: this.visible().map(({ stream, seq }) => ({ kind: "conversation", conversation: stream, head: seq })), has_more: false };
      default:
        return { kind: command.op === "unread" ? "unread" : "done", total: 0, mentions: 0, conversations: [] };
    }
  }

  private turnSeat(isIn: boolean, room: string, tab: string): object {
    // A tab is in one room at a time.
    if (isIn) for (const [name, seat] of this.seats) if (seat.tab === tab) this.seats.delete(name);
    if (isIn) this.seats.set(`${room} ${tab}`, { room, tab });
    else this.seats.delete(`${room} ${tab}`);
    return { kind: "done" };
  }

  private login(connection: Connection, id: string, fence: number): object | string {
    if (this.session?.id === id && fence <= this.session.fence) return "replaced";
    this.logins += this.session?.id === id ? 0 : 1;
    const token = `${id}!`;
    if (this.session?.id !== id) this.seats.clear();
    this.session = { id, token, fence };
    return { ...this.live(connection), resume_token: token };
  }

  private resume(connection: Connection, command: Command): object | string {
    const { session } = this;
    if (session === null || session.id !== command["session"] || session.token !== command["resume_token"]) return "session_unknown";
    if (Number(command["fence"]) < session.fence) return "replaced";
    session.fence = Number(command["fence"]);
    return this.live(connection);
  }

  private live(connection: Connection): object {
    for (const other of [...this.open]) if (other.isLive) this.end(other, "replaced", 4433, "stop");
    connection.isLive = true;
    this.mostLinks = Math.max(this.mostLinks, this.links);
    const { id = "", fence = 0 } = this.session ?? {};
    return { kind: "welcome", heartbeat_s: 25, server: "1", checkpoint: this.commit, epoch: this.epoch, user: USER, session: id, fence, device: WEB, seats: [...this.seats.values()] };
  }

  private visible(): StreamHead[] {
    return [...this.streams.keys()].sort().map((stream) => ({ stream, epoch: this.epoch, seq: this.headOf(stream) }));
  }

  private sync(checkpoint: number, after = ""): object {
    const moved = this.visible().filter(({ stream, seq }) => stream > after && (this.streams.get(stream)?.[seq - 1]?.commit ?? 0) > checkpoint);
    const heads = moved.slice(0, 3);
    return { kind: "moved", heads, checkpoint: this.commit, ...(moved.length > heads.length && { next: heads.at(-1)?.stream }) };
  }

  private read(stream: string, after: number, limit: number): object {
    const head = this.headOf(stream);
    const floor = this.floors.get(stream) ?? 0;
    if (after < floor) return { kind: "start_over", stream, epoch: this.epoch, first: floor + 1, until: head, reason: "trimmed" };
    const facts = (this.streams.get(stream) ?? []).filter(({ seq }) => seq > after && seq <= head).slice(0, limit);
    return { kind: "facts", stream, epoch: this.epoch, facts: facts.map(plain), head };
  }

  private send(command: Command): object | string {
    const stream = `c/${String(command["conversation"])}`;
    const key = String(command["key"]);
    const known = this.keys.get(key);
    if (known === undefined && !this.members.has(stream)) {
      this.refused.add(key);
      return "not_found";
    }
    const seq = known?.seq ?? this.place(stream, { kind: "message", sender: USER, key, content: { text: key } });
    this.keys.set(key, { stream, seq });
    return { kind: "placed", stream, epoch: this.epoch, seq, at: 1 };
  }
}

function plain({ seq, at, fact }: Placed): SeqFact {
  return { seq, at, fact };
}
