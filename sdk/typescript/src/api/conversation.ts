/** Conversations and their messages, as a program handles them. */

import type { HistoryEntry } from "../wire/types.ts";
import type { Arranging } from "./arranging.ts";
import { Belonging } from "./belonging.ts";
import type { ConversationData } from "./belonging.ts";
import type { Sayable } from "./bodies.ts";
import { asContent } from "./content.ts";
import { Draft, placedBy } from "./draft.ts";
import type { SendOptions } from "./draft.ts";
import type { EventStream, Handler } from "./emitter.ts";
import { LinkDown, ProtocolFault } from "./errors.ts";
import type { AnyEvent, Events } from "./events.ts";
import { HistoryPage, pages } from "./history.ts";
import type { HistoryOptions, PageOptions } from "./history.ts";
import type { Fields } from "./inside.ts";
import { lately } from "./late.ts";
import { Message } from "./message.ts";
import type { Calling, SaidData } from "./message.ts";
import type { Camelled } from "./names.ts";
import { Sent } from "./receipts.ts";
import type { Ruling } from "./ruling.ts";
import type { Threading } from "./threads.ts";
import { Told, Waiting } from "./unread.ts";

const TYPING_EVERY_MS = 3000;

/** What a session says when it is lost. */
export interface WillOptions extends Calling {
  /** How long it is without a connection before it counts as lost: 0 to 3,600 seconds, 15 unless told. */
  readonly afterS?: number;
  /** Reaches only who is here then. */
  readonly transient?: boolean;
  readonly priority?: "high" | "normal" | "low";
}

/** What is counted and told at places, all void when these are others. */
export class Kept {
  readonly waiting = new Waiting();
  readonly told = new Told();
  readonly sent = new Sent();
  newest: Message | null = null;
  _newestAt: number | null = null;
  /** What I deleted, up to a place and one by one: it is not the newest, whether its message or its deletion is told first. */
  _cleared = 0;
  _deleted: readonly number[] = [];
}

/** What is brought at its first use. */
export interface Conversation extends Arranging, Ruling, Threading {}

/** One conversation, the same object for the same id as long as the client remembers it. */
export class Conversation extends Belonging {
  static {
    lately(
      this,
      "conversation",
      "pin unpin mark unmark setLevel mute unmute silenceAlerts unsilenceAlerts delete deleteHistory deleteMessages unsent keepUnsent dropUnsent " +
        "update setName add remove join quit dissolve count setMember block unblock silence unsilence muted leaveWill receipts roll* createThread threads*",
    );
  }

  /** How far I have read it, and how far it has come, as far as the client knows: places. */
  read = 0;
  head = 0;
  /** @internal */
  kept = new Kept();
  #typingSince = -Infinity;

  /** Whose view of the conversation this is: my user. */
  get user(): string {
    return this._inside.user;
  }

  /** How many messages of others I have not read, on whatever session; 0 until the client knows. */
  get unread(): number {
    return this.kept.waiting.unread;
  }

  /** How many of the unread messages call me. */
  get unreadMentions(): number {
    return this.kept.waiting.mentions;
  }

  /** Whether I wish to come back to it. */
  get isMarkedUnread(): boolean {
    return this.kept.waiting.isMarked;
  }

  /** The newest message that this client knows of; `ConversationQuery.withLastMessage` asks the server. */
  get lastMessage(): Message | null {
    return this.kept.newest;
  }

  /** When the newest message was placed, null for none: milliseconds since 1970-01-01 UTC. */
  get lastMessageAt(): number | null {
    return this.kept._newestAt;
  }

  // ------------------------------------------------------------ saying something

  /** Makes a message that is to be sent, to watch its status and to send it again should it fail. */
  draft(content: Sayable, options: SendOptions = {}): Draft {
    return new Draft(this, content, options);
  }

  /**
   * Sends a text, a content or a body; gives the message at its place, which is durable then.
   *
   * While the connection is down it waits in the outbox, in order, and outlives the page. The message comes to the handlers of this
   * tab, too, marked `isMine`, before the promise is kept. Throws `OutboxFull`; `LinkDown` where the client is `failFast`; `NotFound`
   * where I am no member; `Unacceptable`.
   */
  send(content: Sayable, options: SendOptions = {}): Promise<Message> {
    return this.draft(content, options).send();
  }

  /** @internal Sends what a draft is to say. */
  async placed(fields: Fields<"send">): Promise<Message> {
    const { seq, at } = await this._inside.place(fields);
    const message = new Message(this, seq, at, placedBy(fields, this.user));
    return message.receipt ? this.kept.sent.keep(message) : message;
  }

  /** Gives a message of mine another content; see `Message.edit`. */
  async edit(message: Message, content: Sayable, { mentions = [], mentionAll = false }: Calling = {}): Promise<Message> {
    const change = { content: asContent(content), mentions: [...new Set(mentions)], mentionAll };
    const { seq, at } = await this.ask("edit", { message: message.seq, ...change } as Partial<Fields<"edit">>);
    const { body: _, ...said } = message.said;
    return new Message(this, message.seq, message.at, { ...said, ...change, revision: seq, revisedAt: at }, message.reactions);
  }

  /** Takes a message of mine back; see `Message.recall`. */
  async recall(message: Message): Promise<Message> {
    const { seq, at } = await this.ask("recall", { message: message.seq });
    return gone(message, seq, at);
  }

  /** Puts a reaction to a message, or takes mine away; see `Message.react`. */
  async react(message: Message, reaction: string, on = true): Promise<void> {
    await this.ask("react", { message: message.seq, reaction, on });
  }

