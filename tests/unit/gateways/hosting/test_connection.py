"""A connection: corked until its welcome, one reason to end, reading stopped, requests under way let through."""

import asyncio
from contextlib import suppress

import pytest

from tests.support.recording import CountingEncoder, RecordingTransport
from tests.support.time_and_chance import ManualClock
from unisono.domain.errors import Displaced, Draining, SessionFault, UnisonoError
from unisono.domain.events import Priority
from unisono.domain.facts import Label
from unisono.domain.ids import Platform
from unisono.gateways.hosting.connection import CORKED_LIMIT_BYTES, Connection
from unisono.gateways.hosting.outbox import Flusher
from unisono.gateways.hosting.registry import Registry

OUTBOX_BYTES = 4096


def bye(fault: UnisonoError) -> bytes:
    newcomer = f" by {fault.newcomer.platform}" if isinstance(fault, SessionFault) and fault.newcomer else ""
    return f"bye {fault.code}{newcomer}".encode()


class Line:
    """A connection and the transport under it."""

    def __init__(self, clock: ManualClock | None = None, outbox_bytes: int = OUTBOX_BYTES) -> None:
        self.transport = RecordingTransport()
        self.connection = Connection(
            self.transport,
            encoder=CountingEncoder(),
            say_bye=bye,
            flusher=Flusher(),
            outbox_bytes=outbox_bytes,
            clock=clock or ManualClock(),
        )

    @property
    def code(self) -> str | None:
        """Give the code it ends with."""
        ending = self.connection.ending
        return None if ending is None else ending.code

    async def written(self) -> bytes:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return self.transport.written


async def read_for_ever(connection: Connection) -> str:
    """Do as a dialogue does: read until the end of the connection."""
    with suppress(TimeoutError):
        async with connection.until_end():
            await asyncio.Event().wait()
    return "ended"


async def test_pushes_wait_for_the_welcome() -> None:
    line = Line()
    line.connection.push_nowait(b"fact 1 ")
    line.connection.push_at_once_nowait(b"fact 2 ")
    assert await line.written() == b""
    line.connection.answer_nowait(b"welcome ")
    line.connection.uncork()
    line.connection.push_nowait(b"fact 3")
    assert await line.written() == b"welcome fact 1 fact 2 fact 3"
    assert len(line.transport.writes) == 1


@pytest.mark.parametrize(("size", "code"), [(CORKED_LIMIT_BYTES, None), (CORKED_LIMIT_BYTES + 1, "slow_consumer")])
async def test_what_waits_for_the_welcome_is_bounded(size: int, code: str | None) -> None:
    line = Line(outbox_bytes=1 << 30)
    line.connection.push_nowait(bytes(size - 10))
    line.connection.push_nowait(bytes(10))
    assert line.code == code


async def test_a_connection_that_ended_before_its_welcome_says_only_why() -> None:
    line = Line()
    line.connection.push_nowait(b"fact")
    line.connection.end(Displaced(Label(platform=Platform("ios"))))
    line.connection.answer_nowait(b"welcome")
    line.connection.uncork()
    assert await line.written() == b"bye displaced by ios"


async def test_the_first_reason_counts() -> None:
    line = Line()
    line.connection.end(Displaced())
    line.connection.end(Draining())
    assert line.connection.finish(Draining()) is False
    line.connection.say_bye()
    assert await line.written() == b"bye displaced"


async def test_what_was_queued_leaves_before_the_bye_and_nothing_after_it() -> None:
    line = Line()
    line.connection.uncork()
    line.connection.push_nowait(b"fact ")
    line.connection.end(Draining())
    line.connection.push_nowait(b"late")
    line.connection.answer_nowait(b"late")
    assert await line.written() == b"fact bye draining"


async def test_a_connection_that_finishes_still_takes_answers() -> None:
    line = Line()
    line.connection.uncork()
    assert line.connection.finish(Draining()) is True
    line.connection.push_nowait(b"answer ")
    line.connection.say_bye()
    assert await line.written() == b"answer bye draining"


async def test_a_connection_without_a_reason_to_end_says_no_bye() -> None:
    line = Line()
    line.connection.say_bye()
    assert await line.written() == b""


async def test_an_end_stops_the_reading() -> None:
    line = Line()
    reading = asyncio.create_task(read_for_ever(line.connection))
    await asyncio.sleep(0)
    line.connection.end(Draining())
    assert await reading == "ended"


async def test_reading_does_not_begin_on_a_connection_that_ended() -> None:
    line = Line()
    line.connection.end(Draining())
    assert await read_for_ever(line.connection) == "ended"


@pytest.mark.parametrize("how", ["end", "finish"])
async def test_a_connection_can_end_between_two_readings(how: str) -> None:
    """Used to raise in whoever ended a connection that was logging in: the watch, the drain, the fan-out."""
    line = Line()
    async with line.connection.until_end():
        pass
    getattr(line.connection, how)(Draining())
    assert await read_for_ever(line.connection) == "ended"
    line.connection.say_bye()
    assert await line.written() == b"bye draining"


