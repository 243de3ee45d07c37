/** Who may do what in a conversation, and what is left there for later. Loaded at the first use. */

import type { Attributes, Sayable } from "./bodies.ts";
import type { Duration, Member, Role } from "./belonging.ts";
import { asContent } from "./content.ts";
import type { Conversation, WillOptions } from "./conversation.ts";
import type { AnswerTo, Fields } from "./inside.ts";
import type { Late } from "./late.ts";
import type { Message } from "./message.ts";
import { paged } from "./pages.ts";

/** The side of a `Conversation` that is about its members. */
export interface Ruling {
  /** Goes through members by user id, `page` (1 to 1,000) at a time; or those of them who `muted` it, or users who are `blocked` or `silenced`. */
  roll(who?: "members" | "muted" | "blocked" | "silenced", page?: number): AsyncGenerator<Member>;
  /** Ends it for all its members; what was said stays readable to them. Throws `Forbidden` where I am not its owner; of a thread, where I neither began it nor manage or own the group. */
  dissolve(): Promise<void>;
  /** Gives the number of members on the server; of a room, how many people are there now. */
  count(): Promise<number>;
  /** Gives a member another role, or other attributes in place of those they have. Making another the `owner` hands over. Throws `NotFound` where the user is no member, and `Forbidden`. */
  setMember(user: string, change: { readonly role?: Role; readonly attributes?: Attributes }): Promise<void>;
  /** Makes users leave and keeps them out; also users who are no members. */
  block(users: string | readonly string[], duration?: Duration): Promise<void>;
  /** Lets blocked users be members again; they are none by that. */
  unblock(users: string | readonly string[]): Promise<void>;
  /** Lets users say nothing: they may neither send, edit, react nor type. */
  silence(users: string | readonly string[], duration?: Duration): Promise<void>;
  /** Lets silenced users speak again. */
  unsilence(users: string | readonly string[]): Promise<void>;
  /** Gives the members who muted it. */
  muted(): Promise<readonly string[]>;
  /**
   * Leaves a message that the server sends here for me if my session is lost. A session has one at most: a later one, here or
   * elsewhere, takes its place. The end of the last tab counts as a loss, signing out does not. Gives the key that the message will have.
   */
  leaveWill(content: Sayable, options?: WillOptions): Promise<string>;
  /** Asks who got and who read a message of mine; see `Message.receipts`. */
  receipts(message: Message): Promise<AnswerTo<"receipts">>;
}

/** Asks the server. */
export const RULING: Late<Ruling, Conversation> = {
  async *roll(inside, { id: conversation }, who = "members", limit = 100) {
    for await (const { members } of paged(inside, "members", { conversation, who, limit })) for (const member of members) yield { role: "member", ...member } as Member;
  },
  dissolve: async (_, chat) => void (await chat.ask("dissolve")),
  count: async (_, chat) => (await chat.ask("count")).users,
  setMember: async (_, chat, user, change) => void (await chat.ask("set_member", { user, ...change } as Partial<Fields<"set_member">>)),
  block: (_, chat, users, duration) => restrict(chat, "blocked", true, { users, ...duration }),
  unblock: (_, chat, users) => restrict(chat, "blocked", false, { users }),
  silence: (_, chat, users, duration) => restrict(chat, "silenced", true, { users, ...duration }),
  unsilence: (_, chat, users) => restrict(chat, "silenced", false, { users }),
  async muted(_, chat) {
    const users: string[] = [];
    for await (const { user } of chat.roll("muted")) users.push(user);
    return users;
  },
  async leaveWill(inside, chat, content, options = {}) {
    const key = inside.newKey();
    await chat.ask("will", { key, content: asContent(content), ...options } as Partial<Fields<"will">>);
    return key;
  },
  receipts: (_, chat, message) => chat.ask("receipts", { message: message.seq }),
};

async function restrict(chat: Conversation, what: "blocked" | "silenced", on: boolean, { users, forS }: Duration & { readonly users: string | readonly string[] }): Promise<void> {
  await chat.ask("restrict", { users: [users].flat(), what, on, forS });
}
