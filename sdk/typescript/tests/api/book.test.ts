// Facts and what passes by, told in the words of a program, with its conversations in step.

import assert from "node:assert/strict";
import { test } from "node:test";

import type { WireAnswer } from "../../src/core/messages.ts";
import { body } from "../../src/api/bodies.ts";
import type { AnyEvent } from "../../src/api/events.ts";
import type { Client } from "../../src/api/client.ts";
import type { Conversation } from "../../src/api/conversation.ts";
import type { Plugin } from "../../src/api/plugins.ts";
import { Text, Unknown } from "../../src/api/bodies.ts";
import { NOTHING_WAITS, World, said, settled } from "./fake_desk.ts";

const done = { kind: "done" };

/** Collects what a client tells, each event as its name and what matters. */
function told(client: Client): unknown[][] {
  const heard: unknown[][] = [];
  const stream = client.events();
  void (async () => {
    for await (const event of stream) {
      const { type, conversation, ...fields } = event as AnyEvent & { conversation?: Conversation };
      heard.push([type, conversation?.id, event.type === "message" ? event.text : fields]);
    }
  })();
  return heard;
}

const view = (id: string, more: object = {}): WireAnswer => ({ kind: "conversation", conversation: id, of: "group", creator: "tom", created_at: 1, updated_at: 2, epoch: 1, head: 3, read: 1, ...more });

test("a conversation is one object, and knows what the server said", async () => {
  const world = new World();
  const client = await world.login();
  world.desk.answers["create"] = () => view("a", { name: "Crew", attributes: { a_b: 1 }, members: ["tom", "jerry"], count: 2, role: "owner", rules: { add: "manager" }, unread: 2, last_message_at: 99 });
  const crew = await client.create(["jerry"], { name: "Crew", attributes: { a_b: 1 }, rules: { mentionAll: "owner" } });
  assert.deepEqual(world.desk.asked[0], { op: "create", key: "t1:1", members: ["jerry"], unique: true, name: "Crew", attributes: { a_b: 1 }, rules: { mention_all: "owner" } });
  assert.equal(client.conversation("a"), crew);
  assert.deepEqual([crew.of, crew.name, crew.members, crew.role, crew.attributes, crew.unread, crew.head, crew.read], ["group", "Crew", ["tom", "jerry"], "owner", { a_b: 1 }, 2, 3, 1]);
  assert.deepEqual(crew.rules, { add: "manager", remove: "manager", update: "member", mentionAll: "member", restrict: "manager" });
  assert.deepEqual([crew.createdAt, crew.updatedAt, crew.lastMessageAt, crew.isMuted, crew.joining, crew.expiresAt], [1, 2, 99, false, "invited", null]);
});

test("each kind is begun as the protocol says", async () => {
  const world = new World();
  const client = await world.login();
  world.desk.answers["create"] = () => view("a");
  await client.direct("jerry");
  await client.createTemporary(["jerry"], { ttlS: 60, joining: "open" });
  await client.createRoom({ name: "Stage", keepsHistory: true });
  assert.deepEqual(world.desk.asked, [
    { op: "create", key: "t1:1", of: "direct", members: ["jerry"] },
    { op: "create", key: "t1:2", of: "temporary", members: ["jerry"], ttl_s: 60, joining: "open" },
    { op: "create", key: "t1:3", of: "room", name: "Stage", keeps_history: true },
  ]);
});

