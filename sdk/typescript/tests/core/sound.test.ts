/** What a holder believes of what tabs and the disk say, and what it keeps of it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Command, FromTab, Hello } from "../../src/core/messages.ts";
import { Seat } from "../../src/core/seat.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import { HubStage } from "../fakes/hub_stage.ts";

const HELLO: Hello = {
  is: "hello",
  v: 1,
  tab: "a",
  sdk: "test",
  since: 1,
  wish: { url: "ws://here", user: null, tag: null, device: { id: "d", platform: "web" } },
  cursor: null,
  fence: 0,
  unanswered: [],
  view: { visible: true, focused: false, conversation: null, online: true },
  token: "t",
  canAsk: true,
};

test("a holder keeps nothing of what a hello repeated", () => {
  // It used to keep all of it, up to 8 MiB of each tab.
  const unanswered: Command[] = [{ is: "command", n: 1, how: "queue", do: { op: "send", text: "x".repeat(1 << 20) } }];
  const seat = new Seat({ ...HELLO, unanswered });
  seat.greet({ ...HELLO, unanswered });
  assert.ok(JSON.stringify(seat).length < 1000);
  assert.deepEqual([seat.tab, seat.since, seat.token, seat.canAsk, seat.isNew], ["a", 1, "t", true, true]);
});

test("a word that is wrong is passed over, and the other tabs go on", async () => {
  // It used to be believed: one view of nothing, and nobody was told of tabs any more; an object without a name, and none was set again.
  const stage = new HubStage();
  await stage.hello("a");
  const wrong: unknown[] = [
    null, 5, { is: "view", view: null }, { is: "command", n: 1 }, { is: "command", n: "1", do: { op: "type" } }, { is: "object", n: 1, value: 1 },
    { is: "claim", n: 1, claim: "sound" }, { is: "claim", n: 1, claim: [1, 2] }, { is: "release" }, { is: "seen" }, { is: "sign-out", everywhere: true },
    ...[{ unanswered: {} }, { unanswered: [null] }, { claims: {} }, { claims: [5] }, { cursor: {} }, { cursor: { positions: { s: null } } }, { view: 1 }, { wish: null }, { since: NaN }].map((each) => ({ ...HELLO, ...each })),
  ];
  for (const message of wrong) stage.say("b", message as FromTab);
  for (const message of wrong.slice(0, 11)) stage.say("a", message as FromTab);
  await stage.clock.go(200);
  assert.deepEqual([stage.told.filter(({ tab }) => tab === "b"), stage.of("a", "fault"), stage.isOver], [[], [], false]);
  await stage.ask("a", { is: "object", n: 2, name: "o", value: 1 });
  await stage.ask("a", { is: "claim", n: 3, claim: ["sound", "1"] });
  assert.deepEqual(stage.of("a", "answer").map(({ n }) => n), [2, 3]);
  await stage.hello("b");
  assert.deepEqual(stage.of("a", "tabs").at(-1)?.tabs.map(({ tab }) => tab), ["a", "b"]);
});

test("a fence that cannot be one counts as none, from a tab as from the disk", async () => {
  // It used to become the holder's own: what it said then compared with nothing, or no later holder came above it.
  for (const fence of [NaN, Infinity, Number.MAX_SAFE_INTEGER, 2.5, "9" as unknown as number]) {
    const kept = new MemoryStore();
    kept.session = { user: "ann", session: "s", resumeToken: "r", fence };
    const stage = new HubStage(kept);
    await stage.hello("a", { fence });
    await stage.hello("b", { fence });
    assert.ok(stage.told.length > 0 && stage.told.every((each) => each.fence === 1_000_000), String(fence));
    assert.ok(Number.isSafeInteger(stage.asked[0]?.do["fence"]), String(fence));
  }
});
