/** One notice of a message in all tabs of a browser, or on all my devices; none while somebody looks at its conversation. A package of its own: `unisono/notices`. */

import type { Level } from "./belonging.ts";
import type { Client } from "./client.ts";
import type { Conversation } from "./conversation.ts";
import { report } from "./emitter.ts";
import type { Message } from "./message.ts";
import { holds } from "./silences.ts";
import type { Silence } from "./silences.ts";

const CLAIM = "unisono:notice";
/** Notices of one conversation that are remembered to be taken away; older ones go at once. */
const SHOWN = 20;
const LOOKS = ["focus", "blur", "visibilitychange"];
/** So long a device waits for the news that a message was read on another one; one that nobody uses waits longer, so that another tells. */
const USED_MS = 300;
const UNUSED_MS = 1000;
/** One that is gone after it took it upon itself to tell is followed by nobody: the next message is told elsewhere. */
const LEASE_S = 5;

/** Tells the user of a message, once in all tabs; gives what takes the notice away again, if anything can. */
export type Telling = (message: Message) => (() => void) | void;

/** What is told, and who looks. */
export interface NoticeOptions {
  /**
   * Among whom one tells: the tabs of a `browser` (unless told), or all my `devices`. Then that which somebody uses comes before others,
   * and each message is claimed at the server, as `runOnce` does by the name `notice/…/…` (the conversation, the seq).
   */
  readonly among?: "browser" | "devices";
  /** Which messages are told of; unless told those that my level and silences of the conversation, and of all, let through. */
  readonly wants?: (message: Message) => boolean | Promise<boolean>;
  /** Whether somebody looks at this tab; unless told, whether the page is visible and has the focus. */
  readonly isAttended?: () => boolean;
}

interface Told {
  readonly seq: number;
  readonly takeAway: () => void;
}

/** The part of a browser's page that is needed here. */
interface Page {
  readonly document?: { readonly visibilityState: string; hasFocus(): boolean };
  addEventListener?(type: string, hear: () => void): void;
  removeEventListener?(type: string, hear: () => void): void;
}

declare const setTimeout: (call: () => void, ms: number) => unknown;
const PAGE = globalThis as Page;

/**
 * Notices of a client's messages, each in one tab of the browser, or of all devices: sounds, alerts, whatever `tell` makes of them.
 *
 * Nobody is told of a message while any tab shows its conversation to somebody (`look`), nor of one that was read meanwhile.
 * A notice is taken away when its message is read, on whatever tab or device, or recalled, or deleted, when the conversation is gone, and when
 * the page goes: nobody could take it away after that.
 */
export class Notices {
  readonly #client: Client;
  readonly #tell: Telling;
  readonly #isAmongDevices: boolean;
  readonly #wants: (message: Message) => boolean | Promise<boolean>;
  readonly #isAttended: () => boolean;
  readonly #told = new Map<string, Told[]>();
  readonly #offs: (() => void)[];
  /** The silence of all conversations, once it was asked for. */
  #silence: Promise<Silence | null> | null = null;
  #looked: Conversation | null = null;
  #isReading = false;
  #isClosed = false;