test("facts of a conversation change what is known of it, and are told", async () => {
  const world = new World();
  const client = await world.login({ user: "tom" });
  const heard = told(client);
  world.facts(
    "c/a", 1,
    { kind: "created", by: "jerry", of: "group", members: ["jerry", "tom"], name: "Plans", attributes: { place: { city: "Oslo" } } },
    said("hello", { mentions: ["tom"] }),
    { kind: "joined", users: ["mary"], by: "jerry" },
    { kind: "left", users: ["jerry"], by: "jerry" },
    { kind: "changed", by: "mary", name: "", set: { "attr.place.city": "Bergen" }, unset: [], joining: "open", rules: { mention_all: "owner" } },
    { kind: "member_changed", user: "tom", by: "mary", role: "manager", attributes: { nick_name: "T" } },
    { kind: "restricted", users: ["spike"], by: "tom", what: "silenced", is_on: true, until: 9 },
    { kind: "reacted", message: 2, by: "mary", reaction: "+1", is_on: true },
    { kind: "left", users: ["tom"], by: "mary" },
    { kind: "ended", reason: "dissolved", by: "mary" },
    { kind: "of_tomorrow", some_field: 1 },
  );
  await settled();
  const chat = client.conversation("a");
  assert.deepEqual(heard, [
    ["created", "a", { at: 1000, by: "jerry", of: "group", members: ["jerry", "tom"], name: "Plans", attributes: { place: { city: "Oslo" } } }],
    ["message", "a", "hello"],
    ["membersJoined", "a", { at: 3000, users: ["mary"], by: "jerry" }],
    ["membersLeft", "a", { at: 4000, users: ["jerry"], by: "jerry" }],
    ["changed", "a", { at: 5000, by: "mary", name: "", set: { "attr.place.city": "Bergen" }, unset: [], joining: "open", rules: { mentionAll: "owner" } }],
    ["memberChanged", "a", { at: 6000, user: "tom", by: "mary", role: "manager", attributes: { nick_name: "T" } }],
    ["restricted", "a", { at: 7000, users: ["spike"], by: "tom", what: "silenced", isOn: true, until: 9 }],
    ["reacted", "a", { at: 8000, by: "mary", reaction: "+1", isOn: true, seq: 2 }],
    ["ended", "a", { at: 10000, reason: "dissolved", by: "mary" }],
    ["unknownFact", undefined, { stream: "c/a", seq: 11, at: 11000, fact: { kind: "of_tomorrow", some_field: 1 } }],
  ]);
  assert.deepEqual([chat.name, chat.attributes, chat.rules.mentionAll, chat.updatedAt, chat.createdAt], [null, { place: { city: "Bergen" } }, "owner", 5000, 1000]);
  assert.deepEqual([chat.members, chat.role, chat.joining, chat.head], [[], null, "invited", 11]);
});

test("what I create I own, but for a conversation of two", async () => {
  const world = new World();
  const client = await world.login();
  const began = (of: string): { kind: string; by: string; of: string; members: string[] } => ({ kind: "created", by: "tom", of, members: ["tom"] });
  world.facts("c/a", 1, began("group"));
  world.facts("c/b", 1, began("direct"));
  assert.deepEqual([client.conversation("a").role, client.conversation("b").role], ["owner", null]);
});

test("my own stream tells what becomes of me, on whatever device", async () => {
  const world = new World();
  const client = await world.login();
  const heard = told(client);
  const also: string[] = [];
  client.on("invited", ({ by }) => also.push(`invited by ${by}`));
  client.on("kicked", ({ by }) => also.push(`kicked by ${by}`));
  world.facts(
    "u/tom", 1,
    { kind: "entered", conversation: "a", seq: 1, by: "jerry" },
    { kind: "entered", conversation: "b", seq: 1, by: "tom" },
    { kind: "exited", conversation: "a", seq: 4, by: "jerry" },
    { kind: "exited", conversation: "b", seq: 4 },
    { kind: "made", conversation: "r", of: "room" },
    { kind: "level", conversation: "b", level: "none" },
    { kind: "marked_unread", conversation: "b" },
    { kind: "read", conversation: "b", seq: 4, head: 5, unread: 1 },
    { kind: "session_opened", session: "s2", device: "d2", shown: { platform: "ios" } },
    { kind: "session_ended", session: "s2", device: "d2", reason: "logged_out" },
    { kind: "later", conversation: "a" },
  );
  await settled();
  assert.deepEqual(also, ["invited by jerry", "kicked by jerry"]);
  assert.deepEqual(heard, [
    ["entered", "a", { by: "jerry", at: 1000, isInvited: true, seq: 1 }],
    ["entered", "b", { by: "tom", at: 2000, isInvited: false, seq: 1 }],
    ["exited", "a", { by: "jerry", at: 3000, isKicked: true, seq: 4 }],
    ["exited", "b", { by: null, at: 4000, isKicked: false, seq: 4 }],
    ["created", "r", { by: "tom", at: 5000, of: "room" }],
    ["level", "b", { level: "none", at: 6000 }],
    ["unread", "b", { unread: 0, mentions: 0, last: null }],
    ["read", "b", { seq: 4, head: 5, unread: 1, at: 8000 }],
    ["unread", "b", { unread: 1, mentions: 0, last: null }],
    ["sessionOpened", undefined, { at: 9000, session: "s2", device: "d2", shown: { platform: "ios" } }],
    ["sessionEnded", undefined, { at: 10000, session: "s2", device: "d2", reason: "logged_out" }],
    ["unknownFact", undefined, { stream: "u/tom", seq: 11, at: 11000, fact: { kind: "later", conversation: "a" } }],
    ["multiDevice", "a", { operation: "later", alias: null, by: "tom", at: 11000, fact: { kind: "later", conversation: "a" } }],
  ]);
  assert.deepEqual([client.conversation("b").isMuted, client.conversation("r").of, client.conversation("b").read], [true, "room", 4]);
});

