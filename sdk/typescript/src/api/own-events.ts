/** What I did on whichever session, told by name. Instants are milliseconds since 1970-01-01 UTC. */

import type { Json } from "./bodies.ts";
import type { Writing } from "./contacts.ts";
import type { Conversation } from "./conversation.ts";
import type { KnownFact } from "./multi-device.ts";
import type { Silence } from "./silences.ts";

interface Of<Type extends string> {
  readonly type: Type;
  readonly conversation: Conversation;
}

/** I want to see a conversation above others, or among them again, on all my sessions. */
export interface PinnedChanged extends Of<"pinned"> {
  readonly isPinned: boolean;
  readonly at: number;
}

/** I put a mark of mine to a conversation, or took it away (not `isOn`), on all my sessions. */
export interface MarkChanged extends Of<"marked"> {
  readonly mark: string;
  readonly isOn: boolean;
  readonly at: number;
}

/** I want to hear less of a conversation, or as much as before (null), on all my sessions. */
export interface SilenceChanged extends Of<"silence"> {
  readonly silence: Silence | null;
  readonly at: number;
}

/** I want to hear less of all my conversations, or as much as before (null), on all my sessions. */
export interface AllSilenceChanged {
  readonly type: "allSilence";
  readonly silence: Silence | null;
  readonly at: number;
}

/** I took a conversation from my lists until something is said in it, on all my sessions. */
export interface Deleted extends Of<"deleted"> {
  readonly withHistory: boolean;
  readonly at: number;
}

/** What was said in a conversation up to `seq` is shown to me no more, on all my sessions. */
export interface HistoryDeleted extends Of<"historyDeleted"> {
  readonly seq: number;
  readonly at: number;
}

/** Messages of a conversation, by their seqs, are shown to me no more, on all my sessions. */
export interface MessagesDeleted extends Of<"messagesDeleted"> {
  readonly seqs: readonly number[];
  readonly at: number;
}

/** Another session or tab of mine has begun to write something else in a conversation; null for nothing any more. */
export interface DraftChanged extends Of<"draft"> {
  readonly value: Json;
  readonly revision: number;
  readonly at: number;
}

/**
 * Another session of mine did something, by its `operation`; what this one does, in whichever tab, is not told here. The guide lists the
 * operations; an `alias` is the name elsewhere of one that shares it with others. There will be more: pass over those you do not know.
 * `by` is me, `conversation` is null where it is about none, and `fact` tells the details.
 */
export interface MultiDevice {
  readonly type: "multiDevice";
  readonly operation: string;
  readonly alias: string | null;
  readonly conversation: Conversation | null;
  readonly by: string;
  readonly at: number;
  readonly fact: KnownFact;
}

interface OfContact<Type extends string> {
  readonly type: Type;
  readonly user: string;
  /** Who did it: me, on whichever of my sessions, or the other. */
  readonly by: string;
  readonly at: number;
}

/** I asked `user` to be my contact, or was asked by them. */
export interface ContactInvited extends OfContact<"contactInvited"> {
  readonly message?: string;
}

/** `user` is my contact: `by` accepted, or invited back. */
export type ContactAgreed = OfContact<"contactAgreed">;
/** `by` declined the invitation. */
export type ContactDeclined = OfContact<"contactDeclined">;
/** `user` is no contact of mine any more, or an invitation was withdrawn. */
export type ContactRemoved = OfContact<"contactRemoved">;

/** I noted something about my contact `user`; null for nothing any more. */
export interface RemarkSet extends OfContact<"remarkSet"> {
  readonly remark: string | null;
}

/** I hear nothing from users any more; invitations of theirs are gone. */
export interface UsersBlocked extends Omit<OfContact<"usersBlocked">, "user"> {
  readonly users: readonly string[];
}

/** I said who may write to me, on whichever of my sessions. */
export interface WritingSet extends Omit<OfContact<"writingSet">, "user"> {
  readonly writing: Writing;
}

/** I hear from users again. */
export interface UsersUnblocked extends Omit<OfContact<"usersUnblocked">, "user"> {
  readonly users: readonly string[];
}
