"""Long polling as the SDK does it: numbers, repeats, patience, the end."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.sdk.conftest import within
from tests.sdk.manual_clock import ManualClock
from tests.sdk.scripted_http import Reply, ScriptedHttp, answer, scripted
from unisono_sdk.carrier import CarrierOver
from unisono_sdk.errors import ProtocolFault
from unisono_sdk.frames import Reply as Answered
from unisono_sdk.limits import Limits
from unisono_sdk.options import Options
from unisono_sdk.polling import BATCH_CHARS, BATCH_FRAMES, PAUSE_S, Polling, open_polling

OPENED = {"connection": "c" * 43, "wait_s": 25.0, "batch": 0, "frames": []}
REFUSED = {"message": "no", "numbers": {}, "retryable": False}
Told = Callable[[dict[str, Any]], Reply]


def pong(re: int) -> dict[str, Any]:
    return {"is": "reply", "re": re, "answer": {"kind": "pong", "checkpoint": 1}}


def batch(number: int, *frames: dict[str, Any], **more: Any) -> bytes:
    return answer({"batch": number, "frames": list(frames), **more})


class Play:
    """A server whose polls and sends are answered by what stands in a list; when it is empty, as all is well."""

    def __init__(self, polls: list[Reply | Told] | None = None, sends: list[Reply | Told] | None = None) -> None:
        self.answers: dict[str, list[Reply | Told]] = {"poll": polls or [], "send": sends or []}
        self.asked: dict[str, list[dict[str, Any]]] = {"open": [], "poll": [], "send": [], "close": []}

    def __call__(self, path: str, body: bytes) -> Reply:
        what, told = path.rpartition("/")[2], json.loads(body)
        self.asked[what].append(told)
        waiting = self.answers.get(what)
        if waiting:
            reply = waiting.pop(0)
            return reply(told) if callable(reply) else reply
        match what:
            case "open":
                return answer(OPENED)
            case "send":
                return answer({"batch": told["batch"]})
            case "poll":
                return batch(told["after"])
            case _:
                return b"HTTP/1.1 204 No Content\r\n\r\n"


@asynccontextmanager
async def polling(
    play: Play, clock: ManualClock | None = None, **limits: Any
) -> AsyncIterator[tuple[Polling, ScriptedHttp]]:
    async with scripted(play) as http:
        options = Options(url=f"ws://127.0.0.1:{http.port}/v1/connect", limits=Limits(**limits))
        if clock is not None:
            options = Options(url=options.url, limits=options.limits, clock=clock)
        carrier = await within(open_polling(options))
        yield carrier, http
        await within(carrier.close())


async def test_a_batch_is_taken_once_by_its_number() -> None:
    play = Play([batch(1, pong(1)), batch(1, pong(1)), batch(9, pong(9)), batch(2, pong(2), pong(3))])
    async with polling(play) as (carrier, _):
        first, second = [await within(carrier.receive()) for _ in range(2)]
    assert [frame.re for frame in (*first, *second) if isinstance(frame, Answered)] == [1, 2, 3]
    assert [asked["after"] for asked in play.asked["poll"]] == [0, 1, 1, 1]


async def test_a_poll_whose_answer_is_lost_is_asked_again_as_it_was() -> None:
    bad_gateway = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\n<p>"
    async with polling(play := Play([None, bad_gateway, batch(1, pong(1))])) as (carrier, _):
        await within(carrier.receive())
    assert [asked["after"] for asked in play.asked["poll"]] == [0, 0, 0]


async def test_a_send_whose_answer_is_lost_is_repeated_under_its_number_and_later_ones_wait() -> None:
    async with polling(play := Play(sends=[None, None])) as (carrier, _):
        await within(asyncio.gather(*(carrier.send(f'{{"id":{number}}}') for number in range(1, 4))))
    sent = play.asked["send"]
    assert [asked["batch"] for asked in sent] == [1, 1, 1, 2]
    assert sent[0]["frames"] == sent[1]["frames"] == sent[2]["frames"] == [{"id": 1}]
    assert sent[3]["frames"] == [{"id": 2}, {"id": 3}]


async def test_a_send_that_is_given_up_is_finished_before_the_next_one() -> None:
    async with polling(play := Play(sends=[b"HTTP/1.1 100 Continue\r\n\r\n"])) as (carrier, _):
        sending = asyncio.create_task(carrier.send('{"id":1}'))
        while not play.asked["send"]:
            await asyncio.sleep(0)
        sending.cancel()
        await asyncio.wait([sending])
        await within(carrier.send('{"id":2}'))
    assert [(asked["batch"], asked["frames"]) for asked in play.asked["send"]] == [
        (1, [{"id": 1}]),
        (1, [{"id": 1}]),
        (2, [{"id": 2}]),
    ]


@pytest.mark.parametrize(
    ("frames", "batches"),
    [(["1"] * (BATCH_FRAMES + 2), [1, BATCH_FRAMES, 1]), ([f'"{"x" * BATCH_CHARS}"'] * 3, [1, 1, 1])],
    ids=["many", "large"],
)
async def test_what_waits_goes_together_up_to_the_limits(frames: list[str], batches: list[int]) -> None:
    async with polling(play := Play()) as (carrier, _):
        await within(asyncio.gather(*map(carrier.send, frames)))
    assert [len(asked["frames"]) for asked in play.asked["send"]] == batches


async def test_a_poll_that_is_cut_for_its_length_asks_for_less_the_next_time() -> None:
    clock = ManualClock()

    def cut(told: dict[str, Any]) -> None:
        del told
        clock.advance(5.0)

    async with polling(play := Play([cut, batch(1, pong(1)), batch(2, pong(2))]), clock) as (carrier, _):
        receiving = asyncio.create_task(carrier.receive())
        while len(play.asked["poll"]) < 2:
            clock.advance(0.0)
            await asyncio.sleep(0)
        await within(receiving)
        await within(carrier.receive())
    assert [asked["wait_s"] for asked in play.asked["poll"]] == [25.0, 3.75, 3.75]


async def test_a_refusal_that_may_be_repeated_is_repeated_after_the_time_it_says() -> None:
    clock = ManualClock()
    later = answer(REFUSED | {"code": "overloaded", "retryable": True}, "503 Busy", "Retry-After: 3")
    async with polling(play := Play(sends=[later]), clock) as (carrier, _):
        sending = asyncio.create_task(carrier.send('{"id":1}'))
        while not play.asked["send"]:
            await asyncio.sleep(0)
        for _ in range(1000):
            await asyncio.sleep(0)
        clock.advance(2.9)
        for _ in range(1000):
            await asyncio.sleep(0)
        assert len(play.asked["send"]) == 1
        clock.advance(0.2)
        await within(sending)


@pytest.mark.parametrize(
    ("code", "close"),
    [("connection_unknown", 4411), ("invalid", 4400), ("too_large", 1009), ("never_heard_of", None)],
)
async def test_any_other_refusal_ends_it_with_the_close_code_of_the_error(code: str, close: int | None) -> None:
    refusal = answer(REFUSED | {"code": code}, "404 Not Found")
    async with polling(Play(sends=[refusal])) as (carrier, _):
        receiving = asyncio.create_task(carrier.receive())
        for work in (carrier.send('{"id":1}'), receiving, carrier.send('{"id":2}'), carrier.receive()):
            with pytest.raises(CarrierOver) as over:
                await within(work)
            assert over.value.close == close


async def test_after_so_long_without_an_answer_it_is_over() -> None:
    clock = ManualClock()
    async with polling(play := Play([None] * 1000), clock, pong_s=3.0) as (carrier, _):
        receiving = asyncio.create_task(carrier.receive())
        while not receiving.done():
            asked = len(play.asked["poll"])
            while not receiving.done() and len(play.asked["poll"]) == asked:
                clock.advance(PAUSE_S / 2)
                await asyncio.sleep(0.001)
        with pytest.raises(CarrierOver) as over:
            await receiving
        assert over.value.close is None
        assert 3 <= len(play.asked["poll"]) <= 30


async def test_the_last_batch_is_read_to_its_end_and_says_how_it_ended() -> None:
    play = Play([batch(1, pong(1), close={"code": 4432, "reason": "displaced"})])
    async with polling(play) as (carrier, _):
        assert len(await within(carrier.receive())) == 1
        with pytest.raises(CarrierOver) as over:
            await within(carrier.receive())
        assert (over.value.close, over.value.reason) == (4432, "displaced")
    assert play.asked["close"] == [], "the server knows"


async def test_who_goes_says_so_and_who_breaks_off_does_not() -> None:
    async with polling(play := Play()) as (carrier, _):
        pass
    assert play.asked["close"] == [{"connection": OPENED["connection"]}]
    async with polling(play := Play()) as (carrier, _):
        carrier.abort()
        with pytest.raises(CarrierOver):
            await within(carrier.receive())
    assert play.asked["close"] == []


@pytest.mark.parametrize("told", [{"batch": "1", "frames": []}, {"batch": 1}, {"batch": 1, "frames": [{"is": 5}]}])
async def test_an_answer_that_is_none_is_a_fault_of_the_server(told: dict[str, Any]) -> None:
    async with polling(Play([answer(told)])) as (carrier, _):
        with pytest.raises(ProtocolFault):
            await within(carrier.receive())
