/** A call, as a program handles it. Loaded with the first one. */

import { CALL } from "../core/claims.ts";
import type { CallView as WireView } from "../wire/types.ts";
import type { Json } from "./bodies.ts";
import type { AnswerTo, Fields, Inside } from "./inside.ts";
import { MediaLink } from "./media-link.ts";
import type { Peer } from "./media-link.ts";
import type { Camelled } from "./names.ts";

/** What the server says of a call; times are milliseconds since 1970-01-01 UTC. */
export type CallData = Camelled<WireView>;
/** Who is in a call, with which session; of mine also the device it is on. */
export type CallEnd = NonNullable<CallData["ends"]>[number];

/** Signals of one end that wait until the program joins a peer connection; a browser finds some dozens of candidates. */
const EARLY = 256;

/** A call of mine, the same object from its ring to its end. */
export class Call {
  /** What the server said of it last. */
  view: CallData;
  /** Whether this very tab is in it: where sound and picture are. */
  isInTab = false;
  /** @internal Done when this tab has hung up what none of them took: until then it has the claim for that. */
  _givenUp: Promise<void> | null = null;
  readonly #inside: Inside;
  readonly #take: (view: CallData) => void;
  readonly #hearers = new Map<string, (data: Json) => void>();
  readonly #early = new Map<string, Json[]>();

  /** @internal */
  constructor(inside: Inside, view: CallData, take: (view: CallData) => void) {
    this.#inside = inside;
    this.#take = take;
    this.view = view;
  }

  get id(): string {
    return this.view.call;
  }

  get state(): CallData["state"] {
    return this.view.state;
  }

  /** Who began it. */
  get caller(): string {
    return this.view.caller;
  }

  /** Who was called. */
  get users(): readonly string[] {
    return this.view.users;
  }

  get media(): "audio" | "video" {
    return this.view.media;
  }

  /** What the caller gave along. */
  get data(): Json {
    return this.view.data ?? null;
  }

  /** Who is in it now, each with one session. */
  get ends(): readonly CallEnd[] {
    return this.view.ends ?? [];
  }

  /** The ends that are not this session. */
  get others(): readonly CallEnd[] {
    return this.ends.filter(({ session }) => session !== this.#session);
  }

  /** Why it ended; null before. */
  get reason(): NonNullable<CallData["reason"]> | null {
    return this.view.reason ?? null;
  }

  /** Whether this device is to ring now. */
  get ringsHere(): boolean {
    const { ringing = [], silent = [], state } = this.view;
    const { session } = this.#inside.desk;
    return ringing.includes(this.#inside.user) && state !== "ended" && !silent.includes(session?.device.id ?? "");
  }

  /** Whether this session is in it, with one of its tabs. */
  get isHere(): boolean {
    return this.ends.some(({ session }) => session === this.#session);
  }

  /** With which session I am in it, whichever that is; null for none. */
  get answeredBy(): CallEnd | null {
    return this.ends.find(({ user }) => user === this.#inside.user) ?? null;
  }

  /**
   * Takes it in this tab, or joins one of several people; says if this tab is in it now. If not, it is over, or another of my sessions
   * (`answeredBy`) or tabs was faster. After `handOver` a tab of the session that has it takes it by this, too.
   */
  async answer(): Promise<boolean> {
    await this._givenUp;
    if (!(await this._claim())) return false;
    try {
      await this.#do(this.#inside.ask("answer", { call: this.id }));
    } finally {
      if (!this.isHere) this._release();
    }
    return this.isInTab;
  }

  /** Does not take it: on this device alone, or (`call`, unless told) altogether; too late it changes nothing. */
  decline({ scope = "call", busy = false }: { readonly scope?: "device" | "call"; readonly busy?: boolean } = {}): Promise<void> {
    return this.#do(this.#inside.ask("decline", { call: this.id, scope, busy }));
  }

  /** Leaves it; takes it back, where nobody answered yet. Throws `Unacceptable` where it rings for me: that is to be declined. */
  hangUp(): Promise<void> {
    return this.#do(this.#inside.ask("hang_up", { call: this.id }));
  }

  /** Has another of my sessions be in it, in place of the one that is. Throws `NotFound` where I have no such session, `Unacceptable` where I am not in it. */
  handOver(session: string): Promise<void> {
    return this.#do(this.#inside.ask("hand_over", { call: this.id, session }));
  }

  /** Tells the other end something, up to 64 KiB of JSON; where there are several, that of a session. Throws `NotFound` where one of the two is not in it. */
  async signal(data: Json, session?: string): Promise<void> {
    await this.#inside.ask("call_signal", { call: this.id, data, session } as Fields<"call_signal">);
  }

  /**
   * Joins an `RTCPeerConnection` to the call: has it talk to the other end, or to that of a `session` where there are several; done when the
   * other end is there and was first spoken to. Both ends do, in any order, and may add and take away tracks at any time. The program has
   * made it, with `turnServers`, and adds its tracks; it closes it, too.
   */
  async connect(peer: Peer, session?: string): Promise<MediaLink> {
    const link = new MediaLink(this.#inside, this, peer);
    await link.begin(session);
    return link;
  }

  /** @internal Asks to be the tab that has it. */
  async _claim(): Promise<boolean> {
    try {
      return (this.isInTab = await this.#inside.desk.claim(CALL, this.id));
    } catch (problem) {
      const { code, message } = ((problem as { fault?: object } | null)?.fault ?? problem) as { code?: string; message?: string };
      throw this.#inside.fault(code ?? "link_down", message ?? "");
    }
  }

  /** @internal Hears what an end says, also what it said already; gives what ends that. */
  _hear(session: string, hear: (data: Json) => void): () => void {
    this.#hearers.set(session, hear);
    for (const data of this.#early.get(session) ?? []) hear(data);
    this.#early.delete(session);
    return () => void (this.#hearers.get(session) === hear && this.#hearers.delete(session));
  }

  /** @internal An end says something. */
  _said(session: string, data: Json): void {
    const hear = this.#hearers.get(session);
    if (hear) return hear(data);
    const early = this.#early.get(session) ?? [];
    this.#early.set(session, early);
    if (early.push(data) > EARLY) early.shift();
  }

  /** @internal This tab is not in it. */
  _release(): void {
    this.#early.clear();
    if (this.isInTab) this.#inside.desk.release(CALL, this.id);
    this.isInTab = false;
  }

  /** @internal Leaves it, unless another of my sessions is in it by now. */
  _hangUpHere(): Promise<void> {
    return this.#do(this.#inside.ask("hang_up", { call: this.id, session: this.#session }));
  }

  /** @internal The id of this session. */
  get _session(): string {
    return this.#session;
  }

  get #session(): string {
    return this.#inside.desk.session?.session ?? "";
  }

  async #do(asked: Promise<AnswerTo<"answer">>): Promise<void> {
    this.#take((await asked).call);
  }
}
