/** What outlives pages, against a database of the same interface as browsers have. */

import assert from "node:assert/strict";
import { test } from "node:test";

import "fake-indexeddb/auto";

import type { SavedSend, Store } from "../../src/core/ports.ts";
import { systemEntropy } from "../../src/host/clock.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import { deviceId } from "../../src/host/device.ts";
import { storeOf } from "../../src/host/store.ts";

function send(n: number): SavedSend {
  return { key: `t:${n}`, n, tab: "t", at: n, command: { op: "send", key: `t:${n}` } };
}

const SESSION = { user: "ann", session: "s", resumeToken: "r", fence: 3 };

/** What every store promises. */
const STORES: readonly (readonly [string, (context: string) => Store])[] = [
  ["on disk", storeOf],
  ["in memory", () => new MemoryStore()],
];

for (const [name, make] of STORES) {
  test(`${name}: a session, sends in their order and objects come back, until they are dropped`, async () => {
    const store = make(`a ${name}`);
    assert.equal(await store.readSession(), null);
    await store.writeSession(SESSION);
    assert.deepEqual(await store.readSession(), SESSION);
    for (const n of [10, 9, 2]) await store.putSend(send(n));
    await store.dropSend("t:9");
    assert.deepEqual((await store.readOutbox()).map((each) => each.n), [2, 10]);
    await store.putObject({ name: "o", value: { a: [1] }, revision: 2, tab: "t" });
    await store.putObject({ name: "o", value: 1, revision: 3, tab: "t" });
    await store.putObject({ name: "p", value: 1, revision: 1, tab: "t" });
    await store.dropObject("p");
    assert.deepEqual(await store.readObjects(), [{ name: "o", value: 1, revision: 3, tab: "t" }]);
    await store.writeSession({ ...SESSION, session: "late", fence: SESSION.fence - 1 });
    assert.deepEqual(await store.readSession(), SESSION);
    await store.clear();
    assert.equal(await store.readSession(), null);
    await store.clear();
    assert.deepEqual([await store.readOutbox(), await store.readObjects()], [[], []]);
  });
}

test("what one holder wrote the next one reads, and another context never", async () => {
  await storeOf("x/a").putSend(send(1));
  await storeOf("x/b").putSend(send(2));
  await storeOf("x/a").writeSession(SESSION);
  assert.deepEqual((await storeOf("x/a").readOutbox()).map((each) => each.n), [1]);
  await storeOf("x/a").clear();
  assert.deepEqual([await storeOf("x/a").readSession(), await storeOf("x/a").readOutbox()], [null, []]);
  assert.deepEqual((await storeOf("x/b").readOutbox()).map((each) => each.n), [2]);
});

test("the device is the same for all pages, though they ask at once", async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, () => deviceId(systemEntropy)));
  assert.equal(new Set(ids).size, 1);
  assert.match(ids[0] ?? "", /^[0-9a-f]{32}$/);
});
