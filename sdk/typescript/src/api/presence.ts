/** Whose presence a client watches, over all connections of its session. Loaded where somebody is watched. */

import type { Presence as WirePresence } from "../wire/types.ts";
import type { UnisonoError } from "./errors.ts";
import type { Presence } from "./events.ts";
import type { AnswerTo, Inside } from "./inside.ts";
import type { Camelled } from "./names.ts";

const ASKED_AT_ONCE = 100;
const AGAIN_MS = 1000;
const AGAIN_AT_MOST_MS = 30_000;

/** Asks, watches, and watches again after each return of the connection: the server forgets with the connection. */
export class Watching {
  readonly #inside: Inside;
  readonly #known = new Map<string, Presence | null>();

  constructor(inside: Inside) {
    this.#inside = inside;
  }

  /** Gives who is watched, and what was heard of them last. */
  get watched(): ReadonlyMap<string, Presence> {
    return new Map([...this.#known].filter((each): each is [string, Presence] => each[1] !== null));
  }

  async ask(users: readonly string[]): Promise<readonly Presence[]> {
    const found: Presence[] = [];
    for (let from = 0; from < users.length; from += ASKED_AT_ONCE) found.push(...told(await this.#inside.ask("presence", { users: users.slice(from, from + ASKED_AT_ONCE) })));
    return found;
  }

  async watch(users: readonly string[]): Promise<readonly Presence[]> {
    const { answer, news } = await this.#watch(users);
    for (const presence of news) this.#known.set(presence.user, presence);
    return answer.map((presence) => this.#known.get(presence.user) ?? presence);
  }

  async unwatch(users: readonly string[]): Promise<void> {
    for (const user of users) this.#known.delete(user);
    await this.#inside.ask("unwatch", { users });
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
    for (let pauseMs = AGAIN_MS; this.#known.size; pauseMs = Math.min(pauseMs * 2, AGAIN_AT_MOST_MS)) {
      try {
        for (const presence of (await this.#watch([...this.#known.keys()])).news) this.take(presence);
        return;
      } catch (fault) {
        // Without a connection they are watched again after the next return.
        const { code = "", retryable, retryAfterMs } = fault as Partial<UnisonoError>;
        if (!retryable || /^(link_down|holder_lost)$/.test(code)) throw fault;
        await this.#inside.pause(retryAfterMs ?? pauseMs);
      }
    }
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
