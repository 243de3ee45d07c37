"""What waits for a client that fetches: what counts as unread, and who gets a batch when two ask at a time."""

import asyncio
import json

from unisono.gateways.longpoll.mailbox import Mailbox
from unisono.wire.longpoll import Batch, Goodbye, piece

ONE, TWO = piece(b"1"), piece(b"22")
SOON_S = 5.0


def frames(batch: Batch) -> list[object]:
    given: list[object] = json.loads(bytes(batch.frames))
    return given


async def test_what_was_given_counts_as_unread_until_it_is_confirmed() -> None:
    mailbox = Mailbox(1000)
    mailbox.write(ONE)
    assert mailbox.get_write_buffer_size() == len(ONE)
    assert frames(await mailbox.next_batch(0, SOON_S)) == [1]
    assert mailbox.get_write_buffer_size() == len(ONE)
    mailbox.write(TWO)
    assert mailbox.get_write_buffer_size() == len(ONE + TWO)
    assert frames(await mailbox.next_batch(0, SOON_S)) == [1]
    assert frames(await mailbox.next_batch(1, SOON_S)) == [22]
    assert mailbox.get_write_buffer_size() == len(TWO)
    assert frames(await mailbox.next_batch(2, 0)) == []
    assert mailbox.get_write_buffer_size() == 0


async def test_a_poll_that_another_replaced_while_it_was_about_to_go_on_gets_nothing_and_takes_no_number() -> None:
    mailbox = Mailbox(1000)
    first = asyncio.create_task(mailbox.next_batch(0, SOON_S))
    await asyncio.sleep(0)
    mailbox.write(ONE)
    second = await mailbox.next_batch(0, SOON_S)
    assert (second.batch, frames(second)) == (1, [1])
    replaced = await first
    assert (replaced.batch, frames(replaced)) == (0, [])


async def test_what_comes_after_the_end_is_dropped_and_the_first_end_counts() -> None:
    mailbox = Mailbox(1000)
    mailbox.write(ONE)
    mailbox.close(Goodbye(1012, "soon"))
    mailbox.close(Goodbye(1000, ""))
    mailbox.write(TWO)
    assert mailbox.is_closing()
    last = await mailbox.next_batch(0, SOON_S)
    assert (frames(last), last.close) == ([1], Goodbye(1012, "soon"))
