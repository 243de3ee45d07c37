/** Facts that few pages hear, as events. Loaded with the first of them. */

import type { Fact } from "../wire/types.ts";
import { changed } from "./attributes.ts";
import { DRAFT } from "./arranging.ts";
import { NOTHING_OF_MINE } from "./belonging.ts";
import type { Conversation, Kept } from "./conversation.ts";
import type { AnyEvent, Changed, KeptChanged, MemberChanged, Restricted } from "./events.ts";
import type { Inside } from "./inside.ts";
import type { Camelled } from "./names.ts";

/** A fact of a kind, with the names of programs. */
type FactOf<Kind extends Fact["kind"]> = Camelled<Extract<Fact, { readonly kind: Kind }>>;

/** What is known around a fact; the conversation where it is about one. */
interface Around {
  readonly inside: Inside;
  readonly conversation: Conversation;
  readonly seq: number;
  readonly at: number;
}

/** Takes over a fact; gives the events that tell of it. */
type Taking<Kind extends Fact["kind"]> = (fact: FactOf<Kind>, around: Around) => readonly AnyEvent[];
type Takings = { readonly [Kind in Fact["kind"]]?: Taking<Kind> };

const OF_KINDS: Takings = {
  changed(fact, { conversation, at }) {
    const { name, joining, rules } = fact;
    if (name !== undefined) conversation.name = name || null;
    conversation.attributes = changed(conversation.attributes, fact.set, fact.unset);
    if (joining) conversation.joining = joining;
    if (rules) conversation.show({ ...conversation, rules });
    conversation.updatedAt = at;
    return [{ ...without(fact), type: "changed", conversation, at } as Changed];
  },
  member_changed(fact, { conversation, at }) {
    const { user, role } = fact;
    if (role && user === conversation.user) conversation.role = role;
    return [{ ...without(fact), type: "memberChanged", conversation, at } as MemberChanged];
  },
  ended(fact, { conversation, at }) {
    Object.assign(conversation, { members: [], role: null, joining: "invited", expiresAt: null });
    return [{ ...without(fact), type: "ended", conversation, at } as AnyEvent];
  },
  level(fact, { conversation, at }) {
    conversation.level = fact.level;
    return [{ ...without(fact), type: "level", conversation, at } as AnyEvent];
  },
  delivered_to: (fact, around) => received(fact, around, false),
  read_by: (fact, around) => received(fact, around, true),
  // Of threads alone: these facts have a `parent`.
  entered({ by, parent = null }, { conversation, at }) {
    conversation.parent = parent;
    conversation.role ??= "member";
    return [{ type: "entered", conversation, by, at, isInvited: by !== conversation.user }];
  },
  exited({ by = null, parent = null }, { conversation, at }) {
    conversation.show({ ...conversation, ...NOTHING_OF_MINE, parent });
    conversation.kept.waiting.mark(false);
    return [{ type: "exited", conversation, by, at, isKicked: by !== null && by !== conversation.user }];
  },
  thread_made: (fact, around) => [ofThread("threadMade", fact, around)],
  thread_renamed: (fact, around) => [ofThread("threadRenamed", fact, around)],
  thread_ended({ message, thread: id, by }, { inside, conversation, at }) {
    return [{ type: "threadEnded", conversation, thread: under(conversation, message, inside.conversation(id)), message, by, at }];
  },
  restricted: (fact, { conversation, at }) => [{ ...without(fact), type: "restricted", conversation, at } as Restricted],
  call_ended: (fact, { inside, at }) => inside._devices?.calls.ended(fact, at) ?? [],
  contact_invited: (fact, { at }) => [{ ...without(fact), type: "contactInvited", at } as AnyEvent],
  contact_agreed: (fact, { at }) => [{ ...without(fact), type: "contactAgreed", at } as AnyEvent],
  contact_declined: (fact, { at }) => [{ ...without(fact), type: "contactDeclined", at } as AnyEvent],
  contact_removed: (fact, { at }) => [{ ...without(fact), type: "contactRemoved", at } as AnyEvent],
  remark_set: (fact, { at }) => [{ ...without(fact), remark: fact.remark ?? null, type: "remarkSet", at } as AnyEvent],
  users_blocked: (fact, { at }) => [{ ...without(fact), type: "usersBlocked", at } as AnyEvent],
  users_unblocked: (fact, { at }) => [{ ...without(fact), type: "usersUnblocked", at } as AnyEvent],
  writing_set: (fact, { at }) => [{ ...without(fact), type: "writingSet", at } as AnyEvent],
  pinned: (_, { conversation, at }) => pinned(conversation, at, at),
  unpinned: (_, { conversation, at }) => pinned(conversation, null, at),
  marked: ({ mark }, { conversation, at }) => marked(conversation, mark, true, at),
  unmarked: ({ mark }, { conversation, at }) => marked(conversation, mark, false, at),
  silenced: ({ silence }, { conversation, at }) => [{ type: "silence", conversation, silence: (conversation.alertSilence = silence), at }],
  unsilenced: (_, { conversation, at }) => [{ type: "silence", conversation, silence: (conversation.alertSilence = null), at }],
  all_silenced: ({ silence }, { at }) => [{ type: "allSilence", silence, at }],
  all_unsilenced: (_, { at }) => [{ type: "allSilence", silence: null, at }],
  conversation_deleted({ historyTo }, { conversation, at }) {
    conversation.pinnedAt = null;
    if (historyTo !== undefined) conversation._forgetUpTo(historyTo);
    return [{ type: "deleted", conversation, withHistory: historyTo !== undefined, at }];
  },
  history_deleted({ seq }, { conversation, at }) {
    conversation._forgetUpTo(seq);
    return [{ type: "historyDeleted", conversation, seq, at }];
  },
  messages_deleted({ messages: seqs }, { conversation, at }) {
    forget(conversation.kept, seqs);
    if (LOST.has(conversation.kept)) void findLast(conversation);
    return [{ type: "messagesDeleted", conversation, seqs, at }];
  },
  object_set: ({ name, key, value = null, isSuperseded }, { inside, seq: revision, at }) =>
    isSuperseded || inside.isOwnKey(key) ? [] : kept(inside, { type: "kept", name, value, revision, isThere: true, at }),
  object_dropped: ({ name, key }, { inside, seq: revision, at }) => (inside.isOwnKey(key) ? [] : kept(inside, { type: "kept", name, revision, isThere: false, at })),
};

