/** Beginning conversations of each kind. */

import type { RuleSet } from "./belonging.ts";
import type { Attributes } from "./bodies.ts";
import type { Book } from "./book.ts";
import type { Conversation } from "./conversation.ts";
import type { Fields, Inside } from "./inside.ts";

/** What any conversation may have from the beginning. */
export interface RoomOptions {
  /** Shown to people, up to 256 characters; not unique. */
  readonly name?: string;
  /** The application's own, up to 16 KiB as JSON. */
  readonly attributes?: Attributes;
  /** Keeps what is said there, for whoever knows the id. */
  readonly keepsHistory?: boolean;
}

/** What a group may have from the beginning. */
export interface GroupOptions extends Omit<RoomOptions, "keepsHistory"> {
  /** `open` lets in whoever knows the id; else members are invited. */
  readonly joining?: "invited" | "open";
  /** The least role for each thing. */
  readonly rules?: Partial<RuleSet>;
  /** Give back the one that exactly these members have already, if there is one: so unless told otherwise. */
  readonly unique?: boolean;
}

/** What a temporary conversation may have from the beginning. */
export interface TemporaryOptions extends Omit<GroupOptions, "unique"> {
  /** Seconds until it ends by itself: 86,400 unless told, 2,592,000 (30 days) at most. */
  readonly ttlS?: number;
}

/** The side of a `Client` that begins conversations. */
export abstract class Founding {
  /** @internal */
  protected abstract readonly _inside: Inside;
  /** @internal */
  protected abstract readonly book: Book;

  /** Creates a group of myself and others, which I own; with `unique`, gives the one that exactly these members have already. Throws `LimitReached`. */
  create(members: readonly string[] = [], { unique = true, ...more }: GroupOptions = {}): Promise<Conversation> {
    return this.#begin({ members, unique, ...more } as Partial<Fields<"create">>);
  }

  /** Gives the conversation of two, myself and another user; it is created the first time. */
  direct(user: string): Promise<Conversation> {
    return this.#begin({ of: "direct", members: [user] });
  }

  /** Creates a group that ends by itself. */
  createTemporary(members: readonly string[] = [], options: TemporaryOptions = {}): Promise<Conversation> {
    return this.#begin({ of: "temporary", members, ...options } as Partial<Fields<"create">>);
  }

  /** Creates a room: for any number of people who come and go, without a list of members. */
  createRoom(options: RoomOptions = {}): Promise<Conversation> {
    return this.#begin({ of: "room", ...options } as Partial<Fields<"create">>);
  }

  async #begin(fields: Partial<Fields<"create">>): Promise<Conversation> {
    return this.book.know(await this._inside.ask("create", { key: this._inside.newKey(), ...fields }));
  }
}
