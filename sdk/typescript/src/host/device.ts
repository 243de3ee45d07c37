/** Makes the id of a device: a profile of a browser, for one origin. Loaded by the first page of a profile; later ones find it noted. */

import type { Entropy } from "../core/ports.ts";
import { once } from "./database.ts";
import { noteDevice, notedDevice } from "./profile.ts";

const KEY = "id";

/** Gives the id of this browser's profile for this origin, made at the first call: the same for all pages. */
export async function deviceId(entropy: Entropy): Promise<string> {
  const id = await kept(entropy.id());
  noteDevice(id);
  return id;
}

async function kept(fresh: string): Promise<string> {
  try {
    const found = await once(["device"], (rows) => {
      const kept = rows("device").get(KEY);
      kept.onsuccess = () => kept.result ?? rows("device").put(notedDevice() ?? fresh, KEY);
      return kept;
    });
    return (found as string | undefined) ?? fresh;
  } catch {
    return notedDevice() ?? fresh;
  }
}
