"""`unisono chat`, `send` and `history` with the real SDK against a whole server."""

import asyncio
import io
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import pytest

from tests.support.operator_desk import TOKEN_SECRET, Desk, open_desk
from tests.unit.cli.commands import Outcome, run
from unisono.cli.chat import Chat, run_chat
from unisono.cli.failing import Exit, Failure, client_needed
from unisono.cli.reaching import Reach, logged_in, reach_from, this_device
from unisono.cli.terminal import PipeTerminal
from unisono.cli.transcript import Line
from unisono.config import load
from unisono.domain.ids import SessionId
from unisono.ports.wills import Will
from unisono.stores.sql.wills import SqlWills
from unisono_sdk import Client, Device, Unisono
from unisono_sdk import events as happened

T = TypeVar("T")


class Paper:
    """A terminal on paper: keeps what is shown, and types what the test says."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self._keys: asyncio.Queue[str | None] = asyncio.Queue(100)
        self._changed = asyncio.Event()

    def show(self, line: Line) -> None:
        self.shown.append("".join(text for _, text in line))
        self._changed.set()

    async def lines(self) -> AsyncIterator[str]:
        while (line := await self._keys.get()) is not None:
            yield line

    def type(self, *lines: str) -> None:
        for line in lines:
            self._keys.put_nowait(line)

    def leave(self) -> None:
        self._keys.put_nowait(None)

    async def sees(self, what: str) -> str:
        """Wait for a line that holds this."""
        async with asyncio.timeout(10):
            while True:
                found = next((line for line in self.shown if what in line), None)
                if found is not None:
                    return found
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


def reach(desk: Desk, user: str, device: str = "") -> Reach:
    return Reach(url=desk.url, user=user, token=None, device=this_device(device or user, "cli"))


@asynccontextmanager
async def chatting(desk: Desk, user: str, other: str, device: str = "") -> AsyncIterator[tuple[Paper, Client]]:
    """Chat while inside, and leave at the end."""
    paper = Paper()
    async with logged_in(reach(desk, user, device)) as client:
        conversation = await client.direct(other)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(Chat(client, conversation, paper).run())
            yield paper, client
            paper.leave()


@asynccontextmanager
async def somebody(desk: Desk, user: str) -> AsyncIterator[Client]:
    async with Unisono(desk.url) as unisono:
        yield await unisono.login(user=user, device=Device(platform="web", label="Firefox"))


async def first(events: AsyncIterator[object], kind: type[T]) -> AsyncIterator[T]:
    """Give the first event of a kind."""
    async for event in events:
        if isinstance(event, kind):
            yield event
            return


async def test_two_people_talk(desk: Desk) -> None:
    async with chatting(desk, "alice", "bob") as (alice, _), chatting(desk, "bob", "alice") as (bob, _):
        assert "nothing was said yet" in await alice.sees("nothing")
        alice.type("hello bob")
        assert (await alice.sees("hello bob"))[6:] == "you  hello bob"
        assert (await bob.sees("hello bob"))[6:] == "alice  hello bob"
        bob.type("hello yourself", "two lines?")
        await alice.sees("two lines?")
    assert [line[6:] for line in alice.shown if "hello" in line] == ["you  hello bob", "bob  hello yourself"]


async def test_history_stands_at_the_beginning_with_what_is_new_marked(desk: Desk) -> None:
    async with somebody(desk, "bob") as bob:
        conversation = await bob.direct("alice")
        for number in range(25):
            await conversation.send(f"message {number}")
        async with chatting(desk, "alice", "bob") as (paper, _):
            await paper.sees("message 24")
            assert not any("message 4" in line.split("  ")[-1:] for line in paper.shown)
            assert "── 20 new ──" in paper.shown
            paper.type("/history 3")
            assert await paper.sees("3 older")
            await paper.sees("back to now")
            older = paper.shown[paper.shown.index("── 3 older ──") : paper.shown.index("── back to now ──")]
            assert [line.split()[-1] for line in older if "message" in line] == ["2", "3", "4"]


async def test_what_was_shown_is_marked_as_read_for_all_sessions(desk: Desk) -> None:
    async with somebody(desk, "bob") as bob, somebody(desk, "alice") as other_session:
        conversation = await bob.direct("alice")
        moved = other_session.events()
        async with chatting(desk, "alice", "bob"), asyncio.timeout(10):
            await conversation.send("read this")
            marks = [event.seq async for event in first(moved, happened.ReadMoved)]
    assert marks == [2]


async def test_commands_say_where_one_is_and_with_whom(desk: Desk) -> None:
    async with chatting(desk, "alice", "bob") as (paper, client), somebody(desk, "alice") as other:
        await paper.sees("you logged in on Firefox (web)")
        paper.type("/sessions", "/who", "/help", "/nonsense", "/close no-such-session")
        assert (await paper.sees(client.session)).endswith("this one")
        assert "Firefox (web)  live" in await paper.sees(other.session)
        await paper.sees("── alice, bob")
        await paper.sees("/quit")
        await paper.sees("no such command: /nonsense")
        await paper.sees("/close: not found")
        paper.type(f"/close {other.session}")
        await paper.sees("one of your sessions ended: closed")


async def test_a_conversation_is_named_and_muted_from_within(desk: Desk) -> None:
    async with chatting(desk, "alice", "bob") as (paper, client):
        paper.type("/name tea", "/mute")
        await paper.sees("alice named this tea")
        async with asyncio.timeout(10):
            while not (await (await client.direct("bob")).refresh()).is_muted:
                await asyncio.sleep(0)
        paper.type("/unmute", "/name")
        await paper.sees("alice took the name away")
        assert not (await (await client.direct("bob")).refresh()).is_muted


async def test_a_will_is_left_and_dropped_from_within(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[str | None] = []
    leave, drop = SqlWills.leave, SqlWills.drop

    async def noted(wills: SqlWills, will: Will) -> None:
        left.append(will.message.content.text)
        await leave(wills, will)

    async def dropped(wills: SqlWills, session: SessionId) -> None:
        left.append(None)
        await drop(wills, session)

    monkeypatch.setattr(SqlWills, "leave", noted)
    monkeypatch.setattr(SqlWills, "drop", dropped)
    async with chatting(desk, "alice", "bob") as (paper, _):
        paper.type("/will gone for a moment")
        await paper.sees("said for you when")
        paper.type("/will")
        await paper.sees("nothing is said for you")
        assert left == ["gone for a moment", None]


async def test_quit_leaves_and_logs_out(desk: Desk) -> None:
    paper = Paper()
    async with logged_in(reach(desk, "alice")) as client:
        paper.type("last words", "/quit", "never sent")
        await Chat(client, await client.direct("bob"), paper).run()
    assert any("last words" in line for line in paper.shown)
    assert not any("never sent" in line for line in paper.shown)
    assert await desk.ask("GET", "/v1/users/alice/sessions") == (200, {"sessions": []})


async def test_a_session_closed_by_the_operator_ends_the_chat_with_the_reason(desk: Desk) -> None:
    paper = Paper()

    async def talk() -> None:
        async with logged_in(reach(desk, "alice")) as client:
            await Chat(client, await client.direct("bob"), paper).run()

    async with asyncio.TaskGroup() as tasks:
        talking = tasks.create_task(_failure_of(talk))
        await paper.sees("nothing was said")
        await desk.ask("DELETE", "/v1/users/alice/sessions")
    assert str(talking.result()).startswith("the session is over: the session was closed")


async def test_a_displaced_session_is_told_by_whom(tmp_path: Path) -> None:
    async with open_desk(tmp_path, UNISONO_SESSIONS__POLICY="easemob-single") as desk:
        paper = Paper()

        async def talk() -> None:
            async with logged_in(reach(desk, "alice", "old laptop")) as client:
                await Chat(client, await client.direct("bob"), paper).run()

        async with asyncio.TaskGroup() as tasks:
            talking = tasks.create_task(_failure_of(talk))
            await paper.sees("nothing was said")
            async with logged_in(reach(desk, "alice", "new laptop")):
                await paper.sees("displaced: new laptop (cli) took its place")
        assert isinstance(talking.result(), Failure)


async def test_messages_of_other_conversations_are_only_mentioned(desk: Desk) -> None:
    async with chatting(desk, "alice", "bob") as (paper, _), somebody(desk, "carol") as carol:
        await (await carol.direct("alice")).send("psst")
        await paper.sees("carol wrote to you in another conversation")
    assert not any("psst" in line for line in paper.shown)


async def test_a_message_that_cannot_be_sent_is_told_with_its_text(tmp_path: Path) -> None:
    async with (
        open_desk(tmp_path, UNISONO_QUOTAS__MESSAGE_BYTES="256") as desk,
        chatting(desk, "alice", "bob") as (paper, _),
    ):
        paper.type("x" * 300)
        assert "xxx" in await paper.sees("not sent")


# ---------------------------------------------------------------- send, history, pipes


async def command(desk: Desk, *words: str, stdin: str = "") -> Outcome:
    """Run it beside the server, in a thread: it has an event loop of its own."""
    return await asyncio.to_thread(run, *words, "--url", desk.url, stdin=stdin)


async def test_one_message_is_sent_and_read_back(desk: Desk) -> None:
    assert (await command(desk, "send", "--user", "alice", "--to", "bob", "hi")).out == "Sent to bob as number 2.\n"
    sent = (await command(desk, "send", "--user", "alice", "--to", "bob", "-", "--json", stdin="long\ntext\n")).json
    assert (sent["seq"], sent["content"]["text"], sent["sender"]) == (3, "long\ntext\n", "alice")
    told = await command(desk, "history", "--user", "bob", "--with", "alice")
    assert [line.split(maxsplit=1)[1] for line in told.out.splitlines()[1:3]] == ["alice  hi", "alice  long"]
    page = (await command(desk, "history", "--user", "bob", "--with", "alice", "--json", "--limit", "1")).json
    assert ([message["seq"] for message in page["messages"]], page["has_more"], page["trimmed"]) == ([3], True, False)
    older = (await command(desk, "history", "--user", "bob", "--with", "alice", "--json", "--before", "3")).json
    assert ([message["content"]["text"] for message in older["messages"]], older["has_more"]) == (["hi"], False)


async def test_messages_are_found_by_their_words(desk: Desk) -> None:
    for to, text in (("bob", "green tea"), ("cim", "black tea"), ("bob", "coffee")):
        await command(desk, "send", "--user", "alice", "--to", to, text)
    while not (await command(desk, "search", "--user", "alice", "coffee")).out:
        await asyncio.sleep(0.2)
    told = (await command(desk, "search", "--user", "alice", "tea")).out
    assert [line.split(", ", 1)[1] for line in told.splitlines()] == [
        "with cim: you  black tea",
        "with bob: you  green tea",
    ]
    page = (await command(desk, "search", "--user", "alice", "tea", "--limit", "1", "--json")).json
    assert [message["content"]["text"] for message in page["messages"]] == ["black tea"]
    last = (await command(desk, "search", "--user", "alice", "tea", "--after", page["next"], "--json")).json
    assert ([message["content"]["text"] for message in last["messages"]], last["next"]) == (["green tea"], None)
    assert (await command(desk, "search", "--user", "bob", "?!")).code == 1


async def test_a_send_with_a_name_happens_once(desk: Desk) -> None:
    words = ("send", "--user", "alice", "--to", "bob", "once", "--key", "order-17", "--json")
    assert (await command(desk, *words)).json["seq"] == (await command(desk, *words)).json["seq"]


async def test_sending_leaves_no_session_behind(desk: Desk) -> None:
    await command(desk, "send", "--user", "alice", "--to", "bob", "hi")
    assert (await desk.ask("GET", "/v1/users/alice/sessions"))[1] == {"sessions": []}


async def test_an_empty_message_is_wrong_usage(desk: Desk) -> None:
    told = await command(desk, "send", "--user", "alice", "--to", "bob", "  ")
    assert (told.code, "nothing to send" in told.err) == (Exit.USAGE, True)


async def test_a_chat_without_a_terminal_sends_what_comes_through_the_pipe(desk: Desk) -> None:
    told = await command(desk, "chat", "--user", "alice", "--to", "bob", stdin="one\n\ntwo\n")
    assert told.code == 0
    assert [line[6:] for line in told.out.splitlines() if "you" in line] == ["you  one", "you  two"]


async def test_several_names_make_a_group(desk: Desk) -> None:
    await command(desk, "chat", "--user", "alice", "--to", "bob", "--to", "carol", stdin="hello all\n")
    async with somebody(desk, "carol") as carol:
        (group,) = [conversation async for conversation in carol.conversations()]
        assert set((await group.refresh()).members) == {"alice", "bob", "carol"}


async def test_a_real_pipe_is_read_as_it_comes(desk: Desk) -> None:
    words = (sys.executable, "-m", "unisono", "chat", "--user", "alice", "--to", "bob", "--url", desk.url)
    async with somebody(desk, "bob") as bob, asyncio.timeout(30):
        heard = bob.messages()
        process = await asyncio.create_subprocess_exec(*words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(b"first\n")
            message = await anext(heard)
            assert message.text == "first"
            await message.conversation.send("answer")
            while b"bob  answer" not in await process.stdout.readline():
                pass
            process.stdin.write(b"second\n")
            process.stdin.close()
            assert b"you  second" in await process.stdout.read()
            assert await process.wait() == 0
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def test_a_server_that_lets_nobody_in_without_a_token_says_so(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "served", UNISONO_IDENTITY__KIND="jwt") as desk:
        nowhere = ("--data", str(tmp_path / "elsewhere"))
        told = await command(desk, "send", "--user", "alice", "--to", "bob", "hi", *nowhere)
        assert (told.code, "--token" in told.err) == (Exit.NOT_LET_IN, True)
        (tmp_path / "key").write_text(TOKEN_SECRET, encoding="utf-8")
        environment = {"UNISONO_IDENTITY__JWT__SECRET_FILE": str(tmp_path / "key")}
        words = ("send", "--user", "alice", "--to", "bob", "hi", "--url", desk.url)
        assert (await asyncio.to_thread(run, *words, environment=environment)).code == 0
        token = (await asyncio.to_thread(run, "token", "--user", "alice", environment=environment)).out.strip()
        assert (await command(desk, *words[:6], "--token", token, *nowhere)).code == 0
        other = await command(desk, "send", "--user", "bob", "--to", "alice", "hi", "--token", token, *nowhere)
        assert other.code == Exit.NOT_LET_IN


def test_a_server_that_does_not_answer_is_told(unused_tcp_port: int) -> None:
    told = run("send", "--user", "a", "--to", "b", "hi", "--url", f"http://127.0.0.1:{unused_tcp_port}")
    assert told.code == Exit.UNREACHABLE
    assert "unisono serve" in told.err


def test_an_address_that_is_none_is_wrong_usage() -> None:
    with pytest.raises(Failure) as caught:
        run_chat(reach_from(load(), url="nowhere", user="alice", token=None), ["bob"])
    assert caught.value.exit == Exit.USAGE


def test_without_the_sdk_it_says_how_to_get_it() -> None:
    with pytest.raises(Failure) as caught, client_needed():
        raise ModuleNotFoundError("No module named 'unisono_sdk'", name="unisono_sdk")
    assert "unisono_sdk" in str(caught.value)
    assert caught.value.hint == "pip install 'unisono[client]'"
    with pytest.raises(ModuleNotFoundError), client_needed():
        raise ModuleNotFoundError("a defect", name="unisono.cli.nothing")


def test_one_machine_is_one_device_unless_it_is_named() -> None:
    assert this_device(None, "cli").id == this_device(None, "cli").id
    assert this_device(None, "cli").id != this_device(None, "ios").id
    phone = this_device("phone", "ios")
    assert (phone.id, phone.label, phone.platform) == ("phone", "phone", "ios")


async def test_a_pipe_shows_plain_lines() -> None:
    target = io.StringIO()
    terminal = PipeTerminal(io.StringIO("a\nb\n"), target)
    terminal.show([("own", "x"), ("plain", "y")])
    assert target.getvalue() == "xy\n"
    assert [line async for line in terminal.lines()] == ["a", "b"]


async def _failure_of(work: Callable[[], Awaitable[None]]) -> Failure | None:
    try:
        await work()
    except Failure as failure:
        return failure
    return None
