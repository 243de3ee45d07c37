/** Finding conversations: what must hold of them, and the query that asks. */

import type { Condition as Plain } from "../wire/types.ts";
import type { Book } from "./book.ts";
import type { Conversation } from "./conversation.ts";
import type { Fields, Inside } from "./inside.ts";
import { camelName } from "./names.ts";

/** What fields are compared with. */
export type Value = string | number | boolean;

/** The server leaves out no more than these. */
const SKIP_MAX = 10_000;

/** A condition as the protocol says it. */
export class Condition {
  /** @internal */
  readonly plain: Plain;

  /** @internal */
  constructor(plain: Plain) {
    this.plain = plain;
  }

  /** Holds where both do. */
  and(other: Condition): Condition {
    return this.#joined("all", other);
  }

  /** Holds where one of them does. */
  or(other: Condition): Condition {
    return this.#joined("any", other);
  }

  /** Holds where this one does not. */
  not(): Condition {
    return new Condition({ is: "not", of: this.plain });
  }

  #joined(is: "all" | "any", other: Condition): Condition {
    const of = [this.plain, other.plain].flatMap((plain) => (plain.is === is ? plain.of : [plain]));
    return new Condition({ is, of });
  }
}

/**
 * Something of a conversation that can be asked for. Values are compared within their kind: a text with texts by their characters,
 * a number with numbers. What is of another kind, or no value at all, is neither equal nor less nor greater.
 */
export interface Field {
  /** It has this value. */
  equal(value: Value): Condition;
  /** It has another value, or none. */
  notEqual(value: Value): Condition;
  less(value: Value): Condition;
  lessOrEqual(value: Value): Condition;
  greater(value: Value): Condition;
  greaterOrEqual(value: Value): Condition;
  /** It has one of these values (up to 100). */
  oneOf(...values: readonly Value[]): Condition;
  /** It has one of these values (up to 100), or is a list with one of them in it. */
  has(...values: readonly Value[]): Condition;
  /** It is a text with this one in it. */
  contains(text: string): Condition;
  startsWith(text: string): Condition;
  endsWith(text: string): Condition;
  /** It is a text in which a regular expression is found; the protocol page tells its grammar. */
  matches(pattern: string, options?: { readonly ignoreCase?: boolean }): Condition;
  /** It has a value that is not null. */
  exists(): Condition;
  /** It has no value, or null. */
  missing(): Condition;
  /** It is a list with this value in it. */
  includes(value: Value): Condition;
}

/**
 * Names something of a conversation: `id`, `name`, `creator`, `kind`, `created_at`, `updated_at`, `last_message_at` (milliseconds since
 * 1970-01-01 UTC), `member_count`, `unique`, `members`, or a value in its attributes by its path, such as `attr.place.city`.
 */
export function field(name: string): Field {
  const make = (is: string, more: object = {}): Condition => new Condition({ is, field: name, ...more } as unknown as Plain);
  const methods: { [name: string]: unknown } = {
    oneOf: (...values: Value[]) => make("one_of", { values }),
    has: (...values: Value[]) => make("has", { values }),
    matches: (pattern: string, { ignoreCase = false } = {}) => make("matches", { pattern, ignore_case: ignoreCase }),
  };
  for (const is of "equal not_equal less less_or_equal greater greater_or_equal includes exists missing contains starts_with ends_with".split(" ")) {
    const given = /with|contains/.test(is) ? "text" : "value";
    methods[camelName(is)] = (value?: Value) => make(is, value === undefined ? {} : { [given]: value });
  }
  return methods as unknown as Field;
}

/** Holds where all of these users (up to 100) are members. */
export function withMembers(...users: readonly string[]): Condition {
  return new Condition({ is: "with_members", users });
}

/** Holds where one of these users (up to 100) at least is a member. */
export function containsMembers(...users: readonly string[]): Condition {
  return new Condition({ is: "contains_members", users });
}

/**
 * A query for conversations; made by `Client.query`. Each of its words gives another query and leaves it as it was.
 *
 * It finds conversations that I am a member of, rooms, and open ones whose ids it names. Without more it finds 10 of them, those
 * with the newest messages first. Iterating over it asks for page after page.
 */
export class ConversationQuery implements AsyncIterable<Conversation> {
  readonly #inside: Inside;
  readonly #book: Book;
  readonly #asked: Fields<"query">;
  readonly #condition: Condition | null;

  /** @internal */
  constructor(inside: Inside, book: Book, asked: Fields<"query"> = {}, condition: Condition | null = null) {
    this.#inside = inside;
    this.#book = book;
    this.#asked = asked;
    this.#condition = condition;
  }

  /** Finds those only for which all of these hold, besides what was asked before. */
  where(...conditions: readonly Condition[]): ConversationQuery {
    const all = this.#condition ? [this.#condition, ...conditions] : conditions;
    const condition = all.length ? all.reduce((one, other) => one.and(other)) : null;
    return this.#with(condition ? { where: condition.plain } : {}, condition);
  }

  /** Sorts by a field, from the lowest up: what was named before counts first, and up to 5 count. Those without a value come first, then texts, then numbers. */
  ascending(by: string): ConversationQuery {
    return this.#with({ sort: [...(this.#asked.sort ?? []), { by }] });
  }

  /** Sorts by a field, from the highest down. */
  descending(by: string): ConversationQuery {
    return this.#with({ sort: [...(this.#asked.sort ?? []), { by, descending: true }] });
  }

  /** Finds so many (1 to 1,000); when iterating, so many at a time. */
  limit(limit: number): ConversationQuery {
    return this.#with({ limit });
  }

  /** Leaves out the first so many (up to 10,000). */
  skip(skip: number): ConversationQuery {
    return this.#with({ skip });
  }

  /** Leaves the members of what is found on the server. */
  compact(): ConversationQuery {
    return this.#with({ compact: true });
  }

  /** Brings `Conversation.lastMessage` of what is found up to date. */
  withLastMessage(): ConversationQuery {
    return this.#with({ withLast: true });
  }

  /** Gives what is found, fewer than asked for where they are large. Throws `Unacceptable` where it means nothing, asks for too much, or takes too long. */
  async find(): Promise<readonly Conversation[]> {
    return (await this.#page(this.#asked)).found;
  }

  /** Gives the first that is found, null when there is none. */
  async first(): Promise<Conversation | null> {
    return (await this.limit(1).find())[0] ?? null;
  }

  /** Goes through all that is found, as far as can be skipped. What changes its place meanwhile may come twice or not at all. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Conversation> {
    for (let skip = this.#asked.skip ?? 0, isDone = false; !isDone; ) {
      const { found, hasMore } = await this.#page({ ...this.#asked, skip });
      yield* found;
      skip += found.length;
      isDone = !hasMore || skip > SKIP_MAX;
    }
  }

  async #page(asked: Fields<"query">): Promise<{ found: Conversation[]; hasMore: boolean }> {
    const { conversations, hasMore } = await this.#inside.ask("query", asked);
    return { found: await Promise.all(conversations.map((view) => this.#book.know(view, !asked.compact))), hasMore };
  }

  #with(asked: Partial<Fields<"query">>, condition = this.#condition): ConversationQuery {
    return new ConversationQuery(this.#inside, this.#book, { ...this.#asked, ...asked }, condition);
  }
}
