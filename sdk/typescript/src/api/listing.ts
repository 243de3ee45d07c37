/** All conversations of mine, in order, and how much I want to hear of them. Loaded at the first use. */

import type { Conversation } from "./conversation.ts";
import type { AnswerTo, Inside } from "./inside.ts";
import type { Late } from "./late.ts";
import { paged } from "./pages.ts";
import type { Silence } from "./silences.ts";

/** The side of a `Client` that is about all its conversations. */
export interface Listing {
  /**
   * Goes through my conversations, the oldest first, `page` (1 to 1,000, 100 unless told) at a time; member lists are not loaded. Or through
   * those that are `pinned`, the last one first; of either through those with a `mark` alone.
   */
  conversations(options?: { readonly page?: number; readonly pinned?: boolean; readonly mark?: string }): AsyncGenerator<Conversation>;
  /**
   * Goes through the threads that I am in, of all my groups, the oldest first, `page` (1 to 1,000, 100 unless told) at a time;
   * `conversations` does not list them, `Conversation.threads` lists those of one group. Member lists are not loaded.
   */
  threads(options?: { readonly page?: number }): AsyncGenerator<Conversation>;
  /**
   * Be alerted of `mentions` alone, or of `none` (unless told), in all my conversations, on all my sessions; the times are those of
   * `Conversation.silenceAlerts`. Where a conversation has a silence or a level of its own, the quieter one counts. Messages come as
   * before. Throws `Unacceptable` where it would be over already, or there is no such time zone.
   */
  silenceAll(silence?: Silence): Promise<void>;
  /** Lifts the silence of all my conversations; those of single ones stay. No silence is no error. */
  unsilenceAll(): Promise<void>;
  /** Asks when I want to hear less of all my conversations, null for never; `allSilence` events tell what it becomes. */
  silenceOfAll(): Promise<Silence | null>;
}

/** Asks the server. */
export const LISTING: Late<Listing, unknown> = {
  async *conversations(inside, _, { page: limit = 100, ...which } = {}) {
    const asked = { limit, ...which };
    yield* which.pinned ? pinned(inside, asked) : known(inside, paged(inside, "conversations", asked));
  },
  threads: (inside, _, { page: limit = 100 } = {}) => known(inside, paged(inside, "threads", { limit })),
  silenceAll: async (inside, _, silence = {}) => void (await inside.ask("silence_all", silence)),
  unsilenceAll: async (inside) => void (await inside.ask("unsilence_all", {})),
  silenceOfAll: async (inside) => (await inside.ask("silence_of_all", {})).silence ?? null,
};

type Pages = AsyncIterable<AnswerTo<"conversations">>;

async function* known(inside: Inside, pages: Pages): AsyncGenerator<Conversation> {
  for await (const { conversations } of pages) for (const view of conversations) yield inside.conversation(view.conversation).know(view, false);
}

/** Where the one that a page ended with is pinned no more, the server cannot go on behind it: they are listed anew, each is given once. */
async function* pinned(inside: Inside, asked: { readonly limit: number; readonly mark?: string; readonly pinned?: boolean }): AsyncGenerator<Conversation> {
  const seen = new Set<string>();
  for (let after: string | undefined, isLast = false; !isLast; ) {
    const page = await inside.ask("conversations", { ...asked, after }).catch((fault: { readonly code?: string }) => {
      if (after === undefined || fault.code !== "invalid") throw fault;
      return { conversations: [], next: "" }; // the beginning
    });
    for (const view of page.conversations) if (!seen.has(view.conversation)) yield inside.conversation(view.conversation).know(view, false);
    for (const { conversation } of page.conversations) seen.add(conversation);
    isLast = page.next === undefined;
    after = page.next || undefined;
  }
}
