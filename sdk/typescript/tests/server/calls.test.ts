/** Calls, contacts and claims of users with several devices of several tabs, with a real server. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Call } from "../../src/api/call.ts";
import type { Client } from "../../src/api/client.ts";
import type { AnyEvent } from "../../src/api/events.ts";
import { Browser, until } from "../fakes/people.ts";
import { tabs } from "../fakes/programs.ts";

interface Device {
  readonly browser: Browser;
  readonly clients: readonly [Client, Client];
}

/** A device of two tabs. */
async function device(name: string, user: string | null = null): Promise<Device> {
  const browser = new Browser(name, undefined, user);
  return { browser, clients: (await tabs(browser, {}, {})) as [Client, Client] };
}

const CALLS = ["ringing", "ringOver", "callAnswered", "callDeclined", "callEnded"] as const;

/** Collects what happens to calls, by their name. */
function calls(client: Client): { readonly names: string[]; call: Call | null } {
  const heard = { names: [] as string[], call: null as Call | null };
  for (const name of CALLS) {
    client.on(name, (event: AnyEvent) => {
      heard.names.push(name);
      heard.call ??= (event as { call?: Call }).call ?? null;
    });
  }
  return heard;
}

test("a call rings in all tabs of all devices, and one of them answers", async (t) => {
  const ann = await device("ann");
  const laptop = await device("bob");
  const other = await device("bobs phone", laptop.browser.user);
  t.after(() => [ann, laptop, other].forEach(({ browser }) => browser.close()));
  const everywhere = [...laptop.clients, ...other.clients];
  const heard = everywhere.map(calls);
  const call = await ann.clients[0].call(laptop.browser.user, { media: "video", data: { a_b: 1 } });
  const signals: unknown[] = [];
  for (const client of [...ann.clients, ...everywhere]) client.on("callSignal", ({ data }) => signals.push([client.tab, data]));
  await until(() => heard.every(({ names }) => names.includes("ringing")));
  assert.deepEqual([call.isInTab, call.isHere, heard[0]?.call?.data, heard[0]?.call?.media, heard[0]?.call?.caller], [true, true, { a_b: 1 }, "video", ann.browser.user]);
  const answers = await Promise.all(heard.map(({ call }) => call?.answer()));
  assert.equal(answers.filter(Boolean).length, 1);
  const at = answers.indexOf(true);
  await until(() => heard.every(({ names }) => names.includes("ringOver")));
  await until(() => heard.every(({ call }) => call?.answeredBy?.session === everywhere[at]?.session));
  assert.deepEqual(heard.map(({ call }) => call?.isInTab), everywhere.map((_, each) => each === at));
  await until(() => call.others.length === 1);
  // Between the two ends alone.
  await call.signal({ offer: 1 });
  await heard[at]?.call?.signal({ answer: 1 });
  await until(() => signals.length === 2);
  assert.deepEqual(signals, [[everywhere[at]?.tab, { offer: 1 }], [ann.clients[0].tab, { answer: 1 }]]);
  await call.hangUp();
  await until(() => heard.every(({ names }) => names.includes("callEnded")));
  assert.deepEqual(heard.map(({ names }) => [names.filter((name) => name === "ringing").length, names.filter((name) => name === "ringOver").length]), [[1, 1], [1, 1], [1, 1], [1, 1]]);
  assert.deepEqual([call.state, call.reason, call.isInTab], ["ended", "hung_up", false]);
  // Who comes late hears no ring.
  const late = calls(ann.clients[1]);
  assert.deepEqual((await laptop.clients[0].calls()).length, 0);
  assert.deepEqual(late.names, []);
});

