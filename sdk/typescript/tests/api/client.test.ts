// A client on a tab that tests speak for: logging in, asking, sending, and its end.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ClientClosed, Forbidden, InvalidArgument, LinkDown, NotLetIn, OutboxFull, ProtocolFault, SessionOver, SharingUnavailable, TimedOut, Unavailable } from "../../src/api/errors.ts";
import type { GrantRequest } from "../../src/api/grants.ts";
import { NOTHING_WAITS, TestUnisono, World, fault, said, settled } from "./fake_desk.ts";

const placed = { kind: "placed", stream: "c/a", epoch: 1, seq: 7, at: 7000 };

test("who logs in, where and how is said to the tab", async () => {
  const world = new World({ sharing: "off", host: "single", workerUrl: "/w.js", deviceId: "random" });
  const client = await world.login({ tag: "desk", device: { label: "Toms" }, token: () => "secret" });
  const { listener: _, token, ...opening } = world.openings[0] as (typeof world.openings)[0];
  assert.deepEqual(opening, {
    wish: { url: "wss://chat.example.org", user: "tom", tag: "desk", device: { platform: "web", label: "Toms" } },
    sharing: "off", host: "single", workerUrl: "/w.js", deviceId: "random",
  });
  assert.equal(await token?.(), "secret");
  assert.deepEqual([client.user, client.session, client.device?.id, client.tab, client.host, client.isLive], ["tom", "s1", "d1", "t1", "single", true]);
});

test("the same user, device and tag are the same client until it is closed", async () => {
  const world = new World();
  const [one, other] = await Promise.all([world.login(), world.login()]);
  assert.equal(one, other);
  assert.notEqual(await world.login({ tag: "x" }), one);
  assert.notEqual(await world.login({ device: { platform: "tv" } }), one);
  assert.equal(world.desks.length, 3);
  await one.close();
  assert.notEqual(await world.login(), one);
});

test("handlers that are added right after the login hear of all that waited", async () => {
  const world = new World();
  const heard: string[] = [];
  world.opens = async (_, { listener }) => {
    listener.started([NOTHING_WAITS]);
    listener.facts("c/a", 1, [{ seq: 1, at: 1, fact: said("early") }]);
  };
  const client = await world.unisono.login({ user: "tom", handlers: { message: (message) => heard.push(`given ${message.text}`) } });
  client.on("message", (message) => heard.push(`added ${message.text}`));
  assert.equal(heard.length, 0);
  await settled();
  assert.deepEqual(heard, ["given early", "added early"]);
});

test("a login that is refused says why, and the next one is another", async () => {
  const world = new World();
  world.opens = async () => {
    throw fault("token_invalid");
  };
  await assert.rejects(world.login(), (problem) => problem instanceof NotLetIn && problem.code === "token_invalid");
  world.opens = async (desk, { listener }) => {
    desk.state = "opening";
    listener.ended({ code: "device_refused", message: "", advice: "stop", isOwn: false });
  };
  await assert.rejects(world.login(), (problem) => problem instanceof SessionOver && problem.code === "device_refused");
  world.opens = async (_, { listener }) => listener.started([NOTHING_WAITS]);
  assert.equal((await world.login()).isLive, true);
});

test("a login without a server gives up after three attempts, and its desk is closed", async () => {
  const world = new World();
  const told: number[] = [];
  world.unisono.on("schedule", ({ attempt, user }) => told.push(attempt, Number(user === null)));
  world.opens = async (desk) => {
    desk.state = "opening";
  };
  const login = world.login();
  await settled();
  for (const attempt of [0, 1, 2]) world.listener.state("waiting", { kind: "schedule", attempt, delayMs: 1000 });
  await assert.rejects(login, LinkDown);
  assert.equal(world.desk.closed, 1);
  assert.deepEqual(told, [0, 0, 1, 0, 2, 0]);
});

test("what the function for tokens throws comes out of the login unchanged", async () => {
  const own = new Error("my backend is down");
  const world = new World();
  world.opens = async (desk, { token, listener }) => {
    desk.state = "opening";
    await Promise.resolve(token?.()).catch(() => undefined);
    queueMicrotask(() => listener.state("needs-token", null));
  };
  await assert.rejects(world.login({ token: () => Promise.reject(own) }), (problem) => problem === own);
  await assert.rejects(world.login(), (problem) => problem instanceof NotLetIn && problem.code === "token_missing");
  await assert.rejects(world.unisono.login({ token: () => "x" }), InvalidArgument);
});

