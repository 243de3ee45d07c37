"""Messages that do not wait for one another: placed in their order, answered in it, and nothing overtakes them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from msgspec import structs

from tests.support.leancloud_client import LeanCloudPeer
from tests.unit.app.fanout_stage import settle
from tests.unit.gateways.leancloud.door_stage import Hall, a_hall
from tests.unit.gateways.websocket.door_stage import OPTIONS, on_uvloop
from unisono.domain.errors import Unavailable
from unisono.domain.rates import Rate
from unisono.wire.leancloud import realtime_pb2 as pb

ACKED = (pb.ack, 0)


class Slow:
    """A store whose commits wait until they are let: all at once, or one by one, in whatever order."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[None]] = []
        self.is_on = False
        self.others = 0
        """Calls of other methods meanwhile."""

    async def __call__(self, method: str) -> None:
        if not self.is_on:
            return
        if method != "transact":
            self.others += 1
            return
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(gate)
        await gate

    async def until(self, count: int) -> None:
        """Wait until so many commits wait."""
        async with asyncio.timeout(10):
            while len(self.waiting) < count:
                await asyncio.sleep(0.001)

    def let_all(self) -> None:
        """Let all go, also those to come."""
        self.is_on = False
        for gate in self.waiting:
            gate.set_result(None)


@asynccontextmanager
async def a_slow_hall(**more: Any) -> AsyncIterator[tuple[Hall, Slow]]:
    async with a_hall(**more) as hall:
        slow = Slow()
        hall.app.mood = slow
        yield hall, slow


def heard(peer: LeanCloudPeer, since: int) -> list[tuple[int, int]]:
    return [(each.cmd, each.i) for each in peer.socket.heard[since:]]


@on_uvloop
async def test_messages_are_committed_together_and_what_comes_behind_them_waits_for_all() -> None:
    """Each used to wait until the one before it was on disk: eight took as long as eight commits."""
    async with a_slow_hall() as (hall, slow):
        ann, bob = await hall.open("ann"), await hall.open("bob")
        cid = await ann.start("bob")
        await bob.told(pb.conv, pb.members_joined)
        since, slow.is_on = len(ann.socket.heard), True
        sends = [ann.socket.ask_later(ann.direct(cid, f"{each}")) for each in range(8)]
        history = ann.socket.ask_later(ann.command(pb.logs, logsMessage=pb.LogsCommand(cid=cid)))
        late = ann.socket.ask_later(ann.direct(cid, "late"))
        await slow.until(8)
        await settle()
        assert len(slow.waiting) == 8, "what comes behind a command that is no message waits for it"
        assert (slow.others, heard(ann, since)) == (0, [])
        slow.let_all()
        acks = [(await each).ackMessage for each in sends]
        # It sees what was said before it, and nothing of what was said behind it.
        assert [each.msgId for each in (await history).logsMessage.logs] == [each.uid for each in acks]
        uid = (await late).ackMessage.uid
        told = [(await bob.told(pb.direct)).directMessage for _ in range(9)]
        assert [each.msg for each in told] == [*map(str, range(8)), "late"]
        assert [each.id for each in told] == [*(each.uid for each in acks), uid]
        serials = [serial for _, serial in heard(ann, since)]
        assert serials == sorted(serials)
        assert ann.socket.pushed == [] or not ann.heard(pb.direct)


@on_uvloop
async def test_answers_keep_the_order_of_the_messages_whichever_is_ready_first() -> None:
    async with a_slow_hall() as (hall, slow):
        ann = await hall.open("ann")
        cid = await ann.start("bob")
        since, slow.is_on = len(ann.socket.heard), True
        sends = [ann.socket.ask_later(ann.direct(cid, "one"))]
        # Refused at once, and passing by: neither waits for a commit of its own alone.
        sends.append(ann.socket.ask_later(ann.direct("", "two")))
        sends.append(ann.socket.ask_later(ann.direct(cid, "three", transient=True)))
        await slow.until(2)
        slow.waiting[1].set_result(None)
        await settle()
        assert heard(ann, since) == []
        slow.waiting[0].set_result(None)
        codes = [(await each).ackMessage.code for each in sends]
        assert codes == [0, 4401, 0]
        serials = [serial for _, serial in heard(ann, since) if serial]
        assert serials == sorted(serials)


