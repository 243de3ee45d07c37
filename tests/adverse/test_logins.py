"""Logins that collide, tabs that die in the middle of a word, and coming back after a long absence."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from tests.support.crowd import NOWHERE, create, gathered, read_stream
from tests.support.figures import Report
from tests.support.follower import Frame
from tests.support.raw_socket import RawSocket
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.adverse

MISSED_SHORT = 10_000
MISSED_FULL = 100_000
CATCH_UP_MAX_S = 20.0


def login(login_id: str, attempt: int | None = None) -> str:
    """Write a login of ann."""
    device = {"id": "ann's laptop", "platform": "web"}
    do = {"op": "login", "login": login_id, "user": "ann", "device": device} | ({"fence": attempt} if attempt else {})
    return json.dumps({"id": 1, "do": do})


async def first_frame(socket: RawSocket) -> Frame:
    """Give the next frame."""
    async with asyncio.timeout(10):
        _, payload = await socket.frames.get()
    frame: Frame = json.loads(payload)
    return frame


async def test_two_logins_at_once_with_one_id_are_one_session_on_one_link(data: Path) -> None:
    async with ServerProcess(data) as server, gathered(server.port) as crowd:
        (watcher,) = crowd.add("ann", platform="ios")
        await crowd.wait_live()
        for turn in range(20):
            sockets = [await RawSocket.connect(server.port) for _ in range(2)]
            for socket in sockets:
                socket.send_text(login(f"the very same {turn}"))
            async with asyncio.timeout(10):
                done, _ = await asyncio.wait([socket.closed for socket in sockets], return_when="FIRST_COMPLETED")
            assert len(done) == 1, "one of them carries the session"
            assert done.pop().result() == 4433
            sessions = (await watcher.ask({"op": "sessions"}))["sessions"]
            assert [view["session"] for view in sessions[1:]] == [f"the very same {past}" for past in range(turn + 1)]
            for socket in sockets:
                socket.abort()
        facts = [placed["fact"] for placed in await read_stream(watcher, "u/ann")]
        assert sum(fact["kind"] == "session_opened" for fact in facts) == 21
        server.assert_clean_log()


async def answer_to_login(port: int, login_id: str, attempt: int) -> str:
    """Log in and give what comes of it: `welcome` or an error code."""
    living = await RawSocket.connect(port)
    living.send_text(login(login_id, attempt))
    frame = await first_frame(living)
    living.abort()
    return str(frame["answer"]["kind"] if "answer" in frame else frame["code"])


async def test_a_login_whose_tab_dies_holds_up_nobody(data: Path) -> None:
    async with ServerProcess(data) as server:
        for turn in range(20):
            dying = await RawSocket.connect(server.port)
            dying.send_text(login(f"login of turn {turn}", 1))
            dying.abort()
            answers = [await answer_to_login(server.port, f"login of turn {turn}", attempt) for attempt in (2, 3)]
            assert answers == ["welcome", "welcome"]
        server.assert_clean_log()


async def test_a_tab_closed_in_the_middle_of_sending_leaves_each_message_once(data: Path) -> None:
    async with ServerProcess(data) as server, gathered(server.port, seed=8) as crowd:
        dying, other_tab = crowd.add("ann", 2)
        (bob,) = crowd.add("bob", 1)
        await crowd.wait_live()
        room = await create(other_tab, ("ann", "bob"), "room")
        for turn in range(20):
            resumes = dying.resumes
            for number in range(5):
                dying.post(room, f"message {turn} {number}", f"k{turn} {number}")
            dying.cut()
            other_tab.post(room, f"message {turn} 0", f"k{turn} 0")
            await dying.wait_until(lambda before=resumes: dying.resumes > before)  # type: ignore[misc]
        await crowd.hush()
        verdict = await crowd.verdict()
        verdict.assert_clean()
        assert sum(seen.stream == f"c/{room}" for seen in bob.follower.log.seen) == 1 + 20 * 5
        server.assert_clean_log()


@pytest.mark.rows("E4")
@pytest.mark.timeout(600)
async def test_who_missed_ten_thousand_messages_gets_them_all_in_order(
    data: Path, is_full: bool, report: Report
) -> None:
    missed = MISSED_FULL if is_full else MISSED_SHORT
    async with ServerProcess(data) as server, gathered(server.port) as crowd:
        absent, _ = crowd.add("bob", 2)
        senders = crowd.add("ann", 4, follows=False)
        await crowd.wait_live()
        room = await create(senders[0], ("ann", "bob"), "room")
        await absent.wait_until(lambda: absent.follower.seq(f"c/{room}") == 1)
        checkpoint = absent.follower.checkpoint
        absent.port = NOWHERE
        absent.cut()
        begun_s = time.monotonic()
        for number in range(missed):
            senders[number % 4].post(room, f"message {number}", f"k{number}")
        await crowd.wait_until(lambda: not any(sender.unacknowledged for sender in senders), 300)
        sent_s = time.monotonic() - begun_s
        absent.port, begun_s = server.port, time.monotonic()
        await absent.wait_until(lambda: absent.follower.seq(f"c/{room}") == missed + 1, 120)
        caught_up_s = time.monotonic() - begun_s
        for sender in senders:
            sender.follower.log.is_whole = False
        verdict = await crowd.verdict()
        server.assert_clean_log()
    report(f"{missed} sends took {sent_s:.1f} s, catching up {caught_up_s:.2f} s from checkpoint {checkpoint}")
    verdict.assert_clean()
    assert absent.follower.log.is_whole
    assert (absent.logins, absent.resumes) == (1, 1)
    assert caught_up_s < CATCH_UP_MAX_S * missed / MISSED_SHORT
