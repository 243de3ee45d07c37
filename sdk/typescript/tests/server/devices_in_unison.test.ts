/** What one device of mine does is so on the others, with a real server: two devices of two tabs each. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Client } from "../../src/api/client.ts";
import type { Conversation } from "../../src/api/conversation.ts";
import type { Message } from "../../src/api/message.ts";
import type { Dial } from "../../src/core/ports.ts";
import { byWebSocket } from "../../src/links/websocket.ts";
import { Browser, until } from "../fakes/people.ts";
import { tabs } from "../fakes/programs.ts";

/** A laptop of two tabs and a phone of two. */
async function mine(name: string): Promise<{ readonly browsers: readonly Browser[]; readonly laptop: readonly [Client, Client]; readonly phone: readonly [Client, Client] }> {
  const laptop = new Browser(name);
  const phone = new Browser(`${name}s phone`, undefined, laptop.user);
  return { browsers: [laptop, phone], laptop: (await tabs(laptop, {}, {})) as [Client, Client], phone: (await tabs(phone, {}, {})) as [Client, Client] };
}

const OPERATIONS: readonly (readonly [string, (chat: Conversation) => Promise<unknown>])[] = [
  ["pinnedConversation", (chat) => chat.pin()],
  ["unpinnedConversation", (chat) => chat.unpin()],
  ["markConversation", (chat) => chat.mark("work")],
  ["unMarkConversation", (chat) => chat.unmark("work")],
  ["setSilentModeForConversation", (chat) => chat.silenceAlerts()],
  ["removeSilentModeForConversation", (chat) => chat.unsilenceAlerts()],
  ["memberAttributesUpdate", (chat) => chat.setMember(chat.user, { attributes: { nick: "A." } })],
  ["deleteConversation", (chat) => chat.delete()],
  ["messages_deleted", (chat) => chat.deleteMessages([chat.head])],
  ["history_deleted", (chat) => chat.deleteHistory()],
  ["conversation_deleted_on_server", (chat) => chat.delete({ withHistory: true })],
];

test("what I arrange on one device each tab of the others is told once, and the author's tabs are not", async (t) => {
  const { browsers, laptop, phone } = await mine("ann");
  t.after(() => browsers.forEach((browser) => browser.close()));
  const heard = [...laptop, ...phone].map((client) => {
    const operations: (readonly [string, string | null])[] = [];
    client.on("multiDevice", ({ operation, alias, by }) => operations.push([operation, alias ?? (by === client.user ? null : by)]));
    return operations;
  });
  const chat = await laptop[0].create([], { unique: false });
  await chat.send("hello");
  for (const [, act] of OPERATIONS) {
    await act(chat);
    // What is deleted already leaves no fact.
    await chat.send("again");
  }
  // All are in step once each has this.
  await chat.send("done");
  await until(() => [...laptop, ...phone].every((client) => client.conversation(chat.id).lastMessage?.text === "done" && client.conversation(chat.id).marks.length === 0));
  await until(() => phone.every((_, at) => heard[2 + at]?.length === OPERATIONS.length));
  const told = OPERATIONS.map(([operation]) => [operation, /history|messages|server/.test(operation) ? "deleteRoaming" : null]);
  assert.deepEqual(heard.map((each) => [...each].sort()), [[], [], [...told].sort(), [...told].sort()]);
  for (const client of [...laptop, ...phone]) {
    const { isPinned, isMuted, alertSilence } = client.conversation(chat.id);
    assert.deepEqual([isPinned, isMuted, alertSilence], [false, false, null]);
  }
  assert.equal((await phone[0].conversation(chat.id).history()).messages.map(({ text }) => text).join(), "again,done");
});

/** A connection that can be cut, and is made again later. */
class Cable {
  #isCut = false;
  #cut: () => void = () => undefined;

  readonly dial: Dial = async (url, events, stop) => {
    if (this.#isCut) throw new Error("cut");
    const wire = await byWebSocket((address, protocol) => new WebSocket(address, protocol))(url, events, stop);
    this.#cut = () => {
      wire.close();
      events.closed(1006, "");
    };
    return wire;
  };

  cut(): void {
    this.#isCut = true;
    this.#cut();
  }

  mend(): void {
    this.#isCut = false;
  }
}

test("all my devices come to the same last message when I delete it, those that were away, too", async (t) => {
  const cable = new Cable();
  const laptop = new Browser("dot");
  const phone = new Browser("dots phone", undefined, laptop.user);
  const tablet = new Browser("dots tablet", undefined, laptop.user, cable.dial);
  t.after(() => [laptop, phone, tablet].forEach((browser) => browser.close()));
  const here = [...(await tabs(laptop, {}, {})), ...(await tabs(phone, {}))] as [Client, ...Client[]];
  const [away] = (await tabs(tablet, {})) as [Client];
  const chat = await here[0].create([], { unique: false });
  const last = (client: Client): string | null => client.conversation(chat.id).lastMessage?.text ?? null;
  const comeTo = (clients: readonly Client[], text: string | null): Promise<void> => until(() => clients.every((client) => last(client) === text));
  const told: unknown[] = [];
  here[2]?.on("unread", ({ last: message }) => told.push(message?.text));
  const sent: Message[] = [];
  for (const text of ["one", "two", "three"]) sent.push(await chat.send(text));
  const everybody = [...here, away];
  await comeTo(everybody, "three");
  cable.cut();
  sent.push(await chat.send("four"));
  await comeTo(here, "four");
  await chat.deleteMessages(sent.slice(2).map(({ seq }) => seq));
  await comeTo(here, "two");
  assert.deepEqual(told, ["two"]);
  cable.mend();
  await until(() => away.conversation(chat.id).head >= (sent[3]?.seq ?? 0));
  await comeTo([away], "two");
  await chat.deleteMessages(sent.slice(0, 2).map(({ seq }) => seq));
  await comeTo(everybody, null);
  await chat.send("five");
  await comeTo(everybody, "five");
});

