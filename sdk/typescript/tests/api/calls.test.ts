// Calls as a tab knows them, and work that is claimed, with a server that says what the test wants.

import assert from "node:assert/strict";
import { test } from "node:test";

import type { WireAnswer } from "../../src/core/messages.ts";
import type { AnyEvent } from "../../src/api/events.ts";
import type { Call } from "../../src/api/call.ts";
import type { Client } from "../../src/api/client.ts";
import { NOTHING_WAITS, World, fault, settled } from "./fake_desk.ts";

const later = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await settled();
};

const view = (revision: number, more: object = {}): object => ({ call: "c", revision, state: "ringing", caller: "ann", users: ["tom"], media: "audio", began_at: 1, rings_until: 2, ringing: ["tom"], ends: [{ user: "ann", session: "sa", since: 1 }], ...more });
const answered = (revision: number, session = "s1"): object => view(revision, { state: "answered", ringing: [], ends: [{ user: "ann", session: "sa", since: 1 }, { user: "tom", session, since: 2 }] });
const OVER = { kind: "call_ended", call: "c", caller: "ann", users: ["tom"], media: "audio", reason: "hung_up", began_at: 1 };

function told(client: Client): { readonly names: string[]; call: Call | null } {
  const heard = { names: [] as string[], call: null as Call | null };
  for (const name of ["ringing", "ringOver", "callAnswered", "callDeclined", "callRoster", "callEnded", "callSignal"] as const) {
    client.on(name, (event: AnyEvent) => {
      heard.names.push(name);
      heard.call ??= (event as { call: Call | null }).call;
    });
  }
  return heard;
}

test("a call is told as it goes on, what is older than what is known is passed over", async () => {
  const world = new World();
  world.opens = async (desk, { listener }) => {
    desk.answers["calls"] = () => ({ kind: "calls", calls: [] });
    listener.started([NOTHING_WAITS]);
  };
  const client = await world.login();
  const heard = told(client);
  await later();
  for (const revision of [2, 1, 2]) world.event({ kind: "call", call: view(revision) });
  await later();
  assert.deepEqual([heard.names, heard.call?.ringsHere, heard.call?.others.length], [["ringing"], true, 1]);
  world.event({ kind: "call_signal", call: "c", user: "ann", session: "sa", data: {} });
  world.event({ kind: "call", call: view(3, { declined: ["mary"] }) });
  world.event({ kind: "call", call: answered(4, "s2") });
  world.event({ kind: "call", call: view(3) });
  await later();
  assert.deepEqual(heard.names, ["ringing", "callDeclined", "ringOver", "callAnswered", "callRoster"]);
  assert.deepEqual([heard.call?.isHere, heard.call?.isInTab, heard.call?.answeredBy?.session], [false, false, "s2"]);
  world.facts("u/tom", 1, OVER);
  await later();
  world.event({ kind: "call", call: answered(5) });
  await later();
  assert.deepEqual([heard.names.slice(5), heard.call?.state, heard.call?.reason, heard.call?.ends], [["callEnded"], "ended", "hung_up", []]);
});

test("one tab has a call, and hears what its other end says; it is asked anew after a loss", async () => {
  const world = new World();
  const asked = { calls: [] as object[] };
  world.opens = async (desk, { listener }) => {
    desk.answers["calls"] = () => ({ kind: "calls", calls: asked.calls });
    desk.answers["answer"] = () => ({ kind: "call", call: answered(2) }) as WireAnswer;
    listener.started([NOTHING_WAITS]);
  };
  const client = await world.login();
  const heard = told(client);
  asked.calls = [view(1)];
  await later();
  world.desk.grants = false;
  assert.equal(await heard.call?.answer(), false);
  assert.deepEqual(world.desk.asked.filter(({ op }) => op === "answer"), []);
  world.desk.grants = true;
  assert.equal(await heard.call?.answer(), true);
  world.event({ kind: "call_signal", call: "c", user: "ann", session: "sa", data: { offer: 1 } });
  await later();
  assert.equal(heard.names.at(-1), "callSignal");
  world.listener.state("waiting", null);
  asked.calls = [view(3, { state: "ended", ringing: [], ends: [], reason: "failed" })];
  world.listener.state("live", null);
  await later();
  assert.deepEqual([heard.call?.state, heard.call?.isInTab], ["ended", false]);
  world.facts("u/tom", 1, { ...OVER, call: "missed", is_missed: true });
  const over: unknown[] = [];
  client.on("callEnded", ({ call, id, isMissed }) => over.push([call, id, isMissed]));
  await later();
  assert.deepEqual(over, [[null, "missed", true]]);
});

