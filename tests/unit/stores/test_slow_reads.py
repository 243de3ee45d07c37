"""Reads that may take long: one at a time of each user, on half of the threads, as long as a thread works on them."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from unisono.domain.errors import Overloaded, Unavailable
from unisono.domain.ids import UserId
from unisono.stores.sql.driver import Connection, Driver
from unisono.stores.sql.readers import Readers

ANN, BOB, EVE = UserId("ann"), UserId("bob"), UserId("eve")


class NoConnection:
    """Reads nothing."""

    def begin_reading(self) -> None:
        pass

    def rollback(self) -> None:
        pass

    def close(self) -> None:
        pass


class NoDriver:
    """Connects to nothing."""

    def connect_reader(self) -> Connection:
        return cast("Connection", NoConnection())


class Gate:
    """A read that works until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self._may_end = threading.Event()

    def __call__(self, connection: Connection) -> str:
        del connection
        self.begun.set()
        assert self._may_end.wait(20)
        return "read"

    def open(self) -> None:
        self._may_end.set()


async def reached(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.001)


@pytest.fixture
async def gates() -> Any:
    gates = [Gate() for _ in range(4)]
    yield gates
    for gate in gates:
        gate.open()


def a_few(deadline_s: float) -> Readers:
    readers = Readers(cast("Driver", NoDriver()), count=4, deadline_s=deadline_s)
    readers.start()
    return readers


async def test_a_user_has_one_at_a_time_and_takes_nobody_elses_turn(gates: list[Gate]) -> None:
    readers = a_few(20)
    first, second = (asyncio.ensure_future(readers.read_slowly(gate, ANN)) for gate in gates[:2])
    await reached(gates[0].begun.is_set)
    third = asyncio.ensure_future(readers.read_slowly(gates[2], BOB))
    await reached(gates[2].begun.is_set)
    assert not gates[1].begun.is_set()
    gates[0].open()
    await reached(gates[1].begun.is_set)
    for gate in gates:
        gate.open()
    assert [await each for each in (first, second, third)] == ["read", "read", "read"]
    await readers.close()


async def test_who_gave_up_waiting_leaves_the_thread_as_busy_as_it_is(gates: list[Gate]) -> None:
    readers = a_few(0.05)
    for gate, user in zip(gates[:2], (ANN, BOB), strict=True):
        with pytest.raises(Unavailable):
            await readers.read_slowly(gate, user)
    for user in (ANN, EVE):
        with pytest.raises(Overloaded):
            await readers.read_slowly(gates[2], user)
    assert not gates[2].begun.is_set()
    assert await readers.read(lambda _: "quick") == "quick"
    gates[0].open()
    gates[3].open()
    await reached(lambda: len(readers._turns) == 1)
    assert await readers.read_slowly(gates[3], EVE) == "read"
    gates[1].open()
    await reached(lambda: not readers._turns)
    await readers.close()
