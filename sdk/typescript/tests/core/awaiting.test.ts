/** A holder whose duties come later than its tabs ask for them, or not at all. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { CALL } from "../../src/core/claims.ts";
import * as DUTIES from "../../src/core/duties.ts";
import type { DutyCode } from "../../src/core/holding.ts";
import type { FromTab, WireCommand } from "../../src/core/messages.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import { GREETING, HubStage } from "../fakes/hub_stage.ts";

const CURSOR = { epoch: 9, checkpoint: 5, positions: {} };
const SIGN_OUT: FromTab = { is: "sign-out", n: 9, everywhere: false };

/** A holder whose duties come when the test says so; each load that `fails` is one that was tried. */
class LateStage extends HubStage {
  loads = 0;
  fails = 0;
  /** How often duties were made. */
  made = 0;
  come: () => void = () => undefined;

  constructor(store = new MemoryStore()) {
    super(store);
    const there = new Promise<DutyCode>((come) => (this.come = () => come({ makeDuties: (ports) => (this.made++, DUTIES.makeDuties(ports)) })));
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
  assert.deepEqual(stage.heard("a").filter(isOf), [[5, true], "one", "two", "o 1", "o 2", "o 3"]);
  assert.deepEqual(stage.heard("b").filter(isOf), ["one", [5, false], [6, true], "o 1", "o 2", "o 3"]);
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

test("code that could not be had is asked for again, ever more slowly, and who waits is answered", async () => {
  const stage = new LateStage();
  stage.fails = 2;
  await stage.hello("a");
  stage.say("a", put(1, "o", 1));
  await stage.settle();
  // Once more as soon as there is a link.
  assert.deepEqual([stage.loads, stage.heard("a")], [2, []]);
  await stage.clock.go(14_000);
  assert.deepEqual([stage.loads, stage.store.objects.get("o")?.value], [3, 1]);
  await stage.clock.go(600_000);
  assert.deepEqual([stage.loads, stage.of("a", "answer").length, stage.of("a", "fault")], [3, 1, []]);
  const never = new LateStage();
  never.fails = Infinity;
  await never.hello("a");
  await never.clock.go(3_600_000);
  assert.ok(never.loads > 20 && never.loads < 60, String(never.loads));
  // The network is back.
  const { loads } = never;
  never.close(1006);
  await never.clock.go(2_000);
  assert.equal(never.loads, loads + 1);
});

test("code that hangs is asked for anew, and the first that comes is taken, once", async () => {
  const stage = new LateStage();
  await stage.hello("a");
  stage.say("a", put(1, "o", 1));
  await stage.clock.go(9_000);
  assert.ok(stage.loads > 1);
  await stage.settle();
  assert.deepEqual([stage.made, stage.heard("a").length], [1, 2]);
});

test("whoever asks is refused when it waited for long, nothing of that is done later, and all else still waits", async () => {
  const stage = new LateStage();
  stage.fails = 5;
  await stage.hello("a");
  await stage.clock.go(14_000);
  stage.say("a", put(1, "o", 1));
  stage.say("a", { is: "claim", n: 2, claim: ["sound", "1"] });
  stage.say("a", command(3, { op: "watch", users: ["bob"] }));
  stage.say("a", command(4, { op: "presence", users: ["bob"] }));
  stage.event(kept("one"));
  await stage.clock.go(9_000);
  assert.deepEqual(stage.heard("a"), [[4, { kind: "done" }]]);
  await stage.clock.go(1_000);
  assert.deepEqual(stage.heard("a").slice(1), [1, 2, 3].map((n) => [n, "unavailable"]));
  assert.ok(stage.of("a", "fault").every(({ fault }) => fault.retryable && fault.where === "holder"));
  stage.come();
  await stage.clock.go(300_000);
  assert.deepEqual([stage.heard("a").slice(4), stage.store.objects.size, asked(stage, "watch")], [["one"], 0, []]);
  await stage.ask("a", put(6, "o", 3));
  assert.equal(stage.store.objects.get("o")?.value, 3);
});

test("events that are of no use late leave room for the others, and a question waits no longer than whoever asks it", async () => {
  const stage = await stageOf("a");
  for (let each = 0; each < 1100; each++) stage.event({ kind: "typing", conversation: "1", user: "bob", is_typing: true });
  for (let each = 0; each < 2000; each++) stage.say("a", { is: "release", claim: ["sound", "1"] });
  stage.event({ kind: "asked", id: "q", name: "n", within_ms: 1000 });
  stage.event({ kind: "call", call: "c" });
  for (let each = 0; each < 1100; each++) stage.event(kept(String(each)));
  stage.say("a", put(1, "o", 1));
  await stage.clock.go(2_000);
  await stage.settle();
  const kinds = stage.of("a", "event").map(({ event }) => event.kind);
  assert.deepEqual([kinds.filter((kind) => kind === "told").length, new Set(kinds), stage.of("a", "answer").length], [998, new Set(["call", "told"]), 1]);
});

test("one word that is wrong holds up nothing that waits behind it", async () => {
  const stage = await stageOf("a", "b");
  stage.say("a", { is: "command", n: 1, how: "repeat", do: { op: "unwatch" } });
  stage.say("b", put(2, "o", 1));
  stage.say("b", { is: "claim", n: 3, claim: ["sound", "1"] });
  await stage.settle();
  assert.deepEqual(stage.of("b", "answer").map(({ n }) => n).sort(), [2, 3]);
  assert.deepEqual(stage.of("a", "fault").map(({ n, fault }) => [n, fault.code]), [[1, "invalid_argument"]]);
});

test("links that came and went are not begun when the duties come, and what is owed is settled once", async () => {
  const store = new MemoryStore();
  await store.owe({ url: "ws://here", session: "old", resumeToken: "x", fence: 1 });
  const stage = new LateStage(store);
  await stage.hello("a");
  for (let each = 0; each < 5; each++) {
    stage.close(1006);
    await stage.clock.go(31_000);
  }
  const before = [stage.dials, asked(stage, "resume").length] as const;
  await stage.settle();
  await stage.clock.go(1_000);
  assert.deepEqual([stage.dials - before[0], asked(stage, "resume").length - before[1], await store.debts("ws://here")], [1, 1, []]);
});

test("what others ended is shown to nobody, and is gone from the disk, before the duties come", async () => {
  const store = new MemoryStore();
  store.session = { user: "ann", session: "s", resumeToken: "r", fence: 4 };
  store.objects.set("k", { name: "k", value: "secret", revision: 7, tab: "x" });
  const stage = new LateStage(store);
  stage.answers["resume"] = "session_closed";
  await stage.hello("a", { token: "t" });
  await stage.clock.go(5_000);
  await stage.hello("b");
  assert.deepEqual([stage.of("b", "welcome").map(({ objects }) => objects), store.objects.size], [[[]], 0]);
  await stage.settle();
  await stage.hello("c");
  assert.deepEqual([stage.of("c", "welcome").map(({ objects }) => objects), store.objects.size], [[[]], 0]);
});

test("whoever signs out is signed out here at once, whether its page stays or the duties ever come", async () => {
  const owed = [{ url: "ws://here", session: "s", resumeToken: "r" }];
  const debts = async (stage: LateStage): Promise<object[]> => (await stage.store.debts("ws://here")).map(({ fence, ...debt }) => debt);
  const gone = await stageOf("a");
  gone.say("a", put(1, "o", 1));
  gone.say("a", SIGN_OUT);
  gone.holder.stop("a");
  await gone.settle();
  assert.deepEqual([gone.store.session?.resumeToken, gone.store.session?.ended?.isOwn, gone.store.objects.size, await debts(gone)], ["", true, 0, owed]);
  const never = new LateStage();
  never.fails = Infinity;
  for (const tab of ["a", "b"]) await never.hello(tab);
  never.say("a", SIGN_OUT);
  await never.clock.go(10);
  assert.deepEqual([never.store.session?.resumeToken, await debts(never)], ["", owed]);
  await never.clock.go(11_000);
  assert.deepEqual([never.of("a", "answer").map(({ n }) => n), never.endings("a"), never.endings("b"), never.isOver], [[9], ["session_closed"], ["session_closed"], true]);
});

test("a session that comes about while its user signs out is ended, too", async () => {
  const stage = new LateStage();
  stage.fails = Infinity;
  stage.answers["login"] = null;
  await stage.hello("a");
  stage.say("a", SIGN_OUT);
  await stage.clock.go(1_000);
  assert.deepEqual(await stage.store.debts("ws://here"), []);
  const { id } = stage.asked.find(({ do: { op } }) => op === "login") ?? assert.fail();
  stage.server({ is: "reply", re: id, answer: GREETING });
  await stage.clock.go(11_000);
  assert.deepEqual((await stage.store.debts("ws://here")).map(({ session, resumeToken }) => [session, resumeToken]), [["s", "r"]]);
  assert.deepEqual([stage.store.session, stage.endings("a"), stage.isOver], [null, ["session_closed"], true]);
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

test("to sign out everywhere waits for the duties, everything else goes on meanwhile, and where they do not come it is refused", async () => {
  const stage = new LateStage();
  stage.fails = Infinity;
  stage.answers["send"] = { kind: "placed", stream: "c/1", epoch: 9, seq: 8, at: 1 };
  for (const tab of ["a", "b"]) await stage.hello(tab);
  for (const tab of ["a", "b"]) stage.say(tab, { ...SIGN_OUT, everywhere: true } as FromTab);
  await stage.ask("a", { is: "command", n: 10, how: "queue", do: { op: "send", key: "a:1", conversation: "1", content: {} } });
  assert.deepEqual(stage.of("a", "answer").map(({ n }) => n), [10]);
  stage.server({ is: "bye", code: "displaced", message: "a phone", advice: "stop" });
  stage.isDeaf = true;
  stage.close(4432);
  await stage.clock.go(1_000);
  assert.deepEqual([stage.endings("a"), stage.store.objects.size], [["displaced"], 0]);
  const other = new LateStage();
  await other.hello("a");
  other.fails = Infinity;
  other.say("a", { ...SIGN_OUT, everywhere: true } as FromTab);
  await other.clock.go(16_000);
  assert.deepEqual([other.of("a", "fault").map(({ n, fault }) => [n, fault.code]), other.store.session?.resumeToken], [[[9, "unavailable"]], "r"]);
});

test("to sign out everywhere is done when the duties come, once", async () => {
  const stage = await stageOf("a", "b");
  stage.answers["sessions"] = { kind: "sessions", sessions: [] };
  for (const tab of ["a", "b"]) stage.say(tab, { ...SIGN_OUT, everywhere: true } as FromTab);
  await stage.settle();
  await stage.clock.go(5_000);
  assert.deepEqual([asked(stage, "logout").length, stage.endings("b"), stage.store.session, stage.isOver], [1, ["session_closed"], null, true]);
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

test("a holder that is stopped while it waits asks for its code no more, makes no duties, and does nothing of what waited", async () => {
  for (const fails of [0, Infinity]) {
    const stage = new LateStage();
    stage.fails = fails;
    await stage.hello("a");
    stage.say("a", put(1, "o", 1));
    await stage.clock.go(1_000);
    stage.holder.stop();
    const { loads } = stage;
    await stage.settle();
    await stage.clock.go(60_000);
    assert.deepEqual([stage.loads, stage.made, stage.heard("a"), stage.store.objects.size, stage.store.session?.session], [loads, 0, [], 0, "s"]);
  }
});
