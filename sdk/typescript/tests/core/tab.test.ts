/** The tab's side, against a holder that says what the test wants. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { NEXT, next } from "../../src/core/lifecycle.ts";
import type { TabCue, TabState } from "../../src/core/lifecycle.ts";
import type { Facts } from "../../src/core/messages.ts";
import { Stage, WELCOME, frame, problemOf } from "../fakes/stage.ts";
import { settle } from "../fakes/time.ts";

test("every pair of the table leads where it says, and every other is a defect", () => {
  const cues: TabCue[] = ["attach", "welcome", "silence", "lost", "suspend", "resume", "close"];
  for (const state of Object.keys(NEXT) as TabState[]) {
    for (const cue of cues) {
      const then = NEXT[state][cue];
      if (then === undefined) assert.throws(() => next(state, cue), RangeError);
      else assert.equal(next(state, cue), then);
    }
  }
  assert.deepEqual(new Set(Object.values(NEXT.closed)), new Set(["closed"]));
});

test("a tab takes its own lock before it says hello, and gives it back when it leaves", async () => {
  const stage = new Stage();
  await stage.begin();
  assert.deepEqual(stage.locks.names(), ["life/1", "tab/t1"]);
  await stage.tab.close();
  await settle();
  assert.deepEqual(stage.locks.names(), ["life/1"]);
  assert.deepEqual(stage.events, ["close", "left"]);
  assert.equal(stage.said.at(-1)?.is, "bye");
  assert.equal(await problemOf(stage.tab.request({ op: "sessions" })), "client_closed");
});

test("a new tab begins with a snapshot and tells it once, though two welcomes crossed", async () => {
  const stage = new Stage();
  await stage.begin({ conversations: [{ kind: "found" }] });
  stage.say(frame(11, 12));
  stage.say({ ...WELCOME, conversations: [{ kind: "found" }] });
  stage.say(frame(11, 13));
  assert.deepEqual(stage.diary.of("started"), [[{ kind: "found" }]]);
  assert.deepEqual(stage.diary.of("fact"), [["c/1", 7, 11], ["c/1", 7, 12], ["c/1", 7, 13]]);
});

test("repeats are dropped, also those of an older epoch", async () => {
  const stage = new Stage();
  await stage.begin();
  stage.say(frame(8, 11));
  stage.say(frame(10, 11));
  stage.say(frame(12, 14, { epoch: 6 }));
  stage.say(frame(1, 2, { stream: "c/new" }));
  assert.deepEqual(stage.diary.of("fact"), [["c/1", 7, 11], ["c/new", 7, 1], ["c/new", 7, 2]]);
});

test("a hole makes the tab ask its holder from where it stands; a hole that stays is told", async () => {
  const stage = new Stage();
  await stage.begin();
  stage.say(frame(12, 12));
  assert.deepEqual(stage.diary.of("fact"), []);
  assert.deepEqual(stage.hellos()[1]?.cursor?.positions, { "c/1": { epoch: 7, seq: 10 } });
  stage.say({ ...WELCOME, isSnapshot: false });
  stage.say(frame(11, 11));
  stage.say(frame(13, 13));
  stage.say({ ...WELCOME, isSnapshot: false });
  stage.say(frame(13, 13));
  assert.deepEqual(stage.diary.of("fact").map((fact) => fact[2]), [11, 13]);
  assert.deepEqual(stage.diary.of("start-over"), [["c/1", 12, 12, "missing"]]);
});

test("what was said while I was no member is no hole", async () => {
  const stage = new Stage();
  await stage.begin();
  const one = (seq: number, fact: Facts["facts"][number]["fact"]): Facts => frame(seq, seq, { facts: [{ seq, at: 1, fact }] });
  stage.say(one(11, { kind: "left", users: ["ann"], by: "bob" }));
  stage.say(one(20, { kind: "joined", users: ["ann"], by: "bob" }));
  stage.say(one(22, { kind: "message" }));
  assert.deepEqual(stage.diary.of("fact").map((fact) => fact[2]), [11, 20]);
  assert.equal(stage.hellos().length, 2);
});

test("the death of the holder is seen by its lock; the next goes on from the cursor, and what was not answered is asked again in order", async () => {
  const stage = new Stage();
  await stage.begin();
  stage.say(frame(11, 12));
  const first = stage.tab.request({ op: "members", conversation: "1" });
  const second = stage.tab.place({ op: "send", key: stage.tab.newKey(), conversation: "1" });
  const now = stage.tab.requestNow({ op: "type" });
  stage.locks.kill("holder");
  assert.equal(await problemOf(now), "holder_lost");
  const hello = stage.hellos()[1];
  assert.deepEqual(hello?.cursor, { epoch: 7, checkpoint: 112, positions: { "c/1": { epoch: 7, seq: 12 } } });
  assert.deepEqual(hello?.unanswered.map((command) => [command.n, command.do.op]), [[1, "members"], [2, "send"]]);
  stage.say({ ...WELCOME, life: "life/2", isSnapshot: false }, 2);
  stage.say(frame(11, 13), 2);
  stage.say({ is: "answer", n: 1, answer: { kind: "members" } }, 2);
  stage.say({ is: "fault", n: 2, fault: { code: "forbidden", message: "no", where: "server" } }, 2);
  assert.deepEqual(await first, { kind: "members" });
  assert.equal(await problemOf(second), "forbidden");
  assert.deepEqual(stage.diary.of("fact").map((fact) => fact[2]), [11, 12, 13]);
  assert.deepEqual(stage.diary.of("started").length, 1);
});

test("a holder that woke up late is not heard", async () => {
  const stage = new Stage();
  await stage.begin({}, 5);
  stage.say(frame(11, 11), 4);
  stage.say({ is: "ended", ending: { code: "replaced", message: "", advice: "stop", isOwn: false } }, 4);
  assert.deepEqual(stage.diary.of("fact"), []);
  assert.equal(stage.tab.state, "live");
});

test("a newer holder's word makes the tab greet it", async () => {
  const stage = new Stage();
  await stage.begin();
  stage.say(frame(11, 11), 2);
  assert.equal(stage.hellos().length, 2);
  assert.equal(stage.hellos()[1]?.fence, 1);
  assert.deepEqual(stage.diary.of("fact"), []);
});

test("a holder that does not know this tab is greeted again", async () => {
  const stage = new Stage();
  await stage.begin();
  stage.say({ is: "who" });
  assert.equal(stage.hellos().length, 2);
});

test("silence leads from rung to rung; a way that fails is left at once", async () => {
  const stage = new Stage();
  await stage.tab.attach();
  await stage.clock.go(1500);
  assert.deepEqual(stage.opened, [0, 1]);
  stage.fail();
  assert.deepEqual(stage.opened, [0, 1, 2]);
  await stage.clock.go(1499);
  assert.deepEqual(stage.opened, [0, 1, 2]);
});

test("a holder that lives but cannot welcome is waited for, and greeted again after ten seconds", async () => {
  const stage = new Stage();
  await stage.tab.attach();
  for (let i = 0; i < 8; i++) {
    stage.say({ is: "pong" });
    await stage.clock.go(1500);
  }
  assert.deepEqual(stage.opened, [0]);
  assert.equal(stage.hellos().length, 2);
});

test("a host that does not hold the session sends the tab to the bus", async () => {
  const stage = new Stage();
  await stage.tab.attach();
  stage.say({ is: "elsewhere" }, 0);
  assert.deepEqual(stage.events, ["elsewhere"]);
  assert.deepEqual(stage.opened, [0, 0]);
  assert.equal(stage.hellos().length, 2);
});

test("a leader that hangs keeps its lock and is found by its silence", async () => {
  const stage = new Stage();
  stage.patience = 1500;
  await stage.begin();
  stage.say({ is: "pong" });
  await stage.clock.go(1500);
  assert.equal(stage.said.at(-1)?.is, "ping");
  stage.say({ is: "pong" });
  await stage.clock.go(1500);
  assert.deepEqual(stage.opened, [0]);
  await stage.clock.go(1500);
  assert.deepEqual(stage.opened, [0, 1]);
});

test("a leader that hangs from the welcome on is asked at once", async () => {
  const stage = new Stage();
  stage.patience = 1500;
  await stage.begin();
  assert.equal(stage.said.at(-1)?.is, "ping");
  await stage.clock.go(1500);
  assert.deepEqual(stage.opened, [0, 1]);
});

test("a tab that hung itself does not take its holder for dead", async () => {
  const stage = new Stage();
  stage.patience = 1500;
  await stage.begin();
  stage.say({ is: "pong" });
  await stage.clock.go(1500);
  await stage.clock.oversleep(20_000);
  stage.say({ is: "pong" });
  await stage.clock.go(1500);
  assert.deepEqual(stage.opened, [0]);
});

test("a page that sleeps says bye at once, hears nothing, and goes on from its cursor when it wakes", async () => {
  const stage = new Stage();
  await stage.begin();
  stage.say(frame(11, 11));
  stage.tab.suspend();
  assert.equal(stage.said.at(-1)?.is, "bye");
  assert.deepEqual(stage.events, ["suspend"]);
  await settle();
  assert.deepEqual(stage.locks.names(), ["life/1"]);
  // A page may be told twice.
  stage.tab.suspend();
  const asked = stage.tab.request({ op: "sessions" });
  stage.say(frame(12, 12));
  await stage.tab.resume();
  assert.deepEqual(stage.locks.names(), ["life/1", "tab/t1"]);
  assert.deepEqual(stage.hellos()[1]?.cursor?.positions["c/1"]?.seq, 11);
  assert.deepEqual(stage.hellos()[1]?.unanswered.map((command) => command.do.op), ["sessions"]);
  stage.say({ ...WELCOME, isSnapshot: false });
  stage.say(frame(12, 12));
  stage.say({ is: "answer", n: 1, answer: { kind: "sessions" } });
  await asked;
  assert.deepEqual(stage.diary.of("fact").map((fact) => fact[2]), [11, 12]);
});

test("a page that was never asleep is not disturbed by being shown", async () => {
  const stage = new Stage();
  await stage.begin();
  await stage.tab.resume();
  assert.equal(stage.hellos().length, 1);
});

test("the fact of an own message comes before the answer to its send", async () => {
  const stage = new Stage();
  await stage.begin();
  const order: string[] = [];
  const sent = stage.tab.place({ op: "send", key: stage.tab.newKey(), conversation: "1" }).then(() => order.push("answer"));
  stage.say({ is: "answer", n: 1, answer: { kind: "placed", stream: "c/1", epoch: 7, seq: 11, at: 1 } });
  await settle();
  order.push(`${stage.diary.of("fact").length} facts`);
  stage.say(frame(11, 11));
  await sent;
  assert.deepEqual(order, ["0 facts", "answer"]);
  const other = stage.tab.place({ op: "send", key: stage.tab.newKey(), conversation: "2" });
  stage.say({ is: "answer", n: 2, answer: { kind: "placed", stream: "c/room", epoch: 7, seq: 3, at: 1 } });
  await other;
  const lost = stage.tab.place({ op: "send", key: stage.tab.newKey(), conversation: "1" });
  stage.say({ is: "answer", n: 3, answer: { kind: "placed", stream: "c/1", epoch: 7, seq: 12, at: 1 } });
  await stage.clock.go(5000);
  await lost;
});

test("a write to an object is asked of the next holder too, unless it names what it expects", async () => {
  const stage = new Stage();
  await stage.begin();
  const plain = stage.tab.setObject("a", 1);
  const exact = stage.tab.setObject("b", 1, 4);
  const claim = stage.tab.claim("sound", "m1");
  stage.locks.kill("holder");
  assert.equal(await problemOf(exact), "holder_lost");
  stage.said.length = 0;
  stage.say({ ...WELCOME, life: "life/2", isSnapshot: false }, 2);
  assert.deepEqual(stage.said.map((message) => message.is), ["object", "claim"]);
  stage.say({ is: "answer", n: 1, answer: 3 }, 2);
  stage.say({ is: "answer", n: 3, answer: true }, 2);
  assert.equal(await plain, 3);
  assert.equal(await claim, true);
});

test("objects are there at once, and each change is told, with whose it is", async () => {
  const stage = new Stage();
  await stage.begin({ objects: [{ name: "a", value: 1, revision: 1, tab: "t2" }] });
  assert.equal(stage.tab.objects.get("a")?.value, 1);
  stage.say({ is: "object", name: "a", object: { name: "a", value: 2, revision: 2, tab: "t1" }, revision: 2, tab: "t1" });
  stage.locks.kill("holder");
  await settle();
  stage.say({ ...WELCOME, life: "life/2", isSnapshot: false, objects: [{ name: "b", value: 3, revision: 1, tab: "t2" }] }, 2);
  assert.deepEqual(stage.diary.of("object"), [["a", 2, true], ["a", undefined, false], ["b", 3, false]]);
});

test("a tab that is behind says where it stands; others tell in batches how far they got", async () => {
  const stage = new Stage();
  await stage.begin();
  stage.say(frame(11, 12, { n: 4 }));
  assert.equal(stage.said.filter((message) => message.is === "seen").length, 0);
  await stage.clock.go(200);
  assert.deepEqual(stage.said.at(-1), { is: "seen", upTo: 4 });
  stage.say(frame(13, 80, { n: 5 }));
  assert.deepEqual(stage.said.at(-1), { is: "seen", upTo: 5 });
  stage.say({ is: "behind" });
  await settle();
  assert.deepEqual(stage.said.at(-1), { is: "seen", upTo: 5, cursor: { epoch: 7, checkpoint: 180, positions: { "c/1": { epoch: 7, seq: 80 } } } });
});

test("a token is asked of the program; what it throws is none", async () => {
  let fails = false;
  const stage = new Stage(() => (fails ? Promise.reject(new Error("no luck")) : Promise.resolve("fresh")));
  await stage.tab.attach();
  stage.say({ is: "need-token", ask: 3 });
  await settle();
  assert.deepEqual(stage.said.at(-1), { is: "token", ask: 3, token: "fresh" });
  fails = true;
  stage.say({ is: "need-token", ask: 4 });
  await settle();
  assert.deepEqual(stage.said.at(-1), { is: "token", ask: 4, token: null });
});

test("the end is told once, with its reason, and nothing is asked of anybody afterwards", async () => {
  const stage = new Stage();
  await stage.begin();
  const asked = stage.tab.request({ op: "sessions" });
  const ending = { code: "displaced", message: "another device", advice: "stop", isOwn: false } as const;
  stage.say({ is: "ended", ending });
  stage.say({ is: "ended", ending });
  assert.equal(await problemOf(asked), "displaced");
  assert.deepEqual(stage.diary.of("ended"), [["displaced"]]);
  await stage.clock.go(60_000);
  assert.equal(stage.hellos().length, 1);
  assert.equal(stage.tab.state, "stopped");
});

test("an older holder is asked to yield; a newer one ends this tab", async () => {
  const stage = new Stage();
  await stage.tab.attach();
  stage.say({ is: "outdated", v: 0, sdk: "0.0" });
  assert.deepEqual(stage.said.at(-1), { is: "yield", v: 1 });
  stage.say({ is: "outdated", v: 2, sdk: "9.0" });
  assert.deepEqual(stage.diary.of("ended"), [["outdated"]]);
});

test("a holder that is older and comes back is given up for the next rung", async () => {
  const stage = new Stage();
  await stage.tab.attach();
  stage.say({ is: "outdated", v: 0, sdk: "0.0" });
  assert.deepEqual(stage.opened, [0]);
  stage.say({ is: "outdated", v: 0, sdk: "0.0" }, 2);
  assert.deepEqual(stage.opened, [0, 1]);
});

test("what is only for now is refused while nobody holds the session", async () => {
  const stage = new Stage();
  await stage.tab.attach();
  assert.equal(await problemOf(stage.tab.requestNow({ op: "type" })), "link_down");
  assert.equal(stage.tab.retry(), false);
});

test("a tab that slept says so until it is welcome", async () => {
  const stage = new Stage();
  await stage.begin();
  stage.tab.suspend();
  await stage.tab.resume();
  stage.say(WELCOME, 2);
  stage.say({ is: "who" }, 2);
  assert.deepEqual(stage.hellos().map(({ slept }) => slept), [undefined, true, undefined]);
});

test("keys are this tab's own, and never twice the same", () => {
  const stage = new Stage();
  const keys = [stage.tab.newKey(), stage.tab.newKey()];
  assert.equal(new Set(keys).size, 2);
  assert.ok(keys.every((key) => stage.tab.isOwnKey(key)));
  assert.equal(stage.tab.isOwnKey("t11:1"), false);
});
