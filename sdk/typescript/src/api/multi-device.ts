/** What another session of mine did, by the names that such events have elsewhere. */

import type { Fact } from "../wire/types.ts";
import type { Camelled } from "./names.ts";

/** A fact as programs see it; there may be kinds that this SDK does not know. */
export type KnownFact = Camelled<Fact>;

/** Names that other services use for more than one operation. */
export const ALIASES: { readonly [operation: string]: string } = { history_deleted: "deleteRoaming", messages_deleted: "deleteRoaming", conversation_deleted_on_server: "deleteRoaming" };

const OPERATIONS: { readonly [kind: string]: string } = {
  pinned: "pinnedConversation",
  unpinned: "unpinnedConversation",
  marked: "markConversation",
  unmarked: "unMarkConversation",
  silenced: "setSilentModeForConversation",
  unsilenced: "removeSilentModeForConversation",
  all_silenced: "setSilentModeForUser",
  all_unsilenced: "all_unsilenced",
  history_deleted: "history_deleted",
  messages_deleted: "messages_deleted",
};

/** What is told of threads, of which others may have done it. */
const OF_THREADS: { readonly [kind: string]: string } = {
  thread_made: "chatThreadCreate",
  thread_renamed: "chatThreadNameUpdate",
  thread_ended: "chatThreadDestroy",
  entered: "chatThreadJoin",
  exited: "chatThreadLeave",
};

/** Gives the name of the operation of a user's that left a fact; null where it is told by other events alone. */
export function operationOf(fact: KnownFact, user: string): string | null {
  if (fact.kind === "member_changed") return fact.user === user && fact.by === user && fact.attributes ? "memberAttributesUpdate" : null;
  if (fact.kind === "conversation_deleted") return fact.historyTo === undefined ? "deleteConversation" : "conversation_deleted_on_server";
  // Who begins a thread does not join it besides.
  if (fact.kind === "entered" && fact.seq === 1) return null;
  const { by } = fact as { readonly by?: string };
  return OPERATIONS[fact.kind] ?? (by === user ? OF_THREADS[fact.kind] : null) ?? null;
}
