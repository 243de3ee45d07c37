/** Threads under the messages of a group, and what my other devices hear of them, with a real server. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Client } from "../../src/api/client.ts";
import type { Conversation } from "../../src/api/conversation.ts";
import type { Message } from "../../src/api/message.ts";
import { Browser, until } from "../fakes/people.ts";
import { tabs } from "../fakes/programs.ts";

interface Scene {
  readonly browsers: readonly Browser[];
  /** One tab of a laptop, two of a phone. */
  readonly mine: readonly [Client, Client, Client];
  readonly jon: Client;
  readonly group: Conversation;
  readonly said: Message;
}

async function scene(name: string): Promise<Scene> {
  const laptop = new Browser(name);
  const phone = new Browser(`${name}s phone`, undefined, laptop.user);
  const other = new Browser(`${name}s friend`);
  const mine = [...(await tabs(laptop, {})), ...(await tabs(phone, {}, {}))] as unknown as Scene["mine"];
  const [jon] = (await tabs(other, {})) as [Client];
  const group = await mine[0].create([jon.user], { name: "Team", unique: false });
  const said = await group.send("Lunch?");
  // What was before is not heard amid what is done from here on.
  await until(() => [...mine, jon].every((client) => client.conversation(group.id).lastMessage?.text === "Lunch?"));
  return { browsers: [laptop, phone, other], mine, jon, group, said };
}

async function all<T>(several: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of several) found.push(each);
  return found;
}

/** What is heard of threads, as the name of the event, the thread, and what it says. */
function heardBy(client: Client): unknown[][] {
  const heard: unknown[][] = [];
  client.on("threadMade", ({ type, thread, conversation, message, name, by }) => heard.push([type, thread.id, conversation.id, message, name, by]));
  client.on("threadRenamed", ({ type, thread, name, by }) => heard.push([type, thread.id, name, by]));
  client.on("threadEnded", ({ type, thread, by }) => heard.push([type, thread.id, by]));
  client.on("message", ({ conversation, text }) => heard.push(["message", conversation.id, text]));
  return heard;
}

test("a thread is a conversation of its own, which says what it is under", async (t) => {
  const { browsers, mine, jon, group, said } = await scene("ann");
  t.after(() => browsers.forEach((browser) => browser.close()));
  const [ann] = mine;
  const heard = heardBy(jon);
  const entered: unknown[] = [];
  jon.on("entered", ({ conversation, isInvited }) => entered.push([conversation.id, conversation.parent, isInvited]));
  const thread = await said.createThread("Where to eat");
  const parent = { conversation: group.id, message: said.seq };
  assert.deepEqual([thread.of, thread.name, thread.members, thread.role, thread.parent, group.parent], ["thread", "Where to eat", [ann.user], "member", parent, null]);
  await until(() => heard.length > 0);
  assert.deepEqual(heard.splice(0), [["threadMade", thread.id, group.id, said.seq, "Where to eat", ann.user]]);
  const theirs = jon.conversation(group.id);
  assert.deepEqual([jon.conversation(thread.id).parent, jon.conversation(thread.id).name], [parent, "Where to eat"]);
  assert.deepEqual((await all(theirs.threads())).map(({ id, role }) => [id, role]), [[thread.id, null]]);
  // Of two who begin it both get the same, and are in it.
  const again = await theirs.createThread(said.seq, "Elsewhere");
  assert.deepEqual([again.id, again.members, again.name], [thread.id, [ann.user, jon.user], "Where to eat"]);
  await until(() => entered.length > 0);
  assert.deepEqual([entered, again.role], [[[thread.id, parent, false]], "member"]);
  await thread.send("Pizza?");
  await until(() => heard.length > 0);
  assert.deepEqual([heard.splice(0), again.unread], [[["message", thread.id, "Pizza?"]], 1]);
  assert.deepEqual((await all(jon.threads({ page: 1 }))).map(({ id }) => id), [thread.id]);
  assert.ok((await all(jon.conversations())).every(({ of }) => of !== "thread"));
  await assert.rejects(again.setName("Pasta"), { code: "forbidden" });
  await thread.setName("Pizza");
  await thread.dissolve();
  await until(() => heard.length === 2);
  assert.deepEqual(heard, [["threadRenamed", thread.id, "Pizza", ann.user], ["threadEnded", thread.id, ann.user]]);
  await assert.rejects(group.createThread(said.seq), { code: "forbidden" });
  assert.deepEqual(await all(group.threads()), []);
});

test("who is out of the group is out of its threads, and hears it", async (t) => {
  const { browsers, jon, group, said } = await scene("bea");
  t.after(() => browsers.forEach((browser) => browser.close()));
  await said.createThread();
  const theirs = await jon.conversation(group.id).createThread(said.seq);
  const left: unknown[] = [];
  jon.on("exited", ({ conversation, by, isKicked }) => left.push([conversation.id, conversation.parent?.message ?? null, by, isKicked]));
  await group.remove(jon.user);
  await assert.rejects(theirs.send("Wait!"), { code: "not_found" });
  await until(() => left.length === 2);
  assert.deepEqual(left, [[group.id, null, group.user, true], [theirs.id, said.seq, null, false]]);
  assert.equal(theirs.role, null);
});

test("each tab of my other devices is told once what I do with a thread", async (t) => {
  const { browsers, mine, jon, group, said } = await scene("cid");
  t.after(() => browsers.forEach((browser) => browser.close()));
  const other = await group.send("Dinner?");
  const heard = [...mine, jon].map((client) => {
    const operations: unknown[] = [];
    client.on("multiDevice", ({ operation, conversation, by }) => operations.push([operation, conversation?.id, by === group.user]));
    return operations;
  });
  const theirs = await jon.conversation(group.id).createThread(said.seq);
  const joined = await group.createThread(said.seq);
  await joined.quit();
  const own = await other.createThread("Late");
  await own.setName("Later");
  await own.dissolve();
  await mine[0].silenceAll({ level: "mentions" });
  await mine[0].unsilenceAll();
  const told = [
    ["chatThreadJoin", theirs.id, true], ["chatThreadLeave", theirs.id, true],
    ["chatThreadCreate", own.id, true], ["chatThreadNameUpdate", own.id, true], ["chatThreadDestroy", own.id, true],
    ["setSilentModeForUser", undefined, true], ["all_unsilenced", undefined, true],
  ];
  await until(() => [1, 2].every((at) => heard[at]?.length === told.length));
  // Those told nothing have heard of all that was done.
  await group.send("done");
  await until(() => [...mine, jon].every((client) => client.conversation(group.id).lastMessage?.text === "done"));
  assert.deepEqual(heard.map((each) => [...each].sort()), [[], [...told].sort(), [...told].sort(), []]);
});

test("the silence of all my conversations is the same on all my devices", async (t) => {
  const { browsers, mine } = await scene("dot");
  t.after(() => browsers.forEach((browser) => browser.close()));
  const [laptop, phone] = mine;
  const heard: unknown[] = [];
  phone.on("allSilence", ({ silence }) => heard.push(silence));
  assert.equal(await phone.silenceOfAll(), null);
  await laptop.silenceAll({ windows: [{ start: "22:00", end: "07:00", zone: "Europe/Oslo" }] });
  await until(() => heard.length === 1);
  assert.deepEqual(heard[0], await phone.silenceOfAll());
  assert.equal((heard[0] as { windows: unknown[] }).windows.length, 1);
  await laptop.unsilenceAll();
  await until(() => heard.length === 2);
  assert.deepEqual([heard[1], await phone.silenceOfAll()], [null, null]);
});
