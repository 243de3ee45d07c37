/** What a conversation is, who belongs to it, and who may do what. */

import type { MemberView, Rules } from "../wire/types.ts";
import type { Attributes, Json } from "./bodies.ts";
import type { Fields, Inside, AnswerTo } from "./inside.ts";
import type { Camelled } from "./names.ts";
import { paged } from "./pages.ts";

/** The least role that may do something: `owner`, `manager` or `member`. `update` is about name and attributes, `restrict` about blocking and silencing. */
export type RuleSet = Required<Camelled<Rules>>;
/** What I am in a conversation. */
export type Role = "owner" | "manager" | "member";
/** Of which messages I want to be alerted. */
export type Level = "all" | "mentions" | "none";
/** A member; or a restricted user, with `until` when. */
export type Member = Camelled<MemberView> & { readonly role: Role };

/** What one of a conversation's values is to become; see `Belonging.update`. */
export type Amendment =
  | { readonly do: "increase"; readonly by?: number }
  | { readonly do: "append"; readonly values: readonly Json[]; readonly once?: boolean }
  | { readonly do: "take_out"; readonly values: readonly Json[] };

/** What is to change; what is left out stays. */
export interface Changes {
  /** Another name, up to 256 characters; an empty one takes it away. */
  readonly name?: string;
  /** Values to put into the attributes, by paths such as `attr.place.city`, up to 100. */
  readonly set?: Attributes;
  /** Paths to take out of the attributes, up to 100. */
  readonly unset?: readonly string[];
  /** What to make of the value that is at a path. */
  readonly amend?: { readonly [path: string]: Amendment };
  /** The owner's to change, and so are the rules. */
  readonly joining?: "invited" | "open";
  readonly rules?: Partial<RuleSet>;
}

/** For how long, in seconds; for ever unless told. */
export interface Duration {
  readonly forS?: number;
}

const DEFAULT_RULES: RuleSet = { add: "member", remove: "manager", update: "member", mentionAll: "member", restrict: "manager" };

/** A conversation as the server shows it. */
export type ConversationData = AnswerTo<"conversation">;

/**
 * The side of a `Conversation` that is about its properties and its members.
 *
 * All that stands here is what the client knows: complete after `refresh`, `create` and `direct`, and kept in step by facts.
 * Times are milliseconds since 1970-01-01 UTC.
 */
export abstract class Belonging {
  readonly id: string;
  /** Of what kind it is; null until the client knows. */
  of: ConversationData["of"] | null = null;
  name: string | null = null;
  /** Who created it. */
  creator: string | null = null;
  createdAt: number | null = null;
  updatedAt: number | null = null;
  attributes: Attributes = {};
  /** The founders first, then who joined, in that order. */
  members: readonly string[] = [];
  /** Mine; null where I am no member, or where it is not known. */
  role: Role | null = null;
  level: Level = "all";
  /** `open` where whoever knows the id may join. */
  joining: "invited" | "open" = "invited";
  rules: RuleSet = DEFAULT_RULES;
  /** When it will end; null for one that will not. */
  expiresAt: number | null = null;
  /** Whether it is a room whose `history` stays. */
  keepsHistory = false;
  /** @internal */
  readonly inside: Inside;

  /** @internal */
  constructor(inside: Inside, id: string) {
    this.inside = inside;
    this.id = id;
  }

  /** Whether I want no alerts of it, on all my sessions. */
  get isMuted(): boolean {
    return this.level === "none";
  }

  /** Asks the server for all that is known of it. Throws `NotFound` where there is none that I am a member of, or that is open. */
  async refresh(): Promise<this> {
    return this.know(await this.inside.ask("conversation", { conversation: this.id }));
  }

  /**
   * Changes what it is, for everybody. Members who change different paths at the same time both have their way; with `amend`, which
   * adds to a number or changes a list, those who change the same one do, too. Throws `Forbidden` where the rules ask for a higher role.
   */
  async update(changes: Changes): Promise<this> {
    return this.know(await this.inside.ask("update", { conversation: this.id, ...changes } as Fields<"update">), false);
  }

  /** Gives it another name for all members; an empty one takes it away. */
  setName(name: string): Promise<this> {
    return this.update({ name });
  }

  /** Makes users members (up to 1,000 at once). Throws `Forbidden` where the rules ask for a higher role or one of them is blocked, and `LimitReached`. */
  add(...users: readonly string[]): Promise<this> {
    return this.#member("add", { users });
  }

