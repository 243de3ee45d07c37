/** The code that a holder's host loads beside its own. */

import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";

import { settle } from "../fakes/time.ts";

const asked: string[] = [];
let isAway = true;
registerHooks({
  resolve: (name, context, next) => {
    if (!/\/duties\.ts/.test(name) || !/(beside|bringing)\.ts$/.test(context.parentURL ?? "")) return next(name, context);
    asked.push(name);
    if (isAway) throw new Error("out of reach");
    return next(name, context);
  },
});
Object.assign(globalThis, { FILES: { duties: "../duties.ts" } });

test("whoever may hold a session loads the rest of its code before anybody asks for it, and once", async () => {
  const { CODE } = await import("../../src/beside.ts");
  await settle();
  assert.deepEqual(asked, ["./duties.ts"]);
  await assert.rejects(CODE.duties(), /out of reach/);
  isAway = false;
  const code = await CODE.duties();
  assert.deepEqual([typeof code.makeDuties, typeof code.sweep], ["function", "function"]);
  assert.equal(await CODE.duties(), code);
  assert.deepEqual(asked, ["./duties.ts", "../duties.ts?1", "../duties.ts?2"]);
});
