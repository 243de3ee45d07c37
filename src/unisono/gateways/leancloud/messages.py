"""What clients say, and how far they have it: `direct`, `ack`, `read`. Messages are under way in `sending`."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from unisono.domain import commands as c
from unisono.domain.answers import Answer, History, Passed, Placed
from unisono.domain.errors import Forbidden, NotFound, UnisonoError
from unisono.domain.events import DEFAULT_PRIORITY, Priority
from unisono.domain.ids import INTEGER_MAX, ConversationId, Instant, Json, SendKey, Seq, UserId
from unisono.gateways.leancloud.asking import Asker
from unisono.gateways.leancloud.seeking import find_named, find_seq
from unisono.wire.leancloud.bodies import content_of
from unisono.wire.leancloud.checking import checked
from unisono.wire.leancloud.codes import ERRORS, LeanCloudError, error_of
from unisono.wire.leancloud.envelope import reply
from unisono.wire.leancloud.objects import read_fields
from unisono.wire.leancloud.places import TEMPORARY, conversation_of, id_of, instant_of, passing_mid
from unisono.wire.leancloud.realtime_pb2 import AckCommand, GenericCommand, ReadTuple
from unisono.wire.leancloud.realtime_pb2 import ack as ack_cmd

KEY_PREFIX: Final = "dt:"
"""What sets keys that a client makes apart from ours, and from those of messages that LeanCloud kept."""
PRIORITIES: Final[Mapping[int, Priority]] = {1: "high", 2: "normal", 3: "low"}

NOWHERE: Final = 4401
GONE: Final = 4303
"""A temporary conversation that is over; clients make 4323 of it."""
NOT_ALLOWED: Final = 4308
FORBIDDEN: Final = {"silenced": 4563, "enter the room first": NOWHERE}


def command_of(asker: Asker, command: GenericCommand) -> c.SendMessage | c.LeaveWill:
    """Give what a `direct` asks for: to send a message, or to leave it as a will.

    Raises:
        NotFound, Invalid, TooLarge: It cannot be sent, whoever is where.
    """
    said = command.directMessage
    conversation = conversation_of(said.cid)
    if conversation is None:
        raise NotFound()
    return checked(_message(asker, command, conversation))


def acked(asker: Asker, command: GenericCommand, wanted: c.SendMessage | c.LeaveWill, answer: Answer) -> GenericCommand:
    """Give the answer to a message that was taken."""
    mid, at = _place(asker, wanted.conversation, wanted.key, answer)
    return _ack(asker, command, AckCommand(uid=mid, t=at, cid=command.directMessage.cid))


def refused(asker: Asker, command: GenericCommand, fault: UnisonoError) -> GenericCommand:
    """Give the answer to a message that was not: an `ack` as well."""
    cid = command.directMessage.cid
    error = _error_of(fault, cid)
    return _ack(asker, command, AckCommand(code=error.code, reason=error.name, cid=cid))


def _ack(asker: Asker, command: GenericCommand, acknowledged: AckCommand) -> GenericCommand:
    answer = reply(command, None, asker.user, asker.now())
    answer.cmd = ack_cmd
    answer.ackMessage.CopyFrom(acknowledged)
    return answer


async def leave_will(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Leave a message as a will."""
    try:
        wanted = command_of(asker, command)
        return acked(asker, command, wanted, await asker.ask(wanted))
    except UnisonoError as fault:
        return refused(asker, command, fault)


def _message(asker: Asker, command: GenericCommand, conversation: ConversationId) -> c.SendMessage | c.LeaveWill:
    said = command.directMessage
    key = SendKey(KEY_PREFIX + said.dt) if said.dt else asker.new_key()
    content = content_of(said.binaryMsg if said.HasField("binaryMsg") else said.msg)
    mentions = tuple(UserId(user) for user in said.mentionPids)
    push = push_of(said.pushData)
    priority = PRIORITIES.get(command.priority, DEFAULT_PRIORITY)
    if said.will:
        return c.LeaveWill(
            conversation,
            key,
            content,
            transient=said.transient,
            mentions=mentions,
            mention_all=said.mentionAll,
            push=push,
            priority=priority,
            after_s=0,
        )
    return c.SendMessage(
        conversation,
        key,
        content,
        transient=said.transient,
        mentions=mentions,
        mention_all=said.mentionAll,
        receipt=said.r,
        push=push,
        priority=priority,
    )


def _place(asker: Asker, conversation: ConversationId, key: SendKey, answer: Answer) -> tuple[str, Instant]:
    match answer:
        case Placed(seq=seq, at=at):
            return id_of(conversation, seq, at, key), at
        case Passed(at=at):
            return passing_mid(conversation, key, at), at
        case _:
            at = asker.now()
            return passing_mid(conversation, key, at), at


def push_of(text: str) -> dict[str, Json] | None:
    """Read what a push notification is to carry.

    Raises:
        Invalid: It is no JSON object that every reader keeps.
    """
    return read_fields(text) if text else None


def _error_of(fault: UnisonoError, cid: str) -> LeanCloudError:
    match fault.code:
        case "not_found":
            is_known = cid.startswith(TEMPORARY) and conversation_of(cid) is not None
            return ERRORS[GONE if is_known else NOWHERE]
        case "forbidden":
            return ERRORS[FORBIDDEN.get(str(fault.numbers.get("reason")), NOT_ALLOWED)]
        case _:
            return error_of(fault)


async def ack(asker: Asker, command: GenericCommand) -> None:
    """Take a device's word that it has the messages up to a time, all of that millisecond included."""
    said = command.ackMessage
    conversation = conversation_of(said.cid)
    if conversation is None:
        return
    seq = await _reached(asker, conversation, said.mid, said.tots or said.fromts or said.t)
    if seq is not None:
        await asker.ask(checked(c.MarkDelivered(conversation, seq)))


async def read(asker: Asker, command: GenericCommand) -> None:
    """Take a user's word that they have read conversations up to a time; without one, to their ends."""
    said = command.readMessage
    plain = [cid for cid in (said.cid, *said.cids) if cid]
    for each in (*said.convs, *(ReadTuple(cid=cid) for cid in plain)):
        # One that was left meanwhile does not keep the others unread.
        with suppress(NotFound, Forbidden):
            await _read_one(asker, each)


async def _read_one(asker: Asker, said: ReadTuple) -> None:
    conversation = conversation_of(said.cid)
    if conversation is None:
        raise NotFound()
    seq: Seq | None = Seq(INTEGER_MAX)
    if said.timestamp:
        seq = await _reached(asker, conversation, said.mid, said.timestamp)
    if seq is not None:
        await asker.ask(checked(c.MarkRead(conversation, seq)))


async def _reached(asker: Asker, conversation: ConversationId, mid: str, timestamp: int) -> Seq | None:
    """Give the last message that a client means by a time, or by an id with or without its time; None for none."""
    at = instant_of(timestamp)
    if at is None:
        return await find_named(asker, conversation, mid)
    seq = await find_seq(asker, conversation, mid, timestamp)
    if seq is not None:
        return seq
    asked = c.GetHistory(conversation, before_at=Instant(at + 1), limit=1, direction="older")
    page = await asker.ask(checked(asked))
    return page.messages[-1].seq if isinstance(page, History) and page.messages else None
