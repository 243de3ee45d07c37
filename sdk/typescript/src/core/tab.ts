/**
 * A tab's side of the shared session: finds the holder, goes on from what it has seen when another one takes over, and
 * hands each fact, event and answer to the program once. Pure: the host gives it its ways, locks and clock.
 */

import { Bearer } from "./bearer.ts";
import type { TokenProvider } from "./bearer.ts";
import { Calls } from "./calls.ts";
import type { Question } from "./calls.ts";
import type { Desk, Listener } from "./desk.ts";
import { Faulted, closed, local } from "./faulted.ts";
import { next } from "./lifecycle.ts";
import type { TabCue, TabState } from "./lifecycle.ts";
import { PROTOCOL } from "./messages.ts";
import type { Claimed, Cursor, Ending, Facts, FromTab, FromTabEnvelope, Hello, HolderState, HostKind, LoginWish, ObjectView, SessionInfo, TabView, ToTab, ToTabEnvelope, View, Welcome, WireAnswer, WireCommand } from "./messages.ts";
import { Picture } from "./picture.ts";
import type { Channel, Clock, Locks } from "./ports.ts";
import { Seen } from "./seen.ts";
import { Pulse } from "./pulse.ts";
import { Watch } from "./watch.ts";
import type { Ways } from "./ways.ts";

/** What tells something before the welcome, too; facts of that time are in the welcome, or follow it. */
const EARLY: ReadonlySet<string> = new Set(["answer", "fault", "state", "need-token", "ended", "unclaimed"]);

type Greeting = "welcome" | "outdated" | "who" | "pong" | "elsewhere";
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
export class Tab implements Desk {
  readonly tab: string;
  host: HostKind | null = null;
  fence = 0;

  private _life: TabState = "new";
  private _channel: Channel<ToTabEnvelope, FromTabEnvelope> | null = null;
  private _silences = 0;
  private _slept = false;
  private _yields = 0;
  private _view: View;
  private _keys = 0;
  private readonly _since: number;
  private readonly _picture: Picture;
  private readonly _post: (message: FromTab) => void;
  private readonly _bearer: Bearer;
  private readonly _calls: Calls;
  private _claims: readonly Claimed[] = [];
  private readonly _seen: Seen;
  private readonly _pulse: Pulse;
  private readonly _watch: Watch;

  private readonly _ports: TabPorts;
  private readonly _options: TabOptions;
  private readonly _listener: Listener;

  constructor(ports: TabPorts, options: TabOptions, listener: Listener) {
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
    this._ports.ways.suspend();
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

  request(command: WireCommand, ms?: number): Promise<WireAnswer> {
    return this._ask({ is: "command", do: command, how: "repeat" }, ms) as Promise<WireAnswer>;
  }

  requestNow(command: WireCommand, ms?: number): Promise<WireAnswer> {
    if (this._life === "closed") return Promise.reject(closed());
    if (this._life !== "attached") return Promise.reject(local("link_down", "there is no connection now", true));
    return this._ask({ is: "command", do: command, how: "now" }, ms) as Promise<WireAnswer>;
  }

  place(command: WireCommand & { readonly op: "send"; readonly key: string }): Promise<WireAnswer> {
    return this._ask({ is: "command", do: command, how: "queue" }) as Promise<WireAnswer>;
  }

  newKey(): string {
    return `${this.tab}:${++this._keys}`;
  }

  isOwnKey(key: string): boolean {
    return key.startsWith(`${this.tab}:`);
  }

  setObject(name: string, value: unknown, expect?: number): Promise<number> {
    return this._ask({ is: "object", name, value, ...(expect !== undefined && { expect }) }) as Promise<number>;
  }

  async dropObject(name: string, expect?: number): Promise<void> {
    await this._ask({ is: "object", name, ...(expect !== undefined && { expect }) });
  }

  async claim(...claim: Claimed): Promise<boolean> {
    const isGranted = (await this._ask({ is: "claim", claim })) as boolean;
    if (isGranted) this._claims = [...this._unclaimed(claim), claim];
    return isGranted;
  }

  release(...claim: Claimed): void {
    this._claims = this._unclaimed(claim);
    this._post({ is: "release", claim });
  }

  private _unclaimed([name, key]: Claimed): readonly Claimed[] {
    return this._claims.filter((claim) => claim[0] !== name || claim[1] !== key);
  }

  setView(view: Partial<View>): void {
    this._view = { ...this._view, ...view };
    this._post({ is: "view", view: this._view });
  }

  retry(): boolean {
    if (this.state !== "waiting") return false;
    this._post({ is: "retry" });
    return true;
  }

  async close(): Promise<void> {
    this._end(closed());
  }

  async signOut(everywhere: boolean): Promise<void> {
    await this._ask({ is: "sign-out", everywhere }, SIGN_OUT_MS);
    this._end(closed());
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
    if (cue === "silence") this._silences += 1;
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

  private _ask(question: Question, ms?: number): Promise<unknown> {
    if (this._life === "closed") return Promise.reject(closed());
    return this._calls.ask(question, this._life === "attached" ? this.fence : 0, ms);
  }

  // ------------------------------------------------------------ what the holder says

  private _take({ fence, tab, message }: ToTabEnvelope): void {
    if (tab !== null && tab !== this.tab) return;
    if (message.is === "elsewhere") return this._elsewhere();
    // A holder that is over, or was asleep while another took its place.
    if (fence < this.fence) return;
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
    this._ended({ code: "outdated", message: `another tab runs ${sdk}: reload this page`, advice: "stop", isOwn: false });
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

  private _ended(said: Ending): void {
    const ending = { ...said, isOwn: said.isOwn || this._calls.isLeaving };
    this._picture.state = "stopped";
    this._end(new Faulted({ code: ending.code, message: ending.message, where: "server" }));
    this._listener.ended(ending);
  }

  private _end(problem: Faulted): void {
    if (this._life === "closed") return;
    this._post({ is: "bye" });
    this._move("close");
    this._leave();
    this._ports.ways.close();
    this._ports.left();
    this._picture.end();
    this._calls.end(problem);
  }
}
