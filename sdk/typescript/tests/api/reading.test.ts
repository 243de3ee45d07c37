// What is asked of conversations: history, queries, searches, files; and what tabs share.

import assert from "node:assert/strict";
import { test } from "node:test";

import { field } from "../../src/api/query.ts";
import { InvalidArgument, LinkDown, ProtocolFault, Unacceptable, Unavailable } from "../../src/api/errors.ts";
import type { WireAnswer } from "../../src/core/messages.ts";
import { World, fault, said, settled } from "./fake_desk.ts";

const entry = (seq: number, more: object = {}): object => ({ seq, at: seq * 1000, message: said(`m${seq}`), ...more });
const history = (...seqs: number[]): WireAnswer => ({ kind: "history", conversation: "a", messages: seqs.map((seq) => entry(seq)), has_more: !seqs.includes(1) });

test("history is read by places, times and type", async () => {
  const world = new World();
  const chat = (await world.login()).conversation("a");
  world.desk.answers["history"] = () => ({ kind: "history", conversation: "a", messages: [entry(4, { reactions: [{ reaction: "+1", count: 2, is_mine: true }] })], has_more: false, trimmed: true });
  const page = await chat.history({ limit: 5, before: 9, after: 1, beforeAt: 10, afterAt: 2, type: 7, direction: "newer" });
  assert.deepEqual(world.desk.asked[0], { op: "history", conversation: "a", limit: 5, before: 9, after: 1, before_at: 10, after_at: 2, type: 7, direction: "newer" });
  assert.deepEqual([page.length, page.done, page.trimmed, [...page].map(({ text }) => text)], [1, true, true, ["m4"]]);
  assert.deepEqual(page.messages[0]?.reactions, [{ reaction: "+1", count: 2, isMine: true }]);
});

test("history is gone through page after page, either way", async () => {
  const world = new World();
  const chat = (await world.login()).conversation("a");
  world.desk.answers["history"] = ({ before }) => (before === undefined ? history(3, 4) : before === 3 ? history(1, 2) : assert.fail());
  const pages: number[][] = [];
  for await (const page of chat.messagesIterator({ page: 2 })) pages.push([...page].map(({ seq }) => seq));
  assert.deepEqual(pages, [[3, 4], [1, 2]]);
  world.desk.answers["history"] = ({ after }) => (after === undefined ? history(5, 6) : { ...history(), has_more: false });
  const newer = chat.messagesIterator({ direction: "newer", type: -1 });
  assert.equal((await newer.next()).value?.length, 2);
  assert.equal((await newer.next()).done, true);
  assert.deepEqual(world.desk.asked.at(-1), { op: "history", conversation: "a", limit: 20, direction: "newer", type: -1, after: 6 });
});

test("messages are edited, recalled and reacted to", async () => {
  const world = new World();
  const chat = (await world.login()).conversation("a");
  world.desk.answers["history"] = () => ({ kind: "history", conversation: "a", messages: [entry(1, { message: said("Helo", { sender: "tom", key: "x" }) })], has_more: false });
  const [message] = await chat.history({ limit: 1 });
  assert.ok(message);
  world.desk.answers["edit"] = world.desk.answers["recall"] = () => ({ kind: "placed", stream: "c/a", epoch: 1, seq: 9, at: 9000 });
  const edited = await message.edit("Hello", { mentions: ["jerry", "jerry"] });
  assert.deepEqual(world.desk.asked.at(-1), { op: "edit", conversation: "a", message: 1, content: { text: "Hello" }, mentions: ["jerry"], mention_all: false });
  assert.deepEqual([edited.text, edited.seq, edited.revision, edited.editedAt?.getTime(), message.text, message.editedAt], ["Hello", 1, 9, 9000, "Helo", null]);
  const gone = await edited.recall();
  assert.deepEqual([gone.isRecalled, gone.text, gone.key, gone.editedAt], [true, undefined, "x", null]);
  await message.react("+1", false);
  assert.deepEqual(world.desk.asked.at(-1), { op: "react", conversation: "a", message: 1, reaction: "+1", on: false });
  world.desk.answers["receipts"] = () => ({ kind: "receipts", conversation: "a", message: 1, delivered: ["jerry"], read: [], of: 1 });
  assert.deepEqual((await message.receipts()).delivered, ["jerry"]);
});

