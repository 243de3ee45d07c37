/** A conversation on screen: who it is with, what was said, and where to write. */

import type { Conversation, Message } from "../../src/api/exports.ts";
import { choicesOf, removeMessage } from "./arrange.ts";
import { avatar } from "./avatar.ts";
import type { Chat } from "./chat.ts";
import { Composer } from "./composer.ts";
import { h, iconButton, redraw } from "./dom.ts";
import { menuButton } from "./menu.ts";
import { Thread } from "./thread.ts";
import { attempt } from "./toast.ts";
import { otherOf, problemOf, writingOf } from "./words.ts";

/** What is done elsewhere on the page. */
export interface TalkActions {
  people(): void;
  call(whom: string | Conversation, media: "audio" | "video"): void;
}

/** One conversation, from its being opened until another one is. */
export class Talk {
  readonly elements: readonly HTMLElement[];
  readonly #chat: Chat;
  readonly #conversation: Conversation;
  readonly #thread: Thread;
  readonly #composer: Composer;
  #entered: Promise<unknown> | null = null;
  readonly #off: () => void;

  constructor(chat: Chat, conversation: Conversation, { people, call }: TalkActions) {
    this.#chat = chat;
    this.#conversation = conversation;
    const composer: Composer = new Composer(chat, conversation, { enter: () => this.#enter(), lastOfMine: () => this.#thread.lastOfMine() });
    this.#composer = composer;
    this.#thread = new Thread(chat, conversation, {
      reply: (message: Message) => composer.reply(message),
      edit: (message: Message) => composer.edit(message),
      remove: (message: Message) => attempt(() => removeMessage(message)),
      failed: (problem: unknown) => composer.failed(problem),
    });
    const name = h("h2", {});
    const face = h("div", {});
    const state = h("small", { attributes: { "aria-live": "polite" } });
    const draw = (): void => this.#title(name, face, state);
    this.#off = chat.on(draw);
    draw();
    const called = otherOf(conversation) ?? (conversation.of === "group" ? conversation : null);
    const header = h(
      "header",
      {},
      iconButton("back", "Back to all chats", () => chat.open(null), "back"),
      face,
      h("div", { class: "title" }, name, state),
      h(
        "div",
        { class: "buttons" },
        called !== null && iconButton("phone", "Call", () => call(called, "audio")),
        called !== null && iconButton("camera", "Video call", () => call(called, "video")),
        iconButton("people", "People and settings", people),
        menuButton("More of this chat", () => choicesOf(chat, conversation)),
      ),
    );
    this.elements = [header, this.#thread.element, composer.element];
  }

  /** Reads what is to be seen. */
  async begin(sought: number | null): Promise<void> {
    if (matchMedia("(hover: hover)").matches) this.#composer.focus();
    try {
      await this.#enter();
    } catch (problem) {
      this.#composer.failed(problemOf(problem));
    }
    await this.#thread.begin(sought);
  }

  /** A room is heard, and spoken in, only by who is in it. What failed is tried again the next time. */
  async #enter(): Promise<void> {
    if (this.#conversation.of !== "room") return;
    const entered = (this.#entered ??= this.#chat.client.room(this.#conversation).enter());
    try {
      await entered;
    } catch (problem) {
      if (this.#entered === entered) this.#entered = null;
      throw problem;
    }
  }

  /** Another conversation is on screen. */
  close(): void {
    this.#off();
    this.#thread.close();
    this.#composer.close();
  }

  #title(name: HTMLElement, face: HTMLElement, state: HTMLElement): void {
    const conversation = this.#conversation;
    const called = this.#chat.called(conversation);
    const other = otherOf(conversation);
    const isOnline = other !== null && this.#chat.isOnline(other);
    const writers = this.#chat.writers(conversation);
    const { of, members } = conversation;
    const about = other !== null ? (isOnline ? "online" : "offline") : of === "room" ? "A room that anybody may enter" : `${members.length} ${members.length === 1 ? "member" : "members"}`;
    redraw(name, called, () => [called]);
    redraw(face, [called, isOnline], () => [avatar(called, isOnline)]);
    redraw(state, [writers, about], () => [writers.length > 0 ? writingOf(writers) : about]);
  }
}
