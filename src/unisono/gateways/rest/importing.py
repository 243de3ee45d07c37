"""What operators bring along from LeanCloud. Asked again, nothing is there twice.

How much one request brings is bounded by what a body may hold: its bytes, and its values (`wire.weight`).
"""

from base64 import b64decode
from binascii import Error as Base64Fault
from collections.abc import AsyncGenerator
from typing import Annotated, Final

from msgspec import Meta, Struct

from unisono.app.import_report import SoFarLine, TotalLine
from unisono.app.importing import End
from unisono.domain.errors import Internal, Invalid
from unisono.domain.ids import ConversationId, ConversationIdIn, InstantIn, UserId, UserIdIn
from unisono.domain.imported_standing import ImportedStanding
from unisono.domain.importing import ImportedConversation, ImportedMessage, MessageId, NotTaken
from unisono.gateways.rest.operations import Asked, Desk, InLines, Operation
from unisono.gateways.rest.shapes import OfNothing
from unisono.wire.json_values import check_value
from unisono.wire.leancloud.bodies import content_of

_IMPORTS: Final = "/v1/imports/leancloud"

Count = Annotated[int, Meta(ge=0)]


class MessageIn(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A message as LeanCloud kept it: its own id, its time, and its body as text, or as base64 where it `is_binary`."""

    id: MessageId
    at: InstantIn
    sender: UserIdIn
    body: str
    is_binary: bool = False
    mentions: tuple[UserIdIn, ...] = ()
    mention_all: bool = False


class MessagesOf(Struct, frozen=True, forbid_unknown_fields=True):
    """Messages of a conversation."""

    conversation: ConversationIdIn
    messages: Annotated[tuple[MessageIn, ...], Meta(min_length=1)]


class StandingOf(Struct, frozen=True, forbid_unknown_fields=True):
    """What users of a conversation were in it, beside members."""

    conversation: ConversationIdIn
    standing: Annotated[tuple[ImportedStanding, ...], Meta(min_length=1)]


class ReadingOf(Struct, frozen=True, forbid_unknown_fields=True):
    """How many messages of a conversation wait for some of its members; for all others there are none."""

    conversation: ConversationIdIn
    unread: dict[UserIdIn, Count] = {}


class ConversationsBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Conversations to take over."""

    conversations: Annotated[tuple[ImportedConversation, ...], Meta(min_length=1)]


class MessagesBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Messages to take over, by conversation."""

    parts: Annotated[tuple[MessagesOf, ...], Meta(min_length=1)]


class StandingBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Roles, restrictions and subscriptions to take over, by conversation."""

    parts: Annotated[tuple[StandingOf, ...], Meta(min_length=1)]


class ReadingBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Conversations of which all is there that is to be counted as read, or to wait."""

    parts: Annotated[tuple[ReadingOf, ...], Meta(min_length=1)]


class EndsBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Conversations that are asked for."""

    conversations: Annotated[tuple[ConversationIdIn, ...], Meta(min_length=1)]


class ConversationsTaken(Struct, frozen=True):
    """How many conversations are new, were brought up to this export, or are as they were; and what was not taken."""

    new: Count
    changed: Count
    same: Count
    not_taken: tuple[NotTaken, ...]


class MessagesTaken(Struct, frozen=True):
    """How many messages are new, or were there before; and what was not taken."""

    placed: Count
    known: Count
    not_taken: tuple[NotTaken, ...]


class StandingTaken(Struct, frozen=True):
    """How many roles, restrictions and subscriptions are new, or were there before; and what was not taken."""

    placed: Count
    known: Count
    not_taken: tuple[NotTaken, ...]


class MarksMoved(Struct, frozen=True):
    """How many read marks were moved."""

    moved: Count


class Ends(Struct, frozen=True):
    """How far conversations were brought along, in the order asked for."""

    ends: tuple[End, ...]


async def _take_over(desk: Desk, asked: Asked) -> ConversationsTaken:
    body = asked.body
    if not isinstance(body, ConversationsBody):
        raise Internal()
    for record in body.conversations:
        check_value(record.attributes, "attributes")
    taken = await desk.importing.take_over(body.conversations)
    found = [each.found for each in taken]
    not_taken = tuple(each for one in taken for each in one.not_taken)
    return ConversationsTaken(found.count("new"), found.count("changed"), found.count("same"), not_taken)


async def _take_in(desk: Desk, asked: Asked) -> MessagesTaken:
    if not isinstance(asked.body, MessagesBody):
        raise Internal()
    by_conversation: dict[ConversationId, list[ImportedMessage]] = {}
    for part in asked.body.parts:
        by_conversation.setdefault(part.conversation, []).extend(map(_message, part.messages))
    taken = await desk.importing.take_in(list(by_conversation.items()))
    not_taken = tuple(each for one in taken for each in one.not_taken)
    return MessagesTaken(sum(one.placed for one in taken), sum(one.known for one in taken), not_taken)


def _message(given: MessageIn) -> ImportedMessage:
    return ImportedMessage(
        given.id,
        given.at,
        given.sender,
        content_of(_bytes(given) if given.is_binary else given.body),
        mentions=tuple(dict.fromkeys(given.mentions)),
        mention_all=given.mention_all,
    )


def _bytes(given: MessageIn) -> bytes:
    try:
        return b64decode(given.body, validate=True)
    except (Base64Fault, ValueError):
        raise Invalid(field="body", reason="not base64", id=given.id) from None


async def _take_standing(desk: Desk, asked: Asked) -> StandingTaken:
    if not isinstance(asked.body, StandingBody):
        raise Internal()
    by_conversation: dict[ConversationId, list[ImportedStanding]] = {}
    for part in asked.body.parts:
        by_conversation.setdefault(part.conversation, []).extend(part.standing)
    taken = await desk.importing.take_standing(list(by_conversation.items()))
    not_taken = tuple(each for one in taken for each in one.not_taken)
    return StandingTaken(sum(one.placed for one in taken), sum(one.known for one in taken), not_taken)


async def _settle(desk: Desk, asked: Asked) -> MarksMoved:
    if not isinstance(asked.body, ReadingBody):
        raise Internal()
    parts: list[tuple[ConversationId, dict[UserId, int]]] = [
        (part.conversation, dict(part.unread)) for part in asked.body.parts
    ]
    return MarksMoved(await desk.importing.settle(parts))


async def _ends(desk: Desk, asked: Asked) -> Ends:
    if not isinstance(asked.body, EndsBody):
        raise Internal()
    return Ends(tuple(await desk.importing.ends(asked.body.conversations)))


def _report(desk: Desk, asked: Asked) -> AsyncGenerator[Struct, None]:
    del asked
    return desk.importing.report()


IMPORT_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="importConversations",
        method="POST",
        path=f"{_IMPORTS}/conversations",
        summary="Take over conversations from LeanCloud, or bring them up to a later export",
        scope="imports",
        params=OfNothing,
        answers=(ConversationsTaken,),
        carry_out=_take_over,
        bodies=(ConversationsBody,),
    ),
    Operation(
        name="importMessages",
        method="POST",
        path=f"{_IMPORTS}/messages",
        summary="Take over messages from LeanCloud, those of each conversation by their times",
        scope="imports",
        params=OfNothing,
        answers=(MessagesTaken,),
        carry_out=_take_in,
        bodies=(MessagesBody,),
    ),
    Operation(
        name="importStanding",
        method="POST",
        path=f"{_IMPORTS}/standing",
        summary="Take over roles, restrictions and subscriptions from LeanCloud, each once",
        scope="imports",
        params=OfNothing,
        answers=(StandingTaken,),
        carry_out=_take_standing,
        bodies=(StandingBody,),
    ),
    Operation(
        name="importReading",
        method="POST",
        path=f"{_IMPORTS}/reading",
        summary="Count what was taken over as read, but for so many messages",
        scope="imports",
        params=OfNothing,
        answers=(MarksMoved,),
        carry_out=_settle,
        bodies=(ReadingBody,),
    ),
    Operation(
        name="importEnds",
        method="POST",
        path=f"{_IMPORTS}/ends",
        summary="Say up to which message conversations were taken over",
        scope="imports",
        params=OfNothing,
        answers=(Ends,),
        carry_out=_ends,
        bodies=(EndsBody,),
    ),
    Operation(
        name="reportImport",
        method="GET",
        path=f"{_IMPORTS}/report",
        summary="Count all conversations and messages, with a hash over them",
        scope="imports",
        params=OfNothing,
        answers=(SoFarLine, TotalLine),
        carry_out=InLines(_report),
    ),
)
