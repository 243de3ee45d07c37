/** Code that is loaded when it is wanted, and does not come. */

import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";

import { HubStage } from "../fakes/hub_stage.ts";

registerHooks({
  load: (url, context, next) => (url.endsWith("/core/ending.ts") ? { format: "module", source: "await new Promise(() => undefined);", shortCircuit: true } : next(url, context)),
});

test("signing out everywhere without its code is refused in time, and the session goes on", async () => {
  // It waited without end, and the tabs with it.
  const stage = new HubStage();
  await stage.hello("a");
  await stage.ask("a", { is: "sign-out", n: 1, everywhere: true });
  assert.deepEqual(stage.of("a", "fault"), []);
  await stage.clock.go(15_000);
  assert.deepEqual(stage.of("a", "fault").map(({ n, fault }) => [n, fault.code, fault.retryable]), [[1, "link_down", true]]);
  await stage.ask("a", { is: "command", n: 2, how: "repeat", do: { op: "presence", users: ["bob"] } });
  assert.deepEqual(stage.of("a", "answer").map(({ n }) => n), [2]);
});
