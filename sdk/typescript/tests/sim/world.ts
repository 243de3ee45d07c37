/** A browser in a hostile world: tabs, holders and links come and go as a seed decides, and each tab's log is judged. */

import assert from "node:assert/strict";

import { makeHub } from "../../src/core/hub.ts";
import type { Holder } from "../../src/core/holding.ts";
import type { FromTabEnvelope, ToTabEnvelope, WireAnswer, WireFact } from "../../src/core/messages.ts";
import { Tab } from "../../src/core/tab.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import { Chance } from "../fakes/chance.ts";
import { Diary } from "../fakes/listener.ts";
import { FakeLocks } from "../fakes/locks.ts";
import { FakeServer, OWN, USER } from "../fakes/server.ts";
import { SlowStore } from "../fakes/slow_store.ts";
import { ManualClock } from "../fakes/time.ts";

/** A tab's facts against the server's: each once, in order, with nothing left out that is not said to be. */
class Log extends Diary {
  readonly at = new Map<string, { epoch: number; seq: number; isLeft: boolean }>();
  facts_ = 0;
  starts = 0;
  private heads: { readonly [stream: string]: number } = {};
  private readonly server: FakeServer;

  constructor(server: FakeServer) {
    super();
    this.server = server;
  }

  override started(answers: readonly WireAnswer[]): void {
    this.starts += 1;
    this.at.clear();
    const found = answers.find(({ kind }) => kind === "found")?.["conversations"] as readonly { conversation: string; head: number }[];
    this.heads = Object.fromEntries(found.map(({ conversation, head }) => [conversation, head]));
  }

  override facts(stream: string, epoch: number, facts: readonly WireFact[]): void {
    for (const fact of facts) this.take(stream, epoch, fact);
  }

  override startOver({ stream, epoch, last }: { stream: string; epoch: number; last: number }): void {
    this.at.set(stream, { epoch, seq: last, isLeft: false });
  }

  /** How far it came. */
  reached(stream: string): number {
    return this.at.get(stream)?.seq ?? this.heads[stream] ?? 0;
  }

  private take(stream: string, epoch: number, { seq, fact }: WireFact): void {
    const before = this.at.get(stream);
    const place = `${stream} ${seq}`;
    assert.deepEqual(this.server.streams.get(stream)?.[seq - 1]?.fact, fact, `another fact at ${place}`);
    const users = (fact["users"] ?? fact["members"] ?? []) as readonly string[];
    const isIn = (fact.kind === "joined" || fact.kind === "created") && users.includes(USER);
    if (before !== undefined) {
      assert.ok(seq > before.seq, `twice: ${place} after ${before.seq}`);
      assert.ok(seq === before.seq + 1 || (before.isLeft && isIn), `a hole before ${place}, after ${before.seq}`);
    } else assert.ok(seq <= (this.heads[stream] ?? 0) + 1 || isIn, `a hole before ${place}: it began with ${this.heads[stream]}`);
    this.at.set(stream, { epoch, seq, isLeft: fact.kind === "left" && users.includes(USER) });
    this.facts_ += 1;
  }
}

interface Page {
  readonly tab: Tab;
  readonly log: Log;
  /** What this page has to hear, as long as it is blocked. */
  blocked: (() => void)[] | null;
  isAsleep: boolean;
}

interface Reign {
  readonly holder: Holder;
  readonly store: SlowStore;
  readonly agent: string;
  readonly ends: Map<string, (envelope: ToTabEnvelope) => void>;
  isHeard: boolean;
}

interface Sent {
  readonly key: string;
  readonly conversation: string;
  seq: number | null;
  problem: string | null;
}

export class World {
  readonly clock = new ManualClock();
  readonly chance: Chance;
  readonly server: FakeServer;
  readonly locks = new FakeLocks();
  readonly pages = new Map<string, Page>();
  readonly sent = new Map<string, Sent[]>();
  readonly counts = { facts: 0, sends: 0, holders: 0, tabs: 0, cuts: 0, starts: 0 };
  private readonly kept = new MemoryStore();
  private reign: Reign | null = null;
  private conversations = 0;
  private names = 0;

