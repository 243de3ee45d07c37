/** Who needs a token, with a server that lets nobody in without one. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Browser, until } from "../fakes/people.ts";

const USER = process.env["UNISONO_USER"] ?? "";
const TOKEN = process.env["UNISONO_TOKEN"] ?? "";

test("a second tab needs no token, a second device needs its own", async (t) => {
  const laptop = new Browser("laptop", "laptop", USER);
  const phone = new Browser("phone", "phone", USER);
  t.after(() => [laptop, phone].forEach((browser) => browser.close()));
  const one = await laptop.open("l1", null, TOKEN);
  const two = await laptop.open("l2");
  assert.deepEqual([two.session?.session, laptop.links], [one.session?.session, 1]);
  await phone.begin("p1");
  await until(() => phone.diary("p1").of("ended").length > 0);
  assert.deepEqual(phone.diary("p1").of("ended"), [["token_missing"]]);
  const other = await phone.open("p2", null, TOKEN);
  assert.ok(other.session !== null && other.session.session !== one.session?.session);
});
