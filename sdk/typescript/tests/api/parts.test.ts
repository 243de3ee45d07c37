// The small parts of the API: names, errors, bodies, events, counts, attributes, conditions.

import assert from "node:assert/strict";
import { test } from "node:test";

import { changed } from "../../src/api/attributes.ts";
import { Bodies, Image, Location, Text, Unknown, body } from "../../src/api/bodies.ts";
import { asContent } from "../../src/api/content.ts";
import { Emitter } from "../../src/api/emitter.ts";
import { Displaced, Forbidden, InvalidArgument, LinkDown, LocalFault, NotFound, Overflow, Refused, SessionOver, UnisonoError, errorOf } from "../../src/api/errors.ts";
import { Line } from "../../src/api/line.ts";
import { camel, snake } from "../../src/api/names.ts";
import { containsMembers, field, withMembers } from "../../src/api/query.ts";
import { Sent } from "../../src/api/receipts.ts";
import { Told, Waiting } from "../../src/api/unread.ts";
import { settled } from "./fake_desk.ts";

test("names are turned, and what is the application's own is not", () => {
  const wire = { is_typing: true, rules: { mention_all: "owner" }, attributes: { my_own: 1 }, none: null, list: [{ seen_at: 3 }], set: { "attr.a_b": 1 } };
  const mine = camel(wire);
  assert.deepEqual(mine, { isTyping: true, rules: { mentionAll: "owner" }, attributes: { my_own: 1 }, list: [{ seenAt: 3 }], set: { "attr.a_b": 1 } });
  assert.deepEqual(snake({ ...mine, left: undefined }), { is_typing: true, rules: { mention_all: "owner" }, attributes: { my_own: 1 }, list: [{ seen_at: 3 }], set: { "attr.a_b": 1 } });
});

test("bytes are base64 on the wire", () => {
  const plain = snake({ content: { binary: Uint8Array.of(0, 255, 128) } });
  assert.deepEqual(plain, { content: { binary: "AP+A" } });
  assert.deepEqual(camel(plain), { content: { binary: Uint8Array.of(0, 255, 128) } });
});

test("a fault becomes the class of its code, whoever found it", () => {
  const found = errorOf({ code: "not_found", message: "no such", where: "server" });
  assert.ok(found instanceof NotFound && found instanceof Refused && found instanceof UnisonoError);
  assert.equal(found.code, "not_found");
  assert.equal(found.retryable, false);
  const limited = errorOf({ fault: { code: "rate_limited", message: "", retryable: true, retryAfterMs: 250, numbers: { retry_after_ms: 250 }, where: "server" } }) as UnisonoError;
  assert.deepEqual([limited.code, limited.retryable, limited.retryAfterMs, limited.message], ["rate_limited", true, 250, "rate_limited"]);
  assert.ok(errorOf({ code: "displaced", message: "", where: "server" }) instanceof SessionOver);
  assert.ok(errorOf({ code: "displaced", message: "", where: "server" }) instanceof Displaced);
  assert.ok(errorOf({ code: "holder_lost", message: "", where: "holder" }) instanceof LinkDown);
  assert.equal(errorOf({ code: "new_one", message: "", where: "server" })?.constructor, Refused);
  assert.equal(errorOf({ code: "new_one", message: "", where: "link" })?.constructor, LocalFault);
  const own = new TypeError("of the program");
  assert.equal(errorOf(own), own);
  assert.deepEqual([new LinkDown().code, new LinkDown().retryable, new Forbidden().code, new InvalidArgument("x").message], ["link_down", true, "forbidden", "x"]);
});