  constructor(seed: number) {
    this.chance = new Chance(seed);
    this.server = new FakeServer(this.clock, this.chance);
    this.begin();
  }

  // ------------------------------------------------------------ what may happen

  begin(): void {
    this.conversations += 1;
    this.server.begin(String(this.conversations));
  }

  /** Somebody says something, or very much. */
  talk(count: number): void {
    const stream = `c/${1 + this.chance.below(this.conversations)}`;
    for (let i = 0; i < count; i++) this.server.place(stream, { kind: "message", sender: "bob", key: `bob ${stream} ${this.clock.now()} ${i}`, content: { text: "hi" } });
  }

  async open(): Promise<void> {
    const name = `t${++this.names}`;
    this.counts.tabs += 1;
    const log = new Log(this.server);
    const ways = { patience: 0, open: () => this.way(name), elsewhere: () => undefined, suspend: () => undefined, close: () => undefined };
    const wish = { url: "ws://here", user: USER, tag: null, device: { id: "d", platform: "web" } };
    const view = { visible: true, focused: false, conversation: null, online: true };
    const options = { tab: name, lock: `tab/${name}`, sdk: "test", wish, view, token: null, askToken: null };
    const tab = new Tab({ clock: this.clock, locks: this.locks.of(name), ways, left: () => undefined }, options, log);
    this.pages.set(name, { tab, log, blocked: null, isAsleep: false });
    this.sent.set(name, []);
    await tab.attach();
  }

  say(): void {
    const [name, page] = this.chance.of([...this.pages]);
    const conversation = String(1 + this.chance.below(this.conversations));
    const { tab } = page;
    const sent: Sent = { key: tab.newKey(), conversation, seq: null, problem: null };
    this.sent.get(name)?.push(sent);
    this.counts.sends += 1;
    tab.place({ op: "send", key: sent.key, conversation, content: { text: sent.key } }).then(
      (answer) => (sent.seq = Number(answer["seq"])),
      (problem: { fault?: { code: string } }) => (sent.problem = problem.fault?.code ?? String(problem)),
    );
  }

  /** A page dies without a word. */
  crash(): void {
    const [name] = this.chance.of([...this.pages]);
    this.pages.delete(name);
    this.locks.kill(name);
    const { reign } = this;
    reign?.ends.delete(name);
    this.clock.after(this.chance.below(500), () => reign?.isHeard && reign.holder.gone(name));
  }

  /** The holder dies; or, as a zombie, goes on without being heard. */
  kill(isZombie: boolean): void {
    const { reign } = this;
    if (reign?.isHeard !== true) return;
    reign.isHeard = false;
    if (!isZombie) {
      reign.store.isDead = true;
      reign.holder.stop();
    }
    // Until the browser frees its locks nobody takes its place.
    this.clock.after(1 + this.chance.below(30), () => {
      if (this.reign === reign) this.reign = null;
      this.locks.kill(reign.agent);
    });
  }

  sleep(): void {
    const page = this.chance.of([...this.pages.values()]);
    if (page.isAsleep || page.tab.host === null) return;
    page.isAsleep = true;
    page.tab.suspend();
    this.clock.after(this.chance.below(20_000), () => {
      page.isAsleep = false;
      void page.tab.resume();
    });
  }

  /** A page's handlers take long: what is posted to it waits. */
  block(): void {
    const page = this.chance.of([...this.pages.values()]);
    if (page.blocked !== null) return;
    page.blocked = [];
    this.clock.after(this.chance.below(3_000), () => {
      const waiting = page.blocked ?? [];
      page.blocked = null;
      for (const call of waiting) call();
    });
  }

  cut(): void {
    this.counts.cuts += 1;
    this.server.cut();
  }

  outage(): void {
    this.server.isDown = true;
    this.server.cut();
    this.clock.after(this.chance.below(5_000), () => (this.server.isDown = false));
  }

  // ------------------------------------------------------------ the end

