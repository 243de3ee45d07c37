// One notice of a message: who tells of a message, who does not, and when it is taken away.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Notices } from "../../src/api/notices.ts";
import type { NoticeOptions } from "../../src/api/notices.ts";
import type { Client } from "../../src/api/client.ts";
import { World, fault, said, settled } from "./fake_desk.ts";

interface Scene {
  readonly world: World;
  readonly client: Client;
  readonly notices: Notices;
  /** What is told of now, and what was. */
  readonly shown: Set<string>;
  readonly told: string[];
}

async function scene(options: NoticeOptions = {}): Promise<Scene> {
  const world = new World();
  const client = await world.login();
  const [shown, told] = [new Set<string>(), [] as string[]];
  const notices = new Notices(
    client,
    ({ text = "" }) => {
      shown.add(text);
      told.push(text);
      return () => shown.delete(text);
    },
    options,
  );
  world.desk.answers["mark_read"] = ({ seq }) => ({ kind: "read_mark", conversation: "a", seq });
  return { world, client, notices, shown, told };
}

const other = (conversation: string | null, focused = true) => ({ tab: "t2", since: 1, visible: true, focused, conversation });

test("a message of another is told of, in the tab that got the claim", async () => {
  const { world, told } = await scene();
  world.facts("c/a", 1, said("one"), said("mine", { sender: "tom" }));
  await settled();
  world.desk.grants = false;
  world.facts("c/a", 3, said("two"));
  await settled();
  assert.deepEqual(told, ["one"]);
  assert.deepEqual(world.desk.claimed, ["unisono:notice a:1", "unisono:notice a:3"]);
});

test("nothing is told while a tab shows the conversation to somebody", async () => {
  const { world, told } = await scene();
  world.desk.tabs = [other("a")];
  world.facts("c/a", 1, said("seen there"));
  world.facts("c/b", 1, said("not seen"));
  await settled();
  world.desk.tabs = [other("a", false)];
  world.facts("c/a", 2, said("nobody looks"));
  await settled();
  assert.deepEqual(told, ["not seen", "nobody looks"]);
});

test("what is read while the claim is asked for is not told", async () => {
  const { world, told } = await scene();
  const { desk } = world;
  desk.claim = async () => {
    world.facts("u/tom", 1, { kind: "read", conversation: "a", seq: 1, head: 1 });
    await settled();
    return true;
  };
  world.facts("c/a", 1, said("read elsewhere"));
  await settled();
  await settled();
  assert.deepEqual(told, []);
});

test("a notice is gone when its message is read anywhere, or taken back", async () => {
  const { world, shown } = await scene();
  world.facts("c/a", 1, said("one"), said("two"), said("three"));
  await settled();
  assert.deepEqual([...shown], ["one", "two", "three"]);
  world.facts("c/a", 4, { kind: "recalled", message: 3, by: "jerry" });
  world.facts("u/tom", 1, { kind: "read", conversation: "a", seq: 1, head: 1 });
  await settled();
  assert.deepEqual([...shown], ["two"]);
  world.facts("c/a", 5, { kind: "ended", reason: "dissolved", by: "jerry" });
  await settled();
  assert.deepEqual([...shown], []);
});

test("of many notices the oldest are taken away, and all at the end", async () => {
  const { world, client, shown, told } = await scene();
  world.facts("c/a", 1, ...Array.from({ length: 25 }, (_, at) => said(`m${at}`)));
  await settled();
  assert.equal(told.length, 25);
  assert.deepEqual([...shown][0], "m5");
  assert.equal(shown.size, 20);
  await client.close();
  await settled();
  assert.equal(shown.size, 0);
});

test("what is on screen is read while somebody looks, and not otherwise", async () => {
  let isAttended = false;
  const { world, client, notices, told } = await scene({ isAttended: () => isAttended });
  const read = (): unknown[] => world.desk.asked.filter(({ op }) => op === "mark_read").map(({ seq }) => seq);
  world.facts("c/a", 1, said("one"));
  notices.look(client.conversation("a"));
  await settled();
  assert.deepEqual([read(), world.desk.views.at(-1)], [[], { conversation: "a" }]);
  isAttended = true;
  notices.look(client.conversation("a"));
  await settled();
  assert.deepEqual(read(), [1]);
  world.facts("c/a", 2, said("two"), said("three"), said("four"));
  await settled();
  // What comes while one mark is under way is in the next.
  assert.deepEqual(read(), [1, 2, 4]);
  notices.look(null);
  world.facts("c/a", 5, said("five"));
  await settled();
  assert.deepEqual([read(), told], [[1, 2, 4], ["one", "five"]]);
});

