"""One round of everything at once, with people of its own: what is said of it is judged, and then forgotten.

Logins, resumes, cuts, sends, people who come and go, a reader that stops reading, and peers that talk nonsense.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from tests.adverse.test_malformed import JSON, Attacker, Outcome, attack
from tests.support.crowd import Crowd, create, gathered
from tests.support.follower import Frame
from tests.support.judge import Verdict
from tests.support.raw_socket import HandshakeRefusedError
from tests.support.server_process import ServerProcess
from tests.support.virtual_client import DisconnectedError, RefusedError, VirtualClient

CORPUS: Final = Path(__file__).parents[1] / "fuzz" / "corpus.jsonl"
STEADY: Final = {"ann": 3, "bob": 2}
COMING_AND_GOING: Final = ("cat", "dan", "eve", "fay")
TALK_PAUSE_S: Final = 0.1
"""Some 30 messages a second: hours of them fit the memory of the judge and the disk."""
CUT_PAUSE_S: Final = (0.1, 0.6)
CHURN_PAUSE_S: Final = (0.02, 0.3)
VISIT_PAUSE_S: Final = 0.05
STARVE_MESSAGES: Final = 150
STARVE_CHARS: Final = 48_000
"""7 MB: what the kernel keeps for a connection, and then more than its outbox."""
NONSENSE: Final = 60

Disturbance = Callable[[], Coroutine[None, None, None]]


@dataclass
class Played:
    """What came of a round."""

    verdict: Verdict
    nonsense: Outcome
    counts: dict[str, int] = field(default_factory=dict)


class Round:
    """A round on a server that others were on before."""

    def __init__(self, server: ServerProcess, number: int, seconds: float, *, is_killed: bool) -> None:
        self._server = server
        self._number = number
        self._seconds = seconds
        self._is_killed = is_killed
        self._chance = Random(number)
        self._nonsense = Outcome([])
        self._end_s = 0.0
        self._cuts = self._changes = self._visits = 0

    async def play(self) -> Played:
        """Have everything happen for a while, let it come to rest, and judge."""
        async with gathered(self._server.port, seed=self._number) as crowd:
            steady = [
                client for user, count in STEADY.items() for client in crowd.add(self._name(user), count, doubt=0.05)
            ]
            come = [crowd.add(self._name(user), doubt=0.05)[0] for user in COMING_AND_GOING]
            (slow,) = crowd.add(self._name("slow"), receive_bytes=4096)
            (bulk,) = crowd.add(self._name("bulk"))
            await crowd.wait_live()
            room = await create(steady[0], [client.user for client in (steady[0], steady[-1], *come)], "room")
            flood = await create(bulk, (slow.user, bulk.user), "flood")
            crowd.talk((steady[1], steady[2], steady[-1]), [room], ahead=1, pause_s=TALK_PAUSE_S)
            await self._disturb(
                partial(self._cut, [*steady, *come]),
                partial(self._churn, steady[0], room, [client.user for client in come]),
                self._visit,
                partial(self._starve, slow, bulk, flood),
                self._talk_nonsense,
            )
            return await self._judge(crowd)

    async def _judge(self, crowd: Crowd) -> Played:
        await crowd.wait_live()
        await crowd.hush()
        verdict = await crowd.verdict()
        clients = crowd.clients
        counts = {
            "sends": crowd.sends,
            "logins": sum(client.logins for client in clients) + self._visits + self._nonsense.connections,
            "resumes": sum(client.resumes for client in clients),
            "cuts": self._cuts,
            "changes of members": self._changes,
            "frames of nonsense": self._nonsense.frames,
        }
        return Played(verdict, self._nonsense, counts)

    def _name(self, user: str) -> str:
        return f"{user}{self._number}"

    async def _disturb(self, *disturbances: Disturbance) -> None:
        self._end_s = time.monotonic() + self._seconds
        async with asyncio.TaskGroup() as tasks:
            for disturbance in disturbances:
                tasks.create_task(disturbance())
            if self._is_killed:
                tasks.create_task(self._kill())

    async def _moments(self, pause_s: tuple[float, float]) -> AsyncIterator[None]:
        while time.monotonic() < self._end_s:
            yield
            await asyncio.sleep(self._chance.uniform(*pause_s))

    async def _cut(self, clients: Sequence[VirtualClient]) -> None:
        async for _ in self._moments(CUT_PAUSE_S):
            self._chance.choice(clients).cut()
            self._cuts += 1

    async def _churn(self, owner: VirtualClient, room: str, users: Sequence[str]) -> None:
        async for _ in self._moments(CHURN_PAUSE_S):
            op = self._chance.choice(("add", "remove"))
            await self._change(owner, op, room, self._chance.sample(users, self._chance.randint(1, 2)))
        # Half of them out at the end, and half in.
        await owner.wait_live()
        await self._change(owner, "remove", room, users[:2])
        await self._change(owner, "add", room, users[2:])

    async def _change(self, owner: VirtualClient, op: str, room: str, users: Sequence[str]) -> None:
        with suppress(DisconnectedError, RefusedError):
            await owner.ask({"op": op, "conversation": room, "users": list(users)})
            self._changes += 1

    async def _visit(self) -> None:
        """Log in as somebody new, and out again, or leave without a word."""
        async for _ in self._moments((VISIT_PAUSE_S, VISIT_PAUSE_S)):
            try:
                visitor = await Attacker.connect(self._server.port, JSON, is_greeted=True)
                self._visits += 1
                if self._chance.random() < 0.5:
                    visitor.say({"id": 2, "do": {"op": "logout"}})
                    await visitor.answer()
                visitor.socket.abort()
            except (OSError, TimeoutError, HandshakeRefusedError):
                if not self._is_killed:
                    raise

    async def _starve(self, slow: VirtualClient, bulk: VirtualClient, flood: str) -> None:
        """Have one stop reading while much comes for it, then read again."""
        slow.pause()
        for number in range(STARVE_MESSAGES):
            bulk.post(flood, "x" * STARVE_CHARS, f"bulk {number}")
        await bulk.wait_until(lambda: not bulk.unacknowledged, self._seconds + 60)
        slow.unpause()

    async def _talk_nonsense(self) -> None:
        entries: list[Frame] = [json.loads(line) for line in CORPUS.read_text().splitlines()]
        try:
            await attack(self._server.port, self._chance.sample(entries, NONSENSE), self._nonsense)
        except (OSError, TimeoutError, HandshakeRefusedError):
            if not self._is_killed:
                raise

    async def _kill(self) -> None:
        await asyncio.sleep(self._seconds / 2)
        await self._server.kill()
        await self._server.start()