test("sharing is fixed when it is made, and required sharing throws where there is none", () => {
  const world = new World();
  assert.equal(world.unisono.sharing, "auto");
  assert.throws(() => Object.assign(world.unisono, { sharing: "required" }), TypeError);
  assert.equal(new TestUnisono(world.surroundings, { sharedContext: false }).sharing, "off");
  world.sharing = false;
  assert.throws(() => new TestUnisono(world.surroundings, { sharedContext: true }), SharingUnavailable);
  assert.throws(() => new TestUnisono(world.surroundings, { sharing: "required" }), SharingUnavailable);
  assert.equal(new TestUnisono(world.surroundings, { sharing: "off" }).sharing, "off");
});

test("a send gives the message at its place, after its handlers had it", async () => {
  const world = new World();
  const client = await world.login();
  const chat = client.conversation("a");
  const order: string[] = [];
  chat.on("message", (message) => order.push(`heard ${message.isMine} ${message.isFromHere}`));
  world.desk.answers["send"] = ({ key }) => {
    world.facts("c/a", 7, said("hi", { sender: "tom", key }));
    return placed;
  };
  const message = await chat.send("hi", { mentions: ["jerry", "jerry"], mentionAll: true, replyTo: 3, push: { alert: "x" } });
  order.push(`sent ${message.seq}`);
  assert.deepEqual(order, ["heard true true", "sent 7"]);
  assert.deepEqual(world.desk.asked.at(-1), { op: "send", conversation: "a", key: "t1:1", content: { text: "hi" }, mentions: ["jerry"], mention_all: true, reply_to: 3, push: { alert: "x" } });
  assert.deepEqual([message.text, message.replyTo, message.mentionAll, message.status, message.sentAt.getTime()], ["hi", 3, true, "sent", 7000]);
});

test("a draft that failed is sent again under its key", async () => {
  const world = new World();
  const chat = (await world.login()).conversation("a");
  const draft = chat.draft("hi");
  assert.equal(draft.status, "none");
  world.desk.answers["send"] = () => fault("unavailable", { retryable: true });
  const sending = draft.send();
  assert.equal(draft.status, "sending");
  await assert.rejects(draft.send(), InvalidArgument);
  await assert.rejects(sending, Unavailable);
  assert.equal(draft.status, "failed");
  assert.ok(draft.error instanceof Unavailable);
  world.desk.answers["send"] = () => placed;
  assert.equal((await draft.send()).seq, 7);
  assert.equal(await draft.send(), draft.message);
  assert.deepEqual(world.desk.asked.map(({ key }) => key), ["t1:1", "t1:1"]);
  assert.equal(draft.status, "sent");
});

test("a send that cannot wait, or is answered with something else, says so", async () => {
  const world = new World();
  const chat = (await world.login()).conversation("a");
  world.desk.answers["send"] = () => fault("outbox_full", { where: "holder", numbers: { limit: 1000 } });
  await assert.rejects(chat.send("one"), (problem) => problem instanceof OutboxFull && problem.retryable);
  world.desk.answers["send"] = () => ({ kind: "passed", at: 1 });
  await assert.rejects(chat.send("three"), ProtocolFault);
});

test("without a connection requests wait; what fails fast does not", async () => {
  for (const failFast of [false, true]) {
    const world = new World({ failFast });
    const client = await world.login();
    world.desk.state = "waiting";
    const asking = client.closeSession("s2");
    if (failFast) {
      await assert.rejects(asking, LinkDown);
      await assert.rejects(client.conversation("a").send("now"), LinkDown);
    } else await asking;
    await assert.rejects(client.conversation("a").sendTransient("now"), LinkDown);
    await client.conversation("a").typing();
    assert.equal(client.retry(), true);
  }
});

test("who connects by hand is told that nobody gives a token, when it comes to that", async () => {
  // It waited without end.
  for (const state of ["needs-token", "waiting"] as const) {
    const world = new World();
    const client = await world.login();
    world.desk.state = state;
    const connecting = assert.rejects(client.connect(), (problem) => problem instanceof NotLetIn && problem.code === "token_missing");
    await settled();
    world.desk.state = "needs-token";
    await world.clock.pass(200);
    await connecting;
    assert.equal(world.clock.waiting, 0);
  }
});

test("a request without an answer ends in time", async () => {
  const world = new World({ limits: { requestS: 5 } });
  const client = await world.login();
  world.desk.answers["close_device"] = () => new Promise(() => undefined);
  const asking = assert.rejects(client.closeDevice("d2"), TimedOut);
  await settled();
  await world.clock.pass(5000);
  await asking;
});

