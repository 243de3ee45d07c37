/** What the objects that programs handle (clients, conversations, rooms) need of the tab they live in. */

import type { Ending, HolderState, HostKind, NetworkEvent, ObjectView, SessionInfo, TabView, View, WireAnswer, WireCommand, WireEvent, WireFact } from "./messages.ts";
import type { SavedSend } from "./ports.ts";

export interface Desk {
  readonly tab: string;
  readonly session: SessionInfo | null;
  readonly state: HolderState;
  readonly host: HostKind | null;
  readonly fence: number;
  readonly tabs: readonly TabView[];
  readonly objects: ReadonlyMap<string, ObjectView>;

  /** Asks the server, and after a loss of the link or of the holder asks again: every command is safe to repeat. */
  request(command: WireCommand): Promise<WireAnswer>;
  /** Asks if there is a link now: for what nobody wants to hear later. */
  requestNow(command: WireCommand): Promise<WireAnswer>;
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
  /** Each fact once, and those of a stream in order. */
  facts(stream: string, epoch: number, facts: readonly WireFact[]): void;
  event(event: WireEvent): void;
  startOver(range: { readonly stream: string; readonly epoch: number; readonly first: number; readonly last: number; readonly reason: string }): void;
  state(state: HolderState, network: NetworkEvent | null): void;
  object(name: string, object: ObjectView | null, isOwn: boolean): void;
  outbox(send: SavedSend, status: "queued" | "sent" | "failed", code: string | null): void;
  tabs(tabs: readonly TabView[]): void;
  ended(ending: Ending): void;
}
