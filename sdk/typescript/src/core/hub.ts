/**
 * The holder of a session: the one link of all tabs of a context. What comes is told to all of them, what they ask goes out
 * and comes back to who asked, what they send is kept until it is placed. Pure; the same in every host.
 */

import type { Loss } from "../wire/loss.ts";
import type { Asker } from "./awaiting.ts";
import { AWAY, FORGOTTEN, TAB_CLOSED, endingOf } from "./ends.ts";
import type { Holder, HolderPorts, MakeHolder } from "./holding.ts";
import { forgetHere, leftWith } from "./leaving.ts";
import type { Left } from "./leaving.ts";
import { Link } from "./link.ts";
import { PROTOCOL } from "./messages.ts";
import type { Command, Cursor, Ending, Fault, FromTab, FromTabEnvelope, Hello, View } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import type { Shelf } from "./ports.ts";
import { Requests } from "./requests.ts";
import { Seat, fromTheFront } from "./seat.ts";
import { Session, fenceAbove, fenceAfter } from "./session.ts";
import type { SessionEvents } from "./session.ts";
import { isSound } from "./sound.ts";
import { Speaking } from "./speaking.ts";
import { Telling } from "./telling.ts";
import { Tokens } from "./tokens.ts";

/** How long a new holder waits for the tabs of the one before it to say how far they are. */
const COLLECT_MS = 50;
/** Without any tab: a page that is loaded again finds the link as it was. */
const LONELY_MS = 15_000;
/** For tabs to hear the end: a browser may hand over a lock before what was said ahead of it. */
const FAREWELL_MS = 2_000;
/** What is asked about the presence of others or brings about a call, and what the server does for one tab. */
const LOOKED_AT = /watch$|^(call|answer)$/;
const OF_A_TAB = /^(enter|leave|watch)$/;

/** Makes a holder. It begins with the first hello. */
export const makeHub: MakeHolder = (ports) => new Hub(ports);

class Hub extends Speaking implements Holder {
  private readonly _tokens: Tokens;
  protected readonly _outbox: Outbox;
  private readonly _telling: Telling;
  private readonly _requests: Requests;
  /** What came while the store was read, or while somebody signs out. */
  private _early: FromTabEnvelope[] | null = [];
  private _isBooting = false;
  /** What all are told, and who comes back to a session that is over. */
  private _ending: Ending | null = null;
  /** Why the session ended, while somebody signs out. */
  private _loss: Loss | null = null;
  private _cancelLonely: () => void = () => undefined;

  constructor(ports: HolderPorts) {
    super(ports);
    this._tokens = new Tokens(ports.clock, (tab, ask) => this._post(tab, { is: "need-token", ask }));
    this._requests = new Requests({
      answered: (tab, command, answer) => this._answered(tab, command, answer),
      failed: (tab, { n }, fault) => this._fail(tab, n, fault),
    });
    this._outbox = new Outbox(ports, {
      queued: (send) => this._post(null, { is: "outbox", send, status: "queued" }),
      sent: (send, askers, answer, wasAnnounced) => {
        for (const { tab, n } of askers) this._answer(tab, n, answer);
        if (wasAnnounced) this._post(null, { is: "outbox", send, status: "sent" });
      },
      failed: (send, askers, fault) => {
        for (const { tab, n } of askers) this._fail(tab, n, fault);
        this._post(null, { is: "outbox", send, status: "failed", fault });
      },
    });
    this._telling = new Telling({
      clock: ports.clock,
      seats: this._seats,
      post: (tab, message) => this._post(tab, message),
      welcome: (seat, cursor, answers) => {
        this._welcome(seat, cursor, answers);
        // Before they are there nothing waits for a tab in particular.
        this._awaiting.duties?.welcome(seat);
      },
    });
  }

  take(envelope: FromTabEnvelope): void {
    if (this._isOver || !isSound(envelope)) return;
    const { tab, message } = envelope;
    if (this._ending !== null) return this._farewell(tab, message);
    if (this._early === null) return this._take(tab, message);
    // What is taken back is not begun.
    if (message.is === "cancel") this._early = this._early.filter((early) => early.tab !== tab || (early.message as { readonly n?: number }).n !== message.n);
    this._early.push(envelope);
    if (message.is === "hello" && !this._isBooting && this._session === null) void this._boot(message);
  }

