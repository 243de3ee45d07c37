/** What a program that runs the server and its clients ask each other. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Browser } from "../fakes/people.ts";
import { tabs } from "../fakes/programs.ts";

test("the program is asked, and asks one tab of a session, or the one that is named", async (t) => {
  const ann = new Browser("ann");
  t.after(() => ann.close());
  const clients = await tabs(ann, {}, {});
  const [one] = clients;
  assert.ok(one);
  assert.deepEqual(await one.ask("price", "tea"), { price: 3.5, for: one.user });
  await assert.rejects(one.ask("price", "coffee"), { code: "refused" });
  await assert.rejects(one.ask("nothing"), { code: "no_handler" });
  const asked: string[] = [];
  for (const client of clients) {
    await client.onAsk("where", (data) => {
      asked.push(client.tab);
      return { at: client.tab, data };
    });
  }
  // The program asks back, and gives what it was answered.
  const given = (await one.ask("ask back", { session: one.session, data: { a_b: 1 } })) as { at: string };
  assert.deepEqual(given, { at: asked[0] ?? "", data: { a_b: 1 } });
  assert.equal(asked.length, 1);
  for (const { tab } of clients) {
    assert.deepEqual(await one.ask("ask back", { session: one.session, tab, data: null }), { at: tab, data: null });
  }
  assert.equal(asked.length, 3);
});
