"""kill -9 under LeanCloud clients: what was acknowledged is there, once, and they come back by their tokens."""

import asyncio
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.leancloud_door.test_against_server import APPS
from tests.support.leancloud_client import LeanCloudPeer, LeanCloudSocket
from tests.support.raw_socket import HandshakeRefusedError
from tests.support.server_process import TEST_CONFIG, ServerProcess

pytestmark = pytest.mark.adverse

CYCLES_SHORT = 6
CYCLES_FULL = 100
UPTIME_S = (0.05, 0.5)
USERS = ("ann", "bob", "eve")


class Talker:
    """Says one thing after the other, again under its own id until it was acknowledged, and comes back when cut off."""

    def __init__(self, server: ServerProcess, user: str, cid: str = "") -> None:
        self.user = user
        self.cid = cid
        self.acknowledged: list[tuple[str, str]] = []
        """Texts and the ids that they got."""
        self.returns = 0
        self._server = server
        self._token = ""
        self.peer: LeanCloudPeer | None = None

    async def log_in(self) -> LeanCloudPeer:
        """Log in, or come back."""
        socket = await LeanCloudSocket.connect(self._server.port)
        self.peer = await socket.open(self.user, deviceId=self.user, r=bool(self._token), st=self._token or None)
        self.returns += bool(self._token)
        self._token = self.peer.token
        return self.peer

    async def talk(self, until: asyncio.Event) -> None:
        """Say things until told to stop."""
        number = 0
        while not until.is_set():
            with suppress(OSError, HandshakeRefusedError, ConnectionError, TimeoutError):
                peer = self.peer or await self.log_in()
                text = f"{self.user} {number}"
                waiting = peer.socket.ask_later(peer.direct(self.cid, text, dt=f"{self.user}-{number}"))
                either: list[asyncio.Future[Any]] = [waiting, peer.socket.raw.closed]
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if waiting.done():
                    acked = waiting.result().ackMessage
                    if not acked.HasField("code"):
                        self.acknowledged.append((text, acked.uid))
                        number += 1
                    continue
            self.peer = None
            await asyncio.sleep(0.02)


@pytest.mark.rows("E1", "L230")
@pytest.mark.timeout(1800)
async def test_a_killed_server_keeps_what_leancloud_clients_were_told_it_has(data: Path, is_full: bool) -> None:
    chance = Random(4)
    async with ServerProcess(data, config=TEST_CONFIG + APPS) as server:
        first = await Talker(server, "ann").log_in()
        cid = await first.start(*USERS[1:])
        first.socket.raw.abort()
        talkers = [Talker(server, user, cid) for user in USERS]
        done = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            for talker in talkers:
                tasks.create_task(talker.talk(done))
            for _ in range(CYCLES_FULL if is_full else CYCLES_SHORT):
                said = [len(talker.acknowledged) for talker in talkers]
                await asyncio.sleep(chance.uniform(*UPTIME_S))
                await server.kill()
                await server.start()
                async with asyncio.timeout(60):
                    while any(len(each.acknowledged) <= count for each, count in zip(talkers, said, strict=True)):
                        await asyncio.sleep(0.01)
            done.set()
        reader = await Talker(server, "bob").log_in()
        history: list[tuple[str, str]] = []
        page = await reader.history(cid, limit=1000)
        while page:
            history = [(each.data, each.msgId) for each in page] + history
            page = await reader.history(cid, limit=1000, t=page[0].timestamp, mid=page[0].msgId)
        assert len({text for text, _ in history}) == len(history), "something was said twice"
        for talker in talkers:
            assert talker.returns > 0
            places = [history.index(each) for each in talker.acknowledged]
            assert places == sorted(places), "an order changed"
        server.assert_clean_log()
