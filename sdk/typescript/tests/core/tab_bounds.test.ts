/** What a tab gives up in time, what it claims, how it says how far its program is, and what it hears after a sleep. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Facts } from "../../src/core/messages.ts";
import { Stage, WELCOME, frame, problemOf } from "../fakes/stage.ts";
import { settle } from "../fakes/time.ts";

test("a tab that slept hears that the session is live again, though it never was anything else", async () => {
  // Else nobody is in its rooms or hears of those it watches any more: the holder forgot them with its `bye`.
  const stage = new Stage();
  await stage.begin();
  const before = stage.diary.of("state").length;
  stage.tab.suspend();
  stage.tab.suspend();
  await stage.tab.resume();
  stage.say({ is: "state", state: "live", session: null });
  stage.say({ ...WELCOME, isSnapshot: false });
  assert.deepEqual(stage.diary.of("state").slice(before), [["opening"], ["live"]]);
});

test("what waits in the outbox is told with each welcome, after a sleep too", async () => {
  const stage = new Stage();
  const send = (key: string) => ({ key, n: 1, tab: "t1", at: 1, command: { op: "send" as const } });
  await stage.begin({ outbox: [send("a")] });
  stage.tab.suspend();
  await stage.tab.resume();
  stage.say({ ...WELCOME, isSnapshot: false, outbox: [send("b")] });
  assert.deepEqual(stage.diary.of("waiting"), [["a"], ["b"]]);
});

test("what has no answer in time is taken back, and asked of nobody later", async () => {
  // It used to be carried out whenever the connection was back, long after the program had been told that it failed.
  const stage = new Stage();
  await stage.begin();
  const late = problemOf(stage.tab.request({ op: "quit", conversation: "1" }, 30_000));
  const answered = stage.tab.request({ op: "members", conversation: "1" }, 30_000);
  stage.say({ is: "answer", n: 2, answer: { kind: "members" } });
  await answered;
  await stage.clock.go(30_000);
  assert.equal(await late, "timed_out");
  assert.deepEqual(stage.said.filter((message) => message.is === "cancel"), [{ is: "cancel", n: 1 }]);
  const asleep = problemOf(stage.tab.request({ op: "dissolve", conversation: "1" }, 30_000));
  stage.tab.suspend();
  const waking = stage.clock.oversleep(3_600_000);
  await Promise.all([stage.tab.resume(), waking]);
  assert.deepEqual(stage.hellos().at(-1)?.unanswered, []);
  assert.equal(await asleep, "timed_out");
});

test("commands whose time was up while the page slept are not repeated, though their alarms have not rung", async () => {
  const stage = new Stage();
  await stage.begin();
  const asleep = problemOf(stage.tab.request({ op: "dissolve", conversation: "1" }, 30_000));
  const waits = problemOf(stage.tab.request({ op: "sessions" }));
  stage.tab.suspend();
  stage.clock.skip(60_000);
  await stage.tab.resume();
  assert.deepEqual(stage.hellos().at(-1)?.unanswered.map((command) => command.do.op), ["sessions"]);
  await stage.clock.go(1);
  assert.equal(await asleep, "timed_out");
  await stage.tab.close();
  assert.equal(await waits, "client_closed");
});

test("a thousand commands wait, and no more; who signs out need not wait", async () => {
  const stage = new Stage();
  await stage.begin();
  const asked = Array.from({ length: 1000 }, () => stage.tab.request({ op: "presence", users: ["bob"] }));
  assert.equal(await problemOf(stage.tab.request({ op: "presence", users: ["bob"] })), "link_down");
  assert.equal(await problemOf(stage.tab.place({ op: "send", key: "k", conversation: "1" })), "outbox_full");
  stage.say({ is: "answer", n: 1, answer: { kind: "presences" } });
  const next = stage.tab.request({ op: "sessions" });
  const over = stage.tab.signOut(false);
  stage.say({ is: "ended", ending: { code: "session_closed", message: "", advice: "stop", isOwn: true } });
  await over;
  assert.equal((await Promise.allSettled([...asked, next])).filter((each) => each.status === "fulfilled").length, 1);
});

test("what a tab has claimed it says to the next holder; what became another's is told", async () => {
  const stage = new Stage();
  await stage.begin();
  const claims = ["1", "2", "3", "2"].map((key) => stage.tab.claim("sound", key));
  for (const n of [1, 2, 3, 4]) stage.say({ is: "answer", n, answer: n !== 3 });
  assert.deepEqual(await Promise.all(claims), [true, true, false, true]);
  stage.tab.release("sound", "1");
  stage.locks.kill("holder");
  await settle();
  assert.deepEqual(stage.hellos().at(-1)?.claims, [["sound", "2"]]);
  // A holder looks at what a tab claims before it lets it in.
  stage.say({ is: "unclaimed", claim: ["sound", "2"], isTaken: true }, 2);
  stage.say({ ...WELCOME, life: "life/2", isSnapshot: false }, 2);
  stage.tab.suspend();
  await stage.tab.resume();
  assert.deepEqual(stage.hellos().at(-1)?.claims, []);
  assert.deepEqual(stage.diary.of("unclaimed"), [["sound", "2"]]);
});

test("a claim that was given up for newer ones is told to nobody, and not claimed again", async () => {
  const stage = new Stage();
  await stage.begin();
  const claim = stage.tab.claim("sound", "1");
  stage.say({ is: "answer", n: 1, answer: true });
  await claim;
  stage.say({ is: "unclaimed", claim: ["sound", "1"], isTaken: false });
  stage.tab.suspend();
  await stage.tab.resume();
  assert.deepEqual([stage.hellos().at(-1)?.claims, stage.diary.of("unclaimed")], [[], []]);
});

test("facts are said to be seen when the program has had them, and not when they came", async () => {
  // A hook that hung used to pile up in this page all that came: the holder was told that it kept up.
  const stage = new Stage();
  await stage.begin();
  let had = (): void => undefined;
  stage.diary.had = new Promise((done) => (had = done));
  stage.say(frame(11, 100, { n: 4 }));
  stage.say(frame(101, 200, { n: 5 }));
  stage.say({ is: "behind" });
  await stage.clock.go(10_000);
  const seen = () => stage.said.filter((message) => message.is === "seen");
  assert.deepEqual(seen(), []);
  had();
  await settle();
  assert.deepEqual(seen().map((message) => message.upTo), [4, 5, 5]);
  assert.equal(seen().at(-1)?.cursor?.positions["c/1"]?.seq, 200);
});

test("what a program has had of one holder says nothing to the next", async () => {
  const stage = new Stage();
  await stage.begin();
  let had = (): void => undefined;
  stage.diary.had = new Promise((done) => (had = done));
  stage.say(frame(11, 100, { n: 400 }));
  stage.locks.kill("holder");
  await settle();
  stage.say({ ...WELCOME, life: "life/2", isSnapshot: false }, 2);
  had();
  await stage.clock.go(1000);
  assert.deepEqual(stage.said.filter((message) => message.is === "seen"), []);
});

test("that facts do not come is told to whom they are missing, as far as they are missing", async () => {
  // A holder that goes back to the slowest tab tells all; the others used to begin anew with all they knew.
  const stage = new Stage();
  await stage.begin();
  const over = (first: number, last: number, reason: string, epoch = 7, stream = "c/1"): void => stage.say({ is: "start-over", stream, epoch, first, last, reason });
  over(1, 9, "trimmed");
  over(5, 10, "unreadable");
  over(1, 50, "epoch_changed", 6);
  over(8, 12, "trimmed");
  stage.say(frame(13, 13));
  over(1, 20, "epoch_changed", 8);
  over(1, 20, "epoch_changed", 8);
  stage.say(frame(21, 22, { epoch: 8 }));
  over(1, 15, "ahead", 8);
  over(1, 15, "ahead", 8);
  stage.say(frame(16, 16, { epoch: 8 }));
  over(1, 0, "gone", 8);
  over(1, 0, "gone", 8);
  over(1, 3, "unknown", 7, "c/new");
  assert.deepEqual(stage.diary.heard.filter(([kind]) => kind === "fact" || kind === "start-over").map((each) => each.slice(1).join(" ")), [
    "c/1 11 12 trimmed", "c/1 7 13", "c/1 1 20 epoch_changed", "c/1 8 21", "c/1 8 22", "c/1 1 15 ahead", "c/1 8 16", "c/1 1 0 gone", "c/new 1 3 unknown",
  ]);
});

test("who is out of a conversation stays out over facts that do not come", async () => {
  const stage = new Stage();
  await stage.begin();
  const one = (seq: number, fact: Facts["facts"][number]["fact"]): Facts => frame(seq, seq, { facts: [{ seq, at: 1, fact }] });
  stage.say(one(11, { kind: "left", users: ["ann"], by: "bob" }));
  stage.say({ is: "start-over", stream: "c/1", epoch: 7, first: 12, last: 14, reason: "trimmed" });
  stage.say(one(20, { kind: "joined", users: ["ann"], by: "bob" }));
  assert.equal(stage.hellos().length, 1);
  assert.deepEqual(stage.diary.of("fact").map((fact) => fact[2]), [11, 20]);
});
