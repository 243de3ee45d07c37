/** From facts to events: what happened, told in the words of a program, with its conversation in step. */

import type { WireFact } from "../core/messages.ts";
import type { MissedConversation, Passing, UnreadConversation } from "../wire/types.ts";
import type { ConversationData } from "./belonging.ts";
import { Conversation } from "./conversation.ts";
import type { Devices } from "./devices.ts";
import { MINE, OF_CONVERSATION } from "./effects.ts";
import type { Effect } from "./effects.ts";
import { report } from "./emitter.ts";
import type { AnyEvent, Presence } from "./events.ts";
import type { Inside } from "./inside.ts";
import { devices } from "./late.ts";
import { Message, RoomMessage, TransientMessage } from "./message.ts";
import type { SaidData } from "./message.ts";
import { camel, camelName } from "./names.ts";
import type { Camelled } from "./names.ts";
import { presenceOf } from "./presence.ts";
import type { Rooms } from "./room.ts";

/** Facts whose events are called otherwise. */
const CALLED: { readonly [kind: string]: string } = { joined: "membersJoined", left: "membersLeft", revised: "edited", made: "created" };

/** Why a stream starts over so that what was known by its places is known no more. */
const OTHER_PLACES = ["epoch_changed", "ahead", "gone"];

/** What a book needs besides the inside of its client. */
export interface BookWays {
  /** How many conversations are remembered. */
  readonly limit: number;
  readonly rooms: Rooms;
  presence(presence: Presence): void;
  /** Has the server count again what waits in a conversation. */
  recount(conversation: Conversation): void;
}

/** Keeps the conversations that were spoken of, and tells what happens in them. */
export class Book {
  readonly #inside: Inside;
  readonly #ways: BookWays;
  readonly #conversations = new Map<string, Conversation>();

  constructor(inside: Inside, ways: BookWays) {
    this.#inside = inside;
    this.#ways = ways;
  }

