/** What a holder does besides passing messages on, in a file of its own that comes along with the holder's. */

import { heldWith } from "./host/locks.ts";
import type { Within } from "./host/rows.ts";
import { sweep as sweepAll } from "./host/sweeping.ts";

export { makeDuties } from "./core/duties.ts";

/** Removes what nobody came back for to this origin. */
export const sweep = async (within: Within): Promise<void> => sweepAll(within, await heldWith(navigator.locks, ""));
