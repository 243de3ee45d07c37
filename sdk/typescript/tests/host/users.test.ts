/** Several users in one browser: what is kept of each, against a database of the same interface as browsers have. */

import assert from "node:assert/strict";
import { test } from "node:test";

import "fake-indexeddb/auto";

import { once } from "../../src/host/database.ts";
import type { Kind } from "../../src/host/database.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import { contextOf } from "../../src/host/names.ts";
import { storeOf } from "../../src/host/store.ts";
import { GREETING, HubStage } from "../fakes/hub_stage.ts";

const KINDS: readonly Kind[] = ["sessions", "outbox", "objects"];
/** Names that a careless key would take for one another. */
const USERS = ["ann", "ann/web", "an"] as const;

function contextFor(user: string): string {
  return contextOf({ url: "ws://here", user, tag: null, device: { id: "d", platform: "web" } }, "");
}

/** All that lies in the database, key and row as text. */
async function rows(): Promise<string[]> {
  const found: string[] = [];
  for (const kind of KINDS) {
    const keys = (await once([kind], (all) => all(kind).getAllKeys())) as IDBValidKey[];
    const values = (await once([kind], (all) => all(kind).getAll())) as unknown[];
    found.push(...keys.map((key, at) => `${kind} ${JSON.stringify(key)} ${JSON.stringify(values[at])}`));
  }
  return found;
}

async function rest(stage: HubStage, turns = 40): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    await stage.clock.go(5);
    await new Promise((go) => setImmediate(go));
  }
}

test("three users have a link each; signing out one removes its rows alone, and no row of one is reached from another", async () => {
  const stages = new Map(USERS.map((user) => [user, new HubStage(new MemoryStore(), storeOf(contextFor(user)))]));
  for (const [user, stage] of stages) {
    stage.answers["login"] = { ...GREETING, user, session: `session of ${user}`, resume_token: `token of ${user}` };
    stage.answers["send"] = null;
    for (const tab of [`${user} 1`, `${user} 2`]) {
      await stage.hello(tab, { wish: { url: "ws://here", user, tag: null, device: { id: "d", platform: "web" } } });
      await rest(stage);
      stage.say(tab, { is: "object", n: 1, name: "draft", value: `draft of ${user}` });
      stage.say(tab, { is: "command", n: 2, how: "queue", do: { op: "send", key: `${tab}:2`, conversation: "c", content: { text: `words of ${user}` } } });
    }
    await rest(stage);
    assert.equal(stage.dials, 1);
  }
  const before = await rows();
  // A session, an object and two sends of each; and whoever is named in a row is named in its key.
  assert.equal(before.length, 4 * USERS.length);
  for (const user of USERS) {
    const { session, outbox, objects } = await storeOf(contextFor(user)).take();
    const text = JSON.stringify([session, outbox, objects]);
    for (const other of USERS) assert.equal(text.includes(`of ${other}"`), other === user, `${other} in what is kept for ${user}`);
  }
});

test("after one of them signs out nothing in the browser's storage tells of it, and all of the others is there", async () => {
  const [ann, bob] = ["leaving", "staying"].map((user) => {
    const stage = new HubStage(new MemoryStore(), storeOf(contextFor(user)));
    stage.answers["login"] = { ...GREETING, user, session: `session of ${user}`, resume_token: `token of ${user}` };
    stage.answers["send"] = null;
    return stage;
  }) as [HubStage, HubStage];
  for (const [stage, tab] of [[ann, "leaving-tab"], [bob, "staying-tab"]] as const) {
    await stage.hello(tab);
    await rest(stage);
    stage.say(tab, { is: "object", n: 1, name: "draft", value: "half-written" });
    stage.say(tab, { is: "command", n: 2, how: "queue", do: { op: "send", key: `${tab}:2`, conversation: "c", content: { text: "words" } } });
    await rest(stage);
  }
  const told = async (word: string): Promise<number> => (await rows()).filter((row) => row.includes(word)).length;
  assert.deepEqual([await told("leaving"), await told("staying")], [3, 3]);
  ann.say("leaving-tab", { is: "sign-out", n: 3, everywhere: false });
  await rest(ann);
  assert.deepEqual([ann.isOver, bob.isOver, await told("leaving"), await told("staying")], [true, false, 0, 3]);
});
