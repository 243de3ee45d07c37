/** Who of the tabs does something that is to be done once: a sound, a notice, an app's own work. */

import { denied } from "./faults.ts";
import type { Claimed, Fault } from "./messages.ts";

/** Claims of one tab that are remembered. */
const CLAIMS = 1000;
/** Characters of a name and of a key. */
const NAME = 128;
const KEY = 256;

/** The name under which the tab that is in a call claims it: of one call one tab is the end, and the others know. */
export const CALL = "unisono:call";

/** What one tab has claimed: keys of names. Past the limit the name with the most keys gives up its oldest. */
export class Claims {
  private readonly _names = new Map<string, Set<string>>();
  private _size = 0;

  has([name, key]: Claimed): boolean {
    return this._names.get(name)?.has(key) ?? false;
  }

  /** Gives the keys of a name. */
  of(name: string): readonly string[] {
    return [...(this._names.get(name) ?? [])];
  }

  /** Adds one; gives the one that had to go for it. */
  add(claim: Claimed): Claimed | null {
    const [name, key] = claim;
    if (this.has(claim)) return null;
    this._names.set(name, (this._names.get(name) ?? new Set()).add(key));
    this._size += 1;
    if (this._size <= CLAIMS) return null;
    const [most, keys] = [...this._names].reduce((one, other) => (other[1].size > one[1].size ? other : one));
    const oldest: Claimed = [most, [...keys][0] as string]; // no name is without keys
    this.delete(oldest);
    return oldest;
  }

  delete([name, key]: Claimed): void {
    const keys = this._names.get(name);
    if (!keys?.delete(key)) return;
    this._size -= 1;
    if (keys.size === 0) this._names.delete(name);
  }
}

/** Why nobody can claim this; null if anybody can. */
export function unclaimable([name, key]: Claimed): Fault | null {
  if ([...name].length <= NAME && [...key].length <= KEY) return null;
  return denied("invalid_argument", "name or key too long");
}
