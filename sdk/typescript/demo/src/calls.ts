/** Calls on screen: the one that this tab is in, those that ring, and those of mine that go on elsewhere. */

import type { Call, CallOver, Client, Conversation, OwnSession } from "../../src/api/exports.ts";
import { avatar } from "./avatar.ts";
import { CallMedia } from "./call-media.ts";
import { minutes, whereElse, whyOver, withWhom } from "./call-words.ts";
import { fill, h, iconButton, redraw } from "./dom.ts";
import { nameOf, problemOf } from "./words.ts";

/** How long it is said how a call ended. */
const LAST_WORDS_MS = 8000;
const SECOND_MS = 1000;

/** What the microphone is opened for; until that is done it can be called off. */
interface Opening {
  readonly name: string;
  isOff: boolean;
}

/** The calls of one person. This tab is in one at a time. */
export class Calls {
  readonly element = h("section", { class: "call", attributes: { "aria-label": "Calls", hidden: true } });
  readonly #client: Client;
  readonly #media: CallMedia;
  readonly #calls = new Map<string, Call>();
  /** Declined from here: nobody need be told why they are over. */
  readonly #own = new Set<string>();
  readonly #tiles = h("div", { class: "tiles" });
  readonly #state = h("span", { attributes: { role: "status" } });
  readonly #time = h("span", { class: "time", attributes: { "aria-hidden": "true" } });
  readonly #name = h("strong", {});
  readonly #actions = h("div", { class: "actions" });
  readonly #choice = h("ul", { class: "goals", attributes: { "aria-label": "My other devices" } });
  readonly #talk = h("div", { class: "talk" }, this.#tiles, h("div", { class: "whom" }, this.#name, this.#state, this.#time), this.#actions, this.#choice);
  readonly #list = h("ul", { attributes: { "aria-label": "Other calls" } });
  readonly #last = h("p", { class: "last", attributes: { role: "status", hidden: true } });
  #opening: Opening | null = null;
  /** My other sessions, while one is chosen to go on with. */
  #goals: readonly OwnSession[] | null = null;
  #clock: ReturnType<typeof setInterval> | null = null;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(client: Client) {
    this.#client = client;
    this.#media = new CallMedia(client, () => this.#draw());
    fill(this.element, this.#talk, this.#list, this.#last);
    for (const name of ["ringing", "ringOver", "callAnswered", "callRoster"] as const) client.on(name, ({ call }) => this.#heard(call));
    client.on("callEnded", (over) => this.#ended(over));
    // What failed for want of a connection is tried again with it.
    client.on("reconnect", () => this.#here && this.#heard(this.#here));
    client.calls().then((calls) => calls.forEach((call) => this.#heard(call)), () => undefined);
  }

  /** Calls somebody, or all others of a group. */
  async begin(whom: string | Conversation, media: "audio" | "video"): Promise<void> {
    // The camera of a call that was begun twice would stay open.
    if (this.#opening !== null || this.#here !== undefined) return;
    const isUser = typeof whom === "string";
    await this.#go(isUser ? whom : nameOf(whom), media, () => this.#client.call(isUser ? whom : [], isUser ? { media } : { media, conversation: whom }));
  }

  /** The page is over, and what it has of calls. */
  close(): void {
    this.#isOver = true;
    if (this.#opening !== null) this.#opening.isOff = true;
    if (this.#here !== undefined) void this.#here.hangUp().catch(() => undefined);
    clearTimeout(this.#silence);
    this.#stop();
    this.element.hidden = true;
  }

  /** The call that this tab is in. */
  get #here(): Call | undefined {
    return [...this.#calls.values()].find(({ isInTab }) => isInTab);
  }

  async #answer(call: Call): Promise<void> {
    if (this.#opening !== null) return;
    if (this.#here !== undefined) await this.#here.hangUp();
    await this.#go(withWhom(this.#client, call), call.media, async () => ((await call.answer()) ? call : null));
  }

  /** Goes on here with a call that another device of mine is in. */
  async #take(call: Call): Promise<void> {
    if (this.#opening !== null || this.#here !== undefined) return;
    await this.#go(withWhom(this.#client, call), call.media, async () => {
      if (!call.isHere) await call.handOver(this.#client.session);
      if (await call.answer()) return call;
      throw new Error("Another tab is in this call.");
    });
  }

  /** Opens sound and picture, and then is in a call; gives all of it back where that comes to nothing. */
  async #go(name: string, media: "audio" | "video", enter: () => Promise<Call | null>): Promise<void> {
    const opening: Opening = (this.#opening = { name, isOff: false });
    this.#say("");
    this.#draw();
    try {
      if (!(await this.#media.open(media)) || opening.isOff) return;
      const call = await enter();
      if (call === null || opening.isOff) return void (await call?.hangUp());
      this.#opening = null;
      this.#heard(call);
    } catch (problem) {
      if (!opening.isOff) this.#say(problemOf(problem));
    } finally {
      if (this.#opening === opening) this.#opening = null;
      if (this.#opening === null && this.#here === undefined) this.#media.stop();
      this.#draw();
    }
  }

  #heard(call: Call): void {
    if (this.#isOver) return;
    if (call.state === "ended") this.#calls.delete(call.id);
    else this.#calls.set(call.id, call);
    if (call.isInTab) this.#media.follow(call).catch((problem: unknown) => call.isInTab && this.#say(problemOf(problem)));
    else if (this.#here === undefined && this.#opening === null) this.#media.stop();
    this.#draw();
  }

  #ended(over: CallOver): void {
    const wasHere = this.#own.delete(over.id);
    const call = this.#calls.get(over.id);
    this.#calls.delete(over.id);
    if (this.#here === undefined && this.#opening === null) this.#media.stop();
    if (over.call !== null || over.isMissed) this.#say(whyOver(this.#client, over, wasHere || call === undefined) ?? "");
    this.#draw();
  }

  async #decline(call: Call): Promise<void> {
    this.#own.add(call.id);
    await call.decline();
  }

  async #choose(): Promise<void> {
    const all = this.#goals === null ? await this.#client.otherSessions() : null;
    this.#goals = all?.filter(({ state }) => state === "live") ?? null;
    if (all !== null && this.#goals?.length === 0) {
      this.#goals = null;
      this.#say("No other device of yours is connected.");
    }
    this.#draw();
  }

  async #handOver(call: Call, { session }: OwnSession): Promise<void> {
    this.#goals = null;
    await call.handOver(session);
  }

  #try(act: () => Promise<void>): void {
    act().catch((problem: unknown) => this.#say(problemOf(problem)));
  }

  /** Says something for a while. */
  #say(words: string): void {
    clearTimeout(this.#silence);
    this.#last.textContent = words;
    this.#last.hidden = words === "";
    this.#silence = setTimeout(() => {
      this.#say("");
      this.#draw();
    }, LAST_WORDS_MS);
    if (words === "") clearTimeout(this.#silence);
    else this.#draw();
  }

  #stop(): void {
    this.#calls.clear();
    this.#media.stop();
    if (this.#clock !== null) clearInterval(this.#clock);
    this.#clock = null;
  }

  // ------------------------------------------------------------ what is seen

  #draw(): void {
    if (this.#isOver) return;
    const here = this.#here;
    const others = [...this.#calls.values()].filter((call) => call !== here && (call.ringsHere || call.answeredBy !== null));
    const isTalk = here !== undefined || this.#opening !== null;
    if (here === undefined) this.#goals = null;
    this.#drawTalk(here);
    redraw(this.#list, [isTalk, others.map(({ id, ringsHere, isHere, answeredBy }) => [id, ringsHere, isHere, answeredBy])], () => others.map((call) => (call.ringsHere ? this.#ring(call, isTalk) : this.#elsewhere(call, isTalk))));
    this.#talk.hidden = !isTalk;
    this.#list.hidden = others.length === 0;
    this.element.hidden = !isTalk && others.length === 0 && this.#last.hidden;
  }

  #drawTalk(here: Call | undefined): void {
    const name = here === undefined ? (this.#opening?.name ?? "") : withWhom(this.#client, here);
    const { tiles, hasPicture, mine } = this.#media;
    const isVideo = here?.media === "video" || hasPicture;
    const faces = tiles.map(({ user, video }) => [user, video.videoWidth > 0]);
    // What is drawn anew loses its picture for a moment.
    redraw(this.#tiles, [name, faces, isVideo, hasPicture, here?.id], () => [
      ...(tiles.length === 0 ? [h("div", { class: "tile" }, avatar(name))] : []),
      ...tiles.map(({ user, video }) => h("div", { class: "tile" }, video, video.videoWidth > 0 ? h("span", { class: "who" }, user) : avatar(user))),
      hasPicture && mine,
    ]);
    this.#tiles.classList.toggle("seen", isVideo);
    for (const { video } of tiles) if (video.paused && video.srcObject !== null) video.play().catch(() => undefined);
    const kinds = [this.#media.isOn("audio"), this.#media.isOn("video")];
    redraw(this.#actions, [here?.id, kinds, hasPicture], () => this.#buttons(here));
    redraw(this.#choice, [here?.id, this.#goals?.map(({ session }) => session)], () => this.#devices(here));
    this.#choice.hidden = this.#goals === null;
    if (this.#name.textContent !== name) this.#name.textContent = name;
    const words = this.#words(here);
    if (this.#state.textContent !== words) this.#state.textContent = words;
    this.#tick(here);
  }

  #words(here: Call | undefined): string {
    if (here === undefined) return "Opening the microphone …";
    const { tiles } = this.#media;
    if (here.others.length === 0) return here.state === "ringing" ? "Calling …" : "Nobody else is in the call";
    if (tiles.some(({ state }) => state === "connected")) return here.others.length === 1 ? "connected" : `with ${here.others.map(({ user }) => user).join(", ")}`;
    return tiles.some(({ state }) => state === "disconnected" || state === "failed") ? "Looking for another way …" : "Connecting …";
  }

  /** Counts the time, as long as there is a call. */
  #tick(here: Call | undefined): void {
    const since = here?.view.answeredAt;
    const words = since === undefined ? "" : minutes(Date.now() - since);
    if (this.#time.textContent !== words) this.#time.textContent = words;
    if (since !== undefined) this.#clock ??= setInterval(() => this.#tick(this.#here), SECOND_MS);
    else if (this.#clock !== null) {
      clearInterval(this.#clock);
      this.#clock = null;
    }
  }

  #buttons(here: Call | undefined): HTMLElement[] {
    if (here === undefined) return [button("Cancel", () => this.#callOff(), "danger")];
    const media = this.#media;
    const [isHeard, isSeen] = [media.isOn("audio"), media.isOn("video")];
    return [
      toggle("microphone", isHeard ? "Mute" : "Unmute", isHeard, () => media.toggle("audio")),
      ...(media.hasPicture ? [toggle("camera", isSeen ? "Turn the camera off" : "Turn the camera on", isSeen, () => media.toggle("video"))] : []),
      iconButton("devices", "Go on with another device", () => this.#try(() => this.#choose())),
      button("Hang up", () => this.#try(() => here.hangUp()), "danger"),
    ];
  }

  #devices(here: Call | undefined): HTMLElement[] {
    const all = here === undefined ? [] : (this.#goals ?? []);
    return all.map((goal) => h("li", {}, button(`Go on with ${goal.shown.label ?? goal.shown.platform}`, () => here && this.#try(() => this.#handOver(here, goal)))));
  }

  #ring(call: Call, isBusy: boolean): HTMLElement {
    const group = call.view.conversation === undefined ? "" : ` ${withWhom(this.#client, call)}`;
    const words = h("p", {}, h("strong", {}, call.caller), ` calls${group}`, h("small", {}, call.media === "video" ? "with sound and picture" : "with sound"));
    const answer = button(isBusy ? "Hang up and answer" : "Answer", () => this.#try(() => this.#answer(call)), "primary");
    const decline = button("Decline", () => this.#try(() => this.#decline(call)));
    return h("li", { class: "ring", attributes: { role: "alert" } }, avatar(call.caller), words, h("div", { class: "actions" }, decline, answer));
  }

  #elsewhere(call: Call, isBusy: boolean): HTMLElement {
    const words = h("p", {}, "In a call with ", h("strong", {}, withWhom(this.#client, call)), h("small", {}, whereElse(call)));
    const take = !isBusy && button("Go on here", () => this.#try(() => this.#take(call)));
    return h("li", {}, avatar(withWhom(this.#client, call)), words, h("div", { class: "actions" }, button("Hang up", () => this.#try(() => call.hangUp())), take));
  }

  #callOff(): void {
    if (this.#opening !== null) this.#opening.isOff = true;
    this.#opening = null;
    this.#media.stop();
    this.#draw();
  }
}

function button(words: string, press: () => void, kind = ""): HTMLButtonElement {
  return h("button", { class: kind, attributes: { type: "button" }, on: { click: press } }, words);
}

function toggle(name: "camera" | "microphone", label: string, isOn: boolean, press: () => void): HTMLButtonElement {
  return iconButton(name, label, press, isOn ? "" : "off");
}