test("built-in bodies travel as their types, and come as their classes", () => {
  const bodies = new Bodies();
  const image = new Image({ file: { url: "https://files.example.org/a.png", size: 3 }, text: "a sofa", attributes: { title: "Sofa" } });
  const content = asContent(image);
  assert.deepEqual(content, { type: -2, text: "a sofa", attributes: { title: "Sofa" }, data: { file: { url: "https://files.example.org/a.png", size: 3 } } });
  const read = bodies.parse(content);
  assert.ok(read instanceof Image);
  assert.equal(read.file.size, 3);
  const place = bodies.parse(asContent(new Location({ latitude: 1, longitude: 2 })));
  assert.ok(place instanceof Location && place.longitude === 2);
  assert.ok(bodies.parse({ text: "plain" }) instanceof Text);
  assert.deepEqual(asContent("plain"), { text: "plain" });
});

test("what is not known, or lacks something, is unknown and keeps its text", () => {
  const bodies = new Bodies();
  const strange = bodies.parse({ type: 77, text: "see it there", data: { a: 1 } });
  assert.ok(strange instanceof Unknown);
  assert.equal(strange.text, "see it there");
  assert.deepEqual(strange.toContent(), { type: 77, text: "see it there", data: { a: 1 } });
  const broken = bodies.parse({ type: -5, data: { latitude: "north", longitude: 2 } });
  assert.ok(broken instanceof Unknown);
  assert.equal(broken.reason, "latitude is no number");
});

class Poll extends body<{ question: string; options?: readonly string[] }>(1, { question: "string" }) {
  get choices(): readonly string[] {
    return this.options ?? ["yes", "no"];
  }
}

class Sticker extends body<{ pack: string }, Image>(2, { pack: "string" }, Image) {}

test("a class of one's own is read where it was registered", () => {
  const [mine, other] = [new Bodies(), new Bodies()];
  mine.register(Poll, Sticker);
  const content = asContent(new Poll({ question: "Cheese?", text: "A poll" }));
  assert.deepEqual(content, { type: 1, text: "A poll", data: { question: "Cheese?" } });
  const read = mine.parse(content);
  assert.ok(read instanceof Poll);
  assert.deepEqual([read.question, read.choices, read.text], ["Cheese?", ["yes", "no"], "A poll"]);
  assert.ok(other.parse(content) instanceof Unknown);
  const sticker = mine.parse(asContent(new Sticker({ pack: "cats", file: { url: "u" } })));
  assert.ok(sticker instanceof Sticker && sticker instanceof Image && sticker.pack === "cats" && sticker.file.url === "u");
  assert.ok(mine.parse({ type: 2, data: { pack: "cats" } }) instanceof Unknown, "an image needs its file");
  assert.throws(() => mine.register(Text as never), InvalidArgument);
  assert.throws(() => mine.register(body(2 ** 31) as never), InvalidArgument);
});

interface One {
  readonly type: "one";
  readonly n: number;
  readonly conversation?: { readonly id: string };
}
interface Two {
  readonly type: "two";
  readonly isInvited?: boolean;
}
interface Heard {
  readonly one: One;
  readonly two: Two;
  readonly invited: Two;
}
const emitter = (limit = 10): Emitter<Heard> => new Emitter<Heard>(new Set(["one", "two", "invited"]), limit);
const one = (n: number, id?: string): One => ({ type: "one", n, ...(id !== undefined && { conversation: { id } }) });
const isOne = (event: One | Two): event is One => event.type === "one";

test("handlers hear in order, and one that fails disturbs nobody", async (t) => {
  const complaints = t.mock.method(console, "error", () => undefined);
  const heard: unknown[] = [];
  const hub = emitter();
  hub.on("one", () => {
    throw new Error("mine");
  });
  const off = hub.on("one", ({ n }) => heard.push(n));
  hub.on("one", ({ n }) => heard.push(["here", n]), "here");
  hub.on("invited", ({ type }) => heard.push(`invited ${type}`));
  hub.emit(one(1));
  hub.emit(one(2, "here"));
  hub.emit({ type: "two", isInvited: true });
  off();
  hub.emit(one(3, "there"));
  assert.deepEqual(heard, [1, 2, ["here", 2], "invited two"]);
  assert.equal(complaints.mock.callCount(), 3);
  assert.throws(() => hub.on("three" as "one", () => undefined), InvalidArgument);
});

