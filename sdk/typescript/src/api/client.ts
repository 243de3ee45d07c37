/** One user's session, as this tab has it. */

import type { Bytes, Desk, Opening, Surroundings } from "../core/desk.ts";
import type { Cursor, HolderState, HostKind, SessionInfo, TabView } from "../core/messages.ts";
import { Account } from "./account.ts";
import { Arrears } from "./arrears.ts";
import type { Attachment } from "./bodies.ts";
import { Book } from "./book.ts";
import { Conversation } from "./conversation.ts";
import { Contacts } from "./contacts.ts";
import { Counter } from "./counter.ts";
import type { GrantProvider } from "./grants.ts";
import { Emitter } from "./emitter.ts";
import type { EventStream, Handler } from "./emitter.ts";
import { errorOf, raise } from "./errors.ts";
import { NAMES } from "./events.ts";
import type { AnyEvent, Events, NetworkEvents, Presence } from "./events.ts";
import { Hearing } from "./hearing.ts";
import type { Missed, WaitingMessage } from "./hearing.ts";
import { devices, more } from "./late.ts";
import type { Limits } from "./limits.ts";
import { Kept } from "./kept.ts";
import { Line } from "./line.ts";
import { Message } from "./message.ts";
import { Objects } from "./objects.ts";
import type { Plugins } from "./plugins.ts";
import type { Watching } from "./presence.ts";
import { ConversationQuery } from "./query.ts";
import type { Condition } from "./query.ts";
import { Room, Rooms } from "./room.ts";
import { MessageSearch } from "./search.ts";
import type { UnreadTotal } from "./unread.ts";
import type { UploadOptions } from "./upload.ts";

/** Turns of microtasks between a login and its first event: whoever awaits it has added handlers by then. */
const TURNS_TO_LISTEN = 8;

/** What a client is made of; the `Unisono` knows. */
export interface ClientParts {
  readonly surroundings: Surroundings;
  readonly limits: Limits;
  readonly plugins: Plugins;
  readonly failFast: boolean;
  readonly missed: Missed;
  readonly grants: GrantProvider | null;
  /** The server's address for HTTP. */
  readonly base: string;
  /** Who logs in, and how; the token's function may throw. */
  readonly opening: Omit<Opening, "listener">;
  hears(event: NetworkEvents[keyof NetworkEvents]): void;
}

/**
 * A user logged in on this device; made by `Unisono.login`.
 *
 * All tabs of the browser share its session and its connection. It resumes by itself after any loss of the connection, gives every
 * fact once and in order to each tab, and keeps sends in order.
 */
export class Client extends Account {
  /** Named objects that all tabs of this session share. */
  readonly objects: Objects;
  /** Small values that all my sessions share, on all devices. */
  readonly kept: Kept;
  /** What other users are to me: contacts, invitations, and whom I block. */
  readonly contacts: Contacts;
  /** @internal */
  protected readonly _inside: Counter;
  /** @internal */
  protected readonly book: Book;
  readonly #parts: ClientParts;
  readonly #emitter: Emitter<Events>;
  readonly #line = new Line();
  readonly #rooms: Rooms;
  #watching: Watching | null = null;
  readonly #arrears: Arrears;
  readonly #hearing: Hearing;
  #begun: Promise<void> | null = null;

