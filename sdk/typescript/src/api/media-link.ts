/** An `RTCPeerConnection` and a call: offers, answers and candidates find their way, whoever speaks first. Loaded with the first call. */

import type { Json } from "./bodies.ts";
import type { Call } from "./call.ts";
import { report } from "./emitter.ts";
import type { Inside } from "./inside.ts";

/** A description or a candidate, as it travels. */
interface Travelling {
  toJSON(): unknown;
}

/** What is needed of an `RTCPeerConnection`. */
export interface Peer {
  readonly signalingState: string;
  readonly connectionState: string;
  readonly localDescription: Travelling | null;
  readonly remoteDescription: object | null;
  setLocalDescription(): Promise<void>;
  setRemoteDescription(description: never): Promise<void>;
  addIceCandidate(candidate: never): Promise<void>;
  restartIce(): void;
  addEventListener(type: string, hear: (event: object) => void): void;
  removeEventListener(type: string, hear: (event: object) => void): void;
}

interface Description {
  readonly type: string;
  readonly sdp?: string;
}

interface Candidate {
  readonly usernameFragment?: string | null;
}

interface Said {
  readonly description?: Description;
  /** The name of the offer that the description is, or answers. Ends of other makers may give none. */
  readonly offer?: string;
  readonly candidate?: Candidate;
}

/** Candidates that wait for their description. */
const HELD = 256;
/** Ways of the other end that were given up for others, whose late candidates are passed over. */
const PAST = 16;

/**
 * One end of the media of a call. The end whose session's id is the higher begins, and where both offer at once, the other one gives way: no
 * offer is lost, and none has to be agreed before. After a loss of the connection offers and candidates may be lost, so it tells again what
 * waits for an answer, and looks for ways anew. It ends with the call, and where another session or tab takes the place of one of its ends.
 */
export class MediaLink {
  /** The session at the other end. */
  session = "";
  readonly #inside: Inside;
  readonly #call: Call;
  readonly #peer: Peer;
  readonly #offs: (() => void)[] = [];
  #turn: Promise<void> = Promise.resolve();
  /** What was said last of descriptions: the server carries out what comes together in no order, and they have one. */
  #said: Promise<unknown> = Promise.resolve();
  #isOver = false;
  #isOffering = false;
  /** The names of my last offer, and of theirs: one that was told again is answered again, and that is no answer to the next one. */
  #mine = "";
  #theirs: string | undefined;
  /** Whoever gives way waits for the first offer, unless it may have been lost: two at the beginning are one too many. */
  #mayOffer = true;
  #isHeldBack = false;
  #hasPassedOver = false;
  /** The other end's ways by their names, as its description has them; none where it names none. */
  #ways: readonly string[] = [];
  #past: readonly string[] = [];
  /** Candidates that came before the description that they are of. */
  #held: Candidate[] = [];

  /** @internal */
  constructor(inside: Inside, call: Call, peer: Peer) {
    this.#inside = inside;
    this.#call = call;
    this.#peer = peer;
  }

  /** @internal Waits for the other end, and begins. */
  async begin(session?: string): Promise<void> {
    const call = this.#call;
    const { emitter } = this.#inside;
    this.#offs.push(emitter.on("callEnded", ({ call: over }) => void (over === call && this.close())));
    this.session = await this.#otherEnd(session);
    this.#mayOffer = !this.#isPolite;
    this.#offs.push(emitter.on("callRoster", () => void ((call.isHere && call.isInTab && call.others.some((end) => end.session === this.session)) || this.close())));
    this.#hear("negotiationneeded", () => (this.#mayOffer ? this.#offer() : (this.#isHeldBack = true)));
    this.#hear("icecandidate", (event) => this.#found((event as { readonly candidate: Travelling | null }).candidate));
    this.#hear("connectionstatechange", () => void (this.#peer.connectionState === "failed" && this.#again()));
    this.#offs.push(emitter.on("reconnect", () => this.#again()));
    this.#offs.push(call._hear(this.session, (data) => this.#heard(data)));
    if (this.#mayOffer) await this.#offer();
  }

  /** Lets go of the peer connection; it stays as it is. */
  close(): void {
    this.#isOver = true;
    for (const off of this.#offs.splice(0)) off();
  }

  get #isPolite(): boolean {
    return this.#call._session < this.session;
  }

  #hear(type: string, hear: (event: object) => unknown): void {
    this.#peer.addEventListener(type, hear);
    this.#offs.push(() => this.#peer.removeEventListener(type, hear));
  }