  constructor(client: Client, tell: Telling, { among = "browser", wants, isAttended = isPageAttended }: NoticeOptions = {}) {
    this.#client = client;
    this.#tell = tell;
    this.#isAmongDevices = among === "devices";
    this.#wants = wants ?? ((message) => this.#isLoud(message));
    this.#isAttended = isAttended;
    this.#offs = [
      client.on("message", (message) => void this.#came(message)),
      // Reading is told by it, too, and so is what was read while this device was away.
      client.on("unread", ({ conversation }) => this.#sweep(conversation)),
      client.on("messagesDeleted", ({ conversation, seqs }) => this.#takeAway(conversation, (told) => seqs.includes(told.seq))),
      client.on("recalled", ({ conversation, seq }) => this.#takeAway(conversation, (told) => told.seq === seq)),
      client.on("historyDeleted", ({ conversation, seq }) => this.#takeAway(conversation, (told) => told.seq <= seq)),
      ...(["deleted", "exited", "ended"] as const).map((name) => client.on(name, ({ conversation }) => this.#takeAway(conversation))),
      client.on("allSilence", ({ silence }) => void (this.#silence = Promise.resolve(silence))),
      client.on("startOver", ({ conversation }) => void (conversation ?? this.#startOver())),
      client.on("closed", () => this.close()),
    ];
    const look = (): void => void this.#read();
    for (const type of LOOKS) this.#hear(type, look);
    this.#hear("pagehide", () => this.#takeAllAway());
  }

  /**
   * Says that the end of a conversation is on this tab's screen, null for none. As long as somebody looks at the tab, what is
   * there is marked as read; a hidden tab, or one without the focus, reads nothing.
   */
  look(conversation: Conversation | null): void {
    this.#looked = conversation;
    this.#client.show(conversation);
    void this.#read();
  }

  /** Takes all notices of this tab away, and hears no more. */
  close(): void {
    this.#isClosed = true;
    for (const off of this.#offs.splice(0)) off();
    this.#takeAllAway();
  }

  #hear(type: string, hear: () => void): void {
    PAGE.addEventListener?.(type, hear);
    this.#offs.push(() => PAGE.removeEventListener?.(type, hear));
  }

  async #came(message: Message): Promise<void> {
    const { conversation, seq } = message;
    if (conversation === this.#looked) void this.#read();
    if (message.isMine || !this.#isNeeded(message) || !(await this.#wants(message))) return;
    // Without a holder nobody can tell who tells: the next one is asked again by the tab itself.
    if (!(await this.#client.claim(CLAIM, `${conversation.id}:${seq}`).catch(() => false))) return;
    if (this.#isAmongDevices) await this.#claimed(message);
    else this.#called(message);
  }

  /** One of all my sessions tells. Where the server does not say which, each does: twice is better than never. */
  async #claimed(message: Message): Promise<void> {
    const { conversation, seq } = message;
    let isOver = false;
    const tell = (): void => {
      if (!isOver) this.#called(message);
      isOver = true;
    };
    const isUsed = this.#isAttended() || this.#client.tabs.some(({ visible, focused }) => visible && focused);
    await new Promise<void>((go) => setTimeout(go, isUsed ? USED_MS : UNUSED_MS));
    if (this.#isNeeded(message)) await this.#client.runOnce(`notice/${conversation.id}/${seq}`, tell, { leaseS: LEASE_S }).catch(tell);
  }

  #called(message: Message): void {
    if (!this.#isNeeded(message)) return;
    const { conversation, seq } = message;
    try {
      const takeAway = this.#tell(message);
      if (takeAway === undefined) return;
      const all = this.#told.get(conversation.id) ?? [];
      this.#told.set(conversation.id, all);
      all.push({ seq, takeAway });
      if (all.length > SHOWN) all.shift()?.takeAway();
    } catch (problem) {
      report("a notice", problem);
    }
  }

  /** Another tab, or another device, may have shown it to its reader. */
  #isNeeded({ conversation, seq, isRecalled }: Message): boolean {
    if (this.#isClosed || isRecalled || conversation.read >= seq) return false;
    const { tab, tabs } = this.#client;
    const isHere = conversation === this.#looked && this.#isAttended();
    return !isHere && !tabs.some((other) => other.tab !== tab && other.visible && other.focused && other.conversation === conversation.id);
  }

  /** The quieter of the conversation's own level and silence and of the silence of all counts. */
  async #isLoud({ conversation, mentionsMe }: Message): Promise<boolean> {
    const { level, alertSilence } = conversation;
    const least = (silence: Silence | null): Level => (silence && holds(silence, Date.now()) ? (silence.level ?? "none") : "all");
    const lets = (...levels: readonly Level[]): boolean => !levels.includes("none") && (mentionsMe || !levels.includes("mentions"));
    return lets(level, least(alertSilence)) && lets(least(await this.#silenceOfAll()));
  }

  #silenceOfAll(): Promise<Silence | null> {
    return (this.#silence ??= this.#client.silenceOfAll().catch(() => (this.#silence = null)));
  }

  /** Much was missed: what is read by now is asked for. */
  async #startOver(): Promise<void> {
    this.#silence = null;
    await this.#client.unread().catch(() => undefined);
    for (const id of this.#told.keys()) this.#sweep(this.#client.conversation(id));
  }

  #sweep(conversation: Conversation): void {
    this.#takeAway(conversation, ({ seq }) => seq <= conversation.read || conversation.unread === 0);
  }

  #takeAway({ id }: Conversation, isMeant: (told: Told) => boolean = () => true): void {
    const all = this.#told.get(id) ?? [];
    const [gone, left] = [all.filter(isMeant), all.filter((told) => !isMeant(told))];
    if (left.length > 0) this.#told.set(id, left);
    else this.#told.delete(id);
    for (const { takeAway } of gone) takeAway();
  }

  #takeAllAway(): void {
    for (const told of this.#told.values()) told.forEach(({ takeAway }) => takeAway());
    this.#told.clear();
  }

  /** One mark after the other: what comes while one is under way is in the next. */
  async #read(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      let last: Conversation | null = null;
      for (let looked = this.#toRead(); looked !== null; looked = this.#toRead()) {
        // The count follows the mark by a fact of its own.
        if (looked === last && looked.head <= looked.read) break;
        last = looked;
        await looked.markRead();
      }
    } catch {
      // Nothing is lost: what is unread is marked at the next message, or when somebody looks again.
    } finally {
      this.#isReading = false;
    }
  }

  #toRead(): Conversation | null {
    const looked = this.#looked;
    if (looked === null || this.#isClosed || !this.#isAttended()) return null;
    return looked.of !== "room" && (looked.unread > 0 || looked.isMarkedUnread) ? looked : null;
  }
}

function isPageAttended(): boolean {
  return PAGE.document?.visibilityState === "visible" && PAGE.document.hasFocus();
}
