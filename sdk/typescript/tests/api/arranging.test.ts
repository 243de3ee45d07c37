// How I arrange my conversations, and what my other devices hear of it.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import type { Client } from "../../src/api/client.ts";
import type { AnyEvent } from "../../src/api/events.ts";
import { originOf } from "../../src/api/origin.ts";
import { holds } from "../../src/api/silences.ts";
import { World, fault, said, settled } from "./fake_desk.ts";

const OTHER = originOf("another session");
const OWN = originOf("s1");

/** Collects events of some names, each as its name and what matters. */
function told(client: Client, ...names: string[]): unknown[][] {
  const heard: unknown[][] = [];
  for (const name of names) {
    client.on(name as "multiDevice", (event) => {
      const { type, conversation, ...fields } = event as AnyEvent as { type: string; conversation?: { id: string } };
      heard.push([type, conversation?.id, fields]);
    });
  }
  return heard;
}

test("a session is named as the protocol says", () => {
  for (const id of ["s1", "", "a".repeat(55), "b".repeat(56), "c".repeat(64), "d".repeat(119), "æ".repeat(40), crypto.randomUUID()]) {
    assert.equal(originOf(id), createHash("sha256").update(id).digest("base64url").slice(0, 12), id);
  }
});

test("what I arrange is asked of the server", async () => {
  const world = new World();
  const chat = (await world.login()).conversation("a");
  world.desk.answers["set_object"] = () => ({ kind: "placed", stream: "u/tom", epoch: 1, seq: 12, at: 1 });
  world.desk.answers["drop_object"] = world.desk.answers["set_object"];
  world.desk.answers["objects"] = () => ({ kind: "objects", objects: [{ name: "draft/a", revision: 12, at: 1, value: "Dear" }] });
  await chat.pin();
  await chat.unpin();
  await chat.mark("work");
  await chat.unmark("work");
  await chat.silenceAlerts({ windows: [{ start: "22:00", end: "07:00", zone: "Europe/Oslo" }] });
  assert.equal(chat.alertSilence?.windows?.length, 1);
  await chat.unsilenceAlerts();
  assert.equal(chat.alertSilence, null);
  await chat.delete({ withHistory: true });
  await chat.deleteHistory();
  await chat.deleteHistory(7);
  await chat.deleteMessages([7, 9]);
  assert.equal(await chat.keepUnsent("Dear", { expect: 0 }), 12);
  assert.equal((await chat.unsent())?.value, "Dear");
  await chat.dropUnsent();
  const at = { conversation: "a" };
  assert.deepEqual(world.desk.asked, [
    { op: "pin", ...at }, { op: "unpin", ...at }, { op: "mark", ...at, mark: "work" }, { op: "unmark", ...at, mark: "work" },
    { op: "silence", ...at, windows: [{ start: "22:00", end: "07:00", zone: "Europe/Oslo" }] }, { op: "unsilence", ...at },
    { op: "delete_conversation", ...at, with_history: true }, { op: "delete_history", ...at, up_to: Number.MAX_SAFE_INTEGER }, { op: "delete_history", ...at, up_to: 7 },
    { op: "delete_messages", ...at, messages: [7, 9] },
    { op: "set_object", name: "draft/a", value: "Dear", key: "t1:1", expect: 0 }, { op: "objects", only: "draft/a" }, { op: "drop_object", name: "draft/a", key: "t1:2" },
  ]);
});

