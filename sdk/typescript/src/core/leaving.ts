/** The end of a session by its user's own will, as far as this browser has to do with it. */

import { SIGNED_OUT } from "./ends.ts";
import type { Ending, Fault } from "./messages.ts";
import type { Debt, Deposed, Shelf } from "./ports.ts";
import type { Session } from "./session.ts";

/** How a sign-out went: why it was not done or not all of it, and what the tabs are told where the session is over. */
export interface Left {
  readonly fault: Fault | null;
  readonly ending: Ending | null;
}

/** Removes what was kept here but for what the server has to be told; gives why it could not, else null. */
export function forgetHere(shelf: Shelf, { fence }: Session, debt: Debt | null): Promise<unknown> {
  return shelf.clear({ user: "", session: "", resumeToken: "", fence, ended: SIGNED_OUT }, debt).then(
    () => null,
    (problem: unknown) => problem,
  );
}

/** How that went; null where another holder has the session. */
export function leftWith(problem: unknown, fault: Fault): Left | null {
  if (problem === null) return { fault: null, ending: SIGNED_OUT };
  return (problem as Partial<Deposed>).isDeposed === true ? null : { fault: { ...fault, retryable: false }, ending: SIGNED_OUT };
}
