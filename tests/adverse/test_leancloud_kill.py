"""kill -9 under LeanCloud clients: what was acknowledged is there, once, and they come back by their tokens.

What the protocol can express of the promises: an acknowledged message has its place, repeating one under its own id
gives the same place, the order of a sender's messages is kept, a connection hears of all that is said while it lasts,
once and in order, and who was not there is told how much waits.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec import Struct, structs

from tests.leancloud_door.test_against_server import APPS
from tests.support.figures import Report
from tests.support.leancloud_client import LeanCloudPeer, LeanCloudSocket
from tests.support.raw_socket import HandshakeRefusedError
from tests.support.server_process import TEST_CONFIG, ServerProcess
from unisono.wire.leancloud import realtime_pb2 as pb

CYCLES_SHORT = 6
CYCLES_FULL = 100
UPTIME_S = (0.05, 0.5)
USERS = ("ann", "bob", "eve")
ABSENT = "zoe"
IN_FLIGHT = 4
"""Messages that a client does not wait for: they are committed together, and cut off together."""


class Spoken(Struct, frozen=True):
    """A message as history has it."""

    sender: str
    text: str
    mid: str


class Record(Struct, frozen=True):
    """What a user's client was told."""

    user: str
    acknowledged: tuple[tuple[str, str], ...] = ()
    """Texts and the ids that they got, in the order in which they were answered."""
    lives: tuple[tuple[str, ...], ...] = ()
    """The ids of what it was pushed, of each connection."""


def flaws(history: Sequence[Spoken], records: Sequence[Record]) -> list[str]:
    """Say what is not as it was promised."""
    found = [] if len({each.text for each in history}) == len(history) else ["something was said twice"]
    for record in records:
        said = [each.text for each in history if each.sender == record.user]
        if said != sorted(said, key=lambda text: int(text.split()[1])):
            found.append(f"{record.user}: an order changed")
        by_text = {each.text: each.mid for each in history}
        if any(by_text.get(text) != mid for text, mid in record.acknowledged):
            found.append(f"{record.user}: something acknowledged is not there")
        found += [f"{record.user}: {flaw}" for life in record.lives if (flaw := _flaw_of(life, record.user, history))]
    return found


def _flaw_of(life: Sequence[str], user: str, history: Sequence[Spoken]) -> str | None:
    """Say what is wrong with what a connection heard: all that others said, from its first message to its last."""
    places = {each.mid: place for place, each in enumerate(history)}
    if any(mid not in places for mid in life):
        return "heard of something that is not there"
    meanwhile = history[places[life[0]] : places[life[-1]] + 1] if life else ()
    heard = [each.mid for each in meanwhile if each.sender != user]
    return None if heard == list(life) else "did not hear of all, once and in order"


class Talker:
    """Says things, again under their own ids until they were acknowledged, and comes back when cut off."""

    def __init__(self, server: ServerProcess, user: str, cid: str = "") -> None:
        self.user = user
        self.cid = cid
        self.acknowledged: list[tuple[str, str]] = []
        self.returns = 0
        self.repeated = 0
        """Messages that were cut off and said again."""
        self.peer: LeanCloudPeer | None = None
        self._server = server
        self._token = ""
        self._number = 0
        self._under_way: deque[tuple[int, asyncio.Future[pb.GenericCommand]]] = deque()
        self._lives: list[tuple[LeanCloudPeer, int]] = []

    def record(self) -> Record:
        """Give what it was told."""
        lives = [
            tuple(each.directMessage.id for each in peer.socket.pushed[since:] if each.cmd == pb.direct)
            for peer, since in self._lives
        ]
        return Record(self.user, tuple(self.acknowledged), tuple(lives))

    async def log_in(self) -> LeanCloudPeer:
        """Log in, or come back."""
        socket = await LeanCloudSocket.connect(self._server.port)
        entering = asyncio.ensure_future(self._enter(socket))
        either: list[asyncio.Future[Any]] = [entering, socket.raw.closed]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not entering.done():
            entering.cancel()
            raise ConnectionError("cut off")
        return await entering

    async def _enter(self, socket: LeanCloudSocket) -> LeanCloudPeer:
        peer = await socket.open(self.user, deviceId=self.user, r=bool(self._token), st=self._token or None)
        self.returns += bool(self._token)
        self._token = peer.token
        # What was said before was in the count, also where it comes late; from here on nothing is left out.
        await socket.echo()
        self._lives.append((peer, len(socket.pushed)))
        self.peer = peer
        return peer

    async def talk(self, until: asyncio.Event) -> None:
        """Say things until told to stop, and all of them are acknowledged."""
        while not until.is_set() or self._under_way:
            with suppress(OSError, HandshakeRefusedError, ConnectionError, TimeoutError):
                peer = self.peer or await self._again()
                while len(self._under_way) < IN_FLIGHT and not until.is_set():
                    self._say(peer, self._number)
                    self._number += 1
                if await self._is_answered(peer):
                    continue
            self.peer = None
            await asyncio.sleep(0.02)

    async def _again(self) -> LeanCloudPeer:
        peer = await self.log_in()
        cut_off = [number for number, _ in self._under_way]
        self.repeated += len(cut_off)
        self._under_way.clear()
        for number in cut_off:
            self._say(peer, number)
        return peer

    def _say(self, peer: LeanCloudPeer, number: int) -> None:
        command = peer.direct(self.cid, f"{self.user} {number}", dt=f"{self.user}-{number}")
        self._under_way.append((number, peer.socket.ask_later(command)))

    async def _is_answered(self, peer: LeanCloudPeer) -> bool:
        number, waiting = self._under_way[0]
        either: list[asyncio.Future[Any]] = [waiting, peer.socket.raw.closed]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            return False
        acked = waiting.result().ackMessage
        if acked.HasField("code"):
            # What comes behind it may be taken: it is all said again, in its order, on another connection.
            peer.socket.raw.abort()
            return False
        self._under_way.popleft()
        self.acknowledged.append((f"{self.user} {number}", acked.uid))
        if number % 5 == 0:
            # A command among the messages: they wait for it, and what is told waits behind it.
            peer.acknowledge(self.cid, acked.t)
        return True