  /** Peace, until everything is where it belongs; then it is. */
  async judge(): Promise<void> {
    this.server.putOff = 0;
    await this.clock.go(120_000);
    for (const [name, { log, tab }] of this.pages) {
      assert.equal(tab.state, "live", `${name} is not live: ${JSON.stringify(log.of("ended"))}`);
      this.counts.facts += log.facts_;
      this.counts.starts += log.starts;
      for (const stream of this.server.streams.keys()) if (stream !== OWN || log.at.has(OWN)) assert.equal(log.reached(stream), this.server.headOf(stream), `${name} lacks the end of ${stream}`);
    }
    assert.equal(this.server.links, 1);
    this.judgeSends();
  }

  private judgeSends(): void {
    const keys = [...this.server.streams.values()].flat().flatMap(({ fact }) => (fact.kind === "message" && fact.sender === USER ? [fact.key] : []));
    assert.equal(new Set(keys).size, keys.length, "a send was placed twice");
    for (const [name, sends] of this.sent) {
      const last = new Map<string, number>();
      for (const { key, conversation, seq, problem } of sends) {
        const placed = this.server.keys.get(key)?.seq ?? null;
        if (this.pages.has(name)) assert.ok(seq !== null || problem === "not_found", `${key} was not answered: ${problem}`);
        if (seq !== null) assert.equal(seq, placed, `${key} was answered with another place`);
        // A refusal that nobody heard is asked for again, when the user may be a member again.
        if (placed === null || this.server.refused.has(key)) continue;
        assert.ok(placed > (last.get(conversation) ?? 0), `${key} was placed before an earlier one`);
        last.set(conversation, placed);
      }
    }
  }

  // ------------------------------------------------------------ between tabs and holder

  private way(name: string) {
    let take: (envelope: ToTabEnvelope) => void = () => undefined;
    let isOpen = true;
    const toTab = (envelope: ToTabEnvelope): void => {
      const page = this.pages.get(name);
      const call = (): void => void (isOpen && this.pages.has(name) && take(envelope));
      if (page === undefined) return;
      if (page.blocked !== null) page.blocked.push(() => queueMicrotask(call));
      else queueMicrotask(call);
    };
    return {
      post: (envelope: FromTabEnvelope) => queueMicrotask(() => isOpen && this.hear(envelope, toTab)),
      listen: (listener: (envelope: ToTabEnvelope) => void) => void (take = listener),
      close: () => {
        // What was said before is heard all the same.
        queueMicrotask(() => queueMicrotask(() => (isOpen = false)));
      },
    };
  }

  private hear(envelope: FromTabEnvelope, end: (envelope: ToTabEnvelope) => void): void {
    if (!this.pages.has(envelope.tab)) return;
    const reign = (this.reign ??= this.hold());
    if (!reign.isHeard) return;
    reign.ends.set(envelope.tab, end);
    if (envelope.message.is === "ping") return end({ fence: Number.MAX_SAFE_INTEGER, tab: envelope.tab, message: { is: "pong" } });
    reign.holder.take(envelope);
    if (envelope.message.is === "bye") reign.ends.delete(envelope.tab);
  }

  private hold(): Reign {
    const agent = `holder ${++this.counts.holders}`;
    const life = `life ${this.counts.holders}`;
    void this.locks.of(agent).hold(life);
    const store = new SlowStore(this.kept, this.clock, () => this.chance.below(4));
    const ends = new Map<string, (envelope: ToTabEnvelope) => void>();
    const post = (envelope: ToTabEnvelope): void => {
      if (reign.isHeard) for (const [tab, end] of ends) if (envelope.tab === null || envelope.tab === tab) end(envelope);
    };
    const over = (): void => {
      if (this.reign === reign) this.reign = null;
      reign.isHeard = false;
      this.locks.kill(agent);
    };
    const { clock, chance } = this;
    const entropy = { id: () => `id ${chance.next()}`, chance: () => chance.next() };
    const holder = makeHub({ clock, entropy, store, dial: this.server.dial, host: "single", life, sdk: "test", post, over });
    const reign: Reign = { holder, store, agent, ends, isHeard: true };
    return reign;
  }
}
