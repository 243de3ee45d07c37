/** The life of a holder's session as a table. */

import type { HolderState } from "./messages.ts";

/** `welcomed`: the server took the greeting. `tokenless`: nobody has a token. `retry`: the delay is over, or was cut short. */
export type Cue = "begin" | "welcomed" | "lost" | "tokenless" | "retry" | "over";

export const NEXT: { readonly [state in HolderState]: { readonly [cue in Cue]?: HolderState } } = {
  idle: { begin: "opening", over: "stopped" },
  opening: { welcomed: "live", lost: "waiting", tokenless: "needs-token", over: "stopped" },
  live: { lost: "waiting", over: "stopped" },
  waiting: { retry: "opening", over: "stopped" },
  "needs-token": { retry: "opening", over: "stopped" },
  stopped: { over: "stopped" },
};

/** Gives the state that follows. Throws a RangeError for what cannot happen in this state: a defect. */
export function next(state: HolderState, cue: Cue): HolderState {
  const then = NEXT[state][cue];
  if (then === undefined) throw new RangeError(`${cue} while ${state}`);
  return then;
}
