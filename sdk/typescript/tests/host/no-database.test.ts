/** Where the browser gives no database (private windows of some), a context goes on in memory. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { systemEntropy } from "../../src/host/clock.ts";
import { deviceId } from "../../src/host/device.ts";
import { notedDevice } from "../../src/host/profile.ts";
import { storeOf } from "../../src/host/store.ts";

test("without a database nothing outlives the holder, and whatever it does goes well", async () => {
  const store = storeOf("x");
  const shelf = await store.take();
  const saved = { user: "ann", session: "s", resumeToken: "r", fence: 3 };
  await shelf.writeSession(saved);
  await shelf.putSend({ key: "t:1", n: 1, tab: "t", at: 1, command: { op: "send" } });
  await shelf.clear(saved, null);
  const { session, outbox, objects } = await store.take();
  assert.deepEqual([session, outbox, objects], [null, [], []]);
});

test("without a database the device's id is kept in the local storage, and without that it is a new one", async () => {
  assert.notEqual(await deviceId(systemEntropy), await deviceId(systemEntropy));
  const kept = new Map<string, string>();
  Object.assign(globalThis, { localStorage: { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) } });
  assert.equal(notedDevice(), null);
  const first = await deviceId(systemEntropy);
  assert.deepEqual([await deviceId(systemEntropy), notedDevice()], [first, first]);
});

test("a database that never answers keeps nobody waiting for more than three seconds", async (t) => {
  Object.assign(globalThis, { indexedDB: { open: () => ({}) } });
  t.after(() => Reflect.deleteProperty(globalThis, "indexedDB"));
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const taken = storeOf("x").take();
  t.mock.timers.tick(3_000);
  assert.equal((await taken).session, null);
});
