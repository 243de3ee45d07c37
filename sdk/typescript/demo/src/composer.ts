/** Where a message is written. */

import { File as FileBody, Image } from "../../src/api/exports.ts";
import type { Conversation, Message, Sayable } from "../../src/api/exports.ts";
import type { Chat } from "./chat.ts";
import { fill, h, iconButton } from "./dom.ts";
import { problemOf } from "./words.ts";

const ROWS_MAX = 8;
const TEXT_MAX = 10_000;
/** So long after the last key a draft is kept. */
const KEEP_MS = 500;

/** What is known around the field. */
export interface ComposerWays {
  /** Done when something may be said. */
  enter(): Promise<void>;
  readonly lastOfMine: () => Message | null;
}

/** The field at the bottom, with what it is about: a new message, an answer, or another content. */
export class Composer {
  readonly element: HTMLElement;
  readonly #chat: Chat;
  readonly #conversation: Conversation;
  readonly #enter: () => Promise<void>;
  readonly #lastOfMine: () => Message | null;
  readonly #field = h("textarea", { attributes: { rows: "1", maxlength: String(TEXT_MAX), placeholder: "Write a message", "aria-label": "Message" } });
  readonly #about = h("div", { class: "about" });
  readonly #problem = h("p", { class: "problem", attributes: { role: "alert" } });
  #replied: Message | null = null;
  #edited: Message | null = null;
  /** What was half written when an edit began. */
  #setAside = "";
  #keeping: ReturnType<typeof setTimeout> | undefined;
  /** What all my devices have of it, as far as this one knows. */
  #kept: string;
  readonly #off: () => void;

  constructor(chat: Chat, conversation: Conversation, { enter, lastOfMine }: ComposerWays) {
    this.#chat = chat;
    this.#conversation = conversation;
    this.#enter = enter;
    this.#lastOfMine = lastOfMine;
    const files = h("input", { class: "hidden", attributes: { type: "file", multiple: true, "aria-hidden": "true", tabindex: "-1" }, on: { change: () => void this.#attach(files) } });
    const form = h(
      "form",
      { on: { submit: (event) => { event.preventDefault(); void this.#submit(); } } },
      files,
      iconButton("clip", "Attach files", () => files.click()),
      this.#field,
      iconButton("send", "Send", () => void this.#submit(), "send"),
    );
    this.#field.addEventListener("input", () => this.#written());
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    this.#field.addEventListener("paste", (event) => void this.#paste(event));
    this.element = h("div", { class: "composer" }, this.#about, this.#problem, form);
    this.#field.value = this.#kept = chat.drafts.of(conversation);
    this.#off = chat.drafts.on((id, text) => id === conversation.id && this.#follow(text));
    this.#grow();
  }

  /** Puts the cursor into the field. */
  focus(): void {
    this.#field.focus();
  }

  /** Nothing is written here any more: what is there is kept now, unless the session is over. */
  close(): void {
    this.#off();
    if (this.#keeping !== undefined) this.#keepNow();
  }

  /** Makes the next message an answer. */
  reply(message: Message): void {
    this.#clear();
    this.#replied = message;
    this.#say(`Answering ${message.isMine ? "yourself" : message.sender}: ${message.text ?? "…"}`);
  }

  /** Has a message written anew. */
  edit(message: Message): void {
    this.#clear();
    this.#setAside = this.#field.value;
    this.#edited = message;
    this.#field.value = message.text ?? "";
    this.#say("Editing a message");
    this.#grow();
  }

  /** Says what went wrong. */
  failed(problem: unknown): void {
    this.#problem.textContent = problemOf(problem);
  }

  #say(words: string): void {
    fill(this.#about, h("span", {}, words), iconButton("close", "Never mind", () => this.#clear()));
    this.focus();
  }

  #clear(): void {
    if (this.#edited !== null) this.#field.value = this.#setAside;
    this.#setAside = "";
    this.#replied = this.#edited = null;
    this.#problem.textContent = "";
    fill(this.#about);
    this.#grow();
  }

  #key(event: KeyboardEvent): void {
    const isBare = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey && !event.isComposing;
    if (event.key === "Enter" && isBare) {
      event.preventDefault();
      void this.#submit();
    } else if (event.key === "Escape" && (this.#edited ?? this.#replied) !== null) {
      event.stopPropagation();
      this.#clear();
    } else if (event.key === "ArrowUp" && this.#field.value === "") {
      const last = this.#lastOfMine();
      if (last !== null) this.edit(last);
      event.preventDefault();
    }
  }

  #written(): void {
    this.#grow();
    const isWriting = this.#field.value !== "";
    if (this.#edited === null) this.#keep();
    void this.#conversation.typing(isWriting).catch(() => undefined);
  }

  #grow(): void {
    const field = this.#field;
    field.rows = Math.min(ROWS_MAX, field.value.split("\n").length);
  }

  async #submit(): Promise<void> {
    const text = this.#field.value.trim();
    const [edited, replied] = [this.#edited, this.#replied];
    if (text === "") return;
    if (edited === null) this.#field.value = "";
    this.#clear();
    this.#keepNow();
    try {
      if (edited !== null) await edited.edit(text);
      else await this.#send(text, replied);
    } catch (problem) {
      if (edited !== null) this.edit(edited);
      if (edited !== null || this.#field.value === "") this.#field.value = text;
      this.#grow();
      this.#keep();
      this.failed(problem);
    }
  }

  async #send(said: Sayable, replied: Message | null = null): Promise<void> {
    await this.#enter();
    if (this.#conversation.of === "room") {
      await this.#chat.client.room(this.#conversation).send(said);
      return;
    }
    await this.#conversation.send(said, { receipt: true, ...(replied === null ? {} : { replyTo: replied }) });
  }

  async #paste(event: ClipboardEvent): Promise<void> {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    for (const file of files) await this.#upload(file);
  }

  async #attach(input: HTMLInputElement): Promise<void> {
    const files = [...(input.files ?? [])];
    input.value = "";
    for (const file of files) await this.#upload(file);
  }

  async #upload(file: File): Promise<void> {
    const progress = h("progress", { attributes: { max: String(file.size), "aria-label": `Uploading ${file.name}` } });
    fill(this.#about, h("span", {}, file.name), progress);
    try {
      const size = file.type.startsWith("image/") ? await measured(file) : {};
      const sent = await this.#chat.client.upload(file, { ...size, progress: (bytes) => (progress.value = bytes) });
      await this.#send(file.type.startsWith("image/") ? new Image({ file: sent }) : new FileBody({ file: sent }));
    } catch (problem) {
      this.failed(problem);
    } finally {
      fill(this.#about);
    }
  }

  #keep(): void {
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => this.#keepNow(), KEEP_MS);
  }

  #keepNow(): void {
    clearTimeout(this.#keeping);
    this.#keeping = undefined;
    this.#kept = this.#edited === null ? this.#field.value : this.#setAside;
    this.#chat.drafts.keep(this.#conversation, this.#kept);
  }

  /** What is written elsewhere stands here, too, unless something else was begun here since. */
  #follow(text: string): void {
    const isAside = this.#edited !== null;
    if ((isAside ? this.#setAside : this.#field.value) !== this.#kept) return;
    this.#kept = text;
    if (isAside) this.#setAside = text;
    else this.#field.value = text;
    this.#grow();
  }
}

async function measured(file: File): Promise<{ width?: number; height?: number }> {
  try {
    const { width, height } = await createImageBitmap(file);
    return { width, height };
  } catch {
    return {};
  }
}