test("a will, a mark and a transient message are said as the protocol does", async () => {
  const world = new World();
  const chat = (await world.login()).conversation("a");
  assert.equal(await chat.leaveWill("gone", { afterS: 0, transient: true, mentions: ["jerry"] }), "t1:1");
  await chat.markDelivered(3);
  world.desk.answers["send"] = () => ({ kind: "passed", at: 77 });
  assert.equal(await chat.sendTransient("psst"), 77);
  assert.deepEqual(world.desk.asked, [
    { op: "will", conversation: "a", key: "t1:1", content: { text: "gone" }, after_s: 0, transient: true, mentions: ["jerry"] },
    { op: "mark_delivered", conversation: "a", seq: 3 },
    { op: "send", conversation: "a", key: "t1:2", content: { text: "psst" }, transient: true },
  ]);
  world.desk.answers["send"] = () => ({ kind: "placed", stream: "c/a", epoch: 1, seq: 1, at: 1 });
  await assert.rejects(chat.sendTransient("psst"), ProtocolFault);
});

test("typing is told every three seconds at most", async () => {
  const world = new World();
  const chat = (await world.login()).conversation("a");
  await chat.typing();
  await chat.typing();
  await world.clock.pass(3000);
  await chat.typing();
  await chat.typing(false);
  await chat.typing();
  assert.deepEqual(world.desk.asked.map(({ is_typing }) => is_typing), [true, true, false, true]);
});

test("members are changed, listed and asked for", async () => {
  const world = new World();
  const chat = (await world.login()).conversation("a");
  world.desk.answers["members"] = ({ after, who }) => ({ kind: "members", conversation: "a", members: [after ? { user: "b", role: "owner" } : { user: "a" }], ...(after || who === "muted" ? {} : { next: "a" }) });
  const roll: unknown[] = [];
  for await (const member of chat.roll("members", 1)) roll.push([member.user, member.role]);
  assert.deepEqual(roll, [["a", "member"], ["b", "owner"]]);
  assert.deepEqual(await chat.muted(), ["a"]);
  world.desk.answers["update"] = () => ({ kind: "conversation", conversation: "a", of: "group", creator: "tom", created_at: 1, updated_at: 2, epoch: 1, head: 3, read: 1, name: "N" });
  chat.members = ["kept"];
  await chat.update({ name: "N", set: { "attr.a_b": 1 }, amend: { "attr.votes": { do: "increase" } }, rules: { mentionAll: "owner" } });
  assert.deepEqual(world.desk.asked.at(-1), { op: "update", conversation: "a", key: "t1:1", name: "N", set: { "attr.a_b": 1 }, amend: { "attr.votes": { do: "increase" } }, rules: { mention_all: "owner" } });
  assert.deepEqual([chat.members, chat.name], [["kept"], "N"]);
  await chat.setMember("jerry", { role: "manager", attributes: { nick_name: "J" } });
  assert.deepEqual(world.desk.asked.at(-1), { op: "set_member", conversation: "a", user: "jerry", role: "manager", attributes: { nick_name: "J" } });
  await chat.mute();
  assert.equal(chat.isMuted, true);
  await chat.unmute();
  await chat.dissolve();
  await chat.unsilence("spike");
  assert.deepEqual(world.desk.asked.slice(-2), [{ op: "dissolve", conversation: "a" }, { op: "restrict", conversation: "a", users: ["spike"], what: "silenced", on: false }]);
});

const found = (ids: string[], more: boolean): WireAnswer => ({
  kind: "found", has_more: more,
  conversations: ids.map((conversation) => ({ kind: "conversation", conversation, of: "group", creator: "tom", created_at: 1, updated_at: 2, epoch: 1, head: 3, read: 3, members: ["tom"], last: entry(3) })),
});

