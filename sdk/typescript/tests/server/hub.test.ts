/** Tabs with their holder, and a real server: one link for all of them, and nothing lost or doubled. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Tab } from "../../src/core/tab.ts";
import { Browser, idOf, until } from "../fakes/people.ts";

const say = (tab: Tab, conversation: string, text: string) => tab.place({ op: "send", key: tab.newKey(), conversation, content: { text } });
const seqs = (browser: Browser, tab: string, conversation: string) => browser.diary(tab).of("fact").filter(([stream]) => stream === `c/${conversation}`).map(([, , seq]) => seq);

test("two tabs have one link; each hears every fact once, and its own answers alone", async (t) => {
  const ann = new Browser("ann");
  t.after(() => ann.close());
  const [one, two] = [await ann.open("a1"), await ann.open("a2")];
  assert.equal(ann.links, 1);
  assert.equal(one.session?.session, two.session?.session);
  const conversation = idOf(await one.request({ op: "create", key: one.newKey(), members: ["bob"] }));
  const placed = await Promise.all([say(one, conversation, "1"), say(two, conversation, "2"), say(one, conversation, "3")]);
  assert.deepEqual(placed.map((answer) => answer["seq"]).sort(), [2, 3, 4]);
  await until(() => seqs(ann, "a1", conversation).length === 4 && seqs(ann, "a2", conversation).length === 4);
  for (const tab of ["a1", "a2"]) assert.deepEqual(seqs(ann, tab, conversation), [1, 2, 3, 4]);
  await assert.rejects(two.request({ op: "conversation", conversation: "no-such" }), { message: /./ });
});

test("a late tab begins with the conversations as they are, and goes on with the others", async (t) => {
  const cat = new Browser("cat");
  t.after(() => cat.close());
  const one = await cat.open("c1");
  const conversation = idOf(await one.request({ op: "create", key: one.newKey(), members: ["dan"], name: "tea" }));
  await say(one, conversation, "1");
  await cat.open("c2");
  const [answers] = cat.diary("c2").of("started");
  const found = answers?.[0] as { conversations: { name: string; last: { message: { content: { text: string } } } }[] };
  assert.equal(found.conversations[0]?.name, "tea");
  await say(one, conversation, "2");
  await until(() => seqs(cat, "c2", conversation).includes(3));
  assert.equal(cat.links, 1);
});

test("when the holder dies the next one goes on in the same session, and nothing is missing", async (t) => {
  const [eve, fay] = [new Browser("eve"), new Browser("fay")];
  t.after(() => [eve, fay].forEach((browser) => browser.close()));
  const [one] = [await eve.open("e1"), await eve.open("e2")];
  const other = await fay.open("f1");
  const conversation = idOf(await one.request({ op: "create", key: one.newKey(), members: [fay.user] }));
  const session = one.session?.session;
  let count = 1;
  for (let round = 0; round < 3; round++) {
    const sends = [say(one, conversation, `mine ${round}`), ...[1, 2, 3].map((text) => say(other, conversation, `${round}.${text}`))];
    await eve.kill();
    await Promise.all(sends);
    count += 4;
    await until(() => ["e1", "e2"].every((tab) => seqs(eve, tab, conversation).length >= count));
  }
  for (const tab of ["e1", "e2"]) assert.deepEqual(seqs(eve, tab, conversation), Array.from({ length: count }, (_, at) => at + 1));
  assert.equal(one.session?.session, session);
  assert.equal(eve.links, 4);
  const sessions = (await one.request({ op: "sessions" }))["sessions"] as unknown[];
  assert.equal(sessions.length, 1);
});

test("who signs out ends the session for all tabs, and nothing is left", async (t) => {
  const gil = new Browser("gil");
  t.after(() => gil.close());
  const [one] = [await gil.open("g1"), await gil.open("g2")];
  await one.setObject("draft", { text: "hi" });
  await until(() => gil.diary("g2").of("object").length > 0);
  await one.signOut(false);
  await until(() => gil.diary("g2").of("ended").length > 0);
  assert.deepEqual(gil.diary("g2").of("ended"), [["session_closed"]]);
  const { session, objects, outbox } = await gil.store.take();
  assert.deepEqual([session, objects, outbox], [null, [], []]);
});

test("the server knows the tabs of a session, and one of them is closed from another device", async (t) => {
  const laptop = new Browser("hal");
  const phone = new Browser("phone", undefined, laptop.user);
  t.after(() => [laptop, phone].forEach((browser) => browser.close()));
  const [one, two] = [await laptop.open("h1"), await laptop.open("h2")];
  const far = await phone.open("p1");
  const tabs = async () => {
    const { sessions } = (await far.request({ op: "sessions" })) as unknown as { sessions: { session: string; tabs?: { tab: string }[] }[] };
    return new Map(sessions.map(({ session, tabs = [] }) => [session, tabs.map(({ tab }) => tab).sort()]));
  };
  const [here, there] = [one.session?.session ?? "", far.session?.session ?? ""];
  const counted = async (count: number) => {
    for (let tries = 0; tries < 100; tries++) {
      const found = await tabs();
      if (found.get(here)?.length === count && found.get(there)?.length === 1) return found.get(here);
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`the server does not know of ${count} tabs`);
  };
  assert.deepEqual(await counted(2), [one.tab, two.tab].sort());
  await far.request({ op: "close_tab", session: here, tab: two.tab });
  await until(() => laptop.diary("h2").of("ended").length > 0);
  assert.deepEqual(laptop.diary("h2").of("ended"), [["tab_closed"]]);
  assert.deepEqual(await counted(1), [one.tab]);
  assert.equal(one.session?.session, here);
  assert.deepEqual(laptop.diary("h1").of("ended"), []);
});
