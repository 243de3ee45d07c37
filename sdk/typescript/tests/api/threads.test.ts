// Threads under the messages of a group, and what is about all my conversations, without a server.

import assert from "node:assert/strict";
import { test } from "node:test";

import { originOf } from "../../src/api/origin.ts";
import { World, fault, settled } from "./fake_desk.ts";

const shown = { kind: "conversation", of: "thread", creator: "tom", created_at: 1, updated_at: 2, epoch: 1, head: 1, read: 1 };
const parent = { conversation: "g", message: 2 };
const pinned = (...ids: readonly string[]) => ids.map((conversation) => ({ ...shown, of: "group", conversation, pinned_at: 1 }));

test("those pinned are listed anew where the mark of a page was unpinned, and each is given once", async () => {
  const world = new World();
  const client = await world.login();
  const pages = [
    { kind: "conversations", conversations: pinned("a", "b"), next: "b" },
    fault("invalid"),
    { kind: "conversations", conversations: pinned("c", "a"), next: "a" },
    { kind: "conversations", conversations: pinned("d") },
  ];
  world.desk.answers["conversations"] = () => pages.shift() ?? fault("internal");
  const found: string[] = [];
  for await (const { id } of client.conversations({ pinned: true, page: 2 })) found.push(id);
  assert.deepEqual(found, ["a", "b", "c", "d"]);
  assert.deepEqual(world.desk.asked.map(({ after }) => after), [undefined, "b", undefined, "a"]);
});

test("what is refused otherwise is thrown, and so is a first page that is", async () => {
  const world = new World();
  const client = await world.login();
  world.desk.answers["conversations"] = ({ after, pinned: isPinned }) => (after ? fault(isPinned ? "forbidden" : "invalid") : { kind: "conversations", conversations: pinned("a"), next: "a" });
  const through = async (options: object) => {
    for await (const { id } of client.conversations(options)) assert.equal(id, "a");
  };
  await assert.rejects(through({ pinned: true }), { code: "forbidden" });
  await assert.rejects(through({}), { code: "invalid" });
  world.desk.answers["conversations"] = () => fault("invalid");
  await assert.rejects(through({ pinned: true }), { code: "invalid" });
});

test("who is in a thread already does not join it again", async () => {
  const world = new World();
  const group = (await world.login()).conversation("g");
  const role: { role?: string } = { role: "member" };
  world.desk.answers["create_thread"] = () => ({ ...shown, conversation: "g~2", parent, members: ["tom"], name: "Lunch", ...role });
  world.desk.answers["join"] = () => ({ kind: "members", members: ["tom", "jerry"] });
  const thread = await group.createThread(2, "Lunch");
  assert.deepEqual([thread.parent, thread.role, thread.members], [parent, "member", ["tom"]]);
  delete role.role;
  assert.deepEqual((await group.createThread(2)).members, ["tom", "jerry"]);
  assert.deepEqual(world.desk.asked.map(({ op, conversation }) => [op, conversation]), [["create_thread", "g"], ["create_thread", "g"], ["join", "g~2"]]);
});

test("who began a thread does not own it, and hears of it elsewhere as begun, not joined", async () => {
  const world = new World();
  const client = await world.login();
  const heard: unknown[] = [];
  client.on("multiDevice", ({ operation, conversation }) => heard.push([operation, conversation?.id]));
  const origin = originOf("another session");
  const mine = { conversation: "g~2", parent, origin };
  world.facts("c/g", 3, { kind: "thread_made", thread: "g~2", message: 2, by: "tom", name: "Lunch", origin });
  world.facts("c/g~2", 1, { kind: "created", by: "tom", of: "thread", members: ["tom"], name: "Lunch", parent });
  world.facts("u/tom", 1, { kind: "entered", by: "tom", seq: 1, ...mine });
  await settled();
  const { role, parent: under, members } = client.conversation("g~2");
  assert.deepEqual([role, under, members], ["member", parent, ["tom"]]);
  // What others do is no operation of mine; nor is what happens to conversations that are no threads.
  world.facts("c/g", 4, { kind: "thread_renamed", thread: "g~2", message: 2, by: "jerry" });
  world.facts("u/tom", 2, { kind: "exited", seq: 9, ...mine }, { kind: "entered", conversation: "h", seq: 4, by: "tom", origin }, { kind: "exited", conversation: "h", seq: 5, by: "tom", origin });
  await settled();
  assert.deepEqual([heard, client.conversation("g~2").name, client.conversation("g~2").role], [[["chatThreadCreate", "g~2"]], null, null]);
  world.facts("u/tom", 5, { kind: "entered", by: "tom", seq: 10, ...mine }, { kind: "exited", by: "tom", seq: 11, ...mine });
  await settled();
  assert.deepEqual(heard.slice(1), [["chatThreadJoin", "g~2"], ["chatThreadLeave", "g~2"]]);
});