test("a query is built without changing the one it was made of", async () => {
  const world = new World();
  const client = await world.login();
  world.desk.answers["query"] = () => found(["a"], false);
  const first = client.query(field("name").equal("x"));
  const second = first.where(field("unique").equal(true)).ascending("name").descending("created_at").limit(5).skip(2).compact().withLastMessage();
  const [one] = await second.find();
  assert.deepEqual(world.desk.asked.at(-1), {
    op: "query", where: { is: "all", of: [{ is: "equal", field: "name", value: "x" }, { is: "equal", field: "unique", value: true }] },
    sort: [{ by: "name" }, { by: "created_at", descending: true }], limit: 5, skip: 2, compact: true, with_last: true,
  });
  assert.deepEqual([one?.lastMessage?.text, one?.members], ["m3", []]);
  assert.equal((await first.first())?.members.length, 1);
  assert.deepEqual(world.desk.asked.at(-1), { op: "query", where: { is: "equal", field: "name", value: "x" }, limit: 1 });
  world.desk.answers["query"] = ({ skip }) => (skip ? found(["c"], false) : found(["a", "b"], true));
  const all: string[] = [];
  for await (const { id } of client.query()) all.push(id);
  assert.deepEqual(all, ["a", "b", "c"]);
  assert.deepEqual(world.desk.asked.at(-1), { op: "query", skip: 2 });
});

test("conversations are gone through without their members", async () => {
  const world = new World();
  const client = await world.login();
  world.desk.answers["conversations"] = ({ after }) => ({ kind: "conversations", conversations: [{ ...view, conversation: after ? "b" : "a" }], ...(after ? {} : { next: "a" }) });
  client.conversation("a").members = ["kept"];
  const all: unknown[] = [];
  for await (const { id, members } of client.conversations({ page: 1 })) all.push([id, members]);
  assert.deepEqual(all, [["a", ["kept"]], ["b", []]]);
});

const view = { kind: "conversation", of: "group", creator: "tom", created_at: 1, updated_at: 2, epoch: 1, head: 3, read: 3 };

test("a search gives messages of their conversations, page after page", async () => {
  const world = new World();
  const client = await world.login();
  world.desk.answers["search"] = ({ after }) => ({ kind: "messages", messages: [{ conversation: after ? "b" : "a", ...entry(2) }], ...(after ? {} : { next: "n" }) });
  const search = client.search("tea", { conversation: client.conversation("a"), page: 1 });
  const page = await search.page();
  assert.deepEqual([page.length, page.done, [...page].map(({ text }) => text)], [1, false, ["m2"]]);
  assert.deepEqual(world.desk.asked[0], { op: "search", text: "tea", conversation: "a", limit: 1 });
  const all: string[] = [];
  for await (const { conversation } of client.search("tea")) all.push(conversation.id);
  assert.deepEqual(all, ["a", "b"]);
});

test("objects are data alone, and each tab hears of them", async () => {
  const world = new World();
  const client = await world.login();
  const heard: unknown[] = [];
  client.objects.on(({ name, value, revision, isThere, isOwn }) => heard.push([name, value, revision, isThere, isOwn]));
  client.objects.on(({ name }) => heard.push(`only ${name}`), "theme");
  assert.equal(client.objects.get("theme"), undefined);
  assert.equal(await client.objects.set("theme", { dark: true, list: [1, null, "x"] }), 1);
  assert.deepEqual([client.objects.get("theme"), client.objects.find("theme")?.revision, client.objects.list().length], [{ dark: true, list: [1, null, "x"] }, 1, 1]);
  world.listener.object("theme", { name: "theme", value: 1, revision: 2, tab: "t2" }, false);
  world.listener.object("cart", null, true);
  assert.deepEqual(heard, [["theme", 1, 2, true, false], "only theme", ["cart", undefined, undefined, false, true]]);
  const round: { self?: unknown } = {};
  round.self = round;
  for (const bad of [() => 1, { inner: () => 1 }, round, new Date(), undefined, NaN, Symbol("x"), 1n, new Map()]) await assert.rejects(client.objects.set("x", bad), InvalidArgument);
  await assert.rejects(client.objects.set("x", [undefined]), InvalidArgument);
  await client.objects.set("x", { left: undefined, deep: [{ bare: Object.assign(Object.create(null), { a: 1 }) }] });
  await client.objects.delete("theme");
  assert.equal(client.objects.find("theme"), null);
});

