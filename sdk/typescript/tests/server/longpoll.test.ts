/** A holder that polls a real server. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { systemClock } from "../../src/host/clock.ts";
import { fetchPost } from "../../src/host/posting.ts";
import { byLongPoll } from "../../src/links/longpoll.ts";
import { Browser, idOf, until } from "../fakes/people.ts";

test("who polls hears and says the same as anybody, and is resumed after a loss", async (t) => {
  const [ann, bob] = [new Browser("ann"), new Browser("bob", "a phone", null, byLongPoll(fetchPost, systemClock))];
  t.after(() => [ann, bob].forEach((browser) => browser.close()));
  const [one, other] = [await ann.open("a1"), await bob.open("b1")];
  const conversation = idOf(await one.request({ op: "create", key: one.newKey(), members: [bob.user] }));
  const texts = Array.from({ length: 30 }, (_, n) => `text ${n}`);
  const say = (tab: typeof one, text: string) => tab.place({ op: "send", key: tab.newKey(), conversation, content: { text } });
  await Promise.all(texts.map((text) => say(one, text)));
  await until(() => bob.diary("b1").of("fact").filter(([stream]) => stream === `c/${conversation}`).length === 31);
  const session = other.session?.session;
  const sends = texts.map((text) => say(other, text));
  await bob.kill();
  await Promise.all(sends);
  await until(() => ann.diary("a1").of("fact").filter(([stream]) => stream === `c/${conversation}`).length === 61);
  const seqs = bob.diary("b1").of("fact").filter(([stream]) => stream === `c/${conversation}`).map(([, , seq]) => seq);
  assert.deepEqual(seqs, Array.from({ length: 61 }, (_, at) => at + 1));
  assert.equal(other.session?.session, session);
  assert.equal(bob.links, 2);
});