test("a handler that has to wait gets one event after the other, and no more than it may hold", async (t) => {
  const complaints = t.mock.method(console, "error", () => undefined);
  const heard: number[] = [];
  const go: (() => void)[] = [];
  const hub = emitter(2);
  hub.on("one", async ({ n }) => {
    await new Promise<void>((done) => go.push(done));
    heard.push(n);
  });
  for (const n of [1, 2, 3, 4, 5]) hub.emit(one(n));
  for (let turn = 0; turn < 5; turn++) {
    go.shift()?.();
    await settled();
  }
  assert.deepEqual(heard, [1, 2, 3]);
  assert.equal(complaints.mock.callCount(), 1);
});

test("an iterator gives what came since it was made, then says what it lost", async () => {
  const hub = emitter(2);
  hub.emit(one(0));
  const ones = hub.stream<One>(isOne);
  const waiting = ones.next();
  hub.emit({ type: "two" });
  for (const n of [1, 2, 3, 4, 5]) hub.emit(one(n));
  assert.deepEqual(await waiting, { done: false, value: one(1) });
  assert.deepEqual((await ones.next()).value, one(2));
  await assert.rejects(ones.next(), (fault) => fault instanceof Overflow && fault.numbers["lost"] === 3);
  assert.equal((await ones.next()).done, true);
});

test("an iterator ends with its client, and when its loop is left", async () => {
  const hub = emitter();
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const { type } of hub.stream(() => true)) seen.push(type);
  })();
  hub.emit(one(1));
  hub.end();
  await reading;
  assert.deepEqual(seen, ["one"]);
  assert.equal((await hub.stream(() => true).next()).done, true, "one that is made later is over");
  const other = emitter();
  const stream = other.stream(() => true);
  other.emit(one(1));
  other.emit(one(2));
  for await (const event of stream) {
    assert.deepEqual(event, one(1));
    break;
  }
  assert.equal((await stream.next()).done, true);
});

test("an iterator that is closed before it began holds nothing", async () => {
  const hub = emitter();
  let asked = 0;
  const stream = hub.stream(() => ++asked > 0);
  await stream.return();
  hub.emit(one(1));
  assert.deepEqual([asked, (await stream.next()).done], [0, true]);
});

test("what waits is counted from a place on, whichever stream is faster", () => {
  const waiting = new Waiting();
  waiting.counted({ unread: 2, mentions: 1, asOf: 10, read: 3 });
  waiting.came(9, true);
  waiting.came(11, true);
  waiting.came(11, true);
  waiting.came(12, false);
  assert.deepEqual([waiting.unread, waiting.mentions], [4, 2]);
  waiting.counted({ unread: 0, asOf: 9, read: 3 });
  assert.equal(waiting.unread, 4, "an older count is passed over");
  waiting.counted({ unread: 1, mentions: 0, asOf: 11, read: 10 });
  assert.deepEqual([waiting.unread, waiting.mentions], [2, 0]);
  waiting.joined(20);
  assert.equal(waiting.unread, 0);
});

test("a conversation that nobody reads costs no more with each message", () => {
  // Each used to be compared with all that waited, and kept: 200 a second stopped the tab over night.
  const waiting = new Waiting();
  waiting.counted({ unread: 2, mentions: 1, asOf: 10, read: 3 });
  for (let seq = 11; seq <= 200_010; seq++) waiting.came(seq, seq % 100 === 0);
  waiting.came(200_010, true);
  waiting.came(150, true);
  assert.deepEqual([waiting.unread, waiting.mentions], [200_002, 2001]);
  waiting.counted({ unread: 7, mentions: 1, asOf: 100, read: 90 });
  assert.equal(waiting.unread, 200_002, "an older count is passed over");
  waiting.counted({ unread: 1, mentions: 0, asOf: 200_000, read: 199_000 });
  assert.deepEqual([waiting.unread, waiting.mentions], [11, 0]);
  waiting.counted({ unread: 0, mentions: 0, asOf: 200_010, read: 200_010 });
  assert.deepEqual([waiting.unread, waiting.mentions], [0, 0]);
});

