"""Who may not speak, and who may not be a member: `conv/add_shutup` and the others, `blacklist`."""

from collections.abc import Sequence
from typing import Final

from unisono.domain import commands as c
from unisono.domain.answers import Members
from unisono.domain.commands.base import PAGE_MAX
from unisono.domain.errors import NotFound
from unisono.domain.facts import Restriction
from unisono.domain.ids import ConversationId, UserId
from unisono.gateways.leancloud.asking import Asker, Refused
from unisono.gateways.leancloud.bidding import STRANGER, Outcome, ask_as_member, ask_for_each, look_up, named
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.codes import ERRORS
from unisono.wire.leancloud.envelope import reply
from unisono.wire.leancloud.realtime_pb2 import GenericCommand
from unisono.wire.leancloud.signing import proof_of

PAGE: Final = 10
BLACKLIST_OFF: Final = 4544
"""What a client wants who blocks conversations for itself: there is no such list."""


async def add_shutup(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Silence members."""
    return await _silence(asker, command, pb.shutup_added, on=True)


async def remove_shutup(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Let members speak again."""
    return await _silence(asker, command, pb.shutup_removed, on=False)


async def _silence(asker: Asker, command: GenericCommand, op: pb.OpType, *, on: bool) -> GenericCommand:
    said = command.convMessage
    users = [UserId(user) for user in said.m]
    outcome = await _restrict(asker, named(said.cid), users, "silenced", on=on)
    answer = reply(command, op, asker.user, asker.now())
    answer.convMessage.cid = said.cid
    answer.convMessage.allowedPids.extend(outcome.allowed)
    answer.convMessage.failedPids.extend(outcome.failed())
    return answer


async def query_shutup(asker: Asker, command: GenericCommand) -> GenericCommand:
    """List who is silenced, a page at a time."""
    said = command.convMessage
    users, after = await _page(asker, named(said.cid), "silenced", said.limit, said.next)
    answer = reply(command, pb.shutup_result, asker.user, asker.now())
    answer.convMessage.cid = said.cid
    answer.convMessage.m.extend(users)
    if after is not None:
        answer.convMessage.next = after
    return answer


async def check_shutup(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Say who of some users is silenced."""
    said = command.convMessage
    silenced = await _all(asker, named(said.cid), "silenced")
    answer = reply(command, pb.check_result, asker.user, asker.now())
    answer.convMessage.cid = said.cid
    answer.convMessage.m.extend(user for user in said.m if user in silenced)
    return answer


async def block(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Let users be no members."""
    return await _bar(asker, command, pb.blocked, on=True)


async def unblock(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Let users be members again."""
    return await _bar(asker, command, pb.unblocked, on=False)


async def _bar(asker: Asker, command: GenericCommand, op: pb.OpType, *, on: bool) -> GenericCommand:
    said, conversation = command.blacklistMessage, _source(command)
    users = [UserId(user) for user in said.toPids]
    await asker.app.signatures.check_block(asker.user, said.srcCid, users, proof_of(said), on=on)
    outcome = await _restrict(asker, conversation, users, "blocked", on=on)
    answer = _blacklist(asker, command, op)
    answer.blacklistMessage.allowedPids.extend(outcome.allowed)
    answer.blacklistMessage.failedPids.extend(outcome.failed())
    return answer


async def query_blocked(asker: Asker, command: GenericCommand) -> GenericCommand:
    """List who is blocked, a page at a time."""
    said = command.blacklistMessage
    users, after = await _page(asker, _source(command), "blocked", said.limit, said.next)
    answer = _blacklist(asker, command, pb.query_result)
    answer.blacklistMessage.blockedPids.extend(users)
    if after is not None:
        answer.blacklistMessage.next = after
    return answer


async def check_block(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Say who of some users is blocked."""
    blocked = await _all(asker, _source(command), "blocked")
    answer = _blacklist(asker, command, pb.check_result)
    answer.blacklistMessage.blockedPids.extend(user for user in command.blacklistMessage.toPids if user in blocked)
    return answer


def _source(command: GenericCommand) -> ConversationId:
    if not command.blacklistMessage.srcCid:
        raise Refused(ERRORS[BLACKLIST_OFF], "a client has no list of conversations that it blocks")
    return named(command.blacklistMessage.srcCid)


def _blacklist(asker: Asker, command: GenericCommand, op: pb.OpType) -> GenericCommand:
    answer = reply(command, op, asker.user, asker.now())
    answer.blacklistMessage.srcCid = command.blacklistMessage.srcCid
    return answer


async def _restrict(
    asker: Asker, conversation: ConversationId, users: Sequence[UserId], what: Restriction, *, on: bool
) -> Outcome:
    outcome = Outcome(users)

    def wanted(some: tuple[UserId, ...]) -> c.Command:
        return c.Restrict(conversation, some, what, on)

    try:
        await ask_for_each(asker, outcome, wanted, lambda _, __: None)
    except NotFound:
        await look_up(asker, conversation)
        raise Refused(ERRORS[STRANGER]) from None
    return outcome


async def _page(
    asker: Asker, conversation: ConversationId, what: Restriction, limit: int, after: str
) -> tuple[list[UserId], UserId | None]:
    size = min(limit, PAGE_MAX) if limit > 0 else PAGE
    asked = c.GetMembers(conversation, what, UserId(after) if after else None, size)
    page = await ask_as_member(asker, asked, Members, conversation)
    return [member.user for member in page.members], page.next


async def _all(asker: Asker, conversation: ConversationId, what: Restriction) -> set[UserId]:
    users: set[UserId] = set()
    after: UserId | None = None
    while True:
        page, after = await _page(asker, conversation, what, PAGE_MAX, after or "")
        users.update(page)
        if after is None:
            return users
