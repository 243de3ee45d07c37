/** A call on screen: what rings, who is in it, sound and picture. */

import type { Call, Client } from "../../src/api/exports.ts";
import { fill, h } from "./dom.ts";
import { problemOf } from "./words.ts";

/** How long it is said how a call ended. */
const LAST_WORDS_MS = 4000;

const REASONS: { readonly [reason: string]: string } = {
  busy: "is in another call",
  cancelled: "called",
  declined: "does not take the call",
  failed: "was lost",
  timeout: "does not answer",
};

/** The calls of one person, one at a time on screen. */
export class Calls {
  readonly element = h("section", { class: "call", attributes: { "aria-label": "Call", "aria-live": "polite", hidden: true } });
  readonly #client: Client;
  readonly #theirs = h("video", { class: "theirs", attributes: { autoplay: true, playsinline: true } });
  readonly #mine = h("video", { class: "mine", attributes: { autoplay: true, playsinline: true } });
  #call: Call | null = null;
  #peer: RTCPeerConnection | null = null;
  #media: MediaStream | null = null;
  #isOver = false;

  constructor(client: Client) {
    this.#client = client;
    this.#mine.muted = true;
    client.on("ringing", ({ call }) => {
      // What else rings meanwhile is answered on another device, or in another tab.
      this.#call ??= call;
      this.#draw();
    });
    client.on("ringOver", ({ call }) => void (call === this.#call && this.#draw()));
    client.on("callRoster", ({ call }) => void (call === this.#call && this.#moved(call)));
    client.on("callEnded", ({ call, told }) => {
      if (call !== null && call === this.#call) this.#ended(`${told.joined === undefined ? this.#others(call) : "The call"} ${REASONS[told.reason] ?? "is over"}`);
    });
  }

  /** Calls somebody. */
  async begin(user: string, media: "audio" | "video"): Promise<void> {
    if (this.#call !== null) return;
    try {
      await this.#open(media);
      this.#call = await this.#client.call(user, { media });
      this.#draw();
      await this.#connect(this.#call);
    } catch (problem) {
      this.#failed(problem);
    }
  }

  /** The page is over, and what it has of calls. */
  close(): void {
    this.#isOver = true;
    if (this.#call?.isInTab === true) void this.#call.hangUp().catch(() => undefined);
    this.#end();
  }

  async #answer(call: Call): Promise<void> {
    try {
      await this.#open(call.media);
      if (await call.answer()) {
        this.#draw();
        await this.#connect(call);
      } else {
        this.#stop();
        this.#draw();
      }
    } catch (problem) {
      this.#failed(problem);
    }
  }

  async #open(media: "audio" | "video"): Promise<void> {
    this.#media ??= await navigator.mediaDevices.getUserMedia({ audio: true, video: media === "video" });
    this.#mine.srcObject = this.#media;
  }

  async #connect(call: Call): Promise<void> {
    const media = this.#media;
    if (media === null || call.state === "ended") return;
    const peer = new RTCPeerConnection({ iceServers: await this.#client.turnServers() });
    this.#peer = peer;
    peer.addEventListener("track", ({ streams: [stream = null] }) => void (this.#theirs.srcObject = stream));
    for (const track of media.getTracks()) peer.addTrack(track, media);
    await call.connect(peer);
    this.#draw();
  }

  /** Another of my sessions has it now, or the other end is another one: that is another peer connection. */
  #moved(call: Call): void {
    if (!call.isInTab) this.#stop();
    this.#draw();
  }

  #draw(): void {
    const call = this.#call;
    const isShown = call !== null && !this.#isOver && (call.ringsHere || call.isInTab);
    this.element.hidden = !isShown;
    if (!isShown) return void (call?.isInTab !== true && call?.ringsHere !== true && this.#end());
    const words = call.ringsHere ? `${call.caller} calls` : call.others.length === 0 ? `Calling ${this.#others(call)} …` : `With ${this.#others(call)}`;
    const buttons = call.ringsHere
      ? [button("Answer", () => this.#answer(call), "primary"), button("Decline", () => this.#try(() => call.decline()))]
      : [button("Hang up", () => this.#try(() => call.hangUp()), "danger")];
    const pictures = !call.ringsHere && call.media === "video" ? h("div", { class: "pictures" }, this.#theirs, this.#mine) : this.#theirs;
    if (call.ringsHere) fill(this.element, h("p", {}, words), h("div", { class: "actions" }, ...buttons));
    else fill(this.element, pictures, h("p", {}, words), h("div", { class: "actions" }, ...buttons));
  }

  #others(call: Call): string {
    return [call.caller, ...call.users].filter((user) => user !== this.#client.user).join(", ");
  }

  #try(act: () => Promise<void>): void {
    act().catch((problem: unknown) => this.#failed(problem));
  }

  #failed(problem: unknown): void {
    if (this.#call?.isInTab === true) void this.#call.hangUp().catch(() => undefined);
    this.#ended(problemOf(problem));
  }

  #ended(words: string): void {
    this.#end();
    fill(this.element, h("p", {}, words));
    this.element.hidden = this.#isOver;
    setTimeout(() => void (this.#call === null && (this.element.hidden = true)), LAST_WORDS_MS);
  }

  #end(): void {
    this.#call = null;
    this.#stop();
  }

  #stop(): void {
    this.#peer?.close();
    this.#peer = null;
    for (const track of this.#media?.getTracks() ?? []) track.stop();
    this.#media = null;
    this.#theirs.srcObject = this.#mine.srcObject = null;
  }
}

function button(words: string, press: () => void, kind = ""): HTMLButtonElement {
  return h("button", { class: kind, attributes: { type: "button" }, on: { click: press } }, words);
}
