"""What the SDK's tests may ask for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import pytest

from tests.sdk.fake_server import FakeServer, fake_server
from tests.sdk.manual_clock import ManualClock
from unisono_sdk import Backoff, Transport, Unisono

T = TypeVar("T")
Within = Callable[[Awaitable[T]], Awaitable[T]]


async def within(work: Awaitable[T]) -> T:
    """Wait, but not for ever."""
    async with asyncio.timeout(10):
        return await work


@pytest.fixture
def transport() -> Transport:
    """Say how clients of `test_against_server.House` connect; that module tries each way."""
    return "auto"


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    """Lend a server that does what it is told."""
    async with fake_server() as running:
        yield running


@pytest.fixture
def clock() -> ManualClock:
    """Lend a clock that stands still."""
    return ManualClock()


@pytest.fixture
def connect(server: FakeServer, clock: ManualClock) -> Callable[..., Unisono]:
    """Lend what makes an entrance to the fake server, without jitter and on the clock that stands still."""

    def make(**more: Any) -> Unisono:
        options: dict[str, Any] = {"clock": clock, "backoff": Backoff(jitter=0), "missed": "nothing"}
        return Unisono(server.url, **(options | more))

    return make
