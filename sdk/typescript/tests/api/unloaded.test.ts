// A file that is loaded later and cannot be had: the page's origin is out of reach, or a later release has taken its place.

import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";

import type { Plugin } from "../../src/api/plugins.ts";
import { World, said, settled } from "./fake_desk.ts";

const CALL = { call: "c", revision: 1, state: "ringing", caller: "ann", users: ["tom"], media: "audio", began_at: 1, rings_until: 2, ringing: ["tom"], ends: [{ user: "ann", session: "sa", since: 1 }] };

/** The names of modules that are out of reach. */
const away = new Set<string>();
registerHooks({
  resolve: (name, context, next) => {
    if (away.has(name.split("?")[0] ?? "")) throw new Error("out of reach");
    return next(name, context);
  },
});

test("what is kept is told, and confirmed, when its code can be had at last, and calls ring again", async (t) => {
  // One failed load made a tab deaf to calls for good, and what was told meanwhile was confirmed and lost.
  t.mock.method(console, "error", () => undefined);
  for (const name of ["./devices.ts", "../api/devices.ts"]) away.add(name);
  Object.assign(globalThis, { FILES: { devices: "../api/devices.ts" } });
  const world = new World();
  const client = await world.login();
  const heard: string[] = [];
  client.on("told", ({ id }) => heard.push(id));
  client.on("ringing", ({ call: { id } }) => heard.push(id));
  world.desk.answers["calls"] = () => ({ kind: "calls", calls: [CALL] });
  world.event({ kind: "told", id: "kept", at: 1, name: "n", is_kept: true });
  world.event({ kind: "told", id: "best effort", at: 1, name: "n" });
  world.event({ kind: "typing", conversation: "c", user: "u", is_typing: true });
  await settled();
  assert.deepEqual([heard, world.desk.confirmed], [[], []]);
  await assert.rejects(client.tell("x"));
  away.clear();
  await world.clock.pass(5000);
  await settled();
  assert.deepEqual([heard.sort(), world.desk.confirmed], [["c", "kept"], ["kept"]]);
  await client.close();
  await world.clock.pass(60_000);
  assert.equal(world.clock.waiting, 0);
});

test("a message is told as it came where the code of hooks cannot be loaded", async () => {
  // It used to be told to nobody, and counted as seen.
  away.add("./more.ts");
  const plugin: Plugin = { name: "shouting", beforeParse: (content) => ({ ...content, text: "LOUD" }) };
  const world = new World({ plugins: [plugin] });
  const client = await world.login();
  const heard: string[] = [];
  client.on("message", ({ text }) => heard.push(text ?? ""));
  await world.listener.facts("c/a", 1, [{ seq: 1, at: 1, fact: said("one") }]);
  await settled();
  assert.deepEqual(heard, ["one"]);
});