test("unread messages are counted as they come, mine are not, and marks are kept", async () => {
  const world = new World();
  const client = await world.login();
  const chat = client.conversation("a");
  world.facts("c/a", 1, said("one"), said("two", { mention_all: true }), said("mine", { sender: "tom" }));
  assert.deepEqual([chat.unread, chat.unreadMentions, chat.lastMessage?.text, chat.lastMessageAt, chat.lastMessage?.isMine], [2, 1, "mine", 3000, true]);
  world.desk.answers["mark_read"] = () => ({ kind: "read_mark", conversation: "a", seq: 3 });
  assert.equal(await chat.markRead(), 3);
  assert.deepEqual(world.desk.asked.at(-1), { op: "mark_read", conversation: "a", seq: 3 });
  world.facts("u/tom", 1, { kind: "read", conversation: "a", seq: 3, head: 3 });
  assert.equal(chat.unread, 0);
  await chat.markUnread();
  assert.equal(chat.isMarkedUnread, true);
});

test("an edit that may call me has the server count again, once for what comes together", async () => {
  const world = new World();
  const client = await world.login();
  const chat = client.conversation("a");
  world.facts("c/a", 1, said("one"));
  world.desk.answers["unread"] = () => ({ kind: "unread", total: 1, mentions: 1, conversations: [{ conversation: "a", unread: 1, head: 3, read: 0, mentions: 1 }] });
  world.facts("c/a", 2, { kind: "revised", message: 1, by: "jerry", content: { text: "one, tom" }, mentions: ["tom"] }, { kind: "revised", message: 1, by: "jerry", content: { text: "ONE" }, mentions: ["tom"] });
  await settled();
  assert.deepEqual(world.desk.asked.filter(({ op }) => op === "unread"), [{ op: "unread", conversation: "a" }]);
  assert.deepEqual([chat.unreadMentions, chat.lastMessage?.text, chat.lastMessage?.revision], [1, "ONE", 3]);
  world.desk.answers["unread"] = () => NOTHING_WAITS;
  world.facts("c/a", 4, { kind: "recalled", message: 1, by: "jerry" });
  await settled();
  assert.deepEqual([chat.unread, chat.lastMessage?.isRecalled, chat.lastMessage?.text], [0, true, undefined]);
});

test("at the beginning each tab is told what waits, and only if it wants to", async () => {
  const page = { kind: "unread", total: 3, mentions: 1, conversations: [{ conversation: "a", unread: 3, head: 9, read: 2, mentions: 1, last: { seq: 9, at: 9000, message: said("latest") } }] };
  for (const missed of ["counts", "nothing"] as const) {
    const world = new World({ missed });
    world.opens = async (_, { listener }) => listener.started([{ kind: "found", conversations: [view("a", { name: "Known", head: 9 })], has_more: false }, page]);
    const heard: unknown[] = [];
    const client = await world.login({ handlers: { unread: ({ unread, mentions, last }) => heard.push([unread, mentions, last?.text]) } });
    assert.deepEqual(heard, missed === "counts" ? [[3, 1, "latest"]] : []);
    const chat = client.conversation("a");
    assert.deepEqual([chat.unread, chat.name, chat.lastMessage?.text, chat.read], [3, "Known", "latest", 2]);
    assert.equal(world.desk.asked.length, 0);
  }
});