  /** Makes members leave. Those who are none are passed over. Throws `Forbidden` where the rules ask for a higher role, or one of them is not below me. */
  remove(...users: readonly string[]): Promise<this> {
    return this.#member("remove", { users });
  }

  /** Becomes a member of a conversation that is open; of the operator's (`service`), subscribes to it. Throws `Forbidden` where I am blocked. */
  join(): Promise<this> {
    return this.#member("join");
  }

  /** Ceases to be a member. An owner is followed by the longest-standing manager, or else member. */
  quit(): Promise<this> {
    return this.#member("quit");
  }

  /** Ends it for all its members; what was said stays readable to them. Throws `Forbidden` where I am not its owner. */
  async dissolve(): Promise<void> {
    await this.inside.ask("dissolve", { conversation: this.id });
  }

  /** Gives the number of members on the server; of a room, how many people are there now. */
  async count(): Promise<number> {
    return (await this.inside.ask("count", { conversation: this.id })).users;
  }

  /** Goes through members by user id, `page` (1 to 1,000) at a time; or those of them who `muted` it, or users who are `blocked` or `silenced`. */
  async *roll(who: "members" | "muted" | "blocked" | "silenced" = "members", page = 100): AsyncGenerator<Member> {
    for await (const answer of paged(this.inside, "members", { conversation: this.id, who, limit: page })) {
      for (const member of answer.members) yield { role: "member", ...member } as Member;
    }
  }

  /** Gives a member another role, or other attributes in place of those they have. Making another the `owner` hands over. Throws `NotFound` where the user is no member, and `Forbidden`. */
  async setMember(user: string, change: { readonly role?: Role; readonly attributes?: Attributes }): Promise<void> {
    await this.inside.ask("set_member", { conversation: this.id, user, ...change } as Fields<"set_member">);
  }

  /** Makes users leave and keeps them out; also users who are no members. */
  block(users: string | readonly string[], duration?: Duration): Promise<void> {
    return this.#restrict("blocked", true, users, duration);
  }

  /** Lets blocked users be members again; they are none by that. */
  unblock(users: string | readonly string[]): Promise<void> {
    return this.#restrict("blocked", false, users);
  }

  /** Lets users say nothing: they may neither send, edit, react nor type. */
  silence(users: string | readonly string[], duration?: Duration): Promise<void> {
    return this.#restrict("silenced", true, users, duration);
  }

  /** Lets silenced users speak again. */
  unsilence(users: string | readonly string[]): Promise<void> {
    return this.#restrict("silenced", false, users);
  }

  /** Be alerted of `all` messages, of those that mention me, or of `none`, on all my sessions. Messages come as before. */
  async setLevel(level: Level): Promise<void> {
    await this.inside.ask("level", { conversation: this.id, level });
    this.level = level;
  }

  /** Be alerted of nothing; I stay a member. */
  mute(): Promise<void> {
    return this.setLevel("none");
  }

  /** Be alerted of all messages again. */
  unmute(): Promise<void> {
    return this.setLevel("all");
  }

  /** Gives the members who muted it. */
  async muted(): Promise<readonly string[]> {
    const users: string[] = [];
    for await (const { user } of this.roll("muted")) users.push(user);
    return users;
  }

  /** @internal Takes over what the server says. */
  know(view: ConversationData, hasMembers = true): this {
    const { of, name = null, creator, createdAt, updatedAt, attributes = {}, members = [], role = null } = view;
    const { level = "all", joining = "invited", rules, expiresAt = null, keepsHistory = false } = view;
    Object.assign(this, { of, name, creator, createdAt, updatedAt, attributes, role, level, joining, rules: { ...DEFAULT_RULES, ...rules }, expiresAt, keepsHistory });
    if (hasMembers) this.members = members;
    return this;
  }

  /** @internal Takes over what a fact says of the rules, which are told whole. */
  ruled(rules: Camelled<Rules> | undefined): void {
    if (rules) this.rules = { ...DEFAULT_RULES, ...rules } as RuleSet;
  }

  async #member<O extends "add" | "remove" | "join" | "quit">(op: O, more: object = {}): Promise<this> {
    this.members = (await this.inside.ask(op, { conversation: this.id, ...more } as unknown as Fields<O>)).members;
    return this;
  }

  async #restrict(what: "blocked" | "silenced", on: boolean, users: string | readonly string[], duration: Duration = {}): Promise<void> {
    await this.inside.ask("restrict", { conversation: this.id, users: [users].flat(), what, on, ...duration });
  }
}
