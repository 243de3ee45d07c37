/** A browser in a hostile world: tabs, holders and links come and go as a seed decides, and each tab's log is judged. */

import assert from "node:assert/strict";

import * as DUTIES from "../../src/core/duties.ts";
import { makeHub } from "../../src/core/hub.ts";
import type { Holder } from "../../src/core/holding.ts";
import { PROTOCOL } from "../../src/core/messages.ts";
import type { FromTabEnvelope, ToTabEnvelope } from "../../src/core/messages.ts";
import { Tab } from "../../src/core/tab.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import { Chance } from "../fakes/chance.ts";
import { FakeLocks } from "../fakes/locks.ts";
import { FakeServer, OWN, USER } from "../fakes/server.ts";
import { SlowStore } from "../fakes/slow_store.ts";
import { ManualClock } from "../fakes/time.ts";
import { Log } from "./log.ts";

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
  readonly counts = { facts: 0, sends: 0, holders: 0, tabs: 0, cuts: 0, starts: 0, lost: 0, queued: 0, claims: 0, held: 0, objects: 0, rooms: 0, signOuts: 0, yields: 0 };
  /** Sends that a page was told are kept. */
  private readonly queued = new Set<string>();
  /** What each revision of an object was, by name and revision. */
  private readonly values = new Map<string, unknown>();
  /** Claims by key: the page and the holder of each. */
  private readonly claims = new Map<string, { readonly page: Page; readonly reign: Reign | null }>();
  private readonly rooms = new Map<string, { readonly page: string; readonly room: string }>();
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
    const log = new Log(this.server, this.queued, this.values);
    const ways = { patience: 0, open: () => this.way(name), elsewhere: () => undefined, suspend: () => undefined, close: () => undefined };
    const wish = { url: "ws://here", user: USER, tag: null, device: { id: "d", platform: "web" } };
    const view = { visible: true, focused: false, conversation: null, online: true };
    const options = { tab: name, lock: `tab/${name}`, sdk: "test", wish, view, token: null, askToken: null };
    const tab = new Tab({ clock: this.clock, locks: this.locks.of(name), ways, left: () => undefined }, options, log);
    log.objects = tab.objects;
    this.pages.set(name, { tab, log, blocked: null, isAsleep: false });
    this.sent.set(name, []);
    await tab.attach();
  }

  say([name, page] = this.chance.of([...this.pages])): void {
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

  /** A page sends while the server is out of reach, and dies, and the holder with it. */
  async strand(): Promise<void> {
    if (this.pages.size < 2) return;
    this.outage();
    const last = this.chance.of([...this.pages]);
    this.say(last);
    await this.clock.go(50);
    this.forget(last[0]);
    this.kill(false);
  }

  /** The oldest facts are thrown away at the server. */
  trim(): void {
    this.server.trim(`c/${1 + this.chance.below(this.conversations)}`, this.chance.below(20));
  }

  /** A page asks to do alone what others may ask, too. */
  claim(): void {
    const page = this.awake();
    if (page === null) return;
    const key = String(this.chance.below(40));
    page.tab.claim("alert", key).then((isGranted) => {
      const before = this.claims.get(key);
      if (isGranted) page.log.claims.add(key);
      if (!isGranted || page.isAsleep) return;
      this.counts.claims += 1;
      // Whoever died, slept, or claimed it of another holder has it no more.
      const isHeld = before !== undefined && before.reign === this.reign && before.page !== page && this.isThere(before.page);
      assert.ok(!isHeld, `${key} was granted twice`);
      this.claims.set(key, { page, reign: this.reign });
    }, () => undefined);
  }

  /** Pages write what all of them share. */
  set(): void {
    const page = this.awake();
    this.counts.objects += 1;
    page?.tab.setObject(`object ${this.chance.below(3)}`, this.chance.below(1000)).catch(() => undefined);
  }

  /** A page enters a room, and hears of somebody. */
  enter(): void {
    const page = this.awake();
    if (page === null) return;
    const [name, room] = [page.tab.tab, `r${this.chance.below(3)}`];
    this.counts.rooms += 1;
    this.rooms.set(`${room} ${name}`, { page: name, room });
    page.tab.request({ op: "enter", conversation: room, tab: name }).catch(() => undefined);
    page.tab.request({ op: "watch", users: [`friend of ${name}`] }).catch(() => undefined);
  }

  /** The user signs out, in one page for all, and comes again. */
  async signOut(): Promise<void> {
    const pages = [...this.pages.values()];
    const isCalm = this.reign?.isHeard === true && !this.server.isDown && this.server.links === 1;
    // Who is between two holders logs in again, and so does who is new: a person asked for that.
    if (!isCalm || !pages.every(({ tab, blocked, isAsleep }) => tab.state === "live" && blocked === null && !isAsleep && this.reign?.ends.has(tab.tab))) return;
    const page = this.chance.of(pages);
    const known = [...this.pages];
    this.counts.signOuts += 1;
    let outcome = "";
    page.tab.signOut(false).then(() => (outcome = "done"), (problem: unknown) => (outcome = String(problem)));
    for (let turn = 0; outcome === "" && turn < 100; turn++) await this.clock.go(300);
    assert.equal(outcome, "done");
    await this.clock.go(60_000);
    for (const [name, { tab, log }] of known) {
      const told = `${name} was told: ${JSON.stringify(log.heard.slice(-12))}`;
      // Who signed out knows.
      if (tab !== page.tab && this.pages.has(name)) assert.deepEqual([tab.state, ...log.of("ended").flat()], ["stopped", "session_closed"], told);
    }
    for (const key of this.queued) if (!this.server.keys.has(key)) this.queued.delete(key);
    const left = await this.kept.take();
    assert.deepEqual([left.outbox, left.objects], [[], []]);
    left.close();
    for (const name of [...this.pages.keys()]) this.forget(name);
    await this.open();
  }

  /** A page of a release that speaks otherwise wants the session: the holder has to end, and says so. */
  newer(): void {
    const { reign } = this;
    if (reign?.isHeard !== true) return;
    this.counts.yields += 1;
    reign.ends.set("newer", () => undefined);
    reign.holder.take({ tab: "newer", message: { is: "yield", v: PROTOCOL + 1 } });
  }

  /** A page dies without a word. */
  crash(): void {
    const [name] = this.chance.of([...this.pages]);
    this.forget(name);
    const { reign } = this;
    this.clock.after(this.chance.below(500), () => reign?.isHeard && reign.holder.gone(name));
  }

  private forget(name: string): void {
    this.pages.delete(name);
    this.locks.kill(name);
    this.reign?.ends.delete(name);
  }

  /** A page that is not asleep. */
  private awake(): Page | null {
    const pages = [...this.pages.values()].filter(({ isAsleep }) => !isAsleep);
    return pages.length > 0 ? this.chance.of(pages) : null;
  }

  private isThere(page: Page): boolean {
    return this.pages.get(page.tab.tab) === page && !page.isAsleep;
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
      this.counts.lost += log.lost;
      for (const stream of this.server.streams.keys()) if (stream !== OWN || log.at.has(OWN)) assert.equal(log.reached(stream), this.server.headOf(stream), `${name} lacks the end of ${stream}`);
    }
    assert.equal(this.server.links, 1);
    this.judgeSends();
    this.judgeShared();
  }

  /** What tabs share is the same in all of them; what the dead had is given back. */
  private judgeShared(): void {
    const [first, ...others] = [...this.pages.values()].map(({ tab }) => [...tab.objects].sort());
    for (const other of others) assert.deepEqual(other, first);
    const all = [...this.pages.values()].flatMap(({ log }) => [...log.claims]);
    assert.equal(new Set(all).size, all.length, `two tabs have a claim: ${all.sort().join(" ")}`);
    this.counts.held += all.length;
    const isAlive = (name: string): boolean => this.pages.has(name);
    for (const { room, tab } of this.server.seats.values()) assert.ok(isAlive(tab), `${tab} is gone and still in ${room}`);
    for (const user of this.server.watched) assert.ok(isAlive(user.replace("friend of ", "")), `nobody is left who watches the ${user}`);
    for (const key of this.queued) {
      this.counts.queued += 1;
      assert.ok(this.server.keys.has(key) || this.server.refused.has(key), `${key} was kept and never sent`);
    }
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
    let due = 0;
    const toTab = (envelope: ToTabEnvelope): void => {
      const call = (): void => void (isOpen && this.pages.has(name) && take(envelope));
      const arrive = (): void => {
        const blocked = this.pages.get(name)?.blocked ?? null;
        if (blocked !== null) blocked.push(() => queueMicrotask(call));
        else call();
      };
      // Locks are handed over by another way: that may be the quicker one.
      due = Math.max(due, this.clock.now() + this.chance.below(3));
      this.clock.after(due - this.clock.now(), arrive);
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
    const entropy = { id: () => `id ${chance.next()}`, chance: () => chance.next() };
    const { clock, chance } = this;
    // Mostly there at once, now and then much later, or after a try that failed.
    const comesMs = chance.of([0, 5, 50, 3_000]);
    let fails = chance.of([0, 0, 0, 1]);
    const duties = async (): Promise<typeof DUTIES> => {
      await new Promise<void>((come) => clock.after(comesMs, come));
      if (fails-- > 0) throw new TypeError("out of reach");
      return DUTIES;
    };
    const holder = makeHub({ clock, entropy, store, dial: this.server.dial, duties, host: "single", life, sdk: "test", post, over });
    const reign: Reign = { holder, store, agent, ends, isHeard: true };
    return reign;
  }
}