test("a holder that cannot say what waits leaves it to the tab to ask", async () => {
  const world = new World({ missed: "messages" });
  world.opens = async (desk, { listener }) => {
    desk.answers["unread"] = ({ after }) => ({ kind: "unread", total: 2, mentions: 0, conversations: [{ conversation: after ? "b" : "a", unread: 1, head: 5, read: 0 }], ...(after ? {} : { next: "a" }) });
    desk.answers["missed"] = () => ({ kind: "missed", conversations: [{ conversation: "a", messages: [{ seq: 4, at: 4, message: said("four") }, { seq: 5, at: 5, message: said("five") }], gap: { first: 1, until: 3 } }] });
    listener.started([]);
    listener.facts("c/a", 1, [{ seq: 5, at: 5, fact: said("five") }]);
  };
  const heard: unknown[] = [];
  const client = await world.login({
    handlers: { message: ({ seq }) => heard.push(seq), startOver: ({ reason, first, until }) => heard.push([reason, first, until]), unread: ({ conversation, unread }) => heard.push(conversation.id + unread) },
  });
  assert.deepEqual(heard, [5, "a1", ["capped", 1, 3], 4, "b1"]);
  assert.deepEqual(await client.unread(), { messages: 2, mentions: 0 });
});

test("a tab that begins anew forgets what it counted, and says so", async () => {
  const world = new World();
  const client = await world.login();
  world.facts("c/a", 7, said("old"));
  const heard = told(client);
  world.listener.started([NOTHING_WAITS]);
  await settled();
  assert.deepEqual(heard, [["startOver", undefined, { stream: null, first: 1, until: 0, reason: "away" }]].map(([type, id, fields]) => [type, id, fields]));
  const chat = client.conversation("a");
  assert.deepEqual([chat.unread, chat.head, chat.lastMessage], [0, 0, null]);
});

test("a stream that starts over is told, and what was counted at other places is void", async () => {
  const world = new World();
  const client = await world.login();
  world.facts("c/a", 7, said("old"));
  world.desk.answers["unread"] = () => NOTHING_WAITS;
  const heard = told(client);
  world.listener.startOver({ stream: "c/a", epoch: 2, first: 1, last: 4, reason: "epoch_changed" });
  world.listener.startOver({ stream: "u/tom", epoch: 2, first: 1, last: 0, reason: "unknown" });
  await settled();
  assert.deepEqual(heard[0], ["startOver", "a", { stream: "c/a", first: 1, until: 4, reason: "epoch_changed" }]);
  assert.equal(heard[1]?.[0], "startOver");
  assert.equal(client.conversation("a").lastMessage, null);
  assert.deepEqual(world.desk.asked.at(-1), { op: "unread", conversation: "a" });
});

test("a message with a receipt is the one that was sent, and others are told to have it", async () => {
  const world = new World();
  const client = await world.login();
  const chat = client.conversation("a");
  const receipts: unknown[] = [];
  let mine: unknown;
  client.on("receipt", ({ message, seq, user, isRead }) => receipts.push([message === mine, seq, user, isRead]));
  world.desk.answers["send"] = ({ key }) => {
    world.facts("c/a", 7, said("hi", { sender: "tom", key, receipt: true }));
    return { kind: "placed", stream: "c/a", epoch: 1, seq: 7, at: 7000 };
  };
  const message = (mine = await chat.send("hi", { receipt: true }));
  assert.equal(message.status, "sent");
  world.facts("u/tom", 1, { kind: "delivered_to", conversation: "a", seq: 7, user: "jerry" }, { kind: "delivered_to", conversation: "a", seq: 7, user: "jerry" }, { kind: "read_by", conversation: "a", seq: 7, user: "jerry" });
  await settled();
  assert.deepEqual(receipts, [[true, 7, "jerry", false], [false, 7, "jerry", false], [true, 7, "jerry", true]]);
  assert.deepEqual([message.status, message.deliveredAt?.getTime()], ["delivered", 1000]);
});

