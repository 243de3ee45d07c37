"""What the operator says to users as a whole: conversations of the kind `service`, and who subscribes to them."""

from typing import Annotated, Final, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

from unisono.domain.announcing import Announcement, Founding
from unisono.domain.commands import CreateConversation, SendMessage
from unisono.domain.commands.conversation import Name
from unisono.domain.errors import Internal
from unisono.domain.facts import Content, Joining, Reach
from unisono.domain.ids import ConversationId, ConversationIdIn, Instant, Json, SendKeyIn, Seq, UserIdIn
from unisono.gateways.rest.operations import Asked, Desk, Operation
from unisono.gateways.rest.shapes import OfNothing
from unisono.wire.json_values import check_values

Shape = TypeVar("Shape", bound=Struct)

_ALL: Final = "/v1/services"
_ONE: Final = _ALL + "/{conversation}"
_SUBSCRIBER: Final = _ONE + "/subscribers/{user}"


class OfService(Struct, frozen=True):
    """A conversation of the operator's."""

    conversation: ConversationIdIn


class OfSubscriber(Struct, frozen=True):
    """A user, as the subscriber of a conversation of the operator's."""

    conversation: ConversationIdIn
    user: UserIdIn


class ServiceBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A conversation in which the operator speaks, in the name of the user `by`.

    Repeating `key` gives back what it made. It is for its subscribers, or for `all` users. Where it is `open`, whoever
    knows its id may subscribe.
    """

    by: UserIdIn
    key: SendKeyIn | UnsetType = UNSET
    audience: Reach = "subscribers"
    joining: Joining = "open"
    name: Name | None = None
    attributes: dict[str, Json] | None = None


class Service(Struct, frozen=True):
    """A conversation of the operator's; `is_new` when this request made it."""

    conversation: ConversationId
    is_new: bool


class AnnouncementBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A message to all subscribers. Repeating `key` gives its first place. `push` goes with its push notifications."""

    content: Content
    key: SendKeyIn | UnsetType = UNSET
    push: dict[str, Json] | None = None


class Announced(Struct, frozen=True):
    """Where the message stands in its conversation, and since when."""

    seq: Annotated[Seq, Meta(ge=1)]
    at: Instant


class ServiceEnd(Struct, frozen=True):
    """A conversation that is over, and how many of its subscribers have not left it yet. They do so by themselves."""

    conversation: ConversationId
    subscribers: Annotated[int, Meta(ge=0)]


class Subscription(Struct, frozen=True):
    """Whether the user subscribes now."""

    is_subscribed: bool


async def _create(desk: Desk, asked: Asked) -> Service:
    body = _body(asked, ServiceBody)
    key = asked.send_key(desk) if body.key is UNSET else body.key
    check_values(CreateConversation(key, attributes=body.attributes))
    founding = Founding(key, body.by, body.audience, body.joining, body.name, body.attributes)
    view = await desk.announcing.found(founding)
    return Service(view.conversation, is_new=view.is_new)


async def _announce(desk: Desk, asked: Asked) -> Announced:
    body, conversation = _body(asked, AnnouncementBody), ConversationId(asked.text("conversation"))
    key = asked.send_key(desk) if body.key is UNSET else body.key
    check_values(SendMessage(conversation, key, body.content, push=body.push))
    placed = await desk.announcing.announce(conversation, Announcement(key, body.content, body.push))
    return Announced(placed.seq, placed.at)


async def _end(desk: Desk, asked: Asked) -> ServiceEnd:
    left = await desk.announcing.end(ConversationId(asked.text("conversation")))
    return ServiceEnd(left.conversation, left.users)


async def _subscribe(desk: Desk, asked: Asked) -> Subscription:
    await desk.announcing.subscribe(ConversationId(asked.text("conversation")), asked.user)
    return Subscription(is_subscribed=True)


async def _unsubscribe(desk: Desk, asked: Asked) -> Subscription:
    await desk.announcing.unsubscribe(ConversationId(asked.text("conversation")), asked.user)
    return Subscription(is_subscribed=False)


def _body(asked: Asked, shape: type[Shape]) -> Shape:
    if not isinstance(asked.body, shape):
        raise Internal()
    return asked.body


ANNOUNCING_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="createService",
        method="POST",
        path=_ALL,
        summary="Begin a conversation to announce things in",
        scope="announcements",
        params=OfNothing,
        answers=(Service,),
        carry_out=_create,
        bodies=(ServiceBody,),
        faults=("not_found", "too_large"),
    ),
    Operation(
        name="announce",
        method="POST",
        path=_ONE + "/messages",
        summary="Say something to all who subscribe",
        scope="announcements",
        params=OfService,
        answers=(Announced,),
        carry_out=_announce,
        bodies=(AnnouncementBody,),
        faults=("not_found", "too_large"),
    ),
    Operation(
        name="endService",
        method="DELETE",
        path=_ONE,
        summary="End a conversation: nothing more is said, and all subscribers leave",
        scope="announcements",
        params=OfService,
        answers=(ServiceEnd,),
        carry_out=_end,
        faults=("not_found",),
    ),
    Operation(
        name="subscribe",
        method="PUT",
        path=_SUBSCRIBER,
        summary="Make a user a subscriber",
        scope="announcements",
        params=OfSubscriber,
        answers=(Subscription,),
        carry_out=_subscribe,
        faults=("not_found",),
    ),
    Operation(
        name="unsubscribe",
        method="DELETE",
        path=_SUBSCRIBER,
        summary="Make a user a subscriber no more",
        scope="announcements",
        params=OfSubscriber,
        answers=(Subscription,),
        carry_out=_unsubscribe,
        faults=("not_found",),
    ),
)