  /**
   * Sends what matters only now: to the members who are here, my other sessions too; gives the server's time. It is in no history,
   * nobody gets it later. It comes as `transient`. Throws `LinkDown` where there is no connection now.
   */
  async sendTransient(content: Sayable, { key = this._inside.newKey() }: { readonly key?: string } = {}): Promise<number> {
    const answer = await this._inside._askNow("send", { conversation: this.id, key, content: asContent(content), transient: true } as Fields<"send">);
    if (answer.kind !== "passed") throw new ProtocolFault(`answered with ${answer.kind}`);
    return answer.at;
  }

  /** Tells the other members that I began, or ceased, to write; call it at each key, it repeats every 3 s at most. Without a connection nothing is told. */
  async typing(isTyping = true): Promise<void> {
    const now = this._inside.now();
    if (isTyping && now - this.#typingSince < TYPING_EVERY_MS) return;
    this.#typingSince = isTyping ? now : -Infinity;
    try {
      await this._inside._askNow("typing", { conversation: this.id, isTyping });
    } catch (fault) {
      if (!(fault instanceof LinkDown)) throw fault;
    }
  }

  // ------------------------------------------------------------ what was said

  /**
   * Reads up to `limit` (1 to 1,000, 20 unless told) messages for which all that is given holds; without more, the newest.
   * Throws `NotFound` where I never was a member.
   */
  async history(options: HistoryOptions = {}): Promise<HistoryPage> {
    const { messages, hasMore, trimmed = false } = await this.ask("history", options);
    return new HistoryPage(await Promise.all(messages.map((entry) => this._ofHistory(entry))), !hasMore, trimmed);
  }

  /** Goes through the history in pages of `page` (1 to 1,000) messages, from the newest back or from the oldest on; within a page messages rise. */
  messagesIterator(options: PageOptions = {}): AsyncGenerator<HistoryPage> {
    return pages(this, options);
  }

  /** Iterates over the messages that come to this conversation from now on. */
  messages(): EventStream<Message> {
    return this._inside.emitter.stream((event, where) => where === this.id && event instanceof Message);
  }

  /** Iterates over everything that happens in this conversation from now on. */
  events(): EventStream<AnyEvent> {
    return this._inside.emitter.stream((_, where) => where === this.id);
  }

  /** Adds a handler for events of this conversation; gives what takes it away again. */
  on<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): () => void {
    return this._inside.emitter.on(name, handler, this.id);
  }

  // ------------------------------------------------------------ marks

  /** Moves my read mark, for all my sessions, to a seq or to all that this client has seen; gives where it is. */
  async markRead(seq?: number): Promise<number> {
    if (seq === undefined && this.head === 0) await this.refresh();
    const mark = await this.ask("mark_read", { seq: seq ?? this.head });
    return (this.read = Math.max(mark.seq, this.read));
  }

  /** Tells that this device has the messages up to a seq; the client does so by itself for those with `receipt`. */
  async markDelivered(seq: number): Promise<void> {
    await this.ask("mark_delivered", { seq });
  }

  /** Notes, for all my sessions, that I wish to come back to it; reading ends the wish. */
  async markUnread(): Promise<void> {
    const { waiting } = this.kept;
    const { facts } = waiting;
    await this.ask("mark_unread");
    if (waiting.facts === facts) waiting.isMarked = true;
  }

  // ------------------------------------------------------------ what the client learns

  /** @internal */
  override know(view: ConversationData, hasMembers = true): this {
    super.know(view, hasMembers);
    const { read, head, unread = 0, isMarkedUnread = false, lastMessageAt = null } = view;
    this._reached(head, read);
    this.kept._newestAt = Math.max(this.kept._newestAt ?? 0, lastMessageAt ?? 0) || null;
    this.kept.waiting.counted({ unread, asOf: head, read, isMarked: isMarkedUnread });
    return this;
  }

  /** @internal Takes over how far it has come, and how far I have read it. */
  _reached(head: number, read = 0): void {
    this.head = Math.max(this.head, head);
    this.read = Math.max(this.read, read);
  }

  /** @internal Forgets what was counted and told at places that are others now. */
  _beginAnew(): void {
    this.read = this.head = 0;
    this.kept = new Kept();
  }

  /** @internal Makes a message of what the server says of it, once plugins have seen it. */
  async _ofHistory({ seq, at, message, reactions }: Camelled<HistoryEntry>): Promise<Message> {
    const said = message as SaidData;
    return new Message(this, seq, at, this._inside.isOwn(said) ? said : await this._inside.plugins.parse(said), reactions);
  }

  /** @internal What was said up to a place is nothing to me any more. */
  _forgetUpTo(seq: number): void {
    this.kept._cleared = Math.max(this.kept._cleared, seq);
    if ((this.lastMessage?.seq ?? Infinity) <= seq) this.kept.newest = null;
  }

  /** @internal Takes over a message as the newest, unless a later one is known, or a later state of it, or I deleted it. */
  came(message: Message): void {
    const { newest: known, _cleared, _deleted } = this.kept;
    if (message.seq <= _cleared || _deleted.includes(message.seq)) return;
    if (known && (message.seq < known.seq || (message.seq === known.seq && (message.revision ?? 0) < (known.revision ?? 0)))) return;
    this.kept.newest = message;
    this.kept._newestAt = Math.max(this.kept._newestAt ?? 0, message.at);
  }
}

/** Gives what is left of a message that was taken back by a fact at `seq`. */
export function gone({ conversation, seq: place, at: since, sender, key }: Message, seq: number, at: number): Message {
  return new Message(conversation, place, since, { kind: "message", sender, key, content: {}, revision: seq, revisedAt: at, isRecalled: true });
}