  /** @internal */
  constructor(parts: ClientParts) {
    super();
    const { plugins, limits, failFast, grants, missed, surroundings, hears } = parts;
    const { clock } = surroundings;
    const emitter = new Emitter<Events>(NAMES, limits.events);
    const counter = new Counter({ clock, limits, plugins, emitter, failFast, grants, told: () => this.#line.told(), conversation: (id) => this.conversation(id) });
    const rooms = new Rooms(counter);
    const arrears = new Arrears(counter, () => this.book);
    this.#parts = parts;
    this.#emitter = emitter;
    this._inside = counter;
    this.#rooms = rooms;
    this.#arrears = arrears;
    this.book = new Book(counter, { limit: limits.conversations, rooms, presence: (presence) => this.#watching?.take(presence), recount: (conversation) => void arrears.recount(conversation) });
    this.#hearing = new Hearing({ counter, line: this.#line, book: this.book, arrears, watching: () => this.#watching, rooms, missed, hears });
    this.kept = new Kept(counter);
    this.contacts = new Contacts(counter);
    this.objects = new Objects(() => this._inside.desk, (handler) => emitter.on("object", handler));
  }

  // ------------------------------------------------------------ who and where

  /** Whose client it is, as the server decided. */
  get user(): string {
    return this._inside.user;
  }

  /** The id of the session, the same in all tabs: new at each login, the same after a resume. */
  get session(): string {
    return this.#session?.session ?? "";
  }

  /** The device as it logged in, with its id. */
  get device(): SessionInfo["device"] | null {
    return this.#session?.device ?? null;
  }

  /** The tag of the session. */
  get tag(): string | null {
    return this.#session?.tag ?? null;
  }

  /** The id of this tab; random. */
  get tab(): string {
    return this._inside.tab;
  }

  /** Where the connection lives: in a shared worker, in one of the tabs, or in this tab for itself alone. */
  get host(): HostKind | null {
    return this.#desk?.host ?? null;
  }

  /** How the session stands, for all its tabs. */
  get state(): HolderState {
    return this.#desk?.state ?? (this.isClosed ? "stopped" : "idle");
  }

  /** Whether there is a connection, and the session is live on it. */
  get isLive(): boolean {
    return this.state === "live";
  }

  /** Whether this client is over. */
  get isClosed(): boolean {
    return this.#hearing.isOver;
  }

  /** The tabs and windows of this session, this one included, the oldest first. */
  get tabs(): readonly TabView[] {
    return this.#desk?.tabs ?? [];
  }

  /** How far this tab has heard: all that was committed up to `checkpoint`, and each stream up to its position; null before the beginning. */
  get cursor(): Cursor | null {
    return this.#desk?.cursor ?? null;
  }

  /** What waits to be sent, of all tabs and also from before a reload, oldest first. */
  get outbox(): readonly WaitingMessage[] {
    return [...this.#hearing.outboxed.values()];
  }

  get #desk(): Desk | null {
    return this._inside._hasBegun && !this.isClosed ? this._inside.desk : null;
  }

  get #session(): SessionInfo | null {
    return this.#desk?.session ?? null;
  }

  /** Reconnects now instead of after the delay, and asks anew for a token where nobody gave one; false when there is nothing to cut short. */
  retry(): boolean {
    return this.#desk?.retry() ?? false;
  }

  /**
   * Connects now, and is done when this client is live. For who has the connection alone (`host` is `single`): one that tabs share is
   * opened and kept by the session, and this throws a `LocalFault` with the code `connection_shared`. Throws `LinkDown` where the
   * attempt failed, the next ones go on by themselves; `NotLetIn` where nobody gave a token.
   */
  async connect(): Promise<void> {
    await (await more()).connect(this, this._inside);
  }

  /** Says which conversation is on screen in this tab, null for none; all tabs know it of each other (`tabs`). See `Notices`. */
  show(conversation: Conversation | string | null): void {
    this.#desk?.setView({ conversation: idOf(conversation) ?? null });
  }

  // ------------------------------------------------------------ sessions

  /**
   * Ends the session for all its tabs, and forgets what this browser kept of it; the server is told when there is a connection. With
   * `everywhere` ends all my other sessions, too: throws `LinkDown` or `Unavailable`, and nothing is ended here, unless the server
   * answered that all are over; `TimedOut` where no tab could do it, and what ended this client, where that came first. `Unavailable` that is not `retryable`: it is over, but the browser could not remove what it kept.
   */
  async signOut({ everywhere = false }: { readonly everywhere?: boolean } = {}): Promise<void> {
    await this._inside.desk.signOut(everywhere).catch(raise);
    await this.#close("signed out");
  }

  /** Leaves with this tab alone: the session goes on in the others, and stays open on the server for a while after the last one. */
  close(): Promise<void> {
    return this.#close("the client was closed");
  }

  // ------------------------------------------------------------ conversations

  /** Gives the object for a conversation, without asking the server. */
  conversation(id: string): Conversation {
    return this.book.conversation(id);
  }

  /** Gives the object to enter a room with, without asking the server. */
  room(conversation: Conversation | string): Room {
    return new Room(this.#rooms, typeof conversation === "string" ? this.conversation(conversation) : conversation);
  }

  /** The room that each place of this tab is in, by its id; `""` is the tab as a whole. */
  get rooms(): ReadonlyMap<string, string> {
    return this.#rooms.seats;
  }

  /** Begins a query for conversations for which all of these conditions hold; see `ConversationQuery`. */
  query(...conditions: readonly Condition[]): ConversationQuery {
    return new ConversationQuery(this._inside, this.book).where(...conditions);
  }

  /**
   * Looks for messages that have all words of a text, in my conversations or in one; see `MessageSearch`. It gives `page` (1 to
   * 100) at a time. What has just been said is found about a second later.
   */
  search(text: string, { conversation, page = 20 }: { readonly conversation?: Conversation | string; readonly page?: number } = {}): MessageSearch {
    return new MessageSearch(this._inside, this.book, { text, conversation: idOf(conversation), limit: page });
  }

  /** Asks what waits for me; conversations are in step with it afterwards, and `unread` events tell of each. */
  unread(): Promise<UnreadTotal> {
    return this.#arrears.count();
  }

  /**
   * Uploads a `File` or `Blob`, and gives what an `Image`, `Audio`, `Video` or `File` says of it. Whoever has the link in it can
   * read the file. It is sent by this tab, and ends with it; one that the connection was lost for is sent again, a few times.
   */
  async upload(file: Bytes, options: UploadOptions = {}): Promise<Attachment> {
    const { surroundings, base, limits } = this.#parts;
    return (await more()).upload(this._inside, { surroundings, base, repeats: limits.uploadRepeats }, file, options);
  }

  // ------------------------------------------------------------ who is there

  /** Asks once who of some users is there, in the order named. A user whom I may not see looks like one who was never there. */
  async presence(...users: readonly string[]): Promise<readonly Presence[]> {
    return (await this.#watch()).ask(users);
  }

  /** Hears by `presence` events when these users come or go, besides those watched already; gives how they are now. */
  async watch(...users: readonly string[]): Promise<readonly Presence[]> {
    return (await this.#watch()).watch(users);
  }

  /** Hears no more of these users. */
  async unwatch(...users: readonly string[]): Promise<void> {
    return (await this.#watch()).unwatch(users);
  }

  /** Whom this tab watches, and what it heard of them last. */
  get watched(): ReadonlyMap<string, Presence> {
    return this.#watching?.watched ?? new Map();
  }

  // ------------------------------------------------------------ among tabs

  /** Asks that this tab alone does something: granted to one tab, once for each key or until that tab is gone. */
  async claim(name: string, key = ""): Promise<boolean> {
    return this._inside.desk.claim(name, key).catch(raise);
  }

  /** Gives back what was claimed. */
  release(name: string, key = ""): void {
    this.#desk?.release(name, key);
  }

  // ------------------------------------------------------------ receiving

  /** Iterates over the messages of all my conversations, from this call on. */
  messages(): EventStream<Message> {
    return this.#emitter.stream((event) => event instanceof Message);
  }

  /** Iterates over everything that happens, from this call on; the `type` of an event is its name. */
  events(): EventStream<AnyEvent> {
    return this.#emitter.stream(() => true);
  }

  /** Adds a handler of events; gives what takes it away again. One that fails is reported and disturbs nobody. With the first one for calls it is asked what rings. */
  on<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): () => void {
    if (/^(call|ring)/.test(name)) this.#hearing.first.then(() => devices(this._inside, true)).then(({ calls }) => calls.follow(), () => undefined);
    return this.#emitter.on(name, handler);
  }

  // ------------------------------------------------------------ for `Unisono`

  /** @internal Begins with the first caller; for all waits until it can be used. */
  begin(): Promise<void> {
    return (this.#begun ??= this.#begin());
  }

  /** @internal Tells from now on what comes: whoever asked for the client has it. */
  async listen(): Promise<void> {
    for (let turn = 0; turn < TURNS_TO_LISTEN; turn++) await null;
    this.#line.open();
  }

  async #begin(): Promise<void> {
    const { opening, surroundings } = this.#parts;
    const { token } = opening;
    const asked = token && (async () => {
      try {
        return await token();
      } catch (problem) {
        this.#hearing._tokenProblem = problem;
        throw problem;
      }
    });
    const desk = surroundings.open({ ...opening, token: asked, listener: this.#hearing });
    desk.then((opened) => this.#hearing.began(opened), (problem: unknown) => this.#hearing.fail(problem));
    try {
      await this.#hearing.first;
    } catch (fault) {
      desk.then((opened) => opened.close(), () => undefined);
      this.#hearing.ended({ code: "client_closed", message: "the client was closed", isOwn: true });
      throw errorOf(fault);
    }
  }

  async #watch(): Promise<Watching> {
    const { Watching } = await more();
    return (this.#watching ??= new Watching(this._inside));
  }

  async #close(message: string): Promise<void> {
    const desk = this.#desk;
    this.#hearing.ended({ code: "client_closed", message, isOwn: true });
    await desk?.close();
  }
}

function idOf(conversation: Conversation | string | null | undefined): string | undefined {
  return conversation instanceof Conversation ? conversation.id : (conversation ?? undefined);
}
