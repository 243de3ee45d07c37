"""Finding conversations: `conv/query`."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import structs

from unisono.domain import commands as c
from unisono.domain.answers import ConversationView, FoundConversations
from unisono.domain.commands.base import PAGE_MAX
from unisono.domain.ids import ConversationId, UserId
from unisono.domain.kinds import KINDS
from unisono.domain.query import VALUES_PER_CONDITION_MAX, OneOf
from unisono.gateways.leancloud.asking import Asker
from unisono.gateways.leancloud.bidding import ask, called, named
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.envelope import reply
from unisono.wire.leancloud.objects import Fields, left_object_of, object_of, written
from unisono.wire.leancloud.realtime_pb2 import GenericCommand
from unisono.wire.leancloud.where import condition_of, ids_of, order_of

DEFAULT_LIMIT: Final = 10
COMPACT: Final = 1
WITH_LAST: Final = 2
ANSWER_BYTES: Final = 640 * 1024
"""What the conversations of an answer take with their newest messages, and so much again without: it is one frame."""
LEFT_MAX: Final = 20
"""Conversations that a client left and names, of which one answer tells."""
FAULTS: Final = {"invalid": 4310}


async def query(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Find conversations."""
    said = command.convMessage
    with called(FAULTS):
        found = await _found(asker, said)
    now, is_compact = asker.now(), bool(said.flag & COMPACT)
    muted = await _muted(asker, found)
    objects = [object_of(view, now, muted=muted.get(view.conversation, ()), is_compact=is_compact) for view in found]
    objects += await _left(asker, said, found)
    answer = reply(command, pb.results, asker.user, now)
    answer.convMessage.results.data = written(objects)
    return answer


async def _muted(asker: Asker, found: Sequence[ConversationView]) -> Mapping[ConversationId, Sequence[UserId]]:
    """Say who wants no alerts of conversations whose members the client may know; of others, if the client does.

    So, too, where there are too many of them to be told at once.
    """
    own = {view.conversation: (asker.user,) for view in found if view.level == "none"}
    shown = [view.conversation for view in found if view.role is not None and KINDS[view.of].lists_members]
    return {**own, **(await asker.app.node.parts.directory.muted(shown) if shown else {})}


async def _left(asker: Asker, said: pb.ConvCommand, found: Sequence[ConversationView]) -> list[Fields]:
    """Show conversations that are named, and nobody finds but who was a member, to who was: just what they are.

    Clients drop what they are told of a conversation that they cannot find, such as that they were removed from it.
    """
    if said.skip or (said.HasField("limit") and said.limit <= len(found)):
        return []
    known = {view.conversation for view in found}
    missing = [conversation for conversation in dict.fromkeys(_named(said)) if conversation not in known]
    directory = asker.app.node.parts.directory
    mine = [await directory.find(conversation, asker.user) for conversation in missing[:LEFT_MAX]]
    return [left_object_of(one.conversation) for one in mine if one is not None and one.until is not None]


def _named(said: pb.ConvCommand) -> Sequence[ConversationId]:
    return [named(cid) for cid in said.tempConvIds] or ids_of(said.where.data)


async def _found(asker: Asker, said: pb.ConvCommand) -> Sequence[ConversationView]:
    limit = min(said.limit, PAGE_MAX) if said.HasField("limit") else DEFAULT_LIMIT
    if limit <= 0:
        return ()
    skip = max(0, said.skip)
    ids = _named(said)
    if said.tempConvIds or len(ids) > VALUES_PER_CONDITION_MAX:
        return (await _by_ids(asker, said, ids, skip))[:limit]
    where, sort = condition_of(said.where.data, asker.user), order_of(said.sort)
    asked = c.FindConversations(where, sort, limit, skip)
    return await _all(asker, said, asked, _Room(said))


class _Room:
    """What an answer has room for: conversations with their newest messages, then without these, then no more."""

    def __init__(self, said: pb.ConvCommand) -> None:
        self.with_last = bool(said.flag & WITH_LAST)
        self.is_full = False
        self._left = ANSWER_BYTES

    def fit(self, views: Sequence[ConversationView]) -> list[ConversationView]:
        """Give those of some conversations, from the first on, that there is room for."""
        kept: list[ConversationView] = []
        for view in views:
            one = view if self.with_last else structs.replace(view, last=None)
            size = len(msgspec.json.encode(one))
            if size > self._left and self.with_last:
                self.with_last, self._left = False, ANSWER_BYTES
                one = structs.replace(view, last=None)
                size = len(msgspec.json.encode(one))
            if size > self._left:
                self.is_full = True
                break
            self._left -= size
            kept.append(one)
        return kept


async def _by_ids(
    asker: Asker, said: pb.ConvCommand, ids: Sequence[ConversationId], skip: int
) -> Sequence[ConversationView]:
    """Find conversations that are named: more of them than one query names, if need be."""
    found: list[ConversationView] = []
    room = _Room(said)
    for start in range(0, len(ids), VALUES_PER_CONDITION_MAX):
        some = tuple(ids[start : start + VALUES_PER_CONDITION_MAX])
        asked = c.FindConversations(OneOf("id", some), order_of(said.sort), len(some))
        if skip:
            # Those that are passed over take no room.
            count = len(await _all(asker, said, asked, None))
            if count <= skip:
                skip -= count
                continue
            asked = structs.replace(asked, limit=count - skip, skip=skip)
            skip = 0
        found += await _all(asker, said, asked, room)
        if room.is_full:
            break
    return found


async def _all(
    asker: Asker, said: pb.ConvCommand, asked: c.FindConversations, room: _Room | None
) -> list[ConversationView]:
    """Find as many as are asked for and there is room for, also where an answer of ours has room for fewer.

    Without a room they are only to be counted.
    """
    found: list[ConversationView] = []
    while True:
        page = await ask(
            asker,
            structs.replace(
                asked,
                limit=asked.limit - len(found),
                skip=asked.skip + len(found),
                compact=room is None or bool(said.flag & COMPACT),
                with_last=room is not None and room.with_last,
            ),
            FoundConversations,
        )
        found += page.conversations if room is None else room.fit(page.conversations)
        is_full = room is not None and room.is_full
        if is_full or not page.has_more or not page.conversations or len(found) >= asked.limit:
            return found
