/** The holder of a session, against tabs and a server that say what the test wants. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { makeHub } from "../../src/core/hub.ts";
import type { Holder } from "../../src/core/holding.ts";
import type { FromTab, Hello, ToTab, ToTabEnvelope } from "../../src/core/messages.ts";
import { NEXT, next } from "../../src/core/phases.ts";
import type { Cue } from "../../src/core/phases.ts";
import type { HolderState } from "../../src/core/messages.ts";
import type { Dial, Store, WireEvents } from "../../src/core/ports.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import { ManualClock } from "../fakes/time.ts";

type Frame = { readonly id: number; readonly do: { readonly op: string; readonly [field: string]: unknown } };

const WELCOME = { kind: "welcome", heartbeat_s: 25, server: "1", checkpoint: 5, epoch: 9, user: "ann", session: "s", resume_token: "r", fence: 1 };

class Stage {
  readonly clock = new ManualClock();
  readonly told: ToTabEnvelope[] = [];
  readonly asked: Frame[] = [];
  readonly store: Store;
  isOver = false;
  isDown = false;
  dials = 0;
  /** What the server answers to an operation: an answer, or an error's code. */
  readonly answers: { [op: string]: object | string | null } = {
    login: WELCOME,
    resume: { ...WELCOME, resume_token: undefined },
    sync: { kind: "moved", heads: [{ stream: "u/ann", epoch: 9, seq: 3 }, { stream: "c/1", epoch: 9, seq: 7 }], checkpoint: 5 },
    read: { kind: "facts", stream: "u/ann", epoch: 9, facts: [], head: 3 },
    query: { kind: "found", conversations: [], has_more: false },
    unread: { kind: "unread", total: 0, mentions: 0, conversations: [] },
    ping: { kind: "pong", checkpoint: 5 },
  };
  readonly holder: Holder;
  private link: WireEvents | null = null;

  constructor(store: Store = new MemoryStore()) {
    this.store = store;
    const entropy = { id: () => "an-id", chance: () => 0.5 };
    const post = (envelope: ToTabEnvelope): void => void this.told.push(envelope);
    const over = (): void => void (this.isOver = true);
    this.holder = makeHub({ clock: this.clock, entropy, store, dial: this.dial, host: "single", life: "life", sdk: "test", post, over });
  }

  private readonly dial: Dial = (_url, events) => {
    this.dials += 1;
    if (this.isDown) return Promise.reject(new Error("nobody there"));
    this.link = events;
    return Promise.resolve({ buffered: 0, send: (frame) => this.take(JSON.parse(String(frame)) as Frame), close: () => undefined });
  };

  private take(frame: Frame): void {
    this.asked.push(frame);
    const answer = frame.do.op in this.answers ? this.answers[frame.do.op] : { kind: "done" };
    if (answer === null) return;
    const text = typeof answer === "string" ? { is: "error", re: frame.id, code: answer, message: answer } : { is: "reply", re: frame.id, answer };
    this.clock.after(1, () => this.link?.frame(JSON.stringify(text)));
  }

  server(frame: object): void {
    this.link?.frame(JSON.stringify(frame));
  }

  close(code: number, reason = ""): void {
    this.link?.closed(code, reason);
  }

  async hello(tab: string, more: Partial<Hello> = {}): Promise<void> {
    const wish = { url: "ws://here", user: null, tag: null, device: { id: "d", platform: "web" } };
    const view = { visible: true, focused: false, conversation: null, online: true };
    this.say(tab, { is: "hello", v: 1, tab, sdk: "test", since: 1, wish, cursor: null, fence: 0, unanswered: [], view, token: null, canAsk: false, ...more });
    await this.clock.go(200);
  }

  say(tab: string, message: FromTab): void {
    this.holder.take({ tab, message });
  }

  async ask(tab: string, message: FromTab): Promise<void> {
    this.say(tab, message);
    await this.clock.go(20);
  }

  /** What a tab was told of one kind, with what was for all. */
  of<Is extends ToTab["is"]>(tab: string, is: Is): Extract<ToTab, { readonly is: Is }>[] {
    return this.told.filter((each) => each.tab === null || each.tab === tab).flatMap(({ message }) => (message.is === is ? [message as Extract<ToTab, { readonly is: Is }>] : []));
  }

  ops(): string[] {
    return this.asked.map((frame) => frame.do.op);
  }

  facts(stream: string, first: number, last: number, text = "x"): void {
    const facts = Array.from({ length: last - first + 1 }, (_, i) => ({ seq: first + i, at: 1, fact: { kind: "message", sender: "bob", key: `k${first + i}`, content: { text } } }));
    this.server({ is: "facts", stream, epoch: 9, facts, checkpoint: 5 + last });
  }
}

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

test("tabs that come together log in once; the focused one is asked for a token first, then the next that can", async () => {
  const stage = new Stage();
  const view = { visible: true, focused: true, conversation: null, online: true };
  void stage.hello("a", { canAsk: true });
  await stage.hello("b", { canAsk: true, view });
  const [ask] = stage.of("b", "need-token");
  assert.deepEqual([stage.of("a", "need-token").length, stage.dials], [0, 0]);
  stage.say("b", { is: "token", ask: ask?.ask ?? 0, token: null, problem: "no" });
  await stage.clock.go(1);
  const [other] = stage.of("a", "need-token");
  stage.say("a", { is: "token", ask: other?.ask ?? 0, token: "good" });
  await stage.clock.go(100);
  assert.deepEqual(stage.asked.filter((frame) => frame.do.op === "login").map((frame) => frame.do["token"]), ["good"]);
  for (const tab of ["a", "b"]) assert.equal(stage.of(tab, "welcome").length, 1);
});

