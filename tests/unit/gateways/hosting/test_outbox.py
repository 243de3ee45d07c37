"""What waits for one connection: order, one write per turn, bound, overflow, last frame."""

import asyncio

import pytest

from tests.support.recording import RecordingTransport
from unisono.gateways.hosting.outbox import WRITE_BYTES, Flusher, Outbox

LIMIT = 100


class Box:
    """An outbox, its transport, and what it said about overflows."""

    def __init__(self, flusher: Flusher | None = None) -> None:
        self.transport = RecordingTransport()
        self.overflows: list[int] = []
        self.outbox = Outbox(self.transport, flusher or Flusher(), LIMIT, self.overflows.append)


async def turn() -> None:
    """Let the event loop go round as often as a flush needs: once to settle, once to write."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_what_one_turn_brings_leaves_in_one_write_in_order() -> None:
    box = Box()
    for frame in (b"a", b"b", b"c"):
        box.outbox.put(frame)
    assert box.transport.writes == []
    await turn()
    assert box.transport.writes == [b"abc"]


async def test_a_single_frame_is_written_as_it_is() -> None:
    box = Box()
    box.outbox.put(b"one")
    await turn()
    box.outbox.put(b"two")
    await turn()
    assert box.transport.writes == [b"one", b"two"]


async def test_callbacks_of_the_same_turn_share_a_write() -> None:
    box, loop = Box(), asyncio.get_running_loop()
    loop.call_soon(box.outbox.put, b"a")
    loop.call_soon(box.outbox.put, b"b")
    await turn()
    assert box.transport.writes == [b"ab"]


async def test_an_answer_and_the_fact_that_follows_a_turn_later_share_a_write() -> None:
    box, loop = Box(), asyncio.get_running_loop()
    box.outbox.put(b"answer ")
    loop.call_soon(box.outbox.put, b"fact")
    await turn()
    assert box.transport.writes == [b"answer fact"]


async def test_one_flush_serves_every_connection_of_the_loop() -> None:
    flusher = Flusher()
    boxes = [Box(flusher) for _ in range(3)]
    for box in boxes:
        box.outbox.put(b"same bytes")
        box.outbox.put(b"!")
    await turn()
    assert [box.transport.writes for box in boxes] == [[b"same bytes!"]] * 3


async def test_what_a_flush_brings_waits_for_the_next_one() -> None:
    flusher = Flusher()
    caller, answerer = Box(flusher), Box(flusher)
    caller.transport.on_write = lambda: answerer.outbox.put(b"answer")
    caller.outbox.put(b"call")
    await turn()
    await turn()
    assert (caller.transport.writes, answerer.transport.writes) == ([b"call"], [b"answer"])


async def test_what_comes_alone_is_written_at_once() -> None:
    flusher = Flusher()
    box = Box(flusher)
    box.outbox.put_at_once(b"fact")
    assert box.transport.writes == [b"fact"]
    assert (flusher.writes, flusher.sent_bytes) == (1, 4)


async def test_what_comes_alone_stays_behind_what_waits() -> None:
    box = Box()
    box.outbox.put(b"answer ")
    box.outbox.put_at_once(b"fact")
    assert box.transport.writes == []
    await turn()
    assert box.transport.writes == [b"answer fact"]


async def test_what_comes_alone_knows_the_bound_too() -> None:
    box = Box()
    box.transport.is_stuck = True
    for _ in range(LIMIT + 5):
        box.outbox.put_at_once(b"!")
    await turn()
    assert len(box.transport.written) == LIMIT + 1
    assert box.overflows == [LIMIT + 1]


@pytest.mark.parametrize("end", ["transport", "outbox"])
async def test_what_comes_alone_after_the_end_is_dropped(end: str) -> None:
    box = Box()
    if end == "transport":
        box.transport.close()
    else:
        box.outbox.close(b"bye")
    box.outbox.put_at_once(b"late")
    await turn()
    assert b"late" not in box.transport.written


@pytest.mark.parametrize("unread", [0, LIMIT])
async def test_exactly_the_bound_may_lie_unread(unread: int) -> None:
    box = Box()
    box.transport.unread_bytes = unread
    box.outbox.put(bytes(LIMIT - 1))
    box.outbox.put(b"!")
    await turn()
    assert box.overflows == []
    assert len(box.transport.written) == LIMIT


async def test_more_than_the_bound_at_once_ends_nobody_who_reads() -> None:
    """A burst used to end the links of those who read fastest, too."""
    box = Box()
    for _ in range(5):
        box.outbox.put(bytes(LIMIT))
    await turn()
    assert box.overflows == []
    assert len(box.transport.written) == 5 * LIMIT


async def test_what_is_large_is_written_before_the_turn_is_over() -> None:
    box = Box()
    box.outbox.put(bytes(WRITE_BYTES - 1))
    assert box.transport.writes == []
    box.outbox.put(b"!")
    assert len(box.transport.written) == WRITE_BYTES


async def test_past_the_bound_unread_is_an_overflow_told_once() -> None:
    box = Box()
    box.transport.is_stuck = True
    box.outbox.put(bytes(LIMIT + 1))
    await turn()
    assert box.overflows == []
    assert box.outbox.queued_bytes() == LIMIT + 1
    for late in (b"!", b"?"):
        box.outbox.put(late)
        await turn()
    assert box.overflows == [LIMIT + 1]
    assert len(box.transport.written) == LIMIT + 1


async def test_the_last_frame_leaves_at_once_behind_what_waits() -> None:
    box = Box()
    box.outbox.put(b"fact ")
    box.outbox.close(b"bye")
    assert box.transport.writes == [b"fact bye"]
    assert box.outbox.is_closed


async def test_after_the_last_frame_nothing_is_written() -> None:
    box = Box()
    box.outbox.close(b"bye")
    box.outbox.put(b"late")
    box.outbox.close(b"bye again")
    await turn()
    assert box.transport.writes == [b"bye"]


async def test_after_an_overflow_the_last_frame_is_written_alone() -> None:
    box = Box()
    box.transport.unread_bytes = LIMIT + 1
    box.outbox = Outbox(box.transport, Flusher(), LIMIT, lambda _: box.outbox.close(b"too slow"))
    box.outbox.put(b"fact")
    await turn()
    assert box.transport.writes == [b"too slow"]


async def test_a_transport_that_closes_gets_nothing_more() -> None:
    box = Box()
    box.outbox.put(b"a")
    box.transport.close()
    await turn()
    box.outbox.put(b"b")
    await turn()
    assert box.transport.writes == []
    assert box.outbox.queued_bytes() == 0
