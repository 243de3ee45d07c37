"""Handing things to a peer some at a time, by a few requests at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice
from typing import TypeVar

from unisono.domain.errors import UnisonoError

T = TypeVar("T")


async def hand_over(
    things: Iterable[T], tell: Callable[[list[T]], Awaitable[None]], *, size: int, at_once: int
) -> None:
    """Have `at_once` batches of `size` told at the same time; what is beyond them is left for another turn.

    Raises:
        UnisonoError: Telling one of them did; the others were told for all that.
    """
    waiting = iter(things)
    problems: list[UnisonoError] = []
    async with asyncio.TaskGroup() as under_way:
        for _ in range(at_once):
            if batch := list(islice(waiting, size)):
                under_way.create_task(_tell(tell, batch, problems))
    if problems:
        raise problems[0]


async def _tell(tell: Callable[[list[T]], Awaitable[None]], batch: list[T], problems: list[UnisonoError]) -> None:
    try:
        await tell(batch)
    except UnisonoError as problem:
        problems.append(problem)
