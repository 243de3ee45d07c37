/** A session over many links: connect, greet, lose, come back, until it is over. */

import { broken, lossOf, ofRefusal } from "../wire/loss.ts";
import type { Loss } from "../wire/loss.ts";
import type { Delivery, Login, Passing, Resume, Welcome } from "../wire/types.ts";
import { laterMs, soonMs } from "./backoff.ts";
import { Link } from "./link.ts";
import type { HolderState, LoginWish, NetworkEvent, SessionInfo } from "./messages.ts";
import { next } from "./phases.ts";
import type { Cue } from "./phases.ts";
import type { Clock, Debt, Dial, Entropy, SavedSession, Shelf } from "./ports.ts";
import { Stopper } from "./stopper.ts";

/** For connecting, and for the answer to a greeting; then the attempt failed. */
const OPENING_MS = 10_000;
/** For the last frame of a server that refused a greeting. */
const BYE_MS = 2_000;
/**
 * Fences of the server per fence of the holder: however often an earlier holder comes back, a later one is above it.
 * As much as is left of 2^53 when a holder's fence is the time of day.
 */
const FENCES = 1024;
/** Closed tabs that are remembered. */
const CLOSED = 100;
/** Before a session is saved again that the disk did not take. */
const SAVE_AGAIN_MS = 10_000;
/** Greetings in a row that led to another one at once, before that counts as the end. */
const GREETINGS = 6;

export interface SessionPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly dial: Dial;
  readonly shelf: Shelf;
  readonly sdk: string;
}

/** A token, null for none where none may be needed, or that nobody has one. */
export type Token = string | null | "nobody";

/** Who hears of a session. */
export interface SessionEvents {
  /** Gives what to log in with; `refused` is why the last one was not good. */
  token(refused: Loss | null): Promise<Token>;
  /** A link is live. */
  welcomed(link: Link, welcome: Welcome): void;
  facts(delivery: Delivery): void;
  event(event: Passing): void;
  checkpoint(checkpoint: number): void;
  /** The link there was is gone. */
  lost(loss: Loss): void;
  changed(network: NetworkEvent | null): void;
  /** The session there was is not resumed, for this reason; another one takes its place. */
  abandoned(loss: Loss): void;
  /** Whether a person asks for this session, so that one that cannot be resumed is a reason to log in. */
  mayLogInAnew(): boolean;
  /** It is over for good. */
  ended(loss: Loss): void;
}

/** Gives the fence of a holder above another one, which counts as 0 where it cannot be one: whoever said it is wrong. */
export function fenceAbove(fence: number): number {
  return Number.isInteger(fence) && fence < Number.MAX_SAFE_INTEGER / FENCES - 1 ? fence + 1 : 0;
}

/** The same above the one that a session was held under last. */
export function fenceAfter(saved: SavedSession | null): number {
  return saved === null ? 0 : fenceAbove(Math.floor(saved.fence / FENCES));
}

/** The session of a holder. */
export class Session {
  state: HolderState = "idle";
  info: SessionInfo | null = null;
  /** The link, while it is live. */
  link: Link | null = null;
  /** It was live once, here. */
  wasLive = false;
  /** Of the last greeting, as the server knows it. */
  fence: number;
  /** Called when it is known whether a link that was being opened came about. */
  settled: () => void = () => undefined;

  private readonly _ports: SessionPorts;
  private readonly _wish: LoginWish;
  private readonly _events: SessionEvents;
  private _saved: SavedSession | null;
  private readonly _lastFence: number;
  private _trying: Link | null = null;
  private _early: Delivery[] = [];
  private _attempt = 0;
  private _greetings = 0;
  private _refused: Loss | null = null;
  private _cut: (() => void) | null = null;
  private _dialing = new Stopper();
  private _cancelSave: () => void = () => undefined;

  constructor(ports: SessionPorts, wish: LoginWish, saved: SavedSession | null, fence: number, events: SessionEvents) {
    this._ports = ports;
    this._wish = wish;
    this._events = events;
    this._saved = saved;
    this.fence = fence * FENCES;
    this._lastFence = this.fence + FENCES - 1;
    if (saved !== null && saved.resumeToken !== "") this.info = this._infoOf(saved.user, saved.session, "");
  }

