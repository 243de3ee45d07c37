/** One message on screen. */

import { File, Image, Location } from "../../src/api/exports.ts";
import type { Attachment, Content, Message, RoomMessage } from "../../src/api/exports.ts";
import { avatar } from "./avatar.ts";
import { fill, h, icon, iconButton, redraw } from "./dom.ts";
import type { View } from "./dom.ts";
import { clock, linkOf } from "./words.ts";

const REACTIONS = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];
const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)]/g;

/** What can be done to a message. */
export interface BubbleActions {
  reply(message: Message): void;
  edit(message: Message): void;
  /** Deletes it for me alone. */
  remove(message: Message): void;
  failed(problem: unknown): void;
}

/** A message at its place, with what is shown of it besides itself. */
export interface Placed {
  readonly message: Message;
  /** The message that this one answers, where it is known. */
  readonly answered: Message | null;
  /** Whether one of the others has read it. */
  readonly isRead: boolean;
  /** Whether the message above is by the same one, a moment before. */
  readonly isTogether: boolean;
}

/** Draws a message, and again only those parts of it that are others than before. */
export class Bubble implements View<Placed> {
  readonly element: HTMLElement;
  readonly #actions: BubbleActions;
  readonly #head = h("div", { class: "sender" });
  readonly #content = h("div", { class: "content" });
  readonly #foot = h("footer", {});
  readonly #menu = h("div", { class: "menu", attributes: { role: "group", "aria-label": "What to do with this message" } });
  readonly #chips = h("div", { class: "chips" });
  #message: Message;

