"""A message as LeanCloud's clients get it, once it is known of which kind its conversation is."""

from typing import Final

from msgspec import Struct

from unisono.domain.events import Event, TransientMessage
from unisono.domain.facts import ConversationKind, MessagePlaced, PlacedFact
from unisono.domain.ids import ConversationId, Instant, Seq, UserId, conversation_of
from unisono.gateways.leancloud.parcels import Push
from unisono.wire.leancloud.bodies import RECALLED, body_of
from unisono.wire.leancloud.envelope import push
from unisono.wire.leancloud.frames import payload_of
from unisono.wire.leancloud.objects import number_of
from unisono.wire.leancloud.places import cid_of, id_of, passing_mid
from unisono.wire.leancloud.realtime_pb2 import DirectCommand, GenericCommand, PatchItem, UnreadTuple, direct

NOBODY: Final = UserId("")
"""Who reads for the door; no user can be called so. Also who did what nobody did."""


class Said(Struct, frozen=True):
    """A message and where it stands; one that is not kept stands nowhere."""

    conversation: ConversationId
    at: Instant
    message: MessagePlaced
    seq: Seq | None
    is_event: bool = False

    @property
    def is_change(self) -> bool:
        """Say if it is the recall of a message that was told before, and not that message."""
        return self.is_event and self.message.is_recalled and self.seq is not None


def said_in(what: PlacedFact | Event) -> Said | None:
    """Give the message that a fact or an event is; None where it is something else."""
    if isinstance(what, TransientMessage):
        return Said(what.conversation, what.at, what.message, what.seq, is_event=True)
    if isinstance(what, PlacedFact) and isinstance(what.fact, MessagePlaced):
        conversation = conversation_of(what.stream)
        return None if conversation is None else Said(conversation, what.at, what.fact, what.seq)
    return None


def direct_of(said: Said, kind: ConversationKind | None) -> DirectCommand:
    """Give a message."""
    conversation, at, message = said.conversation, said.at, said.message
    command = DirectCommand(
        cid=cid_of(conversation, is_temporary=kind == "temporary"),
        id=passing_mid(conversation, message.key, at)
        if said.seq is None
        else id_of(conversation, said.seq, at, message.key),
        fromPeerId=message.sender,
        timestamp=at,
        convType=None if kind is None else number_of(kind),
        patchTimestamp=message.revised_at,
        mentionPids=message.mentions,
        mentionAll=message.mention_all or None,
    )
    put_body(command, message)
    return command


def push_of(said: Said, kind: ConversationKind | None) -> Push:
    """Give the frame by which a message is told."""
    command = push(direct, None, NOBODY, said.at)
    command.directMessage.CopyFrom(direct_of(said, kind))
    # What is said in a room is an ordinary message to clients.
    if said.is_event and kind != "room":
        command.directMessage.transient = True
    return made(command)


def made(command: GenericCommand, *, to: frozenset[UserId] | None = None, but: frozenset[UserId] = frozenset()) -> Push:
    """Write a frame for all whom it is for."""
    command.ClearField("peerId")
    return Push(payload_of(command), to, but)


def put_body(said: DirectCommand | PatchItem | UnreadTuple, message: MessagePlaced) -> None:
    """Put in what a message says."""
    body = RECALLED if message.is_recalled else body_of(message.content)
    if isinstance(body, bytes):
        said.binaryMsg = body
    elif isinstance(said, DirectCommand):
        said.msg = body
    else:
        said.data = body
