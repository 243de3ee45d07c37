/** One message on screen. */

import { File, Image, Location } from "../../src/api/exports.ts";
import type { Attachment, Content, Message } from "../../src/api/exports.ts";
import { fill, h, icon, iconButton } from "./dom.ts";
import { clock } from "./words.ts";

const REACTIONS = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];
const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)]/g;

/** What can be done to a message. */
export interface BubbleActions {
  reply(message: Message): void;
  edit(message: Message): void;
  failed(problem: unknown): void;
}

/** What is shown of a message besides itself. */
export interface Around {
  /** The message that this one answers, where it is known. */
  readonly answered: Message | null;
  /** Whether one of the others has read it. */
  readonly isRead: boolean;
  /** Whether who sent it is named: not where the message above says so. */
  readonly isNamed: boolean;
}

/** Draws a message at its place. */
export function bubble(message: Message, around: Around, actions: BubbleActions): HTMLElement {
  const side = message.isMine ? "mine" : "theirs";
  const body = h("div", { class: "bubble" });
  if (message.isRecalled) {
    body.append(h("em", { class: "gone" }, "Message taken back"));
  } else {
    if (around.answered !== null) body.append(quote(around.answered));
    body.append(...contentOf(message));
  }
  const edited = message.editedAt !== null && h("span", {}, "edited");
  body.append(h("footer", {}, edited, h("time", { attributes: { datetime: message.sentAt.toISOString() } }, clock(message.at)), ticks(message, around.isRead)));
  const chips = message.reactions.map(({ reaction, count, isMine }) => chip(message, reaction, count, isMine ?? false, actions));
  return h(
    "li",
    { class: `message ${side}`, attributes: { "data-seq": String(message.seq), tabindex: "0", "aria-label": `${message.sender}, ${clock(message.at)}` } },
    around.isNamed && !message.isMine && h("strong", { class: "sender" }, message.sender),
    h("div", { class: "row" }, body, !message.isRecalled && menu(message, actions)),
    chips.length > 0 && h("div", { class: "chips" }, ...chips),
  );
}

/** Draws a message that waits to be sent. */
export function waiting(content: Content, at: number): HTMLElement {
  const words = content.text ?? "A file";
  return h("li", { class: "message mine waiting" }, h("div", { class: "row" }, h("div", { class: "bubble" }, h("p", {}, words), h("footer", {}, h("time", {}, clock(at)), h("span", { title: "Waits for the connection" }, "◷")))));
}

function ticks(message: Message, isRead: boolean): HTMLElement | null {
  if (!message.isMine || message.isRecalled) return null;
  const [sign, means] = isRead ? ["✓✓", "Read"] : message.status === "delivered" ? ["✓✓", "Delivered"] : ["✓", "Sent"];
  return h("span", { class: isRead ? "ticks read" : "ticks", title: means, attributes: { "aria-label": means } }, sign);
}

function quote(message: Message): HTMLElement {
  return h("blockquote", {}, h("strong", {}, message.sender), h("span", {}, message.text ?? "…"));
}

function contentOf(message: Message): (HTMLElement | null)[] & Node[] {
  const { body, text } = message;
  const parts: HTMLElement[] = [];
  if (body instanceof Image) parts.push(picture(body.file));
  else if (body instanceof File) parts.push(download(body.file));
  else if (body instanceof Location) parts.push(h("p", {}, `${body.latitude}, ${body.longitude}`));
  if (text) parts.push(paragraph(text));
  if (parts.length === 0) parts.push(h("em", {}, "Something this page cannot show"));
  return parts;
}

function picture(file: Attachment): HTMLElement {
  const shown = h("img", { attributes: { src: file.url, alt: file.name ?? "A picture", loading: "lazy" } });
  return h("a", { class: "picture", attributes: { href: file.url, target: "_blank", rel: "noopener" } }, shown);
}

function download(file: Attachment): HTMLElement {
  return h("a", { class: "file", attributes: { href: file.url, download: file.name ?? "" } }, icon("clip"), file.name ?? "A file");
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

function chip(message: Message, reaction: string, count: number, isMine: boolean, actions: BubbleActions): HTMLElement {
  const press = (): void => void message.react(reaction, !isMine).catch(actions.failed);
  return h("button", { class: isMine ? "chip mine" : "chip", attributes: { type: "button", "aria-pressed": String(isMine) }, on: { click: press } }, `${reaction} ${count}`);
}

function menu(message: Message, actions: BubbleActions): HTMLElement {
  const box = h("div", { class: "menu" });
  const closed = (): void => fill(box, iconButton("smile", "React", () => opened()), iconButton("reply", "Reply", () => actions.reply(message)), ...own());
  const own = (): (HTMLElement | null)[] =>
    message.isMine
      ? [message.text === undefined ? null : iconButton("edit", "Edit", () => actions.edit(message)), iconButton("trash", "Take back for everybody", () => void message.recall().catch(actions.failed))]
      : [];
  const opened = (): void => {
    const put = (reaction: string) => (): void => {
      closed();
      void message.react(reaction).catch(actions.failed);
    };
    fill(box, ...REACTIONS.map((reaction) => h("button", { class: "icon-button", attributes: { type: "button", "aria-label": `React with ${reaction}` }, on: { click: put(reaction) } }, reaction)));
    box.querySelector("button")?.focus();
  };
  box.addEventListener("mouseleave", closed);
  closed();
  return box;
}
