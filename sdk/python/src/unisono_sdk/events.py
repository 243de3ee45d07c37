"""What a client tells its program, one class per event. Names of events stand in each class's first line.

Instants are milliseconds since 1970-01-01 UTC. Beside these there is `Message`, event `message`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from unisono_sdk import call_events, contact_events, network_events, own_events, passing, thread_events
from unisono_sdk.conversation import Conversation
from unisono_sdk.facts import Content, Json, Label, Rules, UnknownFact
from unisono_sdk.message import Message, RoomMessage, SessionMessage, TransientMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """`created`: a conversation with me began, or a room of mine."""

    conversation: Conversation
    by: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersJoined:
    """`members_joined`: users became members; by themselves when `by` is the only one of `users`."""

    conversation: Conversation
    users: tuple[str, ...]
    by: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersLeft:
    """`members_left`: others are members no more. My own leaving is `exited` and nothing else."""

    conversation: Conversation
    users: tuple[str, ...]
    by: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """`entered`, and `invited` when somebody else did it: I became a member."""

    conversation: Conversation
    by: str
    at: int
    is_invited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """`exited`, and `kicked` when somebody else did it: I am a member no more. `by` is None when it ended for all."""

    conversation: Conversation
    by: str | None
    at: int
    is_kicked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """`changed`: a conversation is another; what is None, or empty, stayed. An empty `name` was taken away.

    `set` and `unset` name paths of its attributes, such as `attr.place.city`.
    """

    conversation: Conversation
    by: str
    at: int
    name: str | None
    set: Mapping[str, Json]
    unset: tuple[str, ...]
    joining: str | None
    rules: Rules | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChanged:
    """`member_changed`: a member has another role, or other attributes; what is None stayed."""

    conversation: Conversation
    user: str
    by: str
    at: int
    role: str | None
    attributes: Mapping[str, Json] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restricted:
    """`restricted`: users may not be members (`what` is blocked) or not speak (silenced), or may again (not `is_on`).

    `until` an instant, None for ever. Members who are blocked leave, which is told besides.
    """

    conversation: Conversation
    users: tuple[str, ...]
    by: str
    at: int
    what: str
    is_on: bool
    until: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """`ended`: a conversation is over. `reason` is expired, or dissolved by its owner (`by`)."""

    conversation: Conversation
    reason: str
    by: str | None
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelSet:
    """`level`: I want to be alerted of `all` messages of a conversation, of `mentions` of me, or of `none`."""

    conversation: Conversation
    level: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMoved:
    """`read`: I have read a conversation up to `seq`, on whatever session."""

    conversation: Conversation
    seq: int
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """`unread`: what waits for me in a conversation is another count.

    Told at login for each conversation in which something waits, with its newest message in `last`, and whenever a mark
    moves on any of my sessions. A message that comes raises `Conversation.unread` without this event.
    """

    conversation: Conversation
    unread: int
    mentions: int
    last: Message | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`receipt`: another got, or read (`is_read`), my message. `message` is the one that `send` gave.

    It is None for a message that this client did not send, or no longer remembers; `seq` is its place, or the place up
    to which all of mine that asked for it are meant.
    """

    conversation: Conversation
    message: Message | None
    seq: int
    user: str
    is_read: bool
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """`edited`: a message has another content. Empty when it changed again since: another event tells how.

    `seq` is the message's place.
    """

    conversation: Conversation
    seq: int
    by: str
    at: int
    content: Content
    mentions: tuple[str, ...]
    mention_all: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """`recalled`: the message at `seq` was taken back; in a room nobody is told by whom."""

    conversation: Conversation
    seq: int
    by: str | None = None
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacted:
    """`reacted`: somebody put a reaction to the message at `seq`, or took it away."""

    conversation: Conversation
    seq: int
    by: str
    at: int
    reaction: str
    is_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """`typing`: another member began, or ceased, to write. Let it lapse after six seconds: the end may never come."""

    conversation: Conversation
    user: str
    is_typing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomLeft:
    """`room_left`: this client is in a room no more: it was away for too long, and may enter again, or I am blocked."""

    conversation: Conversation
    tab: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """`session_opened`: one of my devices logged in."""

    session: str
    device: str
    shown: Label
    tag: str | None
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    """`session_ended`: one of my logins is over.

    `reason` is logged_out, closed, displaced, replaced, revoked or expired; `why` is what the operator who closed it
    said.
    """

    session: str
    device: str
    reason: str
    newcomer: Label | None
    at: int
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectChanged:
    """`object`: another session of mine keeps something else under a name; `is_dropped`: nothing any more."""

    name: str
    value: Json
    revision: int
    is_dropped: bool
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFact:
    """`unknown_fact`: something happened that this SDK does not know yet."""

    stream: str
    seq: int
    at: int
    fact: UnknownFact


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOver:
    """`start_over`: facts `first` to `until` of a stream do not come; read them from the history if they matter.

    `conversation` is None for my own stream. `reason` is epoch_changed, ahead, trimmed (the server keeps them no
    longer), unreadable, unknown, gone or capped (more waited than a client without a state is told).
    `until` is lower than `first` when there is nothing to read.
    """

    conversation: Conversation | None
    stream: str
    first: int
    until: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WasDisplaced:
    """`displaced`: another device took the place of this one; `closed` follows. Do not log in again unasked."""

    newcomer: Label | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """`closed`: this client is over. `code` is client_closed when the program did it, else the server's code."""

    code: str
    message: str


