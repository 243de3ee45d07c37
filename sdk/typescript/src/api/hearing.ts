/** What the tab says, on its way into the words of the program. Programs do not use this. */

import type { Desk, Listener } from "../core/desk.ts";
import type { Ending, HolderState, NetworkEvent, ObjectView, TabView, WireAnswer, WireEvent, WireFact } from "../core/messages.ts";
import type { SavedSend } from "../core/ports.ts";
import type { Passing } from "../wire/types.ts";
import type { Arrears } from "./arrears.ts";
import type { Book } from "./book.ts";
import type { Counter } from "./counter.ts";
import { report } from "./emitter.ts";
import { LinkDown, NotLetIn, UnisonoError, errorOf } from "./errors.ts";
import type { Content } from "./bodies.ts";
import type { AnyEvent, NetworkEvents, OutboxChanged } from "./events.ts";
import type { AnswerTo } from "./inside.ts";
import type { Line, Step } from "./line.ts";
import type { SaidData } from "./message.ts";
import { camel } from "./names.ts";
import type { Camelled } from "./names.ts";
import type { Watching } from "./presence.ts";
import type { Rooms } from "./room.ts";

/** Failed attempts after which a first login gives up. */
const LOGIN_ATTEMPTS = 3;

/** A message that waits in the outbox, of whatever tab, also of one that is gone. */
export interface WaitingMessage {
  readonly key: string;
  /** The id of the conversation. */
  readonly conversation: string;
  readonly content: Content;
  /** When it was handed in: milliseconds since 1970-01-01 UTC, by this machine's clock. */
  readonly at: number;
}

/** What a client asks for at its beginning of what it missed. */
export type Missed = "counts" | "messages" | "nothing";

/** The parts of a client that what is heard goes to. */
export interface Hearers {
  readonly counter: Counter;
  readonly line: Line;
  readonly book: Book;
  readonly arrears: Arrears;
  /** None until somebody is watched. */
  watching(): Watching | null;
  readonly rooms: Rooms;
  readonly missed: Missed;
  /** Tells the `Unisono` of the client, first. */
  hears(event: NetworkEvents[keyof NetworkEvents]): void;
}

/** Hears the desk of a client, and tells its parts. */
export class Hearing implements Listener {
  /** Kept when the session can be used, rejected when nobody lets the user in. */
  readonly first: Promise<void>;
  /** What waits in the outbox, by key. */
  readonly outboxed = new Map<string, WaitingMessage>();
  /** What the program's own function for tokens threw last. */
  _tokenProblem: unknown = null;
  isOver = false;
  readonly #to: Hearers;
  #let!: () => void; // set by the promise's executor, at once
  #refuse!: (problem: unknown) => void; // set by the promise's executor, at once
  #hasStarted = false;
  #hasBeenLive = false;
  #wasLive = false;
  #fence = 0;

  constructor(hearers: Hearers) {
    this.#to = hearers;
    this.first = new Promise((give, refuse) => {
      this.#let = give;
      this.#refuse = refuse;
    });
    // Whoever logs in hears of it; a rejection before that is no defect.
    this.first.catch(() => undefined);
  }

  /** The desk is there. */
  began(desk: Desk): void {
    this.#to.counter.desk = desk;
    if (desk.state === "live") this.#lives(desk);
  }

  /** Gives up a login that nobody answers. */
  fail(problem: unknown): void {
    this.#refuse(problem);
  }

  started(answers: readonly WireAnswer[]): void {
    const isAnew = this.#hasStarted;
    this.#hasStarted = true;
    this.#put(() => this.#start(answers, isAnew));
  }

  facts(stream: string, _epoch: number, facts: readonly WireFact[]): Promise<void> | undefined {
    for (const placed of facts) {
      const said = stream[0] === "c" && placed.fact.kind === "message" ? (camel(placed.fact) as unknown as SaidData) : null;
      this.#put(() => this.#parsed(said, (parsed) => this.#to.book.fact(stream, placed, parsed)));
    }
    return this.#to.line.told();
  }

  event(wire: WireEvent): void {
    const event = camel(wire) as unknown as Camelled<Passing>;
    const said = event.kind === "message" ? (event.message as SaidData) : null;
    this.#put(() => this.#parsed(said, (parsed) => this.#to.book.passing(event, parsed)));
  }

  startOver({ stream, first, last, reason }: Parameters<Listener["startOver"]>[0]): void {
    this.#put(() => this.#to.book.startOver(stream, first, last, reason));
  }

