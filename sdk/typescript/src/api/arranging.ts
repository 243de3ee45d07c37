/** How I arrange a conversation, and what I have begun to write there: the same on all my sessions, and mine alone. Loaded at the first use. */

import type { Level } from "./belonging.ts";
import type { Json } from "./bodies.ts";
import type { Conversation } from "./conversation.ts";
import type { KeptValue } from "./kept.ts";
import { KEPT } from "./keeping.ts";
import type { Late } from "./late.ts";
import type { Expecting } from "./objects.ts";
import type { Silence } from "./silences.ts";

/** A place behind all that there is. */
const END = Number.MAX_SAFE_INTEGER;
/** How the names of kept values begin that are drafts; the conversation's id follows. */
export const DRAFT = "draft/";

/** The side of a `Conversation` that is mine alone, on all my sessions. */
export interface Arranging {
  /** Has it stand above others. Throws `NotFound` where I am no member, `LimitReached` where 100 are pinned. */
  pin(): Promise<void>;
  /** Has it stand among the others again. One that is not pinned is no error. */
  unpin(): Promise<void>;
  /** Puts a mark of mine to it (1 to 64 characters), beside those that it has. Throws `NotFound`, and `LimitReached` where it has 20. */
  mark(name: string): Promise<void>;
  /** Takes a mark of mine away. One that it does not have is no error. */
  unmark(name: string): Promise<void>;
  /** Be alerted of `all` messages, of those that mention me, or of `none`, on all my sessions. Messages come as before. */
  setLevel(level: Level): Promise<void>;
  /** Be alerted of nothing; I stay a member. */
  mute(): Promise<void>;
  /** Be alerted of all messages again. */
  unmute(): Promise<void>;
  /**
   * Be alerted of `mentions` alone, or of `none` (unless told): for good, or `until` an instant (milliseconds since 1970-01-01 UTC), and
   * with `windows` (up to 10) only within one of them. Messages come as before: this is for push notifications and for what a program
   * shows. Throws `NotFound`; `Unacceptable` where it would be over already, or there is no such time zone.
   */
  silenceAlerts(silence?: Silence): Promise<void>;
  /** Be alerted as my level says again. No silence is no error. */
  unsilenceAlerts(): Promise<void>;
  /**
   * Takes it from my lists, on all my sessions, until something is said in it or I pin it; I stay a member. All of it counts as read.
   * With the history what was said is deleted for me, too; all others keep it. Throws `NotFound`.
   */
  delete(options?: { readonly withHistory?: boolean }): Promise<void>;
  /** Has what was said up to a seq, or so far, shown to me no more, on all my sessions; all others keep it. It counts as read. Throws `NotFound`. */
  deleteHistory(upTo?: number): Promise<void>;
  /**
   * Has messages, up to 100 by their seqs, shown to me no more, on all my sessions; all others keep them. None of them counts as unread any
   * more, and those deleted already are no error. Throws `NotFound` where I am no member, or one of them is no message; `LimitReached` where
   * I deleted 10,000 one by one.
   */
  deleteMessages(seqs: readonly number[]): Promise<void>;
  /** Asks for what I have begun to write here, on whichever session; null for nothing. */
  unsent(): Promise<KeptValue | null>;
  /**
   * Keeps what I have begun to write, a text or anything JSON can carry; gives its revision. My other sessions and tabs hear a `draft` event.
   * With `expect` only where that is its revision now, 0 for none. Throws `Conflict`, `Unacceptable`, `LimitReached`.
   */
  keepUnsent(value: Json, expecting?: Expecting): Promise<number>;
  /** Keeps nothing of it any more: it was sent, or given up. Nothing there is no error, unless `expect` says so. Throws `Conflict`. */
  dropUnsent(expecting?: Expecting): Promise<void>;
}

/** Asks the server. */
export const ARRANGING: Late<Arranging, Conversation> = {
  pin: async (_, chat) => void (await chat.ask("pin")),
  unpin: async (_, chat) => void (await chat.ask("unpin")),
  mark: async (_, chat, mark) => void (await chat.ask("mark", { mark })),
  unmark: async (_, chat, mark) => void (await chat.ask("unmark", { mark })),
  setLevel: (_, chat, level) => leveled(chat, level),
  mute: (_, chat) => leveled(chat, "none"),
  unmute: (_, chat) => leveled(chat, "all"),
  async silenceAlerts(_, chat, silence = {}) {
    await chat.ask("silence", silence);
    chat.alertSilence = silence;
  },
  async unsilenceAlerts(_, chat) {
    await chat.ask("unsilence");
    chat.alertSilence = null;
  },
  delete: async (_, chat, { withHistory } = {}) => void (await chat.ask("delete_conversation", { withHistory })),
  deleteHistory: async (_, chat, upTo = END) => void (await chat.ask("delete_history", { upTo })),
  deleteMessages: async (_, chat, messages) => void (await chat.ask("delete_messages", { messages })),
  unsent: (inside, chat) => KEPT.get(inside, chat, DRAFT + chat.id),
  keepUnsent: (inside, chat, value, expecting) => KEPT.set(inside, chat, DRAFT + chat.id, value, expecting),
  dropUnsent: (inside, chat, expecting) => KEPT.delete(inside, chat, DRAFT + chat.id, expecting),
};

async function leveled(chat: Conversation, level: Level): Promise<void> {
  await chat.ask("level", { level });
  chat.level = level;
}
