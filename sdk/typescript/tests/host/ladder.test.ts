/** Which worker a tab asks, and when it gives workers up. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { FromTab, ToTabEnvelope } from "../../src/core/messages.ts";
import type { Ways } from "../../src/core/ways.ts";
import type { TabEnd } from "../../src/host/channels.ts";
import { lateWays } from "../../src/host/late.ts";
import { namesOf } from "../../src/host/names.ts";
import { workerWays } from "../../src/host/shared-worker.ts";
import { ManualClock, settle } from "../fakes/time.ts";

const NAMES = namesOf("unisono/here");
const BYE: FromTab = { is: "bye" };

/** Workers as a page sees them: what it made, and what it said to each. */
class Page {
  readonly made: { name: string; said: unknown[]; worker: { onerror: (() => void) | null }; hear: (envelope: ToTabEnvelope) => void }[] = [];
  readonly clock = new ManualClock();
  held: string[] = [];
  failures = 0;
  fallbacks = 0;
  mayMake = true;
  readonly ways: Ways;

  constructor() {
    const page = this;
    class FakeWorker {
      onerror: (() => void) | null = null;
      readonly port: { onmessage: ((event: { data: ToTabEnvelope }) => void) | null; postMessage(message: unknown): void; close(): void };

      constructor(_url: string, { name }: { name: string }) {
        if (!page.mayMake) throw new Error("forbidden");
        const said: unknown[] = [];
        this.port = { onmessage: null, postMessage: (message) => said.push(message), close: () => undefined };
        page.made.push({ name, said, worker: this, hear: (data) => this.port.onmessage?.({ data }) });
      }
    }
    Object.assign(globalThis, { SharedWorker: FakeWorker });
    const locks = { query: () => Promise.resolve({ held: page.held.map((name) => ({ name })) }) } as unknown as LockManager;
    const next: Ways = { patience: 7, open: () => silent(), elsewhere: () => undefined, suspend: () => undefined, close: () => undefined };
    this.ways = workerWays({ names: NAMES, url: "/worker.js", locks, clock: this.clock, entropy: { id: () => "", chance: () => 0 }, fallback: () => (this.fallbacks++, next) });
  }

  async open(silences: number): Promise<TabEnd> {
    const end = this.ways.open(silences, () => this.failures++);
    end.listen(() => undefined);
    await settle();
    await this.clock.go(700);
    return end;
  }

  names(): string[] {
    return this.made.map(({ name }) => name.replace(`${NAMES.context}#`, ""));
  }
}

function silent(): TabEnd {
  return { post: () => undefined, listen: () => undefined, close: () => undefined };
}

test("what is said before the worker is there is kept", async () => {
  const page = new Page();
  const end = page.ways.open(0, () => undefined);
  end.post({ tab: "t", message: BYE });
  await settle();
  assert.deepEqual(page.names(), ["0"]);
  assert.deepEqual(page.made[0]?.said, [{ tab: "t", message: BYE }]);
});

test("the worker that holds the session is looked up by its lock", async () => {
  const page = new Page();
  page.held = [`${NAMES.worker}3`, NAMES.owner, "unisono/elsewhere/worker/9"];
  await page.open(0);
  assert.deepEqual(page.names(), ["3"]);
});

test("after a death the next one is asked, never the dead one's name, unless others were faster", async () => {
  const page = new Page();
  await page.open(0);
  page.held = [`${NAMES.worker}0`];
  await page.open(0);
  page.held = [`${NAMES.worker}4`];
  await page.open(0);
  assert.deepEqual(page.names(), ["0", "1", "4"]);
});

test("a page that slept greets the same worker again", async () => {
  const page = new Page();
  await page.open(0);
  page.ways.suspend("t1");
  await page.open(0);
  assert.deepEqual(page.names(), ["0", "0"]);
});

test("three silent workers are enough", async () => {
  const page = new Page();
  for (const silences of [0, 1, 2, 3]) await page.open(silences);
  assert.deepEqual(page.names(), ["0", "1", "2"]);
  assert.equal(page.fallbacks, 1);
  assert.equal(page.ways.patience, 7);
  await page.open(0);
  assert.equal(page.made.length, 3);
});

test("a welcome begins the count anew", async () => {
  const page = new Page();
  for (const silences of [0, 1, 0, 1, 2]) await page.open(silences);
  assert.equal(page.fallbacks, 0);
});

test("where no worker may be made, the next rung is taken at once", async () => {
  const page = new Page();
  page.mayMake = false;
  await page.open(0);
  assert.deepEqual([page.failures, page.fallbacks], [1, 1]);
});

test("an error before the first word means that there is no worker, one afterwards does not", async () => {
  const page = new Page();
  await page.open(0);
  page.made[0]?.hear({ fence: 1, tab: "t", message: { is: "pong" } });
  page.made[0]?.worker.onerror?.();
  assert.equal(page.failures, 0);
  await page.open(0);
  page.made[1]?.worker.onerror?.();
  assert.deepEqual([page.failures, page.fallbacks], [1, 1]);
});

test("who holds the session elsewhere is asked on the bus, and deposed by a leader tab if it is silent", async () => {
  const page = new Page();
  await page.open(0);
  page.ways.elsewhere();
  (await page.open(0)).close();
  assert.deepEqual(page.names(), ["0"]);
  assert.equal(page.fallbacks, 0);
  await page.open(1);
  assert.equal(page.fallbacks, 1);
});

test("where the code of a host cannot be had, whoever holds the session is asked on another way", async () => {
  const said: unknown[] = [];
  const ways = lateWays(() => Promise.reject(new Error("no network")), () => ({ ...silent(), post: (message) => said.push(message) }));
  ways.open(0, () => undefined).post({ tab: "t", message: BYE });
  await settle();
  assert.deepEqual(said, [{ tab: "t", message: BYE }]);
});

test("ways that come late keep what was said; a failed load is tried again, and one that comes after the end does nothing", async () => {
  const said: unknown[] = [];
  const opened: number[] = [];
  let fails = true;
  const inner: Ways = {
    patience: 5,
    open: (silences) => {
      opened.push(silences);
      return { ...silent(), post: (message) => said.push(message) };
    },
    elsewhere: () => undefined,
    suspend: () => undefined,
    close: () => undefined,
  };
  const ways = lateWays(() => (fails ? Promise.reject(new Error("no network")) : Promise.resolve(inner)));
  ways.open(0, () => undefined).post({ tab: "t", message: BYE });
  await settle();
  assert.deepEqual([opened, said], [[], []]);
  fails = false;
  const end = ways.open(1, () => undefined);
  end.post({ tab: "t", message: BYE });
  assert.equal(ways.patience, 0);
  await settle();
  assert.deepEqual([opened, said.length, ways.patience], [[1], 1, 5]);
  end.close();
  const other = lateWays(() => Promise.resolve(inner));
  other.open(9, () => undefined);
  other.close("t1");
  await settle();
  assert.deepEqual(opened, [1]);
});
