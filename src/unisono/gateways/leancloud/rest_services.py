"""Service conversations over HTTP: who subscribes to them, to which a client does, and what was announced."""

from collections.abc import Mapping, Sequence
from typing import Final

from unisono.domain import commands as c
from unisono.domain import query as q
from unisono.domain.answers import ConversationView, FoundConversations, History, HistoryEntry, Placed
from unisono.domain.commands.base import PAGE_MAX
from unisono.domain.facts import ConversationEntered
from unisono.domain.ids import NO_SEQ, ConversationId, Instant, Json, Seq, UserId
from unisono.domain.query import SortKey
from unisono.gateways.leancloud.acting import Actor
from unisono.gateways.leancloud.bidding import ask, called, named
from unisono.gateways.leancloud.desk import Asked, Endpoint, number_in, text_in, user_named
from unisono.gateways.leancloud.patches import NO_MESSAGE, RECALL_FAULTS
from unisono.gateways.leancloud.refused import Refused
from unisono.gateways.leancloud.rest_conversations import FAMILIES, SERVICES, find_one
from unisono.gateways.leancloud.rest_messages import (
    DEFAULT_LIMIT,
    LIMIT_MAX,
    TIME_MAX,
    find_target,
    history_for,
    item_of,
)
from unisono.gateways.leancloud.seeking import find_named
from unisono.wire.leancloud.codes import ERRORS

SUBSCRIBERS_MAX: Final = 50
SUBSCRIBED_LIMIT: Final = 50
READ_AT_ONCE: Final = 200
_SERVICES: Final = tuple(FAMILIES)[2]
_SUBSCRIBER: Final = _SERVICES + "/{id}/subscribers/{client}"
_IS_SERVICE: Final = q.Equal("kind", "service")


async def _subscribers(asked: Asked) -> Json:
    """List subscribers by client id, a page at a time, each with the time since when."""
    view = await find_one(asked, SERVICES)
    limit = number_in(asked.query, "limit", SUBSCRIBERS_MAX, most=SUBSCRIBERS_MAX)
    start = asked.query.get("client_id")
    after = user_named(start, "client_id") if start else None
    directory, conversation = asked.app.node.parts.directory, view.conversation
    page = await directory.members(conversation, "members", after=after, limit=limit, now=asked.now()) if limit else ()
    entered = [(member.user, await _entered(asked, member.user)) for member in page]
    return [_subscription(user, conversation, times.get(conversation, Instant(0))) for user, times in entered]


async def _subscribed(asked: Asked) -> Json:
    """List the service conversations that a client subscribes to, by the time since when."""
    client = user_named(asked.path["client"], "client")
    times = await _entered(asked, client)
    own = q.AllOf((_IS_SERVICE, q.WithMembers((client,))))
    found = await _services(Actor(asked.app, client), own)
    rows = sorted((times.get(view.conversation, Instant(0)), view.conversation) for view in found)
    if start := asked.query.get("conv_id"):
        last = Instant(number_in(asked.query, "timestamp", 0, most=TIME_MAX)), named(start)
        rows = [row for row in rows if (row < last if _is_downwards(asked) else row > last)]
    if _is_downwards(asked):
        rows.reverse()
    limit = number_in(asked.query, "limit", SUBSCRIBED_LIMIT, most=PAGE_MAX)
    return [_subscription(client, conversation, at) for at, conversation in rows[:limit]]


def _is_downwards(asked: Asked) -> bool:
    return asked.query.get("direction") == "old"


def _subscription(user: UserId, conversation: ConversationId, at: Instant) -> Json:
    return {"timestamp": at, "subscriber": user, "conv_id": conversation}


async def _entered(asked: Asked, user: UserId) -> Mapping[ConversationId, Instant]:
    """Say since when a user is in conversations, or was when they were in them last."""
    times: dict[ConversationId, Instant] = {}
    after: Seq = NO_SEQ
    while True:
        page = await asked.app.node.parts.log.passages(user, Instant(0), after, READ_AT_ONCE)
        times.update((one.fact.conversation, one.at) for one in page if isinstance(one.fact, ConversationEntered))
        if len(page) < READ_AT_ONCE:
            return times
        after = page[-1].seq


async def _services(actor: Actor, where: q.Condition) -> Sequence[ConversationView]:
    """Find service conversations, up to `PAGE_MAX`."""
    found: list[ConversationView] = []
    while len(found) < PAGE_MAX:
        limit = PAGE_MAX - len(found)
        asked = c.FindConversations(where, (SortKey("id"),), limit, skip=len(found), compact=True)
        page = await ask(actor, asked, FoundConversations)
        found += page.conversations
        if not page.has_more:
            break
    return found


async def _heard(asked: Asked) -> Json:
    """Give what a subscriber was told."""
    return await history_for(asked, Actor(asked.app, user_named(asked.path["client"], "client")), SERVICES)


async def _broadcasts(asked: Asked) -> Json:
    """List what was announced in a conversation, the newest first."""
    view = await find_target(asked, text_in(asked.query, "conv_id"))
    if view.of != "service":
        raise Refused(ERRORS[SERVICES.otherwise], f"a {view.of} conversation")
    skip = number_in(asked.query, "skip", 0, most=LIMIT_MAX)
    limit = number_in(asked.query, "limit", DEFAULT_LIMIT, most=LIMIT_MAX)
    return [item_of(view, entry) for entry in await _newest(Actor(asked.app), view.conversation, skip, limit)]


async def _newest(actor: Actor, conversation: ConversationId, skip: int, limit: int) -> Sequence[HistoryEntry]:
    """Read the newest messages but for the first of them; pages of large ones are short."""
    found: list[HistoryEntry] = []
    before: Seq | None = None
    while len(found) < limit:
        wanted = min(skip + limit - len(found), LIMIT_MAX)
        page = await ask(actor, c.GetHistory(conversation, before=before, limit=wanted, direction="older"), History)
        newest = page.messages[::-1]
        found += newest[skip:]
        skip = max(0, skip - len(newest))
        if not page.has_more or not newest:
            break
        before = newest[-1].seq
    return found[:limit]


async def _take_back(asked: Asked) -> Json:
    """Take back an announcement that is named by its id alone, in whichever conversation it was said."""
    actor, cid, mid = Actor(asked.app), asked.query.get("conv_id"), asked.path["mid"]
    places = [named(cid)] if cid else [view.conversation for view in await _services(actor, _IS_SERVICE)]
    for conversation in places:
        if (seq := await find_named(actor, conversation, mid)) is not None:
            with called(RECALL_FAULTS):
                await ask(actor, c.RecallMessage(conversation, seq), Placed)
            return {}
    raise Refused(ERRORS[NO_MESSAGE])


SERVICE_ENDPOINTS: Final = (
    Endpoint("GET", _SERVICES + "/{id}/subscribers", "master", _subscribers),
    Endpoint("GET", _SUBSCRIBER + "/messages", "master", _heard),
    Endpoint("GET", "/1.2/rtm/broadcasts", "master", _broadcasts),
    Endpoint("DELETE", "/1.2/rtm/broadcasts/{mid}", "master", _take_back),
    Endpoint("GET", "/1.2/rtm/clients/{client}/service-conversations", "master", _subscribed),
)
