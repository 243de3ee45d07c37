/** Tabs and their holder in one program, with a real server at the other end. */

import * as DUTIES from "../../src/core/duties.ts";
import { makeHub } from "../../src/core/hub.ts";
import type { Holder } from "../../src/core/holding.ts";
import type { FromTabEnvelope, LoginWish, ToTabEnvelope, WireAnswer } from "../../src/core/messages.ts";
import type { Dial, Store } from "../../src/core/ports.ts";
import type { Listener } from "../../src/core/desk.ts";
import { Tab } from "../../src/core/tab.ts";
import { loopback } from "../../src/host/channels.ts";
import { systemClock, systemEntropy } from "../../src/host/clock.ts";
import { MemoryStore } from "../../src/host/memory-store.ts";
import { byWebSocket } from "../../src/links/websocket.ts";
import { Diary } from "./listener.ts";
import { FakeLocks } from "./locks.ts";

/** Where the server is; the tests that need one are run with it. */
export const SERVER = process.env["UNISONO_URL"] ?? "";

const WEBSOCKETS = byWebSocket((url, protocol) => new WebSocket(url, protocol));

type HolderEnd = ReturnType<typeof loopback>["holder"];

/** A context: its tabs, its store, and whoever holds the session. */
export class Browser {
  readonly store: Store = new MemoryStore();
  readonly locks = new FakeLocks();
  readonly tabs = new Map<string, Tab>();
  readonly diaries = new Map<string, Diary>();
  /** Unlike any other of a run: keys of sends are made of it. */
  readonly mark = systemEntropy.id().slice(0, 8);
  readonly user: string;
  links = 0;
  /** All that came over the links. */
  readonly pushed: string[] = [];
  private readonly way: Dial;
  private readonly wish: LoginWish;
  private readonly ends = new Map<string, HolderEnd>();
  private holder: Holder | null = null;
  private lives = 0;

  /** `user` is another one than is made of the name: on two devices. `way` leads to the server. */
  constructor(name: string, device = systemEntropy.id(), user: string | null = null, way: Dial = WEBSOCKETS) {
    this.way = way;
    this.user = user ?? `${name}-${this.mark}`;
    this.wish = { url: SERVER, user: this.user, tag: null, device: { id: device, platform: "web" } };
  }

  /** Opens a tab, and waits for its welcome; `program` hears all that the diary does. */
  async open(name: string, program: Listener | null = null, token: string | null = null): Promise<Tab> {
    const tab = await this.begin(name, program, token);
    await until(() => this.diary(name).of("started").length > 0);
    return tab;
  }

  /** Opens a tab, whatever comes of it. */
  async begin(name: string, program: Listener | null = null, token: string | null = null): Promise<Tab> {
    const diary = new Diary();
    const ways = {
      patience: 0,
      open: () => {
        const { tab, holder } = loopback();
        holder.listen((envelope: FromTabEnvelope) => this.hear(envelope, holder));
        return tab;
      },
      elsewhere: () => undefined,
      suspend: () => undefined,
      close: () => undefined,
    };
    const view = { visible: true, focused: true, conversation: null, online: true };
    const options = { tab: `${name}-${this.mark}`, lock: `tab/${name}`, sdk: "test", wish: this.wish, view, token, askToken: null };
    const tab = new Tab({ clock: systemClock, locks: this.locks.of(name), ways, left: () => undefined }, options, program === null ? diary : both(diary, program));
    this.tabs.set(name, tab);
    this.diaries.set(name, diary);
    await tab.attach();
    return tab;
  }

  /** The holder dies without a word; the next hello makes another one. */
  async kill(): Promise<void> {
    this.holder?.stop();
    this.holder = null;
    this.locks.kill(`holder ${this.lives}`);
    await until(() => this.holder !== null);
  }

  /** How many frames brought facts of a conversation. */
  frames(conversation: string): number {
    return this.pushed.filter((text) => text.startsWith('{"is":"facts"') && text.includes(`"c/${conversation}"`)).length;
  }

  close(): void {
    for (const tab of this.tabs.values()) void tab.close();
    this.holder?.stop();
  }

  diary(name: string): Diary {
    return this.diaries.get(name) as Diary; // of a tab that was opened
  }

  private hear(envelope: FromTabEnvelope, end: HolderEnd): void {
    this.ends.set(envelope.tab, end);
    if (envelope.message.is === "ping") return;
    this.holder ??= this.hold();
    this.holder.take(envelope);
  }

  private hold(): Holder {
    const agent = `holder ${++this.lives}`;
    const life = `life/${this.lives}`;
    void this.locks.of(agent).hold(life);
    const dial: Dial = (address, events, stop) => {
      this.links += 1;
      const frame = (text: string | Uint8Array): void => {
        this.pushed.push(String(text));
        events.frame(text);
      };
      const words = [address, { frame, closed: (code: number, reason: string) => events.closed(code, reason) }, stop] as const;
      return this.way(...words);
    };
    const post = (envelope: ToTabEnvelope): void => {
      for (const [tab, end] of this.ends) if (envelope.tab === null || envelope.tab === tab) end.post(envelope);
    };
    const over = (): void => {
      this.holder = null;
      this.locks.kill(agent);
    };
    return makeHub({ clock: systemClock, entropy: systemEntropy, store: this.store, dial, duties: () => Promise.resolve(DUTIES), host: "single", life, sdk: "test/1", post, over });
  }
}

/** Tells two what one would hear. */
function both(one: Listener, other: Listener): Listener {
  const names = ["started", "facts", "event", "startOver", "state", "object", "outbox", "waiting", "tabs", "unclaimed", "ended"] as const;
  const tell = (name: (typeof names)[number]) => (...words: unknown[]): void => {
    for (const each of [one, other]) (each[name] as (...words: unknown[]) => void)(...words);
  };
  return Object.fromEntries(names.map((name) => [name, tell(name)])) as unknown as Listener;
}

/** Waits for something to be so, and fails when it is not within ten seconds. */
export async function until(is: () => boolean): Promise<void> {
  for (let tries = 0; !is(); tries++) {
    if (tries > 2000) throw new Error(`not so within ten seconds: ${is.toString()}`);
    await new Promise((go) => setTimeout(go, 5));
  }
}

/** The conversation of an answer. */
export function idOf(answer: WireAnswer): string {
  return String(answer["conversation"]);
}
