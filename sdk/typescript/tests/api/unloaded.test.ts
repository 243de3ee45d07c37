// A file that is loaded later and cannot be had: the page's origin is out of reach, or a later release has taken its place.

import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";

import type { Plugin } from "../../src/api/plugins.ts";
import { World, said, settled } from "./fake_desk.ts";

test("a message is told as it came where the code of hooks cannot be loaded", async () => {
  // It used to be told to nobody, and counted as seen.
  registerHooks({
    resolve: (name, context, next) => {
      if (name === "./more.ts") throw new Error("out of reach");
      return next(name, context);
    },
  });
  const plugin: Plugin = { name: "shouting", beforeParse: (content) => ({ ...content, text: "LOUD" }) };
  const world = new World({ plugins: [plugin] });
  const client = await world.login();
  const heard: string[] = [];
  client.on("message", ({ text }) => heard.push(text ?? ""));
  await world.listener.facts("c/a", 1, [{ seq: 1, at: 1, fact: said("one") }]);
  await settled();
  assert.deepEqual(heard, ["one"]);
});
