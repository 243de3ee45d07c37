/** What was said in a conversation, from the newest back. */

import type { Conversation, Message, RoomMessage } from "../../src/api/exports.ts";
import { bubble, waiting } from "./bubble.ts";
import type { BubbleActions } from "./bubble.ts";
import { isAttended } from "./chat.ts";
import type { Chat } from "./chat.ts";
import { fill, h, soon } from "./dom.ts";
import { clock, day, problemOf } from "./words.ts";

const PAGE = 30;
const NEAR_PX = 80;
const TOGETHER_MS = 300_000;

type Line = { readonly at: number; readonly text: string };

/** A conversation's messages on screen. */
export class Thread {
  readonly element: HTMLElement;
  readonly conversation: Conversation;
  readonly #chat: Chat;
  readonly #actions: BubbleActions;
  readonly #list = h("ol", { class: "messages", attributes: { role: "log", "aria-live": "polite", "aria-label": "Messages" } });
  readonly #messages = new Map<number, Message>();
  readonly #lines: Line[] = [];
  readonly #passing: RoomMessage[] = [];
  readonly #offs: (() => void)[] = [];
  readonly #draw = soon(() => this.#drawn());
  #isComplete = false;
  #isReading = false;
  #readUpTo = 0;
  #isAtEnd = true;

  constructor(chat: Chat, conversation: Conversation, actions: BubbleActions) {
    this.#chat = chat;
    this.conversation = conversation;
    this.#actions = actions;
    this.element = h("div", { class: "thread", on: { scroll: () => this.#scrolled() } }, this.#list);
    this.#hear();
  }

  /** Reads what is to be seen first. */
  async begin(sought: number | null): Promise<void> {
    const isKept = this.conversation.of !== "room" || this.conversation.keepsHistory;
    if (!isKept) this.#isComplete = true;
    else await this.#read(sought === null ? {} : { before: sought + PAGE / 2 });
    if (sought === null) this.#toEnd();
    else this.#seek(sought);
  }

  /** Ends the listening. */
  close(): void {
    this.#offs.forEach((off) => off());
  }

  /** Gives the last message of mine that can be edited. */
  lastOfMine(): Message | null {
    return [...this.#messages.values()].filter((message) => message.isMine && !message.isRecalled && message.text !== undefined).sort((a, b) => b.seq - a.seq)[0] ?? null;
  }

  #hear(): void {
    const { conversation } = this;
    const again = ({ seq }: { readonly seq: number }): void => void this.#renew(seq);
    this.#offs.push(
      conversation.on("message", (message) => this.#put(message)),
      conversation.on("roomMessage", (message) => this.#pass(message)),
      conversation.on("edited", again),
      conversation.on("recalled", again),
      conversation.on("reacted", again),
      conversation.on("receipt", ({ isRead, seq }) => {
        if (isRead) this.#readUpTo = Math.max(this.#readUpTo, seq);
        this.#draw();
      }),
      conversation.on("membersJoined", ({ users, by, at }) => this.#line(at, users.length === 1 && users[0] === by ? `${by} joined` : `${by} added ${users.join(", ")}`)),
      conversation.on("membersLeft", ({ users, by, at }) => this.#line(at, users.length === 1 && users[0] === by ? `${by} left` : `${by} removed ${users.join(", ")}`)),
      conversation.on("changed", ({ by, at, name }) => name !== undefined && this.#line(at, `${by} called this “${name}”`)),
      conversation.on("outbox", () => this.#draw()),
      conversation.on("startOver", () => void this.#read({})),
    );
    const attend = (): void => this.#mark();
    for (const name of ["focus", "visibilitychange"]) window.addEventListener(name, attend);
    this.#offs.push(() => ["focus", "visibilitychange"].forEach((name) => window.removeEventListener(name, attend)));
  }

  #put(message: Message): void {
    this.#messages.set(message.seq, message);
    if (message.isFromHere) this.#isAtEnd = true;
    this.#draw();
  }

  #pass(message: RoomMessage): void {
    this.#passing.push(message);
    this.#draw();
  }

  #line(at: number, text: string): void {
    this.#lines.push({ at, text });
    this.#draw();
  }

  /** Reads a message again that is another now. */
  async #renew(seq: number): Promise<void> {
    if (!this.#messages.has(seq)) return;
    const page = await this.conversation.history({ after: seq - 1, before: seq + 1, limit: 1 }).catch(() => []);
    for (const message of page) this.#messages.set(message.seq, message);
    this.#draw();
  }

  async #read(range: { readonly before?: number }): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      const page = await this.conversation.history({ ...range, limit: PAGE });
      for (const message of page) this.#messages.set(message.seq, message);
      this.#isComplete = page.done;
      const mine = page.messages.filter((message) => message.isMine && message.receipt).at(-1);
      if (mine !== undefined && this.conversation.members.length > 1) void this.#askRead(mine);
    } catch (problem) {
      this.#line(Date.now(), `Older messages could not be read: ${problemOf(problem)}`);
    } finally {
      this.#isReading = false;
      this.#drawn();
    }
  }

  async #askRead(message: Message): Promise<void> {
    const { read } = await message.receipts().catch(() => ({ read: [] }));
    if (read.length > 0) this.#readUpTo = Math.max(this.#readUpTo, message.seq);
    this.#draw();
  }

  #scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    if (scrollTop < NEAR_PX && !this.#isComplete && !this.#isReading && this.#messages.size > 0) {
      void this.#read({ before: Math.min(...this.#messages.keys()) });
    }
    this.#mark();
  }

  /** Has read what is there, if somebody looks at its end. */
  #mark(): void {
    const { conversation } = this;
    const isNew = conversation.unread > 0 || conversation.isMarkedUnread;
    if (isAttended() && this.#isAtEnd && isNew && conversation.of !== "room") void conversation.markRead().catch(() => undefined);
  }

  #toEnd(): void {
    this.element.scrollTop = this.element.scrollHeight;
    this.#isAtEnd = true;
    this.#mark();
  }

