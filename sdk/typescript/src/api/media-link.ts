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

interface Said {
  readonly description?: { readonly type: string };
  readonly candidate?: unknown;
}

/**
 * One end of the media of a call. Where both offer at once, the end whose session's id is the lower gives way: no offer is lost, and none has to
 * be agreed before. After a loss of the connection candidates may be lost, so it looks for ways anew.
 */
export class MediaLink {
  /** The session at the other end. */
  session = "";
  readonly #inside: Inside;
  readonly #call: Call;
  readonly #peer: Peer;
  readonly #offs: (() => void)[] = [];
  #turn: Promise<void> = Promise.resolve();
  #isOffering = false;
  #hasPassedOver = false;
  /** Candidates that came before the description that they are of: the server carries out what comes together in no order. */
  #held: unknown[] = [];

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
    this.#hear("negotiationneeded", () => this.#offer());
    this.#hear("icecandidate", (event) => this.#found((event as { readonly candidate: Travelling | null }).candidate));
    this.#hear("connectionstatechange", () => void (this.#peer.connectionState === "failed" && this.#peer.restartIce()));
    this.#offs.push(emitter.on("reconnect", () => this.#peer.restartIce()));
    this.#offs.push(call._hear(this.session, (data) => this.#heard(data)));
    if (!this.#isPolite) await this.#offer();
  }

  /** Lets go of the peer connection; it stays as it is. */
  close(): void {
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
    try {
      await this.#peer.setLocalDescription();
      await this.#say({ description: this.#peer.localDescription?.toJSON() as Json });
    } catch (problem) {
      report("offering media", problem);
    } finally {
      this.#isOffering = false;
    }
  }

  #found(candidate: Travelling | null): void {
    if (candidate) this.#say({ candidate: candidate.toJSON() as Json }).catch((problem: unknown) => report("telling a candidate", problem));
  }

  /** One after the other: a candidate is of the description before it. */
  #heard(data: Json): void {
    this.#turn = this.#turn.then(() => this.#take(data as Said)).catch((problem: unknown) => report("taking what the other end of a call says", problem));
  }

  async #take({ description, candidate }: Said): Promise<void> {
    const peer = this.#peer;
    if (description) {
      const isOffer = description.type === "offer";
      if (isOffer && !this.#isPolite && (this.#isOffering || peer.signalingState !== "stable")) return void (this.#hasPassedOver = true);
      await peer.setRemoteDescription(description as never);
      for (const early of this.#held.splice(0)) await this.#add(early);
      if (!isOffer) return;
      await peer.setLocalDescription();
      await this.#say({ description: peer.localDescription?.toJSON() as Json });
    } else if (candidate) await this.#add(candidate);
  }

  async #add(candidate: unknown): Promise<void> {
    if (!this.#peer.remoteDescription) return void this.#held.push(candidate);
    try {
      await this.#peer.addIceCandidate(candidate as never);
    } catch (problem) {
      // It may be of an offer that was passed over.
      if (!this.#hasPassedOver) throw problem;
    }
  }

  async #say(data: { readonly [name: string]: Json }): Promise<void> {
    await this.#call.signal(data, this.session);
  }
}
