/** The end of a session: what a browser forgets, what the server is told, and when. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { FromTab, Hello } from "../../src/core/messages.ts";
import type { Debt, Shelf, Store } from "../../src/core/ports.ts";
import { STEPS, SigningOff } from "../../src/core/signing-off.ts";
import type { Stay, Step } from "../../src/core/signing-off.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import { GREETING, HubStage } from "../fakes/hub_stage.ts";
import { SlowStore } from "../fakes/slow_store.ts";
import { ManualClock } from "../fakes/time.ts";

const CURSOR = { epoch: 9, checkpoint: 5, positions: {} };
const SIGN_OUT: FromTab = { is: "sign-out", n: 1, everywhere: false };
const EVERYWHERE: FromTab = { is: "sign-out", n: 1, everywhere: true };
const KEPT = { user: "ann", session: "s", resumeToken: "r", fence: 4 };

function send(tab: string, n = 9): FromTab {
  return { is: "command", n, how: "queue", do: { op: "send", key: `${tab}:${n}`, conversation: "c", content: { text: "secret" } } };
}

function put(n = 10): FromTab {
  return { is: "object", n, name: "draft", value: "half-written" };
}

/** A disk on which everything takes 5 ms. */
function slow(kept: MemoryStore): HubStage {
  const clock = new ManualClock();
  return new HubStage(kept, new SlowStore(kept, clock, () => 5), clock);
}

function left({ session, sends, objects }: MemoryStore): unknown[] {
  return [session, ...sends.values(), ...objects.values()].filter((row) => row !== null);
}

async function offline(stage: HubStage): Promise<void> {
  stage.isDown = true;
  stage.close(1006);
  await stage.clock.go(10);
}

test("every pair of the table of signing out leads where it says, and every other is a defect", () => {
  for (const stay of Object.keys(STEPS) as Stay[]) {
    for (const step of ["begun", "refused", "done"] satisfies Step[]) {
      const leaving = new SigningOff({} as ConstructorParameters<typeof SigningOff>[0]);
      leaving.stay = stay;
      const next = STEPS[stay][step];
      if (next === undefined) assert.throws(() => leaving.step(step), RangeError);
      else leaving.step(step);
      assert.equal(leaving.stay, next ?? stay);
    }
  }
});

test("whoever signs out while the link is being opened leaves no row, and no session that was opened", async () => {
  // A welcome that came while the store was cleared used to write the session behind it: the next page was signed in again.
  for (let moment = 0; moment < 60; moment++) {
    const stage = slow(new MemoryStore());
    void stage.hello("a");
    await stage.clock.go(moment);
    stage.say("a", SIGN_OUT);
    await stage.clock.go(20_000);
    assert.deepEqual([left(stage.store), stage.endings("a")], [[], ["session_closed"]], `${moment} ms after the hello`);
    const [isIn, isOut] = ["login", "logout"].map((op) => stage.ops().includes(op));
    assert.equal(isOut, isIn, `${moment} ms after the hello: ${stage.ops().join(" ")}`);
    assert.deepEqual(await stage.store.debts("ws://here"), []);
  }
});

test("what is sent or set while somebody signs out is not kept, and whoever asked is told of the end", async () => {
  // It used to stay on disk, and was sent at the next login.
  for (const moment of [0, 2, 7, 12, 4_000]) {
    const stage = slow(new MemoryStore());
    for (const tab of ["a", "b"]) await stage.hello(tab);
    stage.answers["send"] = stage.answers["logout"] = null;
    stage.say("a", SIGN_OUT);
    await stage.clock.go(moment);
    stage.say("b", send("b"));
    stage.say("b", put());
    await stage.clock.go(20_000);
    assert.deepEqual([left(stage.store), stage.endings("b"), stage.ops().includes("send")], [[], ["session_closed"], false]);
  }
});

test("what was sent and set before somebody signs out goes, though it is being written just then", async () => {
  for (const moment of [0, 1, 6, 11]) {
    const stage = slow(new MemoryStore());
    await stage.hello("a");
    stage.answers["send"] = null;
    stage.say("a", send("a"));
    stage.say("a", put());
    await stage.clock.go(moment);
    stage.say("a", SIGN_OUT);
    await stage.clock.go(20_000);
    assert.deepEqual(left(stage.store), []);
  }
});

