/** Which profile of a browser this is, where a page of this origin has noted it. */

/** In the local storage. */
const PLACE = "unisono/device";

/** Gives the id of the device; null where it is not noted. */
export function notedDevice(): string | null {
  try {
    return localStorage.getItem(PLACE);
  } catch {
    return null;
  }
}

/** Notes it for the next page, if that can be. */
export function noteDevice(id: string): void {
  try {
    localStorage.setItem(PLACE, id);
  } catch {
    // The database tells it again, where there is one.
  }
}
