/** From facts to events: what happened, told in the words of a program, with its conversation in step. */

import type { WireFact } from "../core/messages.ts";
import type { Fact, Gap, MissedConversation, Passing, UnreadConversation } from "../wire/types.ts";
import { changed } from "./attributes.ts";
import type { ConversationData } from "./belonging.ts";
import { Conversation, gone } from "./conversation.ts";
import type { Events, Presence } from "./events.ts";
import type { Inside } from "./inside.ts";
import { Message, RoomMessage, TransientMessage } from "./message.ts";
import type { SaidData } from "./message.ts";
import { camel } from "./names.ts";
import type { Camelled } from "./names.ts";
import type { Rooms } from "./room.ts";

/** A fact of a kind, with the names of programs. */
type FactOf<Kind extends Fact["kind"]> = Camelled<Extract<Fact, { readonly kind: Kind }>>;
type Effect<Kind extends Fact["kind"]> = (conversation: Conversation, fact: FactOf<Kind>, seq: number, at: number) => void;
type OfConversation = "created" | "joined" | "left" | "changed" | "member_changed" | "restricted" | "ended" | "revised" | "recalled" | "reacted";

/** The event that tells of a fact in a conversation's stream. */
const TELLING: { readonly [Kind in OfConversation]: keyof Events } = {
  created: "created",
  joined: "membersJoined",
  left: "membersLeft",
  changed: "changed",
  member_changed: "memberChanged",
  restricted: "restricted",
  ended: "ended",
  revised: "edited",
  recalled: "recalled",
  reacted: "reacted",
};

