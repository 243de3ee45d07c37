/** What was said in a conversation: a part of it without a hole, at its end unless something older is sought. */

import type { Conversation, HistoryOptions, Message, RoomMessage } from "../../src/api/exports.ts";
import { Bubble, passed, waiting } from "./bubble.ts";
import type { BubbleActions, Placed } from "./bubble.ts";
import type { Chat } from "./chat.ts";
import { fill, h, icon, Rows, soon } from "./dom.ts";
import type { View } from "./dom.ts";
import { day, problemOf } from "./words.ts";

const PAGE = 30;
/** As many messages are held at the end; twice as many while older ones are read. */
const KEPT = 300;
/** Of what is in no history: who came and went, and what was said in a room that keeps nothing. */
const PASSING = 200;
const NEAR_PX = 80;
const TOGETHER_MS = 300_000;

/** What stands in the list. */
interface Item {
  readonly key: string;
  readonly at: number;
  readonly seq?: number | null;
  /** A message with a place of its own; anything else is drawn once. */
  readonly placed?: Placed;
  readonly draw?: () => HTMLElement;
}

/** A conversation's messages on screen. */
export class Thread {
  readonly element: HTMLElement;
  readonly conversation: Conversation;
  readonly #chat: Chat;
  readonly #actions: BubbleActions;
  readonly #list = h("ol", { class: "messages", attributes: { role: "log", "aria-relevant": "additions", "aria-label": "Messages" } });
  readonly #scroller = h("div", { class: "thread", on: { scroll: () => this.#scrolled() } }, this.#list);
  readonly #down = h("button", { class: "newest", attributes: { type: "button" }, on: { click: () => void this.#goDown() } });
  readonly #rows: Rows<Item>;
  readonly #messages = new Map<number, Message>();
  readonly #passing: Item[] = [];
  readonly #offs: (() => void)[] = [];
  readonly #draw = soon(() => this.#drawn());
  readonly #sizes = new ResizeObserver(() => this.#isAtEnd && this.#toEnd());
  /** Whether its first message is held, and its last. */
  #isWhole = false;
  #isLatest = true;
  #isReading = false;
  #isAtEnd = true;
  #isClosed = false;
  #readUpTo = 0;
  /** What has come since it was looked at last. */
  #missed = 0;
  /** How far I had read it when it was opened; null: all of it. */
  readonly #newFrom: number | null;
  #passed = 0;