test("all tabs know what is on the screen of each", async () => {
  const stage = new Stage();
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
  const stage = new Stage();
  stage.answers["login"] = "token_invalid";
  await stage.hello("a", { token: "bad" });
  await stage.clock.go(5_000);
  assert.equal(stage.of("a", "ended")[0]?.ending.code, "token_invalid");
  assert.deepEqual([stage.isOver, await stage.store.readSession().then((saved) => saved?.ended ?? null)], [true, null]);
});

test("without a server the holder goes on trying, and takes sends meanwhile; they go out in order when it is back", async () => {
  const stage = new Stage();
  stage.isDown = true;
  await stage.hello("a");
  const send = (n: number): FromTab => ({ is: "command", n, how: "queue", do: { op: "send", key: `a:${n}`, conversation: "1", content: { text: "x" } } });
  for (const n of [1, 2]) await stage.ask("a", send(n));
  assert.deepEqual(stage.of("a", "queued").map((each) => each.n), [1, 2]);
  assert.deepEqual((await stage.store.readOutbox()).map((each) => each.key), ["a:1", "a:2"]);
  await stage.ask("a", { is: "command", n: 3, how: "now", do: { op: "typing", conversation: "1" } });
  assert.equal(stage.of("a", "fault")[0]?.fault.code, "link_down");
  stage.isDown = false;
  stage.answers["send"] = { kind: "placed", stream: "c/1", epoch: 9, seq: 8, at: 1 };
  await stage.clock.go(60_000);
  assert.deepEqual(stage.asked.filter((frame) => frame.do.op === "send").map((frame) => frame.do["key"]), ["a:1", "a:2"]);
  assert.deepEqual(stage.of("a", "answer").map((each) => each.n), [1, 2]);
  assert.deepEqual(await stage.store.readOutbox(), []);
});

test("a holder that follows another goes on in its session from the slowest tab, and sends what it left", async () => {
  const store = new MemoryStore();
  await store.writeSession({ user: "ann", session: "s", resumeToken: "r", fence: 4 });
  await store.putSend({ key: "gone:1", n: 1, tab: "gone", at: 1, command: { op: "send", conversation: "1", key: "gone:1", content: { text: "x" } } as never });
  const stage = new Stage(store);
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
  const stage = new Stage();
  await stage.hello("a");
  await stage.hello("b");
  stage.server({ is: "bye", code: "displaced", message: "a phone", advice: "stop", newcomer: { platform: "ios", label: "Ann's phone" } });
  stage.close(4432);
  await stage.clock.go(100_000);
  for (const tab of ["a", "b"]) assert.deepEqual(stage.of(tab, "ended").map((each) => each.ending), [{ code: "displaced", message: "a phone", advice: "stop", isOwn: false, newcomer: { platform: "ios", label: "Ann's phone" } }]);
  assert.deepEqual([stage.isOver, stage.dials], [true, 1]);
  const later = new Stage(stage.store);
  await later.hello("asleep", { cursor: { epoch: 9, checkpoint: 1, positions: {} }, token: "old" });
  assert.deepEqual([later.of("asleep", "ended")[0]?.ending.code, later.dials], ["displaced", 0]);
  await later.hello("new", { token: "fresh" });
  assert.equal(later.of("new", "welcome").length, 1);
});

test("a holder that another one replaced is silent, and keeps nothing of it", async () => {
  const stage = new Stage();
  await stage.hello("a");
  stage.server({ is: "bye", code: "replaced", message: "", advice: "stop" });
  stage.close(4433);
  await stage.clock.go(10_000);
  assert.deepEqual([stage.isOver, stage.of("a", "ended"), stage.dials], [true, [], 1]);
  assert.equal((await stage.store.readSession())?.ended, undefined);
});

test("a tab that does not keep up is told so, holds up nobody, and catches up from where it is", async () => {
  const stage = new Stage();
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
  const stage = new Stage();
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

test("a question that crossed its answer is not asked twice", async () => {
  const stage = new Stage();
  await stage.hello("a");
  const command = { is: "command", n: 1, how: "repeat", do: { op: "react", conversation: "1", message: 1, reaction: "+" } } as const;
  await stage.ask("a", command);
  await stage.hello("a", { unanswered: [command] });
  assert.equal(stage.ops().filter((op) => op === "react").length, 1);
  assert.deepEqual(stage.of("a", "answer").map((each) => each.n), [1, 1]);
});

test("a user whom two tabs watch is watched until the last of them is gone; what is said in a room is for those in it", async () => {
  const stage = new Stage();
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
  const stage = new Stage();
  stage.answers["login"] = { ...WELCOME, seats: [{ room: "r", tab: "a" }, { room: "r", tab: "dead" }, { room: "q", tab: "dead/side" }, { room: "p" }] };
  await stage.hello("a");
  await stage.clock.go(11_000);
  const left = stage.asked.filter((frame) => frame.do.op === "leave").map((frame) => [frame.do["conversation"], frame.do["tab"]]);
  assert.deepEqual(left, [["r", "dead"], ["q", "dead/side"]]);
});

test("objects are written one after the other, told to all, and keep their bounds; a claim is one tab's until it is gone", async () => {
  const stage = new Stage();
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
  const claim = (n: number): FromTab => ({ is: "claim", n, name: "sound", key: "1" });
  stage.say("a", claim(30));
  stage.say("b", claim(30));
  stage.holder.gone("a");
  stage.say("b", claim(31));
  assert.deepEqual(stage.told.flatMap(({ tab, message }) => (message.is === "answer" && message.n >= 30 ? [[tab, message.answer]] : [])), [["a", true], ["b", false], ["b", true]]);
});