/** Deleted messages that are remembered, those with the highest places: none below can be the newest. */
const DELETED_MAX = 1000;

/** What is kept of conversations whose last message I deleted, where that before it has not been found. */
const LOST = new WeakSet<Kept>();

/** Conversations of which it is being asked what was said last; true where more was deleted meanwhile. */
const SOUGHT = new Map<Conversation, boolean>();

/** By the kind of the fact. */
export const TOLD_OF = OF_KINDS as { readonly [kind: string]: ((fact: never, around: Around) => readonly AnyEvent[]) | undefined };

/** What an event says of a fact besides its name. */
function without<F extends { readonly kind: string }>({ kind: _, ...fact }: F): Omit<F, "kind"> {
  return fact;
}

function received(fact: FactOf<"delivered_to" | "read_by">, { conversation, at }: Around, isRead: boolean): readonly AnyEvent[] {
  const messages = conversation.kept.sent.told(fact.user, fact.seq, at, isRead);
  return (messages.length ? messages : [null]).map((message) => ({ ...without(fact), type: "receipt", at, message, seq: message?.seq ?? fact.seq, isRead, conversation }) as AnyEvent);
}

/** Has a thread say what it is under. */
function under({ id }: Conversation, message: number, thread: Conversation): Conversation {
  thread.parent = { conversation: id, message };
  return thread;
}

function ofThread(type: "threadMade" | "threadRenamed", { message, thread: id, by, name }: FactOf<"thread_made" | "thread_renamed">, { inside, conversation, at }: Around): AnyEvent {
  const thread = under(conversation, message, inside.conversation(id));
  thread.name = name ?? null;
  return { type, conversation, thread, message, by, name: thread.name, at };
}

function forget(kept: Kept, seqs: readonly number[]): void {
  kept._deleted = [...new Set([...kept._deleted, ...seqs])].sort((one, other) => one - other).slice(-DELETED_MAX);
  if (!kept.newest) return;
  LOST.delete(kept);
  if (!seqs.includes(kept.newest.seq)) return;
  kept.newest = null;
  LOST.add(kept);
}

/** Asks what was said last, where it was deleted, and tells when it is known; once for what comes together. */
async function findLast(conversation: Conversation): Promise<void> {
  const isBeingAsked = SOUGHT.has(conversation);
  SOUGHT.set(conversation, isBeingAsked);
  if (isBeingAsked) return;
  do {
    SOUGHT.set(conversation, false);
    // What is refused is asked again when more is deleted, unless something is said or the server tells.
    const found = await conversation.history({ limit: 1 }).catch(() => null);
    for (const message of found ?? []) conversation.came(message);
    if (found && !found.messages.length) LOST.delete(conversation.kept);
  } while (SOUGHT.get(conversation) && !conversation.lastMessage);
  SOUGHT.delete(conversation);
  const { unread, unreadMentions: mentions, lastMessage: last } = conversation;
  conversation._inside.emitter.emit({ type: "unread", conversation, unread, mentions, last });
}

function pinned(conversation: Conversation, pinnedAt: number | null, at: number): readonly AnyEvent[] {
  conversation.pinnedAt = pinnedAt;
  return [{ type: "pinned", conversation, isPinned: pinnedAt !== null, at }];
}

function marked(conversation: Conversation, mark: string, isOn: boolean, at: number): readonly AnyEvent[] {
  const others = conversation.marks.filter((each) => each !== mark);
  conversation.marks = isOn ? [...others, mark] : others;
  return [{ type: "marked", conversation, mark, isOn, at }];
}

function kept(inside: Inside, changed: KeptChanged): readonly AnyEvent[] {
  const { name, value = null, revision, at } = changed;
  if (!name.startsWith(DRAFT)) return [changed];
  return [changed, { type: "draft", conversation: inside.conversation(name.slice(DRAFT.length)), value, revision, at }];
}
