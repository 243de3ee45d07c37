/** What outlives pages, against a database of the same interface as browsers have. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";

import "fake-indexeddb/auto";

import { Deposed } from "../../src/core/ports.ts";
import type { SavedObject, SavedSend, Shelf, Store } from "../../src/core/ports.ts";
import { systemEntropy } from "../../src/host/clock.ts";
import { once, reopen } from "../../src/host/database.ts";
import type { Kind } from "../../src/host/database.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import { deviceId } from "../../src/host/device.ts";
import { namesOf } from "../../src/host/names.ts";
import { notedDevice } from "../../src/host/profile.ts";
import { storeOf } from "../../src/host/store.ts";
import { sweep } from "../../src/host/sweeping.ts";

const DAY_MS = 24 * 3_600_000;

function send(n: number): SavedSend {
  return { key: `t:${n}`, n, tab: "t", at: n, command: { op: "send", key: `t:${n}` } };
}

function object(name: string, value: unknown = 1): SavedObject {
  return { name, value, revision: 1, tab: "t" };
}

const SESSION = { user: "ann", session: "s", resumeToken: "r", fence: 3 };
const OVER = { ...SESSION, resumeToken: "", ended: { code: "session_closed", message: "signed out", advice: "stop", isOwn: true } } as const;
const DEBT = { url: "ws://here", session: "s", resumeToken: "r", fence: 3 };

async function sent(store: Store): Promise<number[]> {
  return (await store.take()).outbox.map(({ n }) => n);
}

/** All keys of rows on disk. */
async function keys(kind: Kind): Promise<IDBValidKey[]> {
  return (await once([kind], (rows) => rows(kind).getAllKeys())) as IDBValidKey[];
}

/** Takes a context; what it does besides is done. */
async function taken(context: string): Promise<Shelf> {
  const shelf = await storeOf(context).take();
  await new Promise((go) => setTimeout(go, 20));
  return shelf;
}

/** The next transactions fail, as when the browser has lost its connection to the disk. */
function fail(t: TestContext, times: number, name = "UnknownError"): void {
  const { transaction } = IDBDatabase.prototype;
  let left = times;
  const broken = t.mock.method(IDBDatabase.prototype, "transaction", function (this: IDBDatabase, ...words: Parameters<typeof transaction>) {
    if (left-- > 0) throw new DOMException("connection to the database server was lost", name);
    return transaction.apply(this, words);
  });
  t.after(() => broken.mock.restore());
}

/** The second that a holder waits for who else may write is over at once, and so may be the patience with the disk. */
function hasten(t: TestContext, patience = 3_000): void {
  const { setTimeout: later } = globalThis;
  const hastened = (call: () => void, ms = 0): unknown => later(call, ms === 1_000 ? 30 : ms === 3_000 ? patience : ms);
  Object.assign(globalThis, { setTimeout: hastened });
  t.after(() => Object.assign(globalThis, { setTimeout: later }));
}

/** What every store promises. */
const STORES: readonly (readonly [string, (context: string) => Store])[] = [
  ["on disk", storeOf],
  ["in memory", () => new MemoryStore()],
];