test("one tab tells for the device that messages came, once for what comes together", async () => {
  const world = new World();
  const client = await world.login();
  world.facts("c/a", 1, said("one", { receipt: true }), said("two", { receipt: true }), said("mine", { sender: "tom", receipt: true }));
  await settled();
  assert.deepEqual(world.desk.asked, [{ op: "mark_delivered", conversation: "a", seq: 2 }]);
  world.desk.tabs = [{ tab: "t1", since: 0, visible: true, focused: true, conversation: null }, { tab: "t2", since: 1, visible: false, focused: false, conversation: null }];
  world.desk.grants = false;
  world.facts("c/a", 4, said("three", { receipt: true }));
  await settled();
  assert.deepEqual([world.desk.asked.length, world.desk.claimed], [1, ["delivered a:4"]]);
  assert.equal(client.tabs.length, 2);
});

test("what passes by is told to whom it concerns", async () => {
  const world = new World();
  const client = await world.login();
  const heard = told(client);
  world.event({ kind: "typing", conversation: "a", user: "jerry", is_typing: true });
  world.event({ kind: "message", conversation: "a", at: 5, message: said("psst") });
  world.event({ kind: "message", conversation: "elsewhere", at: 5, seq: 3, message: said("in a room of another tab") });
  world.event({ kind: "presence", user: "jerry", state: "online" });
  world.event({ kind: "of_tomorrow" });
  await settled();
  assert.deepEqual(heard.map(([type]) => type), ["typing", "transient"]);
});

test("each place of a tab is in a room for itself", async () => {
  const world = new World();
  const client = await world.login();
  const room = await client.room("r").enter();
  await room.enter({ place: "left" });
  assert.deepEqual(world.desk.asked.map(({ tab }) => tab), ["t1", "t1/left"]);
  assert.deepEqual([[...client.rooms], room.isEntered], [[["", "r"], ["left", "r"]], true]);
  const heard: unknown[] = [];
  room.on("roomMessage", ({ text, seq, places }) => heard.push([text, seq, places]));
  room.on("recalled", ({ seq }) => heard.push(["recalled", seq]));
  room.on("roomLeft", ({ place }) => heard.push(["left", place]));
  world.event({ kind: "message", conversation: "r", at: 5, seq: 3, message: said("hi all") });
  world.event({ kind: "message", conversation: "r", at: 5, seq: 3, message: { kind: "message", sender: "jerry", key: "k", content: {}, is_recalled: true } });
  world.desk.answers["send"] = () => ({ kind: "passed", at: 8 });
  const mine = await room.send("me too", { priority: "high" });
  assert.deepEqual([mine.seq, mine.places, mine.at], [null, ["", "left"], 8]);
  assert.deepEqual(world.desk.asked.at(-1), { op: "send", conversation: "r", key: "t1:1", content: { text: "me too" }, priority: "high" });
  await room.leave({ place: "left" });
  world.event({ kind: "put_out", conversation: "r" });
  assert.deepEqual(heard, [["hi all", 3, ["", "left"]], ["recalled", 3], ["left", ""]]);
  assert.equal(room.isEntered, false);
  world.desk.answers["count"] = () => ({ kind: "count", conversation: "r", users: 2, sessions: 3 });
  assert.deepEqual([(await room.count()).sessions, await room.conversation.count()], [3, 2]);
});

test("a room that cannot be entered is not entered, and after a loss a tab is in its rooms again", async () => {
  const world = new World();
  const client = await world.login();
  world.desk.answers["enter"] = () => ({ code: "not_found", message: "", where: "server" });
  await assert.rejects(client.room("r").enter());
  assert.equal(client.rooms.size, 0);
  world.desk.answers["enter"] = () => done;
  await client.room("r").enter();
  const left: string[] = [];
  client.on("roomLeft", ({ conversation }) => left.push(conversation.id));
  const asked = world.desk.asked.length;
  world.desk.fence = 2;
  world.listener.state("live", null);
  await settled();
  assert.deepEqual(world.desk.asked.slice(asked), [{ op: "enter", conversation: "r", tab: "t1" }]);
  world.desk.answers["enter"] = () => ({ code: "forbidden", message: "", where: "server" });
  world.listener.state("waiting", null);
  world.listener.state("live", null);
  await settled();
  assert.deepEqual([left, client.rooms.size], [["r"], 0]);
});

