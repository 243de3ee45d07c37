/** Whose presence a client watches, over all connections of its session. */

import type { Presence as WirePresence } from "../wire/types.ts";
import { LinkDown, UnisonoError } from "./errors.ts";
import type { Presence } from "./events.ts";
import { report } from "./emitter.ts";
import type { AnswerTo, Inside } from "./inside.ts";
import type { Camelled } from "./names.ts";

const ASKED_AT_ONCE = 100;
const WATCHED_AT_ONCE = 1000;
const AGAIN_MS = 1000;
const AGAIN_AT_MOST_MS = 30_000;

/** Asks, watches, and watches again after each return of the connection: the server forgets with the connection. */
export class Watching {
  readonly #inside: Inside;
  readonly #wait: (ms: number) => Promise<void>;
  readonly #known = new Map<string, Presence | null>();

  constructor(inside: Inside, wait: (ms: number) => Promise<void>) {
    this.#inside = inside;
    this.#wait = wait;
  }

  /** Gives who is watched, and what was heard of them last. */
  get watched(): ReadonlyMap<string, Presence> {
    return new Map([...this.#known].filter((each): each is [string, Presence] => each[1] !== null));
  }

  async ask(users: readonly string[]): Promise<readonly Presence[]> {
    const found: Presence[] = [];
    for (const part of parts(users, ASKED_AT_ONCE)) found.push(...told(await this.#inside.ask("presence", { users: part })));
    return found;
  }

  async watch(users: readonly string[]): Promise<readonly Presence[]> {
    const found: Presence[] = [];
    for (const part of parts(users, WATCHED_AT_ONCE)) {
      const { answer, news } = await this.#watch(part);
      for (const presence of news) this.#known.set(presence.user, presence);
      found.push(...answer.map((presence) => this.#known.get(presence.user) ?? presence));
    }
    return found;
  }

  async unwatch(users: readonly string[]): Promise<void> {
    for (const user of users) this.#known.delete(user);
    for (const part of parts(users, WATCHED_AT_ONCE)) await this.#inside.ask("unwatch", { users: part });
  }

  /** Tells the program of a change it does not know yet. */
  take(presence: Presence): void {
    const before = this.#known.get(presence.user);
    if (before === undefined) return;
    this.#known.set(presence.user, presence);
    if (JSON.stringify(before) !== JSON.stringify(presence)) this.#inside.emitter.emit(presence);
  }

  /** Watches again all that were watched, and as often as the server puts it off. */
  async renew(): Promise<void> {
    for (const part of parts([...this.#known.keys()], WATCHED_AT_ONCE)) {
      let pauseMs = AGAIN_MS;
      while (!(await this.#renewed(part, pauseMs))) pauseMs = Math.min(pauseMs * 2, AGAIN_AT_MOST_MS);
    }
  }

  /** Watches users again; false when the server put it off and the pause is over. */
  async #renewed(users: readonly string[], pauseMs: number): Promise<boolean> {
    try {
      for (const presence of (await this.#watch(users)).news) this.take(presence);
    } catch (fault) {
      // Without a connection they are watched again after the next return.
      if (fault instanceof LinkDown || !(fault instanceof UnisonoError)) return true;
      if (fault.retryable) return this.#wait(fault.retryAfterMs ?? pauseMs).then(() => false);
      report("watching users again", fault);
    }
    return true;
  }

  /** Watches users; gives the answer, and of it what nothing newer was heard of meanwhile. */
  async #watch(users: readonly string[]): Promise<{ answer: Presence[]; news: Presence[] }> {
    const before = new Map(users.map((user) => [user, this.#known.get(user) ?? null]));
    for (const [user, presence] of before) this.#known.set(user, presence);
    try {
      const answer = told(await this.#inside.ask("watch", { users }));
      return { answer, news: answer.filter((each) => this.#known.get(each.user) === before.get(each.user)) };
    } catch (fault) {
      for (const user of users) if (this.#known.get(user) === null) this.#known.delete(user);
      throw fault;
    }
  }
}

function told({ presences }: AnswerTo<"presence">): Presence[] {
  return presences.map(presenceOf);
}

/** Makes an event of what the server says of a user. */
export function presenceOf({ user, state, platforms = [], seenAt }: Camelled<WirePresence>): Presence {
  return { type: "presence", user, state, isOnline: state === "online", platforms, seenAt: seenAt ?? null };
}

function* parts(users: readonly string[], size: number): Generator<readonly string[]> {
  for (let start = 0; start < users.length; start += size) yield users.slice(start, start + size);
}
