"""Clients over HTTP: who is here, what waits for them, and who is to go."""

from typing import Final

from unisono.domain import commands as c
from unisono.domain.answers import Conversations, Unread
from unisono.domain.commands import ASKED_MAX, PAGE_MAX
from unisono.domain.errors import Invalid
from unisono.domain.ids import Instant, Json
from unisono.gateways.leancloud.acting import Actor
from unisono.gateways.leancloud.bidding import ask, named
from unisono.gateways.leancloud.desk import Asked, Endpoint, user_named, users_in

DAY_MS: Final = 86_400_000
_CLIENT: Final = "/1.2/rtm/clients/{client}"


async def _online(asked: Asked) -> Json:
    users = users_in(asked.body, "client_ids")
    if len(users) > ASKED_MAX:
        raise Invalid(field="client_ids", reason="too many", limit=ASKED_MAX)
    found = await asked.app.node.watching.ask_all(users)
    return {"results": [each.user for each in found.presences if each.state == "online"]}


async def _unread(asked: Asked) -> Json:
    cid = asked.query.get("conv_id")
    command = c.GetUnread(limit=1, conversation=None if cid is None else named(cid))
    actor = Actor(asked.app, user_named(asked.path["client"], "client"))
    found = await ask(actor, command, Unread)
    return {"count": found.total - await _unread_in_threads(actor)}


async def _unread_in_threads(actor: Actor) -> int:
    """Count what waits where clients do not look."""
    count, after = 0, None
    while True:
        page = await ask(actor, c.ListThreads(after=after, limit=PAGE_MAX), Conversations)
        count += sum(view.unread for view in page.conversations)
        if (after := page.next) is None:
            return count


async def _kick(asked: Asked) -> Json:
    """End all sessions of a client, who is told that the app did it."""
    await asked.app.node.own_sessions.end_all(user_named(asked.path["client"], "client"), "closed")
    return {}


async def _stats(asked: Asked) -> Json:
    """Say how many users are here, and how many were since midnight, UTC."""
    today = Instant(asked.now() // DAY_MS * DAY_MS)
    census = await asked.app.node.parts.sessions.census(today)
    return {"result": {"online_user_count": census.online, "user_count_today": census.since}}


CLIENT_ENDPOINTS: Final = (
    Endpoint("GET", "/1.2/rtm/stats", "master", _stats),
    Endpoint("POST", "/1.2/rtm/clients/check-online", "master", _online),
    Endpoint("GET", _CLIENT + "/unread-count", "master", _unread),
    Endpoint("POST", _CLIENT + "/kick", "master", _kick),
)