test("a grant is made anew for each attempt, and for what needs one alone", async () => {
  const world = new World();
  const requests: GrantRequest[] = [];
  const client = await world.login({ grants: (request) => `g${requests.push(request)}` });
  let attempts = 0;
  world.desk.answers["add"] = () => (attempts++ ? { kind: "membership", conversation: "a", members: ["tom", "jerry"] } : fault("link_down", { where: "link", retryable: true }));
  const adding = client.conversation("a").add("mary", "jerry", "tom", "mary");
  await settled();
  await world.clock.pass(100);
  assert.deepEqual((await adding).members, ["tom", "jerry"]);
  assert.deepEqual(requests, [1, 2].map(() => ({ action: "add", user: "tom", conversation: "a", members: ["jerry", "mary"] })));
  assert.deepEqual(world.desk.asked.map(({ grant }) => grant), ["g1", "g2"]);
  await client.conversation("a").unblock("jerry");
  await client.conversation("a").silence("jerry");
  assert.equal(requests.length, 2);
  await client.conversation("a").block(["jerry"], { forS: 60 });
  assert.deepEqual(requests.at(-1), { action: "remove", user: "tom", conversation: "a", members: ["jerry"] });
  assert.deepEqual(world.desk.asked.at(-1), { op: "restrict", conversation: "a", users: ["jerry"], what: "blocked", on: true, for_s: 60, grant: "g3" });
});

test("a command that needs a grant and found no connection in time is not done later", async () => {
  const world = new World({ limits: { requestS: 5 } });
  let asked = 0;
  const client = await world.login({ grants: () => `${++asked}` });
  world.desk.state = "waiting";
  const joining = assert.rejects(client.conversation("a").join(), TimedOut);
  await settled();
  for (let n = 0; n < 60; n++) await world.clock.pass(100);
  await joining;
  world.desk.state = "live";
  await world.clock.pass(1000);
  assert.deepEqual([asked, world.desk.asked.filter(({ op }) => op === "join")], [0, []]);
});

test("a command that needs a grant waits for the connection before it asks for one", async () => {
  const world = new World();
  let asked = 0;
  const client = await world.login({ grants: () => `${++asked}` });
  world.desk.state = "waiting";
  const joining = client.conversation("a").join();
  await settled();
  assert.equal(asked, 0);
  world.desk.answers["join"] = () => ({ kind: "membership", conversation: "a", members: [] });
  world.desk.state = "live";
  await world.clock.pass(100);
  await joining;
  assert.equal(asked, 1);
});

test("a provider of grants that gives nothing, or throws, is told as it is", async () => {
  const world = new World({ limits: { grantS: 1 } });
  const own = new Error("not you");
  const refused = await world.login({ grants: () => Promise.reject(own) });
  await assert.rejects(refused.conversation("a").join(), (problem) => problem === own);
  const thrown = await world.login({
    tag: "y",
    grants: () => {
      throw own;
    },
  });
  await assert.rejects(thrown.conversation("a").join(), (problem) => problem === own);
  const silent = await world.login({ tag: "x", grants: () => new Promise<string>(() => undefined) });
  const asking = assert.rejects(silent.conversation("a").join(), TimedOut);
  await settled();
  await world.clock.pass(1000);
  await asking;
});

test("the end is told once, and nothing can be asked after it", async () => {
  const world = new World();
  const client = await world.login();
  const told: unknown[] = [];
  client.on("displaced", ({ newcomer }) => told.push(newcomer));
  client.on("closed", ({ code, isOwn }) => told.push(code, isOwn));
  const reading = (async () => {
    for await (const { type } of client.events()) told.push(type);
  })();
  const ending = { code: "displaced", message: "gone", advice: "stop", newcomer: { platform: "ios", label: "Phone" }, isOwn: false } as const;
  world.listener.ended(ending);
  world.listener.ended(ending);
  await reading;
  assert.deepEqual(told, [{ platform: "ios", label: "Phone" }, "displaced", false, "displaced", "closed"]);
  await assert.rejects(client.conversation("a").send("x"), SessionOver);
  await assert.rejects(client.sessions(), SessionOver);
  assert.deepEqual([client.isClosed, client.state, client.isLive, client.retry()], [true, "stopped", false, false]);
  await client.close();
});

test("closing leaves with this tab, signing out ends the session", async () => {
  const world = new World();
  const client = await world.login();
  const told: string[] = [];
  client.on("closed", ({ code }) => told.push(code));
  await client.close();
  await client.close();
  assert.deepEqual([world.desk.closed, world.desk.signedOut, told.join()], [1, null, "client_closed"]);
  await assert.rejects(client.conversation("a").send("x"), ClientClosed);
  const other = await world.login();
  await other.signOut({ everywhere: true });
  assert.equal(world.desk.signedOut, true);
  assert.equal(other.isClosed, true);
  const third = await world.login();
  await world.unisono.close();
  assert.equal(third.isClosed, true);
});

