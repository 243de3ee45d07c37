/** Answers that come in pages. */

import type { AnswerTo, Fields, Inside, Op } from "./inside.ts";

/** What is asked for page after page. */
type Paged = { [O in Op]: AnswerTo<O> extends { readonly next?: string | undefined } ? O : never }[Op];

/** Gives the answers to an operation, each page when it is wanted. */
export async function* paged<O extends Paged>(inside: Inside, op: O, fields: Omit<Fields<O>, "after">): AsyncGenerator<AnswerTo<O>> {
  let after: string | undefined;
  do {
    const page = await inside.ask(op, { ...fields, after } as unknown as Fields<O>);
    yield page;
    after = page.next;
  } while (after !== undefined);
}

/** Several of something, to be gone through with `for … of`. */
export abstract class Page<T> implements Iterable<T> {
  /** All of them, in their order. */
  readonly messages: readonly T[];

  /** @internal */
  constructor(messages: readonly T[]) {
    this.messages = messages;
  }

  /** How many there are. */
  get length(): number {
    return this.messages.length;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.messages[Symbol.iterator]();
  }
}
