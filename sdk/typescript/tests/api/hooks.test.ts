// Hooks of plugins that do not come back.

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Plugin } from "../../src/api/plugins.ts";
import { World, said, settled } from "./fake_desk.ts";

test("a hook that hangs holds up what comes for so long and no longer, and the holder hears how far the program is", async (t) => {
  const complaints = t.mock.method(console, "error", () => undefined);
  const stuck: Plugin = { name: "stuck", beforeParse: () => new Promise(() => undefined) };
  const world = new World({ plugins: [stuck] });
  const client = await world.login();
  const heard: string[] = [];
  client.on("message", ({ text }) => heard.push(text ?? ""));
  const fact = { seq: 1, at: 1, fact: said("one") };
  const had = world.listener.facts("c/a", 1, [fact]);
  let isHad = false;
  void Promise.resolve(had).then(() => (isHad = true));
  await settled();
  await world.clock.pass(9_999);
  assert.deepEqual([heard, isHad], [[], false]);
  await world.clock.pass(1);
  await settled();
  assert.deepEqual([heard, isHad, complaints.mock.callCount()], [["one"], true, 1]);
  assert.match(String(complaints.mock.calls[0]?.arguments), /stuck/);
});
