/** What I know of who has my messages: for a message its status and its events. */

import type { Message } from "./message.ts";

/** Messages of mine in a conversation that are given back with their receipts; of older ones events say the place. */
const REMEMBERED = 1000;

/** My messages of one conversation that wait for receipts. */
export class Sent {
  readonly #sent = new Map<number, Message>();
  /** Places with the times at which somebody got all up to them first, both rising; for older ones the oldest of these times counts. */
  readonly #told: { readonly seq: number; readonly at: number }[] = [];
  readonly #upTo = new Map<string, number>();

  /** Keeps a message that asked for a receipt; gives the one that is kept of it already, if there is one. */
  keep(message: Message): Message {
    const kept = this.#sent.get(message.seq);
    if (kept) return kept;
    this.#sent.set(message.seq, message);
    if (this.#sent.size > REMEMBERED) this.#sent.delete(this.#sent.keys().next().value as number);
    return message;
  }

  /** Takes a receipt up to a place; gives the messages that it is the first of this user for. */
  told(user: string, seq: number, at: number, isRead: boolean): Message[] {
    const who = `${isRead}${user}`;
    const before = this.#upTo.get(who) ?? 0;
    this.#upTo.set(who, Math.max(before, seq));
    if (seq > (this.#told.at(-1)?.seq ?? 0)) this.#told.push({ seq, at });
    if (this.#told.length > REMEMBERED) this.#told.shift();
    return [...this.#sent.values()].filter((message) => before < message.seq && message.seq <= seq);
  }

  /** Gives when somebody got a message first, or null when nobody did that I know of. */
  deliveredAt(seq: number): number | null {
    return this.#told.find((each) => each.seq >= seq)?.at ?? null;
  }
}
