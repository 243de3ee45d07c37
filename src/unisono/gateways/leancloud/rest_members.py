"""Who belongs to a conversation, over HTTP."""

from typing import Final

from unisono.domain import commands as c
from unisono.domain.answers import Count, Done, Members, Membership
from unisono.domain.commands.base import PAGE_MAX
from unisono.domain.commands.member import Roll
from unisono.domain.errors import Invalid
from unisono.domain.facts import Level
from unisono.domain.ids import OPERATOR, ConversationId, Json, UserId
from unisono.gateways.leancloud.acting import Actor
from unisono.gateways.leancloud.bidding import ask, called
from unisono.gateways.leancloud.desk import Asked, Endpoint, user_named, users_in
from unisono.gateways.leancloud.rest_conversations import FAMILIES, NORMAL, ROOMS, SERVICES, find_one

_NORMAL, _ROOMS, _SERVICES = FAMILIES
SAMPLE: Final = 500
"""People of a room who are listed."""
FULL: Final = {"limit_reached": 4304}


async def all_users(asked: Asked, conversation: ConversationId, who: Roll) -> list[UserId]:
    """List members, or those of them that something is to be said of."""
    found: list[UserId] = []
    after: UserId | None = None
    while True:
        page = await ask(Actor(asked.app), c.GetMembers(conversation, who, after, PAGE_MAX), Members)
        found += [member.user for member in page.members]
        if (after := page.next) is None:
            return found


def _named(asked: Asked) -> tuple[UserId, ...]:
    users = users_in(asked.body, "client_ids")
    if not users:
        raise Invalid(field="client_ids", reason="client ids are needed")
    return users


async def _list(asked: Asked) -> Json:
    view = await find_one(asked, NORMAL)
    return {"result": await all_users(asked, view.conversation, "members")}


async def _add(asked: Asked) -> Json:
    view = await find_one(asked, NORMAL)
    with called(FULL):
        await ask(Actor(asked.app), c.AddMembers(view.conversation, _named(asked)), Membership)
    return {}


async def _remove(asked: Asked) -> Json:
    view = await find_one(asked, NORMAL)
    await ask(Actor(asked.app), c.RemoveMembers(view.conversation, _named(asked)), Membership)
    return {}


async def _muted(asked: Asked) -> Json:
    view = await find_one(asked, NORMAL)
    return {"result": await all_users(asked, view.conversation, "muted")}


async def _mute(asked: Asked) -> Json:
    return await _set_level(asked, "none")


async def _unmute(asked: Asked) -> Json:
    return await _set_level(asked, "all")


async def _set_level(asked: Asked, level: Level) -> Json:
    """Let members have alerts or not; a user who is none ends it, and those before are done."""
    view = await find_one(asked, NORMAL)
    for user in _named(asked):
        await ask(Actor(asked.app, user), c.SetLevel(view.conversation, level), Done)
    return {}


async def _people(asked: Asked) -> Json:
    view = await find_one(asked, ROOMS)
    found = await ask(Actor(asked.app, OPERATOR), c.CountPeople(view.conversation), Count)
    return {"result": found.users}


async def _some_people(asked: Asked) -> Json:
    view = await find_one(asked, ROOMS)
    return {"result": list(await asked.app.node.parts.seats.users(view.conversation, SAMPLE))}


async def _subscribe(asked: Asked) -> Json:
    view = await find_one(asked, SERVICES)
    await asked.app.node.announcing.subscribe(view.conversation, user_named(asked.body.get("client_id"), "client_id"))
    return {}


async def _unsubscribe(asked: Asked) -> Json:
    view = await find_one(asked, SERVICES)
    await asked.app.node.announcing.unsubscribe(view.conversation, user_named(asked.path["client"], "client"))
    return {}


async def _subscribers_count(asked: Asked) -> Json:
    view = await find_one(asked, SERVICES)
    return {"count": view.count}


MEMBER_ENDPOINTS: Final = (
    Endpoint("GET", _NORMAL + "/{id}/members", "master", _list),
    Endpoint("POST", _NORMAL + "/{id}/members", "master", _add),
    Endpoint("DELETE", _NORMAL + "/{id}/members", "master", _remove),
    Endpoint("GET", _NORMAL + "/{id}/mutes", "master", _muted),
    Endpoint("POST", _NORMAL + "/{id}/mutes", "master", _mute),
    Endpoint("DELETE", _NORMAL + "/{id}/mutes", "master", _unmute),
    Endpoint("GET", _ROOMS + "/{id}/members", "master", _some_people),
    Endpoint("GET", _ROOMS + "/{id}/members/online-count", "master", _people),
    Endpoint("POST", _SERVICES + "/{id}/subscribers", "master", _subscribe),
    Endpoint("GET", _SERVICES + "/{id}/subscribers/count", "master", _subscribers_count),
    Endpoint("DELETE", _SERVICES + "/{id}/subscribers/{client}", "master", _unsubscribe),
)
