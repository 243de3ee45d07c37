/** The life of a tab as a table: what happens in which state, and what the tab is then. */

export type TabState = "new" | "seeking" | "attached" | "suspended" | "closed";

/**
 * `silence`: nobody answered in time. `lost`: the holder is gone, does not know this tab, or left a hole.
 * `suspend`: the page freezes or goes into the back/forward cache; `resume`: it is back.
 */
export type TabCue = "attach" | "welcome" | "silence" | "lost" | "suspend" | "resume" | "close";

export const NEXT: { readonly [state in TabState]: { readonly [cue in TabCue]?: TabState } } = {
  new: { attach: "seeking", suspend: "suspended", resume: "new", close: "closed" },
  seeking: { welcome: "attached", silence: "seeking", lost: "seeking", suspend: "suspended", resume: "seeking", close: "closed" },
  attached: { welcome: "attached", silence: "seeking", lost: "seeking", suspend: "suspended", resume: "attached", close: "closed" },
  // A page may be told twice that it sleeps: by `freeze` and by `pagehide`.
  suspended: { attach: "suspended", suspend: "suspended", resume: "seeking", close: "closed" },
  closed: { attach: "closed", suspend: "closed", resume: "closed", close: "closed" },
};

/** Gives the state that follows. Throws a RangeError for what cannot happen in this state: a defect. */
export function next(state: TabState, cue: TabCue): TabState {
  const then = NEXT[state][cue];
  if (then === undefined) throw new RangeError(`a tab that is ${state} cannot ${cue}`);
  return then;
}