test("signing out everywhere without a link is refused, and nothing is forgotten or ended", async () => {
  // It used to say that it was done.
  const stage = new HubStage();
  for (const tab of ["a", "b"]) await stage.hello(tab);
  await stage.ask("b", put());
  await offline(stage);
  await stage.ask("a", EVERYWHERE);
  const [fault] = stage.of("a", "fault");
  assert.deepEqual([fault?.n, fault?.fault.code, fault?.fault.retryable], [1, "link_down", true]);
  assert.deepEqual([stage.endings("a"), stage.store.session?.resumeToken, stage.store.objects.size], [[], "r", 1]);
  await stage.ask("b", send("b"));
  assert.equal(stage.store.sends.size, 1);
  stage.isDown = false;
  stage.answers["sessions"] = { kind: "sessions", sessions: [] };
  await stage.clock.go(60_000);
  await stage.ask("a", { ...EVERYWHERE, n: 2 });
  assert.deepEqual([left(stage.store), stage.endings("b"), stage.isOver], [[], ["session_closed"], true]);
});

test("signing out everywhere is refused unless the server answered that all sessions are over", async () => {
  const sessions = { kind: "sessions", sessions: [{ session: "s", is_this: true }, { session: "phone", is_this: false }] };
  const cases: readonly (readonly [op: string, answer: string | null, code: string])[] = [
    ["sessions", "overloaded", "overloaded"],
    ["close_session", "unavailable", "unavailable"],
    ["close_session", null, "link_down"],
    ["logout", "rate_limited", "rate_limited"],
    ["logout", null, "link_down"],
  ];
  for (const [op, answer, code] of cases) {
    const stage = new HubStage();
    Object.assign(stage.answers, { sessions, [op]: answer });
    await stage.hello("a");
    await stage.ask("a", put());
    stage.say("a", EVERYWHERE);
    await stage.clock.go(5_000);
    // What is asked meanwhile waits, and is done when nobody leaves.
    stage.say("a", { is: "command", n: 5, how: "repeat", do: { op: "presence", users: ["bob"] } });
    assert.equal(stage.ops().includes("presence"), answer !== null);
    await stage.clock.go(15_000);
    assert.deepEqual(stage.of("a", "fault").map(({ n, fault }) => [n, fault.code]), [[1, code]], op);
    assert.deepEqual([stage.endings("a"), stage.store.session?.resumeToken, stage.store.objects.size], [[], "r", 1]);
    assert.ok(stage.ops().includes("presence"));
  }
});

test("signing out everywhere closes all other sessions, page by page, one that is gone by then as well", async () => {
  const stage = new HubStage();
  stage.answers["sessions"] = { kind: "sessions", sessions: [{ session: "s", is_this: true }, { session: "phone", is_this: false }] };
  stage.answers["close_session"] = "not_found";
  await stage.hello("a");
  await stage.ask("a", EVERYWHERE);
  assert.deepEqual(stage.asked.filter(({ do: { op } }) => op === "close_session").map((frame) => frame.do["session"]), ["phone"]);
  assert.deepEqual([stage.ops().at(-1), stage.of("a", "answer").map(({ n }) => n), left(stage.store)], ["logout", [1], []]);
});

test("a session that others end while somebody signs out everywhere ends, though that was refused", async () => {
  const stage = new HubStage();
  stage.answers["sessions"] = null;
  for (const tab of ["a", "b"]) await stage.hello(tab);
  stage.say("a", EVERYWHERE);
  await stage.clock.go(10);
  stage.server({ is: "bye", code: "displaced", message: "a phone", advice: "stop" });
  stage.close(4432);
  await stage.clock.go(10);
  assert.deepEqual([stage.of("a", "fault").length, stage.endings("a"), stage.endings("b"), stage.isOver], [1, ["displaced"], ["displaced"], true]);
});

test("who signs out on a train is forgotten here, and the session ends when any context comes to the server", async () => {
  const debts = new Map<string, Debt>();
  const ann = new HubStage(new MemoryStore(debts));
  await ann.hello("a");
  await ann.ask("a", put());
  await offline(ann);
  await ann.ask("a", SIGN_OUT);
  assert.deepEqual([left(ann.store), ann.endings("a"), ann.ops().includes("logout")], [[], ["session_closed"], false]);
  const [debt] = debts.values();
  assert.deepEqual(Object.keys(debt ?? {}).sort(), ["fence", "resumeToken", "session", "url"]);

  const bob = new HubStage(new MemoryStore(debts));
  bob.answers["login"] = { ...GREETING, user: "bob", session: "bobs" };
  // The server puts it off once.
  bob.answers["logout"] = "overloaded";
  await bob.hello("b");
  await bob.clock.go(10_000);
  assert.equal(debts.size, 1);
  bob.answers["logout"] = { kind: "done" };
  bob.close(1006);
  await bob.clock.go(10_000);
  const ending = bob.asked.filter(({ do: { op, session } }) => op === "logout" || (op === "resume" && session === "s"));
  assert.deepEqual(ending.map(({ do: { op } }) => op), ["resume", "logout", "resume", "logout"]);
  assert.deepEqual([ending[0]?.do["resume_token"], Number(ending[0]?.do["fence"]) > (debt?.fence ?? 0), debts.size], ["r", true, 0]);
  assert.deepEqual([bob.endings("b"), bob.isOver], [[], false]);
});

