/** Who holds the session, and how messages find their way, with locks and channels of this test. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Holder, HolderPorts } from "../../src/core/holding.ts";
import type { FromTab, HostKind, ToTabEnvelope } from "../../src/core/messages.ts";
import type { HolderEnd } from "../../src/host/channels.ts";
import { loopback } from "../../src/host/channels.ts";
import { LeaderHosting, depose } from "../../src/host/leader-tab.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import { contextOf, namesOf, ofWorkerName, workerName } from "../../src/host/names.ts";
import { FakeBus } from "../fakes/bus.ts";
import { FakeLocks } from "../fakes/locks.ts";
import { ManualClock, settle } from "../fakes/time.ts";

const NAMES = namesOf("unisono/here");

/** Writes down what it is told. */
class Recorder implements Holder {
  isLeaving = false;
  readonly told: string[] = [];
  readonly ports: HolderPorts;

  constructor(ports: HolderPorts) {
    this.ports = ports;
  }

  take({ tab, message }: { tab: string; message: FromTab }): void {
    this.told.push(`${tab} ${message.is}`);
  }

  gone(tab: string): void {
    this.told.push(`${tab} gone`);
  }

  stop(): void {
    this.told.push("stop");
  }
}

class Browser {
  readonly locks = new FakeLocks();
  readonly bus = new FakeBus();
  readonly holders = new Map<string, Recorder[]>();
  private ids = 0;

  /** Takes the locks by which it is seen that these tabs live. */
  live(...tabs: string[]): void {
    for (const tab of tabs) void this.locks.of(tab).hold(NAMES.tab(tab));
  }

  host(agent: string, kind: HostKind, shared = true): LeaderHosting {
    const made: Recorder[] = [];
    this.holders.set(agent, made);
    return new LeaderHosting({
      kind,
      marks: kind === "shared-worker" ? [NAMES.ownerIsWorker] : [],
      names: NAMES,
      clock: new ManualClock(),
      entropy: { id: () => `${++this.ids}`, chance: () => 0 },
      store: new MemoryStore(),
      sdk: "test",
      locks: shared ? this.locks.of(agent) : null,
      bus: shared ? () => this.bus.ofHolder(agent) : null,
      code: {
        dial: () => Promise.reject(new Error("nobody there")),
        duties: () => Promise.reject(new Error("nowhere")),
        make: (ports) => {
          const holder = new Recorder(ports);
          made.push(holder);
          return holder;
        },
      },
    });
  }

  holder(agent: string): Recorder {
    const holder = this.holders.get(agent)?.at(-1);
    assert.ok(holder, `${agent} is not the holder`);
    return holder;
  }

  told(agent: string): string[] {
    return this.holder(agent).told;
  }

  /** A tab on the bus: what it hears. */
  tab(name: string): { heard: string[]; say(message: FromTab): Promise<void> } {
    const end = this.bus.ofTab(name);
    const heard = hearing(end);
    return {
      heard,
      say: async (message) => {
        end.post({ tab: name, message });
        await settle();
      },
    };
  }
}

function hearing(end: { listen(take: (envelope: ToTabEnvelope) => void): void }): string[] {
  const heard: string[] = [];
  end.listen(({ tab, message }) => heard.push(`${tab ?? "all"} ${message.is}`));
  return heard;
}

function hello(tab: string): FromTab {
  const wish = { url: "ws://here", user: "ann", tag: null, device: { id: "d", platform: "web" } };
  const view = { visible: true, focused: true, conversation: null, online: true };
  return { is: "hello", v: 1, tab, sdk: "test", since: 0, wish, cursor: null, fence: 0, unanswered: [], view, token: null, canAsk: false };
}

async function started(browser: Browser, agent: string, kind: HostKind = "leader-tab"): Promise<LeaderHosting> {
  const hosting = browser.host(agent, kind);
  hosting.start();
  await settle();
  return hosting;
}

