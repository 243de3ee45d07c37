/** How a session ends for its tabs, as they are told. */

import type { Loss } from "../wire/loss.ts";
import type { Ending } from "./messages.ts";

/** Ends that somebody wanted who may not have this machine at hand: what it kept for the session goes with it. */
export const FORGOTTEN: ReadonlySet<string> = new Set(["session_closed", "token_revoked"]);
/** Of a session that nobody here knows any more. */
export const AWAY: Ending = { code: "session_unknown", message: "the session ended meanwhile", advice: "log_in", isOwn: false };
/** Of one tab. */
export const TAB_CLOSED: Ending = { code: "tab_closed", message: "logged out elsewhere", advice: "stop", isOwn: false };
/** What every tab is told. */
export const SIGNED_OUT: Ending = { code: "session_closed", message: "signed out", advice: "stop", isOwn: true };

/** Gives the end that others made. */
export function endingOf({ code, message, advice, newcomer }: Loss): Ending {
  return { code, message, advice, isOwn: false, ...(newcomer && { newcomer }) };
}
