/** What a conversation is, who belongs to it, and who may do what. */

import type { MemberView, Parent, Rules } from "../wire/types.ts";
import type { Attributes, Json } from "./bodies.ts";
import type { AnswerTo, Fields, Inside, Op } from "./inside.ts";
import type { Camelled } from "./names.ts";
import { devices } from "./late.ts";
import type { Silence } from "./silences.ts";

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

/** What I have of a conversation that I am no member of. */
export const NOTHING_OF_MINE = { role: null, level: "all", pinnedAt: null, marks: [], alertSilence: null };

const DEFAULTS = { ...NOTHING_OF_MINE, of: null, name: null, creator: null, createdAt: null, updatedAt: null, attributes: {}, joining: "invited", rules: {}, expiresAt: null, keepsHistory: false, parent: null };

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
  declare of: ConversationData["of"] | null;
  declare name: string | null;
  /** Who created it. */
  declare creator: string | null;
  declare createdAt: number | null;
  declare updatedAt: number | null;
  declare attributes: Attributes;
  /** The founders first, then who joined, in that order. */
  members: readonly string[] = [];
  /** Mine; null where I am no member, or where it is not known. */
  declare role: Role | null;
  declare level: Level;
  /** When I pinned it, in milliseconds since 1970-01-01 UTC; null where I did not. */
  declare pinnedAt: number | null;
  /** Names by which I group conversations, in the order in which I put them. */
  declare marks: readonly string[];
  /** When I want to hear less of it than `level` says; null for never. */
  declare alertSilence: Silence | null;
  /** `open` where whoever knows the id may join. */
  declare joining: "invited" | "open";
  declare rules: RuleSet;
  /** When it will end; null for one that will not. */
  declare expiresAt: number | null;
  /** Whether it is a room whose `history` stays. */
  declare keepsHistory: boolean;
  /** What a thread is under: the id of a group, and the seq of the `message` there; null for what is no thread, as far as the client knows. */
  declare parent: Parent | null;
  /** @internal */
  readonly _inside: Inside;

  /** @internal */
  constructor(inside: Inside, id: string) {
    this._inside = inside;
    this.id = id;
    this.show({});
  }

  /** Whether I want no alerts of it now, on all my sessions. */
  get isMuted(): boolean {
    const { level, alertSilence, _inside } = this;
    return level === "none" || (_inside._devices ? _inside._devices.isSilent(alertSilence) : !!alertSilence);
  }

  /** Whether I want to see it above others. */
  get isPinned(): boolean {
    return this.pinnedAt !== null;
  }

  /** Asks the server for all that is known of it. Throws `NotFound` where there is none that I am a member of, or that is open. */
  async refresh(): Promise<this> {
    return this.know(await this.ask("conversation"));
  }

  /** @internal Takes over what the server says. */
  know(view: ConversationData, hasMembers = true): this {
    if (hasMembers) this.members = view.members ?? [];
    return this.show({ ...view, alertSilence: view.silence });
  }

  /** @internal Takes over all that it is; what is left out is as it is by default. */
  show(shown: object): this {
    for (const [name, value] of Object.entries(DEFAULTS)) Object.assign(this, { [name]: (shown as { [name: string]: unknown })[name] ?? value });
    this.rules = { ...DEFAULT_RULES, ...this.rules };
    // It tells at which hours it holds.
    if (this.alertSilence) devices(this._inside).catch(() => undefined);
    return this;
  }

  /** @internal Asks the server about it. */
  ask<O extends Op>(op: O, more: Partial<Fields<O>> = {}): Promise<AnswerTo<O>> {
    return this._inside.ask(op, { conversation: this.id, ...more } as unknown as Fields<O>);
  }
}