async def history_of(reader: LeanCloudPeer, cid: str) -> list[Spoken]:
    """Read all of it."""
    found: list[Spoken] = []
    page = await reader.history(cid, limit=1000)
    while page:
        found = [Spoken(each.sender, each.data, each.msgId) for each in page] + found
        page = await reader.history(cid, limit=1000, t=page[0].timestamp, mid=page[0].msgId)
    return found


@pytest.mark.adverse
@pytest.mark.rows("E1", "L230")
@pytest.mark.timeout(1800)
async def test_a_killed_server_keeps_what_leancloud_clients_were_told_it_has(
    data: Path, is_full: bool, report: Report
) -> None:
    chance = Random(4)
    async with ServerProcess(data, config=TEST_CONFIG + APPS) as server:
        first = await Talker(server, "ann").log_in()
        cid = await first.start(*USERS[1:], ABSENT)
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
        history = await history_of(reader, cid)
        records = [talker.record() for talker in talkers]
        assert flaws(history, records) == []
        absent = await (await LeanCloudSocket.connect(server.port)).open(ABSENT)
        (waiting,) = (await absent.told(pb.unread)).unreadMessage.convs
        assert (waiting.cid, waiting.unread, waiting.mid) == (cid, len(history), history[-1].mid)
        # The kills cut something off, and somebody heard of something: else nothing was tried.
        assert all(talker.returns > 0 and talker.repeated > 0 for talker in talkers)
        assert all(any(len(life) > 1 for life in record.lives) for record in records)
        report(f"{len(history)} messages, {sum(talker.repeated for talker in talkers)} of them said again")
        server.assert_clean_log()


HISTORY = tuple(Spoken(user, f"{user} {number}", f"{user}-{number}") for number in range(3) for user in ("ann", "bob"))
FAITHFUL = Record(
    "ann",
    acknowledged=(("ann 0", "ann-0"), ("ann 2", "ann-2")),
    lives=(("bob-0", "bob-1"), (), ("bob-2",)),
)


@pytest.mark.parametrize(
    ("history", "record", "flaw"),
    [
        (HISTORY[1:], FAITHFUL, "ann: something acknowledged is not there"),
        ((*HISTORY, Spoken("ann", "ann 0", "another")), FAITHFUL, "something was said twice"),
        ((*HISTORY[2:], *HISTORY[:2]), FAITHFUL, "ann: an order changed"),
        (HISTORY, structs.replace(FAITHFUL, acknowledged=(("ann 1", "bob-1"),)), "ann: something acknowledged"),
        (HISTORY, structs.replace(FAITHFUL, lives=(("bob-0", "bob-2"),)), "ann: did not hear of all"),
        (HISTORY, structs.replace(FAITHFUL, lives=(("bob-0", "bob-0", "bob-1"),)), "ann: did not hear of all"),
        (HISTORY, structs.replace(FAITHFUL, lives=(("bob-1", "bob-0"),)), "ann: did not hear of all"),
        (HISTORY, structs.replace(FAITHFUL, lives=(("bob-0", "ann-1", "bob-1"),)), "ann: did not hear of all"),
        (HISTORY, structs.replace(FAITHFUL, lives=(("bob-7",),)), "ann: heard of something that is not there"),
    ],
)
def test_the_judgement_sees_each_flaw(history: Sequence[Spoken], record: Record, flaw: str) -> None:
    """The control: a judge that finds nothing says nothing about a server."""
    assert flaws(HISTORY, [FAITHFUL]) == []
    assert any(found.startswith(flaw) for found in flaws(history, [record]))
