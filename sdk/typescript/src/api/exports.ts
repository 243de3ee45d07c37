/** What the package gives besides `Unisono` itself. */

export { Audio, Body, File, Image, Location, Text, Unknown, Video, body } from "./bodies.ts";
export type { Attachment, Attributes, BodyClass, Common, Content, Json, Needed, Sayable } from "./bodies.ts";
export type { Amendment, Changes, Duration, Level, Member, Role, RuleSet } from "./belonging.ts";
export type { Call, CallData, CallEnd } from "./call.ts";
export type { CallAnswered, CallDeclined, CallOptions, CallOver, CallRoster, CallSignal, IceServer, RingOver, Ringing } from "./calling.ts";
export type { Claim, ClaimOptions, Signal } from "./claiming.ts";
export type { Contact, Contacts } from "./contacts.ts";
export type { MediaLink, Peer } from "./media-link.ts";
export { Client } from "./client.ts";
export type { OwnSession, SessionData } from "./own-sessions.ts";
export type { Silence, Window } from "./silences.ts";
export { Conversation } from "./conversation.ts";
export type { WillOptions } from "./conversation.ts";
export type { GrantProvider, GrantRequest } from "./grants.ts";
export { Draft } from "./draft.ts";
export type { SendOptions } from "./draft.ts";
export type { EventStream, Handler } from "./emitter.ts";
export {
  ClientClosed, Conflict, Displaced, Forbidden, InvalidArgument, LimitReached, LinkDown, LocalFault, NotFound, NotGranted, NotLetIn, OutboxFull, Overflow, ProtocolFault,
  Refused, Replaced, SessionOver, SharingUnavailable, TimedOut, Unacceptable, Unavailable, UnisonoError,
} from "./errors.ts";
export type { Details } from "./errors.ts";
export type * from "./events.ts";
export type * from "./own-events.ts";
export type * from "./thread-events.ts";
export type { GroupOptions, RoomOptions, TemporaryOptions } from "./founding.ts";
export type { Missed, WaitingMessage } from "./hearing.ts";
export { HistoryPage } from "./history.ts";
export type { HistoryOptions, PageFilter, PageOptions } from "./history.ts";
export type { Kept, KeptValue } from "./kept.ts";
export type { Limits } from "./limits.ts";
export { Message, RoomMessage, Said, TransientMessage } from "./message.ts";
export type { Calling, Status } from "./message.ts";
export type { Expecting, Objects } from "./objects.ts";
export type { Plugin } from "./plugins.ts";
export { Condition, ConversationQuery, containsMembers, field, withMembers } from "./query.ts";
export type { Field, Value } from "./query.ts";
export { Room } from "./room.ts";
export type { Place, RoomSendOptions } from "./room.ts";
export { MessageSearch, SearchPage } from "./search.ts";
export type { Address, Addressed, Answers, SessionMessage, TellOptions, Told, ToldLost } from "./telling.ts";
export type { UnreadTotal } from "./unread.ts";
export type { DeviceOptions, LoginOptions, Sharing, TokenProvider, UnisonoOptions } from "./unisono.ts";
export type { UploadOptions } from "./upload.ts";