@on_uvloop
async def test_a_message_that_fails_costs_no_other_and_is_not_taken_for_said() -> None:
    async with a_slow_hall() as (hall, slow):
        ann = await hall.open("ann", deviceId="one")
        again = await hall.open("ann", deviceId="two")
        cid = await ann.start("bob")
        slow.is_on = True
        sends = [ann.socket.ask_later(ann.direct(cid, each, dt=each)) for each in ("one", "two", "three")]
        await slow.until(3)
        for gate, problem in zip(slow.waiting, (None, Unavailable(), ValueError("a defect")), strict=True):
            gate.set_result(None) if problem is None else gate.set_exception(problem)
        slow.is_on = False
        one, two, three = [await each for each in sends]
        assert one.ackMessage.uid
        assert (two.ackMessage.code, two.ackMessage.reason) == (4200, "INTERNAL_ERROR")
        assert (three.cmd, three.errorMessage.code) == (pb.error, 4200)
        # Another of the user's clients says it, under the same key: this one hears of it.
        sent = await again.send(cid, "two", dt="two")
        assert (await ann.told(pb.direct)).directMessage.id == sent.uid


@on_uvloop
async def test_a_message_sent_twice_of_which_one_is_refused_does_not_come_back_to_its_sender() -> None:
    """The refusal took away by what the other one was known to be the sender's own."""
    async with a_slow_hall() as (hall, slow):
        ann, again = await hall.open("ann", deviceId="one"), await hall.open("ann", deviceId="two")
        cid = await ann.start("bob")
        slow.is_on = True
        first, second = [ann.socket.ask_later(ann.direct(cid, "hi", dt="key")) for _ in range(2)]
        await slow.until(2)
        slow.waiting[1].set_exception(Unavailable())
        await settle()
        slow.waiting[0].set_result(None)
        slow.is_on = False
        assert [(await first).ackMessage.code, (await second).ackMessage.code] == [0, 4200]
        sent = await again.send(cid, "later")
        assert (await ann.told(pb.direct)).directMessage.id == sent.uid


@on_uvloop
async def test_only_so_many_are_under_way() -> None:
    options = structs.replace(OPTIONS, pace=structs.replace(OPTIONS.pace, requests_in_flight=2))
    async with a_slow_hall(options=options) as (hall, slow):
        ann = await hall.open("ann")
        cid = await ann.start("bob")
        slow.is_on = True
        sends = [ann.socket.ask_later(ann.direct(cid, f"{each}")) for each in range(4)]
        await slow.until(2)
        await settle()
        assert len(slow.waiting) == 2
        slow.waiting[0].set_result(None)
        await slow.until(3)
        slow.waiting[1].set_result(None)
        await slow.until(4)
        for gate in slow.waiting[2:]:
            gate.set_result(None)
        assert all([(await each).ackMessage.uid for each in sends])


@on_uvloop
async def test_what_is_under_way_is_answered_before_a_node_goes() -> None:
    async with a_slow_hall() as (hall, slow):
        ann = await hall.open("ann")
        cid = await ann.start("bob")
        slow.is_on = True
        sends = [ann.socket.ask_later(ann.direct(cid, f"{each}")) for each in range(3)]
        await slow.until(3)
        (connection,) = list(hall.registry)
        assert connection.finish(Unavailable())
        await settle(50)
        assert not ann.socket.raw.closed.done()
        slow.let_all()
        assert all([(await each).ackMessage.uid for each in sends])
        assert await ann.socket.closed() == 4200


@on_uvloop
async def test_messages_beyond_a_users_rate_are_refused_and_then_cost_the_connection() -> None:
    """What a user's rate refuses counted nowhere: a client could send on as fast as it liked."""
    strays = Rate(burst=5, per_s=0.001)
    options = structs.replace(OPTIONS, pace=structs.replace(OPTIONS.pace, strays=strays))
    async with a_hall(options, commands=Rate(burst=4, per_s=0.001)) as hall:
        ann = await hall.open("ann")
        cid = await ann.start("bob")
        codes = []
        for number in range(20):
            answer = ann.socket.ask_later(ann.direct(cid, f"{number}"))
            either: list[asyncio.Future[Any]] = [answer, ann.socket.raw.closed]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                break
            codes.append(answer.result().ackMessage.code)
        assert codes[:3] == [0, 0, 0]
        assert set(codes[3:]) == {4116}
        assert 4 <= len(codes[3:]) <= 6
        assert await ann.socket.closed() == 4116


@on_uvloop
async def test_one_message_said_in_two_conversations_at_once_comes_back_from_neither() -> None:
    """Clients give a message one id of their own, wherever they say it."""
    async with a_slow_hall() as (hall, slow):
        ann = await hall.open("ann")
        cids = [await ann.start("bob"), await ann.start("bob", "carl")]
        await ann.socket.echo()
        slow.is_on = True
        sends = [ann.socket.ask_later(ann.direct(cid, "the same", dt="d-1")) for cid in (*cids, cids[0])]
        await slow.until(3)
        slow.let_all()
        one, other, again = [(await each).ackMessage.uid for each in sends]
        assert one == again != other
        await ann.socket.echo()
        assert ann.heard(pb.direct) == []
