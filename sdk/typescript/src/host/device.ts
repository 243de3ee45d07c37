/** Which device this is: a profile of a browser, for one origin. */

import type { Entropy } from "../core/ports.ts";
import { within } from "./database.ts";

const KEY = "id";
/** In the local storage. */
const PLACE = "unisono/device";

/** Gives the id of this browser's profile for this origin, made at the first call: the same for all pages. */
export async function deviceId(entropy: Entropy): Promise<string> {
  const fresh = entropy.id();
  try {
    const found = await within(["device"], (stores) => stores("device").get(KEY));
    if (typeof found === "string") return found;
    // Of two pages at once one adds, and both read what was added.
    await within(["device"], (stores) => stores("device").add(fresh, KEY)).catch(() => undefined);
    const kept = await within(["device"], (stores) => stores("device").get(KEY));
    return typeof kept === "string" ? kept : fresh;
  } catch {
    return fallback(fresh);
  }
}

function fallback(fresh: string): string {
  try {
    const found = localStorage.getItem(PLACE);
    if (found === null) localStorage.setItem(PLACE, fresh);
    return found ?? fresh;
  } catch {
    return fresh;
  }
}