test("names of two contexts are never the same, whatever is in their parts", () => {
  const wish = (user: string | null, tag: string | null, platform = "web"): string => contextOf({ url: "ws://h", user, tag, device: { id: "d", platform } }, "");
  const all = [wish("a", null), wish("a/b", null), wish("a", "b"), wish(null, "a"), wish("b", null), wish("a", null, "android"), contextOf({ url: "ws://h", user: "a", tag: null, device: { id: "d", platform: "web" } }, "x")];
  assert.equal(new Set(all).size, all.length);
  for (const attempt of [0, 1, 12]) assert.deepEqual(ofWorkerName(workerName(wish("a#1", null), attempt)), { context: wish("a#1", null), attempt });
});

test("of two candidates one holds the session, and the other one when the first dies", async () => {
  const browser = new Browser();
  const first = await started(browser, "a");
  const second = await started(browser, "b");
  assert.deepEqual([first.isHolder, second.isHolder], [true, false]);
  const tab = browser.tab("t");
  browser.locks.kill("a");
  await settle();
  assert.equal(second.isHolder, true);
  assert.deepEqual(tab.heard, ["all who"]);
});

test("a worker's holder says by a lock that nobody may steal from it", async () => {
  const browser = new Browser();
  await started(browser, "w", "shared-worker");
  assert.ok(browser.locks.names().includes(NAMES.ownerIsWorker));
  browser.locks.kill("w");
  await started(browser, "a");
  assert.ok(!browser.locks.names().includes(NAMES.ownerIsWorker));
});

test("a worker that came second sends its tabs to the bus, and is the next holder", async () => {
  const browser = new Browser();
  await started(browser, "a");
  const worker = browser.host("w", "shared-worker");
  const ends = loopback();
  const heard = hearing(ends.tab);
  worker.connect(ends.holder);
  worker.start();
  ends.tab.post({ tab: "t", message: hello("t") });
  await settle();
  assert.deepEqual(heard, ["t elsewhere"]);
  browser.locks.kill("a");
  await settle();
  assert.equal(worker.isHolder, true);
});

test("what came before it was known whether the lock is free is not lost", async () => {
  const browser = new Browser();
  browser.live("t");
  const worker = browser.host("w", "shared-worker");
  const ends = loopback();
  const heard = hearing(ends.tab);
  worker.connect(ends.holder);
  worker.start();
  ends.tab.post({ tab: "t", message: hello("t") });
  await settle();
  assert.deepEqual(browser.told("w"), ["t hello"]);
  // It has spoken to this holder: it need not be asked who it is.
  assert.deepEqual(heard, []);
});

test("answers go the way their tab came, and pings are answered by the host itself", async () => {
  const browser = new Browser();
  browser.live("p", "b");
  const worker = await started(browser, "w", "shared-worker");
  const ends = loopback();
  const onPort = hearing(ends.tab);
  worker.connect(ends.holder);
  const onBus = browser.tab("b");
  ends.tab.post({ tab: "p", message: hello("p") });
  await onBus.say(hello("b"));
  await onBus.say({ is: "ping" });
  const { ports, told } = browser.holder("w");
  ports.post({ fence: 1, tab: "p", message: { is: "behind" } });
  ports.post({ fence: 1, tab: "b", message: { is: "who" } });
  ports.post({ fence: 1, tab: null, message: { is: "tabs", tabs: [] } });
  await settle();
  assert.deepEqual(onPort, ["p behind", "all tabs"]);
  assert.deepEqual(onBus.heard, ["b pong", "b who", "all tabs"]);
  assert.deepEqual(told, ["p hello", "b hello"]);
});