  /** Whether tabs that had a session before can go on in this one. */
  get isKnown(): boolean {
    return this.info !== null || this._saved !== null;
  }

  /** Tabs that somebody closed from another place while they were on their way from one holder to the next. */
  get closed(): readonly string[] {
    return this._saved?.closed ?? [];
  }

  /** Notes one more, for all holders. */
  close(tab: string): void {
    if (this._saved === null || this.closed.includes(tab)) return;
    this._saved = { ...this._saved, closed: [...this.closed, tab].slice(-CLOSED) };
    void this._save();
  }

  /** What it takes to end it from elsewhere; null where it never began. */
  get debt(): Debt | null {
    if (this._saved === null || this._saved.resumeToken === "") return null;
    const { session, resumeToken } = this._saved;
    return { url: this._wish.url, session, resumeToken, fence: this.fence };
  }

  /** Begins; everything else is told by the events. */
  begin(): void {
    this._move("begin");
    void this._open();
  }

  /** Comes back now instead of after the delay, or when there was no token; false when there is nothing to cut short. */
  retry(): boolean {
    if (this.state === "needs-token") this._again();
    else if (this._cut === null) return false;
    else {
      this._attempt = 0;
      this._cut();
    }
    return true;
  }

  /** Ends at once and without a word; the session can be resumed. */
  stop(): void {
    if (this.state === "stopped") return;
    this._move("over");
    this._cut?.();
    const loss: Loss = { code: "client_closed", message: "the holder was closed", advice: "stop" };
    this._trying?.end(loss);
    this._dialing.stop();
  }

  // ------------------------------------------------------------ one link

  private _again(): void {
    this._move("retry");
    this._events.changed(null);
    void this._open();
  }

  private async _open(): Promise<void> {
    const token = this._isResuming ? null : await this._events.token(this._refused);
    if (this.state !== "opening") return;
    if (token === "nobody") return this._tokenless();
    const link = (this._trying = new Link(this._ports.clock, {
      facts: (delivery) => this._facts(link, delivery),
      event: (event) => this._events.event(event),
      checkpoint: (checkpoint) => this._events.checkpoint(checkpoint),
      lost: (loss) => this._lost(link, loss),
    }));
    this._early = [];
    const stop = (this._dialing = new Stopper());
    const cancel = this._ports.clock.after(OPENING_MS, () => stop.stop());
    try {
      link.open(await this._ports.dial(this._wish.url, link, stop));
    } catch (problem) {
      link.end(lossOf(problem) ?? broken(String(problem instanceof Error ? problem.message : problem)));
    } finally {
      cancel();
    }
    if (link.loss === null) await this._greet(link, token);
  }

  private async _greet(link: Link, token: string | null): Promise<void> {
    const cancel = this._ports.clock.after(OPENING_MS, () => link.end(broken("the server does not answer")));
    const said = await link.request(await this._greeting(token));
    cancel();
    if ("loss" in said || link.loss !== null) return;
    if ("refusal" in said) {
      // Its last frame may say more, such as who took the place.
      const loss = ofRefusal(said.refusal);
      link.expect(loss);
      this._ports.clock.after(BYE_MS, () => link.end(loss));
      return;
    }
    await this._welcomed(link, said.answer);
  }

  private get _isResuming(): boolean {
    return this._saved !== null && this._saved.resumeToken !== "";
  }

  private async _greeting(token: string | null): Promise<Login | Resume> {
    const { sdk, entropy } = this._ports;
    const fence = (this.fence = Math.min(this.fence + 1, this._lastFence));
    if (this._saved !== null && this._isResuming) return { op: "resume", session: this._saved.session, resume_token: this._saved.resumeToken, fence, sdk };
    // The same name until it is answered, by whichever holder: a login whose answer was lost must not become two.
    this._saved = { user: this._wish.user ?? "", session: this._saved?.session ?? entropy.id(), resumeToken: "", fence };
    await this._save();
    const { device, user, tag } = this._wish;
    return { op: "login", device, login: this._saved.session, fence, sdk, ...(token !== null && { token }), ...(user !== null && { user }), ...(tag !== null && { tag }) };
  }

