"""One client's link: in order, behind its answer, and never without a bound."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.fanout_stage import settle
from unisono.domain.errors import Displaced, Draining, SlowConsumer, UnisonoError
from unisono.domain.events import Event, Priority, TransientMessage
from unisono.domain.facts import Content, MessagePlaced, PlacedFact
from unisono.domain.ids import Checkpoint, ConversationId, Epoch, Instant, SendKey, Seq, UserId, conversation_stream
from unisono.gateways.hosting.connection import Connection
from unisono.gateways.leancloud import link as module
from unisono.gateways.leancloud.backlog import Backlog
from unisono.gateways.leancloud.link import PeerLink
from unisono.gateways.leancloud.parcels import LeanCloudEncoder, Push
from unisono.wire.leancloud.frames import decode, payload_of
from unisono.wire.leancloud.realtime_pb2 import DirectCommand, GenericCommand, direct
from unisono.wire.leancloud.subprotocols import DIALECTS

BINARY = DIALECTS["lc.protobuf2.3"]
CHAT = ConversationId("chat")


class Line:
    """Stands in for the connection: keeps what would be written, and why it ended."""

    def __init__(self) -> None:
        self.heard_at_s = 7.0
        self.said: list[tuple[str, str]] = []
        self.writes = 0
        self.ended: UnisonoError | None = None
        self.full_for: frozenset[Priority] = frozenset()

    def push_nowait(self, frames: bytes) -> None:
        self.writes += 1
        while frames:
            size = 2 + frames[1]
            command, frames = decode(frames[2:size], BINARY), frames[size:]
            self.said.append((command.peerId, command.directMessage.msg))

    push_at_once_nowait = push_nowait

    @property
    def code(self) -> str | None:
        """Say why it ended, if it did."""
        return None if self.ended is None else self.ended.code

    def is_congested(self, priority: Priority) -> bool:
        return priority in self.full_for

    def end(self, fault: UnisonoError) -> None:
        self.ended = fault


class Stage:
    """A link of Bob's, told of by what each message says."""

    def __init__(self, limit_bytes: int = 1 << 20, *, knows: bool = False) -> None:
        self.line = Line()
        self.encoder = LeanCloudEncoder()
        self.gate = asyncio.Event()
        self.gate.set()
        self.knows = knows
        self.asked = 0
        self.backlog = Backlog(limit_bytes)
        self.link = self.a_link("bob")

    def a_link(self, user: str) -> PeerLink:
        line = cast("Connection", self.line)
        return PeerLink(UserId(user), line, BINARY, encoder=self.encoder, teller=self, backlog=self.backlog)

    def at_once(self, what: PlacedFact | Event) -> Sequence[Push] | None:
        self.asked += 1
        return self.pushes(what) if self.knows else None

    async def of(self, what: PlacedFact | Event) -> Sequence[Push]:
        await self.gate.wait()
        return self.pushes(what)

    def pushes(self, what: PlacedFact | Event) -> Sequence[Push]:
        message: Any = what.fact if isinstance(what, PlacedFact) else what.message  # type: ignore[union-attr]  # messages
        said = GenericCommand(cmd=direct, directMessage=DirectCommand(msg=message.content.text))
        others = Push(payload_of(said), but=frozenset({UserId("bob")}))
        return Push(payload_of(said), to=frozenset({UserId("bob")})), others

    def parcel(self, *texts: str, first: int = 1, sender: str = "ann") -> Any:
        """Give messages as the fan-out does."""
        facts = [
            PlacedFact(
                conversation_stream(CHAT),
                Epoch(1),
                Seq(first + index),
                Instant(1),
                Checkpoint(1),
                MessagePlaced(UserId(sender), SendKey(text), Content(text=text)),
            )
            for index, text in enumerate(texts)
        ]
        return self.encoder.delivery(facts, Checkpoint(1))


@in_virtual_time
async def test_what_comes_is_told_in_order_and_only_what_is_for_the_client() -> None:
    stage = Stage()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.link.run())
        stage.link.push_nowait(stage.parcel("one", "two"))
        stage.link.push_at_once_nowait(stage.parcel("three", first=3))
        await stage.link.wait_until_told()
        assert stage.line.said == [("bob", "one"), ("bob", "two"), ("bob", "three")]
        assert stage.link.heard_at_s == 7.0
        stage.link.stop()


