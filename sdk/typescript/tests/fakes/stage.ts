/** A tab on a stage: the holder says what the test wants, and what the tab says is written down. */

import assert from "node:assert/strict";

import { Faulted } from "../../src/core/faulted.ts";
import type { Facts, FromTab, FromTabEnvelope, Hello, ToTab, ToTabEnvelope, Welcome } from "../../src/core/messages.ts";
import { Tab } from "../../src/core/tab.ts";
import type { Ways } from "../../src/core/ways.ts";
import { Diary } from "./listener.ts";
import { FakeLocks } from "./locks.ts";
import { ManualClock } from "./time.ts";

/** Of a new tab. */
export const WELCOME: Welcome = {
  is: "welcome",
  v: 1,
  sdk: "test",
  life: "life/1",
  host: "shared-worker",
  state: "live",
  session: { user: "ann", session: "s1", device: { id: "d", platform: "web" }, tag: null, server: "1" },
  cursor: { epoch: 7, checkpoint: 100, positions: { "c/1": { epoch: 7, seq: 10 } } },
  isSnapshot: true,
  conversations: [],
  objects: [],
  tabs: [],
  outbox: [],
};

/** A tab, its clock and locks, and the other end of its ways. */
export class Stage {
  readonly clock = new ManualClock();
  readonly locks = new FakeLocks();
  readonly diary = new Diary();
  readonly said: FromTab[] = [];
  readonly opened: number[] = [];
  readonly events: string[] = [];
  patience = 0;
  fail = (): void => undefined;
  private take: ((envelope: ToTabEnvelope) => void) | null = null;
  readonly tab: Tab;

  constructor(askToken: (() => Promise<string | null>) | null = null) {
    const stage = this;
    const ways: Ways = {
      get patience() {
        return stage.patience;
      },
      open: (silences, failed) => {
        this.opened.push(silences);
        this.fail = failed;
        let take: (envelope: ToTabEnvelope) => void = () => undefined;
        this.take = (envelope) => take(envelope);
        const own = this.take;
        return {
          post: ({ message }: FromTabEnvelope) => this.said.push(message),
          listen: (listener) => (take = listener),
          close: () => {
            take = () => undefined;
            if (this.take === own) this.take = null;
          },
        };
      },
      elsewhere: () => this.events.push("elsewhere"),
      suspend: () => this.events.push("suspend"),
      close: () => this.events.push("close"),
    };
    const wish = { url: "ws://here", user: "ann", tag: null, device: { id: "d", platform: "web" } };
    const view = { visible: true, focused: true, conversation: null, online: true };
    const options = { tab: "t1", lock: "tab/t1", sdk: "test", wish, view, token: null, askToken };
    this.tab = new Tab({ clock: this.clock, locks: this.locks.of("t1"), ways, left: () => this.events.push("left") }, options, this.diary);
  }

  say(message: ToTab, fence = 1): void {
    this.take?.({ fence, tab: "t1", message });
  }

  async begin(welcome: Partial<Welcome> = {}, fence = 1): Promise<void> {
    await this.locks.of("holder").hold("life/1");
    await this.tab.attach();
    this.say({ ...WELCOME, ...welcome }, fence);
  }

  hellos(): Hello[] {
    return this.said.filter((message): message is Hello => message.is === "hello");
  }
}

/** Facts of one stream, from the first to the last seq. */
export function frame(first: number, last: number, more: Partial<Facts> = {}): Facts {
  const facts = Array.from({ length: last - first + 1 }, (_, i) => ({ seq: first + i, at: 1, fact: { kind: "message" } }));
  return { is: "facts", n: 1, stream: "c/1", epoch: 7, facts, checkpoint: 100 + last, ...more };
}

/** The code of what a promise is rejected with. */
export const problemOf = async (work: Promise<unknown>): Promise<string> => {
  const problem = await work.then(() => null, (reason: unknown) => reason);
  assert.ok(problem instanceof Faulted);
  return problem.fault.code;
};