test("a session that was to be ended and is over by itself is owed no more", async () => {
  for (const code of ["session_unknown", "session_closed", "displaced", "token_revoked"]) {
    const debts = new Map<string, Debt>();
    const store = new MemoryStore(debts);
    await store.owe({ url: "ws://here", session: "s", resumeToken: "r", fence: 1 });
    const stage = new HubStage(store);
    stage.answers["resume"] = code;
    await stage.hello("a");
    await stage.clock.go(10_000);
    assert.deepEqual([debts.size, stage.ops().includes("logout")], [0, false]);
  }
});

test("a session that another holder is just ending is owed still, and ended from above it the next time", async () => {
  // It used to count as over: the holder that was at it may have died.
  const debts = new Map<string, Debt>();
  const store = new MemoryStore(debts);
  await store.owe({ url: "ws://here", session: "s", resumeToken: "r", fence: 1 });
  const stage = new HubStage(store);
  stage.answers["resume"] = "replaced";
  await stage.hello("a");
  await stage.clock.go(10_000);
  assert.deepEqual([...debts.values()].map(({ fence }) => fence), [2]);
  stage.answers["resume"] = { ...GREETING, resume_token: undefined };
  stage.close(1006);
  await stage.clock.go(10_000);
  assert.equal(debts.size, 0);
});

test("a server that does not answer a sign-out holds nobody up, and is told later", async () => {
  const debts = new Map<string, Debt>();
  const stage = new HubStage(new MemoryStore(debts));
  stage.answers["logout"] = null;
  await stage.hello("a");
  stage.say("a", SIGN_OUT);
  await stage.clock.go(5_100);
  assert.deepEqual([left(stage.store), stage.endings("a"), debts.size], [[], ["session_closed"], 1]);
});

test("a tab that comes while nobody knows yet how it ended is told, and does not log in again", async () => {
  const kept = new MemoryStore();
  const stage = new HubStage(kept);
  stage.answers["logout"] = null;
  for (const tab of ["a", "b"]) await stage.hello(tab, { token: "good" });
  stage.say("a", SIGN_OUT);
  await stage.clock.go(10);
  // Its host dies with it.
  stage.holder.stop();
  const next = new HubStage(kept);
  await next.hello("b", { cursor: CURSOR, fence: 1, token: "good" });
  assert.deepEqual([next.endings("b"), next.dials], [["session_closed"], 0]);
});

test("a disk that cannot be cleared is told, and the session is over all the same", async () => {
  const kept = new MemoryStore();
  const failing: Store = {
    take: async () => {
      const shelf = await kept.take();
      return Object.assign(shelf, { clear: () => Promise.reject(new Error("broken")) }) satisfies Shelf;
    },
    debts: () => Promise.resolve([]),
    owe: () => Promise.reject(new Error("broken")),
    settle: () => Promise.reject(new Error("broken")),
  };
  const stage = new HubStage(kept, failing);
  await stage.hello("a");
  await stage.ask("a", SIGN_OUT);
  assert.deepEqual([stage.of("a", "fault").map(({ n, fault }) => [n, fault.code]), stage.endings("a")], [[[1, "unavailable"]], ["session_closed"]]);
  assert.ok(stage.ops().includes("logout") && stage.isOver);
});

test("a session closed from another device takes its drafts and sends along; one that lost its place does not", async () => {
  const cases: readonly (readonly [code: string, close: number, left: number])[] = [["session_closed", 4431, 0], ["displaced", 4432, 1]];
  for (const [code, close, objects] of cases) {
    const stage = new HubStage();
    await stage.hello("a");
    await stage.ask("a", put());
    stage.server({ is: "bye", code, message: "", advice: "stop" });
    stage.close(close);
    await stage.clock.go(10);
    assert.deepEqual([stage.store.objects.size, stage.store.session?.ended?.code], [objects, code]);
  }
});

test("so it does when the browser learns of it only later, and a new tab begins without them", async () => {
  const kept = new MemoryStore();
  kept.session = KEPT;
  kept.objects.set("draft", { name: "draft", value: 1, revision: 1, tab: "gone" });
  kept.sends.set("gone:1", { key: "gone:1", n: 1, tab: "gone", at: 1, command: { op: "send", key: "gone:1", conversation: "c" } });
  const stage = new HubStage(kept);
  stage.answers["resume"] = "session_closed";
  await stage.hello("a", { token: "good" });
  await stage.clock.go(5_000);
  const [welcome] = stage.of("a", "welcome");
  assert.deepEqual([welcome?.objects, welcome?.outbox, kept.objects.size, kept.sends.size, stage.ops().includes("send")], [[], [], 0, 0, false]);
  assert.ok(stage.ops().includes("login"));
});

