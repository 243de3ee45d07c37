/** What a client tells its program, by name. Instants are milliseconds since 1970-01-01 UTC. */

import type { Ending, ObjectView, TabView } from "../core/messages.ts";
import type { Label, Rules, TabView as WireTab } from "../wire/types.ts";
import type { Attributes, Content, Json } from "./bodies.ts";
import type * as calling from "./calling.ts";
import type { Conversation } from "./conversation.ts";
import type { Message, RoomMessage, TransientMessage } from "./message.ts";
import type { Camelled } from "./names.ts";
import type * as own from "./own-events.ts";
import type { SessionMessage, Told, ToldLost } from "./telling.ts";
import type * as threads from "./thread-events.ts";

/** An event of a conversation; `type` is the name of the event. */
interface Of<Type extends string> {
  readonly type: Type;
  readonly conversation: Conversation;
}

interface By<Type extends string> extends Of<Type> {
  readonly by: string;
  readonly at: number;
}

/** A conversation with me began, or a room of mine. */
export type Created = By<"created">;

/** Users became members; by themselves when `by` is the only one of `users`. */
export interface MembersJoined extends By<"membersJoined"> {
  readonly users: readonly string[];
}

/** Others are members no more. My own leaving is `exited` and nothing else. */
export interface MembersLeft extends By<"membersLeft"> {
  readonly users: readonly string[];
}

/** I became a member; `invited` is told, too, when somebody else did it. */
export interface Entered extends By<"entered"> {
  readonly isInvited: boolean;
}

/** I am a member no more; `kicked` is told, too, when somebody else did it. `by` is null when it ended for all. */
export interface Exited extends Of<"exited"> {
  readonly by: string | null;
  readonly at: number;
  readonly isKicked: boolean;
}

/** A conversation is another; what is not there stayed. An empty `name` was taken away. `set` and `unset` name paths such as `attr.place.city`. */
export interface Changed extends By<"changed"> {
  readonly name?: string;
  readonly set?: Attributes;
  readonly unset?: readonly string[];
  readonly joining?: "invited" | "open";
  readonly rules?: Camelled<Rules>;
}

/** A member has another role, or other attributes; what is not there stayed. */
export interface MemberChanged extends By<"memberChanged"> {
  readonly user: string;
  readonly role?: "owner" | "manager" | "member";
  readonly attributes?: Attributes;
}

/** Users may not be members (`blocked`) or not speak (`silenced`), or may again (not `isOn`); `until` an instant, or for ever. Members who are blocked leave, which is told besides. */
export interface Restricted extends By<"restricted"> {
  readonly users: readonly string[];
  readonly what: "blocked" | "silenced";
  readonly isOn: boolean;
  readonly until?: number;
}

/** A conversation is over: its time was up, or its owner (`by`) dissolved it. */
export interface Ended extends Of<"ended"> {
  readonly reason: "expired" | "dissolved";
  readonly by?: string;
  readonly at: number;
}

/** I want to be alerted of `all` messages of a conversation, of `mentions` of me, or of `none`. */
export interface LevelSet extends Of<"level"> {
  readonly level: "all" | "mentions" | "none";
  readonly at: number;
}

/** I have read a conversation up to `seq`, on whatever session. */
export interface ReadMoved extends Of<"read"> {
  readonly seq: number;
  readonly at: number;
}

/**
 * What waits for me in a conversation is another count: told at login for each in which something waits, with its newest message
 * in `last`, and whenever a mark moves on any of my sessions. A message that comes raises `Conversation.unread` without this event.
 */
export interface Unread extends Of<"unread"> {
  readonly unread: number;
  readonly mentions: number;
  readonly last: Message | null;
}

/** Another got, or read (`isRead`), my message: the one that `send` gave; null for one that this tab did not send, or forgot. `seq` is its place, or that up to which all of mine are meant. */
export interface Receipt extends Of<"receipt"> {
  readonly message: Message | null;
  readonly seq: number;
  readonly user: string;
  readonly isRead: boolean;
  readonly at: number;
}

/** The message at `seq` has another content: empty when it changed again since, which another event tells. */
export interface Edited extends By<"edited"> {
  readonly seq: number;
  readonly content: Content;
  readonly mentions: readonly string[];
  readonly mentionAll: boolean;
}

/** The message at `seq` was taken back; in a room nobody is told by whom. */
export interface Recalled extends Of<"recalled"> {
  readonly seq: number;
  readonly by?: string;
  readonly at: number;
}