test("what waits in the outbox is seen by every tab, also after a reload", async () => {
  const world = new World();
  const client = await world.login();
  const heard: unknown[] = [];
  client.on("outbox", ({ conversation, key, status, content, code }) => heard.push([conversation.id, key, status, content.text, code]));
  const send = (key: string): Parameters<typeof world.listener.outbox>[0] => ({ key, n: 1, tab: "t0", at: 5, command: { op: "send", conversation: "a", key, content: { text: key } } });
  world.listener.outbox(send("k1"), "queued", null);
  world.listener.outbox(send("k2"), "queued", null);
  assert.deepEqual(client.outbox, ["k1", "k2"].map((key) => ({ key, conversation: "a", content: { text: key }, at: 5 })));
  world.listener.outbox(send("k1"), "sent", null);
  world.listener.outbox(send("k2"), "failed", "forbidden");
  assert.deepEqual(client.outbox, []);
  assert.deepEqual(heard, [["a", "k1", "queued", "k1", null], ["a", "k2", "queued", "k2", null], ["a", "k1", "sent", "k1", null], ["a", "k2", "failed", "k2", "forbidden"]]);
});

test("what became of a waiting message while a tab slept is not known to it, but that it waits no more is", async () => {
  // It used to wait there for ever, with its message placed beside it.
  const world = new World();
  const client = await world.login();
  const heard: unknown[] = [];
  client.on("outbox", ({ key, status }) => heard.push(`${key} ${status}`));
  const send = (key: string): Parameters<typeof world.listener.outbox>[0] => ({ key, n: 1, tab: "t0", at: 5, command: { op: "send", conversation: "a", key, content: { text: key } } });
  for (const waits of [["k1", "k2"], ["k2", "k3"], []]) world.listener.waiting(waits.map(send));
  assert.deepEqual(heard, ["k1 queued", "k2 queued", "k1 gone", "k3 queued", "k2 gone", "k3 gone"]);
  assert.deepEqual(client.outbox, []);
});

test("what another tab has by now of what this one claimed is told", async () => {
  const world = new World();
  const client = await world.login();
  const heard: string[] = [];
  client.on("claimLost", ({ name, key }) => heard.push(`${name} ${key}`));
  world.listener.unclaimed("leader", "");
  assert.deepEqual(heard, ["leader "]);
});

test("tabs are told of each other, say what they show, and claim what one of them is to do", async () => {
  const world = new World();
  const client = await world.login();
  const heard: number[] = [];
  client.on("tabs", ({ tabs }) => heard.push(tabs.length));
  world.listener.tabs([{ tab: "t1", since: 0, visible: true, focused: false, conversation: null }]);
  client.show(client.conversation("a"));
  client.show(null);
  assert.deepEqual([heard, world.desk.views], [[1], [{ conversation: "a" }, { conversation: null }]]);
  assert.equal(await client.claim("sound", "m1"), true);
  client.release("sound", "m1");
  assert.deepEqual(world.desk.claimed, ["sound m1"]);
});

const upload: WireAnswer = { kind: "upload", file: "f1", put: "/files/f1", until: 1, url: "/files/f1/dot.png", type: "image/png" };

test("a file is uploaded, and told of as it is read", async () => {
  const world = new World();
  const client = await world.login();
  const put: string[] = [];
  world.desk.answers["upload"] = () => upload;
  let fails = 2;
  world.puts = (url) => {
    put.push(url);
    if (fails-- > 1) throw new Error("cut");
    return fails === 0 ? { status: 503, body: JSON.stringify({ code: "unavailable", message: "", retryable: true }) } : { status: 200, body: "" };
  };
  const uploading = client.upload(new File(["abc"], "dot.png", { type: "image/png" }), { width: 1 });
  for (const ms of [1000, 2000]) {
    await settled();
    await world.clock.pass(ms);
  }
  assert.deepEqual(await uploading, { url: "https://chat.example.org/files/f1/dot.png", name: "dot.png", mime: "image/png", size: 3, width: 1, id: "f1" });
  assert.deepEqual(put, Array(3).fill("https://chat.example.org/files/f1"));
  assert.deepEqual(world.desk.asked[0], { op: "upload", name: "dot.png", size: 3, type: "image/png" });
});