test("who is watched is watched again after each return, and told when it changed", async () => {
  const world = new World();
  const client = await world.login();
  const heard: unknown[] = [];
  client.on("presence", ({ user, isOnline, platforms }) => heard.push([user, isOnline, platforms]));
  const answer = (state: string): object => ({ kind: "presences", presences: [{ user: "spike", state, ...(state === "online" ? { platforms: ["web"] } : { seen_at: 5 }) }] });
  world.desk.answers["watch"] = () => answer("offline") as { kind: string };
  world.desk.answers["presence"] = () => answer("online") as { kind: string };
  assert.deepEqual((await client.watch("spike")).map(({ state, seenAt }) => [state, seenAt]), [["offline", 5]]);
  assert.equal((await client.presence("spike"))[0]?.isOnline, true);
  world.event({ kind: "presence", user: "spike", state: "online", platforms: ["web"] });
  world.event({ kind: "presence", user: "spike", state: "online", platforms: ["web"] });
  assert.deepEqual(heard, [["spike", true, ["web"]]]);
  let attempts = 0;
  world.desk.answers["watch"] = () => (attempts++ ? (answer("offline") as { kind: string }) : { code: "overloaded", message: "", retryable: true, where: "server" });
  world.listener.state("waiting", null);
  world.listener.state("live", null);
  await settled();
  await world.clock.pass(1000);
  assert.deepEqual(heard.at(-1), ["spike", false, []]);
  assert.equal(client.watched.get("spike")?.state, "offline");
  await client.unwatch("spike");
  world.event({ kind: "presence", user: "spike", state: "online" });
  assert.equal(heard.length, 2);
});

class Poll extends body<{ question: string }>(1, { question: "string" }) {}

test("plugins bring bodies, change objects, and see messages before and after they are read", async (t) => {
  const complaints = t.mock.method(console, "error", () => undefined);
  const broken: Plugin = { name: "broken", onConversation: () => assert.fail(), beforeParse: () => "nonsense" as never, afterParse: () => Promise.reject(new Error()) };
  const kitchen: Plugin = {
    name: "kitchen",
    bodies: [Poll],
    onUnisono: (made) => Object.assign(made, { isDecorated: true }),
    onClient: (made) => Object.assign(made, { isDecorated: true }),
    onConversation: (made) => Object.assign(made, { shout: (text: string) => made.send(text.toUpperCase()) }),
    beforeParse: async (content) => (content.text === "" ? { ...content, text: "(nothing)" } : content),
    afterParse: (read) => (read instanceof Text && read.text === "Cheese!" ? new Text({ text: "Käse!" }) : read),
  };
  const world = new World({ plugins: [broken, kitchen] });
  const client = await world.login();
  assert.ok("isDecorated" in client && "isDecorated" in world.unisono);
  const heard: unknown[] = [];
  client.on("message", ({ body: read, seq }) => heard.push([seq, read.text, read.constructor.name]));
  client.on("typing", () => heard.push("typing"));
  world.facts("c/a", 1, said("Cheese!"), said(""), said("mine", { sender: "tom", key: "t1:9" }), { ...said(""), content: { type: 1, data: { question: "Q" } } });
  world.event({ kind: "typing", conversation: "a", user: "jerry", is_typing: true });
  assert.equal(heard.length, 0, "all that comes takes turns behind the hooks");
  await settled();
  await settled();
  assert.deepEqual(heard, [[1, "Käse!", "Text"], [2, "(nothing)", "Text"], [3, "mine", "Text"], [4, undefined, "Poll"], "typing"]);
  assert.ok(complaints.mock.callCount() > 3);
  const plain = new World();
  const other = await plain.login();
  plain.facts("c/a", 1, { ...said(""), content: { type: 1, data: { question: "Q" } } });
  assert.ok(other.conversation("a").lastMessage?.body instanceof Unknown, "what one tab knows is no other's");
});

test("only so many conversations are remembered", async () => {
  const world = new World({ limits: { conversations: 2 } });
  const client = await world.login();
  const [a, b] = [client.conversation("a"), client.conversation("b")];
  assert.equal(client.conversation("a"), a);
  client.conversation("c");
  assert.equal(client.conversation("a"), a);
  assert.notEqual(client.conversation("b"), b);
});
