/** A holder whose duties come later than its tabs ask for them, or not at all. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { CALL } from "../../src/core/claims.ts";
import * as DUTIES from "../../src/core/duties.ts";
import type { FromTab, WireCommand } from "../../src/core/messages.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import { HubStage } from "../fakes/hub_stage.ts";

const CURSOR = { epoch: 9, checkpoint: 5, positions: {} };
const SIGN_OUT: FromTab = { is: "sign-out", n: 9, everywhere: false };

/** A holder whose duties come when the test says so; each load that `fails` is one that was tried. */
class LateStage extends HubStage {
  loads = 0;
  fails = 0;
  come: () => void = () => undefined;

  constructor(store = new MemoryStore()) {
    super(store);
    const there = new Promise<typeof DUTIES>((come) => (this.come = () => come(DUTIES)));
    this.duties = () => (++this.loads <= this.fails ? Promise.reject(new TypeError("out of reach")) : there);
  }

  /** They come, and what follows from it happens. */
  async settle(): Promise<void> {
    this.come();
    await this.clock.go(100);
  }

  event(event: object): void {
    this.server({ is: "event", event });
  }

  /** What a tab heard of answers, faults, events and objects, in order. */
  heard(tab: string): unknown[] {
    return this.told.flatMap(({ tab: to, message }) => {
      if (to !== null && to !== tab) return [];
      if (message.is === "answer") return [[message.n, message.answer]];
      if (message.is === "fault") return [[message.n, message.fault.code]];
      if (message.is === "event") return [message.event["id"] ?? message.event.kind];
      return message.is === "object" ? [`${message.name} ${JSON.stringify(message.object?.value)}`] : [];
    });
  }
}

const command = (n: number, asked: WireCommand): FromTab => ({ is: "command", n, how: "repeat", do: asked });
const put = (n: number, name: string, value: unknown): FromTab => ({ is: "object", n, name, value });
const kept = (id: string, more: object = {}): object => ({ kind: "told", id, at: 1, name: "n", is_kept: true, ...more });
const asked = (stage: HubStage, op: string): object[] => stage.asked.flatMap(({ do: frame }) => (frame.op === op ? [frame] : []));

async function stageOf(...tabs: readonly string[]): Promise<LateStage> {
  const stage = new LateStage();
  for (const tab of tabs) await stage.hello(tab);
  return stage;
}

test("messages come and go before the duties are there, and what they are asked is done then, in order and once", async () => {
  const stage = await stageOf("a", "b");
  for (const tab of ["a", "b"]) assert.equal(stage.of(tab, "welcome").length, 1);
  stage.answers["send"] = { kind: "placed", stream: "c/1", epoch: 9, seq: 8, at: 1 };
  await stage.ask("a", { is: "command", n: 1, how: "queue", do: { op: "send", key: "a:1", conversation: "1", content: { text: "x" } } });
  stage.facts("c/1", 8, 8);
  assert.deepEqual([stage.of("a", "answer").length, stage.of("b", "facts").length], [1, 1]);
  for (const [n, value] of [1, 2, 3].entries()) await stage.ask("a", put(n + 2, "o", value));
  await stage.ask("a", { is: "claim", n: 5, claim: ["sound", "1"] });
  stage.event(kept("one"));
  await stage.ask("b", { is: "claim", n: 5, claim: ["sound", "1"] });
  await stage.ask("a", { is: "release", claim: ["sound", "1"] });
  await stage.ask("b", { is: "claim", n: 6, claim: ["sound", "1"] });
  stage.event(kept("two", { tab: "a" }));
  stage.event({ kind: "typing", conversation: "1", user: "bob", is_typing: true });
  await stage.clock.go(1000);
  assert.deepEqual([stage.heard("a").length, stage.store.objects.size, asked(stage, "took")], [1, 0, []]);
  await stage.settle();
  const revisions = stage.of("a", "answer").slice(1, 4).map(({ answer }) => Number(answer));
  assert.deepEqual(revisions, [...revisions].sort((one, other) => one - other));
  const isOf = (what: unknown): boolean => !Array.isArray(what) || typeof what[1] === "boolean";
  assert.deepEqual(stage.heard("a").filter(isOf), [[5, true], "one", "two", "typing", "o 1", "o 2", "o 3"]);
  assert.deepEqual(stage.heard("b").filter(isOf), ["one", [5, false], [6, true], "typing", "o 1", "o 2", "o 3"]);
  assert.deepEqual([stage.store.objects.get("o")?.value, asked(stage, "took")], [3, [{ op: "took", ids: ["one", "two"] }]]);
});

