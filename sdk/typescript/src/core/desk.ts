/** What the objects that programs handle (clients, conversations, rooms) need of the tab they live in. */

import type { Cursor, Ending, HolderState, HostKind, LoginWish, NetworkEvent, ObjectView, SessionInfo, TabView, View, WireAnswer, WireCommand, WireEvent, WireFact } from "./messages.ts";
import type { Clock, SavedSend, Stop } from "./ports.ts";

/** A promise of a desk that is not kept is rejected with a `Fault` (messages.ts), as data; the API makes errors of it. */
export interface Desk {
  readonly tab: string;
  readonly session: SessionInfo | null;
  readonly state: HolderState;
  readonly host: HostKind | null;
  readonly fence: number;
  readonly tabs: readonly TabView[];
  /** None before the first welcome. */
  readonly cursor: Cursor | null;
  readonly objects: ReadonlyMap<string, ObjectView>;

  /**
   * Asks the server, and after a loss of the link or of the holder asks again: every command is safe to repeat. What has no answer
   * after so many milliseconds fails with `timed_out`, and is not asked again.
   */
  request(command: WireCommand, ms?: number): Promise<WireAnswer>;
  /** Asks if there is a link now: for what nobody wants to hear later. */
  requestNow(command: WireCommand, ms?: number): Promise<WireAnswer>;
  /** Puts a send into the outbox; done when it is placed, and its fact was told here. Sends of a conversation keep their order. */
  place(command: WireCommand & { readonly op: "send"; readonly key: string }): Promise<WireAnswer>;
  /** A key for a send or a creation: `tab id:counter`, never the same again. */
  newKey(): string;
  /** Whether this very tab made the key. */
  isOwnKey(key: string): boolean;

  setObject(name: string, value: unknown, expect?: number): Promise<number>;
  dropObject(name: string, expect?: number): Promise<void>;
  claim(name: string, key: string): Promise<boolean>;
  release(name: string, key: string): void;
  /** The program was given an event that is kept: it need not come again. */
  heard(id: string): void;
  setView(view: Partial<View>): void;
  retry(): boolean;
  /** Leaves with this tab alone: the session goes on for the others, and is detached with the last one. */
  close(): Promise<void>;
  /** Ends the session for all its tabs; with `everywhere` all the user's others, too. */
  signOut(everywhere: boolean): Promise<void>;
}

/** Who hears of a desk. No method may wait; an exception of one is a defect. */
export interface Listener {
  /** A new tab, or one that starts over: all it knew is void. `answers` are of `conversations` and `unread`. */
  started(answers: readonly WireAnswer[]): void;
  /** Each fact once, and those of a stream in order; none where all were repeats. A promise is kept when the program has had all that came so far. */
  facts(stream: string, epoch: number, facts: readonly WireFact[]): Promise<void> | void;
  event(event: WireEvent): void;
  startOver(range: { readonly stream: string; readonly epoch: number; readonly first: number; readonly last: number; readonly reason: string }): void;
  state(state: HolderState, network: NetworkEvent | null): void;
  object(name: string, object: ObjectView | null, isOwn: boolean): void;
  outbox(send: SavedSend, status: "queued" | "sent" | "failed" | "gone", code: string | null): void;
  /** All that waits in the outbox now: it was not heard what became of the rest. */
  waiting(sends: readonly SavedSend[]): void;
  tabs(tabs: readonly TabView[]): void;
  /** Another tab was granted what this one had claimed before it slept. */
  unclaimed(name: string, key: string): void;
  ended(ending: Ending): void;
}

/** Bytes of a program: a `Blob` or `File` of the browser is one. */
export interface Bytes {
  readonly size: number;
  /** A media type; empty when it is not known. */
  readonly type: string;
  readonly name?: string;
}

/** Who wants a desk, and how. The host keeps the device's id per origin; `device.id` is one that the program chose. */
export interface Opening {
  readonly wish: Omit<LoginWish, "device"> & { readonly device: Omit<LoginWish["device"], "id"> & { readonly id?: string } };
  readonly sharing: "auto" | "required" | "off";
  /** For tests and odd surroundings: this host and no other. */
  readonly host: HostKind | null;
  readonly workerUrl: string | null;
  /** `random`: a new device for each context instead of the origin's. */
  readonly deviceId: "fixed" | "random";
  /** Gives a token that is good now, at login and whenever the server asks for a newer one. What it throws is told by the state `needs-token`. */
  readonly token: (() => string | Promise<string>) | null;
  readonly listener: Listener;
}

/** What the API needs of where it runs; the hosts give it. */
export interface Surroundings {
  readonly clock: Clock;
  /** Done as soon as there is a desk; its listener hears when the session is live, or why nobody lets the user in. */
  open(opening: Opening): Promise<Desk>;
  /** Whether tabs can share a session here. */
  canShare(): boolean;
  /** Sends the bytes by HTTP PUT, and gives the status and the body of the answer; rejected where there is no connection. */
  put(url: string, bytes: Bytes, progress: ((sent: number) => void) | null, stop: Stop | null): Promise<{ readonly status: number; readonly body: string }>;
}