  get isLeaving(): boolean {
    return this._ending !== null && !this._isOver;
  }

  gone(tab: string): void {
    const early = this._early;
    if (early !== null) this._early = early.filter((envelope) => envelope.tab !== tab);
    this._leave(tab);
  }

  stop(tab = ""): void {
    if (this._isOver) return;
    // Its last word does not arrive any more.
    this._awaiting.duties?.hangUp(tab);
    this._isOver = true;
    this._awaiting.stop();
    this._cancelLonely();
    this._session?.stop();
    this._shelf?.close();
  }

  // ------------------------------------------------------------ the beginning

  private async _boot(first: Hello): Promise<void> {
    this._isBooting = true;
    const { clock } = this._ports;
    const collected = new Promise<void>((go) => (first.cursor === null ? go() : clock.after(COLLECT_MS, go)));
    const shelf = (this._shelf = await this._ports.store.take());
    await collected;
    if (this._isOver) return shelf.close();
    const hellos = this._hellos();
    this._fence = Math.max(Math.floor(clock.wall()), fenceAfter(shelf.session), ...hellos.map((hello) => fenceAbove(hello.fence)));
    this._outbox.load(shelf);
    this._objects = shelf.objects;
    const saved = shelf.session?.ended === undefined ? shelf.session : null;
    this._session = new Session({ ...this._ports, shelf }, first.wish, saved, this._fence, this._sessionEvents());
    this._assume(shelf, this._session, first);
    this._goOn();
    this._isBooting = false;
    // One of those that waited may have asked it to end.
    if (!this._isOver) this._seats.size > 0 ? this._session.begin() : this._lonely();
  }

  private _assume(shelf: Shelf, session: Session, { cursor, wish: { url } }: Hello): void {
    this._awaiting.begin({
      ...this._ports,
      url,
      shelf,
      session,
      floor: this._fence,
      follows: shelf.session !== null || cursor !== null,
      seats: this._seats,
      tabs: () => this._tabs(),
      post: (tab, message) => this._post(tab, message),
      answer: (tab, n, answer) => this._answer(tab, n, answer),
      ask: (tab, command) => this._requests.take(tab, command, session.link),
      Link,
    });
  }

  /** Who is on the way here. */
  private _hellos(): readonly Hello[] {
    return (this._early ?? []).flatMap(({ message }) => (message.is === "hello" ? [message] : []));
  }

  /** Takes what had to wait. */
  private _goOn(): void {
    const early = this._early ?? [];
    this._early = null;
    for (const { tab, message } of early) this.take({ tab, message });
  }

  private _lonely(): void {
    this._cancelLonely();
    if (this._seats.size > 0) return;
    if (this._ending !== null) return this._over();
    this._cancelLonely = this._ports.clock.after(LONELY_MS, () => this._over());
  }

  /** Ends by itself. */
  private _over(): void {
    if (this._isOver) return;
    this.stop();
    this._ports.over();
  }

  /** Tells these tabs, null for all, how the session ended, and ends when they said good-bye: the next holder does not know. */
  private _end(ending: Ending, tabs: readonly (string | null)[] = [null]): void {
    this._ending = ending;
    for (const tab of tabs) this._post(tab, { is: "ended", ending });
    this._ports.clock.after(FAREWELL_MS, () => this._over());
    this._lonely();
  }

  /** Who is new begins with the next holder, which calls. */
  private _farewell(tab: string, message: FromTab): void {
    if (message.is === "bye") this._leave(tab);
    else if (message.is === "hello" && message.cursor !== null) this._post(tab, { is: "ended", ending: this._ending as Ending }); // or nobody says farewell
  }

  // ------------------------------------------------------------ what tabs say

  private _take(tab: string, message: FromTab): void {
    if (message.is === "hello") return this._hello(tab, message);
    if (message.is === "bye") return this._leave(tab);
    if (message.is === "yield") {
      if (message.v > PROTOCOL) this._over();
      return;
    }
    const seat = this._seats.get(tab);
    if (seat === undefined) this._post(tab, { is: "who" });
    else this._heard(seat, message);
  }

