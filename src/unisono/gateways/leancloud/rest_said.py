"""What one client said, over HTTP, in whichever conversations it is or was a member of."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from unisono.domain.answers import FoundMessage, HistoryEntry
from unisono.domain.facts import ConversationKind
from unisono.domain.ids import INTEGER_MAX, ConversationId, Instant, Json
from unisono.gateways.leancloud.bidding import called
from unisono.gateways.leancloud.desk import Asked, Endpoint, number_in, user_named
from unisono.gateways.leancloud.rest_messages import DEFAULT_LIMIT, LIMIT_MAX, TIME_MAX, shown_item
from unisono.wire.leancloud.places import id_of

OF_ONE_TIME: Final = 100
"""Messages of one client in one millisecond that are told apart by their ids."""


class Edge(Struct, frozen=True):
    """Where a list begins or ends: at a time, and there at a message, itself in it or not."""

    at: int
    mid: str
    is_included: bool

    def count_before(self, messages: Sequence[FoundMessage]) -> int:
        """Say how many of some messages, from the first on, are not yet behind it, as far as they are of its time."""
        place = next((place for place, one in enumerate(messages) if one.at == self.at and _mid(one) == self.mid), None)
        if place is not None:
            return place + (not self.is_included)
        return (
            0 if self.is_included else next((at for at, one in enumerate(messages) if one.at != self.at), len(messages))
        )


async def _said(asked: Asked) -> Json:
    """Give what a client said, the newest first unless `reversed`."""
    client = user_named(asked.path["client"], "client")
    is_upwards = asked.query.get("reversed") == "true"
    start, stop = _edge(asked, "", "include_start"), _edge(asked, "till_", "include_stop")
    low, high = (start, stop) if is_upwards else (stop, start)
    limit = number_in(asked.query, "limit", DEFAULT_LIMIT, most=LIMIT_MAX)
    with called({"invalid": 4311}):
        found = await asked.app.node.parts.directory.said_by(
            client,
            since=Instant(low.at),
            until=Instant(high.at or INTEGER_MAX),
            limit=limit + OF_ONE_TIME,
            newest_first=not is_upwards,
        )
    shown = list(found)[start.count_before(found) :]
    shown = shown[: len(shown) - stop.count_before(shown[::-1])][:limit]
    kinds = {conversation: await _kind(asked, conversation) for conversation in {one.conversation for one in shown}}
    return [
        shown_item(one.conversation, kinds[one.conversation], HistoryEntry(one.seq, one.at, one.message))
        for one in shown
    ]


def _edge(asked: Asked, prefix: str, included: str) -> Edge:
    at = number_in(asked.query, f"{prefix}timestamp", 0, most=TIME_MAX)
    return Edge(at, asked.query.get(f"{prefix}msgid", ""), asked.query.get(included) == "true")


def _mid(one: FoundMessage) -> str:
    return id_of(one.conversation, one.seq, one.at, one.message.key)


async def _kind(asked: Asked, conversation: ConversationId) -> ConversationKind:
    found = await asked.app.node.parts.directory.find(conversation, None)
    return "group" if found is None else found.conversation.of


SAID_ENDPOINTS: Final = (Endpoint("GET", "/1.2/rtm/clients/{client}/messages", "master", _said),)
