/** Where the browser gives no database (private windows of some), a context goes on in memory. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { systemEntropy } from "../../src/host/clock.ts";
import { reopen } from "../../src/host/database.ts";
import { deviceId } from "../../src/host/device.ts";
import { notedDevice } from "../../src/host/profile.ts";
import type { Debt } from "../../src/core/ports.ts";
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

test("without a database what is owed to a server is known as long as the page lives", async () => {
  // It used to be dropped: the session stayed open on the server, and nobody could end it.
  const saved = { user: "", session: "", resumeToken: "", fence: 3 };
  const [paid, owed] = ["s1", "s2"].map((session) => ({ url: "ws://here", session, resumeToken: "r", fence: 3 })) as [Debt, Debt];
  await (await storeOf("x").take()).clear(saved, paid);
  await storeOf("x").owe(owed);
  assert.deepEqual(await storeOf("y").debts("ws://here"), [paid, owed]);
  assert.deepEqual(await storeOf("y").debts("ws://there"), []);
  await storeOf("y").settle(paid);
  assert.deepEqual(await storeOf("x").debts("ws://here"), [owed]);
});

test("a database that never answers keeps nobody waiting for more than six seconds", async (t) => {
  reopen();
  Object.assign(globalThis, { indexedDB: { open: () => ({}) } });
  t.after(() => Reflect.deleteProperty(globalThis, "indexedDB"));
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const taken = storeOf("x").take();
  for (let turn = 0; turn < 2; turn++) {
    await new Promise((go) => setImmediate(go));
    t.mock.timers.tick(3_000);
  }
  const shelf = await taken;
  assert.equal(shelf.session, null);
  // From then on nothing is tried.
  await shelf.writeSession({ user: "ann", session: "s", resumeToken: "r", fence: 3 });
});
