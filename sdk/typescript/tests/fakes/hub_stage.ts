/** A holder on a stage: tabs and a server say what the test wants, and what it says is written down. */

import * as DUTIES from "../../src/core/duties.ts";
import { makeHub } from "../../src/core/hub.ts";
import type { Holder, HolderPorts } from "../../src/core/holding.ts";
import type { FromTab, Hello, ToTab, ToTabEnvelope } from "../../src/core/messages.ts";
import type { Dial, Store, WireEvents } from "../../src/core/ports.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import { ManualClock } from "./time.ts";

type Frame = { readonly id: number; readonly do: { readonly op: string; readonly [field: string]: unknown } };

/** Of the fake server. */
export const GREETING = { kind: "welcome", heartbeat_s: 25, server: "1", checkpoint: 5, epoch: 9, user: "ann", session: "s", resume_token: "r", fence: 1 };

/** A holder, its clock and store, and the server at the other end. */
export class HubStage {
  readonly clock: ManualClock;
  readonly told: ToTabEnvelope[] = [];
  readonly asked: Frame[] = [];
  private readonly tabs = new Set<string>();
  readonly store: MemoryStore;
  /** As the holder sees it. */
  readonly disk: Store;
  isOver = false;
  isDown = false;
  /** Its tabs hear nothing: neither do they say good-bye, nor that they had what is kept. */
  isDeaf = false;
  /** Brings the rest of the holder's code. */
  duties: HolderPorts["duties"] = () => Promise.resolve(DUTIES);
  /** Hears what the holder says, too. */
  hears: (envelope: ToTabEnvelope) => void = () => undefined;
  dials = 0;
  /** What the server answers to an operation: an answer, or an error's code. */
  readonly answers: { [op: string]: object | string | null } = {
    login: GREETING,
    resume: { ...GREETING, resume_token: undefined },
    sync: { kind: "moved", heads: [{ stream: "u/ann", epoch: 9, seq: 3 }, { stream: "c/1", epoch: 9, seq: 7 }], checkpoint: 5 },
    read: { kind: "facts", stream: "u/ann", epoch: 9, facts: [], head: 3 },
    query: { kind: "found", conversations: [], has_more: false },
    unread: { kind: "unread", total: 0, mentions: 0, conversations: [] },
    ping: { kind: "pong", checkpoint: 5 },
    calls: { kind: "calls", calls: [] },
  };
  readonly holder: Holder;
  private link: WireEvents | null = null;

  constructor(store = new MemoryStore(), disk: Store = store, clock = new ManualClock()) {
    this.store = store;
    this.disk = disk;
    this.clock = clock;
    const entropy = { id: () => "an-id", chance: () => 0.5 };
    const post = (envelope: ToTabEnvelope): void => {
      this.told.push(envelope);
      this.hears(envelope);
      const { tab, message } = envelope;
      if (message.is === "ended" && !this.isDeaf) queueMicrotask(() => this.bye(tab));
      if (message.is === "event" && message.event["is_kept"] === true && tab !== null && !this.isDeaf) queueMicrotask(() => this.say(tab, { is: "heard", id: String(message.event["id"]) }));
    };
    const over = (): void => void (this.isOver = true);
    this.holder = makeHub({ clock: this.clock, entropy, store: disk, dial: this.dial, duties: () => this.duties(), host: "single", life: "life", sdk: "test", post, over });
  }

  /** The way to the server. */
  readonly dial: Dial = (_url, events) => {
    this.dials += 1;
    if (this.isDown) return Promise.reject(new Error("nobody there"));
    const before = this.link;
    this.link = events;
    // One that was only there to say good-bye gives way to the one before.
    const close = (): void => void (this.link === events && (this.link = before));
    return Promise.resolve({ buffered: 0, send: (frame) => this.take(events, JSON.parse(String(frame)) as Frame), close });
  };

  private take(link: WireEvents, frame: Frame): void {
    this.asked.push(frame);
    const answer = frame.do.op in this.answers ? this.answers[frame.do.op] : { kind: "done" };
    if (answer === null) return;
    const text = typeof answer === "string" ? { is: "error", re: frame.id, code: answer, message: answer } : { is: "reply", re: frame.id, answer };
    this.clock.after(1, () => link.frame(JSON.stringify(text)));
  }

  server(frame: object): void {
    this.link?.frame(JSON.stringify(frame));
  }

  close(code: number, reason = ""): void {
    this.link?.closed(code, reason);
  }

  /** Every tab leaves that was told to. */
  private bye(told: string | null): void {
    for (const tab of told === null ? this.tabs : [told]) this.say(tab, { is: "bye" });
  }

  async hello(tab: string, more: Partial<Hello> = {}): Promise<void> {
    this.tabs.add(tab);
    const wish = { url: "ws://here", user: null, tag: null, device: { id: "d", platform: "web" } };
    const view = { visible: true, focused: false, conversation: null, online: true };
    this.say(tab, { is: "hello", v: 1, tab, sdk: "test", since: 1, wish, cursor: null, fence: 0, unanswered: [], view, token: null, canAsk: false, ...more });
    await this.clock.go(200);
  }

  say(tab: string, message: FromTab): void {
    this.holder.take({ tab, message });
  }

  async ask(tab: string, message: FromTab): Promise<void> {
    this.say(tab, message);
    await this.clock.go(20);
  }

  /** What a tab was told of one kind, with what was for all. */
  of<Is extends ToTab["is"]>(tab: string, is: Is): Extract<ToTab, { readonly is: Is }>[] {
    return this.told.filter((each) => each.tab === null || each.tab === tab).flatMap(({ message }) => (message.is === is ? [message as Extract<ToTab, { readonly is: Is }>] : []));
  }

  /** How the session ended, as a tab was told. */
  endings(tab: string): string[] {
    return this.of(tab, "ended").map(({ ending }) => ending.code);
  }

  ops(): string[] {
    return this.asked.map((frame) => frame.do.op);
  }

  facts(stream: string, first: number, last: number, text = "x"): void {
    const facts = Array.from({ length: last - first + 1 }, (_, i) => ({ seq: first + i, at: 1, fact: { kind: "message", sender: "bob", key: `k${first + i}`, content: { text } } }));
    this.server({ is: "facts", stream, epoch: 9, facts, checkpoint: 5 + last });
  }
}