test("a function that fails is reported, and disturbs no other message", async (context) => {
  const reported = context.mock.method(console, "error", () => undefined);
  const world = new World();
  const told: unknown[] = [];
  new Notices(await world.login(), ({ text }) => {
    if (text === "one") throw new Error("no notices here");
    told.push(text);
  });
  world.facts("c/a", 1, said("one"), said("two"));
  await settled();
  assert.deepEqual(told, ["two"]);
  assert.equal(reported.mock.callCount(), 1);
});

test("levels decide what is told of, unless the program does", async () => {
  const { world, client, told } = await scene();
  await client.conversation("a").setLevel("mentions");
  await client.conversation("b").setLevel("none");
  world.facts("c/a", 1, said("all"), said("me", { mentions: ["tom"] }));
  world.facts("c/b", 1, said("muted", { mentions: ["tom"] }));
  await settled();
  assert.deepEqual(told, ["me"]);
  const wanting = await scene({ wants: ({ text }) => text === "fire" });
  wanting.world.facts("c/a", 1, said("smoke"), said("fire"));
  await settled();
  assert.deepEqual(wanting.told, ["fire"]);
});

test("silences of the conversation and of all are obeyed, and calls come through where they may", async () => {
  const { world, client, told } = await scene();
  world.desk.answers["silence_of_all"] = () => ({ kind: "silence_of_all" });
  await client.conversation("a").silenceAlerts();
  await client.conversation("b").silenceAlerts({ level: "mentions" });
  world.facts("c/a", 1, said("silent", { mentions: ["tom"] }));
  world.facts("c/b", 1, said("nothing"), said("a call", { mentions: ["tom"] }));
  await settled();
  assert.deepEqual(told, ["a call"]);
  world.facts("u/tom", 1, { kind: "all_silenced", silence: { level: "mentions" } });
  await settled();
  world.facts("c/c", 1, said("all are quiet"), said("another call", { mentions: ["tom"] }));
  await settled();
  assert.deepEqual(told, ["a call", "another call"]);
  world.facts("u/tom", 2, { kind: "all_unsilenced" });
  world.facts("c/c", 3, said("loud"));
  await settled();
  assert.deepEqual(told, ["a call", "another call", "loud"]);
});

test("among all devices the one to whom the server gives it tells, and any that the server does not answer", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { world, told } = await scene({ among: "devices", isAttended: () => true });
  const waited = async (): Promise<void> => {
    await settled();
    context.mock.timers.tick(300);
    await settled();
  };
  const claim = (more: object) => (): never => ({ kind: "claimed", name: "n", ...more }) as never;
  const { answers, asked } = world.desk;
  answers["claim"] = claim({ is_mine: true, number: 1 });
  world.facts("c/a", 1, said("mine to tell"));
  await waited();
  answers["claim"] = claim({ is_mine: false, is_done: true, number: 1 });
  world.facts("c/a", 2, said("told elsewhere"));
  await waited();
  answers["claim"] = () => fault("unavailable");
  world.facts("c/a", 3, said("nobody knows"));
  await waited();
  assert.deepEqual(told, ["mine to tell", "nobody knows"]);
  assert.deepEqual(asked.filter(({ op }) => op === "claim").map(({ name }) => name), ["notice/a/1", "notice/a/2", "notice/a/3"]);
});

test("a device that nobody uses waits, and says nothing of what is read meanwhile", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { world, told } = await scene({ among: "devices", isAttended: () => false });
  world.facts("c/a", 1, said("read on the phone"));
  await settled();
  world.facts("u/tom", 1, { kind: "read", conversation: "a", seq: 1, head: 1 });
  await settled();
  context.mock.timers.tick(1000);
  await settled();
  assert.deepEqual([told, world.desk.asked.filter(({ op }) => op === "claim")], [[], []]);
});

test("what was read while this device was away is gone once it is counted", async () => {
  const { world, shown } = await scene();
  world.facts("c/a", 1, said("one"));
  world.facts("c/b", 1, said("two"));
  await settled();
  const counted = { kind: "unread", total: 1, mentions: 0, conversations: [{ conversation: "b", head: 1, read: 0, unread: 1 }] };
  world.desk.answers["unread"] = () => counted;
  world.listener.started([counted]);
  await settled();
  assert.deepEqual([...shown], ["two"]);
});

test("no notice outlives its page", async (context) => {
  const heard = new Map<string, () => void>();
  Object.assign(globalThis, { addEventListener: (type: string, hear: () => void) => heard.set(type, hear) });
  context.after(() => Reflect.deleteProperty(globalThis, "addEventListener"));
  const { world, shown } = await scene();
  world.facts("c/a", 1, said("one"));
  await settled();
  heard.get("pagehide")?.();
  assert.deepEqual([...shown], []);
});