test("a tab that dies is noticed by its lock, one that says bye is not noticed twice", async () => {
  const browser = new Browser();
  await started(browser, "a");
  const [one, other] = [browser.tab("one"), browser.tab("other")];
  browser.live("one", "other");
  await one.say(hello("one"));
  await one.say(hello("one"));
  await other.say(hello("other"));
  await other.say({ is: "bye" });
  browser.locks.kill("one");
  browser.locks.kill("other");
  await settle();
  assert.deepEqual(browser.told("a"), ["one hello", "one hello", "other hello", "other bye", "one gone"]);
  assert.deepEqual(browser.locks.names().filter((name) => name.includes("/tab/")), []);
});

test("nothing is posted to a page that said bye: it would be thrown out of the cache", async () => {
  const browser = new Browser();
  const worker = await started(browser, "w", "shared-worker");
  const ends = loopback();
  const heard = hearing(ends.tab);
  worker.connect(ends.holder);
  ends.tab.post({ tab: "p", message: hello("p") });
  ends.tab.post({ tab: "p", message: { is: "bye" } });
  await settle();
  const { ports } = browser.holder("w");
  ports.post({ fence: 1, tab: null, message: { is: "tabs", tabs: [] } });
  ports.post({ fence: 1, tab: "p", message: { is: "behind" } });
  await settle();
  assert.deepEqual(heard, []);
});

test("a frozen leader is deposed: its holder ends, and it waits for its turn like others", async () => {
  const browser = new Browser();
  const frozen = await started(browser, "a");
  const thief = await started(browser, "b");
  await depose(thief, { locks: browser.locks.of("b"), names: NAMES });
  await settle();
  assert.deepEqual([frozen.isHolder, thief.isHolder], [false, true]);
  assert.deepEqual(browser.told("a"), ["stop"]);
  thief.stop();
  await settle();
  assert.equal(frozen.isHolder, true);
});

test("a host that stops leaves no lock behind and hears nothing more", async () => {
  const browser = new Browser();
  browser.live("t");
  const hosting = await started(browser, "a");
  const tab = browser.tab("t");
  await tab.say(hello("t"));
  hosting.stop();
  assert.deepEqual(browser.locks.names().filter((name) => !name.includes("/tab/")), []);
  await tab.say({ is: "ping" });
  assert.deepEqual(browser.told("a"), ["t hello", "stop"]);
  assert.deepEqual(tab.heard, []);
});

test("a host that is not needed any more goes when its holder has told the end, and holds nothing again", async () => {
  for (const how of ["over", "robbed"]) {
    const browser = new Browser();
    const hosting = await started(browser, "a");
    browser.holder("a").isLeaving = true;
    const ended: string[] = [];
    hosting.retire(() => (hosting.stop(), ended.push(how)));
    await settle();
    assert.deepEqual([hosting.isHolder, ended], [true, []]);
    if (how === "over") browser.holder("a").ports.over();
    else await browser.locks.of("b").steal(NAMES.owner);
    await settle();
    assert.deepEqual([hosting.isHolder, ended, browser.told("a")], [false, [how], ["stop"]]);
    browser.locks.kill("b");
    await settle();
    assert.deepEqual(browser.locks.names(), []);
  }
  const idle = await started(new Browser(), "a");
  idle.retire(() => idle.stop());
  assert.equal(idle.isHolder, false);
});

test("one that stops while it waits for its turn never has it", async () => {
  const browser = new Browser();
  await started(browser, "a");
  const waiting = await started(browser, "b");
  waiting.stop();
  browser.locks.kill("a");
  await settle();
  assert.equal(waiting.isHolder, false);
  assert.deepEqual(browser.locks.names(), []);
});

test("one that stops before it knows whether the lock is free never has it either", async () => {
  const browser = new Browser();
  const hosting = browser.host("a", "leader-tab");
  hosting.start();
  hosting.stop();
  await settle();
  assert.deepEqual([hosting.isHolder, browser.locks.names()], [false, []]);
});

