/** One notice of a message in all tabs of a browser; none while somebody looks at its conversation. A package of its own: `unisono/notices`. */

import type { Client } from "./client.ts";
import type { Conversation } from "./conversation.ts";
import { report } from "./emitter.ts";
import type { Message } from "./message.ts";

const CLAIM = "unisono:notice";
/** Notices of one conversation that are remembered to be taken away; older ones go at once. */
const SHOWN = 20;
const LOOKS = ["focus", "blur", "visibilitychange"];

/** Tells the user of a message, once in all tabs; gives what takes the notice away again, if anything can. */
export type Telling = (message: Message) => (() => void) | void;

/** What is told, and who looks. */
export interface NoticeOptions {
  /** Which messages are told of; unless told those that the conversation's `level` lets through. */
  readonly wants?: (message: Message) => boolean;
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

const PAGE = globalThis as Page;

/**
 * Notices of a client's messages, each in one tab of the browser: sounds, alerts, whatever `tell` makes of them.
 *
 * Nobody is told of a message while any tab shows its conversation to somebody (`look`), nor of one that was read meanwhile.
 * A notice is taken away when its message is read, on whatever tab or device, or recalled, or deleted, and when the conversation is gone.
 */
export class Notices {
  readonly #client: Client;
  readonly #tell: Telling;
  readonly #wants: (message: Message) => boolean;
  readonly #isAttended: () => boolean;
  readonly #told = new Map<string, Told[]>();
  readonly #offs: (() => void)[];
  #looked: Conversation | null = null;
  #isReading = false;
  #isClosed = false;

  constructor(client: Client, tell: Telling, { wants = isWanted, isAttended = isPageAttended }: NoticeOptions = {}) {
    this.#client = client;
    this.#tell = tell;
    this.#wants = wants;
    this.#isAttended = isAttended;
    this.#offs = [
      client.on("message", (message) => void this.#came(message)),
      client.on("read", ({ conversation, seq }) => this.#takeAway(conversation, (told) => told.seq <= seq)),
      client.on("messagesDeleted", ({ conversation, seqs }) => this.#takeAway(conversation, (told) => seqs.includes(told.seq))),
      client.on("recalled", ({ conversation, seq }) => this.#takeAway(conversation, (told) => told.seq === seq)),
      client.on("exited", ({ conversation }) => this.#takeAway(conversation)),
      client.on("ended", ({ conversation }) => this.#takeAway(conversation)),
      client.on("closed", () => this.close()),
    ];
    const look = (): void => void this.#read();
    for (const type of LOOKS) PAGE.addEventListener?.(type, look);
    this.#offs.push(() => LOOKS.forEach((type) => PAGE.removeEventListener?.(type, look)));
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
    for (const told of this.#told.values()) told.forEach(({ takeAway }) => takeAway());
    this.#told.clear();
  }

  async #came(message: Message): Promise<void> {
    const { conversation, seq } = message;
    if (conversation === this.#looked) void this.#read();
    if (message.isMine || !this.#isNeeded(message) || !this.#wants(message)) return;
    // Without a holder nobody can tell who tells: the next one is asked again by the tab itself.
    if (!(await this.#client.claim(CLAIM, `${conversation.id}:${seq}`).catch(() => false)) || !this.#isNeeded(message)) return;
    const takeAway = this.#called(message);
    if (takeAway === undefined) return;
    const all = this.#told.get(conversation.id) ?? [];
    this.#told.set(conversation.id, all);
    all.push({ seq, takeAway });
    if (all.length > SHOWN) all.shift()?.takeAway();
  }

  #called(message: Message): (() => void) | void {
    try {
      return this.#tell(message);
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

  #takeAway({ id }: Conversation, isMeant: (told: Told) => boolean = () => true): void {
    const all = this.#told.get(id) ?? [];
    const [gone, left] = [all.filter(isMeant), all.filter((told) => !isMeant(told))];
    if (left.length > 0) this.#told.set(id, left);
    else this.#told.delete(id);
    for (const { takeAway } of gone) takeAway();
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

function isWanted({ conversation, mentionsMe }: Message): boolean {
  return conversation.level === "all" || (conversation.level === "mentions" && mentionsMe);
}

function isPageAttended(): boolean {
  return PAGE.document?.visibilityState === "visible" && PAGE.document.hasFocus();
}
