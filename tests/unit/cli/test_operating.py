"""`unisono sessions` against a whole server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.support.operator_desk import ADMIN_KEY, Desk, open_desk
from tests.unit.cli.commands import Outcome, run
from unisono.cli.failing import Exit


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


async def sessions(desk: Desk, *words: str, key: str = ADMIN_KEY) -> Outcome:
    """Run it beside the server, which answers from this event loop."""
    return await asyncio.to_thread(run, "sessions", *words, "--url", desk.url, "--admin-key", key)


async def test_sessions_are_shown_below_their_devices(desk: Desk) -> None:
    async with (
        await desk.login("alice", "d1", platform="ios", label="My [bold]phone\x1b[2J") as phone,
        await desk.login("alice", "d2") as laptop,
    ):
        told = await sessions(desk, "list", "--user", "alice")
    lines = told.out.splitlines()
    assert lines[0] == "alice  2 devices, 2 sessions"
    assert lines[1] == "  My [bold]phone�[2J (ios)  device d1"
    assert lines[2].startswith(f"    {phone.session}  live      since just now · heard just now · 127.0.0.1")
    assert lines[3] == "  web  device d2"
    assert lines[4].startswith(f"    {laptop.session}  live")


async def test_a_session_is_shown_with_its_tabs_and_what_it_says_of_itself(desk: Desk) -> None:
    async with await desk.login("alice", "d1", info='{"build": [7]}') as browser:
        tabs = [{"tab": "t1", "label": "Inbox [2]", "since": 1}, {"tab": "t2"}]
        await browser.ask("tabs", tabs=tabs)
        lines = (await sessions(desk, "list", "--user", "alice")).out.splitlines()
        assert lines[3] == '      info {"build": [7]}'
        assert lines[4].startswith("      tab t1  Inbox [2]  since 1970-01-01 ")
        assert lines[5:] == ["      tab t2"]
        told = await sessions(
            desk, "close", "--user", "alice", "--session", browser.session, "--tab", "t2", "--why", "enough"
        )
        assert told.out == "Told one tab of alice to go.\n"
        frame = await browser.socket.receive_json()
        while frame.get("event", {}).get("kind") != "tab_closed":
            frame = await browser.socket.receive_json()
        assert (frame["event"]["tab"], frame["event"]["why"]) == ("t2", "enough")


async def test_sessions_are_listed_as_json(desk: Desk) -> None:
    async with await desk.login("alice", "d1") as peer:
        told = await sessions(desk, "list", "--user", "alice", "--json")
    assert [session["session"] for session in told.json["sessions"]] == [peer.session]


async def test_all_pages_of_a_long_list_are_shown(desk: Desk) -> None:
    async with AsyncExitStack() as logins:
        peers = [await logins.enter_async_context(await desk.login("alice", "d1", info="x" * 4096)) for _ in range(40)]
        told = await sessions(desk, "list", "--user", "alice", "--json")
    assert {session["session"] for session in told.json["sessions"]} == {peer.session for peer in peers}


async def test_a_user_without_sessions_is_told_so(desk: Desk) -> None:
    assert (await sessions(desk, "list", "--user", "nobody")).out == "nobody has no sessions.\n"


async def test_a_session_a_device_or_everything_is_closed(desk: Desk) -> None:
    async with (
        await desk.login("alice", "d1") as first,
        await desk.login("alice", "d2") as second,
        await desk.login("alice", "d3") as third,
    ):
        told = await sessions(desk, "close", "--user", "alice", "--session", first.session)
        assert (told.code, told.out) == (0, "Closed 1 session of alice.\n")
        assert (await sessions(desk, "close", "--user", "alice", "--device", "d2", "--json")).json == {"closed": 1}
        assert (await sessions(desk, "close", "--user", "alice", "--all")).code == 0
        assert [(await peer.ended())[0] for peer in (first, second, third)] == [4431, 4431, 4431]
    assert (await sessions(desk, "close", "--user", "alice", "--all")).out == "Closed 0 sessions of alice.\n"


async def test_closing_needs_to_know_what(desk: Desk) -> None:
    for words in ((), ("--all", "--device", "d1"), ("--tab", "t1"), ("--device", "d1", "--tab", "t1")):
        told = await sessions(desk, "close", "--user", "alice", *words)
        assert (told.code, "say which" in told.err) == (Exit.USAGE, True)


async def test_what_is_not_there_cannot_be_closed(desk: Desk) -> None:
    told = await sessions(desk, "close", "--user", "alice", "--session", "none")
    assert (told.code, told.err) == (Exit.NOT_FOUND, "unisono: not found\n")


async def test_a_wrong_admin_key_is_told(desk: Desk) -> None:
    told = await sessions(desk, "list", "--user", "alice", key="wrong")
    assert (told.code, "not accepted" in told.err) == (Exit.NOT_LET_IN, True)


async def test_the_admin_key_is_found_in_the_data_directory(tmp_path: Path) -> None:
    async with open_desk(tmp_path, UNISONO_ADMIN__KEYS="") as desk:
        words = ("sessions", "list", "--user", "alice", "--url", desk.url, "--data", str(tmp_path))
        assert (await asyncio.to_thread(run, *words)).code == 0


def test_a_server_that_does_not_answer_is_told(unused_tcp_port: int) -> None:
    words = ("--url", f"http://127.0.0.1:{unused_tcp_port}", "--admin-key", "k")
    told = run("sessions", "list", "--user", "alice", *words)
    assert told.code == Exit.UNREACHABLE
    assert "Connection refused" in told.err
    assert "unisono serve" in told.err


async def test_something_else_that_answers_is_told() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 418 I'm a teapot\r\nContent-Length: 2\r\n\r\nhi")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        words = ("--url", f"http://127.0.0.1:{port}", "--admin-key", "k")
        told = await asyncio.to_thread(run, "sessions", "list", "--user", "alice", *words)
    assert told.code == Exit.FAILED
    assert "status 418" in told.err


async def test_something_is_told_to_sessions_of_a_user(desk: Desk) -> None:
    async with await desk.login("alice", "d1") as phone, await desk.login("alice", "d2"):
        told = await sessions(desk, "tell", "--user", "alice", "--device", "d1", "cart", '{"items": 3}')
        assert told.out == "Told 1 session; 0 without a connection heard nothing.\n"
        frame = await phone.socket.receive_json()
        while frame["is"] != "event":
            frame = await phone.socket.receive_json()
        assert (frame["event"]["name"], frame["event"]["data"]) == ("cart", {"items": 3})
        told = await sessions(desk, "tell", "--user", "alice", "cart", "--json")
        assert told.json == {"kind": "addressed", "live": 2, "away": 0}
        told = await sessions(desk, "tell", "--user", "alice", "cart", "no json")
        assert told.code == Exit.USAGE
        told = await sessions(desk, "tell", "--user", "alice", "--session", "none", "cart")
        assert told.code == Exit.NOT_FOUND