test("a tab begins with the objects that were kept, and hears of what was set before it came", async () => {
  const store = new MemoryStore();
  store.objects.set("kept", { name: "kept", value: 1, revision: 7, tab: "x" });
  const stage = new LateStage(store);
  await stage.hello("a");
  stage.say("a", put(1, "kept", 2));
  await stage.hello("b");
  assert.deepEqual(stage.of("b", "welcome").map(({ objects }) => objects.map(({ value }) => value)), [[1]]);
  await stage.settle();
  assert.deepEqual(stage.heard("b"), ["kept 2"]);
  await stage.hello("c");
  assert.deepEqual(stage.of("c", "welcome").map(({ objects }) => objects.map(({ value }) => value)), [[2]]);
});

test("code that could not be had is asked for again, and who waits is answered", async () => {
  const stage = new LateStage();
  stage.fails = 2;
  await stage.hello("a");
  stage.say("a", put(1, "o", 1));
  await stage.settle();
  assert.deepEqual([stage.loads, stage.heard("a")], [1, []]);
  await stage.clock.go(5_000);
  assert.deepEqual([stage.loads, stage.heard("a")], [2, []]);
  await stage.clock.go(5_000);
  assert.deepEqual([stage.loads, stage.store.objects.get("o")?.value], [3, 1]);
  await stage.clock.go(60_000);
  assert.deepEqual([stage.loads, stage.of("a", "answer").length, stage.of("a", "fault")], [3, 1, []]);
});

test("where it does not come for long whoever asks is refused, nothing of that is done later, and all else still waits", async () => {
  const stage = new LateStage();
  stage.fails = 5;
  await stage.hello("a");
  stage.say("a", put(1, "o", 1));
  stage.say("a", { is: "claim", n: 2, claim: ["sound", "1"] });
  stage.say("a", command(3, { op: "watch", users: ["bob"] }));
  stage.say("a", command(4, { op: "presence", users: ["bob"] }));
  stage.event(kept("one"));
  await stage.clock.go(14_000);
  assert.deepEqual(stage.heard("a"), [[4, { kind: "done" }]]);
  await stage.clock.go(1_000);
  assert.deepEqual(stage.heard("a").slice(1), [1, 2, 3].map((n) => [n, "unavailable"]));
  assert.ok(stage.of("a", "fault").every(({ fault }) => fault.retryable && fault.where === "holder"));
  await stage.ask("a", put(5, "o", 2));
  assert.deepEqual(stage.heard("a").slice(4), [[5, "unavailable"]]);
  stage.come();
  await stage.clock.go(20_000);
  assert.deepEqual([stage.heard("a").slice(5), stage.store.objects.size, asked(stage, "watch")], [["one"], 0, []]);
  await stage.ask("a", put(6, "o", 3));
  assert.equal(stage.store.objects.get("o")?.value, 3);
});

test("of events no more wait than have room", async () => {
  const stage = await stageOf("a");
  for (let each = 0; each < 1100; each++) stage.event(kept(String(each)));
  stage.say("a", put(1, "o", 1));
  await stage.settle();
  assert.deepEqual([stage.of("a", "event").length < 1000, stage.of("a", "event").length > 990, stage.of("a", "answer").length], [true, true, 1]);
});

test("what is said after a sign-out that waits is not kept, and when the duties come nothing is left", async () => {
  for (const moment of [0, 5, 300]) {
    const stage = new LateStage();
    void stage.hello("a");
    await stage.clock.go(moment);
    stage.say("a", put(1, "before", 1));
    stage.say("a", SIGN_OUT);
    stage.say("a", put(10, "after", 1));
    stage.say("a", { is: "command", n: 11, how: "queue", do: { op: "send", key: "a:1", conversation: "1", content: {} } });
    await stage.clock.go(3_000);
    await stage.hello("b", { cursor: CURSOR });
    assert.deepEqual([stage.endings("a"), stage.ops().includes("send")], [[], false]);
    await stage.settle();
    await stage.clock.go(10_000);
    assert.deepEqual([stage.endings("a"), stage.endings("b"), stage.isOver], [["session_closed"], ["session_closed"], true]);
    assert.deepEqual([stage.store.session, stage.store.sends.size, stage.store.objects.size, stage.ops().includes("send")], [null, 0, 0, false]);
    assert.deepEqual([asked(stage, "logout").length, await stage.store.debts("ws://here")], [1, []]);
  }
});