test("an upload that cannot be says why", async () => {
  const world = new World({ limits: { uploadRepeats: 0 } });
  const client = await world.login();
  const blob = new Blob(["abc"]);
  await assert.rejects(client.upload(blob), InvalidArgument);
  world.desk.answers["upload"] = () => fault("too_large");
  await assert.rejects(client.upload(blob, { name: "x" }), Unacceptable);
  world.desk.answers["upload"] = () => upload;
  const answers: [{ status: number; body: string } | null, new () => Error][] = [
    [null, LinkDown], [{ status: 503, body: '{"code": "unavailable"}' }, Unavailable], [{ status: 500, body: "<html>" }, ProtocolFault], [{ status: 413, body: '{"code": "too_large"}' }, Unacceptable], [{ status: 400, body: "{}" }, ProtocolFault],
  ];
  for (const [answer, problem] of answers) {
    world.puts = () => answer ?? assert.fail();
    await assert.rejects(client.upload(blob, { name: "x" }), problem);
  }
});

test("what I keep for all my sessions is asked of the server, and told when another changed it", async () => {
  const world = new World();
  const client = await world.login();
  world.desk.answers["set_object"] = () => ({ kind: "placed", stream: "u/tom", epoch: 1, seq: 12, at: 1 });
  assert.equal(await client.kept.set("theme", { is_dark: true }, { expect: 0 }), 12);
  await client.kept.set("none", null);
  await client.kept.delete("theme");
  assert.deepEqual(world.desk.asked, [
    { op: "set_object", name: "theme", value: { is_dark: true }, key: "t1:1", expect: 0 }, { op: "set_object", name: "none", value: null, key: "t1:2" }, { op: "drop_object", name: "theme", key: "t1:3" },
  ]);
  world.desk.answers["objects"] = ({ after, only }) => ({ kind: "objects", objects: only === "none" ? [] : [{ name: after ? "b" : "a", revision: 1, at: 2, value: { a_b: null } }], ...(after || only ? {} : { next: "a" }) });
  assert.deepEqual(await client.kept.get("a"), { name: "a", revision: 1, at: 2, value: { a_b: null } });
  assert.equal(await client.kept.get("none"), null);
  assert.deepEqual((await client.kept.list()).map(({ name }) => name), ["a", "b"]);
  const heard: unknown[] = [];
  client.on("kept", ({ type: _, ...fields }) => heard.push(fields));
  world.facts("u/tom", 1, { kind: "object_set", name: "a", key: "t2:1", value: { a_b: 1 } }, { kind: "object_set", name: "a", key: "t1:9" }, { kind: "object_set", name: "a", key: "t2:2", is_superseded: true }, { kind: "object_dropped", name: "a", key: "t2:3" });
  await settled();
  assert.deepEqual(heard, [{ name: "a", value: { a_b: 1 }, revision: 1, isThere: true, at: 1000 }, { name: "a", revision: 4, isThere: false, at: 4000 }]);
});

test("what comes while the server is being told what came is told next", async () => {
  const world = new World();
  await world.login();
  let answer = (): void => undefined;
  world.desk.answers["mark_delivered"] = () => new Promise((resolve) => (answer = () => resolve({ kind: "done" })));
  for (const seq of [1, 2]) {
    world.facts("c/a", seq, said(`${seq}`, { receipt: true }));
    await settled();
  }
  assert.equal(world.desk.asked.length, 1);
  answer();
  await settled();
  assert.deepEqual(world.desk.asked, [1, 2].map((seq) => ({ op: "mark_delivered", conversation: "a", seq })));
});