/** Gives nothing of what was kept, and does not know whether there was anything. */
function nowhere(): HubStage {
  const store = new MemoryStore();
  const { take } = store;
  store.take = async () => Object.assign(await take.call(store), { isWhole: false });
  return new HubStage(store);
}

test("a tab that was between two holders while somebody signed out hears of it, and does not sign in again", async () => {
  const kept = new MemoryStore();
  const first = new HubStage(kept);
  await first.hello("a");
  await first.ask("a", SIGN_OUT);
  assert.ok(first.isOver);
  const next = new HubStage(kept);
  await next.hello("b", { cursor: CURSOR, fence: 7, token: "good" });
  assert.deepEqual([next.endings("b"), next.dials], [["session_unknown"], 0]);
  // Who is new was asked for by a person.
  await next.hello("c", { token: "good" });
  assert.deepEqual([next.endings("c"), next.ops()[0]], [[], "login"]);
});

test("a tab that is opened while another one signs out is not told of that end: it is the next holder's", async () => {
  // Its login used to fail with the other tab's sign-out.
  const stage = new HubStage();
  for (const tab of ["a", "b"]) await stage.hello(tab);
  stage.answers["logout"] = null;
  stage.say("a", SIGN_OUT);
  await stage.clock.go(100);
  await stage.hello("new");
  await stage.hello("back", { cursor: CURSOR });
  await stage.clock.go(20_000);
  assert.ok(stage.isOver);
  assert.deepEqual(stage.endings("back"), ["session_closed"]);
  assert.deepEqual(["a", "b", "new"].map((tab) => stage.endings(tab)), [["session_closed"], ["session_closed"], []]);
});

test("what is taken back while somebody tries to sign out everywhere is not carried out afterwards", async () => {
  const stage = new HubStage();
  for (const tab of ["a", "b"]) await stage.hello(tab);
  stage.answers["sessions"] = null;
  stage.say("a", EVERYWHERE);
  const ask = (tab: string, n: number, op: string): void => stage.say(tab, { is: "command", n, how: "repeat", do: { op, conversation: "c" } });
  ask("b", 2, "quit");
  ask("b", 3, "mark_all_read");
  ask("a", 2, "sessions");
  stage.say("b", { is: "cancel", n: 2 });
  stage.say("b", { ...SIGN_OUT, n: 4 });
  stage.say("b", { is: "cancel", n: 4 });
  await stage.clock.go(20_000);
  assert.deepEqual(["quit", "mark_all_read"].map((op) => stage.ops().includes(op)), [false, true]);
  assert.deepEqual([stage.of("a", "fault").map(({ n }) => n), stage.isOver], [[1], false]);
});

test("without a disk the next holder logs in for tabs that were awake, and not for one that slept", async () => {
  // A leader's death used to end the session in all tabs where the browser gives no database.
  const awake: Partial<Hello> = { cursor: CURSOR, fence: 7, token: "good" };
  const stage = nowhere();
  await stage.hello("a", awake);
  await stage.clock.go(5_000);
  assert.deepEqual([stage.of("a", "welcome")[0]?.isSnapshot, stage.endings("a"), stage.ops()[0]], [false, [], "login"]);
  const other = nowhere();
  await other.hello("a", { ...awake, slept: true });
  assert.deepEqual([other.endings("a"), other.dials], [["session_unknown"], 0]);
});

test("a tab that is closed from another place between two holders is told when it comes", async () => {
  const stage = new HubStage();
  await stage.hello("a");
  stage.server({ is: "event", event: { kind: "tab_closed", tab: "b" } });
  stage.told.length = 0;
  for (const tab of ["a", "b"]) await stage.hello(tab, { cursor: CURSOR });
  assert.deepEqual([stage.endings("b"), stage.endings("a"), stage.of("b", "welcome").length], [["tab_closed"], [], 0]);
  // It used to be welcome to the next holder.
  stage.holder.stop();
  const next = new HubStage(stage.store);
  for (const tab of ["a", "b"]) await next.hello(tab, { cursor: CURSOR });
  assert.deepEqual([next.ops()[0], next.endings("b"), next.endings("a")], ["resume", ["tab_closed"], []]);
});

test("a holder that is stopped writes nothing more", async () => {
  const stage = slow(new MemoryStore());
  await stage.hello("a");
  stage.say("a", send("a"));
  for (const n of [1, 2, 3]) stage.say("a", put(n));
  stage.holder.stop();
  await stage.clock.go(1_000);
  assert.deepEqual([[...stage.store.sends], [...stage.store.objects]], [[], []]);
});
