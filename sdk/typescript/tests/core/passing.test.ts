/** What is told to a session or asked of it: which of its tabs hear it, against a server that says what the test wants. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { HubStage } from "../fakes/hub_stage.ts";

const FRONT = { visible: true, focused: true, conversation: null, online: true };

/** What a tab heard, by the id of each. */
const heard = (stage: HubStage, tab: string): unknown[] => stage.of(tab, "event").map(({ event }) => event["id"] ?? event.kind);
const event = (stage: HubStage, more: object): void => stage.server({ is: "event", event: more });
const told = (id: string, more: object = {}): object => ({ kind: "told", id, at: 1, name: "n", ...more });
const took = (stage: HubStage): unknown[] => stage.asked.filter((frame) => frame.do.op === "took").map(({ do: { ids, more, lost } }) => (more === undefined && lost === undefined ? ids : [ids, more, lost]));

async function stageOf(...tabs: readonly string[]): Promise<HubStage> {
  const stage = new HubStage();
  for (const tab of tabs) await stage.hello(tab);
  await stage.clock.go(100);
  return stage;
}

test("what is told to a session goes to all its tabs once, and to a tab to that one alone", async () => {
  const stage = await stageOf("a", "b");
  event(stage, told("1"));
  event(stage, told("2", { tab: "b" }));
  event(stage, told("3", { tab: "gone" }));
  await stage.clock.go(10);
  assert.deepEqual([heard(stage, "a"), heard(stage, "b")], [["1"], ["1", "2"]]);
  assert.deepEqual(took(stage), []);
});

test("what is asked of a session is for the tab in front, and of a tab for that one", async () => {
  const stage = await stageOf("a", "b");
  await stage.hello("c", { view: FRONT });
  await stage.clock.go(100);
  event(stage, { kind: "asked", id: "1", name: "n", within_ms: 1000 });
  event(stage, { kind: "asked", id: "2", name: "n", within_ms: 1000, tab: "a" });
  await stage.clock.go(10);
  assert.deepEqual([heard(stage, "a"), heard(stage, "b"), heard(stage, "c")], [["2"], [], ["1"]]);
});

test("a question waits for a tab, as long as somebody waits for its answer", async () => {
  const stage = await stageOf("a");
  stage.say("a", { is: "bye" });
  event(stage, { kind: "asked", id: "1", name: "n", within_ms: 1000 });
  event(stage, { kind: "asked", id: "2", name: "n", within_ms: 5000 });
  await stage.clock.go(2000);
  await stage.hello("b");
  await stage.clock.go(100);
  assert.deepEqual(heard(stage, "b"), ["2"]);
});

test("what is kept is confirmed when a tab was there to be told, all of a moment at once", async () => {
  const stage = await stageOf("a", "b");
  event(stage, told("1", { is_kept: true }));
  event(stage, told("2", { is_kept: true }));
  await stage.clock.go(10);
  assert.deepEqual([heard(stage, "a"), heard(stage, "b"), took(stage)], [["1", "2"], ["1", "2"], [["1", "2"]]]);
});

test("what is kept waits for the next tab where there is none", async () => {
  const stage = await stageOf("a");
  stage.say("a", { is: "bye" });
  event(stage, told("1", { is_kept: true }));
  event(stage, told("best effort"));
  await stage.clock.go(100);
  assert.deepEqual(took(stage), []);
  await stage.hello("b");
  await stage.clock.go(100);
  await stage.hello("c");
  await stage.clock.go(100);
  assert.deepEqual([heard(stage, "b"), took(stage)], [["1"], [["1"]]]);
});

test("what is kept is confirmed when a program has had it, not when its tab was told", async () => {
  // A tab whose late file could not be loaded heard nothing, and it was confirmed.
  const stage = await stageOf("a", "b");
  stage.isDeaf = true;
  event(stage, told("1", { is_kept: true }));
  event(stage, { kind: "told_later", events: [told("2", { is_kept: true })], has_more: true });
  await stage.clock.go(100);
  assert.deepEqual([heard(stage, "b"), took(stage)], [["1", "2"], []]);
  stage.say("a", { is: "heard", id: "unknown" });
  stage.say("a", { is: "heard", id: "1" });
  stage.say("b", { is: "heard", id: "1" });
  await stage.clock.go(100);
  // More is asked for when what there is was heard.
  assert.deepEqual(took(stage), [["1"]]);
  stage.say("a", { is: "bye" });
  stage.say("b", { is: "bye" });
  await stage.hello("c");
  await stage.clock.go(100);
  assert.deepEqual(heard(stage, "c"), ["2"]);
  stage.say("c", { is: "heard", id: "2" });
  await stage.clock.go(100);
  assert.deepEqual(took(stage), [["1"], [["2"], true, undefined]]);
});