  state(state: HolderState, network: NetworkEvent | null): void {
    const { counter } = this.#to;
    if (network) this.#network(network);
    if (state === "needs-token" && !this.#hasBeenLive) this.#refuse(this._tokenProblem ?? new NotLetIn("", { code: "token_missing" }));
    if (state === "live" && counter._hasBegun) this.#lives(counter.desk);
    else this.#wasLive = false;
  }

  object(name: string, object: ObjectView | null, isOwn: boolean): void {
    this.#tell({ type: "object", isThere: object !== null, isOwn, ...object, name });
  }

  outbox({ key, at, command }: SavedSend, status: OutboxChanged["status"], code: string | null): void {
    this.#waits({ key, at, ...(camel(command) as unknown as { conversation: string; content: Content }) }, status, code);
  }

  waiting(sends: readonly SavedSend[]): void {
    for (const send of this.outboxed.values()) if (!sends.some(({ key }) => key === send.key)) this.#waits(send, "gone", null);
    for (const send of sends) if (!this.outboxed.has(send.key)) this.outbox(send, "queued", null);
  }

  tabs(tabs: readonly TabView[]): void {
    this.#tell({ type: "tabs", tabs });
  }

  unclaimed(name: string, key: string): void {
    this.#tell({ type: "claimLost", name, key });
  }

  ended({ code, message, newcomer, isOwn }: Omit<Ending, "advice">): void {
    if (this.isOver) return;
    this.isOver = true;
    const { counter, line } = this.#to;
    const problem = errorOf({ code, message, where: "server" });
    counter.over = problem;
    this.#refuse(problem);
    line.put(() => {
      if (code === "displaced") counter.emitter.emit({ type: "displaced", newcomer: newcomer ?? null });
      counter.emitter.emit({ type: "closed", code, message, isOwn });
      counter.emitter.end();
    });
  }

  #waits({ key, conversation, content, at }: WaitingMessage, status: OutboxChanged["status"], code: string | null): void {
    if (status === "queued") this.outboxed.set(key, { key, conversation, content, at });
    else this.outboxed.delete(key);
    this.#tell({ type: "outbox", conversation: this.#to.book.conversation(conversation), key, status, content, code });
  }

  #start(answers: readonly WireAnswer[], isAnew: boolean): void {
    const { book, arrears, missed } = this.#to;
    if (isAnew) {
      book.forget();
      book.startOver(null, 1, 0, "away");
    }
    const isTold = missed !== "nothing";
    const counts = answers.filter(({ kind }) => kind === "unread");
    for (const answer of answers) {
      if (answer.kind === "found") aside(Promise.all((camel(answer) as unknown as AnswerTo<"query">).conversations.map((view) => book.know(view, "members" in view))));
    }
    for (const page of counts) aside(arrears.take(camel(page) as unknown as AnswerTo<"unread">, isTold));
    if (!counts.length && isTold) aside(arrears.count());
    if (missed === "messages" && !isAnew) aside(arrears.fetch());
  }

  /** Lets a message go through the plugins' hooks, if it is not of this very tab. */
  #parsed(said: SaidData | null, tell: (said: SaidData | null) => Promise<void> | void): Promise<void> | void {
    const { counter } = this.#to;
    if (!said || !counter.plugins._hasHooks || counter.isOwn(said)) return tell(said);
    return counter.plugins.parse(said).then(tell);
  }

  #network({ kind, ...fields }: NetworkEvent): void {
    const event = { type: kind, user: this.#to.counter.user || null, ...fields } as NetworkEvents[keyof NetworkEvents];
    this.#to.hears(event);
    this.#to.counter.emitter.emit(event);
    if (this.#hasBeenLive || kind !== "schedule" || !("attempt" in fields) || fields.attempt < LOGIN_ATTEMPTS - 1) return;
    this.#refuse(new LinkDown("no server"));
  }

  #lives(desk: Desk): void {
    const isAnother = this.#hasBeenLive && (!this.#wasLive || this.#fence !== desk.fence);
    this.#hasBeenLive = this.#wasLive = true;
    this.#fence = desk.fence;
    this.#let();
    if (!isAnother) return;
    // The server forgets whom a connection watches with the connection, and a session that is another is in no room.
    aside(this.#to.watching()?.renew());
    aside(this.#to.rooms.renew());
    this.#to.counter._devices?.renew();
  }

  #put(step: Step): void {
    if (!this.isOver) this.#to.line.put(step);
  }

  #tell(event: AnyEvent): void {
    this.#put(() => this.#to.counter.emitter.emit(event));
  }
}

/** Lets something go on that nobody waits for. What the server refuses is tried again at the next beginning. */
function aside(work: Promise<unknown> | undefined): void {
  work?.catch((problem: unknown) => {
    if (!(problem instanceof UnisonoError)) report("telling what waits", problem);
  });
}
