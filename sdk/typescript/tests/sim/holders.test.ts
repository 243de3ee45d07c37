/** Thousands of random steps: whatever dies, each tab hears every fact once and in order, and each send is placed once. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { World } from "./world.ts";

const STEPS = Number(process.env["UNISONO_SIM_STEPS"] ?? 2000);
const STEPS_OF_A_LIFE = 300;
const SEED = Number(process.env["UNISONO_SIM_SEED"] ?? 1);
const TABS = 6;

/** What may happen, how often. */
const MAY: readonly (readonly [number, (world: World) => unknown])[] = [
  [30, (world) => world.talk(1 + world.chance.below(3))],
  [25, (world) => world.say()],
  [6, (world) => (world.pages.size < TABS ? world.open() : undefined)],
  [3, (world) => (world.pages.size > 1 ? world.crash() : undefined)],
  [4, (world) => world.kill(false)],
  [2, (world) => world.kill(true)],
  [3, (world) => world.cut()],
  [1, (world) => world.outage()],
  [4, (world) => world.sleep()],
  [4, (world) => world.block()],
  [1, (world) => world.begin()],
  [2, (world) => world.server.turn(String(1 + world.chance.below(2)))],
  [3, (world) => world.server.repeat(world.chance.of([...world.server.streams.keys()]))],
  [1, (world) => world.talk(2500)],
  [1, (world) => world.strand()],
  [2, (world) => world.trim()],
  [8, (world) => world.claim()],
  [6, (world) => world.set()],
  [4, (world) => world.enter()],
  [4, (world) => world.signOut()],
  [1, (world) => world.newer()],
  [1, (world) => (world.server.putOff = world.chance.is(0.5) ? 0.1 : 0)],
];
const WEIGHT = MAY.reduce((sum, [weight]) => sum + weight, 0);

async function live(seed: number, steps: number): Promise<World> {
  const world = new World(seed);
  world.begin();
  await world.open();
  for (let step = 0; step < steps; step++) {
    let at = world.chance.below(WEIGHT);
    const [, happen] = MAY.find(([weight]) => (at -= weight) < 0) as (typeof MAY)[number]; // the weights add up to it
    await happen(world);
    await world.clock.go(world.chance.is(0.1) ? world.chance.below(3000) : world.chance.below(30));
  }
  await world.judge();
  return world;
}

test("whatever dies, every fact is heard once and in order, and every send is placed once", async () => {
  const sum: { [what: string]: number } = {};
  for (let done = 0, seed = SEED; done < STEPS; done += STEPS_OF_A_LIFE, seed++) {
    try {
      const { counts } = await live(seed, Math.min(STEPS_OF_A_LIFE, STEPS));
      for (const [what, count] of Object.entries(counts)) sum[what] = (sum[what] ?? 0) + count;
    } catch (problem) {
      throw new Error(`with UNISONO_SIM_SEED=${seed}`, { cause: problem });
    }
  }
  assert.ok((sum["facts"] ?? 0) > STEPS && (sum["holders"] ?? 0) > STEPS / 200, JSON.stringify(sum));
  for (const [what, count] of Object.entries(sum)) assert.ok(count > 0, `no ${what} among ${STEPS} steps`);
  process.stderr.write(`${JSON.stringify({ steps: STEPS, ...sum })}\n`);
});