for (const [name, make] of STORES) {
  test(`${name}: a session, sends in their order and objects come back, until they are dropped`, async () => {
    const store = make(`a ${name}`);
    const first = await store.take();
    assert.deepEqual([first.session, first.outbox, first.objects], [null, [], []]);
    await first.writeSession(SESSION);
    for (const n of [10, 9, 2]) await first.putSend(send(n));
    await first.dropSend("t:9");
    await first.putObject(object("o", { a: [1] }));
    await first.putObject(object("o", 2));
    await first.putObject(object("p"));
    await first.dropObject("p");
    const next = await store.take();
    assert.deepEqual([next.session, next.outbox.map(({ n }) => n), next.objects], [SESSION, [2, 10], [object("o", 2)]]);
  });

  test(`${name}: what an earlier holder writes is refused as soon as another one has taken the context`, async (t) => {
    hasten(t);
    const store = make(`b ${name}`);
    const first = await store.take();
    await first.putObject(object("theme", "old"));
    const next = await store.take();
    await next.putObject(object("theme", "new"));
    const writes = [() => first.putObject(object("theme", "old")), () => first.putSend(send(1)), () => first.writeSession(SESSION), () => first.dropObject("theme"), () => first.clear(OVER, null)];
    setTimeout(() => first.close(), 5);
    for (const result of await Promise.allSettled(writes.map((write) => write()))) assert.ok(result.status === "rejected" && result.reason instanceof Deposed);
    const kept = await store.take();
    assert.deepEqual([kept.session, kept.outbox, kept.objects], [null, [], [object("theme", "new")]]);
  });

  test(`${name}: after it was cleared nothing is written any more, and in the end no row is left`, async () => {
    const store = make(`c ${name}`);
    const shelf = await store.take();
    await shelf.putSend(send(1));
    await shelf.putObject(object("o"));
    const early = shelf.putSend(send(2));
    const cleared = shelf.clear(OVER, null);
    const late = assert.rejects(shelf.putSend(send(3)), Deposed);
    await Promise.all([early, cleared, late]);
    await assert.rejects(shelf.writeSession(SESSION), Deposed);
    await shelf.vanish();
    await assert.rejects(shelf.putObject(object("o")), Deposed);
    const kept = await store.take();
    assert.deepEqual([kept.session, kept.outbox, kept.objects], [null, [], []]);
  });

  test(`${name}: who comes before all know is told how it ended, and keeps what is written then`, async () => {
    const store = make(`d ${name}`);
    const shelf = await store.take();
    await shelf.clear(OVER, null);
    const next = await store.take();
    assert.deepEqual(next.session, OVER);
    await next.writeSession(SESSION);
    await shelf.vanish();
    assert.deepEqual((await store.take()).session, SESSION);
  });

  test(`${name}: what a server has to be told yet is known by where it is, until it was told`, async () => {
    const store = make(`e ${name}`);
    await (await store.take()).clear(OVER, DEBT);
    await store.owe({ ...DEBT, session: "other" });
    await store.owe({ ...DEBT, url: "ws://elsewhere" });
    assert.deepEqual((await store.debts("ws://here")).map(({ session }) => session).sort(), ["other", "s"]);
    for (const debt of [...(await store.debts("ws://here")), ...(await store.debts("ws://elsewhere"))]) await store.settle(debt);
    assert.deepEqual([await store.debts("ws://here"), await store.debts("ws://elsewhere")], [[], []]);
  });
}

test("what one holder wrote the next one reads, and another context never", async () => {
  await (await storeOf("x/a").take()).putSend(send(1));
  await (await storeOf("x/b").take()).putSend(send(2));
  assert.deepEqual(await sent(storeOf("x/a")), [1]);
  await (await storeOf("x/a").take()).clear(OVER, null);
  assert.deepEqual([await sent(storeOf("x/a")), await sent(storeOf("x/b"))], [[], [2]]);
});

test("what is owed to a server is known to every context of the origin", async () => {
  await (await storeOf("y/a").take()).clear(OVER, DEBT);
  assert.deepEqual(await storeOf("y/b").debts(DEBT.url), [DEBT]);
  await storeOf("y/b").settle(DEBT);
  assert.deepEqual(await storeOf("y/a").debts(DEBT.url), []);
});

test("a transaction that fails is tried again on the disk, so that signing out finds all of it there", async (t) => {
  // It used to turn the disk off for the holder's life: what was on it stayed, also after signing out.
  const shelf = await taken("flaky");
  await shelf.putSend(send(1));
  fail(t, 1);
  await shelf.putSend(send(2));
  assert.deepEqual((await keys("outbox")).filter((key) => String(key).startsWith("flaky,")).length, 2);
  await shelf.putSend(send(3));
  await shelf.clear(OVER, null);
  assert.deepEqual(await sent(storeOf("flaky")), []);
});