test("one device is silent, a tab that comes while it rings rings, and the call is handed over", async (t) => {
  const cid = await device("cid");
  const laptop = await device("dot");
  const phone = await device("dots phone", laptop.browser.user);
  t.after(() => [cid, laptop, phone].forEach(({ browser }) => browser.close()));
  const [here, there] = [calls(laptop.clients[0]), calls(phone.clients[0])];
  const call = await cid.clients[0].call([laptop.browser.user]);
  await until(() => here.call !== null && there.call !== null);
  await here.call?.decline({ scope: "device" });
  await until(() => here.names.includes("ringOver"));
  const late = calls(phone.clients[1]);
  await until(() => late.names.includes("ringing"));
  assert.ok(!there.names.includes("ringOver"));
  assert.equal(await late.call?.answer(), true);
  await late.call?.handOver(laptop.clients[0].session);
  await until(() => here.call?.isHere === true);
  await until(() => late.call?.isInTab === false);
  assert.equal(here.call?.isInTab, false);
  assert.equal(await here.call?.answer(), true);
  await until(() => call.others[0]?.session === laptop.clients[0].session);
  await here.call?.hangUp();
  await until(() => there.names.includes("callEnded"));
});

test("what becomes of contacts both users hear, on all their devices", async (t) => {
  const eve = await device("eve");
  const phone = await device("eves phone", eve.browser.user);
  const fay = await device("fay");
  t.after(() => [eve, phone, fay].forEach(({ browser }) => browser.close()));
  const names = ["contactInvited", "contactAgreed", "contactDeclined", "contactRemoved", "remarkSet", "usersBlocked", "usersUnblocked"] as const;
  const heard = [phone.clients[1], fay.clients[0]].map((client) => {
    const events: unknown[] = [];
    for (const name of names) client.on(name, (event) => events.push([name, event.by]));
    return events;
  });
  const [mine, theirs] = [eve.clients[0].contacts, fay.clients[1].contacts];
  const [me, them] = [eve.browser.user, fay.browser.user];
  await mine.invite(them, "We met in Rome");
  assert.deepEqual((await theirs.requests()).map(({ user, message }) => [user, message]), [[me, "We met in Rome"]]);
  assert.deepEqual((await mine.sent()).map(({ user }) => user), [them]);
  await theirs.accept(me);
  await mine.remark(them, "From Rome");
  assert.deepEqual((await mine.list()).map(({ user, state, remark }) => [user, state, remark]), [[them, "friend", "From Rome"]]);
  await mine.block(them);
  assert.deepEqual((await mine.blocked()).map(({ user }) => user), [them]);
  assert.equal((await mine.get(them))?.isBlocked, true);
  await mine.unblock(them);
  await theirs.remove(me);
  await theirs.invite(me);
  await mine.decline(them);
  assert.equal(await mine.get(them), null);
  const both = [["contactInvited", me], ["contactAgreed", them], ["contactRemoved", them], ["contactInvited", them], ["contactDeclined", me]];
  await until(() => heard[0]?.length === 8 && heard[1]?.length === 5);
  assert.deepEqual(heard, [[...both.slice(0, 2), ["remarkSet", me], ["usersBlocked", me], ["usersUnblocked", me], ...both.slice(2)], both]);
});

test("what is to be done once one tab of all devices does, and another where that fails", async (t) => {
  const gil = await device("gil");
  const phone = await device("gils phone", gil.browser.user);
  t.after(() => [gil, phone].forEach(({ browser }) => browser.close()));
  const all = [...gil.clients, ...phone.clients];
  const ran: string[] = [];
  const stood = await Promise.all(all.map((client) => client.runOnce("ding/1", async () => void ran.push(client.tab))));
  assert.equal(ran.length, 1);
  assert.equal(stood.filter(({ isMine }) => isMine).length, 1);
  assert.ok(stood.every(({ holder, isMine }) => isMine || holder !== null));
  assert.equal((await all[0]?.runOnce("ding/1", () => assert.fail()))?.isDone, true);
  // Who waits takes over.
  let fail = (): void => undefined;
  const failing = gil.clients[0].runOnce("upload", () => new Promise<void>((_, refuse) => (fail = () => refuse(new Error("no")))), { leaseS: 1 });
  await new Promise((go) => setTimeout(go, 100));
  const next = phone.clients[0].runOnce("upload", () => void ran.push("upload"), { leaseS: 1, wait: true });
  fail();
  await assert.rejects(failing, { message: "no" });
  assert.deepEqual([(await next).isMine, ran.length], [true, 2]);
});