  private _heard(seat: Seat, message: Exclude<FromTab, { readonly is: "hello" | "bye" | "yield" }>): void {
    const { tab } = seat;
    switch (message.is) {
      case "command":
        return this._command(seat, message);
      case "cancel":
        this._awaiting.cancel(tab, message.n);
        return this._requests.cancel(tab, message.n);
      case "seen":
        return this._seen(seat, message.upTo, message.cursor);
      case "view":
        return this._view(seat, message.view);
      case "retry":
        return void this._session?.retry();
      case "token":
        return this._token(seat, message.ask, message.token);
      case "sign-out":
        return this._signOut(seat, message);
      default:
        this._awaiting.do((duties) => duties.take(tab, message), "n" in message ? this._asker(tab, message.n) : null);
    }
  }

  private _hello(tab: string, hello: Hello): void {
    if (hello.v !== PROTOCOL) return this._post(tab, { is: "outdated", v: PROTOCOL, sdk: this._ports.sdk });
    // Back from a sleep, in which the session ended: nobody logs in again by itself.
    if (this._session?.closed.includes(tab)) return this._close(tab);
    const { session = null, isWhole = false } = this._shelf ?? {};
    // Whoever was between two holders then finds nothing that it was ever kept.
    const ended = session?.ended ?? (hello.slept || (isWhole && session === null) ? AWAY : undefined);
    if (hello.cursor !== null && ended !== undefined && this._session?.isKnown !== true) return this._post(tab, { is: "ended", ending: ended });
    // Some other holder came in between: all tabs have to know this one by a higher fence.
    const above = fenceAbove(hello.fence);
    if (above > this._fence + 1) this._fence = above;
    this._cancelLonely();
    const seat = this._seats.get(tab) ?? new Seat(hello);
    seat.greet(hello);
    this._seats.set(tab, seat);
    this._awaiting.do((duties) => duties.hello(seat.tab, hello.claims ?? []));
    this._post(tab, this._state(null));
    for (const command of hello.unanswered) this._command(seat, command);
    this._telling.greet();
    this._tellTabs();
    if (this._session?.state === "needs-token" && (hello.token !== null || hello.canAsk)) this._session.retry();
    if (this._session?.state === "idle" && !this._isBooting) this._session.begin();
  }

  private _command(seat: Seat, command: Command): void {
    const known = seat.answer(command.n);
    if (known !== undefined) return this._post(seat.tab, known);
    const [{ tab }, { n, do: { op } }] = [seat, command];
    if (command.how === "queue" && op === "send") this._outbox.put(tab, command);
    else if (LOOKED_AT.test(op)) this._awaiting.do((duties) => duties.watch(tab, command), this._asker(tab, n));
    else this._requests.take(tab, command, this._session?.link ?? null);
  }

  private _asker(tab: string, n: number): Asker {
    return { tab, n, refuse: (fault) => this._fail(tab, n, fault) };
  }

  private _seen(seat: Seat, upTo: number, cursor: Cursor | undefined): void {
    if (seat.isBehind && cursor !== undefined) this._telling.rejoin(seat, cursor);
    else seat.seen(upTo);
  }

  private _view(seat: Seat, view: View): void {
    const before = seat.view;
    seat.view = view;
    if ((view.visible && !before.visible) || (view.online && !before.online)) this._session?.state === "waiting" && this._session.retry();
    if (view.visible !== before.visible || view.focused !== before.focused || view.conversation !== before.conversation) this._tellTabs();
  }

  private _token(seat: Seat, ask: number, token: string | null): void {
    if (token !== null) seat.token = token;
    this._tokens.take(seat.tab, ask, token);
  }

  private _leave(tab: string): void {
    const seat = this._seats.get(tab);
    if (seat === undefined) return;
    seat.forget();
    this._seats.delete(tab);
    this._requests.gone(tab);
    this._outbox.gone(tab);
    this._tokens.gone(tab);
    this._awaiting.do((duties) => duties.gone(tab));
    this._tellTabs();
    this._lonely();
  }

