/**
 * A tab's side of the shared session: finds the holder, goes on from what it has seen when another one takes over, and
 * hands each fact, event and answer to the program once. Pure: the host gives it its ways, locks and clock.
 */

import { Asking } from "./asking.ts";
import { Bearer } from "./bearer.ts";
import type { TokenProvider } from "./bearer.ts";
import { Calls } from "./calls.ts";
import type { Desk, Listener } from "./desk.ts";
import { Faulted, closed } from "./faulted.ts";
import { next } from "./lifecycle.ts";
import type { TabCue, TabState } from "./lifecycle.ts";
import { PROTOCOL } from "./messages.ts";
import type { Cursor, Ending, Facts, FromTab, FromTabEnvelope, Hello, HolderState, HostKind, LoginWish, ObjectView, SessionInfo, TabView, ToTab, ToTabEnvelope, View, Welcome } from "./messages.ts";
import { Picture } from "./picture.ts";
import type { Channel, Clock, Locks } from "./ports.ts";
import { Seen } from "./seen.ts";
import { Pulse } from "./pulse.ts";
import { Watch } from "./watch.ts";
import type { Ways } from "./ways.ts";

/** What tells something before the welcome, too; facts of that time are in the welcome, or follow it. */
const EARLY: ReadonlySet<string> = new Set(["answer", "fault", "state", "need-token", "ended", "unclaimed"]);

/** Ends after which the session goes on without this tab. */
const OF_ONE_TAB: ReadonlySet<string> = new Set(["tab_closed", "outdated"]);

type Greeting = "welcome" | "outdated" | "who" | "pong" | "elsewhere";
/** Hellos without an answer after which nobody waits for a first welcome any more: half a minute. */
const SILENCES = 20;
/** For a holder to come about that signs out, and to do it. */
const SIGN_OUT_MS = 30_000;
/** What only an attached tab is told. */
type Told = Exclude<ToTab, { readonly is: Greeting }>;

export interface TabPorts {
  readonly clock: Clock;
  /** None: this tab shares with nobody. */
  readonly locks: Locks | null;
  readonly ways: Ways;
  /** This tab is closed: it needs to be told of nothing any more. */
  left(): void;
}

export interface TabOptions {
  /** Random, of this page alone. */
  readonly tab: string;
  /** Name of the lock that tells that this tab lives. */
  readonly lock: string;
  /** Name and version of the SDK. */
  readonly sdk: string;
  readonly wish: LoginWish;
  readonly view: View;
  readonly token: string | null;
  /** Gives a new token when the holder needs one; null: this tab cannot. */
  readonly askToken: TokenProvider | null;
}

/** What the program of this tab deals with; `attach` begins it. */
export class Tab extends Asking implements Desk {
  readonly tab: string;
  host: HostKind | null = null;
  fence = 0;

  protected _life: TabState = "new";
  private _channel: Channel<ToTabEnvelope, FromTabEnvelope> | null = null;
  private _silences = 0;
  private _slept = false;
  private _yields = 0;
  private _view: View;
  private readonly _since: number;
  private readonly _picture: Picture;
  protected readonly _post: (message: FromTab) => void;
  private readonly _bearer: Bearer;
  protected readonly _calls: Calls;
  private readonly _seen: Seen;
  private readonly _pulse: Pulse;
  private readonly _watch: Watch;

  private readonly _ports: TabPorts;
  private readonly _options: TabOptions;
  private readonly _listener: Listener;

  constructor(ports: TabPorts, options: TabOptions, listener: Listener) {
    super();
    this._ports = ports;
    this._options = options;
    this._listener = listener;
    this.tab = options.tab;
    this._view = options.view;
    this._since = ports.clock.wall();
    this._picture = new Picture(options.tab, ports.clock, listener);
    const post = (message: FromTab): void => this._channel?.post({ tab: this.tab, message });
    this._post = post;
    this._bearer = new Bearer(options.token, options.askToken, post);
    this._calls = new Calls(ports.clock, post);
    this._seen = new Seen(ports.clock, (upTo) => post({ is: "seen", upTo }));
    this._pulse = new Pulse(ports.clock, { ping: () => post({ is: "ping" }), dead: () => this._seekAgain("silence"), hello: () => this._hello() });
    this._watch = new Watch(ports.locks, options.lock);
  }

