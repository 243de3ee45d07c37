/** Which device this is: a profile of a browser, for one origin. */

import type { Entropy } from "../core/ports.ts";
import { once } from "./database.ts";

const KEY = "id";
/** In the local storage. */
const PLACE = "unisono/device";

/** Gives the id of this browser's profile for this origin, made at the first call: the same for all pages. */
export async function deviceId(entropy: Entropy): Promise<string> {
  const fresh = entropy.id();
  try {
    const found = await once(["device"], (rows) => {
      const kept = rows("device").get(KEY);
      kept.onsuccess = () => kept.result ?? rows("device").put(fresh, KEY);
      return kept;
    });
    return (found as string | undefined) ?? fresh;
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
