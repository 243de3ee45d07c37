"""Frames in numbered batches, both ways: repeated, lost, cut, replaced."""

import asyncio

import msgspec
import pytest

from tests.unit.app.fanout_stage import settle
from tests.unit.gateways.longpoll.poll_stage import ONE_AT_A_TIME, PING, answered, polling
from tests.unit.gateways.websocket.door_stage import OPTIONS, POLLS, login, on_uvloop

# ---- sending


@on_uvloop
async def test_a_batch_that_is_repeated_is_carried_out_once() -> None:
    async with polling(login("alice")) as poller:
        for _ in range(3):
            assert await poller.send(2, PING) == (200, {"batch": 2})
        assert await poller.send(1, login("alice")) == (200, {"batch": 2})
        await poller.send(3, PING)
        frames, _ = await poller.fetch(1, 2)
        await settle(50)
        assert answered(frames) == [200, 300]


@on_uvloop
async def test_a_batch_that_leaves_one_out_is_refused_and_the_one_left_out_may_still_come() -> None:
    async with polling(login("alice")) as poller:
        status, refusal = await poller.send(3, PING)
        assert (status, refusal["code"], refusal["numbers"]["last"]) == (422, "invalid", 1)
        assert (await poller.send(2, PING))[0] == 200
        assert (await poller.send(3, PING))[0] == 200
        frames, _ = await poller.fetch(1, 2)
        assert answered(frames) == [200, 300]


@on_uvloop
async def test_frames_of_batches_take_effect_in_their_order() -> None:
    async with polling(login("alice")) as poller:
        await poller.send(2, {"op": "create", "key": "k", "members": ["bob"]})
        frames, after = await poller.fetch(1, 1)
        while not answered(frames):
            more, after = await poller.fetch(after, 1)
            frames += more
        conversation = next(frame["answer"]["conversation"] for frame in frames if frame["is"] == "reply")
        number = 3
        for start in range(0, 60, 20):
            said = [
                {"op": "send", "conversation": conversation, "key": f"k{at}", "content": {"text": str(at)}}
                for at in range(start, start + 20)
            ]
            assert (await poller.send(number, *said))[0] == 200
            number += 1
        texts: list[str] = []
        while len(texts) < 60:
            frames, after = await poller.fetch(after, 1)
            for frame in frames:
                if frame["is"] == "facts" and frame["stream"].startswith("c/"):
                    texts += [f["fact"]["content"]["text"] for f in frame["facts"] if f["fact"]["kind"] == "message"]
        assert texts == [str(at) for at in range(60)]


@on_uvloop
async def test_a_batch_waits_until_the_one_before_is_read_and_a_third_is_put_off() -> None:
    async with polling(login("alice"), options=ONE_AT_A_TIME) as poller:
        gate = asyncio.Event()

        async def hold(method: str) -> None:
            del method
            await gate.wait()

        poller.door.app.mood = hold
        assert (await poller.send(2, *[{"op": "sessions"}] * 3))[0] == 200
        third = asyncio.create_task(poller.send(3, PING))
        await settle(200)
        assert not third.done()
        status, refusal = await poller.send(3, PING)
        assert (status, refusal["code"], refusal["retryable"]) == (429, "rate_limited", True)
        gate.set()
        assert await third == (200, {"batch": 3})


@on_uvloop
async def test_a_batch_that_finds_no_room_in_time_is_told_to_come_again() -> None:
    polls = msgspec.structs.replace(POLLS, wait_s=0.05)
    async with polling(login("alice"), options=ONE_AT_A_TIME, polls=polls) as poller:
        gate = asyncio.Event()

        async def hold(method: str) -> None:
            del method
            await gate.wait()

        poller.door.app.mood = hold
        await poller.send(2, *[{"op": "sessions"}] * 3)
        status, refusal = await poller.send(3, PING)
        assert (status, refusal["code"], refusal["retryable"]) == (503, "overloaded", True)
        gate.set()
        assert (await poller.send(3, PING))[0] == 200


# ---- polling


@on_uvloop
async def test_a_batch_is_given_again_until_it_is_confirmed() -> None:
    async with polling(login("alice")) as poller:
        await poller.send(2, PING)
        first = await poller.poll(1)
        await poller.send(3, PING)
        await settle(50)
        assert await poller.poll(1) == first
        status, second = await poller.poll(2)
        assert (status, second["batch"], answered(second["frames"])) == (200, 3, [300])


@pytest.mark.parametrize("after", [0, 3, 99])
@on_uvloop
async def test_what_was_confirmed_or_never_given_cannot_be_asked_for(after: int) -> None:
    async with polling(login("alice")) as poller:
        await poller.send(2, PING)
        await poller.poll(1)
        await poller.poll(2, wait_s=0)
        status, refusal = await poller.poll(after, wait_s=0)
        assert (status, refusal["code"], refusal["numbers"]["last"]) == (422, "invalid", 2)


@on_uvloop
async def test_a_wait_for_nothing_ends_without_frames_and_takes_no_number() -> None:
    async with polling(login("alice"), polls=msgspec.structs.replace(POLLS, wait_s=0.02)) as poller:
        assert await poller.poll(1) == (200, {"batch": 1, "frames": []})
        assert await poller.poll(1, wait_s=3600) == (200, {"batch": 1, "frames": []})
        await poller.send(2, PING)
        _, batch = await poller.poll(1)
        assert batch["batch"] == 2


@on_uvloop
async def test_a_poll_that_waits_gives_way_to_the_next_one() -> None:
    async with polling(login("alice")) as poller:
        first = asyncio.create_task(poller.poll(1))
        await settle(50)
        second = asyncio.create_task(poller.poll(1))
        assert await first == (200, {"batch": 1, "frames": []})
        await poller.send(2, PING)
        _, batch = await second
        assert answered(batch["frames"]) == [200]


@on_uvloop
async def test_a_poll_that_was_cut_loses_nothing() -> None:
    async with polling(login("alice")) as poller:
        cut = asyncio.create_task(poller.poll(1))
        await settle(50)
        cut.cancel()
        await poller.send(2, PING)
        _, batch = await poller.poll(1)
        assert answered(batch["frames"]) == [200]


@on_uvloop
async def test_an_answer_is_full_at_its_bound_and_the_rest_comes_with_the_next() -> None:
    async with polling(login("alice"), polls=msgspec.structs.replace(POLLS, batch_bytes=1)) as poller:
        for batch in range(2, 5):
            await poller.send(batch, PING)
            await settle(50)
        for batch in range(2, 5):
            _, given = await poller.poll(batch - 1)
            assert (given["batch"], answered(given["frames"])) == (batch, [100 * batch])


@on_uvloop
async def test_who_fetches_nothing_is_a_slow_consumer() -> None:
    async with polling(login("alice"), options=msgspec.structs.replace(OPTIONS, outbox_bytes=2000)) as poller:
        batch = 2
        while poller.door.app.telemetry.counts.get(("connections_closed", "slow_consumer"), 0) == 0:
            await poller.send(batch, *[{"op": "sessions"}] * 5)
            batch += 1
        frames, after = await poller.fetch(1, 1)
        while frames[-1]["is"] != "bye":
            frames, after = await poller.fetch(after, 1)
        assert frames[-1]["code"] == "slow_consumer"
