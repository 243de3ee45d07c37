"""LeanCloud clients all come back at once after a crash: each in its session, and none at another's cost.

Who logged out before, or was kicked, does not come back with them: its client tries, too.
"""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.leancloud_door.test_against_server import APPS
from tests.support.figures import Report
from tests.support.leancloud_client import APP, LeanCloudPeer, LeanCloudSocket
from tests.support.server_process import TEST_CONFIG, ServerProcess
from unisono.wire.leancloud import realtime_pb2 as pb

pytestmark = pytest.mark.adverse

MEMBERS = 20
"""Sockets whose clients are in one conversation; the first of them is back before all others, and says something."""
GONE = 10
"""Sockets whose clients have nothing to come back to."""
SOCKETS_SHORT = 150
SOCKETS_FULL = 1000
BACK_MAX_S = 60.0
TAGS = ("Mobile", "Web")
CLOSED = 4115


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


async def kick(server: ServerProcess, user: str) -> None:
    """Put a user out, as an app's own server does."""
    url = f"http://127.0.0.1:{server.port}/1.2/rtm/clients/{user}/kick"
    headers = {"X-LC-Id": APP, "X-LC-Key": "0123456789abcdef-master,master"}
    async with aiohttp.ClientSession() as http, http.post(url, json={"reason": "enough"}, headers=headers) as answer:
        assert answer.status == 200, await answer.text()


async def try_back(port: int, peer: LeanCloudPeer) -> int:
    """Come back by a token, and give by which number that is refused."""
    socket = await LeanCloudSocket.connect(port)
    refused = await socket.try_open(peer.name, r=True, st=peer.token)
    socket.raw.abort()
    return refused.errorMessage.code


@pytest.mark.rows("X37")
@pytest.mark.timeout(900)
async def test_everybody_is_back_after_a_crash(data: Path, is_full: bool, report: Report) -> None:
    sockets = SOCKETS_FULL if is_full else SOCKETS_SHORT
    tokens: dict[str, str] = {}
    loop = asyncio.get_running_loop()
    async with ServerProcess(data, config=TEST_CONFIG + APPS) as server:
        first = await asyncio.gather(*(arrive(server.port, number, tokens) for number in range(sockets)))
        before = {name: token.split(".")[0] for name, token in tokens.items()}
        cid = await first[0][0].start(*(peer.name for peers in first[1:MEMBERS] for peer in peers))
        gone = await asyncio.gather(*(arrive(server.port, sockets + number, tokens) for number in range(GONE)))
        for mobile, web in gone:
            await mobile.close()
            await kick(server, web.name)
        await server.kill()
        await server.start()
        begun_s = loop.time()
        async with asyncio.timeout(BACK_MAX_S):
            earliest = await arrive(server.port, 0, tokens)
            early = await earliest[0].send(cid, "who else?")
            others = (arrive(server.port, number, tokens) for number in range(1, sockets))
            refused = (try_back(server.port, peer) for peers in gone for peer in peers)
            back, codes = await asyncio.gather(asyncio.gather(*others), asyncio.gather(*refused))
        report(f"{len(TAGS) * sockets} clients back in {loop.time() - begun_s:.1f} s")
        assert codes == [CLOSED] * len(TAGS) * GONE
        assert {name: tokens[name].split(".")[0] for name in before} == before
        sent = await earliest[0].send(cid, "all here?")
        for peers in back[: MEMBERS - 1]:
            for peer in peers:
                assert (await peer.told(pb.direct)).directMessage.id == sent.uid
                # What was said before it was back is in its count, and nowhere else.
                (waiting,) = (await peer.told(pb.unread)).unreadMessage.convs
                assert (waiting.cid, waiting.unread, waiting.mid) == (cid, 1, early.uid)
        await asyncio.gather(*(peers[0].socket.echo() for peers in back))
        # The end of a catching up is an `unread` of no conversation.
        more = [each for peers in back for each in peers[0].socket.pushed if each.cmd in (pb.direct, pb.unread)]
        assert not [each for each in more if each.cmd == pb.direct or each.unreadMessage.convs]
        back.append(earliest)
        assert not [each for peers in back for each in peers[0].socket.pushed if each.cmd == pb.session]
        server.assert_clean_log()
        for peers in back:
            peers[0].socket.raw.abort()