async def test_a_connection_can_end_after_its_last_reading() -> None:
    """Used to raise: the client had gone while its requests were still under way."""
    line = Line()
    with pytest.raises(ZeroDivisionError):
        async with line.connection.until_end():
            raise ZeroDivisionError
    line.connection.end(Draining())
    assert await line.written() == b"bye draining"


async def test_cancelling_a_reader_is_no_end_of_the_connection() -> None:
    line = Line()
    reading = asyncio.create_task(read_for_ever(line.connection))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert line.code is None


async def test_a_slow_consumer_is_told_and_gets_no_more() -> None:
    line = Line()
    line.connection.uncork()
    reading = asyncio.create_task(read_for_ever(line.connection))
    await asyncio.sleep(0)
    line.transport.is_stuck = True
    line.connection.push_nowait(bytes(OUTBOX_BYTES + 1))
    await line.written()
    assert line.code is None
    assert line.connection.queued_bytes() == OUTBOX_BYTES + 1
    line.connection.push_nowait(b"!")
    assert (await line.written()).endswith(b"\0bye slow_consumer")
    assert line.connection.ending is not None
    assert line.connection.ending.numbers == {"queued_bytes": OUTBOX_BYTES + 1}
    assert await reading == "ended"


async def test_a_connection_may_be_silent_so_long_and_no_longer() -> None:
    clock = ManualClock()
    line = Line(clock)
    clock.advance(50)
    line.connection.end_if_silent(50)
    assert line.code is None
    clock.advance(0.5)
    line.connection.heard()
    line.connection.end_if_silent(50)
    assert line.code is None
    clock.advance(50.5)
    line.connection.end_if_silent(50)
    assert await line.written() == b"bye timeout"


async def test_the_watch_ends_the_silent_ones_and_goes_on() -> None:
    clock, registry = ManualClock(), Registry()
    silent, speaking = Line(clock), Line(clock)
    for line in (silent, speaking):
        registry.add(line.connection)
    async with silent.connection.until_end():
        pass
    watch = asyncio.create_task(registry.watch(0))
    clock.advance(60)
    speaking.connection.heard()
    await silent.written()
    assert silent.code == "timeout"
    assert speaking.code is None
    assert not watch.done()
    watch.cancel()


async def serve(registry: Registry, line: Line, answered: asyncio.Event | None = None) -> None:
    """Do as a door does: read until the end, finish what is under way, say bye."""
    registry.add(line.connection)
    await read_for_ever(line.connection)
    if answered is not None:
        await answered.wait()
        line.connection.push_nowait(b"answer ")
    line.connection.say_bye()
    registry.discard(line.connection)


def draining() -> UnisonoError:
    return Draining(retry_after_ms=1)


async def test_all_are_ended_with_their_answers_first() -> None:
    registry, lines, answered = Registry(), [Line() for _ in range(3)], asyncio.Event()
    for line in lines:
        line.connection.uncork()
    serving = [asyncio.create_task(serve(registry, line, answered)) for line in lines]
    await asyncio.sleep(0)
    assert len(registry) == 3
    ending = asyncio.create_task(registry.end_all(draining, 60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not ending.done()
    answered.set()
    assert await ending == 0
    await asyncio.gather(*serving)
    assert [await line.written() for line in lines] == [b"answer bye draining"] * 3


async def test_who_does_not_finish_in_time_is_counted() -> None:
    registry, line = Registry(), Line()
    serving = asyncio.create_task(serve(registry, line, asyncio.Event()))
    await asyncio.sleep(0)
    assert await registry.end_all(draining, 0) == 1
    serving.cancel()


async def test_an_empty_node_has_nothing_to_end() -> None:
    assert await Registry().end_all(draining, 60) == 0


async def test_a_connection_that_comes_while_all_are_ended_is_ended_too() -> None:
    """Used to be overlooked: it had passed the door before that closed, and was cut off without a word."""
    registry, line = Registry(), Line()
    await registry.end_all(draining, 0)
    serving = asyncio.create_task(serve(registry, line))
    await serving
    assert await line.written() == b"bye draining"


async def test_what_may_be_dropped_is_dropped_the_earlier_the_less_it_matters() -> None:
    line = Line()
    assert not line.connection.push_transient_nowait(b"too early", "high"), "the welcome comes first"
    line.connection.uncork()
    line.transport.is_stuck = True
    taken: dict[int, list[str]] = {}
    for share in (0, 1, 2, 3):
        line.transport.unread_bytes = OUTBOX_BYTES * share // 4 + 1
        priorities: tuple[Priority, ...] = ("low", "normal", "high")
        taken[share] = [each for each in priorities if line.connection.push_transient_nowait(b"", each)]
    assert taken == {0: ["low", "normal", "high"], 1: ["normal", "high"], 2: ["high"], 3: []}
    assert line.connection.ending is None
    line.connection.push_nowait(b"a fact")
    assert b"a fact" in await line.written()