@in_virtual_time
async def test_what_comes_waits_for_the_answer_and_is_counted_meanwhile() -> None:
    stage = Stage()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.link.run())
        with stage.link.held():
            stage.link.push_nowait(stage.parcel("one", "two"))
            stage.link.push_nowait(stage.parcel("mine", first=3, sender="bob"))
            await settle()
            assert stage.line.said == []
            assert [stage.link.count_waiting(CHAT, Seq(until)) for until in (0, 1, 2, 3)] == [0, 1, 2, 2]
            assert stage.link.count_waiting(ConversationId("other"), Seq(9)) == 0
            assert [stage.link.has_waiting(CHAT, Seq(seq)) for seq in (1, 2, 3, 4)] == [True, True, False, False]
        await stage.link.wait_until_told()
        assert [text for _, text in stage.line.said] == ["one", "two", "mine"]
        stage.link.stop()


@in_virtual_time
async def test_what_a_session_did_itself_is_not_told_to_it() -> None:
    stage = Stage()
    stage.link.note_own((conversation_stream(CHAT), Seq(2)))
    stage.link.note_own((conversation_stream(CHAT), SendKey("passing")))
    passing = MessagePlaced(UserId("bob"), SendKey("passing"), Content(text="passing"))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.link.run())
        stage.link.push_nowait(stage.parcel("one", "mine", "three", sender="bob"))
        for _ in range(2):
            assert stage.link.push_transient_nowait(
                stage.encoder.event(TransientMessage(CHAT, Instant(1), passing)), "normal"
            )
        await stage.link.wait_until_told()
        assert [text for _, text in stage.line.said] == ["one", "three", "passing"]
        stage.link.stop()


@in_virtual_time
async def test_only_so_much_of_what_was_done_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OWN_LIMIT", 1)
    stage = Stage()
    for seq in (1, 2):
        stage.link.note_own((conversation_stream(CHAT), Seq(seq)))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.link.run())
        stage.link.push_nowait(stage.parcel("one", "two"))
        await stage.link.wait_until_told()
        assert [text for _, text in stage.line.said] == ["one"]
        stage.link.stop()


@in_virtual_time
async def test_too_much_that_waits_for_the_clients_of_a_connection_ends_it() -> None:
    """What waited was counted in parcels, of whatever size: ten thousand large messages for each client."""
    stage = Stage(limit_bytes=3_000)
    other = stage.a_link("carl")
    stage.gate.clear()
    # However large one alone is, it is told.
    stage.link.push_nowait(stage.parcel("x" * 10_000))
    assert stage.line.code is None
    other.push_nowait(stage.parcel("one", sender="carl"))
    assert isinstance(stage.line.ended, SlowConsumer)
    assert stage.line.ended.numbers == {"limit_bytes": 3_000}


@in_virtual_time
async def test_what_was_told_or_given_up_makes_room() -> None:
    stage = Stage(limit_bytes=3_000)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.link.run())
        for number in range(1, 40):
            stage.link.push_nowait(stage.parcel("x" * 80, first=number))
            await stage.link.wait_until_told()
        assert len(stage.line.said) == 39
        stage.gate.clear()
        stage.link.push_nowait(stage.parcel("x" * 80, first=40))
        assert not stage.backlog.add(2_900)
        stage.link.stop()
        stage.gate.set()
    assert stage.backlog.add(2_900)
    stage.link.push_nowait(stage.parcel("after all", first=41))
    assert stage.line.ended is None


@in_virtual_time
async def test_what_needs_no_look_up_is_told_at_once_in_one_write_and_made_once_for_all() -> None:
    stage = Stage(knows=True)
    parcel = stage.parcel("one", "two")
    for link in (stage.link, stage.a_link("bob")):
        link.push_nowait(parcel)
    assert stage.line.said == [("bob", "one"), ("bob", "two")] * 2
    assert (stage.line.writes, stage.asked) == (2, 2)
    stage.link.push_at_once_nowait(stage.parcel("mine", first=3, sender="bob"))
    assert stage.line.writes == 3


