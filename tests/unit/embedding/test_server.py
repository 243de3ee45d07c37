"""The server within a program: its beginning and end, and what the program does on it."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import unisono
from unisono import Asker, Content, NoAnswer, Refused, Server
from unisono.config import ConfigError
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView
from unisono.domain.errors import Invalid, Malformed, NotFound, TooLarge
from unisono.domain.ids import ConversationId, Json, SendKey
from unisono.settings import Settings
from unisono_sdk import Client, SessionMessage, Unisono
from unisono_sdk import Refused as RefusedHere


def server_in(folder: Path) -> Server:
    return Server(data_dir=str(folder), server={"port": 0}, identity={"kind": "dev"}, log=io.StringIO())


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with server_in(tmp_path) as running:
        yield running


@pytest.fixture
async def ann(server: Server) -> AsyncIterator[Client]:
    async with Unisono(server.url) as entrance:
        yield await entrance.login(user="ann")


async def test_it_runs_while_inside_once_at_a_time_and_again(tmp_path: Path) -> None:
    server = server_in(tmp_path)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            _ = server.url
        async with server:
            assert server.url == f"http://127.0.0.1:{server.port}"
            with pytest.raises(RuntimeError):
                await server.__aenter__()
            async with Unisono(server.url) as entrance:
                await entrance.login(user="ann")
    await server.__aexit__()


def test_settings_come_from_a_file_and_from_keywords_over_it(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text("[server]\nport = 1\n[limits]\nheartbeat_s = 9\n")
    settings = Server(file, server={"port": 2})._settings
    assert (settings.server.port, settings.limits.heartbeat_s) == (2, 9)
    assert Server(Settings())._settings == Settings()
    with pytest.raises(ConfigError, match="did you mean"):
        Server(server={"prot": 2})
    with pytest.raises(TypeError):
        Server(Settings(), server={"port": 2})
    with pytest.raises(AttributeError):
        _ = unisono.Sever


async def test_slow_answers_hold_up_nothing_else(tmp_path: Path) -> None:
    """64 of them used to let a session send nothing until one was given."""
    server, done = server_in(tmp_path), asyncio.Event()

    @server.on_request("slow")
    async def slow(_: Asker, __: Json) -> None:
        await done.wait()

    async with server, Unisono(server.url) as entrance:
        ann = await entrance.login(user="ann")
        asked = [asyncio.ensure_future(ann.ask("slow")) for _ in range(64)]
        await (await ann.direct("bob")).send("Hi!")
        done.set()
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert [getattr(each, "code", "answered") for each in outcomes] == ["answered"] * 16 + ["overloaded"] * 48


@pytest.mark.rows("S10", "S11", "S15", "S16")
async def test_sessions_of_a_user_are_seen_told_and_ended(server: Server, ann: Client) -> None:
    async with Unisono(server.url) as entrance:
        phone = await entrance.login(user="ann")
        assert server.users() == ["ann"]
        assert [view.session for view in await server.sessions("ann")] == [ann.session, phone.session]
        heard = [ann.events(), phone.events()]
        assert (await server.tell("ann", "cart", [1], priority="high")).live == 2
        assert (await server.tell("nobody", "cart")).live == 0
        for each in heard:
            assert (await anext(each)).data == [1]  # type: ignore[union-attr]  # it is what was told
        await server.tell("ann", content=Content(text="Hi!"), session=phone.session)
        message = await anext(heard[1])
        assert isinstance(message, SessionMessage)
        assert (message.text, message.sender) == ("Hi!", None)
        await server.close_session("ann", phone.session)
        assert await server.close_device("ann", phone.device.id) == 0
        assert await server.close_all("ann") == 1
        assert await server.sessions("ann") == []
        with pytest.raises(NotFound):
            await server.close_session("ann", "none")
        with pytest.raises(NotFound):
            await server.close_tab("ann", phone.session, "none")


async def test_what_could_not_have_come_over_the_wire_is_refused(server: Server) -> None:
    with pytest.raises(Invalid):
        await server.tell("", "cart")
    with pytest.raises(Invalid):
        await server.tell("ann", "x" * 65)
    with pytest.raises(Invalid):
        await server.tell("ann", "cart", platform="No Platform")
    with pytest.raises(Malformed):
        await server.tell("ann", "cart", object())
    with pytest.raises(TooLarge):
        await server.tell("ann", "cart", "x" * 20_000)
    for timeout_s in (0, 61):
        with pytest.raises(Invalid):
            await server.ask("ann", "s", "where", timeout_s=timeout_s)
    with pytest.raises(NotFound):
        await server.ask("ann", "s", "where")
    with pytest.raises(Malformed):
        await server.ask("ann", "s", "where", float("nan"))


async def test_the_program_acts_for_users_and_as_the_operator(server: Server, ann: Client) -> None:
    made = await server.on_behalf("bob", c.CreateConversation(SendKey("k"), of="direct", members=("ann",)))  # type: ignore[arg-type]
    assert isinstance(made, ConversationView)
    messages = ann.messages()
    places = [await server.send("bob", made.conversation, "Hello!", key="once") for _ in range(2)]
    assert places[0].seq == places[1].seq
    await server.send("bob", made.conversation, Content(type=7, data={"n": 1}))
    texts = [(await anext(messages)).text for _ in range(2)]
    assert texts == ["Hello!", None]
    seen = await server.operate(c.GetConversation(made.conversation))
    assert isinstance(seen, ConversationView)
    with pytest.raises(NotFound):
        await server.on_behalf("carl", c.GetConversation(made.conversation))
    with pytest.raises(NotFound):
        await server.operate(c.Dissolve(ConversationId("0" * 24)))


async def test_requests_go_both_ways(tmp_path: Path) -> None:
    server = server_in(tmp_path)

    @server.on_request("twice")
    async def twice(asker: Asker, data: Json) -> Json:
        if not isinstance(data, int):
            raise Refused(reason="no number")
        return [asker.user, asker.session, data * 2]

    async with server, Unisono(server.url) as entrance:
        ann = await entrance.login(user="ann", tab="t1")
        assert await ann.ask("twice", 21) == ["ann", ann.session, 42]
        with pytest.raises(RefusedHere, match="no number") as refused:
            await ann.ask("twice", "x", timeout_s=5)
        assert refused.value.code == "refused"

        @ann.on_ask("where")
        async def where(data: Json) -> Json:
            return {"at": data}

        @ann.on_ask("broken")
        async def broken(_: Json) -> Json:
            raise ValueError("a secret of the client")

        @ann.on_ask("never")
        async def never(_: Json) -> Json:
            return await asyncio.Event().wait()

        assert await server.ask("ann", ann.session, "where", "home", tab="t1") == {"at": "home"}
        for name, reason in (("broken", "handler_failed"), ("none", "no_handler")):
            with pytest.raises(Refused, match=reason):
                await server.ask("ann", ann.session, name)
        for name, tab in (("never", None), ("where", "another")):
            with pytest.raises(NoAnswer):
                await server.ask("ann", ann.session, name, tab=tab, timeout_s=0.2)
