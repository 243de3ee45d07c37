/** What becomes of a call whose tab goes, as its holder sees to it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { CALL } from "../../src/core/claims.ts";
import * as DUTIES from "../../src/core/duties.ts";
import { makeHub } from "../../src/core/hub.ts";
import { Tab } from "../../src/core/tab.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import { namesOf } from "../../src/host/names.ts";
import { singleWays } from "../../src/host/single.ts";
import { HubStage } from "../fakes/hub_stage.ts";
import { Diary } from "../fakes/listener.ts";

/** A holder of two tabs, of which `a` is in the call `c1`. */
async function inCall(): Promise<HubStage> {
  const stage = new HubStage();
  await stage.hello("a");
  await stage.hello("b");
  await stage.ask("a", { is: "claim", n: 1, claim: [CALL, "c1"] });
  await stage.ask("b", { is: "claim", n: 1, claim: ["sound", "s"] });
  return stage;
}

const hangUps = (stage: HubStage): object[] => stage.asked.flatMap(({ do: asked }) => (asked.op === "hang_up" ? [asked] : []));
const HANG_UP = { op: "hang_up", call: "c1", session: "s" };

test("a tab in a call that is closed, crashes or is closed from elsewhere hangs up", async () => {
  // The other side used to sit in a dead call for as long as other tabs were open.
  for (const go of [
    (stage: HubStage) => stage.say("a", { is: "bye" }),
    (stage: HubStage) => stage.holder.gone("a"),
    (stage: HubStage) => stage.server({ is: "event", event: { kind: "tab_closed", tab: "a" } }),
  ]) {
    const stage = await inCall();
    stage.say("b", { is: "bye" });
    assert.deepEqual(hangUps(stage), []);
    go(stage);
    await stage.clock.go(20);
    assert.deepEqual(hangUps(stage), [HANG_UP]);
  }
});

const VIEW = { call: "c1", revision: 2, state: "answered", caller: "ann", users: ["bob"], media: "audio", began_at: 1, rings_until: 2 };
const calls = (...sessions: string[]): object => ({ kind: "calls", calls: [{ ...VIEW, ends: sessions.map((session) => ({ user: "ann", session })) }] });
const TAKE = { is: "command", n: 7, how: "repeat", do: { op: "answer", call: "c1" } } as const;

test("a tab that is gone before it heard of its call, or said that it has it, leaves nobody in it", async () => {
  for (const op of ["call", "answer"]) {
    for (const hears of [true, false]) {
      for (const session of ["s", "other"]) {
        const stage = new HubStage();
        stage.answers["calls"] = calls(session);
        await stage.hello("a");
        await stage.hello("b");
        stage.say("a", { ...TAKE, do: { op, call: "c1" } });
        if (hears) await stage.clock.go(20);
        stage.say("a", { is: "bye" });
        await stage.clock.go(5_000);
        assert.deepEqual(hangUps(stage), session === "s" ? [HANG_UP] : []);
      }
    }
  }
});

test("what another tab has by then is hung up by nobody, and where nobody ever called nothing is asked", async () => {
  const stage = new HubStage();
  stage.answers["calls"] = calls("s");
  for (const tab of ["a", "b", "c"]) await stage.hello(tab);
  stage.say("c", { is: "bye" });
  await stage.clock.go(30_000);
  assert.ok(!stage.ops().includes("calls"));
  stage.say("a", TAKE);
  stage.say("a", { is: "bye" });
  // It hears of it while the holder looks.
  await stage.clock.go(3_000);
  stage.say("b", { is: "claim", n: 1, claim: [CALL, "c1"] });
  await stage.clock.go(30_000);
  assert.deepEqual([stage.ops().filter((op) => op === "calls").length, hangUps(stage)], [1, []]);
});

test("what was asked without a connection by a tab that is gone is not asked at all", async () => {
  const stage = new HubStage();
  stage.answers["calls"] = calls();
  await stage.hello("a");
  await stage.hello("b");
  stage.isDown = true;
  stage.close(1006);
  stage.say("a", TAKE);
  stage.say("a", { is: "bye" });
  stage.isDown = false;
  await stage.clock.go(60_000);
  assert.ok(!stage.ops().includes("answer"));
});

test("a holder that follows another one looks for calls whose tab went together with that one", async () => {
  const store = new MemoryStore();
  const first = new HubStage(store);
  await first.hello("a");
  first.holder.stop("a");
  const next = new HubStage(store);
  next.answers["calls"] = calls("s");
  await next.hello("b");
  await next.clock.go(20_000);
  assert.deepEqual(hangUps(next), [HANG_UP]);
});

test("who gave the call away, or says hello again, hangs up nothing", async () => {
  const stage = await inCall();
  await stage.hello("a");
  assert.deepEqual(hangUps(stage), []);
  stage.say("a", { is: "release", claim: [CALL, "c1"] });
  stage.say("a", { is: "bye" });
  await stage.clock.go(20);
  assert.deepEqual(hangUps(stage), []);
});

test("without a connection it is said with the next one, for the session that it was alone", async () => {
  const stage = await inCall();
  stage.isDown = true;
  stage.close(1006);
  stage.say("a", { is: "bye" });
  await stage.clock.go(100);
  assert.deepEqual(hangUps(stage), []);
  stage.isDown = false;
  await stage.clock.go(10_000);
  assert.deepEqual(hangUps(stage), [HANG_UP]);
});

test("a holder that goes with the page of its tab says it before it goes, and only for that tab", async () => {
  const stage = await inCall();
  stage.holder.stop("a");
  assert.deepEqual(hangUps(stage), [HANG_UP]);
  for (const tab of [undefined, "b", "unknown"]) {
    const other = await inCall();
    other.holder.stop(tab);
    assert.deepEqual(hangUps(other), []);
  }
});

test("a tab that holds its session itself hangs up before its connection goes, when it is closed and when it sleeps", async () => {
  // Its last word to a holder in its own page never arrived.
  for (const go of [(tab: Tab) => void tab.close(), (tab: Tab) => tab.suspend()]) {
    const stage = new HubStage();
    const { clock, dial } = stage;
    const ways = singleWays({ clock, entropy: { id: () => "an-id", chance: () => 0.5 }, store: new MemoryStore(), sdk: "test", names: namesOf("unisono/here"), code: { make: makeHub, dial, duties: () => Promise.resolve(DUTIES) } });
    const view = { visible: true, focused: true, conversation: null, online: true };
    const wish = { url: "ws://here", user: "ann", tag: null, device: { id: "d", platform: "web" } };
    const tab = new Tab({ clock, locks: null, ways, left: () => undefined }, { tab: "t", lock: "tab/t", sdk: "test", wish, view, token: null, askToken: null }, new Diary());
    await tab.attach();
    await clock.go(200);
    const claimed = tab.claim(CALL, "c1");
    await clock.go(20);
    assert.ok(await claimed);
    go(tab);
    assert.deepEqual(hangUps(stage), [HANG_UP]);
  }
});
