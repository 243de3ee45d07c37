/** Finding messages by their words. */

import type { Book } from "./book.ts";
import type { Fields, Inside } from "./inside.ts";
import type { Message } from "./message.ts";
import { Page } from "./pages.ts";

/** Messages that were found, the newest first; go through them with `for (const message of page)`. */
export class SearchPage extends Page<Message> {
  /** Where the following page begins, null on the last. */
  readonly next: string | null;

  /** @internal */
  constructor(messages: readonly Message[], next: string | null) {
    super(messages);
    this.next = next;
  }

  /** Whether there are no more. */
  get done(): boolean {
    return this.next === null;
  }
}

/** A search for messages; made by `Client.search`. Iterating over it gives one after the other, the newest first. */
export class MessageSearch implements AsyncIterable<Message> {
  readonly #inside: Inside;
  readonly #book: Book;
  readonly #asked: Fields<"search">;

  /** @internal */
  constructor(inside: Inside, book: Book, asked: Fields<"search">) {
    this.#inside = inside;
    this.#book = book;
    this.#asked = asked;
  }

  /** Gives the first page, or that which follows another one: `after` is the `next` of it. Throws `Unacceptable` where there is no word in the text, or more than 20, or it takes longer than a search may. */
  async page(after: string | null = null): Promise<SearchPage> {
    const { messages, next = null } = await this.#inside.ask("search", { ...this.#asked, ...(after === null ? {} : { after }) });
    return new SearchPage(await Promise.all(messages.map((one) => this.#book.conversation(one.conversation)._ofHistory(one))), next);
  }

  /** Goes through all that is found. What changes meanwhile is found as it is when its page is asked for. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Message> {
    let after: string | null = null;
    do {
      const page: SearchPage = await this.page(after);
      yield* page;
      after = page.next;
    } while (after !== null);
  }
}
