"""An acknowledgement leaves only after its message is on the disk: read off the order of the server's system calls."""

from pathlib import Path

import pytest

from tests.support.crowd import create, gathered
from tests.support.figures import Report
from tests.support.server_process import TEST_CONFIG, ServerProcess
from tests.support.syscalls import overtaking, read_calls, strace

pytestmark = pytest.mark.adverse

SENDS_SHORT = 150
SENDS_FULL = 2000
SENDERS = 6
NORMAL = '\n[database]\nsynchronous = "normal"\n'


async def traced(data: Path, sends: int, config: str) -> tuple[list[str], int, int]:
    """Run a server under strace, send, and give what overtook, how many were acknowledged, and the syncs."""
    trace = data.with_name("trace")
    async with (
        ServerProcess(data, config=config, wrapper=strace(trace)) as server,
        gathered(server.port) as crowd,
    ):
        senders = [client for number in range(SENDERS) for client in crowd.add(f"user{number}")]
        await crowd.wait_live()
        room = await create(senders[0], [client.user for client in senders], "room")
        for number in range(sends):
            senders[number % SENDERS].post(room, f"[mark {number}]", f"k{number}")
        await crowd.hush()
        await server.terminate()
        acks = [ack for client in senders for ack in client.acks]
    marks = {(ack.stream, ack.seq): f"[mark {ack.key.removeprefix('k')}]".encode() for ack in acks}
    calls = read_calls(trace.read_text().splitlines())
    syncs = sum(call.name == "fdatasync" and call.target.endswith("-wal") for call in calls)
    return list(overtaking(calls, marks)), len(marks), syncs


async def test_every_acknowledgement_comes_after_the_sync_of_its_message(
    data: Path, is_full: bool, report: Report
) -> None:
    sends = SENDS_FULL if is_full else SENDS_SHORT
    violations, acknowledged, syncs = await traced(data, sends, TEST_CONFIG)
    report(f"{acknowledged} acknowledgements after {syncs} syncs of the write-ahead log, {len(violations)} too early")
    assert acknowledged == sends
    assert violations == []


async def test_without_full_sync_the_check_sees_acknowledgements_overtake(data: Path, report: Report) -> None:
    violations, acknowledged, syncs = await traced(data, SENDS_SHORT, TEST_CONFIG + NORMAL)
    report(f"control: {len(violations)} of {acknowledged} too early, {syncs} syncs")
    assert len(violations) > acknowledged // 2