@in_virtual_time
async def test_nothing_overtakes_what_waits() -> None:
    stage = Stage()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.link.run())
        stage.gate.clear()
        stage.link.push_nowait(stage.parcel("slow"))
        await settle()
        stage.knows = True
        stage.link.push_nowait(stage.parcel("fast", first=2))
        assert stage.line.said == []
        stage.gate.set()
        await stage.link.wait_until_told()
        with stage.link.held():
            stage.link.push_at_once_nowait(stage.parcel("behind the answer", first=3))
            assert len(stage.line.said) == 2
        await stage.link.wait_until_told()
        assert [text for _, text in stage.line.said] == ["slow", "fast", "behind the answer"]
        stage.link.stop()


@in_virtual_time
async def test_an_own_message_is_known_by_its_key_until_it_has_its_place() -> None:
    """Messages that are under way hold nothing up, so one may come back before it is answered."""
    stage = Stage(knows=True)
    place = (conversation_stream(CHAT), Seq(1))
    for key in ("fast", "slow", "refused"):
        stage.link.note_own((place[0], SendKey(key)))
    stage.link.push_nowait(stage.parcel("fast", sender="bob"))
    # It came back already: nothing is left that could keep another one from being told.
    stage.link.note_place((place[0], SendKey("fast")), place)
    stage.link.push_nowait(stage.parcel("told", sender="bob"))
    stage.link.note_place((place[0], SendKey("slow")), (place[0], Seq(2)))
    stage.link.push_nowait(stage.parcel("slow", first=2, sender="bob"))
    stage.link.forget_own((place[0], SendKey("refused")))
    stage.link.push_nowait(stage.parcel("refused", first=3, sender="bob"))
    assert [text for _, text in stage.line.said] == ["told", "refused"]
    kept = MessagePlaced(UserId("bob"), SendKey("in a room"), Content(text="in a room"))
    stage.link.note_own((conversation_stream(CHAT), Seq(4)))
    stage.link.push_nowait(stage.encoder.event(TransientMessage(CHAT, Instant(1), kept, Seq(4))))
    assert len(stage.line.said) == 2
    stage.link.push_nowait(stage.encoder.event(TransientMessage(CHAT, Instant(1), kept)))
    assert len(stage.line.said) == 3


@in_virtual_time
async def test_an_event_is_dropped_where_too_much_waits_for_the_client() -> None:
    stage = Stage()
    stage.line.full_for = frozenset({"low"})
    said = TransientMessage(CHAT, Instant(1), MessagePlaced(UserId("ann"), SendKey("k"), Content(text="hi")))
    event = stage.encoder.event(said)
    assert not stage.link.push_transient_nowait(event, "low")
    assert stage.link.push_transient_nowait(event, "high")
    stage.link.end(Displaced())
    assert not stage.link.push_transient_nowait(event, "high")


@pytest.mark.parametrize("fault", [Displaced(), Draining()])
@in_virtual_time
async def test_an_ending_comes_behind_what_was_to_be_told_and_the_first_counts(fault: UnisonoError) -> None:
    stage = Stage()
    stage.gate.clear()
    stage.link.push_nowait(stage.parcel("one"))
    stage.link.end(fault)
    stage.link.end(Displaced())
    stage.link.push_nowait(stage.parcel("too late", first=2))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(stage.link.run())
        await settle()
        assert not running.done()
        stage.gate.set()
    assert running.result() is fault
    assert stage.line.said == [("bob", "one")]
    # A fault of ours is not this client's alone.
    assert stage.line.ended is (fault if isinstance(fault, Draining) else None)


@in_virtual_time
async def test_what_may_be_dropped_is_dropped_before_what_waits_ends_the_connection() -> None:
    """A busy room used to end a client's connection while one command of its own was slow."""
    stage = Stage(limit_bytes=1_000)
    passing = MessagePlaced(UserId("ann"), SendKey("passing"), Content(text="passing"))
    event = stage.encoder.event(TransientMessage(CHAT, Instant(1), passing))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.link.run())
        with stage.link.held():
            assert [stage.link.push_transient_nowait(event, "high") for _ in range(9)] == [True] * 3 + [False] * 6
            stage.link.push_nowait(stage.parcel("one"))
            assert not stage.link.push_transient_nowait(event, "high")
            assert stage.line.ended is None
        await stage.link.wait_until_told()
        assert [text for _, text in stage.line.said] == ["passing", "passing", "passing", "one"]
        assert stage.link.push_transient_nowait(event, "low")
        stage.link.stop()