test("a holder that ended by itself frees its locks; the next hello begins another", async () => {
  const browser = new Browser();
  browser.live("p");
  const worker = await started(browser, "w", "shared-worker");
  const ends = loopback();
  const heard = hearing(ends.tab);
  worker.connect(ends.holder);
  browser.holder("w").ports.over();
  await settle();
  assert.deepEqual(heard, ["all who"]);
  assert.deepEqual(browser.locks.names(), [NAMES.tab("p")]);
  ends.tab.post({ tab: "p", message: hello("p") });
  await settle();
  assert.equal(browser.holders.get("w")?.length, 2);
  assert.deepEqual(browser.told("w"), ["p hello"]);
});

test("what is said in one page arrives as a copy: a program that changes its own changes nothing of the holder's", async () => {
  const { tab, holder } = loopback();
  const said: unknown[] = [];
  holder.listen(({ message }) => said.push(message));
  const message = { is: "object", n: 1, name: "o", value: { a: [1] } } as const;
  tab.post({ tab: "t", message });
  (message.value.a as unknown as number[])[0] = 2;
  await settle();
  assert.deepEqual(said, [{ is: "object", n: 1, name: "o", value: { a: [1] } }]);
});

test("a tab alone needs no lock and no bus", async () => {
  const browser = new Browser();
  const hosting = browser.host("a", "single", false);
  const ends: { tab: { post(message: { tab: string; message: FromTab }): void }; holder: HolderEnd } = loopback();
  hosting.connect(ends.holder);
  hosting.start();
  ends.tab.post({ tab: "t", message: hello("t") });
  await settle();
  assert.deepEqual(browser.told("a"), ["t hello"]);
  assert.deepEqual(browser.locks.names(), []);
});

test("a host that ended for tabs of a newer protocol never begins again for them, but for its own", async () => {
  const browser = new Browser();
  browser.live("new", "old");
  const worker = await started(browser, "w", "shared-worker");
  const said: string[][] = [];
  const talk = async (message: FromTab, tab = "new"): Promise<void> => {
    const ends = loopback();
    said.push(hearing(ends.tab));
    worker.connect(ends.holder);
    ends.tab.post({ tab, message });
    await settle();
  };
  await talk({ is: "yield", v: 2 });
  browser.holder("w").ports.over();
  await settle();
  await talk({ ...hello("new"), v: 2 } as FromTab);
  assert.deepEqual([worker.isHolder, said.at(-1)], [false, ["new elsewhere"]]);
  await talk(hello("old"), "old");
  assert.equal(worker.isHolder, true);
});

test("a tab that comes again by another port is heard and told there alone", async () => {
  const browser = new Browser();
  browser.live("t");
  const worker = await started(browser, "w", "shared-worker");
  const [before, after] = [loopback(), loopback()];
  const [atFirst, then] = [hearing(before.tab), hearing(after.tab)];
  for (const ends of [before, after]) {
    worker.connect(ends.holder);
    ends.tab.post({ tab: "t", message: hello("t") });
    await settle();
  }
  // What was under way by the old port does not bring it back.
  before.tab.post({ tab: "t", message: { is: "retry" } });
  await settle();
  const { ports } = browser.holder("w");
  ports.post({ fence: 1, tab: null, message: { is: "tabs", tabs: [] } });
  ports.post({ fence: 1, tab: "t", message: { is: "behind" } });
  await settle();
  assert.deepEqual([atFirst, then], [[], ["all tabs", "t behind"]]);
});

test("a worker that hangs and is deposed leaves no mark on the tab that leads after it", async () => {
  const browser = new Browser();
  // It does not hear that its lock is taken away.
  for (const name of [NAMES.owner, NAMES.ownerIsWorker]) await browser.locks.of("w").hold(name);
  const thief = await started(browser, "a");
  await depose(thief, { locks: browser.locks.of("a"), names: NAMES });
  assert.equal(thief.isHolder, true);
  assert.ok(!browser.locks.names().includes(NAMES.ownerIsWorker));
});
