/** Threads: conversations under the messages of a group. Loaded at the first use. */

import type { Conversation } from "./conversation.ts";
import type { Late } from "./late.ts";
import { paged } from "./pages.ts";

/** The side of a `Conversation` that is about the threads under its messages. */
export interface Threading {
  /**
   * Begins the thread under a message of this group, by its seq, or joins the one that is there: of two who begin it at the same time
   * both get the same. A name has up to 256 characters. Throws `NotFound` where I am not in the group, or no such message is there;
   * `Forbidden` where it is no group, I am silenced in it, or the thread is over, for none begins there again; `LimitReached`.
   */
  createThread(message: number, name?: string): Promise<Conversation>;
  /**
   * Goes through the threads of this group that are not over, the oldest first, `page` (1 to 1,000, 100 unless told) at a time. Those that
   * I am in say so by my `role`, any may be joined; member lists are not loaded. Throws `NotFound` where I am not in the group.
   */
  threads(options?: { readonly page?: number }): AsyncGenerator<Conversation>;
}

/** Asks the server. */
export const THREADING: Late<Threading, Conversation> = {
  async createThread(inside, chat, message, name) {
    const view = await chat.ask("create_thread", { message, name });
    const thread = inside.conversation(view.conversation).know(view);
    return view.role ? thread : thread.join();
  },
  async *threads(inside, { id: conversation }, { page: limit = 100 } = {}) {
    for await (const { conversations } of paged(inside, "threads", { conversation, limit })) {
      for (const view of conversations) yield inside.conversation(view.conversation).know(view, false);
    }
  },
};
