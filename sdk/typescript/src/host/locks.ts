/** Web Locks as the core wants them. Frames may be refused them, or the list of them. */

import type { Held, HostLocks, Locks, Stop } from "../core/ports.ts";

/** Gives the locks of this origin; a wait that is called off gives null. */
export function webLocks(manager: LockManager): Locks {
  return {
    hold: (name, stop) => request(manager, name, stop === undefined ? {} : { signal: signalOf(stop) }),
    tryHold: (name) => request(manager, name, { ifAvailable: true }),
  };
}

/** The same for those who may hold the session. */
export function hostLocks(manager: LockManager): HostLocks {
  return {
    ...webLocks(manager),
    steal: async (name) => {
      const held = await request(manager, name, { steal: true });
      if (held === null) throw new DOMException("the lock was not given", "AbortError");
      return held;
    },
  };
}

/** Whether somebody holds a lock; where the list is refused, by trying for it. */
export async function isHeld(manager: LockManager, name: string): Promise<boolean> {
  const held = await heldNames(manager);
  if (held !== null) return held.includes(name);
  const free = await request(manager, name, { ifAvailable: true });
  free?.release();
  return free === null;
}

/** Gives what is held of the names that begin so, without that beginning. */
export async function heldWith(manager: LockManager, beginning: string): Promise<readonly string[]> {
  const names = (await heldNames(manager)) ?? [];
  return names.filter((name) => name.startsWith(beginning)).map((name) => name.slice(beginning.length));
}

/** Null where that is refused: by Firefox to frames of other sites. */
async function heldNames(manager: LockManager): Promise<readonly string[] | null> {
  try {
    return ((await manager.query()).held ?? []).map((lock) => lock.name ?? "");
  } catch {
    return null;
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

/** Whether locks are given here at all: a sandboxed frame, or one of another site without storage, may have none. */
export async function areGiven(manager: LockManager): Promise<boolean> {
  try {
    await manager.request("unisono", { ifAvailable: true }, () => undefined);
    return true;
  } catch {
    return false;
  }
}
