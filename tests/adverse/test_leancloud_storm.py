"""LeanCloud clients all come back at once after a crash: each in its session, and none at another's cost."""

import asyncio
from pathlib import Path

import pytest

from tests.leancloud_door.test_against_server import APPS
from tests.support.figures import Report
from tests.support.leancloud_client import LeanCloudPeer, LeanCloudSocket
from tests.support.server_process import TEST_CONFIG, ServerProcess
from unisono.wire.leancloud import realtime_pb2 as pb

pytestmark = pytest.mark.adverse

SOCKETS_SHORT = 150
SOCKETS_FULL = 1000
BACK_MAX_S = 60.0
TAGS = ("Mobile", "Web")


async def arrive(port: int, number: int, tokens: dict[str, str]) -> list[LeanCloudPeer]:
    """Log two clients in on a socket of their own, or bring them back."""
    socket = await LeanCloudSocket.connect(port)
    peers = []
    for tag in TAGS:
        name = f"user-{number}-{tag}"
        said = {"r": True, "st": tokens[name]} if name in tokens else {"tag": tag, "deviceId": f"device-{number}"}
        peer = await socket.open(name, **said)
        tokens[name] = peer.token
        peers.append(peer)
    return peers


@pytest.mark.rows("X37")
@pytest.mark.timeout(900)
async def test_everybody_is_back_after_a_crash(data: Path, is_full: bool, report: Report) -> None:
    sockets = SOCKETS_FULL if is_full else SOCKETS_SHORT
    tokens: dict[str, str] = {}
    loop = asyncio.get_running_loop()
    async with ServerProcess(data, config=TEST_CONFIG + APPS) as server:
        first = await asyncio.gather(*(arrive(server.port, number, tokens) for number in range(sockets)))
        before = {name: token.split(".")[0] for name, token in tokens.items()}
        cid = await first[0][0].start(*(peer.name for peers in first[1:20] for peer in peers))
        await server.kill()
        await server.start()
        begun_s = loop.time()
        async with asyncio.timeout(BACK_MAX_S):
            back = await asyncio.gather(*(arrive(server.port, number, tokens) for number in range(sockets)))
        report(f"{len(TAGS) * sockets} clients back in {loop.time() - begun_s:.1f} s")
        assert {name: token.split(".")[0] for name, token in tokens.items()} == before
        sent = await back[0][0].send(cid, "all here?")
        for peers in back[1:20]:
            for peer in peers:
                assert (await peer.told(pb.direct)).directMessage.id == sent.uid
        assert not [each for peers in back for each in peers[0].socket.pushed if each.cmd == pb.session]
        server.assert_clean_log()
        for peers in back:
            peers[0].socket.raw.abort()