test("when messages were delivered is remembered of so many; of older ones it is known that they were", () => {
  const sent = new Sent();
  for (let seq = 1; seq <= 1500; seq++) sent.told("bob", seq, seq * 10, false);
  assert.deepEqual([1, 500, 501, 1500, 1501].map((seq) => sent.deliveredAt(seq)), [5010, 5010, 5010, 15_000, null]);
});

test("once a fact has told of my wish to come back, counts are not believed about it", () => {
  const waiting = new Waiting();
  waiting.counted({ unread: 0, asOf: 1, read: 0, isMarked: true });
  assert.equal(waiting.isMarked, true);
  waiting.mark(false);
  waiting.counted({ unread: 0, asOf: 2, read: 0, isMarked: true });
  assert.equal(waiting.isMarked, false);
});

test("a message that waited and comes is told once", () => {
  const told = new Told();
  assert.equal(told.waited(5), true);
  assert.equal(told.comes(5), false);
  assert.equal(told.comes(6), true);
  assert.equal(told.waited(6), false);
});

test("attributes are changed by their paths", () => {
  const before = { place: { city: "Oslo", street: "A" }, size: 1, list: [1] };
  assert.deepEqual(changed(before, { "attr.place.city": "Bergen", "attr.new.deep": true }, ["attr.size", "attr.none.there", "attr.list.x"]), {
    place: { city: "Bergen", street: "A" }, list: [1], new: { deep: true },
  });
  assert.deepEqual(changed(before, { "attr.size.unit": "m" }), { ...before, size: { unit: "m" } });
  assert.equal(before.size, 1);
});

test("conditions say what the protocol says", () => {
  const far = field("attr.city").oneOf("Bergen", "Oslo").and(withMembers("jerry")).and(field("name").startsWith("T"));
  assert.deepEqual(far.plain, {
    is: "all",
    of: [{ is: "one_of", field: "attr.city", values: ["Bergen", "Oslo"] }, { is: "with_members", users: ["jerry"] }, { is: "starts_with", field: "name", text: "T" }],
  });
  const either = field("attr.size").lessOrEqual(3).or(field("attr.size").missing()).not();
  assert.deepEqual(either.plain, { is: "not", of: { is: "any", of: [{ is: "less_or_equal", field: "attr.size", value: 3 }, { is: "missing", field: "attr.size" }] } });
  assert.deepEqual(field("name").matches("^t", { ignoreCase: true }).plain, { is: "matches", field: "name", pattern: "^t", ignore_case: true });
  assert.deepEqual(field("attr.tags").includes(false).plain, { is: "includes", field: "attr.tags", value: false });
  assert.deepEqual(containsMembers("a", "b").plain, { is: "contains_members", users: ["a", "b"] });
  assert.deepEqual(field("attr.x").has("a").plain, { is: "has", field: "attr.x", values: ["a"] });
  for (const name of ["equal", "notEqual", "less", "greater", "greaterOrEqual"] as const) assert.equal((field("a")[name](1).plain as { value: number }).value, 1);
  for (const name of ["contains", "endsWith"] as const) assert.equal((field("a")[name]("x").plain as { text: string }).text, "x");
  assert.deepEqual(field("a").exists().plain, { is: "exists", field: "a" });
});

test("what comes takes its turn, at once where nothing has to be waited for", async () => {
  const line = new Line();
  const told: number[] = [];
  line.put(() => void told.push(1));
  assert.equal(told.length, 0);
  line.open();
  let go = (): void => undefined;
  line.put(() => new Promise<void>((done) => (go = done)).then(() => void told.push(2)));
  line.put(() => void told.push(3));
  assert.equal(told.join(), "1");
  go();
  await line.told();
  assert.equal(told.join(), "1,2,3");
  line.put(() => void told.push(4));
  assert.deepEqual(told, [1, 2, 3, 4]);
});
