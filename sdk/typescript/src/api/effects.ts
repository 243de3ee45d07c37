/** What a conversation learns from each fact, and what the event of the fact says besides. */

import type { Fact } from "../wire/types.ts";
import { NOTHING_OF_MINE } from "./belonging.ts";
import type { Conversation } from "./conversation.ts";
import { gone } from "./conversation.ts";
import { Message } from "./message.ts";
import type { Camelled } from "./names.ts";

/** A fact of a kind, with the names of programs. */
type FactOf<Kind extends Fact["kind"]> = Camelled<Extract<Fact, { readonly kind: Kind }>>;

/** What an effect can do besides. */
export interface Ways {
  /** Tells an event of the fact, which says this besides. */
  tell(more: object): void;
  /** Tells how much waits in the conversation. */
  unread(): void;
  /** Has the server count again what waits in it. */
  recount(): void;
}

/** Takes over a fact; gives what its event says besides, or false where none is told. */
export type Effect<Kind extends Fact["kind"]> = (conversation: Conversation, fact: FactOf<Kind>, place: { readonly seq: number; readonly at: number }, ways: Ways) => object | false;

type Effects = { readonly [Kind in Fact["kind"]]?: Effect<Kind> };

/** What is learned from a conversation's stream. */
export const OF_CONVERSATION: Effects = {
  created(conversation, { of, by, members = [], ...shown }, { at }) {
    const { user, role, updatedAt } = conversation;
    const isOwner = by === user && !/^(direct|service|thread)$/.test(of);
    conversation.show({ ...conversation, ...shown, of, creator: by, createdAt: at, updatedAt: updatedAt ?? at, role: isOwner ? "owner" : role });
    if (!conversation.members.length) conversation.members = members;
    return {};
  },
  joined(conversation, { users }, { seq }) {
    conversation.members = [...new Set([...conversation.members, ...users])];
    if (users.includes(conversation.user)) conversation.kept.waiting.joined(seq);
    return {};
  },
  left(conversation, { users }) {
    conversation.members = conversation.members.filter((user) => !users.includes(user));
    // My own leaving is told by my own stream.
    return !users.includes(conversation.user) && {};
  },
  revised(conversation, { message: seq, by, content, mentions = [], mentionAll = false }, place, ways) {
    const known = newestAt(conversation, seq, place.seq);
    if (known) {
      const { body: _, ...said } = known.said;
      conversation.kept.newest = new Message(conversation, seq, known.at, { ...said, content, mentions, mentionAll, revision: place.seq, revisedAt: place.at }, known.reactions);
    }
    doubt(conversation, { seq, by, callsMe: mentionAll || mentions.includes(conversation.user) }, ways);
    return { seq, mentions, mentionAll };
  },
  recalled(conversation, { message: seq, by }, place, ways) {
    const known = newestAt(conversation, seq, place.seq);
    if (known) conversation.kept.newest = gone(known, place.seq, place.at);
    doubt(conversation, { seq, by, callsMe: false }, ways);
    return { seq };
  },
  reacted: (_, { message: seq }) => ({ seq }),
};

/** What is learned from my own stream. */
export const MINE: Effects = {
  entered(conversation, { by }) {
    conversation.role ??= "member";
    return { isInvited: by !== conversation.user };
  },
  exited(conversation, { by = null }) {
    conversation.show({ ...conversation, ...NOTHING_OF_MINE });
    conversation.kept.waiting.mark(false);
    return { by, isKicked: by !== null && by !== conversation.user };
  },
  made(conversation, { of }) {
    conversation.of = of;
    return { by: (conversation.creator = conversation.user) };
  },
  read(conversation, { seq: read, head: asOf, unread = 0, mentions = 0 }, _, { tell, unread: tellUnread }) {
    conversation._reached(0, read);
    conversation.kept.waiting.counted({ unread, mentions, asOf, read });
    conversation.kept.waiting.mark(false);
    tell({});
    tellUnread();
    return false;
  },
  marked_unread(conversation, _, __, { unread }) {
    conversation.kept.waiting.mark(true);
    unread();
    return false;
  },
  session_opened: () => ({}),
  session_ended: () => ({}),
};

/** Gives the newest message where it is the one at a place and no later change of it is known. */
function newestAt({ kept: { newest } }: Conversation, place: number, seq: number): Message | null {
  return newest && newest.seq === place && (newest.revision ?? 0) < seq ? newest : null;
}

/** Whom a message called before is not told, so whoever may have been called asks. */
function doubt(conversation: Conversation, { seq, by, callsMe }: { readonly seq: number; readonly by: string; readonly callsMe: boolean }, { recount }: Ways): void {
  if (seq > conversation.read && by !== conversation.user && (callsMe || conversation.unreadMentions)) recount();
}
