"""One message to many conversations, or to many users."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from unisono.app.broadcasting import TARGETS_MAX, Outcome
from unisono.domain.commands import SendMessage
from unisono.domain.errors import Internal
from unisono.domain.facts import Content
from unisono.domain.ids import ConversationId, ConversationIdIn, Json, UserIdIn
from unisono.gateways.rest.operations import Asked, Desk, Operation
from unisono.gateways.rest.shapes import OfNothing
from unisono.wire.json_values import check_values

NOWHERE: Final = ConversationId("")
"""Stands in a message until it is known where that goes."""


class BroadcastToConversations(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A message of the user `by`, for conversations that they are in."""

    conversations: Annotated[tuple[ConversationIdIn, ...], Meta(min_length=1, max_length=TARGETS_MAX)]
    by: UserIdIn
    content: Content
    mention_all: bool = False
    receipt: bool = False
    push: dict[str, Json] | None = None


class BroadcastToUsers(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A message of the user `by`, for other users, each in the direct conversation that the two have."""

    users: Annotated[tuple[UserIdIn, ...], Meta(min_length=1, max_length=TARGETS_MAX)]
    by: UserIdIn
    content: Content
    receipt: bool = False
    push: dict[str, Json] | None = None


class Broadcast(Struct, frozen=True):
    """What became of it, in the order asked for; each conversation or user once."""

    sent: int
    refused: int
    outcomes: tuple[Outcome, ...]


async def _broadcast(desk: Desk, asked: Asked) -> Broadcast:
    key = asked.send_key(desk)
    match asked.body:
        case BroadcastToConversations(conversations=conversations, by=by) as body:
            message = SendMessage(
                NOWHERE, key, body.content, mention_all=body.mention_all, receipt=body.receipt, push=body.push
            )
            _check(desk, asked, message, len(conversations))
            outcomes = await desk.broadcasting.to_conversations(by, message, conversations)
        case BroadcastToUsers(users=users, by=by) as body:
            message = SendMessage(NOWHERE, key, body.content, receipt=body.receipt, push=body.push)
            _check(desk, asked, message, len(users))
            outcomes = await desk.broadcasting.to_users(by, message, users)
        case _:
            raise Internal()
    refused = sum(outcome.code is not None for outcome in outcomes)
    return Broadcast(len(outcomes) - refused, refused, tuple(outcomes))


def _check(desk: Desk, asked: Asked, message: SendMessage, targets: int) -> None:
    check_values(message)
    if targets > 1:
        desk.rate.spend(asked.by, targets - 1)


BROADCAST_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="broadcast",
        method="POST",
        path="/v1/broadcasts",
        summary="Send a message to many conversations, or to many users",
        scope="messages",
        params=OfNothing,
        answers=(Broadcast,),
        carry_out=_broadcast,
        bodies=(BroadcastToConversations, BroadcastToUsers),
        needs_key=True,
    ),
)
