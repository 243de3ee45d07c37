/** Who may do what in a conversation, and what is left there for later. Loaded at the first use. */

import type { Attributes, Sayable } from "./bodies.ts";
import type { Changes, Duration, Member, Role } from "./belonging.ts";
import { asContent } from "./content.ts";
import type { Conversation, WillOptions } from "./conversation.ts";
import type { AnswerTo, Fields } from "./inside.ts";
import type { Late } from "./late.ts";
import type { Message } from "./message.ts";
import { paged } from "./pages.ts";

/** The side of a `Conversation` that is about its members. */
export interface Ruling {
  /**
   * Changes what it is, for everybody. Members who change different paths at the same time both have their way; with `amend`, which
   * adds to a number or changes a list, those who change the same one do, too. Throws `Forbidden` where the rules ask for a higher role.
   */
  update(changes: Changes): Promise<this>;
  /** Gives it another name for all members; an empty one takes it away. */
  setName(name: string): Promise<this>;
  /** Makes users members (up to 1,000 at once). Throws `Forbidden` where the rules ask for a higher role or one of them is blocked, and `LimitReached`. */
  add(...users: string[]): Promise<this>;
  /** Makes members leave. Those who are none are passed over. Throws `Forbidden` where the rules ask for a higher role, or one of them is not below me. */
  remove(...users: string[]): Promise<this>;
  /** Becomes a member of a conversation that is open; of the operator's (`service`), subscribes to it. Throws `Forbidden` where I am blocked. */
  join(): Promise<this>;
  /** Ceases to be a member. An owner is followed by the longest-standing manager, or else member. */
  quit(): Promise<this>;
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
  update: async (inside, chat, changes) => chat.know(await chat.ask("update", { key: inside.newKey(), ...changes } as Partial<Fields<"update">>), false),
  setName: (_, chat, name) => chat.update({ name }),
  add: (_, chat, ...users) => member(chat, "add", { users }),
  remove: (_, chat, ...users) => member(chat, "remove", { users }),
  join: (_, chat) => member(chat, "join"),
  quit: (_, chat) => member(chat, "quit"),
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

async function member<O extends "add" | "remove" | "join" | "quit">(chat: Conversation, op: O, more: object = {}): Promise<Conversation> {
  chat.members = (await chat.ask(op, more)).members;
  return chat;
}

async function restrict(chat: Conversation, what: "blocked" | "silenced", on: boolean, { users, forS }: Duration & { readonly users: string | readonly string[] }): Promise<void> {
  await chat.ask("restrict", { users: [users].flat(), what, on, forS });
}
