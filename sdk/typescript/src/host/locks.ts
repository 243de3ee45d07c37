/** Web Locks as the core wants them. */

import type { Held, Locks, Stop } from "../core/ports.ts";

/** Gives the locks of this origin; a wait that is called off gives null. */
export function webLocks(manager: LockManager): Locks {
  return {
    hold: (name, stop) => request(manager, name, stop === undefined ? {} : { signal: signalOf(stop) }),
    tryHold: (name) => request(manager, name, { ifAvailable: true }),
    steal: async (name) => {
      const held = await request(manager, name, { steal: true });
      if (held === null) throw new DOMException("the lock was not given", "AbortError");
      return held;
    },
    isHeld: async (name) => (await heldWith(manager, name)).includes(""),
  };
}

/** Gives what is held of the names that begin so, without that beginning. */
export async function heldWith(manager: LockManager, beginning: string): Promise<readonly string[]> {
  try {
    const names = ((await manager.query()).held ?? []).map((lock) => lock.name ?? "");
    return names.filter((name) => name.startsWith(beginning)).map((name) => name.slice(beginning.length));
  } catch {
    // Firefox refuses the list to frames of other sites.
    return [];
  }
}

/** Done when the lock is held; null when it is not free, or the wait was called off. */
function request(manager: LockManager, name: string, options: LockOptions): Promise<Held | null> {
  return new Promise((resolve, reject) => {
    let isHeld = false;
    let lose = (): void => undefined;
    const lost = new Promise<void>((done) => (lose = done));
    const take = (lock: Lock | null): Promise<void> | undefined => {
      if (lock === null) return void resolve(null);
      isHeld = true;
      return new Promise<void>((release) => resolve({ release, lost }));
    };
    manager.request(name, options, take).catch((problem: unknown) => {
      if (isHeld) lose();
      else if (options.signal?.aborted) resolve(null);
      else reject(problem);
    });
  });
}

function signalOf(stop: Stop): AbortSignal {
  const controller = new AbortController();
  if (stop.aborted) controller.abort();
  else stop.addEventListener("abort", () => controller.abort());
  return controller.signal;
}
