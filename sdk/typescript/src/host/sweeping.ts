/** What nobody used for a month is removed from the browser. */

import type { DutyCode, HolderCode } from "../core/holding.ts";
import { namesOf } from "./names.ts";
import { erase } from "./rows.ts";
import type { DebtRow, Row, Within } from "./rows.ts";

/** As long as a server keeps a session that nobody resumes, by its default; what is older is of no use to anybody. */
const KEPT_MS = 30 * 24 * 3_600_000;

/** The code of a holder in a browser. */
export interface HostCode extends HolderCode {
  readonly duties: () => Promise<DutyCode & { sweep(within: Within): Promise<void> }>;
}

/** Removes what nobody came back for, unless its lock is among those that are held. */
export async function sweep(within: Within, held: readonly string[]): Promise<void> {
  await within(["sessions", "outbox", "objects"], (rows) => {
    const walk = rows("sessions").openCursor();
    walk.onsuccess = () => {
      if (walk.result === null) return;
      const { key, value } = walk.result;
      if (!((value as Row | DebtRow).at > Date.now() - KEPT_MS) && !held.includes(namesOf(String(key)).owner)) erase(rows, key);
      walk.result.continue();
    };
    return walk;
  });
}
