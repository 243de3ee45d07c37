/** What waits for me: how much, and the messages themselves. */

import type { Book } from "./book.ts";
import type { Conversation } from "./conversation.ts";
import { UnisonoError } from "./errors.ts";
import type { AnswerTo, Inside } from "./inside.ts";
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

  /** Takes over a page of counts, and asks for those that follow it. */
  async take(page: AnswerTo<"unread">, isTold = true): Promise<void> {
    for (let next: AnswerTo<"unread"> | null = page; next; ) {
      for (const waiting of next.conversations) await this.#book().count(waiting, isTold);
      const after: string | undefined = next.next;
      next = after === undefined ? null : await this.#inside.ask("unread", { after, limit: PAGE });
    }
  }

  /** Asks how much waits, and tells it of each conversation. */
  async count(): Promise<UnreadTotal> {
    const page = await this.#inside.ask("unread", { limit: PAGE });
    await this.take(page);
    return { messages: page.total, mentions: page.mentions };
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
      if (!page.conversations.length) this.#book().nothingWaits(conversation, head);
      await this.take(page);
    } catch (fault) {
      // The count stays as it is; the next mark that moves brings another.
      if (!(fault instanceof UnisonoError)) throw fault;
    }
  }

  /** Asks for the newest messages that wait in each conversation, and tells them. */
  async fetch(): Promise<void> {
    let after: string | undefined;
    do {
      const page = await this.#inside.ask("missed", { after });
      for (const missed of page.conversations) await this.#book().missed(missed);
      after = page.next;
    } while (after !== undefined);
  }
}
