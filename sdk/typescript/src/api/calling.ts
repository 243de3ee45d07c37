/** The side of a client that calls, and the calls it knows. Loaded at the first use, and with the first ring. */

import { CALL } from "../core/claims.ts";
import type { Passing } from "../wire/types.ts";
import type { Json } from "./bodies.ts";
import { Call } from "./call.ts";
import type { CallData, CallEnd } from "./call.ts";
import type { Conversation } from "./conversation.ts";
import type { AnyEvent } from "./events.ts";
import type { AnswerTo, Fields, Inside } from "./inside.ts";
import type { Late } from "./late.ts";
import type { KnownFact } from "./multi-device.ts";
import type { Camelled } from "./names.ts";

/** Calls that are over whose late events are passed over. */
const ENDED_REMEMBERED = 256;
/** For a tab to take a call that was handed over to this session. */
const TAKEN_MS = 30_000;
/** For the tab that has a call to be with another holder, after the one that knew of it. */
const FOUND_MS = 5_000;

/** What a call is to be. */
export interface CallOptions {
  /** Whose other members are called, in place of users. */
  readonly conversation?: Conversation | string;
  /** `audio` unless told. */
  readonly media?: "audio" | "video";
  /** Comes along with the ring; up to 16 KiB of JSON. */
  readonly data?: Json;
  /** For how many seconds it rings, 1 to 120; 45 unless told. */
  readonly ringS?: number;
}

/** What `RTCPeerConnection` wants as `iceServers`. */
export interface IceServer {
  readonly urls: string[];
  readonly username?: string;
  readonly credential?: string;
}

/** The side of a `Client` that calls. */
export interface Calling {
  /**
   * Calls users, or the other members of a conversation (up to 32): it rings on all their devices, in all their tabs. This tab is in the call from
   * now on. Throws `Unacceptable` where nobody is named; `NotFound`; `Forbidden` where I may say nothing there; `LimitReached`.
   */
  call(users: string | readonly string[], options?: CallOptions): Promise<Call>;
  /** Asks for the calls that ring or run for me, on whatever device, the oldest first. */
  calls(): Promise<readonly Call[]>;
  /** Asks for the STUN and TURN servers that the operator has set, with names and passwords for a while: an `RTCPeerConnection` takes them as `iceServers`. None where the operator has set none. */
  turnServers(): Promise<IceServer[]>;
  /** What to do with a call while this session is in another: `ring` (unless told), or say that I am `busy`. */
  whenBusy(policy: "ring" | "busy"): Promise<void>;
}

/** Asks the server. */
export const CALLING: Late<Calling, unknown> = {
  async call(inside, _, users, { conversation, ...how } = {}) {
    const id = typeof conversation === "object" ? conversation.id : conversation;
    const fields = { key: inside.newKey(), users: [users].flat(), conversation: id, ...how } as Fields<"call">;
    const call = bookOf(inside).take((await inside.ask("call", fields)).call);
    try {
      await call._claim();
    } finally {
      // It is not to ring for nobody.
      if (!call.isInTab) call._hangUpHere().catch(() => undefined);
    }
    return call;
  },
  calls: (inside) => bookOf(inside).ask(),
  turnServers: async (inside) => (await inside.ask("turn", {})).servers as IceServer[],
  whenBusy: async (inside, _, policy) => void (bookOf(inside).whenBusy = policy),
};

function bookOf(inside: Inside): CallBook {
  return (inside._devices as NonNullable<Inside["_devices"]>).calls; // whoever asks was brought by it
}

type Signal = Camelled<Extract<Passing, { readonly kind: "call_signal" }>>;
type Ended = Extract<KnownFact, { readonly kind: "call_ended" }>;

/** Keeps the calls that ring or run, and tells what happens to them, each once and in order. */
export class CallBook {
  whenBusy: "ring" | "busy" = "ring";
  readonly #inside: Inside;
  readonly #calls = new Map<string, Call>();
  readonly #ended = new Set<string>();
  #isFollowing = false;
  #fence: number;

