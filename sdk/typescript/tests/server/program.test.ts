/** Programs in several tabs of one session, with a real server. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Image, Unknown, body } from "../../src/api/bodies.ts";
import type { Client } from "../../src/api/client.ts";
import { Message } from "../../src/api/message.ts";
import type { Plugin } from "../../src/api/plugins.ts";
import { Browser, until } from "../fakes/people.ts";
import { tabs } from "../fakes/programs.ts";

function messages(client: Client): Message[] {
  const heard: Message[] = [];
  client.on("message", (message) => heard.push(message));
  return heard;
}

class Poll extends body<{ question: string }>(1, { question: "string" }) {}

test("plugins and classes of messages act in the tab that has them, and in no other", async () => {
  const [ann, bob] = [new Browser("ann"), new Browser("bob")];
  const kitchen: Plugin = { name: "kitchen", bodies: [Poll], beforeParse: (content) => (content.text === "Cheese!" ? { ...content, text: "Käse!" } : content) };
  const [plugged, plain] = (await tabs(ann, { plugins: [kitchen] }, {})) as [Client, Client];
  const [other] = (await tabs(bob, {})) as [Client];
  const heard = [messages(plugged), messages(plain)] as const;
  const chat = await other.direct(ann.user);
  await chat.send("Cheese!");
  await chat.send(new Poll({ question: "More?", text: "A poll" }));
  await until(() => heard.every((each) => each.length === 2));
  const [here, there] = heard;
  assert.deepEqual([here.map(({ text }) => text), there.map(({ text }) => text)], [["Käse!", "A poll"], ["Cheese!", "A poll"]]);
  assert.ok(here[1]?.body instanceof Poll && here[1].body.question === "More?");
  assert.ok(there[1]?.body instanceof Unknown && there[1].text === "A poll");
  assert.equal(ann.links, 1);
  for (const browser of [ann, bob]) browser.close();
});

test("what changes in one tab, and the files sent from it, are in all tabs", async () => {
  const ann = new Browser("ann");
  const [one, two] = (await tabs(ann, {}, {})) as [Client, Client];
  const heard = messages(two);
  const kept: unknown[] = [];
  const changes: unknown[] = [];
  two.on("kept", ({ name, value }) => kept.push([name, value]));
  two.on("memberChanged", ({ user, attributes }) => changes.push([user, attributes]));
  const group = await one.create([], { name: "Me", unique: false });
  await one.kept.set("profile", { name: "Ann B." });
  await group.setMember(ann.user, { attributes: { nick: "A." } });
  const file = await one.upload(new File(["abc"], "abc.png", { type: "image/png" }));
  const sent = await group.send(new Image({ file, text: "a picture" }), { receipt: true });
  await until(() => heard.length === 1 && kept.length === 1 && changes.length === 1);
  assert.deepEqual([kept, changes], [[["profile", { name: "Ann B." }]], [[ann.user, { nick: "A." }]]]);
  const [came] = heard as [Message];
  assert.ok(came.body instanceof Image);
  assert.equal(await (await fetch(came.body.file.url)).text(), "abc");
  assert.deepEqual([came.isMine, came.isFromHere, sent.isFromHere, came.seq], [true, false, true, sent.seq]);
  assert.equal(two.conversation(group.id).name, "Me");
  ann.close();
});
