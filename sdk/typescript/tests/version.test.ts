/** What the package says of itself. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { SDK } from "../src/version.ts";

test("the SDK tells servers the version of its package", () => {
  const { name, version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { name: string; version: string };
  assert.equal(SDK, `${name}/${version}`);
});
