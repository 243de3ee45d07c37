// The golden frames of tests/vectors, which the server and the other SDKs read, too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Garbled, bytesOf, decode, frameOf } from "../../src/wire/codec.ts";
import { adviceOf, ofBye, ofClose } from "../../src/wire/loss.ts";

interface Frame {
  readonly name: string;
  readonly json: string;
  readonly means: { readonly id: number; readonly do: { readonly op: string } };
  readonly reads_as: unknown;
}

function frames(file: string): readonly Frame[] {
  const url = new URL(`../../../../tests/vectors/${file}`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")).frames;
}

// What is expected stands in what is there; more may stand beside it.
function assertHolds(actual: unknown, expected: unknown, name: string): void {
  if (typeof expected !== "object" || expected === null) {
    assert.equal(actual, expected, name);
    return;
  }
  assert.ok(typeof actual === "object" && actual !== null, name);
  for (const [key, value] of Object.entries(expected)) {
    assertHolds((actual as { [key: string]: unknown })[key], value, `${name}: ${key}`);
  }
}

test("a request is written as the golden frames are", () => {
  const known = frames("client.json");
  assert.ok(known.length > 100);
  for (const { name, json, means } of known) {
    // Large floats are written with a plus here.
    assert.equal(frameOf(means.id, JSON.stringify(means.do)).replace(/(\d)e\+(\d)/g, "$1e$2"), json, name);
  }
});

test("every frame of the server is read as it is meant", () => {
  const known = frames("server.json");
  assert.ok(known.length > 100);
  for (const { name, json, means } of known) {
    assert.deepEqual(decode(json), means, name);
  }
});

test("what a later server says is passed over, and what is known in it is read", () => {
  for (const { name, json, reads_as: expected } of frames("server_later.json")) {
    const read = decode(json);
    if (expected === null) {
      assert.equal(read, null, name);
    } else {
      assertHolds(read, expected, name);
    }
  }
});

test("what is no frame of the protocol is no frame", () => {
  const facts = (list: string) => `{"is":"facts","stream":"c/a","epoch":1,"checkpoint":1,"facts":${list}}`;
  const bad = [
    "",
    "{",
    "[]",
    "1",
    "null",
    '{"re":1}',
    '{"is":1}',
    '{"is":"reply","re":1}',
    '{"is":"reply","re":"1","answer":{"kind":"done"}}',
    '{"is":"reply","re":1,"answer":{}}',
    '{"is":"error","re":1,"code":"internal"}',
    '{"is":"event","event":null}',
    '{"is":"bye","code":"draining","message":""}',
    facts("{}"),
    facts('[{"seq":0,"at":1,"fact":{"kind":"x"}}]'),
    facts('[{"seq":1,"at":1,"fact":{}}]'),
    facts('[{"seq":1,"at":1,"fact":{"kind":"x"}},{"seq":3,"at":1,"fact":{"kind":"x"}}]'),
  ];
  for (const text of bad) {
    assert.throws(() => decode(text), Garbled, text);
  }
  assert.throws(() => decode(new Uint8Array([0x80])), Garbled);
  assert.equal(decode('{"is":"toString"}'), null);
});

test("the size of a text is that of its UTF-8", () => {
  for (const text of ["", "abc", "é", "下雨", "🙂", "a🙂é下", '\u{10ffff}"']) {
    assert.equal(bytesOf(text), new TextEncoder().encode(text).length, text);
  }
});

test("a close code says what its bye would have said", () => {
  const told = ofClose(4432, "another device");
  assert.deepEqual(told, { code: "displaced", message: "another device", advice: "stop" });
  assert.equal(ofClose(1006, "").code, "link_lost");
  assert.equal(ofClose(4999, "").advice, "later");
  assert.equal(adviceOf("token_expired"), "new_token");
  assert.equal(adviceOf("of_a_later_server"), "later");
  const bye = { is: "bye", code: "draining", message: "", advice: "dance", retry_after_ms: 250 } as const;
  assert.deepEqual(ofBye(bye), { code: "draining", message: "", advice: "later", retryAfterMs: 250, newcomer: undefined });
});