  async #otherEnd(session?: string): Promise<string> {
    const find = (): string | undefined => this.#call.others.find((end) => session === undefined || end.session === session)?.session;
    const { emitter } = this.#inside;
    return find() ?? new Promise((give, refuse) => {
      const offs: (() => void)[] = [];
      const look = (): void => {
        const found = find();
        if (found === undefined && this.#call.state !== "ended") return;
        for (const off of offs) off();
        if (found !== undefined) return give(found);
        this.close();
        refuse(this.#inside.fault("call_over", "the call is over"));
      };
      offs.push(...(["callRoster", "callEnded"] as const).map((name) => emitter.on(name, look)));
      look();
    });
  }

  async #offer(): Promise<void> {
    this.#isOffering = true;
    this.#mine = this.#inside.newKey();
    try {
      await this.#peer.setLocalDescription();
      await this.#describe();
    } catch (problem) {
      this.#report("offering media", problem);
    } finally {
      this.#isOffering = false;
    }
  }

  /** Something may have been lost on the way. */
  #again(): void {
    const isLate = this.#isHeldBack && !this.#mayOffer;
    this.#mayOffer = true;
    this.#peer.restartIce();
    if (isLate) void this.#offer();
    else this.#repeat();
  }

  /** An offer that nobody answers yet is told again: no other one can be made before. */
  #repeat(): void {
    if (this.#peer.signalingState === "have-local-offer") this.#describe().catch((problem: unknown) => this.#report("offering media", problem));
  }

  #found(candidate: Travelling | null): void {
    if (candidate) this.#say({ candidate: candidate.toJSON() as Json }).catch((problem: unknown) => this.#report("telling a candidate", problem));
  }

  /** One after the other: a candidate is of the description before it. */
  #heard(data: Json): void {
    this.#turn = this.#turn.then(() => this.#take(data as Said)).catch((problem: unknown) => this.#report("taking what the other end of a call says", problem));
  }

  async #take({ description, candidate, offer }: Said): Promise<void> {
    const peer = this.#peer;
    if (this.#isOver) return;
    if (!description) return candidate && this.#add(candidate);
    const isOffer = description.type === "offer";
    const isFree = !this.#isOffering && peer.signalingState === "stable";
    if (isOffer && !this.#isPolite && !isFree) {
      this.#hasPassedOver = true;
      return this.#isOffering ? undefined : this.#repeat();
    }
    // The second answer to an offer that was told again.
    if (!isOffer && (peer.signalingState !== "have-local-offer" || (offer ?? this.#mine) !== this.#mine)) return;
    if (isOffer) this.#theirs = offer;
    await peer.setRemoteDescription(description as never);
    this.#mayOffer = true;
    await this.#know(description);
    if (!isOffer) return;
    await peer.setLocalDescription();
    await this.#describe();
  }

  /** Candidates of what is described now are taken, those of what it was before are not any more. */
  async #know({ sdp = "" }: Description): Promise<void> {
    const ways = Array.from(sdp.matchAll(/^a=ice-ufrag:(\S+)/gm), ([, way]) => way as string); // it has one group
    this.#past = [...this.#past, ...this.#ways].filter((way) => !ways.includes(way)).slice(-PAST);
    this.#ways = ways;
    for (const early of this.#held.splice(0)) await this.#add(early);
  }

  async #add(candidate: Candidate): Promise<void> {
    const way = candidate.usernameFragment ?? "";
    if (this.#past.includes(way)) return;
    const isOfNow = !way || !this.#ways.length || this.#ways.includes(way);
    if (!this.#peer.remoteDescription || !isOfNow) {
      if (this.#held.push(candidate) > HELD) this.#held.shift();
      return;
    }
    try {
      await this.#peer.addIceCandidate(candidate as never);
    } catch (problem) {
      // It may be of an offer that was passed over.
      if (!this.#hasPassedOver) throw problem;
    }
  }

  /** Says how this end is to be reached now, after what it said of that before. */
  #describe(): Promise<void> {
    const description = this.#peer.localDescription?.toJSON() as { readonly type: string };
    const offer = description.type === "offer" ? this.#mine : this.#theirs;
    const said = this.#said.then(() => this.#say({ description, ...(offer !== undefined && { offer }) }));
    this.#said = said.catch(() => undefined);
    return said;
  }

  async #say(data: { readonly [name: string]: Json }): Promise<void> {
    if (!this.#isOver) await this.#call.signal(data, this.session);
  }

  #report(doing: string, problem: unknown): void {
    // What fails once it is over concerns nobody.
    if (!this.#isOver) report(doing, problem);
  }
}
