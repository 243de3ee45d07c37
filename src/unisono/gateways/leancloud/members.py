"""Who belongs to a conversation: `conv/add`, `remove`, `is_member`, `members`, `count`, `member_info_update`."""

from typing import Final

from unisono.domain import commands as c
from unisono.domain.answers import Answer, ConversationView, Count, Done, Members, Membership
from unisono.domain.commands.base import PAGE_MAX
from unisono.domain.errors import Forbidden, NotFound
from unisono.domain.facts import Role
from unisono.domain.ids import ConversationId, UserId
from unisono.domain.kinds import KINDS
from unisono.gateways.leancloud.asking import Asker, Refused
from unisono.gateways.leancloud.bidding import (
    NOT_NORMAL,
    STRANGER,
    Outcome,
    ask,
    ask_as_member,
    ask_for_each,
    called,
    look_up,
    named,
)
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.codes import ERRORS
from unisono.wire.leancloud.envelope import reply
from unisono.wire.leancloud.objects import written
from unisono.wire.leancloud.places import iso_of
from unisono.wire.leancloud.realtime_pb2 import GenericCommand
from unisono.wire.leancloud.signing import proof_of

ROLES: Final[dict[str, Role]] = {"Owner": "owner", "Manager": "manager", "Member": "member"}
ROOM_SAMPLE: Final = 100
"""People of a room whom a client is told."""
BLOCKED: Final = 4548
NEEDS_OWNER: Final = 4324
JOIN_FAULTS: Final = {"limit_reached": 4304}
SELF_ONLY: Final = frozenset({"room", "service"})
"""Kinds that nobody brings others into."""