  get session(): SessionInfo | null {
    return this._picture.session;
  }

  get state(): HolderState {
    return this._picture.state;
  }

  get tabs(): readonly TabView[] {
    return this._picture.tabs;
  }

  get cursor(): Cursor | null {
    return this._picture.cursor;
  }

  get objects(): ReadonlyMap<string, ObjectView> {
    return this._picture.objects;
  }

  /** Finds the holder, or becomes it. Done when this tab is known to live; the welcome comes by the listener. */
  async attach(): Promise<void> {
    this._move("attach");
    await this._watch.live();
    if (this._life === "seeking") this._seek();
  }

  /** The page freezes or goes into the back/forward cache. All is done when this returns: no later code may run. */
  suspend(): void {
    if (this._life === "closed") return;
    this._post({ is: "bye" });
    // Whoever holds the session when this page is back knows nothing of its rooms: the program hears that it is live again.
    if (this._life === "attached") this._picture.tell("opening", null);
    this._move("suspend");
    this._leave();
    this._ports.ways.suspend(this.tab);
    this._calls.lose();
  }

  /** The page is back. Its tab goes on with what it had seen. */
  async resume(): Promise<void> {
    const wasAsleep = this._life === "suspended";
    this._move("resume");
    if (!wasAsleep) return;
    this._slept = true;
    await this._watch.live();
    if (this._life === "seeking" && this._channel === null) this._seek();
  }

  setView(view: Partial<View>): void {
    this._view = { ...this._view, ...view };
    this._post({ is: "view", view: this._view });
  }

  retry(): boolean {
    if (this.state !== "waiting" && this.state !== "needs-token") return false;
    this._post({ is: "retry" });
    return true;
  }

  async close(): Promise<void> {
    this._end(closed());
  }

  async signOut(everywhere: boolean): Promise<void> {
    await this._ask({ is: "sign-out", everywhere }, SIGN_OUT_MS);
    this._end(closed(), true);
  }

  // ------------------------------------------------------------ finding the holder

  private _move(cue: TabCue): void {
    this._life = next(this._life, cue);
  }

  private _seek(): void {
    // What was answered on the way before is not heard any more.
    this._calls.lose();
    this._channel?.close();
    const channel = this._ports.ways.open(this._silences, () => {
      if (this._channel === channel && this._life === "seeking") this._seekAgain("silence");
    });
    this._channel = channel;
    channel.listen((envelope) => {
      if (this._channel === channel) this._take(envelope);
    });
    this._hello();
    this._pulse.seek();
  }

  /** The holder is gone or silent: says hello anew, on the next rung after a silence. */
  private _seekAgain(cue: "silence" | "lost"): void {
    if (this._life !== "seeking" && this._life !== "attached") return;
    if (cue === "silence" && ++this._silences >= SILENCES && this.host === null) {
      return this._stop("no_holder", "no holder");
    }
    if (this._life === "attached") this._picture.tell("opening", null);
    this._move(cue);
    this._watch.forget();
    this._seek();
  }

  private _hello(): void {
    const { sdk, wish } = this._options;
    const hello: Hello = {
      is: "hello",
      v: PROTOCOL,
      tab: this.tab,
      sdk,
      since: this._since,
      wish,
      cursor: this._picture.cursor,
      fence: this.fence,
      unanswered: this._calls.unanswered,
      view: this._view,
      token: this._bearer.token,
      canAsk: this._bearer.canAsk,
      claims: this._claims,
      ...(this._slept && { slept: true }),
    };
    this._post(hello);
    this._post({ is: "ping" });
  }

  private _leave(): void {
    this._watch.leave();
    this._pulse.stop();
    this._seen.reset();
    this._channel?.close();
    this._channel = null;
  }

  // ------------------------------------------------------------ what the holder says

