// What my sessions tell each other, and what the application's server and they ask each other.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Text } from "../../src/api/bodies.ts";
import { World, fault, settled } from "./fake_desk.ts";

const later = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await settled();
};

test("sessions are told things, by address, and for later", async () => {
  const world = new World();
  const client = await world.login();
  world.desk.answers["tell"] = () => ({ kind: "addressed", live: 2, away: 1 });
  assert.deepEqual(await client.tell("cart", { a_b: 1 }), { live: 2, away: 1 });
  await client.tell("cart", null, { to: { platform: "ios" }, priority: "low", keepS: 60 });
  world.desk.answers["sessions"] = () => ({ kind: "sessions", sessions: [{ session: "s1", is_this: true }, { session: "s2" }].map((more) => ({ device: "d", shown: { platform: "web" }, state: "live", opened_at: 1, seen_at: 1, ...more })) });
  const [other] = await client.otherSessions();
  assert.equal(other?.session, "s2");
  await other?.tell("cart", 1, { tab: "t9" });
  await other?.send("hello");
  await other?.send(new Text({ text: "body" }), { keepS: 5 });
  const from = { op: "tell", tab: "t1" };
  assert.deepEqual(world.desk.asked.filter(({ op }) => op === "tell"), [
    { ...from, key: "t1:1", to: {}, name: "cart", data: { a_b: 1 } },
    { ...from, key: "t1:2", to: { platform: "ios" }, name: "cart", priority: "low", keep_s: 60 },
    { ...from, key: "t1:3", to: { session: "s2", tab: "t9" }, name: "cart", data: 1 },
    { ...from, key: "t1:4", to: { session: "s2" }, content: { text: "hello" } },
    { ...from, key: "t1:5", to: { session: "s2" }, content: { type: -1, text: "body" }, keep_s: 5 },
  ]);
});

test("what is told is heard once, a message as one", async () => {
  const world = new World();
  const client = await world.login();
  const heard: unknown[] = [];
  client.on("told", ({ type: _, ...told }) => heard.push(told));
  client.on("toldLost", ({ type }) => heard.push(type));
  client.on("sessionMessage", (message) => heard.push([message.text, message.sender, message.fromSession, message.body instanceof Text, message.at, message.id]));
  world.event({ kind: "told", id: "1", at: 5, name: "cart", data: { a_b: 1 }, teller: { session: "s2", tab: "t9" } });
  world.event({ kind: "told", id: "1", at: 5, name: "cart", data: { a_b: 1 } });
  world.event({ kind: "told", id: "1", at: 6, name: "cart", teller: { session: "s2" } });
  world.event({ kind: "told", id: "2", at: 6, name: "cart", is_kept: true });
  world.event({ kind: "told_later", lost: 7 });
  world.event({ kind: "told", id: "3", at: 7, content: { type: -1, text: "hi" }, teller: { session: "s2" } });
  world.event({ kind: "told", id: "4", at: 8, content: { type: -2, data: { file: { url: "u" } } } });
  world.event({ kind: "of_tomorrow", id: "5" });
  await later();
  assert.deepEqual(heard, [
    { id: "1", name: "cart", data: { a_b: 1 }, teller: { session: "s2", tab: "t9" }, at: 5 },
    { id: "1", name: "cart", data: { a_b: 1 }, teller: null, at: 5 },
    { id: "2", name: "cart", data: null, teller: null, at: 6 },
    "toldLost",
    ["hi", "tom", "s2", true, 7, "3"],
    [undefined, null, null, false, 8, "4"],
  ]);
  // Whoever asks again did not hear of it.
  world.event({ kind: "told", id: "2", at: 6, name: "cart", is_kept: true });
  await later();
  assert.deepEqual([heard.length, world.desk.confirmed], [6, ["2", "2"]]);
});

test("the server is asked once, and refuses with its reason", async () => {
  const world = new World();
  const client = await world.login();
  world.desk.answers["ask"] = ({ name }) => (name === "price" ? { kind: "answered", data: { a_b: 1 } } : name === "void" ? { kind: "answered" } : fault("no_handler"));
  assert.deepEqual(await client.ask("price", { of: "tea" }, { timeoutS: 3 }), { a_b: 1 });
  assert.equal(await client.ask("void"), null);
  await assert.rejects(client.ask("nothing"), { code: "no_handler" });
  assert.deepEqual(world.desk.asked[0], { op: "ask", name: "price", data: { of: "tea" }, timeout_s: 3, tab: "t1" });
  world.desk.answers["ask"] = () => new Promise(() => undefined);
  const late = assert.rejects(client.ask("slow", null, { timeoutS: 60 }), { code: "timed_out" });
  await later();
  await world.clock.pass(64_999);
  await world.clock.pass(1);
  await late;
  world.desk.state = "waiting";
  await assert.rejects(client.ask("price"), { code: "link_down" });
});

test("an answer that is ready while there is no connection goes by the next, as long as somebody waits for it", async () => {
  const world = new World();
  const client = await world.login();
  let give = (_: string): void => undefined;
  await client.onAsk("where", () => new Promise<string>((done) => (give = done)));
  const limits: number[] = [];
  const { desk } = world;
  const { request } = desk;
  desk.request = (command, ms) => (limits.push(ms ?? Infinity), request.call(desk, command, ms));
  world.event({ kind: "asked", id: "1", name: "where", within_ms: 1000 });
  await later();
  // It used to be dropped.
  desk.state = "opening";
  await world.clock.pass(300);
  give("here");
  await later();
  assert.deepEqual([desk.asked.at(-1), limits.at(-1)], [{ op: "reply", id: "1", data: "here" }, 700]);
});

test("what the server asks is answered by a function, or with an error", async (t) => {
  t.mock.method(console, "error", () => undefined);
  const world = new World();
  const client = await world.login();
  const off = await client.onAsk("where", async (data) => ({ at: data }));
  await client.onAsk("broken", () => {
    throw new Error("no");
  });
  for (const [id, name] of [["1", "where"], ["2", "broken"], ["3", "other"]]) world.event({ kind: "asked", id, name, within_ms: 1000, data: "x" });
  await later();
  off();
  world.event({ kind: "asked", id: "4", name: "where", within_ms: 1000 });
  await later();
  const replies = world.desk.asked.filter(({ op }) => op === "reply");
  assert.deepEqual(new Map(replies.map(({ id, op: _, ...rest }) => [id, rest])), new Map<unknown, unknown>([["1", { data: { at: "x" } }], ["2", { error: "handler_failed" }], ["3", { error: "no_handler" }], ["4", { error: "no_handler" }]]));
});
