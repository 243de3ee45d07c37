"""Conversations over HTTP: as rows of the class `_Conversation`, and below /1.2 by their kind."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from unisono.domain import commands as c
from unisono.domain import query as q
from unisono.domain.announcing import Founding
from unisono.domain.answers import ConversationView, Done, FoundConversations
from unisono.domain.commands.base import PAGE_MAX
from unisono.domain.errors import Invalid
from unisono.domain.facts import ConversationKind
from unisono.domain.ids import OPERATOR, Json
from unisono.domain.importing import MEMBERS_RULE
from unisono.domain.kinds import KINDS
from unisono.domain.query import SKIP_MAX, Condition
from unisono.gateways.leancloud.acting import Actor
from unisono.gateways.leancloud.bidding import ask, called, named
from unisono.gateways.leancloud.desk import Asked, Endpoint, flag_in, number_in, user_named, users_in
from unisono.gateways.leancloud.refused import Refused
from unisono.wire.leancloud.codes import ERRORS
from unisono.wire.leancloud.objects import Fields, object_of
from unisono.wire.leancloud.places import iso_of
from unisono.wire.leancloud.updates import founding_of, update_of
from unisono.wire.leancloud.where import condition_of, order_of

DEFAULT_LIMIT: Final = 100


class Family(Struct, frozen=True):
    """Kinds of conversations that are asked for in one place, and the number of a refusal of all others."""

    kinds: tuple[ConversationKind, ...]
    otherwise: int


NORMAL: Final = Family(("group", "direct", "temporary"), 4314)
ROOMS: Final = Family(("room",), 4316)
SERVICES: Final = Family(("service",), 4313)
ALL: Final = Family((*NORMAL.kinds, *ROOMS.kinds, *SERVICES.kinds), 4303)
FAMILIES: Final[Mapping[str, Family]] = {
    "/1.2/rtm/conversations": NORMAL,
    "/1.2/rtm/chatrooms": ROOMS,
    "/1.2/rtm/service-conversations": SERVICES,
}
CLASS: Final = "/1.1/classes/_Conversation"


async def find_one(asked: Asked, family: Family = ALL) -> ConversationView:
    """Give the conversation that a path names.

    Raises:
        NotFound: There is none.
        Refused: It is of another kind.
    """
    view = await ask(Actor(asked.app), c.GetConversation(named(asked.path["id"])), ConversationView)
    if view.of not in family.kinds:
        raise Refused(ERRORS[family.otherwise], f"a {view.of} conversation")
    return view


async def create(asked: Asked, family: Family) -> Json:
    """Begin a conversation of a family; a class row says by `tr` and `sys` which."""
    fields = dict(asked.body)
    members, creator = users_in(fields, "m"), fields.pop("c", None)
    is_room, is_service = flag_in(fields, "tr") or family is ROOMS, flag_in(fields, "sys") or family is SERVICES
    unique = flag_in(fields, "unique")
    for column in ("m", "tr", "sys", "unique"):
        fields.pop(column, None)
    name, attributes = founding_of(msgspec.json.encode(fields).decode())
    by = next(iter(members), OPERATOR) if creator is None else user_named(creator, "c")
    actor = Actor(asked.app, by)
    if is_service:
        founding = Founding(actor.new_key(), by, name=name, attributes=attributes)
        return _made(await asked.app.node.announcing.found(founding))
    if is_room:
        command = c.CreateConversation(actor.new_key(), "room", name=name, attributes=attributes, keeps_history=True)
    elif not members:
        raise Invalid(field="m", reason="members are needed")
    else:
        command = c.CreateConversation(
            actor.new_key(), "group", members, name, attributes, unique=unique, joining="open", rules=MEMBERS_RULE
        )
    with called({"limit_reached": 4304}):
        return _made(await ask(actor, command, ConversationView))


def _made(view: ConversationView) -> Json:
    return {"objectId": view.conversation, "createdAt": iso_of(view.created_at)}


async def show(asked: Asked, family: Family) -> Json:
    """Show a conversation, with who muted it."""
    return (await rows_of(asked, [await find_one(asked, family)]))[0]


async def rows_of(asked: Asked, views: Sequence[ConversationView]) -> list[Fields]:
    """Show conversations, with who muted them, as far as that can be told at once."""
    listing = [view.conversation for view in views if KINDS[view.of].lists_members]
    muted = await asked.app.node.parts.directory.muted(listing) if listing else {}
    now = asked.now()
    return [object_of(view, now, muted=muted.get(view.conversation, ())) for view in views]


async def find(asked: Asked, family: Family) -> Json:
    """Find conversations of a family; `count` says how many there are in all, up to 10,000 and a page."""
    limit = number_in(asked.query, "limit", DEFAULT_LIMIT, most=PAGE_MAX)
    skip = number_in(asked.query, "skip", 0, most=SKIP_MAX)
    with called({"invalid": 4310}):
        where = _of_family(condition_of(asked.query.get("where", ""), None), family)
        plain = c.FindConversations(where, order_of(asked.query.get("order", "")), PAGE_MAX)
        found = await _found(asked, plain, limit, skip)
        counted = {"count": await _counted(asked, plain)} if asked.query.get("count") in {"1", "true"} else {}
    return {"results": await rows_of(asked, found), **counted}


def _of_family(where: Condition | None, family: Family) -> Condition | None:
    if family is ALL:
        return where
    is_of_it = q.OneOf("kind", family.kinds)
    return is_of_it if where is None else q.AllOf((is_of_it, where))


async def _found(asked: Asked, plain: c.FindConversations, limit: int, skip: int) -> list[ConversationView]:
    """Find as many as are asked for, also where an answer has room for fewer."""
    found: list[ConversationView] = []
    while len(found) < limit and skip + len(found) <= SKIP_MAX:
        wanted = msgspec.structs.replace(plain, limit=limit - len(found), skip=skip + len(found))
        page = await ask(Actor(asked.app), wanted, FoundConversations)
        found += page.conversations
        if not page.has_more:
            break
    return found


async def _counted(asked: Asked, plain: c.FindConversations) -> int:
    count = 0
    while count <= SKIP_MAX:
        wanted = msgspec.structs.replace(plain, skip=count, compact=True)
        page = await ask(Actor(asked.app), wanted, FoundConversations)
        count += len(page.conversations)
        if not page.has_more:
            break
    return count


async def update(asked: Asked, family: Family) -> Json:
    """Change name and attributes."""
    view = await find_one(asked, family)
    with called({"invalid": 4306, "too_large": 4306}):
        change = update_of(view.conversation, msgspec.json.encode(asked.body).decode())
        changed = await ask(Actor(asked.app), change, ConversationView)
    return {"objectId": asked.path["id"], "updatedAt": iso_of(changed.updated_at)}


async def end(asked: Asked, family: Family) -> Json:
    """End a conversation for all its members. What was said stays, for who looks after it."""
    view = await find_one(asked, family)
    await ask(Actor(asked.app), c.Dissolve(view.conversation), Done)
    return {}


def _for(family: Family, prefix: str, *, status: int = 200) -> list[Endpoint]:
    """Give the endpoints of a family."""
    one = prefix + "/{id}"

    async def do_create(asked: Asked) -> Json:
        return await create(asked, family)

    async def do_find(asked: Asked) -> Json:
        return await find(asked, family)

    async def do_show(asked: Asked) -> Json:
        return await show(asked, family)

    async def do_update(asked: Asked) -> Json:
        return await update(asked, family)

    async def do_end(asked: Asked) -> Json:
        return await end(asked, family)

    return [
        Endpoint("POST", prefix, "master", do_create, status),
        Endpoint("GET", prefix, "master", do_find),
        Endpoint("GET", one, "master", do_show),
        Endpoint("PUT", one, "master", do_update),
        Endpoint("DELETE", one, "master", do_end),
    ]


async def _find_all(asked: Asked) -> Json:
    return await find(asked, ALL)


CONVERSATION_ENDPOINTS: Final = (
    *_for(ALL, CLASS, status=201),
    *(endpoint for prefix, family in FAMILIES.items() for endpoint in _for(family, prefix)),
    Endpoint("GET", "/1.2/rtm/all-conversations", "master", _find_all),
)
