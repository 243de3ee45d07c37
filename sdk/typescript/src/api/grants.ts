/** What the program's own server has to allow each time. Loaded where a program gives grants. */

import type { WireAnswer, WireCommand } from "../core/messages.ts";
import type { Counter } from "./counter.ts";

/** What a grant is needed for: `user`, who I am, wants to do `action`. `members` are whom it is done to, sorted and without me. */
export interface GrantRequest {
  readonly action: "create" | "add" | "remove" | "join";
  readonly user: string;
  /** The conversation it is done to, null for one that is to be created. */
  readonly conversation: string | null;
  readonly members: readonly string[];
}

/** Gives a grant of the program's own server; called anew for each attempt of a command, for a grant may be good once. */
export type GrantProvider = (request: GrantRequest) => string | Promise<string>;

/** The action of a command that needs a grant. */
const ACTIONS: { readonly [op: string]: GrantRequest["action"] } = { create: "create", join: "join", enter: "join", add: "add", remove: "remove", restrict: "remove" };
const PAUSE_MS = 100;
const S = 1000;

/** Asks with a new grant for each attempt, where one may be needed: the one before may have been used up. */
export async function askGranted(counter: Counter, grants: GrantProvider, command: WireCommand): Promise<WireAnswer> {
  const needed = neededFor(command, counter.user);
  if (!needed) return counter.asked(command);
  const until = counter.now() + counter.limits.requestS * S;
  // What came too late is not done at all: whoever asked was told so.
  const left = (): number => {
    const ms = until - counter.now();
    if (ms <= 0) throw late(counter);
    return ms;
  };
  for (;;) {
    while (!counter.failFast && left() > 0 && counter.desk.state !== "live") await counter.pause(PAUSE_MS);
    const inTime = counter.pause(Math.min(left(), counter.limits.grantS * S)).then(() => {
      throw late(counter);
    });
    const grant = await Promise.race([inTime, (async () => grants(needed))()]);
    try {
      return await counter.askedNow({ ...command, grant }, left());
    } catch (fault) {
      if (counter.failFast || !/^(link_down|holder_lost)$/.test((fault as { code?: string }).code ?? "")) throw fault;
      // A desk that says it is live while its holder is lost would have this go round without an end.
      await counter.pause(PAUSE_MS);
    }
  }
}

function late(counter: Counter): unknown {
  return counter.fault("timed_out", "no grant, or no connection, in time");
}

function neededFor({ op, users, members, conversation = null, what, on }: WireCommand, user: string): GrantRequest | null {
  const action = ACTIONS[op];
  if (!action || (op === "restrict" && (what !== "blocked" || !on))) return null;
  const others = [...new Set(((users ?? members ?? []) as string[]).filter((each) => each !== user))].sort();
  if (users && !others.length) return null;
  return { action, user, conversation: conversation as string | null, members: others };
}