Disconnect = network_events.Disconnect
Schedule = network_events.Schedule
Retry = network_events.Retry
Reconnect = network_events.Reconnect
Ringing = call_events.Ringing
RingOver = call_events.RingOver
CallAnswered = call_events.CallAnswered
CallDeclined = call_events.CallDeclined
CallRoster = call_events.CallRoster
CallOver = call_events.CallOver
CallSignal = call_events.CallSignal
Presence = passing.Presence
TabsChanged = passing.TabsChanged
Teller = passing.Teller
Told = passing.Told


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLost:
    """`told_lost`: more was kept for my sessions than may be; the oldest that this one did not hear is gone."""


PinnedChanged = own_events.PinnedChanged
MarkChanged = own_events.MarkChanged
SilenceChanged = own_events.SilenceChanged
AllSilenceChanged = own_events.AllSilenceChanged
Deleted = own_events.Deleted
HistoryDeleted = own_events.HistoryDeleted
MessagesDeleted = own_events.MessagesDeleted
DraftChanged = own_events.DraftChanged
MultiDevice = own_events.MultiDevice
ContactInvited = contact_events.ContactInvited
ContactAgreed = contact_events.ContactAgreed
ContactDeclined = contact_events.ContactDeclined
ContactRemoved = contact_events.ContactRemoved
RemarkSet = contact_events.RemarkSet
UsersBlocked = contact_events.UsersBlocked
UsersUnblocked = contact_events.UsersUnblocked
WritingSet = contact_events.WritingSet
ThreadMade = thread_events.ThreadMade
ThreadRenamed = thread_events.ThreadRenamed
ThreadEnded = thread_events.ThreadEnded

ClientEvent = (
    Created
    | MembersJoined
    | MembersLeft
    | Entered
    | Exited
    | ReadMoved
    | Changed
    | MemberChanged
    | Restricted
    | Ended
    | LevelSet
    | Unread
    | Receipt
    | Edited
    | Recalled
    | Reacted
    | Typing
    | TransientMessage
    | RoomMessage
    | RoomLeft
    | Presence
    | TabsChanged
    | Told
    | ToldLost
    | SessionMessage
    | ObjectChanged
    | own_events.Arranged
    | DraftChanged
    | MultiDevice
    | contact_events.ContactEvent
    | thread_events.ThreadEvent
    | SessionOpened
    | SessionEnded
    | Ringing
    | RingOver
    | CallAnswered
    | CallDeclined
    | CallRoster
    | CallOver
    | CallSignal
    | NewFact
    | StartOver
    | WasDisplaced
    | Closed
    | Disconnect
    | Schedule
    | Retry
    | Reconnect
)