  constructor(inside: Inside) {
    this.#inside = inside;
    this.#fence = inside.desk.fence;
    inside.emitter.on("claimLost", ({ name, key }) => name === CALL && this.#lost(this.#calls.get(key)));
  }

  /** Tells what rings, now and from now on, and asks for it after each loss of the connection: somebody listens. */
  follow(): void {
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    for (const call of this.#calls.values()) if (call.ringsHere) this.#ring(call);
    this.renew();
  }

  /** Asks anew, where calls matter to the program: what was said meanwhile is not said again. */
  renew(): void {
    const { fence } = this.#inside.desk;
    // The tab that had a call may have gone together with the holder, which would have hung up for it.
    if (fence !== this.#fence) for (const call of this.#calls.values()) void this.#guard(call, FOUND_MS);
    this.#fence = fence;
    if (this.#isFollowing || this.#calls.size) this.#ask().catch(() => undefined);
  }

  /** Asks for the calls that ring or run. What is known and is not among them is over. */
  async ask(): Promise<readonly Call[]> {
    this.follow();
    return this.#ask();
  }

  async #ask(): Promise<readonly Call[]> {
    const known = [...this.#calls.values()];
    const { calls } = (await this.#inside.ask("calls", {})) as AnswerTo<"calls">;
    const listed = new Set(calls.map(({ call }) => call));
    for (const call of known) {
      if (listed.has(call.id) || call.state === "ended") continue;
      // Its fact tells more, when it comes; after a long absence it may not, and nobody is to sit there with an open camera.
      this.#change(call, { ...call.view, state: "ended", ringing: [], ends: [], reason: "failed" });
      this.#emit({ type: "callRoster", call, ends: [] });
    }
    return calls.map((view) => this.take(view)).filter(({ id }) => this.#calls.has(id));
  }

  /** Takes over how a call is, unless that is older than what is known, and tells what is new of it. */
  take(view: CallData): Call {
    const known = this.#calls.get(view.call);
    if (!known) {
      const call = new Call(this.#inside, view, (later) => this.take(later));
      if (this.#ended.has(view.call)) return call;
      this.#calls.set(view.call, call);
      this.#tell(call, null, false);
      return call;
    }
    if (view.revision > known.view.revision) this.#change(known, view);
    return known;
  }

  /** Takes over that a call is over. */
  ended(fact: Ended, at: number): readonly AnyEvent[] {
    const { call: id, reason, by, isMissed = false } = fact;
    const call = this.#calls.get(id) ?? null;
    this.#calls.delete(id);
    this.#ended.add(id);
    if (this.#ended.size > ENDED_REMEMBERED) this.#ended.delete([...this.#ended][0] as string); // there are more than none
    if (call && call.view.endedAt === undefined) this.#change(call, { ...call.view, state: "ended", ringing: [], ends: [], endedAt: at, reason, by });
    call?._release();
    return [{ type: "callEnded", call, id, told: fact, isMissed, at }];
  }

  /** Tells the tab that is in a call what another end says. */
  signalled({ call: id, user, session, data = null }: Signal): void {
    const call = this.#calls.get(id);
    if (!call?.isInTab) return;
    call._said(session, data);
    this.#emit({ type: "callSignal", call, user, session, data });
  }

  /** Another tab has it by now. */
  #lost(call: Call | undefined): void {
    call?._release();
    if (call) this.#emit({ type: "callRoster", call, ends: call.ends });
  }

  #change(call: Call, view: CallData): void {
    const [before, wasRinging] = [call.view, call.ringsHere];
    call.view = view;
    if (!call.isHere) call._release();
    this.#tell(call, before, wasRinging);
  }

  #tell(call: Call, before: CallData | null, wasRinging: boolean): void {
    const { view } = call;
    if (call.ringsHere && !wasRinging && this.#isFollowing) this.#ring(call);
    if (wasRinging && !call.ringsHere && this.#isFollowing) this.#emit({ type: "ringOver", call });
    if (call.isHere && !before?.ends?.some(({ session }) => session === call._session)) void this.#guard(call, TAKEN_MS);
    if (!before || view.state === "ended") return;
    const inside = new Set(before.ends?.map(({ user }) => user));
    for (const by of call.ends) if (!inside.has(by.user) && by.user !== view.caller) this.#emit({ type: "callAnswered", call, by });
    for (const user of view.declined ?? []) if (!before.declined?.includes(user)) this.#emit({ type: "callDeclined", call, user });
    if (JSON.stringify(before.ends ?? []) !== JSON.stringify(call.ends)) this.#emit({ type: "callRoster", call, ends: call.ends });
  }

  /** Hangs up what this session is in and, after so long, none of its tabs. A tab with a session of its own knows by itself. */
  async #guard(call: Call, ms: number): Promise<void> {
    const { desk } = this.#inside;
    if (desk.host === "single") return;
    await this.#inside.pause(ms);
    if (call.isHere && !call.isInTab) await (call._givenUp = this.#giveUp(call));
  }

  async #giveUp(call: Call): Promise<void> {
    const { desk } = this.#inside;
    try {
      if (!(await desk.claim(CALL, call.id)) || call.isInTab) return;
      await call._hangUpHere();
      desk.release(CALL, call.id);
    } catch {
      // What cannot be said now ends with the session, or with this tab, by which it is claimed.
    }
  }

  #ring(call: Call): void {
    const isBusy = this.whenBusy === "busy" && [...this.#calls.values()].some(({ isHere }) => isHere);
    if (isBusy) call.decline({ scope: "device", busy: true }).catch(() => undefined);
    else this.#emit({ type: "ringing", call });
  }

  #emit(event: AnyEvent): void {
    this.#inside.emitter.emit(event);
  }
}

/** Somebody calls me, and this device is to ring until `ringOver`. */
export interface Ringing {
  readonly type: "ringing";
  readonly call: Call;
}

/** This device is to ring no more, for whatever reason: `call` says how it is now. */
export interface RingOver {
  readonly type: "ringOver";
  readonly call: Call;
}

/** A user who was called is in it now; `by` has the session, and of mine the device. */
export interface CallAnswered {
  readonly type: "callAnswered";
  readonly call: Call;
  readonly by: CallEnd;
}

/** A user does not take the call. */
export interface CallDeclined {
  readonly type: "callDeclined";
  readonly call: Call;
  readonly user: string;
}

/** Others are in the call than before, or with other sessions. */
export interface CallRoster {
  readonly type: "callRoster";
  readonly call: Call;
  readonly ends: readonly CallEnd[];
}

/** A call of mine is over, told once, after an absence too; without a `call` where nothing else of it was told here. `told` has who, when and why; `isMissed`: it rang for me, and I neither took nor declined it. */
export interface CallOver {
  readonly type: "callEnded";
  readonly call: Call | null;
  readonly id: string;
  readonly told: Ended;
  readonly isMissed: boolean;
  readonly at: number;
}

/** Another end of a call that this tab is in tells something. */
export interface CallSignal {
  readonly type: "callSignal";
  readonly call: Call;
  readonly user: string;
  readonly session: string;
  readonly data: Json;
}
