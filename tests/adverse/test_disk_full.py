"""The disk is full: what is not kept is not acknowledged, senders have to wait, and all goes on when there is room."""

import resource
from pathlib import Path

import pytest

from tests.support.crowd import create, gathered
from tests.support.figures import Report
from tests.support.follower import Frame
from tests.support.server_process import ServerProcess
from tests.support.virtual_client import RefusedError, VirtualClient

pytestmark = pytest.mark.adverse

USERS = {"ann": 2, "bob": 1}
ROOM_LEFT_BYTES = 64 * 1024
SENDS = 400


def limit_files(server: ServerProcess, size_bytes: int) -> None:
    """Have no file of the server grow beyond a size: its writes fail then, as on a full disk."""
    _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size_bytes, hard))


def largest_file(root: Path) -> int:
    """Give the size of the largest file below a directory."""
    return max(path.stat().st_size for path in root.rglob("*") if path.is_file())


async def first_refusal(client: VirtualClient, room: str) -> Frame:
    """Send until the server no longer takes it; give the refusal."""
    for number in range(SENDS):
        content = {"text": "x" * 900}
        try:
            await client.ask({"op": "send", "conversation": room, "key": f"probe {number}", "content": content})
        except RefusedError as refused:
            return refused.frame
    raise AssertionError("the disk never filled")


async def test_a_full_disk_costs_time_and_nothing_else(data: Path, report: Report) -> None:
    async with ServerProcess(data) as server, gathered(server.port, seed=11) as crowd:
        for user, sessions in USERS.items():
            crowd.add(user, sessions, doubt=0.05)
        await crowd.wait_live()
        ann, bob = crowd.clients[0], crowd.clients[-1]
        room = await create(ann, tuple(USERS), "room")
        await ann.send(room, "while there was room", "before")
        limit_files(server, largest_file(data) + ROOM_LEFT_BYTES)
        for number in range(SENDS):
            ann.post(room, "x" * 2000, f"full {number}")
        refusal = await first_refusal(bob, room)
        waiting = ann.unacknowledged
        assert (await bob.ask({"op": "history", "conversation": room}))["kind"] == "history", "reading goes on"
        limit_files(server, resource.RLIM_INFINITY)
        await crowd.hush()
        verdict = await crowd.verdict()
    report(f"{waiting} sends waited behind `{refusal['code']}` until there was room; {verdict}")
    verdict.assert_clean()
    assert refusal["retryable"]
    assert waiting > 0
    assert all(client.resumes == 0 for client in crowd.clients)
