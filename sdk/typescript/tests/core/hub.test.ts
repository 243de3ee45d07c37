/** The holder of a session, against tabs and a server that say what the test wants. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { FromTab, Hello, ToTabEnvelope } from "../../src/core/messages.ts";
import { NEXT, next } from "../../src/core/phases.ts";
import type { Cue } from "../../src/core/phases.ts";
import type { HolderState } from "../../src/core/messages.ts";
import { Seat } from "../../src/core/seat.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import { GREETING, HubStage } from "../fakes/hub_stage.ts";

test("every pair of the session's table leads where it says, and every other is a defect", () => {
  const cues: Cue[] = ["begin", "welcomed", "lost", "tokenless", "retry", "over"];
  for (const state of Object.keys(NEXT) as HolderState[]) {
    for (const cue of cues) {
      const then = NEXT[state][cue];
      if (then === undefined) assert.throws(() => next(state, cue), RangeError);
      else assert.equal(next(state, cue), then);
    }
  }
});

test("a tab that is gone while it is asked for a token is followed by one that came meanwhile", async () => {
  const stage = new HubStage();
  await stage.hello("a", { canAsk: true });
  assert.equal(stage.of("a", "need-token").length, 1);
  await stage.hello("b", { canAsk: true });
  assert.equal(stage.of("b", "need-token").length, 0);
  stage.say("a", { is: "bye" });
  await stage.clock.go(10);
  const [ask] = stage.of("b", "need-token");
  stage.say("b", { is: "token", ask: ask?.ask ?? 0, token: "good" });
  await stage.clock.go(100);
  assert.deepEqual(stage.asked.filter((frame) => frame.do.op === "login").map((frame) => frame.do["token"]), ["good"]);
});

test("tabs that come together log in once; the focused one is asked for a token first, then the next that can", async () => {
  const stage = new HubStage();
  const view = { visible: true, focused: true, conversation: null, online: true };
  void stage.hello("a", { canAsk: true });
  await stage.hello("b", { canAsk: true, view });
  const [ask] = stage.of("b", "need-token");
  assert.deepEqual([stage.of("a", "need-token").length, stage.dials], [0, 0]);
  stage.say("b", { is: "token", ask: ask?.ask ?? 0, token: null });
  await stage.clock.go(1);
  const [other] = stage.of("a", "need-token");
  stage.say("a", { is: "token", ask: other?.ask ?? 0, token: "good" });
  await stage.clock.go(100);
  assert.deepEqual(stage.asked.filter((frame) => frame.do.op === "login").map((frame) => frame.do["token"]), ["good"]);
  for (const tab of ["a", "b"]) assert.equal(stage.of(tab, "welcome").length, 1);
});

test("all tabs know what is on the screen of each", async () => {
  const stage = new HubStage();
  await stage.hello("a");
  await stage.hello("b");
  const view = { visible: true, focused: true, conversation: "c1", online: true };
  stage.say("b", { is: "view", view });
  const { message } = stage.told.filter(({ tab, message: { is } }) => tab === null && is === "tabs").at(-1) as ToTabEnvelope;
  assert.deepEqual(message.is === "tabs" && message.tabs.map(({ tab, focused, conversation }) => [tab, focused, conversation]), [["a", false, null], ["b", true, "c1"]]);
  const before = stage.told.length;
  stage.say("b", { is: "view", view: { ...view, online: false } });
  assert.equal(stage.told.length, before);
});

test("a first login that is refused ends for all who asked for it, and the next one is free to try", async () => {
  const stage = new HubStage();
  stage.answers["login"] = "token_invalid";
  await stage.hello("a", { token: "bad" });
  await stage.clock.go(5_000);
  assert.equal(stage.of("a", "ended")[0]?.ending.code, "token_invalid");
  assert.deepEqual([stage.isOver, stage.store.session?.ended ?? null], [true, null]);
});

test("who comes without a token where one is needed is told so at once", async () => {
  // It used to ask again and again without one, until the login gave up for want of a server.
  const stage = new HubStage();
  stage.answers["login"] = "token_missing";
  await stage.hello("a");
  await stage.clock.go(5_000);
  assert.deepEqual([stage.of("a", "ended").map(({ ending }) => ending.code), stage.dials], [["token_missing"], 1]);
});

test("without a server the holder goes on trying, and takes sends meanwhile; they go out in order when it is back", async () => {
  const stage = new HubStage();
  stage.isDown = true;
  await stage.hello("a");
  const send = (n: number): FromTab => ({ is: "command", n, how: "queue", do: { op: "send", key: `a:${n}`, conversation: "1", content: { text: "x" } } });
  for (const n of [1, 2]) await stage.ask("a", send(n));
  assert.deepEqual(stage.of("a", "outbox").map((each) => [each.send.key, each.status]), [["a:1", "queued"], ["a:2", "queued"]]);
  assert.deepEqual([...stage.store.sends.keys()], ["a:1", "a:2"]);
  await stage.ask("a", { is: "command", n: 3, how: "now", do: { op: "typing", conversation: "1" } });
  assert.equal(stage.of("a", "fault")[0]?.fault.code, "link_down");
  stage.isDown = false;
  stage.answers["send"] = { kind: "placed", stream: "c/1", epoch: 9, seq: 8, at: 1 };
  await stage.clock.go(60_000);
  assert.deepEqual(stage.asked.filter((frame) => frame.do.op === "send").map((frame) => frame.do["key"]), ["a:1", "a:2"]);
  assert.deepEqual(stage.of("a", "answer").map((each) => each.n), [1, 2]);
  assert.deepEqual([...stage.store.sends], []);
});

test("a send that is asked for again, by whom and how often it may be, is placed once and answered to all who asked", async () => {
  // It used to be answered to the tab that asked first, under the number of the one that asked last.
  const store = new MemoryStore();
  store.sends.set("k", { key: "k", n: 1, tab: "dead", at: 1, command: { op: "send", conversation: "1", key: "k", content: { text: "x" } } as never });
  const stage = new HubStage(store);
  stage.isDown = true;
  stage.answers["send"] = { kind: "placed", stream: "c/1", epoch: 9, seq: 8, at: 1 };
  await stage.hello("a");
  await stage.hello("b");
  await stage.hello("left");
  const again = (tab: string, n: number): Promise<void> => stage.ask(tab, { is: "command", n, how: "queue", do: { op: "send", key: "k", conversation: "1", content: { text: "x" } } });
  for (const [tab, n] of [["a", 3], ["a", 4], ["b", 7], ["b", 7], ["left", 1]] as const) await again(tab, n);
  stage.say("left", { is: "bye" });
  stage.isDown = false;
  await stage.clock.go(60_000);
  assert.equal(stage.ops().filter((op) => op === "send").length, 1);
  const answers = stage.told.flatMap(({ tab, message }) => (message.is === "answer" ? [`${tab} ${message.n}`] : []));
  assert.deepEqual(answers, ["a 3", "a 4", "b 7"]);
});

test("a holder that follows another goes on in its session from the slowest tab, and sends what it left", async () => {
  const store = new MemoryStore();
  store.session = { user: "ann", session: "s", resumeToken: "r", fence: 4 };
  store.sends.set("gone:1", { key: "gone:1", n: 1, tab: "gone", at: 1, command: { op: "send", conversation: "1", key: "gone:1", content: { text: "x" } } as never });
  const stage = new HubStage(store);
  const cursor = (seq: number) => ({ epoch: 9, checkpoint: seq, positions: { "u/ann": { epoch: 9, seq: 3 }, "c/1": { epoch: 9, seq } } });
  stage.answers["read"] = { kind: "facts", stream: "c/1", epoch: 9, facts: [5, 6, 7].map((seq) => ({ seq, at: 1, fact: { kind: "message", sender: "b", key: `${seq}`, content: { text: "x" } } })), head: 7 };
  void stage.hello("a", { cursor: cursor(6), fence: 1_000_000_000_000 });
  await stage.hello("b", { cursor: cursor(4) });
  const [resume] = stage.asked;
  assert.equal(resume?.do.op, "resume");
  assert.ok(Number(resume?.do["fence"]) > 1_000_000_000_000 && stage.told.every((each) => each.fence > 1_000_000_000_000));
  assert.deepEqual(stage.asked.find((frame) => frame.do.op === "sync")?.do["checkpoint"], 4);
  assert.deepEqual(stage.of("b", "facts").flatMap((frame) => frame.facts.map((fact) => fact.seq)), [5, 6, 7]);
  assert.deepEqual(stage.asked.filter((frame) => frame.do.op === "send").map((frame) => frame.do["key"]), ["gone:1"]);
  assert.deepEqual([stage.of("a", "welcome")[0]?.isSnapshot, stage.of("b", "welcome")[0]?.isSnapshot], [false, false]);
});

test("a session that is displaced ends for all tabs once, and a tab that was asleep hears of it instead of logging in", async () => {
  const stage = new HubStage();
  await stage.hello("a");
  await stage.hello("b");
  stage.server({ is: "bye", code: "displaced", message: "a phone", advice: "stop", newcomer: { platform: "ios", label: "Ann's phone" } });
  stage.close(4432);
  await stage.clock.go(100_000);
  for (const tab of ["a", "b"]) assert.deepEqual(stage.of(tab, "ended").map((each) => each.ending), [{ code: "displaced", message: "a phone", advice: "stop", isOwn: false, newcomer: { platform: "ios", label: "Ann's phone" } }]);
  assert.deepEqual([stage.isOver, stage.dials], [true, 1]);
  const later = new HubStage(stage.store);
  await later.hello("asleep", { cursor: { epoch: 9, checkpoint: 1, positions: {} }, token: "old" });
  assert.deepEqual([later.of("asleep", "ended")[0]?.ending.code, later.dials], ["displaced", 0]);
  await later.hello("new", { token: "fresh" });
  assert.equal(later.of("new", "welcome").length, 1);
});

test("a holder that another one replaced is silent, and keeps nothing of it", async () => {
  const stage = new HubStage();
  await stage.hello("a");
  stage.server({ is: "bye", code: "replaced", message: "", advice: "stop" });
  stage.close(4433);
  await stage.clock.go(10_000);
  assert.deepEqual([stage.isOver, stage.of("a", "ended"), stage.dials], [true, [], 1]);
  assert.equal(stage.store.session?.ended, undefined);
});

test("a tab that does not keep up is told so, holds up nobody, and catches up from where it is", async () => {
  const stage = new HubStage();
  await stage.hello("slow");
  await stage.hello("quick");
  const told = (tab: string): number => stage.of(tab, "facts").reduce((sum, frame) => sum + frame.facts.length, 0);
  for (let seq = 8; seq < 3008; seq += 100) {
    stage.facts("c/1", seq, seq + 99);
    await stage.ask("quick", { is: "seen", upTo: stage.of("quick", "facts").at(-1)?.n ?? 0 });
  }
  assert.equal(stage.of("slow", "behind").length, 1);
  assert.equal(stage.of("quick", "behind").length, 0);
  assert.equal(told("quick"), 3000);
  const before = told("slow");
  assert.ok(before > 1900 && before < 2200, String(before));
  const positions = { "u/ann": { epoch: 9, seq: 3 }, "c/1": { epoch: 9, seq: 7 + before } };
  await stage.ask("slow", { is: "seen", upTo: 0, cursor: { epoch: 9, checkpoint: 5, positions } });
  assert.equal(told("slow"), 3000);
});

test("a request that a link breaks at again and again fails, and one that is too large never goes out", async () => {
  const stage = new HubStage();
  stage.answers["history"] = null;
  await stage.hello("a");
  stage.say("a", { is: "command", n: 1, how: "repeat", do: { op: "history", conversation: "1" } });
  for (let round = 0; round < 3; round++) {
    await stage.clock.go(5_000);
    stage.server({ is: "bye", code: "slow_consumer", message: "", advice: "reconnect" });
    stage.close(4408);
  }
  await stage.clock.go(5_000);
  assert.equal(stage.ops().filter((op) => op === "history").length, 3);
  await stage.ask("a", { is: "command", n: 2, how: "repeat", do: { op: "update", set: { "attr.x": "x".repeat(1 << 20) } } });
  assert.deepEqual(stage.of("a", "fault").map((each) => [each.n, each.fault.code]), [[1, "link_down"], [2, "too_large"]]);
  assert.ok(!stage.ops().includes("update"));
});

test("what a tab takes back is not asked when the server is there again", async () => {
  const stage = new HubStage();
  await stage.hello("a");
  stage.isDown = true;
  stage.close(1006);
  const command = (n: number): FromTab => ({ is: "command", n, how: "repeat", do: { op: "quit", conversation: `${n}` } });
  for (const n of [1, 2]) await stage.ask("a", command(n));
  await stage.ask("a", { is: "cancel", n: 1 });
  stage.isDown = false;
  await stage.clock.go(60_000);
  assert.deepEqual(stage.asked.filter((frame) => frame.do.op === "quit").map((frame) => frame.do["conversation"]), ["2"]);
});

test("requests that wait are bounded by what they weigh, too", async () => {
  const stage = new HubStage();
  await stage.hello("a");
  stage.isDown = true;
  stage.close(1006);
  for (let n = 1; n < 20; n++) await stage.ask("a", { is: "command", n, how: "repeat", do: { op: "update", set: { "attr.x": "x".repeat(1_000_000) } } });
  assert.deepEqual(stage.of("a", "fault").map((each) => `${each.n} ${each.fault.code}`), ["17 link_down", "18 link_down", "19 link_down"]);
  await stage.ask("a", { is: "cancel", n: 1 });
  await stage.ask("a", { is: "command", n: 20, how: "repeat", do: { op: "update", set: { "attr.x": "x" } } });
  assert.equal(stage.of("a", "fault").length, 3);
});

test("sends that wait are bounded by what they weigh, for each tab is told of all", async () => {
  const stage = new HubStage();
  await stage.hello("a");
  stage.isDown = true;
  stage.close(1006);
  for (let n = 1; n < 11; n++) await stage.ask("a", { is: "command", n, how: "queue", do: { op: "send", key: `a:${n}`, conversation: "1", content: { text: "x".repeat(1_000_000) } } });
  assert.deepEqual(stage.of("a", "fault").map((each) => [each.n, each.fault.code, each.fault.numbers]), [9, 10].map((n) => [n, "outbox_full", { limit: 1000, limit_bytes: 8 << 20 }]));
});

test("answers that are large are not kept for a tab that may ask again, and of small ones only so many", async () => {
  // Ten tabs that had scrolled used to cost the worker a gigabyte.
  const seat = new Seat({ tab: "a", unanswered: [], cursor: null } as unknown as Hello);
  const kept = (): number[] => Array.from({ length: 1000 }, (_, n) => n).filter((n) => seat.answer(n) !== undefined);
  for (let n = 0; n < 300; n++) seat.answered(n, { is: "answer", n, answer: { kind: "placed", seq: n } });
  assert.equal(kept().length, 300);
  seat.answered(300, { is: "answer", n: 300, answer: { kind: "history", text: "x".repeat(1 << 16) } });
  assert.equal(seat.answer(300), undefined);
  for (let n = 301; n < 310; n++) seat.answered(n, { is: "answer", n, answer: { kind: "members", text: "x".repeat(10_000) } });
  assert.deepEqual(kept(), [304, 305, 306, 307, 308, 309]);
});

test("a new tab whose snapshot took longer than what is kept since reads what it lacks", async () => {
  const stage = new HubStage();
  await stage.hello("a");
  stage.answers["unread"] = null;
  await stage.hello("b");
  // Larger than the ring, in bytes; the tab that is there keeps up.
  for (let seq = 8; seq < 88; seq++) {
    stage.facts("c/1", seq, seq, "x".repeat(64 << 10));
    await stage.ask("a", { is: "seen", upTo: stage.of("a", "facts").at(-1)?.n ?? 0 });
  }
  stage.answers["read"] = { kind: "facts", stream: "c/1", epoch: 9, facts: [8, 9].map((seq) => ({ seq, at: 1, fact: { kind: "message", sender: "bob", key: `k${seq}`, content: { text: "x" } } })), head: 9 };
  stage.answers["sync"] = { kind: "moved", heads: [{ stream: "c/1", epoch: 9, seq: 87 }], checkpoint: 92 };
  const asked = stage.asked.filter((frame) => frame.do.op === "unread").at(-1);
  stage.server({ is: "reply", re: asked?.id, answer: { kind: "unread", total: 0, mentions: 0, conversations: [] } });
  await stage.clock.go(20);
  assert.ok(stage.asked.some((frame) => frame.do.op === "read" && frame.do["stream"] === "c/1" && frame.do["after"] === 7), "it is not kept");
  const own = stage.told.filter(({ tab }) => tab === "b").map(({ message }) => message);
  assert.equal(own.find((message) => message.is === "welcome")?.cursor.positions["c/1"]?.seq, 7);
  assert.deepEqual(own.flatMap((message) => (message.is === "facts" ? message.facts.map((fact) => fact.seq) : [])).slice(0, 2), [8, 9]);
});

test("what one tab claimed stays its own when another holder follows, and is another's where it slept too long", async () => {
  // The same name and key used to be granted to a second tab, while the first lived and believed to have it.
  const first = new HubStage();
  await first.hello("a");
  await first.hello("b");
  const claim = (n: number, key: string): FromTab => ({ is: "claim", n, claim: ["sound", key] });
  for (const key of ["1", "2"]) await first.ask("a", claim(Number(key), key));
  const stage = new HubStage(first.store);
  const cursor = { epoch: 9, checkpoint: 5, positions: { "u/ann": { epoch: 9, seq: 3 }, "c/1": { epoch: 9, seq: 7 } } };
  await stage.hello("b", { cursor });
  for (const key of ["1", "3"]) stage.say("b", claim(Number(key), key));
  await stage.hello("a", { cursor, claims: [["sound", "1"], ["sound", "2"]] });
  const granted = (): unknown[] => stage.told.flatMap(({ tab, message }) => (message.is === "answer" ? [`${tab} ${message.n} ${String(message.answer)}`] : []));
  assert.deepEqual(granted(), [], "nothing is granted before the others could say what they have");
  await stage.clock.go(1000);
  assert.deepEqual(granted(), ["b 1 false", "b 3 true"]);
  stage.say("a", { is: "bye" });
  await stage.ask("b", claim(4, "1"));
  await stage.hello("a", { cursor, claims: [["sound", "1"], ["sound", "2"]] });
  assert.deepEqual(stage.of("a", "unclaimed"), [{ is: "unclaimed", claim: ["sound", "1"], isTaken: true }]);
  await stage.ask("b", claim(5, "2"));
  assert.deepEqual(granted().slice(2), ["b 4 true", "b 5 false"]);
});

test("a tab has so many claims; the name with the most gives way, and what it held alone stays", async () => {
  const stage = new HubStage();
  await stage.hello("a");
  await stage.hello("b");
  const claim = (n: number, name: string, key: string): FromTab => ({ is: "claim", n, claim: [name, key] });
  await stage.ask("a", claim(1, "leader", ""));
  for (let n = 2; n <= 1001; n++) stage.say("a", claim(n, "notice", `${n}`));
  await stage.clock.go(1);
  assert.deepEqual(stage.of("a", "unclaimed"), [{ is: "unclaimed", claim: ["notice", "2"], isTaken: false }]);
  for (const [n, name, key] of [[1, "leader", ""], [2, "notice", "2"], [3, "notice", "3"]] as const) stage.say("b", claim(n, name, key));
  stage.say("b", claim(4, "x".repeat(129), ""));
  stage.say("b", claim(5, "x", "x".repeat(257)));
  await stage.clock.go(1);
  assert.deepEqual(stage.told.flatMap(({ tab, message }) => (tab === "b" && message.is === "answer" ? [message.answer] : [])), [false, true, false]);
  assert.deepEqual(stage.of("b", "fault").map((each) => each.fault.code), ["invalid_argument", "invalid_argument"]);
});

test("a question that crossed its answer is not asked twice", async () => {
  const stage = new HubStage();
  await stage.hello("a");
  const command = { is: "command", n: 1, how: "repeat", do: { op: "react", conversation: "1", message: 1, reaction: "+" } } as const;
  await stage.ask("a", command);
  await stage.hello("a", { unanswered: [command] });
  assert.equal(stage.ops().filter((op) => op === "react").length, 1);
  assert.deepEqual(stage.of("a", "answer").map((each) => each.n), [1, 1]);
});

test("a user whom two tabs watch is watched until the last of them is gone; what is said in a room is for those in it", async () => {
  const stage = new HubStage();
  await stage.hello("a");
  await stage.hello("b");
  const command = (n: number, what: { readonly op: string; readonly [field: string]: unknown }): FromTab => ({ is: "command", n, how: "repeat", do: what });
  for (const tab of ["a", "b"]) await stage.ask(tab, command(1, { op: "watch", users: ["bob"] }));
  await stage.ask("a", command(2, { op: "enter", conversation: "r", tab: "a" }));
  await stage.ask("a", command(3, { op: "unwatch", users: ["bob"] }));
  assert.deepEqual([stage.ops().includes("unwatch"), stage.of("a", "answer").length], [false, 3]);
  stage.server({ is: "event", event: { kind: "presence", user: "bob", state: "online" } });
  stage.server({ is: "event", event: { kind: "message", conversation: "r", at: 1, message: { sender: "x", key: "k", content: { text: "hi" } } } });
  assert.deepEqual([stage.of("a", "event").map((each) => each.event.kind), stage.of("b", "event").map((each) => each.event.kind)], [["message"], ["presence"]]);
  stage.holder.gone("a");
  stage.say("b", { is: "bye" });
  await stage.clock.go(10);
  assert.deepEqual(stage.ops().filter((op) => op === "leave" || op === "unwatch"), ["leave", "unwatch"]);
  await stage.clock.go(20_000);
  assert.equal(stage.isOver, true);
});

test("tabs that died with an earlier holder are in no room any more, tabs that came back stay", async () => {
  const stage = new HubStage();
  stage.answers["login"] = { ...GREETING, seats: [{ room: "r", tab: "a" }, { room: "r", tab: "dead" }, { room: "q", tab: "dead/side" }, { room: "p" }] };
  await stage.hello("a");
  await stage.clock.go(11_000);
  const left = stage.asked.filter((frame) => frame.do.op === "leave").map((frame) => [frame.do["conversation"], frame.do["tab"]]);
  assert.deepEqual(left, [["r", "dead"], ["q", "dead/side"]]);
});

test("objects are written one after the other, told to all, and keep their bounds; a claim is one tab's until it is gone", async () => {
  const stage = new HubStage();
  await stage.hello("a");
  await stage.hello("b");
  const put = (n: number, name: string, value: unknown, expect?: number): FromTab => ({ is: "object", n, name, value, ...(expect !== undefined && { expect }) });
  stage.say("a", put(1, "draft", { text: "1" }, 0));
  stage.say("b", put(1, "draft", { text: "2" }, 0));
  await stage.clock.go(10);
  assert.deepEqual(stage.of("b", "object").map((each) => each.object?.value), [{ text: "1" }]);
  assert.equal(stage.of("b", "fault")[0]?.fault.code, "conflict");
  await stage.ask("a", put(2, "x".repeat(129), 1));
  await stage.ask("a", put(3, "large", "x".repeat(65_536)));
  for (let n = 4; n < 21; n++) await stage.ask("a", put(n, `o${n}`, "x".repeat(65_000)));
  assert.deepEqual(stage.of("a", "fault").map((each) => each.fault.code), ["invalid_argument", "too_large", "limit_reached"]);
  const claim = (n: number): FromTab => ({ is: "claim", n, claim: ["sound", "1"] });
  stage.say("a", claim(30));
  stage.say("b", claim(30));
  stage.holder.gone("a");
  stage.say("b", claim(31));
  assert.deepEqual(stage.told.flatMap(({ tab, message }) => (message.is === "answer" && message.n >= 30 ? [[tab, message.answer]] : [])), [["a", true], ["b", false], ["b", true]]);
});
