/** One user on several devices with several tabs each, and a real server. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Browser, idOf, until } from "../fakes/people.ts";
import { Program } from "../fakes/programs.ts";

const DEVICES = 3;
const TABS = 4;

test("a message reaches each of twelve tabs once, by three frames, and the server lists all twelve under one user", async (t) => {
  const first = new Browser("ivy");
  const devices = [first, ...Array.from({ length: DEVICES - 1 }, (_, at) => new Browser(`ivy${at}`, undefined, first.user))];
  const jon = new Browser("jon");
  t.after(() => [...devices, jon].forEach((browser) => browser.close()));
  for (const device of devices) for (let at = 0; at < TABS; at++) await device.open(`t${at}`);
  const sender = await jon.open("j");
  const conversation = idOf(await sender.request({ op: "create", key: sender.newKey(), members: [first.user] }));
  const heard = (device: Browser, tab: string) => device.diary(tab).of("fact").filter(([stream, , seq]) => stream === `c/${conversation}` && seq === 2).length;
  await until(() => devices.every((device) => [...device.tabs.keys()].every((tab) => device.diary(tab).of("fact").some(([stream]) => stream === `c/${conversation}`))));
  const before = devices.map((device) => device.frames(conversation));
  await sender.place({ op: "send", key: sender.newKey(), conversation, content: { text: "one event" } });
  await until(() => devices.every((device) => [...device.tabs.keys()].every((tab) => heard(device, tab) > 0)));
  await new Promise((done) => setTimeout(done, 300));
  for (const device of devices) for (const tab of device.tabs.keys()) assert.equal(heard(device, tab), 1);
  assert.deepEqual(devices.map((device, at) => device.frames(conversation) - (before[at] ?? 0)), [1, 1, 1]);
  const [asking] = first.tabs.values();
  const { sessions } = (await asking?.request({ op: "sessions" })) as unknown as { sessions: { device: string; tabs: { tab: string }[] }[] };
  assert.equal(new Set(sessions.map(({ device }) => device)).size, DEVICES);
  assert.deepEqual(
    sessions.flatMap(({ tabs }) => tabs.map(({ tab }) => tab)).sort(),
    devices.flatMap((device) => [...device.tabs.values()].map(({ tab }) => tab)).sort(),
  );
});

test("with random ids and a limit of four the fifth tab kicks the first, which is told by whom and stays out", async (t) => {
  const user = `kim-${process.pid}`;
  const tabs = Array.from({ length: 5 }, () => new Program({ deviceId: "random" }));
  t.after(() => Promise.all(tabs.map((tab) => tab.close())));
  const ends: unknown[] = [];
  const clients = [];
  for (const [at, tab] of tabs.entries()) {
    const client = await tab.login({ user, device: { label: `tab ${at}`, info: `{"at":${at}}` } });
    client.on("displaced", ({ newcomer }) => ends.push(["displaced", at, newcomer]));
    client.on("closed", ({ code }) => ends.push(["closed", at, code]));
    clients.push(client);
  }
  await until(() => ends.length === 2);
  assert.deepEqual(ends, [
    ["displaced", 0, { platform: "web", label: "tab 4", info: '{"at":4}' }],
    ["closed", 0, "displaced"],
  ]);
  assert.equal(tabs[0]?.retry(), false);
  const left = (await clients[4]?.sessions()) ?? [];
  assert.deepEqual(left.map(({ shown }) => shown.label), ["tab 1", "tab 2", "tab 3", "tab 4"]);
  assert.equal(new Set(left.map(({ device }) => device)).size, 4);
});
