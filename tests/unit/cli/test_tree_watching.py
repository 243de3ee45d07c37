"""`unisono sessions watch`: against a whole server, and against one that comes and goes."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.support.operator_desk import ADMIN_KEY, Desk, open_desk
from tests.unit.cli.commands import Outcome, run
from unisono.cli import operating, tree_watching
from unisono.cli.failing import Exit

WITHIN_S = 10.0
# Whoever runs the tests in the background has them ignore Ctrl-C, and what they start as well.
INTERRUPTIBLE = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "runpy.run_module('unisono', run_name='__main__', alter_sys=True)"
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


@pytest.mark.rows("D8", "E28")
async def test_the_tree_is_shown_anew_as_it_changes_until_it_is_interrupted(desk: Desk) -> None:
    words = ("sessions", "watch", "--user", "ann", "--url", desk.url, "--admin-key", ADMIN_KEY)
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", INTERRUPTIBLE, *words, "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert command.stdout is not None
    assert command.stderr is not None
    async with asyncio.timeout(WITHIN_S):
        assert json.loads(await command.stdout.readline()) == {"sessions": []}
        async with await desk.login("ann", "d1") as peer:
            (session,) = json.loads(await command.stdout.readline())["sessions"]
            assert (session["session"], session["state"]) == (peer.session, "live")
            await peer.ask("logout")
            assert json.loads(await command.stdout.readline()) == {"sessions": []}
        command.send_signal(signal.SIGINT)
        assert await command.wait() == 130
        assert (await command.stdout.read(), await command.stderr.read()) == (b"", b"")


def event(*tabs: str) -> bytes:
    session = {
        "session": "s1",
        "device": "d1",
        "shown": {"platform": "web"},
        "state": "live",
        "opened_at": 1,
        "seen_at": 1,
        "tabs": [{"tab": tab} for tab in tabs],
    }
    return b"event: sessions\ndata: %s\n\n" % json.dumps({"sessions": [session]}).encode()


def refusal(status: bytes, code: bytes, more: bytes = b"Retry-After: 1\r\n") -> bytes:
    return page(status, b'{"code":"%s","message":""}' % code, more)


def page(status: bytes, body: bytes = b"<html>", more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, more, len(body), body)


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[str]:
    """Give the URL of a server that gives these answers, one for each connection."""
    left = [*answers]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /v1/users/ann/tree ")
        writer.write(left.pop(0))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    assert left == []


async def watched(*answers: bytes) -> Outcome:
    """Watch a server that gives these answers."""
    async with answering(*answers) as url:
        words = ("sessions", "watch", "--user", "ann", "--url", url, "--admin-key", ADMIN_KEY)
        return await asyncio.to_thread(run, *words)


async def test_it_goes_on_when_the_server_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_watching, "PAUSE_S", 0.01)
    busy, unknown = refusal(b"503 Busy", b"draining"), refusal(b"401 Unauthorized", b"token_invalid")
    cut = event("t3")[:-9]
    told = await watched(HEAD + event("t1") + b":\n\n" + cut, b"", busy, HEAD + event("t2"), unknown)
    assert told.code == Exit.NOT_LET_IN
    assert [line.strip() for line in told.out.splitlines() if "tab" in line] == ["tab t1", "tab t2"]
    assert "heard" not in told.out
    lines = told.err.splitlines()
    assert lines[:2] == ["unisono: the server ended it; trying again"] * 2
    assert "admin key was not accepted" in lines[2]


async def test_a_proxy_that_says_the_server_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch was over at the first such answer, as each restart of a server behind a proxy gives some."""
    monkeypatch.setattr(tree_watching, "PAUSE_S", 0.01)
    away = [page(status) for status in (b"502 Bad Gateway", b"503 Service Unavailable", b"504 Gateway Timeout")]
    away.append(refusal(b"503 Unavailable", b"unavailable", b""))
    told = await watched(HEAD + event("t1"), *away, HEAD + event("t2"), page(b"500 Internal Server Error"))
    assert [line.strip() for line in told.out.splitlines() if "tab" in line] == ["tab t1", "tab t2"]
    assert (told.code, "status 500" in told.err) == (Exit.FAILED, True)


async def test_a_proxy_without_a_server_is_not_waited_for_in_the_first_place() -> None:
    told = await watched(page(b"502 Bad Gateway"))
    assert (told.code, "the server is away" in told.err) == (Exit.UNREACHABLE, True)


async def test_a_program_that_fails_is_no_server_that_is_away() -> None:
    """Its status is that of a proxy without a server, and so it was told as one that cannot be reached."""
    told = await watched(refusal(b"502 Bad Gateway", b"handler_failed", b""))
    assert (told.code, "away" in told.err) == (Exit.FAILED, False)


async def test_a_proxy_may_say_after_how_long_to_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done patiently was given up at the first such page."""
    pauses: list[float] = []
    monkeypatch.setattr(operating, "rest", pauses.append)
    busy, nothing = page(b"503 Busy", more=b"Retry-After: 7\r\n"), page(b"200 OK", b"{}")
    async with answering(busy, busy, nothing) as url:
        operator = operating.Operator(url, ADMIN_KEY)
        ask = partial(operator.ask, "GET", "users", "ann", "tree")
        assert await asyncio.to_thread(operating.patiently, ask) == {}
    assert pauses == [7, 7]
    told = await watched(busy)
    assert (told.code, "the server is away" in told.err) == (Exit.UNREACHABLE, True)


@pytest.mark.parametrize("said", ["data: {", "data: []", "data: {}"])
async def test_what_is_no_server_of_ours_is_told(said: str) -> None:
    told = await watched(HEAD + said.encode() + b"\n")
    assert (told.code, "no event of a Unisono server" in told.err) == (Exit.FAILED, True)


def test_a_server_that_is_not_there_is_not_waited_for() -> None:
    told = run("sessions", "watch", "--user", "ann", "--url", "http://127.0.0.1:1", "--admin-key", ADMIN_KEY)
    assert (told.code, told.out) == (Exit.UNREACHABLE, "")
