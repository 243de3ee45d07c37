/** Long polling against a server of it and a bad net; and which way is chosen. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Dial, Wire } from "../../src/core/ports.ts";
import { Stopper } from "../../src/core/stopper.ts";
import { firstOf } from "../../src/links/choosing.ts";
import { byLongPoll } from "../../src/links/longpoll.ts";
import { NotLetIn } from "../../src/wire/loss.ts";
import { Chance } from "../fakes/chance.ts";
import { Polls } from "../fakes/polls.ts";
import { ManualClock } from "../fakes/time.ts";

async function opened(loss = 0, seed = 1) {
  const clock = new ManualClock();
  const polls = new Polls(clock, new Chance(seed));
  const told: unknown[] = [];
  const closed: [number, string][] = [];
  const events = { frame: (frame: string | Uint8Array) => void told.push(JSON.parse(String(frame))), closed: (code: number, reason: string) => void closed.push([code, reason]) };
  const opening = byLongPoll(polls.post, clock)("ws://here", events, new Stopper());
  await clock.go(50);
  const wire: Wire = await opening;
  polls.loss = loss;
  return { clock, polls, told, closed, wire };
}

test("what both say arrives once and in order, whatever answers are lost and requests come twice", async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const { clock, polls, told, closed, wire } = await opened(0.2, seed);
    const all = Array.from({ length: 400 }, (_, n) => n);
    for (const n of all) {
      wire.send(JSON.stringify(n));
      polls.say(n);
      if (n % 7 === 0) await clock.go(40);
    }
    await clock.go(60_000);
    assert.deepEqual(polls.heard, all);
    assert.deepEqual(told, all);
    assert.deepEqual(closed, []);
    assert.equal(wire.buffered, 0);
    wire.close();
  }
});

test("frames of one turn are one batch, and a batch keeps its bounds", async () => {
  const { clock, polls, wire } = await opened();
  for (let n = 0; n < 300; n++) wire.send(String(n));
  for (let n = 0; n < 3; n++) wire.send(JSON.stringify("x".repeat(600_000)));
  await clock.go(1000);
  const sizes = polls.asked.filter(({ path }) => path === "send").map(({ frames }) => (frames as unknown[]).length);
  assert.deepEqual(sizes, [256, 45, 1, 1]);
});

test("a proxy that cuts long answers is found out, and asked for shorter ones", async () => {
  const { clock, polls, told, closed } = await opened();
  polls.cutMs = 5_000;
  await clock.go(60_000);
  const last = polls.asked.filter(({ path }) => path === "poll").at(-1);
  assert.ok(Number(last?.["wait_s"]) <= 4);
  polls.say("still there");
  await clock.go(5_000);
  assert.deepEqual([told, closed], [["still there"], []]);
});

test("the last batch says why it ends", async () => {
  const { clock, polls, told, closed } = await opened();
  polls.say("bye");
  polls.end(4432, "displaced");
  await clock.go(100);
  assert.deepEqual([told, closed], [["bye"], [[4432, "displaced"]]]);
});

test("a connection that the server does not know is lost at once, one that nobody answers for after ten seconds", async () => {
  for (const [refusal, leastMs, mostMs] of [
    [{ status: 404, body: '{"code":"connection_unknown","message":"","retryable":false}' }, 0, 500],
    [{ status: 502, body: "<html>" }, 9_000, 30_000],
  ] as const) {
    const { clock, polls, closed, wire } = await opened();
    polls.refusal = refusal;
    const begun = clock.now();
    wire.send("1");
    while (closed.length === 0 && clock.now() < begun + 60_000) await clock.go(100);
    const took = clock.now() - begun;
    assert.ok(took >= leastMs && took <= mostMs, `${refusal.status}: ${took} ms`);
    assert.equal(closed[0]?.[0], 1006);
    await clock.go(60_000);
    assert.equal(closed.length, 1);
  }
});

test("who is not let in is told why", async () => {
  const clock = new ManualClock();
  const polls = new Polls(clock, new Chance(1));
  polls.refusal = { status: 403, body: '{"code":"origin_refused","message":"no","retryable":false}' };
  const opening = byLongPoll(polls.post, clock)("wss://here", { frame: () => undefined, closed: () => undefined }, new Stopper());
  const problem = opening.catch((reason: unknown) => reason);
  await clock.go(100);
  const told = await problem;
  assert.ok(told instanceof NotLetIn);
  assert.deepEqual([told.loss.code, told.loss.advice], ["origin_refused", "stop"]);
});

test("the way that went through comes first the next time, and after a while the better one again", async () => {
  const clock = new ManualClock();
  const tried: string[] = [];
  const wire: Wire = { send: () => undefined, close: () => undefined, buffered: 0 };
  let isWebSocketGood = false;
  const websocket: Dial = (_url, _events, stop) => {
    tried.push("websocket");
    return isWebSocketGood ? Promise.resolve(wire) : new Promise((_, failed) => stop.addEventListener("abort", () => failed(new Error("swallowed"))));
  };
  const longpoll: Dial = () => {
    tried.push("longpoll");
    return Promise.resolve(wire);
  };
  const dial = firstOf(clock, websocket, longpoll);
  const next = async () => {
    tried.length = 0;
    const done = dial("ws://here", { frame: () => undefined, closed: () => undefined }, new Stopper());
    await clock.go(9_000);
    await done;
    return [...tried];
  };
  assert.deepEqual(await next(), ["websocket", "longpoll"]);
  assert.deepEqual(await next(), ["longpoll"]);
  isWebSocketGood = true;
  await clock.go(600_000);
  assert.deepEqual(await next(), ["websocket"]);
  assert.deepEqual(await next(), ["websocket"]);
});
