// A tab without a holder: tests say what it answers, and what it tells.

import type { Bytes, Desk, Listener, Opening, Surroundings } from "../../src/core/desk.ts";
import type { Cursor, Fault, HolderState, HostKind, ObjectView, SessionInfo, TabView, View, WireAnswer, WireCommand, WireEvent, WireFact } from "../../src/core/messages.ts";
import { BaseUnisono } from "../../src/api/unisono.ts";
import type { LoginOptions, UnisonoOptions } from "../../src/api/unisono.ts";
import type { Client } from "../../src/api/client.ts";

type Reply = WireAnswer | Fault | Promise<WireAnswer>;

export const fault = (code: string, more: Partial<Fault> = {}): Fault => ({ code, message: code, where: "server", ...more });

/** The answer of `unread` where nothing waits. */
export const NOTHING_WAITS = { kind: "unread", total: 0, mentions: 0, conversations: [] };

export class FakeDesk implements Desk {
  readonly tab = "t1";
  host: HostKind = "single";
  state: HolderState = "live";
  fence = 1;
  tabs: readonly TabView[] = [];
  cursor: Cursor | null = null;
  readonly objects = new Map<string, ObjectView>();
  readonly session: SessionInfo;
  readonly asked: WireCommand[] = [];
  readonly views: Partial<View>[] = [];
  readonly claimed: string[] = [];
  readonly confirmed: string[] = [];
  answers: { [op: string]: (command: WireCommand) => Reply } = {};
  grants = true;
  closed = 0;
  signedOut: boolean | null = null;
  #keys = 0;

  readonly clock: FakeClock;

  constructor(user: string, clock: FakeClock) {
    this.clock = clock;
    this.session = { user, session: "s1", device: { id: "d1", platform: "web" }, tag: null, server: "1" };
  }

  async request(command: WireCommand, ms = Infinity): Promise<WireAnswer> {
    this.asked.push(command);
    let off = (): void => undefined;
    const late = new Promise<Fault>((end) => (off = this.clock.after(ms, () => end(fault("timed_out", { where: "holder" })))));
    const reply = await Promise.race([(this.answers[command.op] ?? (() => ({ kind: "done" })))(command), late]);
    off();
    if ("where" in reply) throw reply;
    return reply;
  }

  async requestNow(command: WireCommand, ms?: number): Promise<WireAnswer> {
    return this.request(command, ms);
  }

  async place(command: WireCommand & { readonly op: "send"; readonly key: string }): Promise<WireAnswer> {
    return this.request(command);
  }

  newKey(): string {
    return `t1:${++this.#keys}`;
  }

  isOwnKey(key: string): boolean {
    return key.startsWith("t1:");
  }

  async setObject(name: string, value: unknown): Promise<number> {
    const revision = (this.objects.get(name)?.revision ?? 0) + 1;
    this.objects.set(name, { name, value, revision, tab: this.tab });
    return revision;
  }

  async dropObject(name: string): Promise<void> {
    this.objects.delete(name);
  }

  async claim(name: string, key: string): Promise<boolean> {
    this.claimed.push(`${name} ${key}`);
    return this.grants;
  }

  release(): void {}

  heard(id: string): void {
    this.confirmed.push(id);
  }

  setView(view: Partial<View>): void {
    this.views.push(view);
  }

  retry(): boolean {
    return this.state === "waiting";
  }

  async close(): Promise<void> {
    this.closed++;
  }

  async signOut(everywhere: boolean): Promise<void> {
    this.signedOut = everywhere;
  }
}

/** Time that tests move on. */
export class FakeClock {
  ms = 0;
  readonly #due: { at: number; call: () => void }[] = [];

  now(): number {
    return this.ms;
  }

  wall(): number {
    return this.ms;
  }

  after(ms: number, call: () => void): () => void {
    const due = { at: this.ms + ms, call };
    this.#due.push(due);
    return () => void this.#due.splice(this.#due.indexOf(due), this.#due.includes(due) ? 1 : 0);
  }

  /** How many are waited for. */
  get waiting(): number {
    return this.#due.filter(({ at }) => at < Infinity).length;
  }

  async pass(ms: number): Promise<void> {
    this.ms += ms;
    for (const due of this.#due.filter(({ at }) => at <= this.ms)) {
      this.#due.splice(this.#due.indexOf(due), 1);
      due.call();
    }
    await settled();
  }
}

/** Lets everything happen that waits for nothing but its turn, or for a module to be there. */
export async function settled(): Promise<void> {
  await Promise.all([import("../../src/api/more.ts"), import("../../src/api/devices.ts")]);
  for (let turn = 0; turn < 5; turn++) await new Promise((go) => setImmediate(go));
}

export class TestUnisono extends BaseUnisono {
  constructor(surroundings: Surroundings, options: UnisonoOptions = {}, url = "wss://chat.example.org") {
    super(surroundings, url, options);
  }
}

/** What a test deals with: the client, and both ends of its tab. */
export class World {
  readonly clock = new FakeClock();
  readonly desks: FakeDesk[] = [];
  readonly openings: Opening[] = [];
  readonly unisono: TestUnisono;
  opens: (desk: FakeDesk, opening: Opening) => Promise<void> = async (_, { listener }) => listener.started([NOTHING_WAITS]);
  puts: (url: string, bytes: Bytes) => { status: number; body: string } = () => ({ status: 200, body: "" });
  sharing = true;

  constructor(options: UnisonoOptions = {}) {
    this.unisono = new TestUnisono(this.surroundings, options);
  }

  get surroundings(): Surroundings {
    return {
      clock: this.clock,
      canShare: () => this.sharing,
      put: async (url, bytes) => this.puts(url, bytes),
      open: async (opening) => {
        const desk = new FakeDesk(opening.wish.user ?? "somebody", this.clock);
        this.desks.push(desk);
        this.openings.push(opening);
        await this.opens(desk, opening);
        return desk;
      },
    };
  }

  get desk(): FakeDesk {
    return this.desks.at(-1) as FakeDesk;
  }

  get listener(): Listener {
    return (this.openings.at(-1) as Opening).listener;
  }

  async login(options: LoginOptions = {}): Promise<Client> {
    const client = await this.unisono.login({ user: "tom", ...options });
    await settled();
    return client;
  }

  /** Tells facts of a stream from a seq on; the time of each is a thousand times its seq. */
  facts(stream: string, first: number, ...facts: readonly WireFact["fact"][]): void {
    this.listener.facts(stream, 1, facts.map((fact, index) => ({ seq: first + index, at: (first + index) * 1000, fact })));
  }

  event(event: WireEvent): void {
    this.listener.event(event);
  }
}

/** A message as a fact. */
export function said(text: string, more: object = {}): WireFact["fact"] {
  return { kind: "message", sender: "jerry", key: "k", content: { text }, ...more };
}
