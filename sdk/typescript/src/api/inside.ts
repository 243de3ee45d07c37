/** What the objects that programs handle need of their client. Programs do not use this. */

import type { Desk } from "../core/desk.ts";
import type { Answers, Command } from "../wire/types.ts";
import type { Conversation } from "./conversation.ts";
import type { Devices } from "./devices.ts";
import type { Emitter } from "./emitter.ts";
import type { Events } from "./events.ts";
import type { SaidData } from "./message.ts";
import type { Camelled } from "./names.ts";
import type { Plugins } from "./plugins.ts";

/** What may be asked. */
export type Op = keyof Answers & Command["op"];
/** The fields of an operation. */
export type Fields<O extends Op> = Omit<Camelled<Extract<Command, { readonly op: O }>>, "op" | "grant">;
/** What an operation is answered with. */
export type AnswerTo<O extends Op> = Camelled<Answers[O]>;

/** The inside of a client, as its parts use it. */
export interface Inside {
  /** Whose client it is. */
  readonly user: string;
  /** The id of the tab. */
  readonly tab: string;
  readonly plugins: Plugins;
  /** Why nothing more can be asked; null while it can. */
  readonly over: unknown;
  readonly emitter: Emitter<Events>;
  /** The desk of the tab. Throws where the client is over or has not begun. */
  readonly desk: Desk;
  /** What is loaded where a program uses it. */
  _devices?: Devices;
  /** Gives the object of a conversation. */
  conversation(id: string): Conversation;
  /** Asks the server, and again after a loss of the connection. */
  ask<O extends Op>(op: O, fields: Fields<O>): Promise<AnswerTo<O>>;
  /** Asks if there is a connection now. */
  _askNow<O extends Op>(op: O, fields: Fields<O>, ms?: number): Promise<AnswerTo<O>>;
  /** Sends a message. */
  place(fields: Fields<"send">): Promise<Extract<AnswerTo<"send">, { readonly kind: "placed" }>>;
  /** Makes a key for a send or a creation. */
  newKey(): string;
  /** Whether this tab made a key. */
  isOwnKey(key: string): boolean;
  /** Whether this tab sent a message. */
  isOwn(said: SaidData): boolean;
  /** Has the server told, soon, that this device has messages up to a seq. */
  _noteDelivered(conversation: string, seq: number): void;
  /** Makes an error of this side. */
  fault(code: string, message: string): unknown;
  pause(ms: number): Promise<void>;
  /** Calls once, later; gives what calls it off. */
  _after(ms: number, call: () => void): () => void;
  /** Milliseconds; only goes forward. */
  now(): number;
  /** The time of day, in milliseconds since 1970-01-01 UTC. */
  wall(): number;
}