async def add(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Join, enter a room, subscribe, or bring others in; who is blocked there is left out."""
    said, users = command.convMessage, _users(command)
    await asker.app.signatures.check_add(asker.user, said.cid, users, proof_of(said))
    view, outcome = await look_up(asker, named(said.cid)), Outcome(users)
    with called(JOIN_FAULTS):
        if view.of in SELF_ONLY:
            await _come_alone(asker, view, outcome)
        else:
            await _come_along(asker, view, outcome)
    return _changed(asker, command, pb.added, outcome)


async def _come_alone(asker: Asker, view: ConversationView, outcome: Outcome) -> None:
    conversation = view.conversation
    for user in [user for user in outcome.allowed if user != asker.user]:
        outcome.refuse(user, NOT_NORMAL)
    if not outcome.allowed:
        return
    enter: c.Command = c.EnterRoom(conversation) if view.of == "room" else c.Join(conversation)
    await _join(asker, enter, Done if view.of == "room" else Membership, outcome)


async def _come_along(asker: Asker, view: ConversationView, outcome: Outcome) -> None:
    conversation, is_member = view.conversation, view.role is not None
    if not is_member and asker.user not in outcome.allowed:
        raise Refused(ERRORS[STRANGER])
    if not is_member and not await _join(asker, c.Join(conversation), Membership, outcome):
        # Who may not come in brings nobody along.
        for user in list(outcome.allowed):
            outcome.refuse(user, STRANGER)
        return
    await ask_for_each(
        asker, outcome, lambda users: c.AddMembers(conversation, users), lambda _, fault: _blocked(fault)
    )


async def _join(asker: Asker, command: c.Command, answer: type[Answer], outcome: Outcome) -> bool:
    try:
        await ask(asker, command, answer)
    except Forbidden as fault:
        number = _blocked(fault)
        if number is None:
            raise
        outcome.refuse(asker.user, number)
        return False
    return True


def _blocked(fault: Forbidden) -> int | None:
    return BLOCKED if fault.numbers.get("reason") == "blocked" else None


async def remove(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Quit, leave a room, unsubscribe, or make others leave; who is above the client stays."""
    said, users = command.convMessage, _users(command)
    await asker.app.signatures.check_remove(asker.user, said.cid, users, proof_of(said))
    view, outcome = await look_up(asker, named(said.cid)), Outcome(users)
    if view.of in SELF_ONLY:
        await _go_alone(asker, view, outcome)
    else:
        await _send_away(asker, view, outcome)
    return _changed(asker, command, pb.removed, outcome)


async def _go_alone(asker: Asker, view: ConversationView, outcome: Outcome) -> None:
    for user in [user for user in outcome.allowed if user != asker.user]:
        outcome.refuse(user, NOT_NORMAL)
    if view.of == "room":
        await ask(asker, c.LeaveRoom(view.conversation), Done)
    else:
        await ask(asker, c.Quit(view.conversation), Membership)


async def _send_away(asker: Asker, view: ConversationView, outcome: Outcome) -> None:
    conversation = view.conversation
    if outcome.allowed == [asker.user]:
        await ask(asker, c.Quit(conversation), Membership)
        return
    if view.role is None:
        raise Refused(ERRORS[STRANGER])

    def number_of(user: UserId, _: Forbidden) -> int | None:
        return NEEDS_OWNER if user == view.creator else None

    await ask_for_each(asker, outcome, lambda users: c.RemoveMembers(conversation, users), number_of)


def _users(command: GenericCommand) -> list[UserId]:
    return [UserId(user) for user in command.convMessage.m]


def _changed(asker: Asker, command: GenericCommand, op: pb.OpType, outcome: Outcome) -> GenericCommand:
    answer = reply(command, op, asker.user, asker.now())
    answer.convMessage.cid = command.convMessage.cid
    answer.convMessage.udate = iso_of(asker.now())
    answer.convMessage.allowedPids.extend(outcome.allowed)
    answer.convMessage.failedPids.extend(outcome.failed())
    return answer


async def is_member(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Say of which conversations the client is a member."""
    found = {cid: await _is_member(asker, cid) for cid in dict.fromkeys(command.convMessage.cids)}
    answer = reply(command, pb.is_member, asker.user, asker.now())
    answer.convMessage.results.data = written(found)
    return answer


async def _is_member(asker: Asker, cid: str) -> bool:
    try:
        return (await look_up(asker, named(cid))).role is not None
    except NotFound:
        return False


async def members(asker: Asker, command: GenericCommand) -> GenericCommand:
    """List members; of a room some of who is there, where everybody may see who is online."""
    view = await look_up(asker, named(command.convMessage.cid))
    answer = reply(command, pb.result, asker.user, asker.now())
    answer.convMessage.cid = command.convMessage.cid
    if KINDS[view.of].lists_members:
        answer.convMessage.m.extend(await _all(asker, view.conversation))
    elif view.of == "room" and asker.app.node.options.presence.visible_to == "everybody":
        answer.convMessage.m.extend(await asker.app.node.parts.seats.users(view.conversation, ROOM_SAMPLE))
    return answer


async def _all(asker: Asker, conversation: ConversationId) -> list[UserId]:
    asked = c.GetMembers(conversation, limit=PAGE_MAX)
    page = await ask_as_member(asker, asked, Members, conversation)
    return [member.user for member in page.members]


async def count(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Count members, or who is in a room now."""
    found = await ask(asker, c.CountPeople(named(command.convMessage.cid)), Count)
    answer = reply(command, pb.result, asker.user, asker.now())
    answer.convMessage.cid = command.convMessage.cid
    answer.convMessage.count = found.users
    return answer


async def member_info_update(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Give a member another role."""
    said = command.convMessage
    conversation = named(said.cid)
    role = ROLES.get(said.info.role)
    if role is None:
        raise Refused(ERRORS[4321])
    if role == "owner":
        raise Refused(ERRORS[5130])
    change = c.SetMember(conversation, UserId(said.targetClientId or said.info.pid), role)
    await ask_as_member(asker, change, Done, conversation)
    answer = reply(command, pb.member_info_updated, asker.user, asker.now())
    answer.convMessage.cid = said.cid
    return answer