  private async _welcomed(link: Link, welcome: Welcome): Promise<void> {
    if (welcome.user === undefined || welcome.session === undefined) return link.end(ofRefusal({ is: "error", re: 0, code: "no_user", message: "the server named no user" }));
    this._saved = { ...this._saved, user: welcome.user, session: welcome.session, resumeToken: welcome.resume_token ?? this._saved?.resumeToken ?? "", fence: this.fence };
    // Before any tab hears of it: the next holder has to find it.
    await this._save();
    if (link.loss !== null) return;
    this.info = this._infoOf(welcome.user, welcome.session, welcome.server);
    this._attempt = this._greetings = 0;
    this._refused = null;
    this.link = link;
    this._move("welcomed");
    this._events.changed(this.wasLive ? { kind: "reconnect" } : null);
    this.wasLive = true;
    this._events.welcomed(link, welcome);
    link.keepAlive(welcome.heartbeat_s);
    for (const delivery of this._early.splice(0)) this._events.facts(delivery);
  }

  private _facts(link: Link, delivery: Delivery): void {
    if (this.link === link) this._events.facts(delivery);
    else this._early.push(delivery);
  }

  // ------------------------------------------------------------ between links

  private _lost(link: Link, told: Loss): void {
    if (this._trying !== link) return;
    const wasLive = this.link === link;
    this._trying = this.link = null;
    if (wasLive) this._events.lost(told);
    if (this.state === "stopped") return;
    const loss = this._judged(told);
    if (loss.advice === "stop") return this._end(loss);
    if (loss.advice === "log_in" || loss.advice === "new_token") this._forget(loss);
    this._move("lost");
    this._events.changed(wasLive ? { kind: "disconnect", code: loss.code, message: loss.message } : null);
    this._wait(loss);
  }

  /** Turns the advice into what is possible here. */
  private _judged(loss: Loss): Loss {
    if (loss.advice === "later" || loss.advice === "reconnect") return loss;
    this._greetings += 1;
    if (this._greetings > GREETINGS) return { ...loss, advice: "stop" };
    if (this.wasLive || loss.advice !== "stop") return loss;
    // A saved session that cannot be resumed is a reason to log in when a person asks for it.
    const isStale = this._isResuming ? this._events.mayLogInAnew() : loss.code === "invalid";
    return isStale && this._greetings < GREETINGS ? { ...loss, advice: "log_in" } : loss;
  }

  private _forget(loss: Loss): void {
    if (this._isResuming) this._events.abandoned(loss);
    this._saved = null;
    this._refused = loss.advice === "new_token" ? loss : null;
  }

  private _tokenless(): void {
    // Who logs in for the first time with a token that is not good has to know why.
    if (this._refused !== null && !this.wasLive) return this._end(this._refused);
    this._move("tokenless");
    this._events.changed(null);
  }

  private _wait(loss: Loss): void {
    const { clock, entropy } = this._ports;
    const [attempt, chance] = [this._attempt, entropy.chance()];
    const delay = loss.advice === "later" ? laterMs(attempt, chance, loss.retryAfterMs) : soonMs(attempt, chance);
    this._events.changed({ kind: "schedule", attempt, delayMs: delay });
    if (this.state !== "waiting") return;
    const go = (): void => {
      this._cut = null;
      cancel();
      if (this.state !== "waiting") return;
      this._attempt += 1;
      this._move("retry");
      this._events.changed({ kind: "retry", attempt });
      void this._open();
    };
    const cancel = clock.after(delay, go);
    this._cut = go;
  }

  private _end(loss: Loss): void {
    this._move("over");
    this._events.ended(loss);
  }

  private async _save(): Promise<void> {
    try {
      if (this._saved !== null) await this._ports.shelf.writeSession(this._saved);
    } catch {
      // The session is good for as long as this holder lives; the disk may be back before its end.
      this._cancelSave();
      this._cancelSave = this._ports.clock.after(SAVE_AGAIN_MS, () => void (this.state === "stopped" || this._save()));
    }
  }

  private _infoOf(user: string, session: string, server: string): SessionInfo {
    return { user, session, server, device: this._wish.device, tag: this._wish.tag };
  }

  private _move(cue: Cue): void {
    this.state = next(this.state, cue);
    if (this.state !== "opening") this.settled();
  }
}
