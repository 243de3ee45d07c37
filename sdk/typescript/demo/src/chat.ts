/** What the page knows: the client, its conversations, and which of them is on screen. */

import { field } from "../../src/api/exports.ts";
import type { Client, Conversation, Silence } from "../../src/api/exports.ts";
import { Notices } from "../../src/api/notices.ts";
import { soon } from "./dom.ts";
import { Drafts } from "./drafts.ts";
import { Known } from "./known.ts";
import { tell } from "./notices.ts";
import { nameOf, otherOf } from "./words.ts";

const LISTED = 100;
const TYPING_MS = 6000;
/** Browsers count no longer. */
const LATEST_MS = 0x7fffffff;
/** What brings a conversation into the list, and what only changes how it looks there. */
const BRINGING = ["message", "entered", "created"] as const;
const CHANGING = [
  ...(["membersJoined", "membersLeft", "changed", "edited", "recalled", "read", "level", "marked", "silence", "historyDeleted", "messagesDeleted"] as const),
  ...(["presence", "disconnect", "reconnect", "schedule", "retry", "outbox"] as const),
];

/** One person's chats, as this tab shows them. */
export class Chat {
  readonly client: Client;
  /** Those I am a member of, and the rooms there are. */
  readonly conversations = new Map<string, Conversation>();
  readonly rooms = new Map<string, Conversation>();
  readonly notices: Notices;
  readonly known: Known;
  readonly drafts: Drafts;
  /** When I want to hear less of all of them. */
  silence: Silence | null = null;
  /** Those with this label alone are listed; null for all. */
  label: string | null = null;
  /** Who is writing, by conversation, and until when that holds. */
  readonly writing = new Map<string, Map<string, number>>();
  /** Whether it is known which conversations there are. */
  isLoaded = false;
  current: Conversation | null = null;
  /** The place in `current` that is to be shown; null for its end. */
  sought: number | null = null;
  readonly #hearers = new Set<() => void>();
  readonly #openers = new Set<() => void>();
  readonly changed = soon(() => this.#hearers.forEach((hear) => hear()));

  constructor(client: Client) {
    this.client = client;
    this.known = new Known(client, this.changed);
    this.drafts = new Drafts(client, this.changed);
    this.notices = new Notices(client, (message) => tell(this, message), { among: "devices" });
    const touch = ({ conversation }: { readonly conversation: Conversation }): void => this.#touch(conversation);
    for (const name of BRINGING) client.on(name, touch);
    for (const name of CHANGING) client.on(name, () => this.changed());
    client.on("unread", (waiting) => (waiting.unread > 0 ? touch(waiting) : this.changed()));
    client.on("pinned", (pinned) => (pinned.isPinned ? touch(pinned) : this.changed()));
    for (const name of ["exited", "ended", "deleted"] as const) client.on(name, ({ conversation }) => this.#drop(conversation));
    client.on("silence", ({ silence }) => this.#ends(silence));
    client.on("allSilence", ({ silence }) => this.#silent(silence));
    // Away for so long that all is begun anew.
    client.on("startOver", (range) => void (range.conversation === null && this.load().catch(() => undefined)));
    client.on("typing", ({ conversation, user, isTyping }) => this.#write(conversation, user, isTyping));
    client.on("message", ({ conversation, sender }) => this.#write(conversation, sender, false));
  }

  /** Calls whenever something is another; gives what ends that. */
  on(hear: () => void): () => void {
    this.#hearers.add(hear);
    return () => this.#hearers.delete(hear);
  }

  /** Calls whenever another conversation comes on screen. */
  onOpen(hear: () => void): void {
    this.#openers.add(hear);
  }

  /** Asks for the conversations, those spoken in last first. */
  async load(): Promise<void> {
    for (const found of await this.client.query().limit(LISTED).withLastMessage().find()) this.#list(found);
    for await (const pinned of this.client.conversations({ pinned: true })) if (!this.conversations.has(pinned.id)) this.#list(await pinned.refresh());
    for (const room of await this.client.query(field("kind").equal("room")).limit(LISTED).find()) this.rooms.set(room.id, room);
    this.isLoaded = true;
    this.changed();
    await Promise.all([this.drafts.load(), this.known.load(), this.client.silenceOfAll().then((silence) => this.#silent(silence))]);
    const others = [...this.conversations.values()].map(otherOf).filter((user) => user !== null);
    if (others.length > 0) await this.client.watch(...others.slice(0, LISTED));
    this.changed();
  }

  /** Lists a conversation, and looks after who is in it. */
  async add(conversation: Conversation): Promise<void> {
    this.#list(conversation);
    this.changed();
    const other = otherOf(conversation);
    if (other !== null) await this.client.watch(other).catch(() => undefined);
    this.changed();
  }

  /** Gives the conversation with one person, new or not. */
  async direct(user: string): Promise<Conversation> {
    const conversation = await this.client.direct(user);
    await this.add(conversation);
    return conversation;
  }

  /** What I call a conversation. */
  called(conversation: Conversation): string {
    return this.known.of(otherOf(conversation) ?? "")?.remark ?? nameOf(conversation);
  }

  /** The labels that I have put to any of them. */
  labels(): readonly string[] {
    return [...new Set([...this.conversations.values()].flatMap(({ marks }) => marks))].sort((a, b) => a.localeCompare(b));
  }

  /** Brings a conversation on screen; null for none. */
  open(conversation: Conversation | null, sought: number | null = null): void {
    if (conversation === this.current && sought === null) return;
    this.current = conversation;
    this.sought = sought;
    if (conversation === null) this.notices.look(null);
    this.#openers.forEach((hear) => hear());
    this.changed();
  }

  /** Gives the conversations: those that are pinned first, the others after that, the latest first. */
  latest(): readonly Conversation[] {
    const all = latestFirst(this.conversations.values());
    const pinned = all.filter(({ isPinned }) => isPinned).sort((a, b) => (b.pinnedAt ?? 0) - (a.pinnedAt ?? 0));
    return [...pinned, ...all.filter(({ isPinned }) => !isPinned)];
  }

  /** Gives the rooms, the latest first. */
  latestRooms(): readonly Conversation[] {
    return latestFirst(this.rooms.values());
  }

  /** Who is writing in a conversation now. */
  writers(conversation: Conversation): readonly string[] {
    const now = Date.now();
    return [...(this.writing.get(conversation.id) ?? [])].filter(([, until]) => until > now).map(([user]) => user);
  }

  /** Whether a user is there, as far as is known. */
  isOnline(user: string): boolean {
    return this.client.watched.get(user)?.isOnline ?? false;
  }

  #touch(conversation: Conversation): void {
    if (!this.conversations.has(conversation.id)) void this.#welcome(conversation);
    this.changed();
  }

  async #welcome(conversation: Conversation): Promise<void> {
    await conversation.refresh().catch(() => undefined);
    await this.add(conversation);
  }

  #silent(silence: Silence | null): void {
    this.silence = silence;
    this.#ends(silence);
    this.changed();
  }

  /** What is silent until an instant looks otherwise from then on. */
  #ends(silence: Silence | null): void {
    if (silence?.until !== undefined) setTimeout(this.changed, Math.max(0, Math.min(silence.until - Date.now(), LATEST_MS)));
  }

  #list(conversation: Conversation): void {
    this.#ends(conversation.alertSilence);
    if (conversation.of === "room") this.rooms.set(conversation.id, conversation);
    else if (conversation.role !== null || conversation.of === "direct") this.conversations.set(conversation.id, conversation);
  }

  #drop(conversation: Conversation): void {
    this.conversations.delete(conversation.id);
    this.rooms.delete(conversation.id);
    if (this.current === conversation) this.open(null);
    this.changed();
  }

  #write(conversation: Conversation, user: string, isTyping: boolean): void {
    const writers = this.writing.get(conversation.id) ?? new Map<string, number>();
    this.writing.set(conversation.id, writers);
    if (isTyping) {
      writers.set(user, Date.now() + TYPING_MS);
      setTimeout(() => this.changed(), TYPING_MS);
    } else {
      writers.delete(user);
    }
    this.changed();
  }
}

function latestFirst(conversations: Iterable<Conversation>): Conversation[] {
  const when = ({ lastMessageAt, createdAt }: Conversation): number => lastMessageAt ?? createdAt ?? 0;
  return [...conversations].sort((a, b) => when(b) - when(a));
}