/** Somebody put a reaction to the message at `seq`, or took it away. */
export interface Reacted extends By<"reacted"> {
  readonly seq: number;
  readonly reaction: string;
  readonly isOn: boolean;
}

/** Another member began, or ceased, to write. Let it lapse after six seconds: the end may never come. */
export interface Typing extends Of<"typing"> {
  readonly user: string;
  readonly isTyping: boolean;
}

/** A user whom I watch came or went. `seenAt` is when one who is offline was last there, where that is mine to know. */
export interface Presence {
  readonly type: "presence";
  readonly user: string;
  readonly state: "online" | "offline";
  readonly isOnline: boolean;
  readonly platforms: readonly string[];
  readonly seenAt: number | null;
}

/** This tab is in a room no more: it may enter again, or I am blocked there. */
export interface RoomLeft extends Of<"roomLeft"> {
  /** The place in the tab, as it was named when entering. */
  readonly place: string;
}

/** One of my devices logged in. */
export interface SessionOpened {
  readonly type: "sessionOpened";
  readonly session: string;
  readonly device: string;
  readonly shown: Camelled<Label>;
  readonly tag?: string;
  readonly at: number;
}

/** One of my logins is over: logged_out, closed, displaced, replaced, revoked or expired. */
export interface SessionEnded {
  readonly type: "sessionEnded";
  readonly session: string;
  readonly device: string;
  readonly reason: string;
  readonly newcomer?: Camelled<Label>;
  readonly at: number;
}

/** Something happened that this SDK does not know yet. */
export interface UnknownFact {
  readonly type: "unknownFact";
  readonly stream: string;
  readonly seq: number;
  readonly at: number;
  readonly fact: { readonly kind: string; readonly [field: string]: unknown };
}

/**
 * Facts `first` to `until` of a stream do not come: read them from the history if they matter; nothing is to be read when `until` is lower.
 * `conversation` is null for my own stream, and so is `stream` when this tab was away for too long and begins anew with all it knows (`away`).
 */
export interface StartOver {
  readonly type: "startOver";
  readonly conversation: Conversation | null;
  readonly stream: string | null;
  readonly first: number;
  readonly until: number;
  readonly reason: string;
}

/** Another device took the place of this one; `closed` follows. Do not log in again unasked. */
export interface WasDisplaced {
  readonly type: "displaced";
  readonly newcomer: Ending["newcomer"] | null;
}

/** This client is over. `code` is `client_closed` when the program did it, `tab_closed` when this tab was closed from elsewhere, else the server's code; `isOwn` when one of my tabs signed out. */
export interface Closed {
  readonly type: "closed";
  readonly code: string;
  readonly message: string;
  readonly isOwn: boolean;
}

interface OfNetwork<Type extends string> {
  readonly type: Type;
  /** Whose connection it is. */
  readonly user: string | null;
}

/** The connection was lost. */
export interface Disconnect extends OfNetwork<"disconnect"> {
  readonly code: string;
  readonly message: string;
}

/** The next attempt, counted from 0, comes after a delay. */
export interface Schedule extends OfNetwork<"schedule"> {
  readonly attempt: number;
  readonly delayMs: number;
}

/** The attempt begins. */
export interface Retry extends OfNetwork<"retry"> {
  readonly attempt: number;
}

/** The session is back. */
export type Reconnect = OfNetwork<"reconnect">;

/** An object that the tabs share was set, or taken away (`isThere` is false); `isOwn` when this very tab did it. */
export interface ObjectChanged extends Partial<Omit<ObjectView, "name">> {
  readonly type: "object";
  readonly name: string;
  readonly isThere: boolean;
  readonly isOwn: boolean;
}

/** Another session of mine, or another tab, keeps something else under a name; nothing any more where `isThere` is false. */
export interface KeptChanged {
  readonly type: "kept";
  readonly name: string;
  readonly value?: Json;
  readonly revision: number;
  readonly isThere: boolean;
  readonly at: number;
}

/** A message of the outbox: it waits, it was sent, or it cannot be (`failed`, with the code of the reason); one that is `gone` was one of these while this tab slept. */
export interface OutboxChanged extends Of<"outbox"> {
  readonly key: string;
  readonly status: "queued" | "sent" | "failed" | "gone";
  readonly content: Content;
  readonly code: string | null;
}

/** Tabs of this session came, went, or were shown or hidden. */
export interface TabsChanged {
  readonly type: "tabs";
  readonly tabs: readonly TabView[];
}

/** Another tab has what this one had claimed: this one slept, or could not be heard when the connection passed to another tab. */
export interface ClaimLost {
  readonly type: "claimLost";
  readonly name: string;
  readonly key: string;
}

