/** Who tells the end of a session is there until it was heard. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { HubStage } from "../fakes/hub_stage.ts";

test("a holder is there until all that were told the end have said good-bye, for a while", async () => {
  // Its lock was free before WebKit handed over its last words: tabs took the end for somebody else's doing.
  const ends: readonly (readonly [end: (stage: HubStage) => void, code: string])[] = [
    [(stage) => stage.say("a", { is: "sign-out", n: 1, everywhere: false }), "session_closed"],
    [(stage) => (stage.server({ is: "bye", code: "displaced", message: "a phone", advice: "stop" }), stage.close(4432)), "displaced"],
  ];
  for (const [end, code] of ends) {
    for (const leave of [(stage: HubStage) => stage.say("b", { is: "bye" }), (stage: HubStage) => stage.holder.gone("b"), (stage: HubStage) => stage.clock.go(2_000)]) {
      const stage = new HubStage();
      stage.isDeaf = true;
      for (const tab of ["a", "b"]) await stage.hello(tab);
      end(stage);
      await stage.clock.go(100);
      assert.deepEqual([stage.endings("a"), stage.endings("b"), stage.isOver, stage.holder.isLeaving], [[code], [code], false, true]);
      // Who sought it meanwhile is told; who is new is the next one's.
      await stage.hello("b", { cursor: { epoch: 9, checkpoint: 5, positions: {} } });
      await stage.hello("new");
      stage.say("new", { is: "object", n: 10, name: "draft", value: 1 });
      assert.deepEqual([stage.endings("b"), stage.of("new", "welcome"), stage.of("new", "who")], [[code, code], [], []]);
      stage.say("a", { is: "bye" });
      await leave(stage);
      assert.deepEqual([stage.isOver, stage.holder.isLeaving], [true, false]);
    }
  }
});
