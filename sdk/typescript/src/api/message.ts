/** Messages, as a program handles them. */

import type { MessagePlaced, ReactionCount } from "../wire/types.ts";
import type { Attributes, Body, Content, Sayable } from "./bodies.ts";
import type { Conversation } from "./conversation.ts";
import type { AnswerTo } from "./inside.ts";
import type { Camelled } from "./names.ts";

/** How far a message came. `delivered` is of messages that asked for a receipt. */
export type Status = "none" | "sending" | "sent" | "delivered" | "failed";

/** A message as it travels, with the body that plugins made of it. */
export type SaidData = Omit<Camelled<MessagePlaced>, "content" | "push"> & { readonly content: Content; readonly push?: Attributes | undefined; readonly body?: Body };

/** How a message is edited. */
export interface Calling {
  /** Users it calls by name, up to 100. */
  readonly mentions?: readonly string[];
  /** It calls everybody. */
  readonly mentionAll?: boolean;
}

/** What every message has. */
export abstract class Said {
  readonly conversation: Conversation;
  /** The server's time in milliseconds since 1970-01-01 UTC. */
  readonly at: number;
  /** Who sent it. */
  declare readonly sender: string;
  /** The sender's own name for it. */
  declare readonly key: string;
  /** What it says, as it travels. */
  declare readonly content: Content;
  /** The users it calls by name. */
  declare readonly mentions: readonly string[];
  /** Whether it calls everybody. */
  declare readonly mentionAll: boolean;
  /** Whether its sender asked who gets and who reads it. */
  declare readonly receipt: boolean;
  /** What a push notification was to carry. */
  declare readonly push?: Attributes;
  /** Whether it was taken back: its content is gone. */
  declare readonly isRecalled: boolean;
  /** Whether my user sent it, from whatever session. */
  readonly isMine: boolean;
  /** Whether this very tab sent it. */
  readonly isFromHere: boolean;
  readonly #said: SaidData;
  #body: Body | undefined;

  /** @internal */
  constructor(conversation: Conversation, at: number, said: SaidData) {
    const { body, kind: _, ...fields } = said;
    this.conversation = conversation;
    this.at = at;
    Object.assign(this, { mentions: [], mentionAll: false, receipt: false, isRecalled: false }, fields);
    this.isMine = said.sender === conversation.user;
    this.isFromHere = conversation._inside.isOwn(said);
    this.#said = said;
    this.#body = body;
  }

  /** What it says as one of the classes that the program knows: built in, or registered; else `Unknown`. */
  get body(): Body {
    return (this.#body ??= this.conversation._inside.plugins.bodies.parse(this.content));
  }

  /** The text. */
  get text(): string | undefined {
    return this.content.text;
  }

  /** Whether it calls me, by name or with everybody; my own messages do not. */
  get mentionsMe(): boolean {
    return !this.isMine && (this.mentionAll || this.mentions.includes(this.conversation.user));
  }

  /** The server's time. */
  get sentAt(): Date {
    return new Date(this.at);
  }

  /** @internal */
  get said(): SaidData {
    return this.#said;
  }
}

/** A message at its place. */
export class Message extends Said {
  readonly type = "message";
  /** The place in the conversation, from 1; facts of membership have places, too. */
  readonly seq: number;
  /** As of the page of history it was read in; a message that has just come has none. */
  readonly reactions: readonly Camelled<ReactionCount>[];
  /** The seq of the message that this one answers. */
  declare readonly replyTo?: number;
  /** The place of the change that made it as it is. */
  declare readonly revision?: number;
  declare readonly revisedAt?: number;

  /** @internal */
  constructor(conversation: Conversation, seq: number, at: number, said: SaidData, reactions: readonly Camelled<ReactionCount>[] = []) {
    super(conversation, at, said);
    this.seq = seq;
    this.reactions = reactions;
  }

  /** When it was edited last, by the server's time. */
  get editedAt(): Date | null {
    return this.isRecalled || this.revisedAt === undefined ? null : new Date(this.revisedAt);
  }

  /** What is known of its way: `sent` and `delivered` are of my own messages, as far as this tab heard. */
  get status(): Status {
    if (!this.isMine) return "none";
    return this.deliveredAt ? "delivered" : "sent";
  }

  /** When the first recipient got it, by the server's time, where it asked for a receipt and this tab heard. */
  get deliveredAt(): Date | null {
    const at = this.receipt && this.isMine ? this.conversation.kept.sent.deliveredAt(this.seq) : null;
    return at === null ? null : new Date(at);
  }

  /** Gives it another content; gives the message as it is then. Throws `Forbidden` where it is not mine, was recalled, or is older than the operator allows. */
  edit(content: Sayable, calling: Calling = {}): Promise<Message> {
    return this.conversation.edit(this, content, calling);
  }

  /** Takes it back, for everybody; gives what is left of it. Throws `Forbidden` where it is not mine, or is older than the operator allows. */
  recall(): Promise<Message> {
    return this.conversation.recall(this);
  }

  /** Puts a reaction to it (1 to 32 characters), or takes mine away. Throws `LimitReached` where it has as many as it may have. */
  react(reaction: string, on = true): Promise<void> {
    return this.conversation.react(this, reaction, on);
  }

  /** Begins the thread under it, or joins the one that is there; see `Conversation.createThread`. */
  createThread(name?: string): Promise<Conversation> {
    return this.conversation.createThread(this.seq, name);
  }

  /** Asks who of the others got and who read it. Throws `Forbidden` where it is not mine. */
  receipts(): Promise<AnswerTo<"receipts">> {
    return this.conversation.receipts(this);
  }
}

/** A message that is not kept and has no place. */
export class TransientMessage extends Said {
  readonly type = "transient";
}

/** Something said in a room that this tab is in. */
export class RoomMessage extends Said {
  readonly type = "roomMessage";
  /** The place of the message where the room keeps it, else null. */
  readonly seq: number | null;
  /** The places of this tab that are in the room, as they were named when entering. */
  readonly places: readonly string[];

  /** @internal */
  constructor(conversation: Conversation, at: number, said: SaidData, seq: number | null, places: readonly string[]) {
    super(conversation, at, said);
    this.seq = seq;
    this.places = places;
  }
}
