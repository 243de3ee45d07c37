"""Decisions about what the operator says to users: conversations of that kind, and announcements in them."""

from msgspec import Struct

from unisono.domain.answers import Placed
from unisono.domain.conversation import Decision, Snapshot
from unisono.domain.errors import NotFound
from unisono.domain.facts import Content, ConversationCreated, ConversationMade, Joining, MessagePlaced, Reach
from unisono.domain.ids import OPERATOR, ConversationId, Json, SendKey, UserId, conversation_stream, user_stream
from unisono.domain.membership import view, view_of_new
from unisono.domain.placement import Draft, Place
from unisono.domain.quotas import Quotas, check_attributes, check_content, check_push
from unisono.domain.subscribing import of_operator_still


class Founding(Struct, frozen=True):
    """What the operator creates, in the name of the user `by`, who need not exist. Repeating `key` gives it back."""

    key: SendKey
    by: UserId
    audience: Reach = "subscribers"
    joining: Joining = "open"
    name: str | None = None
    attributes: dict[str, Json] | None = None


class Announcement(Struct, frozen=True):
    """What the operator says, in the name of who created the conversation. Repeating `key` gives its first place."""

    key: SendKey
    content: Content
    push: dict[str, Json] | None = None


def found(snapshot: Snapshot, command: Founding, new_id: ConversationId, limits: Quotas) -> Decision:
    """Begin a conversation of the operator's.

    Raises:
        NotFound: The key made a conversation of another kind.
        TooLarge: More attributes than a conversation may have.
    """
    if snapshot.earlier is not None:
        if snapshot.conversation is None or snapshot.conversation.of != "service":
            raise NotFound()
        known = view(snapshot.conversation, command.by, None, now=snapshot.now)
        return Decision((), lambda _: known)
    check_attributes(command.attributes, limits)
    created = ConversationCreated(
        by=command.by,
        of="service",
        members=(),
        name=command.name or None,
        attributes=command.attributes,
        joining=command.joining,
        audience=command.audience,
    )
    made = Draft(user_stream(command.by), ConversationMade(new_id, "service"), sender=command.by, key=command.key)
    return Decision((Draft(conversation_stream(new_id), created), made), view_of_new(new_id, created))


def announce(snapshot: Snapshot, command: Announcement, limits: Quotas) -> Decision:
    """Say something in a conversation of the operator's.

    Raises:
        NotFound: There is no such conversation.
        Forbidden: It is of another kind, or over.
        Invalid, TooLarge: Not a content that messages have.
    """
    earlier = snapshot.earlier
    if earlier is not None:
        return Decision((), lambda _: _placed(earlier))
    conversation = of_operator_still(snapshot)
    check_content(command.content, limits)
    check_push(command.push, limits)
    message = MessagePlaced(conversation.creator, command.key, command.content, push=command.push)
    # Under nobody's name is the key remembered: no user's own key is in its way.
    draft = Draft(conversation_stream(conversation.id), message, sender=OPERATOR, key=command.key)
    return Decision((draft,), lambda places: _placed(places[0]))


def _placed(place: Place) -> Placed:
    return Placed(place.stream, place.epoch, place.seq, place.at)
