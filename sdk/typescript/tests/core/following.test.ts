/** What a holder and a tab learn of streams, beyond what vectors and chance tell: each of these was once lost. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Filter } from "../../src/core/filter.ts";
import type { SavedSession } from "../../src/core/ports.ts";
import { Positions } from "../../src/core/positions.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import type { SeqFact } from "../../src/wire/types.ts";
import { HubStage } from "../fakes/hub_stage.ts";

const message = (seq: number): SeqFact => ({ seq, at: 1, fact: { kind: "message", sender: "bob", key: `k${seq}`, content: {} } });

test("a tab knows where a conversation began as soon as it was told that it is in it", () => {
  const filter = new Filter();
  filter.begin({ epoch: 7, checkpoint: 1, positions: { "u/ann": { epoch: 7, seq: 3 } } });
  const facts = [{ seq: 4, at: 1, fact: { kind: "entered", conversation: "x", seq: 9, by: "bob" } }];
  filter.pass({ is: "facts", n: 1, stream: "u/ann", epoch: 7, facts, checkpoint: 2 }, "ann");
  assert.deepEqual(filter.cursor.positions["c/x"], { epoch: 7, seq: 8 });
});

test("who was out while the facts were thrown away that let him in again hears what follows them", () => {
  const told = { kind: "start_over", stream: "c/x", epoch: 7, first: 6, until: 8, reason: "trimmed" } as const;
  const page = { kind: "facts", stream: "c/x", epoch: 7, facts: [6, 7, 8].map(message), head: 8 } as const;
  const positions = new Positions("ann", { "c/x": { epoch: 7, seq: 2, isLeft: true }, "u/ann": { epoch: 7, seq: 1 } }, 5);
  const asked = { stream: "c/x", after: 2, epoch: 7 };
  const outcomes = [...positions.takeStartOver(asked, told), ...positions.takePage({ ...asked, after: 5 }, page)];
  assert.deepEqual(outcomes.map((each) => (each.is === "deliver" ? each.placed.seq : `to ${each.until}`)), ["to 5", 6, 7, 8]);
});

test("a tab that was out while the facts were thrown away that let its user in again does not tell the next holder that they are out", () => {
  // That holder kept from all its tabs what was said from then on.
  for (const [reason, isLeft] of [["trimmed", undefined], ["unreadable", true]] as const) {
    const filter = new Filter();
    filter.begin({ epoch: 7, checkpoint: 1, positions: { "c/x": { epoch: 7, seq: 2, isLeft: true } } });
    filter.skip({ is: "start-over", stream: "c/x", epoch: 7, first: 3, last: 5, reason });
    assert.deepEqual(filter.cursor.positions["c/x"]?.isLeft, isLeft);
  }
});

test("a holder that is asked to end before it began does not begin", async () => {
  const stage = new HubStage();
  void stage.hello("a");
  stage.say("b", { is: "yield", v: 2 });
  await stage.clock.go(1000);
  assert.equal(stage.dials, 0);
});

test("a session that the disk does not take is written when it does, once", async () => {
  // Whoever held it next had to log in anew, or took it for signed out.
  const kept = new MemoryStore();
  const { take } = kept;
  let isBroken = true;
  let writes = 0;
  kept.take = async () => {
    const shelf = await take.call(kept);
    const write = shelf.writeSession.bind(shelf);
    return Object.assign(shelf, { writeSession: (saved: SavedSession) => ((writes += 1), isBroken ? Promise.reject(new Error("full")) : write(saved)) });
  };
  const stage = new HubStage(kept);
  await stage.hello("a");
  assert.deepEqual([stage.of("a", "welcome").length, kept.session], [1, null]);
  await stage.clock.go(10_000);
  isBroken = false;
  writes = 0;
  await stage.clock.go(60_000);
  assert.deepEqual([writes, kept.session?.session, kept.session?.resumeToken], [1, "s", "r"]);
});
