/** Sound and picture of a call: my own, and a peer connection with each other end. */

import type { Call, CallEnd, Client } from "../../src/api/exports.ts";
import { h } from "./dom.ts";

/** What an end of a call looks like here. */
export interface Tile {
  readonly user: string;
  readonly video: HTMLVideoElement;
  /** How its media get through. */
  readonly state: RTCPeerConnectionState;
}

interface Far {
  readonly user: string;
  readonly video: HTMLVideoElement;
  peer: RTCPeerConnection | null;
}

const REFUSALS: { readonly [name: string]: string } = {
  NotAllowedError: "This page may not use the microphone or the camera: allow it in the browser.",
  NotFoundError: "There is no microphone here.",
  NotReadableError: "Another program has the microphone or the camera.",
};

/** The camera and the microphone are open from `open` to `stop`, and never longer. */
export class CallMedia {
  /** My own picture. */
  readonly mine = video("mine");
  readonly #client: Client;
  readonly #changed: () => void;
  readonly #ends = new Map<string, Far>();
  #stream: MediaStream | null = null;
  #servers: Promise<RTCIceServer[]> | null = null;
  /** Of the last `open`; whatever comes for an earlier one is closed at once. */
  #turn = 0;

  constructor(client: Client, changed: () => void) {
    this.#client = client;
    this.#changed = changed;
    this.mine.muted = true;
  }

  /** The other ends that are spoken to. */
  get tiles(): readonly Tile[] {
    return [...this.#ends.values()].map(({ user, video: picture, peer }) => ({ user, video: picture, state: peer?.connectionState ?? "new" }));
  }

  /** Whether there is a picture of mine. */
  get hasPicture(): boolean {
    return (this.#stream?.getVideoTracks().length ?? 0) > 0;
  }

  /** Opens the microphone, and the camera where there is to be a picture and there is one; says if that is still wished by then. */
  async open(media: "audio" | "video"): Promise<boolean> {
    this.stop();
    const turn = this.#turn;
    const stream = await opened(media);
    if (turn !== this.#turn) {
      end(stream);
      return false;
    }
    this.#stream = this.mine.srcObject = stream;
    return true;
  }

  /** Speaks to those who are in the call now, and to nobody else. */
  async follow(call: Call): Promise<void> {
    const now = new Set(call.others.map(({ session }) => session));
    for (const session of this.#ends.keys()) if (!now.has(session)) this.#drop(session);
    await Promise.all(call.others.filter(({ session }) => !this.#ends.has(session)).map((other) => this.#connect(call, other)));
  }

  isOn(kind: "audio" | "video"): boolean {
    return this.#tracks(kind).some((track) => track.enabled);
  }

  /** Lets the others hear or see me, or no more. */
  toggle(kind: "audio" | "video"): void {
    const isOn = this.isOn(kind);
    for (const track of this.#tracks(kind)) track.enabled = !isOn;
    this.#changed();
  }

  /** Closes all of it. */
  stop(): void {
    this.#turn++;
    for (const session of this.#ends.keys()) this.#drop(session);
    if (this.#stream !== null) end(this.#stream);
    this.#stream = this.mine.srcObject = this.#servers = null;
  }

  #tracks(kind: "audio" | "video"): readonly MediaStreamTrack[] {
    return this.#stream?.getTracks().filter((track) => track.kind === kind) ?? [];
  }

  async #connect(call: Call, { session, user }: CallEnd): Promise<void> {
    const stream = this.#stream;
    if (stream === null) return;
    const far: Far = { user, video: video("theirs"), peer: null };
    this.#ends.set(session, far);
    try {
      await this.#join(call, session, { far, stream });
    } catch (problem) {
      // Whatever is told of the call next tries again.
      if (this.#ends.get(session) === far) this.#drop(session);
      throw problem;
    }
  }

  async #join(call: Call, session: string, { far, stream }: { readonly far: Far; readonly stream: MediaStream }): Promise<void> {
    const iceServers = await this.#turnServers();
    if (this.#ends.get(session) !== far) return;
    const peer = (far.peer = new RTCPeerConnection({ iceServers }));
    peer.addEventListener("track", ({ streams: [theirs = null] }) => {
      far.video.srcObject = theirs;
      this.#changed();
    });
    peer.addEventListener("connectionstatechange", this.#changed);
    far.video.addEventListener("resize", this.#changed);
    for (const track of stream.getTracks()) peer.addTrack(track, stream);
    await call.connect(peer, session);
  }

  /** Names and passwords for TURN are good for a while: one answer does for a call. */
  async #turnServers(): Promise<RTCIceServer[]> {
    const servers = (this.#servers ??= this.#client.turnServers());
    try {
      return await servers;
    } catch (problem) {
      if (this.#servers === servers) this.#servers = null;
      throw problem;
    }
  }

  #drop(session: string): void {
    const far = this.#ends.get(session);
    this.#ends.delete(session);
    far?.peer?.close();
    if (far !== undefined) far.video.srcObject = null;
  }
}

async function opened(media: "audio" | "video"): Promise<MediaStream> {
  // Where the page came by plain http browsers have none of it.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) throw new Error("A browser lets a page call that came by https, or from this machine.");
  try {
    return await devices.getUserMedia({ audio: true, video: media === "video" }).catch((problem: unknown) => {
      // Somebody without a camera is heard all the same.
      if (media === "audio" || (problem as DOMException).name !== "NotFoundError") throw problem;
      return devices.getUserMedia({ audio: true });
    });
  } catch (problem) {
    throw new Error(REFUSALS[(problem as DOMException).name] ?? "The microphone cannot be opened.", { cause: problem });
  }
}

function video(name: string): HTMLVideoElement {
  return h("video", { class: name, attributes: { autoplay: true, playsinline: true } });
}

function end(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