test("a sign-out that cannot be done is refused, and the session goes on with what was asked meanwhile", async () => {
  // Whether its link was live by then or came about while the sign-out waited.
  for (const moment of [2, 300]) {
    const stage = new LateStage();
    stage.fails = Infinity;
    stage.answers["send"] = { kind: "placed", stream: "c/1", epoch: 9, seq: 8, at: 1 };
    void stage.hello("a");
    await stage.clock.go(moment);
    stage.say("a", SIGN_OUT);
    stage.say("a", { is: "command", n: 10, how: "queue", do: { op: "send", key: "a:1", conversation: "1", content: {} } });
    await stage.clock.go(14_000);
    assert.deepEqual([stage.of("a", "fault"), asked(stage, "send")], [[], []]);
    await stage.clock.go(2_000);
    assert.deepEqual(stage.of("a", "fault").map(({ n, fault }) => [n, fault.code]), [[9, "unavailable"]]);
    assert.deepEqual([stage.of("a", "answer").map(({ n }) => n), asked(stage, "send").length, asked(stage, "sync").length], [[10], 1, 1]);
    assert.deepEqual([stage.of("a", "welcome").length, stage.endings("a"), stage.store.session?.resumeToken], [1, [], "r"]);
  }
});

test("a session that ends while a sign-out waits is over for all when that is refused", async () => {
  const stage = new LateStage();
  stage.fails = Infinity;
  await stage.hello("a");
  stage.say("a", SIGN_OUT);
  stage.server({ is: "bye", code: "displaced", message: "a phone", advice: "stop" });
  stage.close(4432);
  await stage.clock.go(20_000);
  assert.deepEqual([stage.of("a", "fault").length, stage.endings("a"), stage.isOver], [1, ["displaced"], true]);
});

test("a tab that is gone while it waits holds nothing, asks nothing, and what it set is kept", async () => {
  const stage = await stageOf("b");
  await stage.hello("a", { cursor: CURSOR, claims: [[CALL, "c1"]] });
  stage.say("a", { is: "claim", n: 1, claim: ["sound", "1"] });
  stage.say("a", command(2, { op: "watch", users: ["bob"] }));
  await stage.ask("a", command(3, { op: "enter", conversation: "r" }));
  stage.say("a", put(4, "o", 1));
  stage.say("a", { is: "bye" });
  stage.event(kept("for it", { tab: "a" }));
  stage.say("b", { is: "claim", n: 1, claim: ["sound", "1"] });
  await stage.settle();
  assert.deepEqual([asked(stage, "watch"), asked(stage, "hang_up")], [[], [{ op: "hang_up", call: "c1", session: "s" }]]);
  assert.deepEqual(asked(stage, "leave"), [{ op: "leave", conversation: "r" }]);
  assert.deepEqual([stage.heard("b"), stage.store.objects.get("o")?.value], [["o 1", [1, true]].reverse(), 1]);
});

test("a tab that is back when the duties come stays in the room that it entered anew", async () => {
  const stage = await stageOf("a", "b");
  for (const n of [1, 2]) {
    await stage.ask("a", command(n, { op: "enter", conversation: "r" }));
    if (n === 1) stage.say("a", { is: "bye" });
    if (n === 1) await stage.hello("a", { cursor: CURSOR });
  }
  await stage.settle();
  stage.event({ kind: "said", conversation: "r" });
  assert.deepEqual([asked(stage, "enter").length, asked(stage, "leave"), stage.of("a", "event").length, stage.of("b", "event")], [2, [], 1, []]);
  stage.say("a", { is: "bye" });
  await stage.clock.go(20);
  assert.equal(asked(stage, "leave").length, 1);
});

test("what is taken back while it waits is not begun", async () => {
  const stage = await stageOf("a");
  stage.say("a", command(1, { op: "watch", users: ["bob"] }));
  stage.say("a", command(2, { op: "watch", users: ["eve"] }));
  stage.say("a", { is: "cancel", n: 1 });
  await stage.settle();
  assert.deepEqual(asked(stage, "watch"), [{ op: "watch", users: ["eve"] }]);
});

test("at a takeover the tabs that come back keep their claims, however late the duties are", async () => {
  const store = new MemoryStore();
  store.session = { user: "ann", session: "s", resumeToken: "r", fence: 4 };
  const stage = new LateStage(store);
  await stage.hello("b", { cursor: CURSOR });
  stage.say("b", { is: "claim", n: 1, claim: ["sound", "1"] });
  await stage.hello("a", { cursor: CURSOR, claims: [["sound", "1"]] });
  await stage.clock.go(3_000);
  await stage.settle();
  await stage.clock.go(1_000);
  assert.deepEqual([stage.heard("b"), stage.of("a", "unclaimed")], [[[1, false]], []]);
});

test("a holder that is stopped or deposed while it waits asks for its code no more, and does nothing of what waited", async () => {
  for (const fails of [0, Infinity]) {
    const stage = new LateStage();
    stage.fails = fails;
    await stage.hello("a");
    stage.say("a", put(1, "o", 1));
    stage.say("a", SIGN_OUT);
    await stage.clock.go(1_000);
    stage.holder.stop();
    const { loads } = stage;
    await stage.settle();
    await stage.clock.go(60_000);
    assert.deepEqual([stage.loads, stage.heard("a"), stage.store.objects.size, stage.store.session?.session], [loads, [], 0, "s"]);
  }
});