  #seek(seq: number): void {
    const found = this.#list.querySelector(`[data-seq="${seq}"]`);
    found?.scrollIntoView({ block: "center" });
    found?.classList.add("sought");
  }

  #drawn(): void {
    const fromEnd = this.element.scrollHeight - this.element.scrollTop;
    const focused = (document.activeElement as HTMLElement | null)?.dataset["seq"];
    fill(this.#list, ...this.#items());
    if (this.#isAtEnd) this.#toEnd();
    else this.element.scrollTop = this.element.scrollHeight - fromEnd;
    if (focused !== undefined) this.#list.querySelector<HTMLElement>(`[data-seq="${focused}"]`)?.focus({ preventScroll: true });
  }

  #items(): HTMLElement[] {
    const messages = [...this.#messages.values()].sort((a, b) => a.seq - b.seq);
    const oldest = messages[0]?.at ?? 0;
    const lines = this.#lines.filter(({ at }) => at >= oldest).map(({ at, text }) => ({ at, draw: () => note(text, at) }));
    let before: Message | null = null;
    const said = messages.map((message) => {
      const above = before;
      before = message;
      return { at: message.at, draw: () => this.#bubble(message, above) };
    });
    const passing = this.#passing.map((message) => ({ at: message.at, draw: () => passed(message) }));
    const items: HTMLElement[] = [];
    let today = "";
    for (const { at, draw } of [...said, ...lines, ...passing].sort((a, b) => a.at - b.at)) {
      const that = day(at);
      if (that !== today) items.push(h("li", { class: "day", attributes: { role: "separator" } }, that));
      today = that;
      items.push(draw());
    }
    const sends = this.#chat.client.outbox.filter((each) => each.conversation === this.conversation.id);
    return [...items, ...sends.map((each) => waiting(each.content, each.at))];
  }

  #bubble(message: Message, above: Message | null): HTMLElement {
    const answered = message.replyTo === undefined ? null : (this.#messages.get(message.replyTo) ?? null);
    const isTogether = above?.sender === message.sender && message.at - above.at < TOGETHER_MS;
    const isNamed = this.conversation.of !== "direct" && !isTogether;
    return bubble(message, { answered, isRead: message.seq <= this.#readUpTo, isNamed }, this.#actions);
  }
}

function note(text: string, at: number): HTMLElement {
  return h("li", { class: "note", title: clock(at) }, text);
}

function passed(message: RoomMessage): HTMLElement {
  const words = message.isRecalled ? "Message taken back" : (message.text ?? "…");
  const side = message.isMine ? "mine" : "theirs";
  return h(
    "li",
    { class: `message ${side}` },
    !message.isMine && h("strong", { class: "sender" }, message.sender),
    h("div", { class: "row" }, h("div", { class: "bubble" }, h("p", {}, words), h("footer", {}, h("time", {}, clock(message.at))))),
  );
}