  /** Gives the object of a conversation. */
  conversation(id: string): Conversation {
    const known = this.#conversations;
    const found = known.get(id) ?? new Conversation(this.#inside, id);
    if (!known.delete(id)) this.#inside.plugins.decorate("onConversation", found);
    known.set(id, found);
    if (known.size > this.#ways.limit) known.delete(known.keys().next().value as string);
    return found;
  }

  /** Takes over what the server says of a conversation, and its newest message where it says that, too. */
  async know(view: ConversationData, hasMembers = true): Promise<Conversation> {
    const conversation = this.conversation(view.conversation).know(view, hasMembers);
    if (view.last) conversation.came(await conversation._ofHistory(view.last));
    return conversation;
  }

  /** Forgets all that was known by places: this tab begins anew. */
  forget(): void {
    for (const conversation of this.#conversations.values()) conversation._beginAnew();
  }

  /** Tells a fact; a promise where that has to be waited for. `said` is its message, once plugins have seen it. */
  fact(stream: string, placed: WireFact, said: SaidData | null): Promise<void> | void {
    const { seq, at, fact: wire } = placed;
    const whole = camel(wire) as { readonly [field: string]: unknown };
    const { kind, message: _, ...fact } = whole as { kind: string; message?: number; conversation?: string; parent?: object };
    const isMine = stream[0] === "u";
    const id = isMine ? fact.conversation : stream.slice(2);
    const conversation = id === undefined ? null : this.conversation(id);
    if (!isMine) conversation?._reached(seq);
    // In the stream, and nowhere else, one that I deleted looks taken back, by no fact.
    if (said && conversation) return conversation.kept.told.comes(seq) ? this.#message(new Message(conversation, seq, at, said), !said.isRecalled || !!said.revision) : undefined;
    // What becomes of me in a thread is told with what I do in threads.
    const effect = (isMine ? !fact.parent && MINE[kind as keyof typeof MINE] : OF_CONVERSATION[kind as keyof typeof MINE]) as Effect<never> | undefined;
    if (!effect) return this.#late((code) => code.fact(stream, placed), { type: "unknownFact", stream, seq, at, fact: wire });
    const tell = (more: object): void => this.#emit({ type: CALLED[kind] ?? camelName(kind), at, ...fact, ...more, ...(conversation && { conversation }) } as AnyEvent);
    const told = effect(conversation as Conversation, whole as never, { seq, at }, { tell, unread: () => this.unread(conversation as Conversation), recount: () => this.#ways.recount(conversation as Conversation) });
    if (told) tell(told);
  }

  /** Tells what passes by; gives it to who watches where it is of a user. */
  passing(event: Camelled<Passing>, said: SaidData | null): Promise<void> | void {
    if (event.kind === "presence") return this.#ways.presence(presenceOf(event));
    if (event.kind === "tabs") return this.#emit({ type: "sessionTabs", session: event.session, tabs: event.tabs ?? [] });
    if (!("conversation" in event)) return this.#late((code) => code.event(event), "isKept" in event);
    const conversation = this.conversation(event.conversation);
    if (event.kind === "typing") this.#emit({ type: "typing", conversation, user: event.user, isTyping: event.isTyping });
    else if (event.kind === "put_out") this.#ways.rooms._putOut(conversation);
    else if (said) this.#passed(conversation, event, said);
  }

  /** Tells that facts of a stream do not come. */
  startOver(stream: string | null, first: number, until: number, reason: string): void {
    const conversation = stream?.startsWith("c/") ? this.conversation(stream.slice(2)) : null;
    const isVoid = OTHER_PLACES.includes(reason);
    // What tells of my wish to come back may be among what was missed: counts are believed again.
    if (!conversation) for (const known of this.#conversations.values()) known.kept.waiting.facts = 0;
    else if (isVoid || reason === "trimmed") {
      if (isVoid) conversation._beginAnew();
      this.#ways.recount(conversation);
    }
    this.#emit({ type: "startOver", conversation, stream, first, until, reason });
  }

  /** Takes over what the server counted, and tells it. */
  async count({ conversation: id, head, read, unread, mentions = 0, isMarkedUnread: isMarked = false, last }: Camelled<UnreadConversation>, isTold: boolean): Promise<void> {
    const conversation = this.conversation(id);
    conversation._reached(head, read);
    conversation.kept.waiting.counted({ unread, mentions, asOf: head, read, isMarked });
    const message = last ? await conversation._ofHistory(last) : null;
    if (message) conversation.came(message);
    if (isTold) this.unread(conversation, message);
  }

  /** Takes over that nothing up to a place waits. */
  _nothingWaits(conversation: Conversation, asOf: number): void {
    conversation.kept.waiting.counted({ unread: 0, mentions: 0, asOf, read: conversation.read });
    this.unread(conversation);
  }

  /** Tells messages that waited for me, but for those that came meanwhile. */
  async missed({ conversation: id, messages, gap }: Camelled<MissedConversation>): Promise<void> {
    const conversation = this.conversation(id);
    if (gap) this.startOver(`c/${id}`, gap.first, gap.until, "capped");
    for (const message of await Promise.all(messages.map((entry) => conversation._ofHistory(entry)))) {
      if (!conversation.kept.told.waited(message.seq)) continue;
      conversation._reached(message.seq);
      this.#message(message);
    }
  }

  /** Tells how much waits in a conversation. */
  unread(conversation: Conversation, last: Message | null = null): void {
    this.#emit({ type: "unread", conversation, unread: conversation.unread, mentions: conversation.unreadMentions, last });
  }

  /** Tells what few pages hear. Without its code a fact is told as one that is not known, and what is kept (true) when the code is there. */
  async #late(tell: (code: Devices) => void, otherwise: AnyEvent | boolean): Promise<void> {
    try {
      tell(await devices(this.#inside));
    } catch (problem) {
      report("loading more", problem);
      if (otherwise === true) devices(this.#inside, true).then(tell, () => undefined);
      else if (otherwise) this.#emit(otherwise);
    }
  }

  #message(message: Message, canBeNewest = true): void {
    const { conversation, seq, receipt, isMine } = message;
    if (canBeNewest) conversation.came(message);
    if (!isMine) {
      conversation.kept.waiting.came(seq, message.mentionsMe);
      if (receipt) this.#inside._noteDelivered(conversation.id, seq);
    }
    // `send` gives this very message, and so do its receipts.
    this.#emit(receipt && message.isFromHere ? conversation.kept.sent.keep(message) : message);
  }

  #passed(conversation: Conversation, { at, seq = null }: { readonly at: number; readonly seq?: number | null | undefined }, said: SaidData): void {
    const places = this.#ways.rooms._placesIn(conversation.id);
    if (said.isRecalled && seq !== null) this.#emit({ type: "recalled", conversation, seq, at: said.revisedAt ?? at });
    else if (places.length) this.#emit(new RoomMessage(conversation, at, said, seq, places));
    // What is said in a room that another tab is in is not for this one.
    else if (conversation.of !== "room" && seq === null) this.#emit(new TransientMessage(conversation, at, said));
  }

  #emit(event: AnyEvent): void {
    this.#inside.emitter.emit(event);
  }
}