  private _signOut(seat: Seat, message: Extract<FromTab, { readonly is: "sign-out" }>): void {
    const [{ tab }, { n, everywhere }] = [seat, message];
    const known = seat.answer(n);
    if (known !== undefined) return this._post(tab, known);
    // Nothing is done here before the server has done it all.
    if (everywhere && this._awaiting.duties === null) return this._awaiting.do(() => this.take({ tab, message }), this._asker(tab, n));
    this._early = [];
    this._outbox.lost();
    const [shelf, session] = [this._shelf as Shelf, this._session as Session]; // there before any tab has a seat
    // At once, or it would not be done where this page goes.
    const here = everywhere ? null : forgetHere(shelf, session, session.debt);
    const left = (how: Left | null): void => this._left(tab, n, how);
    const refuse = (fault: Fault): void => {
      // The session may have come about since then.
      const owed = session.debt && this._ports.store.owe(session.debt).catch(() => undefined);
      session.stop();
      void Promise.all([here, owed]).then(([problem]) => left(leftWith(problem, fault)));
    };
    this._awaiting.do((duties) => void duties.signOut(here).then(left), { tab, n, refuse });
  }

  private _left(tab: string, n: number, how: Left | null): void {
    if (this._isOver) return;
    // Another holder has the session: its tabs find it.
    if (how === null) return this._over();
    const { fault, ending } = how;
    if (fault === null) this._answer(tab, n, null);
    else this._fail(tab, n, fault);
    if (ending !== null) {
      // Who came new meanwhile begins with the next holder; all others are told, also those on their way here.
      const hellos = this._hellos();
      const back = hellos.filter(({ cursor }) => cursor !== null).map((hello) => hello.tab);
      void this._shelf?.vanish().catch(() => undefined);
      return this._end(ending, hellos.length === back.length ? [null] : [...this._seats.keys(), ...back]);
    }
    const { link = null } = this._session ?? {};
    if (link !== null) this._outbox.begin(link);
    this._goOn();
    if (this._loss !== null) void this._ended(this._loss);
  }

  // ------------------------------------------------------------ what the session says

  private _answered(tab: string, command: Command, answer: unknown): void {
    if (OF_A_TAB.test(command.do.op)) this._awaiting.do((duties) => duties.note(tab, command.do));
    this._answer(tab, command.n, answer);
  }

  /** Has one tab go, or not come back: somebody closed it from another place. */
  private _close(tab: string): void {
    if (!this._seats.has(tab)) this._session?.close(tab);
    this._post(tab, { is: "ended", ending: TAB_CLOSED });
    this._leave(tab);
  }

  private _sessionEvents(): SessionEvents {
    return {
      token: (refused) => {
        if (refused !== null) this._tokens.refuse();
        return this._tokens.get(() => fromTheFront(this._seats.values()));
      },
      welcomed: (link, welcome) => {
        // A link that is only there to say good-bye.
        if (this._early !== null) return;
        this._telling.begin(link, welcome);
        this._requests.begin(link);
        this._outbox.begin(link);
        this._awaiting.link(link, welcome);
      },
      facts: (delivery) => this._telling.take(delivery),
      event: (event) => (event.kind === "tab_closed" ? this._close(String(event["tab"])) : this._awaiting.event(event)),
      checkpoint: (checkpoint) => this._telling.reach(checkpoint),
      lost: () => {
        this._telling.lost();
        this._outbox.lost();
      },
      changed: (network) => this._post(null, this._state(network)),
      mayLogInAnew: () => [...this._seats.values()].some((seat) => seat.isNew),
      abandoned: ({ code }) => {
        if (!FORGOTTEN.has(code)) return;
        this._outbox.forget();
        for (const { name } of this._objects) void this._shelf?.dropObject(name).catch(() => undefined);
        this._objects = [];
        this._awaiting.do((duties) => duties.forget());
      },
      ended: (loss) => void this._ended(loss),
    };
  }

  private async _ended(loss: Loss): Promise<void> {
    this._loss = loss;
    if (this._early !== null || this._isOver) return;
    // Another holder of these tabs has the session: they find it, and this one is silent.
    if (loss.code === "replaced" && this._session?.wasLive === true) return this._over();
    const ending = endingOf(loss);
    const { info = null, fence = 0 } = this._session ?? {};
    if (info !== null) {
      const last = { user: info.user, session: info.session, resumeToken: "", fence, ended: ending };
      await (FORGOTTEN.has(loss.code) ? this._shelf?.clear(last, null) : this._shelf?.writeSession(last))?.catch(() => undefined);
    }
    this._end(ending);
  }
}
