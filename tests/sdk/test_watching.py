"""Whose presence is watched: what is heard stands in the order of the server, and a refusal is not the end."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.sdk.manual_clock import ManualClock
from unisono_sdk.answers import Answer, Presences
from unisono_sdk.backoff import Backoff
from unisono_sdk.commands import Command, Watch
from unisono_sdk.errors import TimedOut, UnisonoError, refused
from unisono_sdk.options import Options
from unisono_sdk.passing import Presence
from unisono_sdk.watching import Watching

ON, OFF = Presence(user="bob", state="online"), Presence(user="bob", state="offline")


class Desk:
    """Answers when the test says so; `told` lists what the program hears."""

    def __init__(self) -> None:
        self.hub = self
        self.told: list[object] = []
        self.asked: asyncio.Queue[asyncio.Future[Answer]] = asyncio.Queue(10)
        self.renew: Any = None

    def on(self, name: str, handler: object) -> None:
        assert name == "reconnect"
        self.renew = handler

    def emit(self, name: str, event: object) -> None:
        assert name == "presence"
        self.told.append(event)

    async def request(self, command: Command) -> Answer:
        assert command == Watch(users=("bob",))
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.asked.put_nowait(answer)
        return await answer


def watching(desk: Any, clock: ManualClock) -> Watching:
    return Watching(desk, Options(url="ws://x", clock=clock, backoff=Backoff(jitter=0)))


async def test_what_came_behind_an_answer_stands(clock: ManualClock) -> None:
    """Read together with the answer it came before whoever waited; it was dropped, and the older answer stood."""
    desk = Desk()
    watched = watching(desk, clock)
    asking = asyncio.create_task(watched.watch(["bob"]))
    (await desk.asked.get()).set_result(Presences(presences=(ON,)))
    watched.take(OFF)
    assert (await asking, watched.watched, desk.told) == ([OFF], {"bob": OFF}, [OFF])
    renewing = asyncio.create_task(desk.renew(None))
    (await desk.asked.get()).set_result(Presences(presences=(ON,)))
    watched.take(replace(OFF))
    await renewing
    assert (watched.watched, desk.told) == ({"bob": OFF}, [OFF])
    renewing = asyncio.create_task(desk.renew(None))
    (await desk.asked.get()).set_result(Presences(presences=(ON,)))
    await renewing
    assert (watched.watched, desk.told) == ({"bob": ON}, [OFF, ON])


@pytest.mark.parametrize(
    "fault",
    [refused("overloaded", "", retryable=True, retry_after_ms=700), TimedOut("no answer")],
    ids=lambda f: f.code,
)
async def test_watches_come_back_although_the_server_puts_them_off(clock: ManualClock, fault: UnisonoError) -> None:
    """After a return of very many at once a refusal left the watches of a client dead until the next one."""
    desk = Desk()
    watched = watching(desk, clock)
    asking = asyncio.create_task(watched.watch(["bob"]))
    (await desk.asked.get()).set_result(Presences(presences=(ON,)))
    await asking
    renewing = asyncio.create_task(desk.renew(None))
    for _ in range(3):
        (await desk.asked.get()).set_exception(fault)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert desk.asked.empty()
        clock.advance(4.0)
    (await desk.asked.get()).set_result(Presences(presences=(OFF,)))
    await renewing
    assert (watched.watched, desk.told) == ({"bob": OFF}, [OFF])


async def test_who_could_not_be_watched_is_not_watched(clock: ManualClock) -> None:
    desk = Desk()
    watched = watching(desk, clock)
    asking = asyncio.create_task(watched.watch(["bob"]))
    (await desk.asked.get()).set_exception(refused("limit_reached", ""))
    with pytest.raises(UnisonoError):
        await asking
    watched.take(ON)
    assert (watched.watched, desk.told) == ({}, [])
    asking = asyncio.create_task(watched.watch(["bob"]))
    (await desk.asked.get()).set_result(Presences(presences=(ON,)))
    await asking
    renewing = asyncio.create_task(desk.renew(None))
    (await desk.asked.get()).set_exception(refused("limit_reached", ""))
    await renewing
    assert desk.asked.empty()
