/** A message on its way: its status, and how to send it again. */

import type { Attributes, Sayable } from "./bodies.ts";
import { asContent } from "./content.ts";
import type { Conversation } from "./conversation.ts";
import { InvalidArgument } from "./errors.ts";
import type { Fields } from "./inside.ts";
import { Message } from "./message.ts";
import type { Calling, SaidData, Status } from "./message.ts";

/** How a message is sent. */
export interface SendOptions extends Calling {
  /** Repeats an earlier send: the server places it at most once. */
  readonly key?: string;
  /** The message it answers, or its seq. */
  readonly replyTo?: Message | number;
  /** Have `receipt` events tell who got and who read it. */
  readonly receipt?: boolean;
  /** What a push notification is to carry, up to 4 KiB of JSON. */
  readonly push?: Attributes;
}

/** A message that is to be sent; made by `Conversation.draft`. One that failed may be sent again: it keeps its key, so the server never places it twice. */
export class Draft {
  /** The sender's own name for it. */
  readonly key: string;
  /** Why it failed. */
  error: unknown = null;
  /** What it became. */
  message: Message | null = null;
  readonly #conversation: Conversation;
  readonly #fields: Fields<"send">;
  #status: Status = "none";

  /** @internal */
  constructor(conversation: Conversation, content: Sayable, { key = conversation._inside.newKey(), replyTo, mentions, ...more }: SendOptions) {
    this.key = key;
    this.#conversation = conversation;
    this.#fields = {
      ...more, conversation: conversation.id, key, content: asContent(content), mentions: mentions && [...new Set(mentions)], replyTo: replyTo instanceof Message ? replyTo.seq : replyTo,
    } as Fields<"send">;
  }

  /** `none` before, `sending` meanwhile, then `sent`, or `failed` with the reason in `error`; a receipt makes it `delivered`. */
  get status(): Status {
    return this.message?.status ?? this.#status;
  }

  /** Sends it; see `Conversation.send`. One that was sent gives its message without asking again. */
  async send(): Promise<Message> {
    if (this.message) return this.message;
    if (this.#status === "sending") throw new InvalidArgument("it is being sent");
    this.#status = "sending";
    this.error = null;
    try {
      return (this.message = await this.#conversation.placed(this.#fields));
    } catch (fault) {
      this.#status = "failed";
      this.error = fault;
      throw fault;
    }
  }
}

/** Gives the message that a send places. */
export function placedBy(fields: Fields<"send">, sender: string): SaidData {
  const { conversation: _conversation, transient: _transient, priority: _priority, ...said } = fields;
  return { kind: "message", sender, ...said } as SaidData;
}
