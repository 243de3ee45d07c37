/**
 * What a tab and the holder of the session say to each other. Plain data only: it passes message ports and broadcast
 * channels. The shape of `hello`, `welcome`, `who` and `outdated` is kept for three releases, the rest for one protocol number.
 */

import type { SavedSend } from "./ports.ts";

/** Grows when an older tab and a newer holder could not understand each other. */
export const PROTOCOL = 1;

/** A value as it stands on the wire of the server; see `../wire/types.ts` for what each is. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };
export interface WireCommand { readonly op: string; readonly [field: string]: unknown }
export interface WireAnswer { readonly kind: string; readonly [field: string]: unknown }
export interface WireEvent { readonly kind: string; readonly [field: string]: unknown }
export interface WireFact { readonly seq: number; readonly at: number; readonly fact: { readonly kind: string; readonly [field: string]: unknown } }

export interface Position {
  readonly epoch: number;
  readonly seq: number;
  /** While I am no member of its conversation. */
  readonly isLeft?: boolean;
}

/** What was seen: all that was committed up to `checkpoint`, and each stream up to its position. */
export interface Cursor {
  readonly epoch: number;
  readonly checkpoint: number;
  readonly positions: { readonly [stream: string]: Position };
}

/** An error as data; `where` says who found it: the server, the holder or the link. */
export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  readonly numbers?: { readonly [name: string]: number | string };
  readonly where: "server" | "holder" | "link";
}

export interface View {
  readonly visible: boolean;
  readonly focused: boolean;
  /** The conversation on screen. */
  readonly conversation: string | null;
  readonly online: boolean;
}

export interface TabView {
  readonly tab: string;
  readonly since: number;
  readonly visible: boolean;
  readonly focused: boolean;
  /** The conversation on its screen, as its program says. */
  readonly conversation: string | null;
}

export type HostKind = "shared-worker" | "leader-tab" | "single";
/** `idle` before anybody logged in; `stopped` is final. */
export type HolderState = "idle" | "opening" | "live" | "waiting" | "needs-token" | "stopped";

/** Who logs in. The same in every tab of a context but for the token. */
export interface LoginWish {
  /** `wss://…`, without the path. */
  readonly url: string;
  readonly user: string | null;
  readonly tag: string | null;
  readonly device: { readonly id: string; readonly platform: string; readonly label?: string; readonly info?: string };
}

// ---------------------------------------------------------------- tab to holder

export interface Hello {
  readonly is: "hello";
  readonly v: number;
  readonly tab: string;
  readonly sdk: string;
  readonly since: number;
  readonly wish: LoginWish;
  /** None: a new tab, that takes a snapshot. */
  readonly cursor: Cursor | null;
  /** The highest fence this tab has seen. */
  readonly fence: number;
  readonly unanswered: readonly Command[];
  readonly view: View;
  /** A token at hand; `canAsk` says that the tab has a function that gives tokens. */
  readonly token: string | null;
  readonly canAsk: boolean;
  /** Back from a sleep: what happened meanwhile it was not told. */
  readonly slept?: boolean;
  /** What this tab was granted: a holder that follows another knows nothing of it. */
  readonly claims?: readonly Claimed[];
}

/** A name, and a key that it is claimed for. */
export type Claimed = readonly [name: string, key: string];

export interface Command {
  readonly is: "command";
  /** Of this tab, never used twice: its answer names it. */
  readonly n: number;
  readonly do: WireCommand;
  /** `queue`: a send of the outbox. `repeat`: asked again after a loss. `now`: only over the link there is. */
  readonly how: "queue" | "repeat" | "now";
}

export type FromTab =
  | Hello
  | Command
  /** Nobody waits for the answer any more. */
  | { readonly is: "cancel"; readonly n: number }
  /** The tab's handlers have had all facts up to the `upTo`th of this holder; with `cursor` when it was behind. */
  | { readonly is: "seen"; readonly upTo: number; readonly cursor?: Cursor }
  | { readonly is: "view"; readonly view: View }
  | { readonly is: "retry" }
  | ObjectCall
  /** The tab's handlers were given an event that is kept; async ones may not be done with it. */
  | { readonly is: "heard"; readonly id: string }
  | { readonly is: "claim"; readonly n: number; readonly claim: Claimed }
  | { readonly is: "release"; readonly claim: Claimed }
  | { readonly is: "token"; readonly ask: number; readonly token: string | null }
  | { readonly is: "bye" }
  /** Does the holder live? Answered by its host with `pong`, whatever the link does. */
  | { readonly is: "ping" }
  | { readonly is: "sign-out"; readonly n: number; readonly everywhere: boolean }
  /** A newer SDK asks the holder to end cleanly. */
  | { readonly is: "yield"; readonly v: number };

