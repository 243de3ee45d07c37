"""What a conversation is: `conv/start`, `update`, `mute`, `unmute`."""

from typing import Final

from msgspec import structs

from unisono.domain import commands as c
from unisono.domain.answers import ConversationView, Done
from unisono.domain.commands import TTL_MAX_S
from unisono.domain.facts import Level
from unisono.domain.ids import UserId
from unisono.domain.importing import MEMBERS_RULE
from unisono.gateways.leancloud.asking import Asker
from unisono.gateways.leancloud.bidding import ask, ask_as_member, called, named
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.envelope import reply
from unisono.wire.leancloud.objects import conversation_cid, seconds_left
from unisono.wire.leancloud.places import iso_of
from unisono.wire.leancloud.realtime_pb2 import GenericCommand
from unisono.wire.leancloud.signing import proof_of
from unisono.wire.leancloud.updates import founding_of, update_of

UPDATE_FAULTS: Final = {"invalid": 4306, "too_large": 4306}


async def start(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Begin a conversation, or give back the one of these members; into a room its creator goes at once."""
    said = command.convMessage
    await asker.app.signatures.check_create(asker.user, map(UserId, said.m), proof_of(said))
    with called({"limit_reached": 4304}):
        view = await ask(asker, _creation(asker, said), ConversationView)
    if view.of == "room":
        await ask(asker, c.EnterRoom(view.conversation), Done)
    answer = reply(command, pb.started, asker.user, asker.now())
    answer.convMessage.cid = conversation_cid(view)
    answer.convMessage.cdate = iso_of(view.created_at)
    if view.unique:
        answer.convMessage.uniqueId = answer.convMessage.cid
    if view.of == "temporary":
        answer.convMessage.tempConv = True
        answer.convMessage.tempConvTTL = seconds_left(view, asker.now())
    return answer


def _creation(asker: Asker, said: pb.ConvCommand) -> c.CreateConversation:
    name, attributes = founding_of(said.attr.data)
    plain = c.CreateConversation(asker.new_key(), name=name, attributes=attributes)
    if said.transient:
        return structs.replace(plain, of="room", keeps_history=True)
    members = tuple(UserId(user) for user in said.m)
    group = structs.replace(plain, members=members, unique=said.unique, joining="open", rules=MEMBERS_RULE)
    if not said.tempConv:
        return group
    # These are one conversation for the same members, whatever the client says, as long as it lasts.
    ttl_s = min(said.tempConvTTL, TTL_MAX_S) if said.tempConvTTL > 0 else None
    return structs.replace(group, of="temporary", unique=True, ttl_s=ttl_s)


async def update(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Change name and attributes."""
    said = command.convMessage
    conversation = named(said.cid)
    with called(UPDATE_FAULTS):
        change = update_of(conversation, said.attr.data)
        view = await ask_as_member(asker, change, ConversationView, conversation, otherwise=4309)
    return updated(asker, command, iso_of(view.updated_at))


async def mute(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Want no alerts of a conversation."""
    return await _set_level(asker, command, "none")


async def unmute(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Want alerts again."""
    return await _set_level(asker, command, "all")


async def _set_level(asker: Asker, command: GenericCommand, level: Level) -> GenericCommand:
    conversation = named(command.convMessage.cid)
    await ask_as_member(asker, c.SetLevel(conversation, level), Done, conversation)
    return updated(asker, command, iso_of(asker.now()))


def updated(asker: Asker, command: GenericCommand, at: str) -> GenericCommand:
    """Say that a conversation is another since `at`."""
    answer = reply(command, pb.updated, asker.user, asker.now())
    answer.convMessage.cid = command.convMessage.cid
    answer.convMessage.udate = at
    return answer