test("what did not come to the disk is not said to be there, whether it failed or is full; later it may", async (t) => {
  const shelf = await taken("broken");
  fail(t, 2);
  await assert.rejects(shelf.putSend(send(1)), { name: "UnknownError" });
  await shelf.putSend(send(2));
  fail(t, 1, "QuotaExceededError");
  await assert.rejects(shelf.putSend(send(3)), { name: "QuotaExceededError" });
  assert.deepEqual(await sent(storeOf("broken")), [2]);
});

/** The disk is full until the test ends, or is told that there is room. */
function fill(t: TestContext): () => void {
  const { put } = IDBObjectStore.prototype;
  const full = t.mock.method(IDBObjectStore.prototype, "put", function (this: IDBObjectStore, ...words: Parameters<typeof put>) {
    // As browsers do: the request is taken, and its transaction comes to nothing.
    const asked = put.apply(this, words);
    (this.transaction as unknown as { _abort(name: string): void })._abort("QuotaExceededError");
    return asked;
  });
  return () => full.mock.restore();
}

test("what is kept is found though the disk is full or fails at the load of a page, and later it is written there", async (t) => {
  // The holder used to go on in memory for its life: a login anew, drafts and sends gone from sight, and what was new lost with it.
  for (const [name, breaks] of [["full", fill], ["failing", (of: TestContext) => fail(of, 2)]] as const) {
    const first = await taken(name);
    await first.writeSession(SESSION);
    await first.putSend(send(1));
    await first.putObject(object("o"));
    const mend = breaks(t);
    const shelf = await storeOf(name).take();
    assert.deepEqual([shelf.session, shelf.outbox, shelf.objects, shelf.isWhole], [SESSION, [send(1)], [object("o")], false], name);
    if (mend) {
      await assert.rejects(shelf.putSend(send(2)), { name: "QuotaExceededError" });
      mend();
    }
    await shelf.putSend(send(3));
    hasten(t);
    setTimeout(() => first.close(), 5);
    await assert.rejects(first.putSend(send(4)), Deposed);
    const next = await storeOf(name).take();
    assert.deepEqual([next.session, next.outbox.map(({ n }) => n), next.isWhole], [SESSION, [1, 3], true], name);
  }
});

test("a session that did not come to the disk was not signed out: the next holder does not say so", async (t) => {
  // Its tabs were told that their session had ended, though nobody had ended it.
  const first = await taken("unsaved");
  fail(t, 2);
  await assert.rejects(first.writeSession(SESSION), { name: "UnknownError" });
  const next = await taken("unsaved");
  assert.deepEqual([next.session, next.isWhole], [null, false]);
  await next.writeSession(SESSION);
  await next.clear(OVER, null);
  await next.vanish();
  assert.deepEqual((await taken("unsaved")).isWhole, true);
});

test("a disk that does not answer at the load of a page is written to when it does", async (t) => {
  await (await taken("slow")).writeSession(SESSION);
  hasten(t, 100);
  const hung = t.mock.method(IDBDatabase.prototype, "transaction", () => ({ objectStore: () => ({ get: () => ({}), getAll: () => ({}) }) }));
  const shelf = await storeOf("slow").take();
  assert.deepEqual([shelf.session, shelf.isWhole], [null, false]);
  hung.mock.restore();
  await shelf.writeSession({ ...SESSION, session: "next" });
  assert.equal((await storeOf("slow").take()).session?.session, "next");
});

test("what is written late by a holder before does not come behind a sign-out", async (t) => {
  // Where the row was gone by then it used to be written: the next page was signed in again.
  hasten(t);
  const [first, next] = [await taken("late"), await taken("late")];
  const late = assert.rejects(first.writeSession(SESSION), Deposed);
  await new Promise((go) => setTimeout(go, 5));
  await next.clear(OVER, null);
  await next.vanish();
  await late;
  assert.equal((await storeOf("late").take()).session, null);
});