test("how a conversation is arranged is known from the server, and kept in step", async () => {
  const world = new World();
  const client = await world.login();
  const heard = told(client, "pinned", "marked", "silence", "deleted", "historyDeleted", "draft", "kept");
  const chat = client.conversation("a");
  world.desk.answers["conversation"] = () => ({ kind: "conversation", conversation: "a", of: "group", creator: "tom", created_at: 1, updated_at: 1, epoch: 1, head: 1, read: 1, pinned_at: 5, marks: ["x"], silence: { until: 10 } });
  await chat.refresh();
  await settled();
  assert.deepEqual([chat.isPinned, chat.pinnedAt, chat.marks, chat.isMuted], [true, 5, ["x"], true]);
  world.clock.ms = 10;
  assert.equal(chat.isMuted, false);
  world.facts("c/a", 1, said("hello"));
  const mine = { conversation: "a", origin: OTHER };
  world.facts(
    "u/tom", 1,
    { kind: "unpinned", ...mine }, { kind: "pinned", ...mine }, { kind: "marked", ...mine, mark: "y" }, { kind: "marked", ...mine, mark: "x" }, { kind: "unmarked", ...mine, mark: "y" },
    { kind: "silenced", ...mine, silence: { level: "mentions" } }, { kind: "unsilenced", ...mine }, { kind: "history_deleted", ...mine, seq: 1 },
    { kind: "conversation_deleted", ...mine, messages: 1 }, { kind: "object_set", name: "draft/a", key: "k", value: "Dear" }, { kind: "object_dropped", name: "draft/a", key: "k" },
  );
  await settled();
  assert.deepEqual(heard.map(([type, id, fields]) => [type, id, { ...(fields as object), at: 0 }]), [
    ["pinned", "a", { isPinned: false, at: 0 }], ["pinned", "a", { isPinned: true, at: 0 }],
    ["marked", "a", { mark: "y", isOn: true, at: 0 }], ["marked", "a", { mark: "x", isOn: true, at: 0 }], ["marked", "a", { mark: "y", isOn: false, at: 0 }],
    ["silence", "a", { silence: { level: "mentions" }, at: 0 }], ["silence", "a", { silence: null, at: 0 }],
    ["historyDeleted", "a", { seq: 1, at: 0 }], ["deleted", "a", { withHistory: false, at: 0 }],
    ["kept", undefined, { name: "draft/a", value: "Dear", revision: 10, isThere: true, at: 0 }], ["draft", "a", { value: "Dear", revision: 10, at: 0 }],
    ["kept", undefined, { name: "draft/a", revision: 11, isThere: false, at: 0 }], ["draft", "a", { value: null, revision: 11, at: 0 }],
  ]);
  assert.deepEqual([chat.pinnedAt, chat.marks, chat.alertSilence, chat.lastMessage], [null, ["x"], null, null]);
  world.facts("u/tom", 12, { kind: "pinned", ...mine }, { kind: "exited", conversation: "a", seq: 2, by: "tom" });
  await settled();
  assert.deepEqual([chat.isPinned, chat.marks, chat.role], [false, [], null]);
});

test("messages that I choose are shown no more", async () => {
  const world = new World();
  const client = await world.login();
  const heard = told(client, "messagesDeleted");
  const chat = client.conversation("a");
  const page = { kind: "history", conversation: "a", has_more: false };
  world.facts("c/a", 1, said("hello"));
  await settled();
  // The question for the last one may have been answered before the later deletion.
  world.desk.answers["history"] = () => ({ ...page, messages: [{ seq: 1, at: 1, message: said("hello") }] });
  for (const messages of [[7], [1, 7]]) {
    assert.equal(chat.lastMessage?.seq, 1);
    world.facts("u/tom", messages.length, { kind: "messages_deleted", conversation: "a", messages, origin: OTHER });
    await settled();
  }
  assert.equal(chat.lastMessage, null);
  assert.deepEqual(world.desk.asked.filter(({ op }) => op === "history"), [{ op: "history", conversation: "a", limit: 1 }]);
  // What I deleted is not the last one whatever is told first; nor is what is left of it, which nothing says was taken back.
  world.facts("c/a", 7, said("late"), { ...said("late"), is_recalled: true });
  await settled();
  assert.equal(chat.lastMessage, null);
  world.desk.answers["history"] = () => ({ ...page, messages: [{ seq: 9, at: 9, message: said("nine") }] });
  world.facts("u/tom", 3, { kind: "messages_deleted", conversation: "a", messages: [6], origin: OTHER }, { kind: "messages_deleted", conversation: "a", messages: [5], origin: OTHER });
  await settled();
  assert.equal(client.conversation("a").lastMessage?.text, "nine");
  assert.equal(world.desk.asked.filter(({ op }) => op === "history").length, 2);
  heard.length = 2;
  assert.deepEqual(heard.map(([type, id, fields]) => [type, id, (fields as { readonly seqs: unknown }).seqs]), [["messagesDeleted", "a", [7]], ["messagesDeleted", "a", [1, 7]]]);
});

