/** Pages of a conversation's history. */

import type { Conversation } from "./conversation.ts";
import type { Message } from "./message.ts";
import { Page } from "./pages.ts";

/** Which messages: those for which all of this holds. What names a place or a time leaves that one out. */
export interface PageFilter {
  /** Placed earlier than this; milliseconds since 1970-01-01 UTC, and so is `afterAt`. */
  readonly beforeAt?: number;
  readonly afterAt?: number;
  /** With a content of this type. */
  readonly type?: number;
  /** `older` begins at the newest of them, `newer` at the oldest; that is the default where a beginning is given and no end. */
  readonly direction?: "older" | "newer";
}

/** Which messages of a conversation to read. */
export interface HistoryOptions extends PageFilter {
  /** How many at most, 1 to 1,000; 20 unless told. */
  readonly limit?: number;
  /** With a lower seq. */
  readonly before?: number;
  /** With a higher seq. */
  readonly after?: number;
}

/** How to go through a history. */
export interface PageOptions extends PageFilter {
  /** How many messages at a time, 1 to 1,000; 20 unless told. */
  readonly page?: number;
}

/** Messages in rising order; go through them with `for (const message of page)`. */
export class HistoryPage extends Page<Message> {
  /** Whether there are no more in the direction asked for. */
  readonly done: boolean;
  /** Whether older ones than these were asked for, too, and its operator lets the server keep them no longer. */
  readonly trimmed: boolean;

  /** @internal */
  constructor(messages: readonly Message[], done: boolean, trimmed: boolean) {
    super(messages);
    this.done = done;
    this.trimmed = trimmed;
  }
}

/** Gives pages that have messages, each older than the one before or each newer. */
export async function* pages(conversation: Conversation, { page: limit = 20, direction = "older", ...filter }: PageOptions): AsyncGenerator<HistoryPage> {
  let from: HistoryOptions = {};
  for (let isDone = false; !isDone; ) {
    const page = await conversation.history({ ...filter, ...from, limit, direction });
    const { messages } = page;
    isDone = page.done || !messages.length;
    if (messages.length) yield page;
    from = direction === "newer" ? { after: messages.at(-1)?.seq ?? 0 } : { before: messages[0]?.seq ?? 0 };
  }
}