test("network events fire first on the whole and then on the client, the same in each", async () => {
  const world = new World();
  const client = await world.login();
  const told: unknown[] = [];
  for (const name of ["disconnect", "schedule", "retry", "reconnect"] as const) {
    world.unisono.on(name, ({ type, user }) => told.push(`all ${type} ${user}`));
    client.on(name, ({ type, ...more }) => told.push(`mine ${type}`, more));
  }
  world.listener.state("waiting", { kind: "disconnect", code: "link_lost", message: "gone" });
  world.listener.state("waiting", { kind: "schedule", attempt: 0, delayMs: 900 });
  world.listener.state("opening", { kind: "retry", attempt: 0 });
  world.listener.state("live", { kind: "reconnect" });
  assert.deepEqual(told, [
    "all disconnect tom", "mine disconnect", { user: "tom", code: "link_lost", message: "gone" },
    "all schedule tom", "mine schedule", { user: "tom", attempt: 0, delayMs: 900 },
    "all retry tom", "mine retry", { user: "tom", attempt: 0 },
    "all reconnect tom", "mine reconnect", { user: "tom" },
  ]);
  assert.throws(() => world.unisono.on("message" as "retry", () => undefined), InvalidArgument);
});

test("sessions are listed page after page", async () => {
  const world = new World();
  const client = await world.login();
  const view = (session: string, more: object = {}): object => ({ session, device: "d", shown: { platform: "web" }, state: "live", opened_at: 1, seen_at: 2, ...more });
  world.desk.answers["sessions"] = ({ after }) => ({ kind: "sessions", ...(after ? { sessions: [view("s2")] } : { sessions: [view("s1", { is_this: true })], next: "s1" }) });
  assert.deepEqual((await client.sessions()).map(({ session, openedAt }) => [session, openedAt]), [["s1", 1], ["s2", 1]]);
  assert.deepEqual((await client.otherSessions()).map(({ session }) => session), ["s2"]);
});

test("what has no answer of its own is asked as the protocol says", async () => {
  const world = new World();
  const client = await world.login();
  await client.registerPush("fcm", "token");
  await client.unregisterPush();
  await client.dropWill();
  await client.removeFile("f");
  await client.markAllRead([client.conversation("a"), "b"]);
  await client.closeDevice("d");
  assert.deepEqual(world.desk.asked, [
    { op: "register_push", provider: "fcm", token: "token" }, { op: "unregister_push" }, { op: "no_will" }, { op: "remove_file", file: "f" },
    { op: "mark_all_read", conversations: ["a", "b"] }, { op: "close_device", device: "d" },
  ]);
  world.desk.answers["remove_file"] = () => fault("forbidden");
  await assert.rejects(client.removeFile("f"), Forbidden);
});

test("an address of a server is one, and nothing else", () => {
  const { surroundings } = new World();
  for (const url of ["chat.example.org", "ftp://chat.example.org", "wss://", "wss://chat.example.org/v1"]) {
    assert.throws(() => new TestUnisono(surroundings, {}, url), InvalidArgument, url);
  }
  for (const url of ["wss://chat.example.org", "https://chat.example.org/", "http://127.0.0.1:8080"]) assert.ok(new TestUnisono(surroundings, {}, url));
});

test("a tab that is closed from elsewhere leaves, and the others are told which tabs there are", async () => {
  const world = new World();
  const client = await world.login();
  const told: unknown[] = [];
  client.on("closed", ({ code, isOwn }) => told.push(code, isOwn));
  client.on("sessionTabs", ({ session, tabs }) => told.push(session, tabs));
  world.event({ kind: "tabs", session: "s2", tabs: [{ tab: "x", since: 1 }] });
  world.listener.ended({ code: "tab_closed", message: "", advice: "stop", isOwn: false });
  assert.deepEqual(told, ["s2", [{ tab: "x", since: 1 }], "tab_closed", false]);
  assert.deepEqual([client.isClosed, world.desk.signedOut], [true, null]);
  await assert.rejects(client.conversation("a").send("x"), (problem) => problem instanceof ClientClosed && problem.code === "tab_closed");
  const other = await world.login();
  await other.closeTab("s2", "x");
  assert.deepEqual(world.desk.asked, [{ op: "close_tab", session: "s2", tab: "x" }]);
});