test("what is not listed any more is over, and its fact says why", async () => {
  const world = new World();
  const asked = { calls: [answered(1)] };
  world.opens = async (desk, { listener }) => {
    desk.answers["calls"] = () => ({ kind: "calls", calls: asked.calls });
    listener.started([NOTHING_WAITS]);
  };
  const client = await world.login();
  const heard = told(client);
  const [call] = await client.calls();
  assert.deepEqual([call?.state, call?.isHere], ["answered", true]);
  asked.calls = [];
  assert.deepEqual(await client.calls(), []);
  assert.deepEqual([call?.state, call?.isHere, call?.reason, heard.names.at(-1)], ["ended", false, "failed", "callRoster"]);
  assert.deepEqual([await client.calls(), heard.names.filter((name) => name === "callRoster").length], [[], 1]);
  world.facts("u/tom", 1, OVER);
  await later();
  assert.deepEqual([call?.reason, heard.names.at(-1), heard.call === call], ["hung_up", "callEnded", true]);
});

test("who is busy says so where that is wished", async () => {
  const world = new World();
  world.opens = async (desk, { listener }) => {
    desk.answers["calls"] = () => ({ kind: "calls", calls: [] });
    desk.answers["decline"] = () => ({ kind: "call", call: view(2, { call: "d", ringing: [] }) }) as WireAnswer;
    listener.started([NOTHING_WAITS]);
  };
  const client = await world.login();
  const heard = told(client);
  await client.whenBusy("busy");
  world.event({ kind: "call", call: answered(1) });
  world.event({ kind: "call", call: view(1, { call: "d" }) });
  await later();
  assert.deepEqual(world.desk.asked.at(-1), { op: "decline", call: "d", scope: "device", busy: true });
  assert.deepEqual(heard.names.filter((name) => name === "ringing"), []);
});

test("what this session is in and none of its tabs is hung up after a while", async () => {
  // A call whose tab crashed together with the holder used to go on until somebody hung up.
  const world = new World();
  world.opens = async (desk, { listener }) => {
    desk.host = "leader-tab";
    desk.answers["calls"] = () => ({ kind: "calls", calls: [answered(1)] });
    desk.answers["hang_up"] = () => ({ kind: "call", call: answered(2, "s2") }) as WireAnswer;
    listener.started([NOTHING_WAITS]);
  };
  const hangUps = (): object[] => world.desk.asked.filter(({ op }) => op === "hang_up");
  const client = await world.login();
  const [call] = await client.calls();
  await later();
  await world.clock.pass(29_999);
  // Another tab has it.
  world.desk.grants = false;
  await world.clock.pass(1);
  assert.deepEqual([hangUps(), world.desk.claimed], [[], ["unisono:call c"]]);
  // The next holder, and nobody comes to it with the call.
  world.desk.grants = true;
  world.desk.fence = 2;
  world.listener.state("live", null);
  await later();
  await world.clock.pass(4_999);
  assert.deepEqual(hangUps(), []);
  await world.clock.pass(1);
  await later();
  assert.deepEqual([hangUps(), call?.isInTab], [[{ op: "hang_up", call: "c", session: "s1" }], false]);
});

test("a tab whose call is another one's by now is not in it", async () => {
  const world = new World();
  world.opens = async (desk, { listener }) => {
    desk.host = "leader-tab";
    desk.answers["calls"] = () => ({ kind: "calls", calls: [view(1)] });
    desk.answers["answer"] = () => ({ kind: "call", call: answered(2) }) as WireAnswer;
    listener.started([NOTHING_WAITS]);
  };
  const client = await world.login();
  const [call] = await client.calls();
  assert.ok(await call?.answer());
  world.listener.unclaimed("unisono:call", "c");
  await later();
  assert.deepEqual([call?.isHere, call?.isInTab], [true, false]);
  // In this tab it is left alone.
  assert.ok(await call?.answer());
  await world.clock.pass(60_000);
  assert.deepEqual(world.desk.asked.filter(({ op }) => op === "hang_up"), []);
});

test("a call that is being given up for want of a tab is not taken in between", async () => {
  // The tab had the claim by then: the call that its user just took was hung up, and the claim of who was in it went with it.
  const world = new World();
  let hungUp = (): void => undefined;
  world.opens = async (desk, { listener }) => {
    desk.host = "leader-tab";
    desk.answers["calls"] = () => ({ kind: "calls", calls: [answered(1)] });
    desk.answers["hang_up"] = () => new Promise((go) => (hungUp = () => go({ kind: "call", call: answered(2, "s2") } as WireAnswer)));
    desk.answers["answer"] = () => ({ kind: "call", call: answered(3) }) as WireAnswer;
    listener.started([NOTHING_WAITS]);
  };
  const [call] = await (await world.login()).calls();
  const done: string[] = [];
  world.desk.release = () => void done.push("release");
  await world.clock.pass(30_000);
  await later();
  const answering = call?.answer();
  await later();
  const ops = (): unknown[] => world.desk.asked.map(({ op }) => op).filter((op) => op !== "calls");
  assert.deepEqual([ops(), done, call?.isInTab], [["hang_up"], [], false]);
  hungUp();
  assert.equal(await answering, true);
  assert.deepEqual([ops(), done, call?.isInTab], [["hang_up", "answer"], ["release"], true]);
});