  constructor(chat: Chat, conversation: Conversation, actions: BubbleActions) {
    this.#chat = chat;
    this.conversation = conversation;
    this.#actions = actions;
    this.#newFrom = conversation.unread > 0 ? conversation.read : null;
    this.#rows = new Rows(this.#list, ({ key }) => key, (item) => this.#view(item));
    this.element = h("div", { class: conversation.of === "direct" ? "thread-box" : "thread-box many" }, this.#scroller, this.#down);
    this.#list.addEventListener("keydown", (event) => this.#walk(event));
    this.#sizes.observe(this.#list);
    this.#sizes.observe(this.#scroller);
    this.#hear();
  }

  /** Reads what is to be seen first. */
  async begin(sought: number | null): Promise<void> {
    if (this.conversation.of === "room" && !this.conversation.keepsHistory) this.#isWhole = true;
    else if (sought === null) await this.#read({});
    else await this.#readAround(sought);
    if (this.#isClosed) return;
    if (sought === null) this.#toEnd();
    else this.#seek(sought);
    this.#look();
  }

  /** Ends the listening. */
  close(): void {
    this.#isClosed = true;
    this.#sizes.disconnect();
    this.#offs.forEach((off) => off());
  }

  /** Gives the last message of mine that can be edited. */
  lastOfMine(): Message | null {
    return this.#sorted().reverse().find((message) => message.isMine && !message.isRecalled && message.text !== undefined) ?? null;
  }

  #hear(): void {
    const { conversation } = this;
    const again = ({ seq }: { readonly seq: number }): void => void this.#renew(seq);
    const gone = ({ seq }: { readonly seq: number }): void => {
      const at = this.#passing.findIndex((item) => item.seq === seq);
      const item = this.#passing[at];
      if (item !== undefined) this.#passing[at] = { ...item, key: `${item.key} gone`, draw: () => h("li", { class: "note" }, "A message was taken back") };
      again({ seq });
    };
    this.#offs.push(
      conversation.on("message", (message) => this.#put(message)),
      conversation.on("roomMessage", (message) => this.#pass(message)),
      conversation.on("edited", again),
      conversation.on("recalled", gone),
      conversation.on("reacted", again),
      conversation.on("receipt", ({ isRead, seq }) => {
        if (isRead) this.#readUpTo = Math.max(this.#readUpTo, seq);
        this.#draw();
      }),
      conversation.on("membersJoined", ({ users, by, at }) => this.#note(at, users.length === 1 && users[0] === by ? `${by} joined` : `${by} added ${users.join(", ")}`)),
      conversation.on("membersLeft", ({ users, by, at }) => this.#note(at, users.length === 1 && users[0] === by ? `${by} left` : `${by} removed ${users.join(", ")}`)),
      conversation.on("changed", ({ by, at, name }) => name !== undefined && this.#note(at, `${by} called this “${name}”`)),
      conversation.on("outbox", () => this.#draw()),
      conversation.on("historyDeleted", ({ seq }) => this.#forget(seq)),
      conversation.on("messagesDeleted", ({ seqs }) => {
        for (const seq of seqs) this.#messages.delete(seq);
        this.#draw();
      }),
      this.#chat.client.on("startOver", (range) => {
        if (range.conversation === null || range.conversation === conversation) void this.#anew();
      }),
    );
  }

  #put(message: Message): void {
    if (message.isFromHere) void this.#goDown();
    const isFull = !this.#isAtEnd && this.#messages.size >= 2 * KEPT;
    if (!this.#isAtEnd && !message.isMine) this.#missed += 1;
    // What comes below a hole waits there until somebody goes down.
    if (isFull) this.#isLatest = false;
    if (this.#isLatest) this.#messages.set(message.seq, message);
    this.#draw();
  }

  #pass(message: RoomMessage): void {
    if (!this.#isAtEnd && !message.isMine) this.#missed += 1;
    this.#keep({ key: `p${++this.#passed}`, at: message.at, seq: message.seq, draw: () => passed(message) });
  }

  #note(at: number, text: string): void {
    this.#keep({ key: `n${++this.#passed}`, at, draw: () => h("li", { class: "note" }, text) });
  }

  #keep(item: Item): void {
    this.#passing.push(item);
    if (this.#passing.length > PASSING) this.#passing.shift();
    this.#draw();
  }

  /** Reads a message again that is another now. */
  async #renew(seq: number): Promise<void> {
    if (!this.#messages.has(seq)) return this.#draw();
    const page = await this.conversation.history({ after: seq - 1, before: seq + 1, limit: 1 }).catch(() => []);
    for (const message of page) if (this.#messages.has(seq)) this.#messages.set(message.seq, message);
    this.#draw();
  }

  /** What was said up to a place is nothing to me any more. */
  #forget(upTo: number): void {
    for (const seq of this.#messages.keys()) if (seq <= upTo) this.#messages.delete(seq);
    this.#passing.length = 0;
    this.#draw();
  }

  /** Forgets what it holds, and reads the end. */
  async #anew(): Promise<void> {
    this.#messages.clear();
    [this.#isLatest, this.#isWhole] = [true, false];
    await this.#read({});
  }

  async #readAround(seq: number): Promise<void> {
    this.#isLatest = false;
    this.#isAtEnd = false;
    await this.#read({ before: seq + PAGE / 2 });
    await this.#readNewer();
  }

  async #readNewer(): Promise<void> {
    const done = await this.#read({ after: Math.max(0, ...this.#messages.keys()), direction: "newer" });
    if (done === true) this.#isLatest = true;
  }

  /** Reads a page beside what it holds; says whether there is nothing beyond it, null where it could not be read. */
  async #read(range: HistoryOptions): Promise<boolean | null> {
    if (this.#isReading || this.#isClosed) return null;
    this.#isReading = true;
    this.#list.setAttribute("aria-busy", "true");
    const isNewer = range.direction === "newer";
    try {
      const page = await this.conversation.history({ ...range, limit: PAGE });
      for (const message of page) this.#messages.set(message.seq, message);
      if (!isNewer) this.#isWhole = page.done;
      const mine = [...page.messages].reverse().find((message) => message.isMine && message.receipt);
      if (mine !== undefined && this.conversation.members.length > 1) void this.#askRead(mine);
      this.#drop(2 * KEPT, isNewer);
      return page.done;
    } catch (problem) {
      this.#note(Date.now(), `What was said could not be read: ${problemOf(problem)}`);
      return null;
    } finally {
      this.#isReading = false;
      if (!this.#isClosed) this.#drawn();
      this.#list.removeAttribute("aria-busy");
    }
  }

  /** Holds no more than some messages: those at one end go. */
  #drop(limit: number, isOldest: boolean): void {
    const seqs = [...this.#messages.keys()].sort((a, b) => a - b);
    const surplus = Math.max(0, seqs.length - limit);
    for (const seq of isOldest ? seqs.slice(0, surplus) : seqs.slice(limit)) this.#messages.delete(seq);
    if (surplus > 0 && isOldest) this.#isWhole = false;
    if (surplus > 0 && !isOldest) this.#isLatest = false;
  }

  async #askRead(message: Message): Promise<void> {
    const { read } = await message.receipts().catch(() => ({ read: [] }));
    if (read.length > 0) this.#readUpTo = Math.max(this.#readUpTo, message.seq);
    this.#draw();
  }

  #scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const isBelow = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    const wasAtEnd = this.#isAtEnd;
    this.#isAtEnd = isBelow && this.#isLatest;
    if (isBelow && !this.#isLatest && !this.#isReading) void this.#readNewer();
    if (scrollTop < NEAR_PX && !this.#isWhole && !this.#isReading && this.#messages.size > 0) void this.#read({ before: Math.min(...this.#messages.keys()) });
    if (this.#isAtEnd === wasAtEnd) return;
    if (this.#isAtEnd) this.#missed = 0;
    this.#look();
    this.#drawDown();
  }

  /** What is at the end of a conversation is read there, and nowhere else. */
  #look(): void {
    if (!this.#isClosed) this.#chat.notices.look(this.#isAtEnd ? this.conversation : null);
  }

  async #goDown(): Promise<void> {
    this.#missed = 0;
    if (!this.#isLatest) await this.#anew();
    const wasAtEnd = this.#isAtEnd;
    this.#toEnd();
    if (!wasAtEnd) this.#look();
    this.#drawDown();
  }

  #toEnd(): void {
    this.#isAtEnd = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #seek(seq: number): void {
    const found = this.#list.querySelector(`[data-seq="${seq}"]`);
    found?.scrollIntoView({ block: "center" });
    found?.classList.add("sought");
  }

  #drawn(): void {
    if (this.#isClosed) return;
    const { scrollHeight, scrollTop } = this.#scroller;
    const first = this.#list.querySelector("[data-seq]");
    if (this.#isAtEnd && this.#isLatest) this.#drop(KEPT, true);
    this.#rows.show(this.#items());
    this.#rove();
    if (this.#isAtEnd) this.#toEnd();
    // What came above pushes down what is looked at; what came below does not.
    else if (first !== this.#list.querySelector("[data-seq]")) this.#scroller.scrollTop = this.#scroller.scrollHeight - scrollHeight + scrollTop;
    this.#drawDown();
  }

  #drawDown(): void {
    this.#down.hidden = this.#isAtEnd;
    const words = this.#missed === 0 ? "To the latest" : `${this.#missed} new`;
    this.#down.setAttribute("aria-label", words);
    fill(this.#down, this.#missed === 0 ? null : words, icon("latest"));
  }

  #view({ placed, draw }: Item): View<Item> {
    if (placed === undefined) return { element: draw?.() ?? h("li", {}), show: () => undefined };
    const bubble = new Bubble(placed, this.#actions);
    return { element: bubble.element, show: (item) => item.placed && bubble.show(item.placed) };
  }

  #sorted(): Message[] {
    return [...this.#messages.values()].sort((a, b) => a.seq - b.seq);
  }

  #items(): Item[] {
    const messages = this.#sorted();
    const oldest = messages[0]?.at ?? 0;
    const said = messages.map((message, at) => ({ key: `m${message.seq}`, at: message.at, placed: this.#placed(message, messages[at - 1]) }));
    const items: Item[] = [];
    let today = "";
    let isNew = this.#newFrom === null;
    const passing = this.#passing.filter(({ at, seq }) => at >= oldest && !this.#messages.has(seq ?? 0));
    for (const item of [...said, ...passing].sort((a, b) => a.at - b.at)) {
      const that = day(item.at);
      if (that !== today) items.push({ key: `d${that}`, at: item.at, draw: () => h("li", { class: "day" }, h("span", {}, that)) });
      today = that;
      if (!isNew && (isNew = this.#isNew(item))) items.push({ key: "new", at: item.at, draw: () => h("li", { class: "day new" }, h("span", {}, "New")) });
      items.push(item);
    }
    const sends = this.#isLatest ? this.#chat.client.outbox.filter((each) => each.conversation === this.conversation.id) : [];
    return [...items, ...sends.map(({ key, content, at }) => ({ key: `w${key}`, at, draw: () => waiting(content, at) }))];
  }

  #isNew({ placed }: Item): boolean {
    return placed !== undefined && !placed.message.isMine && placed.message.seq > (this.#newFrom ?? 0);
  }

  #placed(message: Message, above: Message | undefined): Placed {
    const answered = message.replyTo === undefined ? null : (this.#messages.get(message.replyTo) ?? null);
    const isTogether = above?.sender === message.sender && message.at - above.at < TOGETHER_MS;
    return { message, answered, isRead: message.seq <= this.#readUpTo, isTogether };
  }

  /** One message can be reached by the Tab key, from there the arrows lead to the others. */
  #rove(to: Element | null = null): void {
    const all = [...this.#list.querySelectorAll<HTMLElement>("[data-seq]")];
    const chosen = to ?? all.find((each) => each.contains(document.activeElement)) ?? all.at(-1);
    for (const each of all) each.tabIndex = each === chosen ? 0 : -1;
  }

  #walk(event: KeyboardEvent): void {
    const all = [...this.#list.querySelectorAll<HTMLElement>("[data-seq]")];
    const at = all.indexOf(event.target as HTMLElement);
    const to = at < 0 ? undefined : { ArrowUp: all[at - 1], ArrowDown: all[at + 1], Home: all[0], End: all.at(-1) }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#rove(to);
    to.focus();
  }
}
