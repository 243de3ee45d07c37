/** My devices and sessions, and how this one is reached when I am nowhere connected. Loaded at the first use. */

import type { SessionView } from "../wire/types.ts";
import type { Json, Sayable } from "./bodies.ts";
import type { Conversation } from "./conversation.ts";
import type { Inside } from "./inside.ts";
import type { Late } from "./late.ts";
import type { Camelled } from "./names.ts";
import { paged } from "./pages.ts";
import { sent, told } from "./telling.ts";
import type { Addressed, TellOptions } from "./telling.ts";

/** One of my sessions that is not over, as the server shows it. */
export type SessionData = Camelled<SessionView>;

/** One of my sessions, which things can be told to. */
export interface OwnSession extends SessionData {
  /** Tells it something, as `Client.tell`; with a `tab`, that one of its tabs alone. Throws `NotFound` where it is over, or has no such tab. */
  tell(name: string, data?: Json, options?: TellOptions & { readonly tab?: string }): Promise<Addressed>;
  /**
   * Sends it a message that is for it alone and in no conversation: there it is a `sessionMessage` event. Without a connection now it gets
   * nothing, unless it is kept for `keepS` seconds. Throws `NotFound` where it is over, and `Unacceptable`.
   */
  send(message: Sayable, options?: TellOptions): Promise<Addressed>;
}

/** The side of a `Client` that is about my devices and sessions, and all that is mine at once. */
export interface OwnSessions {
  /** Lists my sessions that are not over, the oldest login first, this one included (`isThis`). */
  sessions(): Promise<readonly OwnSession[]>;
  /** Lists my sessions without this one. */
  otherSessions(): Promise<readonly OwnSession[]>;
  /** Ends one of my sessions. Throws `NotFound` where I have none of this id. */
  closeSession(session: string): Promise<void>;
  /** Ends all my sessions of one device. That none is left is no error. */
  closeDevice(device: string): Promise<void>;
  /** Has one tab of one of my sessions go; its other tabs stay. Throws `NotFound` where I have no such session, or it has no such tab. */
  closeTab(session: string, tab: string): Promise<void>;
  /** Moves my read marks to the end of conversations (up to 1,000); without any, of all in which something waits. */
  markAllRead(conversations?: readonly (Conversation | string)[]): Promise<void>;
  /** Removes a file of mine by its id (`Attachment.id`). Messages that tell of it stay, their link leads nowhere. */
  removeFile(file: string): Promise<void>;
  /** Takes back what this session left with `Conversation.leaveWill`. Nothing left is no error. */
  dropWill(): Promise<void>;
  /**
   * Has this device get push notifications while I am nowhere connected; a later call takes the place of this. Call it after each
   * login: providers change their tokens. `provider` and `token` are what the operator's push service knows them as.
   */
  registerPush(provider: string, token: string): Promise<void>;
  /** Has this device get no push notifications any more. None registered is no error. */
  unregisterPush(): Promise<void>;
}

/** Asks the server. */
export const OWN_SESSIONS: Late<OwnSessions, unknown> = {
  sessions,
  otherSessions: async (inside) => (await sessions(inside)).filter((each) => !each.isThis),
  closeSession: async (inside, _, session) => void (await inside.ask("close_session", { session })),
  closeDevice: async (inside, _, device) => void (await inside.ask("close_device", { device })),
  closeTab: async (inside, _, session, tab) => void (await inside.ask("close_tab", { session, tab })),
  markAllRead: async (inside, _, conversations = []) => void (await inside.ask("mark_all_read", { conversations: conversations.map((each) => (typeof each === "string" ? each : each.id)) })),
  removeFile: async (inside, _, file) => void (await inside.ask("remove_file", { file })),
  dropWill: async (inside) => void (await inside.ask("no_will", {})),
  registerPush: async (inside, _, provider, token) => void (await inside.ask("register_push", { provider, token })),
  unregisterPush: async (inside) => void (await inside.ask("unregister_push", {})),
};

async function sessions(inside: Inside): Promise<readonly OwnSession[]> {
  const found: SessionData[] = [];
  for await (const page of paged(inside, "sessions", {})) found.push(...page.sessions);
  return found.map((view) => owned(inside, view));
}

function owned(inside: Inside, view: SessionData): OwnSession {
  const { session } = view;
  const tell: OwnSession["tell"] = (name, data = null, { tab, ...how } = {}) => told(inside, { to: { session, tab }, name, data, ...how });
  const send: OwnSession["send"] = (message, how) => sent(inside, session, message, how);
  // What the server shows is what others see of it, as JSON, too.
  return Object.defineProperties(view, { tell: { value: tell }, send: { value: send } }) as OwnSession;
}