test("a call that this tab cannot be in rings for nobody", async () => {
  const world = new World();
  world.opens = async (desk, { listener }) => {
    desk.answers["call"] = () => ({ kind: "call", call: view(1, { caller: "tom", users: ["ann"], ringing: ["ann"], ends: [{ user: "tom", session: "s1", since: 1 }] }) }) as WireAnswer;
    desk.claim = () => Promise.reject(fault("holder_lost"));
    listener.started([NOTHING_WAITS]);
  };
  const client = await world.login();
  await assert.rejects(client.call("ann"), { code: "holder_lost" });
  assert.deepEqual(world.desk.asked.at(-1), { op: "hang_up", call: "c", session: "s1" });
});

test("who hears that another session has a call finds that this tab is not in it any more", async () => {
  // The tab that gave a call away used to be told of it too early, and kept its microphone open.
  const world = new World();
  world.opens = async (desk, { listener }) => {
    desk.answers["calls"] = () => ({ kind: "calls", calls: [view(1)] });
    desk.answers["answer"] = () => ({ kind: "call", call: answered(2) }) as WireAnswer;
    listener.started([NOTHING_WAITS]);
  };
  const client = await world.login();
  const [call] = await client.calls();
  await call?.answer();
  const heard: boolean[] = [];
  client.on("callRoster", ({ call: changed }) => heard.push(changed.isInTab));
  world.event({ kind: "call", call: answered(3, "s2") });
  await later();
  assert.deepEqual(heard, [false]);
});

test("work is claimed, renewed and finished; who cannot keep it stops", async () => {
  const world = new World();
  const client = await world.login();
  world.desk.answers["claim"] = () => ({ kind: "claimed", is_mine: true, number: 7 });
  let go = (): void => undefined;
  const run = client.runOnce("x", () => new Promise<void>((done) => (go = done)), { leaseS: 30 });
  await later();
  await world.clock.pass(10_000);
  await later();
  go();
  assert.deepEqual(await run, { name: "x", isMine: true, isDone: true, number: 7, holder: null });
  assert.deepEqual(world.desk.asked.map(({ op, number }) => [op, number]), [["claim", undefined], ["renew_claim", 7], ["finish_claim", 7]]);
  world.desk.answers["renew_claim"] = () => fault("conflict");
  let isStopped = false;
  const lost = assert.rejects(client.runOnce("x", (_, stop) => new Promise(() => stop.addEventListener("abort", () => (isStopped = true)))), { code: "claim_lost" });
  await later();
  await world.clock.pass(10_000);
  await lost;
  assert.ok(isStopped);
  world.desk.answers["finish_claim"] = () => fault("conflict");
  await assert.rejects(client.runOnce("x", () => undefined), { code: "claim_lost" });
  world.desk.answers["claim"] = () => ({ kind: "claimed", is_mine: false, is_done: true, number: 6, holder: "s2" });
  assert.deepEqual(await client.runOnce("x", () => assert.fail(), { wait: true }), { name: "x", isMine: false, isDone: true, number: 6, holder: "s2" });
});

test("work that is done, thrown or lost leaves no timer behind that keeps a program alive", async () => {
  const world = new World();
  const client = await world.login();
  world.desk.answers["claim"] = () => ({ kind: "claimed", is_mine: true, number: 7 });
  const before = world.clock.waiting;
  await client.runOnce("x", () => undefined);
  assert.equal(world.clock.waiting, before);
  await assert.rejects(client.runOnce("x", () => Promise.reject(new Error("no"))), { message: "no" });
  const lost = assert.rejects(client.runOnce("x", () => new Promise(() => undefined)), { code: "claim_lost" });
  await later();
  await client.close();
  await world.clock.pass(10_000);
  await lost;
  assert.equal(world.clock.waiting, 0);
});

test("nobody who hears nothing for the whole lease goes on", async () => {
  const world = new World();
  const client = await world.login();
  world.desk.answers["claim"] = () => ({ kind: "claimed", is_mine: true, number: 7 });
  world.desk.answers["renew_claim"] = () => new Promise(() => undefined);
  const lost = assert.rejects(client.runOnce("x", () => new Promise(() => undefined), { leaseS: 3 }), { code: "claim_lost" });
  await later();
  await world.clock.pass(1000);
  await later();
  await world.clock.pass(1999);
  await later();
  assert.equal(world.desk.asked.some(({ op }) => op === "release_claim"), false);
  await world.clock.pass(1);
  await lost;
});