test("what is pinned, marked and begun is found on another device", async (t) => {
  const { browsers, laptop, phone } = await mine("bea");
  t.after(() => browsers.forEach((browser) => browser.close()));
  const drafts: unknown[] = [];
  phone[1].on("draft", ({ conversation, value }) => drafts.push([conversation.id, value]));
  const chat = await laptop[0].create([], { unique: false });
  await laptop[0].create([], { unique: false });
  await chat.pin();
  await chat.mark("work");
  await chat.silenceAlerts({ level: "mentions" });
  const revision = await chat.keepUnsent("Shall we");
  await until(() => drafts.length === 1);
  assert.deepEqual(drafts, [[chat.id, "Shall we"]]);
  const there = phone[0].conversation(chat.id);
  assert.equal((await there.unsent())?.revision, revision);
  await assert.rejects(there.keepUnsent("No", { expect: revision - 1 }), { code: "conflict" });
  const found: Conversation[] = [];
  for await (const each of phone[0].conversations({ pinned: true, mark: "work" })) found.push(each);
  assert.deepEqual(found.map(({ id, marks, isPinned, isMuted, alertSilence }) => [id, marks, isPinned, isMuted, alertSilence]), [[chat.id, ["work"], true, false, { level: "mentions" }]]);
});

/** Collects what the tabs are told, by their place. */
function heardBy(clients: readonly Client[]): unknown[][] {
  return clients.map((client) => {
    const heard: unknown[] = [];
    client.on("told", ({ name, data }) => heard.push([name, data]));
    client.on("sessionMessage", ({ text, sender }) => heard.push([text, sender]));
    return heard;
  });
}

test("a login is told something in all its tabs, a tab alone, and nobody else", async (t) => {
  const { browsers, laptop, phone } = await mine("cid");
  t.after(() => browsers.forEach((browser) => browser.close()));
  const heard = heardBy([...laptop, ...phone]);
  assert.deepEqual((await laptop[0].sessions()).length, 2);
  const [other] = await laptop[0].otherSessions();
  assert.ok(other);
  assert.equal(other.session, phone[0].session);
  assert.deepEqual(await other.tell("to the login", { a_b: 1 }), { live: 1, away: 0 });
  await other.send("a message to the login");
  await until(() => heard[2]?.length === 2 && heard[3]?.length === 2);
  // The server knows of tabs a moment after they came.
  await told(() => other.tell("to a tab", null, { tab: phone[1].tab }));
  await laptop[0].tell("to my others");
  await until(() => heard[2]?.length === 3 && heard[3]?.length === 4);
  const everywhere = [["to the login", { a_b: 1 }], ["a message to the login", laptop[0].user], ["to my others", null]];
  assert.deepEqual(heard, [[], [], everywhere, [...everywhere.slice(0, 2), ["to a tab", null], ...everywhere.slice(2)]]);
  await assert.rejects(other.tell("to nobody", null, { tab: "nobody" }), { code: "not_found" });
});

/** Does something until the server knows what it is about. */
async function told(act: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return void (await act());
    } catch (fault) {
      if ((fault as { code?: string }).code !== "not_found" || tries > 100) throw fault;
      await new Promise((go) => setTimeout(go, 20));
    }
  }
}

test("what is kept for a session waits for it, and comes to each of its tabs once", async (t) => {
  const laptop = new Browser("dot");
  const phone = new Browser("dots phone", undefined, laptop.user);
  t.after(() => [laptop, phone].forEach((browser) => browser.close()));
  const [desk] = (await tabs(laptop, {})) as [Client];
  const there = (await tabs(phone, {}, {})) as [Client, Client];
  const heard = heardBy(there);
  const [other] = await desk.otherSessions();
  await other?.tell("now", null, { keepS: 60 });
  await until(() => heard.every((each) => each.length === 1));
  // The holder dies; what is told until there is another one waits on the server.
  const killed = phone.kill();
  for (let n = 0; n < 5; n++) await other?.tell("later", n, { keepS: 60 });
  await killed;
  await until(() => heard.every((each) => each.length === 6));
  await phone.kill();
  await other?.tell("last", null, { keepS: 60 });
  await until(() => heard.every((each) => each.length === 7));
  const all = [["now", null], ...[0, 1, 2, 3, 4].map((n) => ["later", n]), ["last", null]];
  for (const each of heard) assert.deepEqual(each, all);
});