test("what one tab alone was told and did not hear is dropped with that tab, once it cannot come back", async () => {
  // It held up what waits behind for the life of the holder.
  for (const isSettled of [false, true]) {
    const stage = await stageOf("a", "b");
    stage.isDeaf = true;
    if (isSettled) await stage.clock.go(11_000);
    event(stage, { kind: "told_later", events: [told("1", { is_kept: true, tab: "b" }), told("2", { is_kept: true })], has_more: true });
    await stage.clock.go(100);
    stage.say("a", { is: "heard", id: "2" });
    await stage.clock.go(100);
    stage.say("b", { is: "bye" });
    await stage.clock.go(100);
    assert.equal(took(stage).length, isSettled ? 2 : 1);
    await stage.clock.go(11_000);
    assert.deepEqual(took(stage), [["2"], [["1"], true, undefined]]);
  }
});

test("a tab that comes back in time is told what it alone was told and did not hear", async () => {
  const stage = await stageOf("a", "b");
  stage.isDeaf = true;
  event(stage, told("1", { is_kept: true, tab: "b" }));
  await stage.clock.go(100);
  stage.say("b", { is: "bye" });
  await stage.hello("b");
  await stage.clock.go(100);
  assert.deepEqual([heard(stage, "b"), took(stage)], [["1", "1"], []]);
});

test("of what no tab hears no more is kept than the server keeps", async () => {
  const stage = await stageOf("a");
  stage.isDeaf = true;
  for (let each = 0; each < 1002; each++) event(stage, told(String(each), { is_kept: true }));
  await stage.clock.go(11_000);
  await stage.hello("b");
  await stage.clock.go(100);
  assert.deepEqual([heard(stage, "b").length, heard(stage, "b")[0], took(stage)], [1000, "2", []]);
});

test("what was told later comes like the rest, what waits behind is brought, and a loss is told", async () => {
  const stage = await stageOf("a", "b");
  const events = [told("1", { is_kept: true }), told("2", { is_kept: true, tab: "b" })].map((each) => ({ ...each, kind: undefined }));
  event(stage, { kind: "told_later", events, has_more: true, lost: 7 });
  await stage.clock.go(10);
  assert.deepEqual([heard(stage, "a"), heard(stage, "b")], [["told_later", "1"], ["told_later", "1", "2"]]);
  assert.deepEqual(took(stage), [[["1", "2"], true, 7]]);
  event(stage, { kind: "told_later", lost: 7 });
  await stage.clock.go(10);
  assert.deepEqual(took(stage).slice(1), [[[], undefined, 7]]);
});

test("a tab of an earlier holder that comes back is told what is kept, one that does not is waited for no more", async () => {
  const stage = await stageOf("a");
  event(stage, told("1", { is_kept: true }));
  event(stage, told("2", { is_kept: true, tab: "b" }));
  event(stage, told("3", { is_kept: true, tab: "gone" }));
  await stage.clock.go(100);
  assert.deepEqual(took(stage), [["1"]]);
  await stage.hello("new");
  await stage.clock.go(100);
  assert.deepEqual(heard(stage, "new"), []);
  await stage.hello("b", { cursor: { epoch: 9, checkpoint: 0, positions: {} } });
  await stage.clock.go(100);
  assert.deepEqual([heard(stage, "b").sort(), took(stage)], [["1", "2"], [["1"], ["2"]]]);
  await stage.clock.go(10_000);
  assert.deepEqual(took(stage), [["1"], ["2"], ["3"]]);
  event(stage, told("4", { is_kept: true, tab: "gone" }));
  await stage.clock.go(100);
  assert.deepEqual(took(stage).slice(3), [["4"]]);
  await stage.hello("late");
  await stage.clock.go(100);
  assert.deepEqual(heard(stage, "late"), []);
});

test("who is busy is spared what passes by, but neither calls nor what is kept", async () => {
  const stage = await stageOf("a");
  stage.facts("u/ann", 4, 1200);
  await stage.clock.go(100);
  event(stage, { kind: "typing", conversation: "1", user: "bob", is_typing: true });
  event(stage, told("1"));
  event(stage, told("2", { is_kept: true }));
  event(stage, { kind: "call", call: { call: "c" } });
  await stage.clock.go(100);
  assert.deepEqual(heard(stage, "a"), ["2", "call"]);
});