export interface ObjectCall {
  readonly is: "object";
  readonly n: number;
  readonly name: string;
  /** Left out: take it away. */
  readonly value?: unknown;
  /** Refused with `conflict` when the present revision is another; 0: there must be none. */
  readonly expect?: number;
}

// ---------------------------------------------------------------- holder to tab

/** A stream's facts in their order; `n` counts the frames of this holder. */
export interface Facts {
  readonly is: "facts";
  readonly n: number;
  readonly stream: string;
  readonly epoch: number;
  readonly facts: readonly WireFact[];
  readonly checkpoint: number;
}

export interface ObjectView {
  readonly name: string;
  readonly value: unknown;
  readonly revision: number;
  readonly tab: string;
}

export interface SessionInfo {
  readonly user: string;
  readonly session: string;
  readonly device: LoginWish["device"];
  readonly tag: string | null;
  readonly server: string;
}

export interface Welcome {
  readonly is: "welcome";
  readonly v: number;
  readonly sdk: string;
  /** Name of the lock that tells whether this holder lives. */
  readonly life: string;
  readonly host: HostKind;
  readonly state: HolderState;
  readonly session: SessionInfo | null;
  /** Where facts go on from. With `isSnapshot` the tab forgets what it knew: it is new, or was away for too long. */
  readonly cursor: Cursor;
  readonly isSnapshot: boolean;
  /** With a snapshot: answers of `query` and `unread`, as the server gave them, kept in step by the facts since. */
  readonly conversations: readonly WireAnswer[];
  readonly objects: readonly ObjectView[];
  readonly tabs: readonly TabView[];
  readonly outbox: readonly SavedSend[];
}

/** The link as it comes and goes; the same in every tab. */
export type NetworkEvent =
  | { readonly kind: "disconnect"; readonly code: string; readonly message: string }
  | { readonly kind: "schedule"; readonly attempt: number; readonly delayMs: number }
  | { readonly kind: "retry"; readonly attempt: number }
  | { readonly kind: "reconnect" };

/** Why a session is over; `newcomer` is the device that took its place. */
export interface Ending {
  readonly code: string;
  readonly message: string;
  readonly advice: "reconnect" | "later" | "new_token" | "log_in" | "stop";
  readonly newcomer?: { readonly platform: string; readonly label?: string | undefined; readonly info?: string | undefined };
  /** Signed out by one of these tabs. */
  readonly isOwn: boolean;
}

export type ToTab =
  | Welcome
  | Facts
  | { readonly is: "event"; readonly event: WireEvent }
  /** What the server answered; of an object its revision, of a claim whether it was granted, of a sign-out null. */
  | { readonly is: "answer"; readonly n: number; readonly answer: unknown }
  | { readonly is: "fault"; readonly n: number; readonly fault: Fault }
  | { readonly is: "state"; readonly state: HolderState; readonly session: SessionInfo | null; readonly network?: NetworkEvent }
  /** Facts of a stream from `first` to `last` will not come. */
  | { readonly is: "start-over"; readonly stream: string; readonly epoch: number; readonly first: number; readonly last: number; readonly reason: string }
  /** The tab has not kept up: nothing more comes until it says `seen` with its cursor. */
  | { readonly is: "behind" }
  | { readonly is: "object"; readonly name: string; readonly object: ObjectView | null; readonly revision: number; readonly tab: string }
  /** `queued`: it is kept, by the disk or, where the browser has none, by the holder. */
  | { readonly is: "outbox"; readonly send: SavedSend; readonly status: "queued" | "sent" | "failed"; readonly fault?: Fault }
  | { readonly is: "tabs"; readonly tabs: readonly TabView[] }
  | { readonly is: "need-token"; readonly ask: number }
  /** A claim is this tab's no more: it is another's (`isTaken`), or the oldest of too many. */
  | { readonly is: "unclaimed"; readonly claim: Claimed; readonly isTaken: boolean }
  | { readonly is: "ended"; readonly ending: Ending }
  | { readonly is: "outdated"; readonly v: number; readonly sdk: string }
  | { readonly is: "pong" }
  /** Said by a worker that does not hold the session (its envelope's fence is 0): ask on the bus. */
  | { readonly is: "elsewhere" }
  /** The holder does not know this tab: say hello. */
  | { readonly is: "who" };

/** How messages travel: each of the holder's carries its fence, so that one that is over is not heard. */
export interface FromTabEnvelope { readonly tab: string; readonly message: FromTab }
export interface ToTabEnvelope {
  readonly fence: number;
  /** Whom it is for; null: every tab of the context. */
  readonly tab: string | null;
  readonly message: ToTab;
}
