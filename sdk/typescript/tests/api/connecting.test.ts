/** Connecting by hand, with a tab and a holder as they are, and a server that says what the test wants. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Client } from "../../src/api/client.ts";
import { NotLetIn } from "../../src/api/errors.ts";
import { Tab } from "../../src/core/tab.ts";
import { loopback } from "../../src/host/channels.ts";
import { HubStage } from "../fakes/hub_stage.ts";
import { TestUnisono } from "./fake_desk.ts";

const VIEW = { visible: true, focused: true, conversation: null, online: true };

/** A client that holds its session itself, and asks `token` whenever its holder needs one. */
async function clientOf(stage: HubStage, token: () => string | null): Promise<Client> {
  const { tab: end, holder } = loopback();
  holder.listen((envelope) => (envelope.message.is === "ping" ? undefined : stage.holder.take(envelope)));
  stage.hears = (envelope) => holder.post(envelope);
  const ways = { patience: 0, open: () => end, elsewhere: () => undefined, suspend: () => undefined, close: () => undefined };
  const unisono = new TestUnisono({
    clock: stage.clock,
    canShare: () => false,
    put: () => Promise.reject(new Error("not here")),
    open: async ({ wish, listener, token: askToken }) => {
      const options = { tab: "t1", lock: "tab/t1", sdk: "test", wish: { ...wish, device: { ...wish.device, id: "d" } }, view: VIEW, token: null };
      const tab = new Tab({ clock: stage.clock, locks: null, ways, left: () => undefined }, { ...options, askToken: async () => (await askToken?.()) ?? null }, listener);
      await tab.attach();
      return tab;
    },
  }, { sharing: "off" });
  return soon(stage, unisono.login({ user: "ann", token: token as () => string }));
}

/** What comes of it as time goes on. */
async function soon<Given>(stage: HubStage, given: Promise<Given>): Promise<Given> {
  let isDone = false;
  void given.catch(() => undefined).finally(() => (isDone = true));
  for (let turn = 0; turn < 100 && !isDone; turn++) {
    await stage.clock.go(100);
    await new Promise((go) => setImmediate(go));
  }
  assert.ok(isDone, "nothing comes of it");
  return given;
}

test("who connects by hand is asked for a token again, though there was none before", async () => {
  // It failed at once and asked nobody, however often.
  const stage = new HubStage();
  const tokens: (string | null)[] = ["first"];
  let asked = 0;
  const client = await clientOf(stage, () => (asked++, tokens.shift() ?? null));
  assert.deepEqual([client.state, asked], ["live", 1]);
  stage.answers["resume"] = "token_expired";
  stage.close(1006);
  for (let turn = 0; turn < 50 && client.state !== "needs-token"; turn++) await stage.clock.go(100);
  assert.deepEqual([client.state, asked], ["needs-token", 2]);
  await assert.rejects(soon(stage, client.connect()), (problem) => problem instanceof NotLetIn && problem.code === "token_missing");
  assert.deepEqual([client.state, asked], ["needs-token", 3]);
  tokens.push("second");
  await soon(stage, client.connect());
  assert.deepEqual([client.state, asked], ["live", 4]);
  await client.close();
});
