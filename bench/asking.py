"""How long answers take: one who asks, one question after the other, of each server in turn."""

import asyncio
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from statistics import quantiles
from typing import Any, Final

from msgspec import Struct

from bench import unisono
from bench.processes import LOAD_CORE, BenchError
from bench.profile import cpu_by_thread

Ask = Callable[[random.Random], Mapping[str, object]]
"""Makes a question; each time another one of its kind."""
Check = Callable[[Mapping[str, Any]], bool]
"""Says if an answer is the one that was asked for, and not an empty one."""

WARM: Final = 20
IDLE_CPU_S: Final = 0.02
LOOK_S: Final = 0.5
IDLE_LOOKS: Final = 3
IDLE_WITHIN_S: Final = 240.0


class Question(Struct, frozen=True):
    """What is asked, and what a true answer looks like."""

    ask: Ask
    check: Check


class Asker(Struct, frozen=True):
    """A user on a server, and what they ask there, by name."""

    node: unisono.Node
    user: str
    questions: Mapping[str, Question]


class Times(Struct, frozen=True):
    """Milliseconds that the answers to one question took."""

    all: Sequence[float]

    @property
    def p50(self) -> float:
        """The median."""
        return quantiles(self.all, n=100)[49]

    @property
    def p99(self) -> float:
        """What one in a hundred exceeds."""
        return quantiles(self.all, n=100)[98]


def times_of(askers: Sequence[Asker], repeats: int) -> list[dict[str, Times]]:
    """Give, for each asker, how long the answers to each of their questions took.

    Raises:
        BenchError: An answer was refused, or was not the one asked for.
    """
    for asker in askers:
        _wait_until_idle(asker.node.pid)
    with _on_load_core():
        found = asyncio.run(_ask_all(askers, repeats))
    return [{name: Times(times) for name, times in each.items()} for each in found]


async def _ask_all(askers: Sequence[Asker], repeats: int) -> list[dict[str, list[float]]]:
    chance = random.Random(1)  # noqa: S311  (questions, no secrets)
    found: list[dict[str, list[float]]] = [{name: [] for name in asker.questions} for asker in askers]
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(unisono.client(asker.node, asker.user)) for asker in askers]
        for turn in range(WARM + repeats):
            for asker, client, times in zip(askers, clients, found, strict=True):
                took = await _ask_each(asker, client, chance)
                for name in took if turn >= WARM else ():
                    times[name].append(took[name])
    return found


async def _ask_each(asker: Asker, client: unisono.Client, chance: random.Random) -> dict[str, float]:
    took: dict[str, float] = {}
    for name, question in asker.questions.items():
        answer = await client.ask(question.ask(chance))
        if not question.check(answer):
            raise BenchError(f"{name}: not what was asked for: {str(answer)[:300]}")
        took[name] = client.took_s * 1000
    return took


def _wait_until_idle(pid: int) -> None:
    """Wait until a server has done what it does by itself after it found much that is new."""
    deadline, looks = time.monotonic() + IDLE_WITHIN_S, 0
    used = sum(cpu_by_thread(pid).values())
    while looks < IDLE_LOOKS:
        if time.monotonic() > deadline:
            raise BenchError("the server never comes to rest")
        time.sleep(LOOK_S)
        now = sum(cpu_by_thread(pid).values())
        looks = looks + 1 if now - used < IDLE_CPU_S else 0
        used = now


@contextmanager
def _on_load_core() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {LOAD_CORE})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
