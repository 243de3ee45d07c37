"""The power goes: the disk forgets what was never synced, and every acknowledged send is still there."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from tests.support.crowd import Crowd, create, gathered
from tests.support.figures import Report
from tests.support.judge import Acknowledged, Fault, SessionLog, Verdict
from tests.support.lossy_disk import LossyDisk
from tests.support.server_process import TEST_CONFIG, ServerProcess

pytestmark = pytest.mark.adverse

LOSSES_SHORT = 4
LOSSES_FULL = 40
CONTROLS = 3
UPTIME_S = (0.1, 0.7)
USERS = ("ann", "bob", "eve")
NORMAL = TEST_CONFIG + '\n[database]\nsynchronous = "normal"\n'


@dataclass
class Witnesses:
    """What earlier lives showed: sessions that ended with the power, and what their senders were told."""

    sessions: list[SessionLog] = field(default_factory=list)
    acks: list[Acknowledged] = field(default_factory=list)
    forgotten_bytes: int = 0

    def remember(self, crowd: Crowd) -> None:
        """Take over from a crowd whose server is gone."""
        for client in crowd.clients:
            client.follower.log.is_whole = False
            client.follower.log.name += f" of life {crowd.seed}"
            self.sessions.append(client.follower.log)
            self.acks += client.acks


async def live_and_lose(disk: LossyDisk, config: str, life: int, witnesses: Witnesses, chance: Random) -> Verdict:
    """Judge what the life before left, then talk until the power goes."""
    server = ServerProcess(disk.root, config=config, environment=disk.environment, makes_schema=True)
    async with server, gathered(server.port, seed=life) as crowd:
        for user in USERS:
            crowd.add(user, 2)
        verdict = await crowd.verdict(extra=(witnesses.sessions, witnesses.acks))
        room = await create(crowd.clients[0], USERS, "room")
        crowd.talk(crowd.clients[::2], [room], ahead=3)
        await crowd.clients[0].wait_until(lambda: bool(crowd.acknowledgements))
        await asyncio.sleep(chance.uniform(*UPTIME_S))
        await server.kill()
        server.assert_clean_log()
        witnesses.remember(crowd)
    witnesses.forgotten_bytes += disk.lose_power(chance if life % 2 else None).unsafe_bytes
    return verdict


@pytest.mark.rows("L230")
@pytest.mark.timeout(1800)
async def test_every_acknowledged_send_survives_power_losses(
    tmp_path: Path, shim: Path, is_full: bool, report: Report
) -> None:
    disk, witnesses, chance = LossyDisk(tmp_path / "data", shim), Witnesses(), Random(5)
    losses = LOSSES_FULL if is_full else LOSSES_SHORT
    for life in range(losses + 1):
        verdict = await live_and_lose(disk, TEST_CONFIG, life, witnesses, chance)
        verdict.assert_clean()
    report(
        f"{losses} power losses, {len(witnesses.acks)} acknowledged sends all kept, "
        f"{witnesses.forgotten_bytes} bytes forgotten by the disk"
    )


async def test_without_full_sync_acknowledged_sends_are_lost(tmp_path: Path, shim: Path, report: Report) -> None:
    """The control: a disk that forgets must make a server that does not sync lose what it acknowledged.

    Now and then the power may go just after a checkpoint, when all is on the disk.
    """
    lost = []
    for seed in range(CONTROLS):
        disk, witnesses, chance = LossyDisk(tmp_path / f"data{seed}", shim), Witnesses(), Random(seed)
        await live_and_lose(disk, NORMAL, 2, witnesses, chance)
        told = len(witnesses.acks)
        verdict = await live_and_lose(disk, NORMAL, 4, witnesses, chance)
        lost.append((verdict.count(Fault.UNKEPT), told))
    report("control: lost " + ", ".join(f"{unkept} of {told}" for unkept, told in lost) + " acknowledged sends")
    assert sum(unkept > 0 for unkept, _ in lost) >= CONTROLS - 1


async def test_the_shim_sees_all_that_the_server_writes(tmp_path: Path, shim: Path) -> None:
    disk = LossyDisk(tmp_path / "data", shim)
    server = ServerProcess(disk.root, environment=disk.environment, makes_schema=True)
    async with server, gathered(server.port) as crowd:
        crowd.add("ann")
        await crowd.wait_live()
        room = await create(crowd.clients[0], ("ann", "bob"), "room")
        for number in range(50):
            await crowd.clients[0].send(room, f"message {number}", f"k{number}")
        await server.terminate()
        crowd.stop()
    replay = disk.replay()
    assert replay.records > 50
    replay.assert_complete(disk.root)