test("rows of the version before are taken for nothing; the device is the same", async (t) => {
  // They used to be read as rows of now: the session had no token, and no number as its fence.
  const { indexedDB: present } = globalThis;
  Object.assign(globalThis, { indexedDB: new IDBFactory() });
  reopen();
  t.after(() => {
    Object.assign(globalThis, { indexedDB: present });
    reopen();
  });
  const before = await new Promise<IDBDatabase>((done) => {
    const asked = indexedDB.open("unisono", 1);
    asked.onupgradeneeded = () => ["sessions", "outbox", "objects", "device"].forEach((kind) => asked.result.createObjectStore(kind));
    asked.onsuccess = () => done(asked.result);
  });
  await new Promise((done) => {
    const transaction = before.transaction(["sessions", "outbox", "device"], "readwrite");
    transaction.objectStore("sessions").put({ user: "ann", session: "s1", resumeToken: "r", fence: 4000 }, "ctx");
    transaction.objectStore("outbox").put(send(1), ["ctx", "t:1"]);
    transaction.objectStore("device").put("the-device", "id");
    transaction.oncomplete = done;
  });
  before.close();
  const shelf = await storeOf("ctx").take();
  assert.deepEqual([shelf.session, shelf.outbox], [null, []]);
  assert.equal(await once(["device"], (rows) => rows("device").get("id")), "the-device");
});

test("whoever took a context as it was losing it does not keep it from the one that has it", async (t) => {
  hasten(t);
  const [rightful, sleeper] = [await storeOf("woken").take(), await storeOf("woken").take()];
  // The sleeper wakes, takes the context first thing, and learns then that it is nobody's holder any more.
  setTimeout(() => sleeper.close(), 5);
  await rightful.putSend(send(1));
  await assert.rejects(sleeper.putSend(send(2)), Deposed);
  assert.deepEqual(await sent(storeOf("woken")), [1]);
});

test("what nobody came back for in a month is removed, but not what somebody holds", async (t) => {
  const now = Date.now();
  const past = t.mock.method(Date, "now", () => now - 31 * DAY_MS);
  for (const context of ["old", "held"]) {
    const shelf = await storeOf(context).take();
    await shelf.writeSession(SESSION);
    await shelf.putSend(send(1));
    await shelf.putObject(object("o"));
  }
  await storeOf("old").owe({ ...DEBT, url: "ws://long-ago" });
  past.mock.mockImplementation(() => now - 29 * DAY_MS);
  await (await storeOf("young").take()).writeSession(SESSION);
  past.mock.restore();
  await storeOf("mine", (within) => sweep(within, [namesOf("held").owner])).take();
  await new Promise((go) => setTimeout(go, 50));
  const left = (await keys("sessions")).map(String);
  assert.deepEqual(["old", "held", "young", "mine", "ws://long-ago,s"].filter((key) => left.includes(key)), ["held", "young", "mine"]);
  for (const kind of ["outbox", "objects"] as const) assert.deepEqual((await keys(kind)).filter((key) => String(key).startsWith("old,")), []);
});

test("the device is the same for all pages, though they ask at once", async () => {
  const noted = new Map<string, string>();
  Object.assign(globalThis, { localStorage: { getItem: (key: string) => noted.get(key) ?? null, setItem: (key: string, value: string) => noted.set(key, value) } });
  const ids = await Promise.all(Array.from({ length: 5 }, () => deviceId(systemEntropy)));
  assert.equal(new Set(ids).size, 1);
  assert.match(ids[0] ?? "", /^[0-9a-f]{32}$/);
  assert.equal(notedDevice(), ids[0], "later pages need not ask");
  noted.clear();
  assert.equal(await deviceId(systemEntropy), ids[0], "nor is it another when only the database is left");
});
