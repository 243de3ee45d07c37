/** What the core needs of its surroundings. Each host gives its own; tests give fakes. No DOM types here. */

import type { Ending } from "./messages.ts";

/** Milliseconds. `now` only goes forward; `wall` is the time of day since 1970-01-01 UTC. */
export interface Clock {
  now(): number;
  wall(): number;
  /** Calls once, later; gives what calls it off. */
  after(ms: number, call: () => void): () => void;
}

export interface Entropy {
  /** 128 random bits as text: for ids that cannot be guessed. */
  id(): string;
  /** From 0 on, below 1: for jitter. */
  chance(): number;
}

/** One way between a tab and a holder. Ordered, and without loss while both ends live; nobody is told when one ends. */
export interface Channel<In, Out> {
  post(message: Out): void;
  listen(take: (message: In) => void): void;
  close(): void;
}

/** A lock of the browser (Web Locks), by its full name. */
export interface Held {
  release(): void;
  /** Done when the lock was taken away (stolen), never when it was released. */
  readonly lost: Promise<void>;
}

export interface Locks {
  /** Waits for the lock. `signal` gives up waiting: then null. */
  hold(name: string, signal?: Stop): Promise<Held | null>;
  /** Takes it if it is free now. */
  tryHold(name: string): Promise<Held | null>;
}

/** What one who may hold the session needs besides. */
export interface HostLocks extends Locks {
  /** Takes it away from whoever has it. */
  steal(name: string): Promise<Held>;
}

/** What stops a wait; an AbortSignal is one. */
export interface Stop {
  readonly aborted: boolean;
  addEventListener(type: "abort", call: () => void): void;
}

/** A connection to the server: frames as text or bytes, in order. */
export interface Wire {
  send(frame: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  /** Bytes handed over that have not left yet. */
  readonly buffered: number;
}

export interface WireEvents {
  frame(frame: string | Uint8Array): void;
  /** Told once, at the end. `code` is the close code, 1006 where there was none. */
  closed(code: number, reason: string): void;
}

/** Opens a connection; rejects where there is none, with a `NotLetIn` where the server said why. */
export type Dial = (url: string, events: WireEvents, stop: Stop) => Promise<Wire>;

/** What outlives the holder, for one context: IndexedDB in browsers, memory elsewhere. */
export interface Store {
  /** Gives all that is kept, to one holder: what those before it write from now on is refused. Never rejects: what cannot be read is not there. */
  take(): Promise<Shelf>;
  /** Sessions on a server that were signed out of, and that it was not told of; of all contexts. */
  debts(url: string): Promise<readonly Debt[]>;
  owe(debt: Debt): Promise<void>;
  /** The server knows. */
  settle(debt: Debt): Promise<void>;
}

/** What is kept of a context, as it was taken. */
export interface Kept {
  readonly session: SavedSession | null;
  /** Sends that wait, oldest first. */
  readonly outbox: readonly SavedSend[];
  readonly objects: readonly SavedObject[];
  /** Nothing was kept but this: what is not here was cleared, or never was. */
  readonly isWhole: boolean;
}

/**
 * What is kept of a context, as it was taken, and where its holder writes. A write that is done is durable. One that is not is rejected:
 * with `Deposed` where the context was taken by another holder or cleared, else because of the disk; then nothing was written.
 */
export interface Shelf extends Kept {
  writeSession(saved: SavedSession): Promise<void>;
  putSend(send: SavedSend): Promise<void>;
  dropSend(key: string): Promise<void>;
  putObject(object: SavedObject): Promise<void>;
  dropObject(name: string): Promise<void>;
  /**
   * All goes but what the next holder has to know: how it ended, and whether the server has to be told yet. From then on everything
   * that is written here is refused.
   */
  clear(last: SavedSession, debt: Debt | null): Promise<void>;
  /** After `clear`, when everybody knows: no row is left. */
  vanish(): Promise<void>;
  /** Refuses all writes from now on; those that were begun may be done. */
  close(): void;
}

/** The context is another holder's, or nobody's. Who catches it may have another copy of this class: the mark tells. */
export class Deposed extends Error {
  readonly isDeposed = true;
}

/** What it takes to end a session whose tabs are gone. */
export interface Debt {
  readonly url: string;
  readonly session: string;
  readonly resumeToken: string;
  readonly fence: number;
}

export interface SavedSession {
  readonly user: string;
  readonly session: string;
  /** Empty: a login under this id was begun, and its answer has not come. */
  readonly resumeToken: string;
  readonly fence: number;
  /** Tabs that are not let in any more. */
  readonly closed?: readonly string[];
  /** Why the session is over: a tab that comes back is told, and only one that is new logs in again. */
  readonly ended?: Ending;
}

/** `n` orders sends; `tab` made it; `command` is a `send` with its key. */
export interface SavedSend {
  readonly key: string;
  readonly n: number;
  readonly tab: string;
  readonly at: number;
  readonly command: { readonly op: "send"; readonly [field: string]: unknown };
}

export interface SavedObject {
  readonly name: string;
  readonly value: unknown;
  readonly revision: number;
  readonly tab: string;
}