/** What a conversation learns from a fact in its stream. */
const LEARNING: { readonly [Kind in OfConversation]?: Effect<Kind> } = {
  created(conversation, { of, by, members = [], name = null, attributes = {}, joining = "invited", rules, expiresAt = null, keepsHistory = false }, _, at) {
    Object.assign(conversation, { of, name, creator: by, attributes, joining, expiresAt, keepsHistory, createdAt: at, updatedAt: conversation.updatedAt ?? at });
    if (!conversation.members.length) conversation.members = members;
    conversation.ruled(rules);
    if (by === conversation.user && of !== "direct" && of !== "service") conversation.role = "owner";
  },
  joined(conversation, { users }, seq) {
    conversation.members = [...new Set([...conversation.members, ...users])];
    if (users.includes(conversation.user)) conversation.kept.waiting.joined(seq);
  },
  left(conversation, { users }) {
    conversation.members = conversation.members.filter((user) => !users.includes(user));
  },
  changed(conversation, { name, set, unset, joining, rules }, _, at) {
    if (name !== undefined) conversation.name = name || null;
    conversation.attributes = changed(conversation.attributes, set, unset);
    if (joining) conversation.joining = joining;
    conversation.ruled(rules);
    conversation.updatedAt = at;
  },
  member_changed(conversation, { user, role }) {
    if (role && user === conversation.user) conversation.role = role;
  },
  ended(conversation) {
    Object.assign(conversation, { members: [], role: null, joining: "invited", expiresAt: null });
  },
  revised(conversation, { message: place, content, mentions, mentionAll }, seq, at) {
    const known = isNewest(conversation, place, seq);
    if (!known) return;
    const { body: _, ...said } = known.said;
    conversation.kept.newest = new Message(conversation, known.seq, known.at, { ...said, content, mentions, mentionAll, revision: seq, revisedAt: at }, known.reactions);
  },
  recalled(conversation, { message: place }, seq, at) {
    const known = isNewest(conversation, place, seq);
    if (known) conversation.kept.newest = gone(known, seq, at);
  },
};

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
    let found = this.#conversations.get(id);
    this.#conversations.delete(id);
    const isNew = !found;
    found ??= new Conversation(this.#inside, id);
    this.#conversations.set(id, found);
    if (isNew) this.#inside.plugins.decorate("onConversation", found);
    if (this.#conversations.size > this.#ways.limit) this.#conversations.delete(this.#conversations.keys().next().value as string);
    return found;
  }

  /** Takes over what the server says of a conversation, and its newest message where it says that, too. */
  async know(view: ConversationData, hasMembers = true): Promise<Conversation> {
    const conversation = this.conversation(view.conversation).know(view, hasMembers);
    if (view.last) conversation.came(await conversation.ofHistory(view.last));
    return conversation;
  }

  /** Forgets all that was known by places: this tab begins anew. */
  forget(): void {
    for (const conversation of this.#conversations.values()) conversation.beginAnew();
  }

  /** Tells a fact. `said` is its message, once plugins have seen it. */
  fact(stream: string, { seq, at, fact: wire }: WireFact, said: SaidData | null): void {
    const fact = camel(wire) as Camelled<Fact>;
    if (stream[0] === "c") {
      const conversation = this.conversation(stream.slice(2));
      conversation.reached(seq);
      if (said) return conversation.kept.told.comes(seq) ? this.#message(new Message(conversation, seq, at, said)) : undefined;
      if (fact.kind in TELLING) return this.#changed(conversation, fact as FactOf<OfConversation>, seq, at);
    } else if (this.#ofUser(fact, seq, at)) return;
    this.#inside.emitter.emit("unknownFact", { type: "unknownFact", stream, seq, at, fact: wire });
  }

  /** Tells what passes by; gives it to who watches where it is of a user. */
  passing(event: Camelled<Passing>, said: SaidData | null): void {
    if (event.kind === "tabs") return this.#inside.emitter.emit("sessionTabs", { type: "sessionTabs", session: event.session, tabs: event.tabs ?? [] });
    if (event.kind === "presence") {
      const { user, state, platforms = [], seenAt = null } = event;
      return this.#ways.presence({ type: "presence", user, state, isOnline: state === "online", platforms, seenAt });
    }
    if (!("conversation" in event)) return;
    const conversation = this.conversation(event.conversation);
    if (event.kind === "typing") this.#emit("typing", conversation, { user: event.user, isTyping: event.isTyping });
    else if (event.kind === "put_out") this.#ways.rooms.putOut(conversation);
    else if (said) this.#passed(conversation, event, said);
  }

  /** Tells that facts of a stream do not come. */
  startOver(stream: string | null, first: number, until: number, reason: string): void {
    const conversation = stream?.startsWith("c/") ? this.conversation(stream.slice(2)) : null;
    if (conversation) {
      if (OTHER_PLACES.includes(reason)) conversation.beginAnew();
      if (OTHER_PLACES.includes(reason) || reason === "trimmed") this.#ways.recount(conversation);
    } else {
      // What tells of my wish to come back may be among what was missed: counts are believed again.
      for (const known of this.#conversations.values()) known.kept.waiting.facts = 0;
    }
    this.#inside.emitter.emit("startOver", { type: "startOver", conversation, stream, first, until, reason }, conversation?.id ?? null);
  }

  /** Takes over what the server counted, and tells it. */
  async count({ conversation: id, head, read, unread, mentions = 0, isMarkedUnread, last }: Camelled<UnreadConversation>, isTold = true): Promise<void> {
    const conversation = this.conversation(id);
    conversation.reached(head, read);
    conversation.kept.waiting.counted({ unread, mentions, asOf: head, read, isMarked: isMarkedUnread ?? false });
    const message = last ? await conversation.ofHistory(last) : null;
    if (message) conversation.came(message);
    if (isTold) this.unread(conversation, message);
  }

  /** Takes over that nothing up to a place waits. */
  nothingWaits(conversation: Conversation, asOf: number): void {
    conversation.kept.waiting.counted({ unread: 0, mentions: 0, asOf, read: conversation.read });
    this.unread(conversation);
  }

  /** Tells messages that waited for me, but for those that came meanwhile. */
  async missed({ conversation: id, messages, gap }: Camelled<MissedConversation>): Promise<void> {
    const conversation = this.conversation(id);
    if (gap) this.startOver(`c/${id}`, (gap as Gap).first, (gap as Gap).until, "capped");
    for (const message of await Promise.all(messages.map((entry) => conversation.ofHistory(entry)))) {
      if (!conversation.kept.told.waited(message.seq)) continue;
      conversation.reached(message.seq);
      this.#message(message);
    }
  }

  /** Tells how much waits in a conversation. */
  unread(conversation: Conversation, last: Message | null = null): void {
    this.#emit("unread", conversation, { unread: conversation.unread, mentions: conversation.unreadMentions, last });
  }

  // ------------------------------------------------------------ a conversation's stream

  #message(message: Message): void {
    const { conversation, seq, receipt, isMine } = message;
    conversation.came(message);
    if (!isMine) {
      conversation.kept.waiting.came(seq, message.mentionsMe);
      if (receipt) this.#inside.noteDelivered(conversation.id, seq);
    }
    // `send` gives this very message, and so do its receipts.
    const told = receipt && isMine && message.isFromHere ? conversation.kept.sent.keep(message) : message;
    this.#inside.emitter.emit("message", told, conversation.id);
  }

  #changed(conversation: Conversation, fact: FactOf<OfConversation>, seq: number, at: number): void {
    const { kind, message, ...fields } = fact as { kind: OfConversation; message?: number; by?: string; users?: readonly string[]; mentions?: readonly string[]; mentionAll?: boolean };
    (LEARNING[kind] as Effect<OfConversation> | undefined)?.(conversation, fact, seq, at);
    // My own leaving is told by my own stream.
    if (kind === "left" && fields.users?.includes(conversation.user)) return;
    const { mentions = [], mentionAll = false } = fields;
    const more = kind === "revised" ? { mentions, mentionAll } : {};
    this.#emit(TELLING[kind], conversation, { at, ...fields, ...more, ...(message === undefined ? {} : { seq: message }) });
    if ((kind !== "revised" && kind !== "recalled") || (message ?? 0) <= conversation.read || fields.by === conversation.user) return;
    // Whom it called before is not told, so whoever may have been called asks.
    if (mentionAll || mentions.includes(conversation.user) || conversation.unreadMentions) this.#ways.recount(conversation);
  }

  #passed(conversation: Conversation, event: Extract<Camelled<Passing>, { readonly kind: "message" }>, said: SaidData): void {
    const { at, seq = null } = event;
    const { id } = conversation;
    const places = this.#ways.rooms.placesIn(id);
    const { emitter } = this.#inside;
    if (said.isRecalled && seq !== null) this.#emit("recalled", conversation, { seq, at: said.revisedAt ?? at });
    else if (places.length) emitter.emit("roomMessage", new RoomMessage(conversation, at, said, seq, places), id);
    // What is said in a room that another tab is in is not for this one.
    else if (conversation.of !== "room" && seq === null) emitter.emit("transient", new TransientMessage(conversation, at, said), id);
  }

  // ------------------------------------------------------------ my own stream

  /** Tells a fact of my own stream; gives whether it is known. */
  #ofUser(fact: Camelled<Fact>, seq: number, at: number): boolean {
    const { emitter, user } = this.#inside;
    const conversation = "conversation" in fact ? this.conversation(fact.conversation) : null;
    if (fact.kind === "session_opened" || fact.kind === "session_ended") {
      const { kind, ...fields } = fact;
      const type = kind === "session_opened" ? "sessionOpened" : "sessionEnded";
      emitter.emit(type, { type, at, ...fields } as never);
      return true;
    }
    if (fact.kind === "object_set" || fact.kind === "object_dropped") return this.#kept(fact, seq, at);
    if (!conversation) return false;
    switch (fact.kind) {
      case "entered":
        conversation.role ??= "member";
        this.#emit("entered", conversation, { by: fact.by, at, isInvited: fact.by !== user }, fact.by === user ? undefined : "invited");
        break;
      case "exited":
        this.#exited(conversation, fact.by ?? null, at);
        break;
      case "made":
        Object.assign(conversation, { of: fact.of, creator: user });
        this.#emit("created", conversation, { by: user, at });
        break;
      case "read":
        this.#read(conversation, fact, at);
        break;
      case "delivered_to":
      case "read_by":
        this.#receipt(conversation, fact, at);
        break;
      case "level":
        conversation.level = fact.level;
        this.#emit("level", conversation, { level: fact.level, at });
        break;
      case "marked_unread":
        conversation.kept.waiting.mark(true);
        this.unread(conversation);
        break;
      default:
        return false;
    }
    return true;
  }

  /** Tells what another session, or another tab, keeps under a name; what something else happened to since is told by that. */
  #kept(fact: FactOf<"object_set" | "object_dropped">, revision: number, at: number): true {
    const isThere = fact.kind === "object_set";
    const { value = null, isSuperseded = false } = isThere ? fact : {};
    if (!isSuperseded && !this.#inside.isOwnKey(fact.key)) this.#inside.emitter.emit("kept", { type: "kept", name: fact.name, ...(isThere && { value }), revision, isThere, at });
    return true;
  }

  #exited(conversation: Conversation, by: string | null, at: number): void {
    const isKicked = by !== null && by !== this.#inside.user;
    conversation.role = null;
    conversation.kept.waiting.mark(false);
    this.#emit("exited", conversation, { by, at, isKicked }, isKicked ? "kicked" : undefined);
  }

  #read(conversation: Conversation, { seq, head, unread = 0, mentions = 0 }: FactOf<"read">, at: number): void {
    conversation.reached(0, seq);
    conversation.kept.waiting.counted({ unread, mentions, asOf: head, read: seq });
    conversation.kept.waiting.mark(false);
    this.#emit("read", conversation, { seq, at });
    this.unread(conversation);
  }

  #receipt(conversation: Conversation, { kind, user, seq }: FactOf<"delivered_to" | "read_by">, at: number): void {
    const isRead = kind === "read_by";
    const messages = conversation.kept.sent.told(user, seq, at, isRead);
    for (const message of messages.length ? messages : [null]) this.#emit("receipt", conversation, { message, seq: message?.seq ?? seq, user, isRead, at });
  }

  #emit(type: keyof Events, conversation: Conversation, fields: object, also?: keyof Events): void {
    this.#inside.emitter.emit(type, { type, conversation, ...fields } as never, conversation.id, also);
  }
}

/** Gives the newest message where it is the one at a place and no later change of it is known. */
function isNewest({ kept: { newest } }: Conversation, place: number, seq: number): Message | null {
  return newest && newest.seq === place && (newest.revision ?? 0) < seq ? newest : null;
}