  constructor({ message }: Placed, actions: BubbleActions) {
    this.#actions = actions;
    this.#message = message;
    const bubble = h("div", { class: "bubble" }, this.#content, this.#foot);
    this.element = h(
      "li",
      { class: `message ${message.isMine ? "mine" : "theirs"}`, attributes: { role: "article", "data-seq": String(message.seq), tabindex: "-1", "aria-label": `${message.sender}, ${clock(message.at)}` } },
      this.#head,
      h("div", { class: "row" }, bubble, this.#menu),
      this.#chips,
    );
    this.#menu.addEventListener("mouseleave", () => this.#close());
    this.#menu.addEventListener("keydown", (event) => this.#escape(event));
  }

  show({ message, answered, isRead, isTogether }: Placed): void {
    this.#message = message;
    const { isMine, isRecalled, content, editedAt, status, sender } = message;
    this.element.classList.toggle("together", isTogether);
    redraw(this.#head, [isMine || isTogether], () => (isMine || isTogether ? [] : [avatar(sender), h("strong", {}, sender)]));
    redraw(this.#content, [isRecalled, content, answered?.text, answered?.isRecalled], () => this.#said(answered));
    redraw(this.#foot, [editedAt !== null, isRecalled, isMine && status, isRead], () => [
      editedAt !== null && !isRecalled && h("span", {}, "edited"),
      h("time", { attributes: { datetime: message.sentAt.toISOString() } }, clock(message.at)),
      ticks(message, isRead),
    ]);
    redraw(this.#menu, [isRecalled, message.text === undefined], () => this.#choices());
    redraw(this.#chips, message.reactions, () => message.reactions.map(({ reaction, count, isMine: isPut }) => this.#chip(reaction, count, isPut ?? false)));
  }

  #said(answered: Message | null): HTMLElement[] {
    if (this.#message.isRecalled) return [h("em", { class: "gone" }, "Message taken back")];
    return [...(answered === null ? [] : [quote(answered)]), ...contentOf(this.#message)];
  }

  #chip(reaction: string, count: number, isMine: boolean): HTMLElement {
    const press = (): void => void this.#message.react(reaction, !isMine).catch(this.#actions.failed);
    return h("button", { class: isMine ? "chip mine" : "chip", attributes: { type: "button", "aria-pressed": String(isMine) }, on: { click: press } }, `${reaction} ${count}`);
  }

  #choices(): (HTMLElement | null)[] {
    if (this.#message.isRecalled) return [];
    const { reply, edit, remove, failed } = this.#actions;
    const { isMine, text, conversation } = this.#message;
    const hasPlaces = conversation.of !== "room";
    return [
      iconButton("smile", "React", () => this.#open()),
      iconButton("reply", "Reply", () => reply(this.#message)),
      isMine && text !== undefined ? iconButton("edit", "Edit", () => edit(this.#message)) : null,
      isMine ? iconButton("undo", "Take back for everybody", () => void this.#message.recall().catch(failed)) : null,
      hasPlaces ? iconButton("trash", "Delete for me", () => remove(this.#message)) : null,
    ];
  }

  #open(): void {
    const put = (reaction: string) => (): void => {
      this.#close();
      void this.#message.react(reaction).catch(this.#actions.failed);
    };
    this.#menu.classList.add("open");
    fill(this.#menu, ...REACTIONS.map((reaction) => h("button", { class: "icon-button", attributes: { type: "button", "aria-label": `React with ${reaction}` }, on: { click: put(reaction) } }, reaction)));
    this.#menu.querySelector("button")?.focus();
  }

  /** Shows the first choices again. */
  #close(): void {
    if (!this.#menu.classList.contains("open")) return;
    const hadFocus = this.#menu.contains(document.activeElement);
    this.#menu.classList.remove("open");
    fill(this.#menu, ...this.#choices().filter((choice) => choice !== null));
    if (hadFocus) this.#menu.querySelector("button")?.focus();
  }

  #escape(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    if (this.#menu.classList.contains("open")) this.#close();
    else this.element.focus();
  }
}

/** Draws what waits to be sent. */
export function waiting(content: Content, at: number): HTMLElement {
  const wait = h("span", { class: "ticks", title: "Waits for the connection", attributes: { "aria-label": "Waits for the connection" } }, "◷");
  return plain("mine waiting", "", content.text ?? "A file", [h("time", {}, clock(at)), wait]);
}

/** Draws what was said in a room that keeps nothing. */
export function passed(message: RoomMessage): HTMLElement {
  const words = message.isRecalled ? "Message taken back" : (message.text ?? "Something this page cannot show");
  return plain(message.isMine ? "mine" : "theirs", message.isMine ? "" : message.sender, words, [h("time", {}, clock(message.at))]);
}

function plain(kind: string, sender: string, words: string, foot: readonly HTMLElement[]): HTMLElement {
  const head = sender === "" ? null : h("div", { class: "sender" }, avatar(sender), h("strong", {}, sender));
  return h("li", { class: `message ${kind}` }, head, h("div", { class: "row" }, h("div", { class: "bubble" }, paragraph(words), h("footer", {}, ...foot))));
}

function ticks(message: Message, isRead: boolean): HTMLElement | null {
  if (!message.isMine || message.isRecalled) return null;
  const [sign, means] = isRead ? ["✓✓", "Read"] : message.status === "delivered" ? ["✓✓", "Delivered"] : ["✓", "Sent"];
  return h("span", { class: isRead ? "ticks read" : "ticks", title: means, attributes: { role: "img", "aria-label": means } }, sign);
}

function quote(message: Message): HTMLElement {
  const words = message.isRecalled ? "Message taken back" : (message.text ?? "A file");
  return h("blockquote", {}, h("strong", {}, message.isMine ? "You" : message.sender), h("span", {}, words));
}

function contentOf({ body, text }: Message): HTMLElement[] {
  const parts: HTMLElement[] = [];
  if (body instanceof Image) parts.push(picture(body.file));
  else if (body instanceof File) parts.push(download(body.file));
  else if (body instanceof Location) parts.push(h("p", {}, `${body.latitude}, ${body.longitude}`));
  if (text) parts.push(paragraph(text));
  if (parts.length === 0) parts.push(h("em", {}, "Something this page cannot show"));
  return parts;
}

function picture(file: Attachment): HTMLElement {
  const href = linkOf(file.url);
  if (href === null) return unsafe(file);
  const { width, height } = file;
  const size = width && height ? { width: String(width), height: String(height) } : {};
  const shown = h("img", { attributes: { src: href, alt: file.name ?? "A picture", loading: "lazy", ...size } });
  return h("a", { class: "picture", attributes: { href, target: "_blank", rel: "noopener noreferrer" } }, shown);
}

function download(file: Attachment): HTMLElement {
  const href = linkOf(file.url);
  if (href === null) return unsafe(file);
  return h("a", { class: "file", attributes: { href, target: "_blank", rel: "noopener noreferrer", download: file.name ?? "" } }, icon("clip"), file.name ?? "A file");
}

function unsafe(file: Attachment): HTMLElement {
  return h("em", { class: "gone" }, `${file.name ?? "A file"}, with a link that leads nowhere`);
}

/** A text with its links to be followed; nothing in it is taken for markup. */
function paragraph(text: string): HTMLElement {
  const shown = h("p", {});
  let end = 0;
  for (const found of text.matchAll(LINK)) {
    shown.append(text.slice(end, found.index), h("a", { attributes: { href: found[0], target: "_blank", rel: "noopener noreferrer" } }, found[0]));
    end = found.index + found[0].length;
  }
  shown.append(text.slice(end));
  return shown;
}
