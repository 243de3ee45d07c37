"""What was said, and how far others have it: `logs`, `conv/max_read`."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct, structs

from unisono.domain import commands as c
from unisono.domain.answers import History, HistoryEntry, Members, MemberView
from unisono.domain.commands.base import PAGE_MAX
from unisono.domain.errors import Forbidden, NotFound
from unisono.domain.ids import NO_SEQ, ConversationId, Instant, Seq
from unisono.domain.kinds import KINDS
from unisono.gateways.leancloud.asking import Asker, Refused
from unisono.gateways.leancloud.bidding import ask, ask_as_member, called, look_up, named
from unisono.gateways.leancloud.seeking import find_seq
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.bodies import text_of
from unisono.wire.leancloud.codes import ERRORS
from unisono.wire.leancloud.envelope import reply
from unisono.wire.leancloud.pages import history_of
from unisono.wire.leancloud.places import id_of
from unisono.wire.leancloud.realtime_pb2 import GenericCommand

PAGES_MAX: Final = 5
"""Pages of ours in one of theirs: of large messages there are fewer, because a frame has to fit the outbox."""
TIMES_AT_ONCE: Final = 100
NO_MEMBER: Final = 4312


class Marks(Struct, frozen=True):
    """How far a member, or the furthest of some, has come."""

    delivered: Seq = NO_SEQ
    read: Seq = NO_SEQ


async def logs(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Read messages, in rising order whatever the direction."""
    said = command.logsMessage
    conversation = named(said.cid)
    with called({"invalid": 4311}):
        found = await _found(asker, conversation, said)
    marks = await _marks_for(asker, conversation, found)
    answer = reply(command, None, asker.user, asker.now())
    answer.logsMessage.cid = said.cid
    answer.logsMessage.logs.extend(_item(asker, conversation, entry, marks) for entry in found)
    return answer


async def _found(asker: Asker, conversation: ConversationId, said: pb.LogsCommand) -> Sequence[HistoryEntry]:
    try:
        return await messages_of(asker, conversation, said)
    except NotFound:
        view = await look_up(asker, conversation)
        if not KINDS[view.of].lists_members:
            return ()
        raise Refused(ERRORS[NO_MEMBER]) from None
    except Forbidden:
        # Of a kind that has no history.
        return ()


async def messages_of(asker: Asker, conversation: ConversationId, said: pb.LogsCommand) -> Sequence[HistoryEntry]:
    """Read the messages that are asked for, in rising order.

    Raises:
        UnisonoError: The asker may not read them, or there are none of such a kind.
    """
    start = await find_seq(asker, conversation, said.mid, said.t)
    end = await find_seq(asker, conversation, said.tmid, said.tt)
    asked = history_of(said, conversation, start, end)
    if asked is None:
        return ()
    found: list[HistoryEntry] = []
    for _ in range(PAGES_MAX):
        page = await ask(asker, asked, History)
        found = [*page.messages, *found] if asked.direction == "older" else [*found, *page.messages]
        if not page.has_more or len(page.messages) >= asked.limit:
            break
        asked = _rest(asked, page)
    return found


def _rest(asked: c.GetHistory, page: History) -> c.GetHistory:
    limit = asked.limit - len(page.messages)
    if asked.direction == "older":
        return structs.replace(asked, before=page.messages[0].seq, limit=limit)
    return structs.replace(asked, after=page.messages[-1].seq, limit=limit)


async def _marks_for(asker: Asker, conversation: ConversationId, found: Sequence[HistoryEntry]) -> Marks:
    """Give how far others have come, where that is asked of a message of the client's own."""
    if not any(entry.message.receipt and entry.message.sender == asker.user for entry in found):
        return Marks()
    try:
        return _furthest(await _others(asker, conversation))
    except (Refused, NotFound, Forbidden):
        return Marks()


def _item(asker: Asker, conversation: ConversationId, entry: HistoryEntry, marks: Marks) -> pb.LogItem:
    message = entry.message
    text, is_base64 = text_of(message)
    mid = id_of(conversation, entry.seq, entry.at, message.key)
    item = pb.LogItem(sender=message.sender, data=text, timestamp=entry.at, msgId=mid)
    if is_base64:
        item.bin = True
    if message.revised_at is not None:
        item.patchTimestamp = message.revised_at
    if message.mention_all:
        item.mentionAll = True
    item.mentionPids.extend(message.mentions)
    if message.receipt and message.sender == asker.user:
        # When it came is not kept, only that it did: it was not before it was said.
        if marks.delivered >= entry.seq:
            item.ackAt = entry.at
        if marks.read >= entry.seq:
            item.readAt = entry.at
    return item


async def max_read(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Say up to which times others have what was said, and have read it: the furthest of them, or each."""
    said = command.convMessage
    conversation = named(said.cid)
    others = await _others(asker, conversation)
    answer = reply(command, pb.max_read, asker.user, asker.now())
    answer.convMessage.cid = said.cid
    shown = [Marks(each.delivered, each.read) for each in others] if said.queryAllMembers else [_furthest(others)]
    times = await _times(asker, conversation, {seq for each in shown for seq in (each.delivered, each.read)})
    if not said.queryAllMembers:
        _fill(answer.convMessage, shown[0], times)
        return answer
    for other, marks in zip(others, shown, strict=True):
        if marks.delivered in times:
            each = answer.convMessage.maxReadTuples.add(pid=other.user)
            _fill(each, marks, times)
    return answer


def _fill(said: pb.ConvCommand | pb.MaxReadTuple, marks: Marks, times: "Times") -> None:
    if (at := times.get(marks.delivered)) is not None:
        said.maxAckTimestamp = at
    if (at := times.get(marks.read)) is not None:
        said.maxReadTimestamp = at


Times = dict[Seq, Instant]


async def _others(asker: Asker, conversation: ConversationId) -> Sequence[MemberView]:
    others: list[MemberView] = []
    after = None
    while True:
        asked = c.GetMembers(conversation, after=after, limit=PAGE_MAX)
        page = await ask_as_member(asker, asked, Members, conversation)
        others += [member for member in page.members if member.user != asker.user]
        if (after := page.next) is None:
            return others


def _furthest(members: Iterable[MemberView]) -> Marks:
    come = [(member.delivered, member.read) for member in members] or [(NO_SEQ, NO_SEQ)]
    return Marks(max(delivered for delivered, _ in come), max(read for _, read in come))


async def _times(asker: Asker, conversation: ConversationId, seqs: Iterable[Seq]) -> Times:
    """Give the times of the last messages up to some seqs; none for a seq before the first."""
    times: Times = {}
    left = sorted({seq for seq in seqs if seq > NO_SEQ})
    while left:
        # No more of what was said than reaches from the last of them to those near it.
        near = left[bisect_right(left, left[-1] - TIMES_AT_ONCE)]
        limit = left[-1] - near + 1
        asked = c.GetHistory(conversation, before=Seq(left[-1] + 1), limit=limit, direction="older")
        messages = (await ask(asker, asked, History)).messages
        if not messages:
            break
        places = [entry.seq for entry in messages]
        while left and left[-1] >= places[0]:
            seq = left.pop()
            times[seq] = messages[bisect_right(places, seq) - 1].at
    return times