test("what was taken back before it was brought along is the last message where the server gives it", async () => {
  const world = new World();
  const gone = { ...said("gone"), content: {}, is_recalled: true };
  const page = { kind: "unread", total: 1, mentions: 0, conversations: [{ conversation: "a", unread: 1, head: 3, read: 0, last: { seq: 3, at: 3, message: gone } }] };
  world.opens = async (_, { listener }) => listener.started([page]);
  const chat = (await world.login()).conversation("a");
  assert.deepEqual([chat.lastMessage?.seq, chat.lastMessage?.isRecalled], [3, true]);
  // In the stream it may be one that I deleted.
  world.facts("c/a", 4, gone);
  await settled();
  assert.deepEqual([chat.lastMessage?.seq, chat.head], [3, 4]);
});

test("what was said last is asked where it was deleted, and nowhere else", async () => {
  const world = new World();
  const client = await world.login();
  const page = { kind: "history", conversation: "a", has_more: false };
  let place = 0;
  const deleted = async (conversation: string, ...messages: number[]): Promise<void> => {
    world.facts("u/tom", ++place, { kind: "messages_deleted", conversation, messages, origin: OTHER });
    await settled();
  };
  world.facts("c/a", 1, said("one"), said("two"), said("three"));
  // A device that was away asked about each conversation in which it had missed a deletion, all at once.
  for (const other of ["b", "c", "d"]) await deleted(other, 7);
  await deleted("a", 2);
  const asked = (): number => world.desk.asked.filter(({ op }) => op === "history").length;
  assert.equal(asked(), 0);
  world.desk.answers["history"] = () => fault("unavailable");
  await deleted("a", 3);
  assert.deepEqual([asked(), client.conversation("a").lastMessage], [1, null]);
  // What was refused is asked again; that there is none is known.
  world.desk.answers["history"] = () => ({ ...page, messages: [] });
  for (let seq = 1; seq < 4; seq++) await deleted("a", seq);
  assert.deepEqual([asked(), client.conversation("a").lastMessage], [2, null]);
});

test("my other sessions are told by the names that such events have elsewhere, the one that did it is not", async () => {
  const world = new World();
  const client = await world.login();
  const heard: unknown[] = [];
  client.on("multiDevice", ({ operation, alias, conversation, by }) => heard.push([operation, alias, conversation?.id, by]));
  const mine = { conversation: "a", origin: OTHER };
  const facts = [
    { kind: "pinned", ...mine }, { kind: "unpinned", ...mine }, { kind: "marked", ...mine, mark: "x" }, { kind: "unmarked", ...mine, mark: "x" }, { kind: "silenced", ...mine, silence: {} }, { kind: "unsilenced", ...mine },
    { kind: "conversation_deleted", ...mine, messages: 1 }, { kind: "conversation_deleted", ...mine, messages: 1, history_to: 4 }, { kind: "history_deleted", ...mine, seq: 4 },
    { kind: "messages_deleted", ...mine, messages: [3] },
    { kind: "of_tomorrow", ...mine }, { kind: "level", ...mine, level: "none" },
  ];
  world.desk.answers["history"] = () => ({ kind: "history", conversation: "a", messages: [], has_more: false });
  world.facts("u/tom", 1, ...facts);
  world.facts("c/a", 1, ...[{ attributes: {} }, { role: "manager" }, { user: "jerry", attributes: {} }, { by: "jerry", attributes: {} }].map((more) => ({ kind: "member_changed", user: "tom", by: "tom", origin: OTHER, ...more })));
  world.facts("c/a", 5, { kind: "of_tomorrow", origin: OTHER });
  await settled();
  const told = ["pinnedConversation", "unpinnedConversation", "markConversation", "unMarkConversation", "setSilentModeForConversation", "removeSilentModeForConversation", "deleteConversation"].map((name) => [name, null, "a", "tom"]);
  assert.deepEqual(heard, [
    ...told,
    ["conversation_deleted_on_server", "deleteRoaming", "a", "tom"], ["history_deleted", "deleteRoaming", "a", "tom"], ["messages_deleted", "deleteRoaming", "a", "tom"], ["of_tomorrow", null, "a", "tom"], ["memberAttributesUpdate", null, "a", "tom"],
  ]);
  heard.length = 0;
  world.facts("u/tom", 13, ...facts.map((fact) => ({ ...fact, origin: OWN })));
  await settled();
  assert.deepEqual(heard, []);
});

