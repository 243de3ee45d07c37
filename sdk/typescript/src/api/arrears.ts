/** What waits for me: how much, and the messages themselves. */

import type { Book } from "./book.ts";
import type { Conversation } from "./conversation.ts";
import { UnisonoError } from "./errors.ts";
import type { AnswerTo, Inside } from "./inside.ts";
import { paged } from "./pages.ts";
import type { UnreadTotal } from "./unread.ts";

const PAGE = 500;

/** Asks for what waits, page by page, and has it told. */
export class Arrears {
  readonly #inside: Inside;
  readonly #book: () => Book;
  readonly #recounting = new Set<Conversation>();

  constructor(inside: Inside, book: () => Book) {
    this.#inside = inside;
    this.#book = book;
  }

  /** Takes over a page of counts. */
  async take(page: AnswerTo<"unread">, isTold = true): Promise<void> {
    for (const waiting of page.conversations) await this.#book().count(waiting, isTold);
  }

  /** Asks how much waits, and tells it of each conversation. */
  async count(): Promise<UnreadTotal> {
    let total: UnreadTotal | null = null;
    for await (const page of paged(this.#inside, "unread", { limit: PAGE })) {
      total ??= { messages: page.total, mentions: page.mentions };
      await this.take(page);
    }
    return total as UnreadTotal; // there is a first page
  }

  /** Asks again how much waits in a conversation; once for what comes together. */
  async recount(conversation: Conversation): Promise<void> {
    if (this.#recounting.has(conversation)) return;
    this.#recounting.add(conversation);
    await null;
    // What changes from here on is asked for by another.
    this.#recounting.delete(conversation);
    const { head, id } = conversation;
    try {
      const page = await this.#inside.ask("unread", { conversation: id });
      if (!page.conversations.length) this.#book()._nothingWaits(conversation, head);
      await this.take(page);
    } catch (fault) {
      // The count stays as it is; the next mark that moves brings another.
      if (!(fault instanceof UnisonoError)) throw fault;
    }
  }

  /** Asks for the newest messages that wait in each conversation, and tells them. */
  async fetch(): Promise<void> {
    for await (const page of paged(this.#inside, "missed", {})) {
      for (const missed of page.conversations) await this.#book().missed(missed);
    }
  }
}
