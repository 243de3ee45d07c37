/** Locks where a browser gives them, gives no list of them, or gives none. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { areGiven, heldWith, isHeld } from "../../src/host/locks.ts";

/** What a page is refused, and what others hold. */
function manager({ held = [], hasList = true, hasAny = true }: { held?: string[]; hasList?: boolean; hasAny?: boolean }): LockManager {
  const refuse = (): Promise<never> => Promise.reject(new DOMException("denied in this context", "SecurityError"));
  const request = (name: string, _options: LockOptions, take: (lock: Lock | null) => unknown): Promise<unknown> =>
    hasAny ? Promise.resolve(take(held.includes(name) ? null : { name, mode: "exclusive" })) : refuse();
  const query = (): Promise<LockManagerSnapshot> => (hasList ? Promise.resolve({ held: held.map((name) => ({ name })) }) : refuse());
  return { request, query } as unknown as LockManager;
}

test("whether a page is given locks is found out by asking for one", async () => {
  assert.deepEqual(await Promise.all([areGiven(manager({})), areGiven(manager({ held: ["unisono"] })), areGiven(manager({ hasAny: false }))]), [true, true, false]);
});

test("whether a lock is held is known without a list of them, too", async () => {
  for (const hasList of [true, false]) {
    const some = manager({ held: ["a/1", "b"], hasList });
    assert.deepEqual([await isHeld(some, "b"), await isHeld(some, "c")], [true, false]);
    assert.deepEqual(await heldWith(some, "a/"), hasList ? ["1"] : []);
  }
});
