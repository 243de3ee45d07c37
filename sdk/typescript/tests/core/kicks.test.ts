/** Two browsers that come back by themselves, and one place for both: one is kicked, once, and stays out. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { HubStage } from "../fakes/hub_stage.ts";

const MINUTE = 60_000;
const AWAY = { visible: false, focused: false, conversation: null, online: false };

test("who was kicked never comes back by itself, whatever its tabs and its network do in ten minutes", async () => {
  const loser = new HubStage();
  const winner = new HubStage();
  await loser.hello("a", { token: "good" });
  await winner.hello("a", { token: "good" });
  loser.server({ is: "bye", code: "displaced", message: "", advice: "stop", newcomer: { platform: "web", label: "new" } });
  loser.close(4432);
  for (let minute = 1; minute <= 10; minute++) {
    for (const online of [false, true]) loser.say("a", { is: "view", view: { ...AWAY, online, visible: online, focused: online } });
    loser.say("a", { is: "retry" });
    winner.close(1006);
    await loser.clock.go(MINUTE);
    await winner.clock.go(MINUTE);
    assert.deepEqual([loser.dials, winner.dials], [1, 1 + minute]);
  }
  const logins = (stage: HubStage): number => stage.asked.filter((frame) => frame.do.op === "login").length;
  // Who comes back resumes: that displaces nobody.
  assert.deepEqual([logins(loser), logins(winner)], [1, 1]);
  assert.deepEqual([loser.of("a", "ended").length, winner.of("a", "ended").length], [1, 0]);
  assert.deepEqual([loser.of("a", "ended")[0]?.ending.code, loser.isOver, winner.isOver], ["displaced", true, false]);
});
