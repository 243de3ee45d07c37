"""Operators change how many devices a user may have while devices log in, on two servers that share a PostgreSQL.

What the user's stream says is judged: no login came above the limit in force, of whichever server it was asked.
"""

from collections.abc import Sequence
from itertools import count, cycle, pairwise
from pathlib import Path

import aiohttp
import pytest

from tests.adverse.test_erasing import ADMIN_KEY, ask
from tests.support.crowd import Crowd, gathered, read_stream
from tests.support.figures import Report
from tests.support.follower import Frame
from tests.support.server_process import TEST_CONFIG, ServerProcess
from tests.support.virtual_client import VirtualClient

pytestmark = pytest.mark.adverse

AT_FIRST = 4
SHORT = ((6, 1, 3), 10)
FULL = ((6, 1, 8, 2, 1, 10, 3, 1, 7, 1) * 4, 40)
"""Limits, one after the other, and how many log in while each of them is set."""
WATCHER = "ios"


def counted(facts: Sequence[Frame]) -> dict[int, int]:
    """Give how many devices were open behind each login, by its place in the user's stream; the watcher aside."""
    left: dict[str, str] = {}
    counts: dict[int, int] = {}
    for seq, fact in ((placed["seq"], placed["fact"]) for placed in facts):
        if fact["kind"] == "session_opened" and fact["shown"]["platform"] != WATCHER:
            left[fact["session"]] = fact["device"]
            counts[seq] = len(set(left.values()))
        elif fact["kind"] == "session_ended":
            del left[fact["session"]]
    return counts


def holds(counts: Sequence[int], before: int, after: int) -> bool:
    """Say if logins hold to a limit up to some moment, and from then on to another."""
    splits = range(len(counts) + 1)
    return any(max(counts[:at], default=0) <= before and max(counts[at:], default=0) <= after for at in splits)


class Race:
    """Two servers, who logs in by them, and who sees it."""

    def __init__(self, crowd: Crowd, watcher: VirtualClient, http: aiohttp.ClientSession, *servers: ServerProcess):
        self._crowd = crowd
        self._watcher = watcher
        self._http = http
        self._doors = cycle(servers)
        self._turns = count()

    def log_in(self, devices: int) -> list[VirtualClient]:
        """Have devices log in at once, by either server."""
        added: list[VirtualClient] = []
        for _ in range(devices):
            self._crowd.port = next(self._doors).port
            added += self._crowd.add("ann", follows=False)
        return added

    async def begun(self, clients: Sequence[VirtualClient]) -> None:
        """Wait until the first of some is in: the others are on their way."""
        await self._crowd.wait_until(lambda: any(client.logins for client in clients))

    async def limit(self, capacity: int) -> None:
        """Say how many devices of a platform a user may have, at one of the servers."""
        next(self._doors)
        said = {"devices": {"policy": "multi", "capacity": capacity}}
        await ask(next(self._doors), self._http, "PUT", "policy", said)

    async def settled(self) -> None:
        """Wait until everybody is in, or was."""
        clients = self._crowd.clients
        await self._crowd.wait_until(lambda: all(one.logins or one.ended_by is not None for one in clients))

    async def head(self) -> int:
        """Give where the user's stream ends."""
        page = await self._watcher.ask({"op": "read", "stream": "u/ann", "after": 0, "limit": 1})
        return int(page["head"])


@pytest.mark.rows("E13")
@pytest.mark.full
@pytest.mark.timeout(600)
async def test_no_login_is_above_the_limit_in_force_on_two_servers(
    tmp_path: Path, postgres_dsn: str, is_full: bool, report: Report
) -> None:
    capacities, during = FULL if is_full else SHORT
    environment = {"UNISONO_DATABASE__URL": postgres_dsn, "UNISONO_ADMIN__KEYS": ADMIN_KEY}
    servers = [
        ServerProcess(tmp_path / name, config=TEST_CONFIG, environment={**environment, "UNISONO_SERVER__NODE": name})
        for name in ("one", "two")
    ]
    windows: list[tuple[int, int, int]] = []
    """Up to where in the stream which limits held, one after the other."""
    async with (
        servers[0],
        servers[1],
        gathered(servers[0].port) as crowd,
        aiohttp.ClientSession() as http,
    ):
        (watcher,) = crowd.add("ann", platform=WATCHER)
        await watcher.wait_live()
        race = Race(crowd, watcher, http, *servers)
        race.log_in(AT_FIRST)
        await race.settled()
        for before, after in pairwise((AT_FIRST, *capacities)):
            windows.append((await race.head(), before, before))
            await race.begun(race.log_in(during))
            await race.limit(after)
            windows.append((await race.head(), before, after))
            race.log_in(2)
            await race.settled()
        windows.append((await race.head(), after, after))
        counts = counted(await read_stream(watcher, "u/ann"))
        for server in servers:
            server.assert_clean_log()
    assert len(counts) == AT_FIRST + len(capacities) * (during + 2)
    races = 0
    for (start, *_), (end, before, after) in pairwise([(0, 0, 0), *windows]):
        inside = [each for seq, each in counts.items() if start < seq <= end]
        assert holds(inside, before, after), (before, after, inside)
        races += len(inside) > 1 and before != after
    assert races
    report(f"{len(counts)} logins by two servers, {len(capacities)} limits, {races} set amid logins; none above")


def test_the_judge_sees_a_login_above_the_limit() -> None:
    """The control."""
    assert holds([4, 4, 1, 1], 4, 1)
    assert holds([], 4, 1)
    assert not holds([4, 1], 1, 3)
    assert not holds([5, 1], 4, 1)