test("what this client did as a session before is not told, either", async () => {
  const world = new World();
  const client = await world.login();
  const heard: unknown[] = [];
  client.on("multiDevice", ({ operation }) => heard.push(operation));
  world.facts("u/tom", 1, { kind: "pinned", conversation: "a", origin: OTHER });
  await settled();
  Object.assign(world.desk.session, { session: "s2" });
  world.listener.state("waiting", null);
  world.listener.state("live", null);
  world.facts("u/tom", 2, { kind: "pinned", conversation: "a", origin: OWN }, { kind: "unpinned", conversation: "a", origin: originOf("s2") });
  await settled();
  assert.deepEqual(heard, ["pinnedConversation"]);
});

test("what comes while the code for it is loaded keeps its order", async () => {
  const world = new World();
  const client = await world.login();
  const heard: string[] = [];
  client.on("pinned", ({ type }) => heard.push(type));
  client.on("level", ({ type }) => heard.push(type));
  client.on("message", ({ type }) => heard.push(type));
  world.facts("u/tom", 1, { kind: "pinned", conversation: "a" }, { kind: "level", conversation: "a", level: "none" });
  world.facts("c/a", 1, said("hello"));
  await settled();
  assert.deepEqual(heard, ["pinned", "level", "message"]);
});

test("a silence holds at its hours, in its zone, until it is over", () => {
  const at = (text: string): number => Date.parse(text);
  const night = { windows: [{ start: "22:00", end: "07:00", zone: "Europe/Oslo" }] };
  assert.deepEqual(["2026-01-05T20:59Z", "2026-01-05T21:00Z", "2026-01-06T05:59Z", "2026-01-06T06:00Z"].map((text) => holds(night, at(text))), [false, true, true, false]);
  // An hour earlier by UTC in summer.
  assert.deepEqual(["2026-07-05T19:59Z", "2026-07-05T20:00Z"].map((text) => holds(night, at(text))), [false, true]);
  const monday = { windows: [{ start: "22:00", end: "07:00", days: ["mon" as const] }] };
  assert.deepEqual(["2026-01-05T06:00Z", "2026-01-05T23:00Z", "2026-01-06T06:00Z", "2026-01-06T23:00Z"].map((text) => holds(monday, at(text))), [false, true, true, false]);
  const lunch = { until: at("2026-01-05T12:30Z"), windows: [{ start: "12:00", end: "13:00", zone: "No/Where" }] };
  assert.deepEqual(["2026-01-05T11:59Z", "2026-01-05T12:00Z", "2026-01-05T12:30Z"].map((text) => holds(lunch, at(text))), [false, true, false]);
  assert.deepEqual([holds({}, 0), holds({ until: 5 }, 4), holds({ until: 5 }, 5)], [true, true, false]);
});