  private _take({ fence, tab, message }: ToTabEnvelope): void {
    if (tab !== null && tab !== this.tab) return;
    if (message.is === "elsewhere") return this._elsewhere();
    // A holder that is over, or was asleep while another took its place.
    if (!(fence >= this.fence)) return;
    this._pulse.heard();
    switch (message.is) {
      case "pong":
        return;
      case "welcome":
        return this._welcome(fence, message);
      case "outdated":
        return this._outdated(message.v, message.sdk);
      case "who":
        return this._life === "attached" ? this._seekAgain("lost") : this._hello();
      default:
        if (this._life === "attached" && fence > this.fence) return this._seekAgain("lost");
        if (this._life === "attached" || EARLY.has(message.is)) this._handle(message);
    }
  }

  private _elsewhere(): void {
    if (this._life !== "seeking") return;
    this._ports.ways.elsewhere();
    this._seek();
  }

  private _outdated(v: number, sdk: string): void {
    if (v < PROTOCOL) {
      this._post({ is: "yield", v: PROTOCOL });
      // Tabs of its own had it hold again: only a host with this tab's code can end that.
      return this._yields++ > 0 ? this._seekAgain("silence") : undefined;
    }
    this._stop("outdated", `${sdk} runs: reload this page`);
  }

  private _stop(code: string, message: string): void {
    this._ended({ code, message, advice: "stop", isOwn: false });
  }

  private _welcome(fence: number, welcome: Welcome): void {
    // Two hellos crossed: the facts go on from the first welcome.
    if (this._life === "attached" && fence === this.fence && welcome.isSnapshot) return;
    if (fence > this.fence) this._calls.lose();
    this._move("welcome");
    this._slept = false;
    this.fence = fence;
    this._silences = this._yields = 0;
    this.host = welcome.host;
    this._seen.reset();
    this._watch.await(welcome.life, () => this._seekAgain("lost"));
    this._pulse.attach(this._ports.ways.patience);
    this._calls.move(fence);
    this._picture.welcome(welcome);
  }

  private _handle(message: Told): void {
    switch (message.is) {
      case "facts":
        return this._facts(message);
      case "event":
        return this._listener.event(message.event);
      case "answer":
        return this._answer(message.n, message.answer);
      case "fault":
        return this._calls.fail(message.n, message.fault);
      case "state":
        this._picture.session = message.session ?? this.session;
        // It can be used once there is a welcome.
        if (this._life !== "attached" && message.state === "live") return;
        return this._picture.tell(message.state, message.network ?? null);
      case "start-over":
        return this._picture.startOver(message);
      case "behind":
        return void this._seen.all(() => this._post({ is: "seen", upTo: this._seen.upTo, cursor: this._picture.cursor as Cursor })); // welcome, so there is one
      case "object":
        return this._picture.object(message.name, message.object, message.tab === this.tab);
      case "outbox":
        return this._listener.outbox(message.send, message.status, message.fault?.code ?? null);
      case "tabs":
        this._picture.tabs = message.tabs;
        return this._listener.tabs(message.tabs);
      case "unclaimed":
        this._claims = this._unclaimed(message.claim);
        return message.isTaken ? this._listener.unclaimed(...message.claim) : undefined;
      case "need-token":
        return void this._bearer.give(message.ask);
      case "ended":
        return this._ended(message.ending);
      default:
        // Of a newer holder's words those that are not known here are passed over.
        message satisfies never;
    }
  }

  private _facts(frame: Facts): void {
    const had = this._picture.facts(frame);
    if (had === false) return this._seekAgain("lost");
    this._seen.took(frame.n, frame.facts.length, had);
  }

  private _answer(n: number, answer: unknown): void {
    const asked = this._calls.find(n);
    this._picture.answer(asked?.is === "command" ? asked.do.op : "", answer, () => this._calls.answer(n, answer));
  }

  private _ended({ code, message, ...said }: Ending): void {
    this._picture.state = "stopped";
    const wasAsked = this._end(new Faulted({ code, message, where: "server" }), !OF_ONE_TAB.has(code));
    this._listener.ended({ code, message, ...said, isOwn: said.isOwn || wasAsked });
  }

  /** Gives whether a plain sign-out waited for this end. */
  private _end(problem: Faulted, isOver = false): boolean {
    if (this._life === "closed") return false;
    this._post({ is: "bye" });
    this._move("close");
    this._leave();
    this._ports.ways.close(this.tab);
    this._ports.left();
    this._picture.end();
    return this._calls.end(problem, isOver);
  }
}