/** Other tabs share one of my sessions now: all of them. */
export interface SessionTabs {
  readonly type: "sessionTabs";
  readonly session: string;
  readonly tabs: readonly Camelled<WireTab>[];
}

/** Network events, which a `Unisono` tells, too. */
export interface NetworkEvents {
  readonly disconnect: Disconnect;
  readonly schedule: Schedule;
  readonly retry: Retry;
  readonly reconnect: Reconnect;
}

/** All events of a client, by name. */
export interface Events extends NetworkEvents {
  readonly message: Message;
  readonly transient: TransientMessage;
  readonly roomMessage: RoomMessage;
  readonly roomLeft: RoomLeft;
  readonly presence: Presence;
  readonly typing: Typing;
  readonly unread: Unread;
  readonly receipt: Receipt;
  readonly edited: Edited;
  readonly recalled: Recalled;
  readonly reacted: Reacted;
  readonly created: Created;
  readonly changed: Changed;
  readonly memberChanged: MemberChanged;
  readonly restricted: Restricted;
  readonly ended: Ended;
  readonly level: LevelSet;
  readonly pinned: own.PinnedChanged;
  readonly marked: own.MarkChanged;
  readonly silence: own.SilenceChanged;
  readonly allSilence: own.AllSilenceChanged;
  readonly deleted: own.Deleted;
  readonly historyDeleted: own.HistoryDeleted;
  readonly messagesDeleted: own.MessagesDeleted;
  readonly draft: own.DraftChanged;
  readonly multiDevice: own.MultiDevice;
  readonly contactInvited: own.ContactInvited;
  readonly contactAgreed: own.ContactAgreed;
  readonly contactDeclined: own.ContactDeclined;
  readonly contactRemoved: own.ContactRemoved;
  readonly remarkSet: own.RemarkSet;
  readonly usersBlocked: own.UsersBlocked;
  readonly usersUnblocked: own.UsersUnblocked;
  readonly writingSet: own.WritingSet;
  readonly threadMade: threads.ThreadMade;
  readonly threadRenamed: threads.ThreadRenamed;
  readonly threadEnded: threads.ThreadEnded;
  readonly ringing: calling.Ringing;
  readonly ringOver: calling.RingOver;
  readonly callAnswered: calling.CallAnswered;
  readonly callDeclined: calling.CallDeclined;
  readonly callRoster: calling.CallRoster;
  readonly callEnded: calling.CallOver;
  readonly callSignal: calling.CallSignal;
  readonly told: Told;
  readonly toldLost: ToldLost;
  readonly sessionMessage: SessionMessage;
  readonly membersJoined: MembersJoined;
  readonly membersLeft: MembersLeft;
  readonly entered: Entered;
  /** As `entered`, when somebody else did it. */
  readonly invited: Entered;
  readonly exited: Exited;
  /** As `exited`, when somebody else did it. */
  readonly kicked: Exited;
  readonly read: ReadMoved;
  readonly sessionOpened: SessionOpened;
  readonly sessionEnded: SessionEnded;
  readonly unknownFact: UnknownFact;
  readonly startOver: StartOver;
  readonly displaced: WasDisplaced;
  readonly closed: Closed;
  readonly object: ObjectChanged;
  readonly kept: KeptChanged;
  readonly outbox: OutboxChanged;
  readonly tabs: TabsChanged;
  readonly sessionTabs: SessionTabs;
  readonly claimLost: ClaimLost;
}

/** Any event; its `type` is its name. */
export type AnyEvent = Events[keyof Events];

/** The names of network events. */
export const NETWORK: ReadonlySet<string> = new Set("disconnect schedule retry reconnect".split(" "));

/** The names of all events. */
export const NAMES: ReadonlySet<string> = new Set([
  ...NETWORK,
  ...(
    "message transient roomMessage roomLeft presence typing unread receipt edited recalled reacted created changed memberChanged restricted ended level pinned marked silence deleted historyDeleted messagesDeleted draft multiDevice contactInvited contactAgreed contactDeclined contactRemoved remarkSet usersBlocked usersUnblocked writingSet " +
    "ringing ringOver callAnswered callDeclined callRoster callEnded callSignal told toldLost sessionMessage threadMade threadRenamed threadEnded allSilence " +
    "membersJoined membersLeft entered invited exited kicked read sessionOpened sessionEnded unknownFact startOver displaced closed object kept outbox tabs sessionTabs claimLost"
  ).split(" "),
]);
