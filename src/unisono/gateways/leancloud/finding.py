"""Finding conversations: `conv/query`."""

from collections.abc import Sequence
from typing import Final

from msgspec import structs

from unisono.domain import commands as c
from unisono.domain.answers import ConversationView, FoundConversations
from unisono.domain.commands.base import PAGE_MAX
from unisono.domain.ids import ConversationId
from unisono.domain.query import VALUES_PER_CONDITION_MAX, OneOf
from unisono.gateways.leancloud.asking import Asker
from unisono.gateways.leancloud.bidding import ask, called, named
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.envelope import reply
from unisono.wire.leancloud.objects import object_of, written
from unisono.wire.leancloud.realtime_pb2 import GenericCommand
from unisono.wire.leancloud.where import condition_of, ids_of, order_of

DEFAULT_LIMIT: Final = 10
COMPACT: Final = 1
WITH_LAST: Final = 2
FAULTS: Final = {"invalid": 4310}


async def query(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Find conversations."""
    said = command.convMessage
    with called(FAULTS):
        found = await _found(asker, said)
    now, is_compact = asker.now(), bool(said.flag & COMPACT)
    objects = [
        # To whom else alerts go is not said: a client asks for many conversations at once.
        object_of(view, now, muted=(asker.user,) if view.level == "none" else (), is_compact=is_compact)
        for view in found
    ]
    answer = reply(command, pb.results, asker.user, now)
    answer.convMessage.results.data = written(objects)
    return answer


async def _found(asker: Asker, said: pb.ConvCommand) -> Sequence[ConversationView]:
    limit = min(said.limit, PAGE_MAX) if said.HasField("limit") else DEFAULT_LIMIT
    if limit <= 0:
        return ()
    skip = max(0, said.skip)
    if said.tempConvIds:
        return (await _by_ids(asker, said, [named(cid) for cid in said.tempConvIds]))[skip : skip + limit]
    ids = ids_of(said.where.data)
    if len(ids) > VALUES_PER_CONDITION_MAX:
        return (await _by_ids(asker, said, ids))[skip : skip + limit]
    where, sort = condition_of(said.where.data, asker.user), order_of(said.sort)
    asked = c.FindConversations(where, sort, limit, skip)
    return await _all(asker, said, asked)


async def _by_ids(asker: Asker, said: pb.ConvCommand, ids: Sequence[ConversationId]) -> Sequence[ConversationView]:
    """Find conversations that are named: more of them than one query names, if need be."""
    found: list[ConversationView] = []
    for start in range(0, len(ids), VALUES_PER_CONDITION_MAX):
        some = tuple(ids[start : start + VALUES_PER_CONDITION_MAX])
        asked = c.FindConversations(OneOf("id", some), order_of(said.sort), len(some))
        found += await _all(asker, said, asked)
    return found


async def _all(asker: Asker, said: pb.ConvCommand, asked: c.FindConversations) -> list[ConversationView]:
    """Find as many as are asked for, also where an answer of ours has room for fewer."""
    found: list[ConversationView] = []
    while True:
        page = await ask(
            asker,
            structs.replace(
                asked,
                limit=asked.limit - len(found),
                skip=asked.skip + len(found),
                compact=bool(said.flag & COMPACT),
                with_last=bool(said.flag & WITH_LAST),
            ),
            FoundConversations,
        )
        found += page.conversations
        if not page.has_more or not page.conversations or len(found) >= asked.limit:
            return found
