"""A client against a server that does what the test says: logging in, sending, receiving, being told no."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from tests.sdk.conftest import within
from tests.sdk.fake_server import FakeServer, Frame, Hush, Peer, Refuse
from unisono_sdk import (
    ClientClosed,
    Device,
    InvalidArgument,
    LimitReached,
    Limits,
    LinkDown,
    Message,
    NotLetIn,
    Overflow,
    ProtocolFault,
    Unavailable,
    Unisono,
    events,
)

Connect = Callable[..., Unisono]


@pytest.mark.parametrize("codec", ["json", "msgpack"])
async def test_a_login_says_who_and_where_and_a_send_gives_the_placed_message(
    server: FakeServer, connect: Connect, codec: str
) -> None:
    async with connect(codec=codec) as unisono:
        device = Device(platform="kiosk", label="Hall", info='{"floor":2}')
        client = await unisono.login(user="me", token="t", device=device, tag="Mobile", tab="tab-7")
        sent = await client.conversation("1").send("hello")
        assert (sent.seq, sent.text, sent.is_mine, sent.is_from_here) == (2, "hello", True, True)
        assert (client.user, client.tab, client.tag) == ("me", "tab-7", "Mobile")
    login = server.requests("login")[0]
    assert login["device"] == {"id": client.device.id, "platform": "kiosk", "label": "Hall", "info": '{"floor":2}'}
    assert (login["user"], login["token"], login["tag"], login["tab"]) == ("me", "t", "Mobile", "tab-7")
    assert client.session == login["login"]


@pytest.mark.rows("L42")
async def test_the_same_user_twice_is_the_very_same_client(server: FakeServer, connect: Connect) -> None:
    async with connect() as unisono:
        first, second = await asyncio.gather(unisono.login(user="me"), unisono.login(user="me"))
        assert first is second
        assert await unisono.login(user="me") is first
        assert await unisono.login(user="me", tag="other") is not first
        await first.close()
        assert await unisono.login(user="me") is not first
    assert server.logins == 2


@pytest.mark.rows("S3", "S4", "S6", "E31")
async def test_tab_and_login_ids_are_random_unless_the_tab_is_chosen(server: FakeServer, connect: Connect) -> None:
    async with connect() as unisono, connect() as other:
        clients = [
            await unisono.login(user="me"),
            await unisono.login(user="me", tag="x"),
            await other.login(user="me"),
        ]
        assert len({client.tab for client in clients}) == 3
        assert len({login["login"] for login in server.requests("login")}) == 3
        assert (await unisono.login(user="me", tab="mine")).tab == "mine"


@pytest.mark.rows("E19", "E21", "E22", "E25")
async def test_a_device_id_is_fixed_unless_it_is_to_be_random(server: FakeServer, connect: Connect) -> None:
    async with connect() as unisono, connect(fixed_device_id=False) as random:
        fixed = [await unisono.login(user="me"), await unisono.login(user="me", tag="x")]
        free = [await random.login(user="me"), await random.login(user="me", tag="x")]
    assert len({client.device.id for client in fixed}) == 1
    assert len({client.device.id for client in free}) == 2


@pytest.mark.rows("E46", "E48", "L31", "L35")
async def test_every_handler_hears_and_a_failing_one_disturbs_nobody(
    server: FakeServer, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def fail(message: Message) -> None:
        raise ValueError("handler")

    async def fail_later(message: Message) -> None:
        raise ValueError("later")

    async with connect() as unisono:
        client = await unisono.login(user="me")
        off = client.on("message", fail)
        client.on("message", fail_later)
        client.on("message", lambda message: heard.append(f"one {message.text} {message.conversation.id}"))
        client.conversation("1").on("message", lambda message: heard.append("here"))
        client.conversation("2").on("message", lambda message: heard.append("elsewhere"))
        await client.conversation("1").send("a")
        off()
        await client.conversation("1").send("b")
    assert heard == ["one a 1", "here", "one b 1", "here"]
    assert [record.message for record in caplog.records if record.levelno == logging.ERROR] == [
        "event=handler_failed name=message"
    ] * 3
    with pytest.raises(InvalidArgument):
        client.on("mesage", fail)


async def test_async_handlers_run_one_event_after_the_other_and_can_send(server: FakeServer, connect: Connect) -> None:
    answered: list[str] = []
    done = asyncio.Event()
    async with connect() as unisono:
        client = await unisono.login(user="me")
        peer = await server.peer()

        async def answer(message: Message) -> None:
            if not message.is_mine:
                answered.append((await message.conversation.send(f"re {message.text}")).text or "")
            if len(answered) == 2:
                done.set()

        client.on("message", answer)
        await peer.push(server.message("a"))
        await peer.push(server.message("b"))
        await within(done.wait())
    assert answered == ["re a", "re b"]


async def test_iterators_are_independent_and_a_slow_one_is_told_what_it_lost(
    server: FakeServer, connect: Connect
) -> None:
    async with connect(limits=Limits(events=2)) as unisono:
        client = await unisono.login(user="me")
        slow, fast = client.messages(), client.conversation("1").messages()
        for text in "abcd":
            await client.conversation("1").send(text)
            assert (await within(anext(fast))).text == text
        assert [(await anext(slow)).text, (await anext(slow)).text] == ["a", "b"]
        with pytest.raises(Overflow) as caught:
            await anext(slow)
        assert caught.value.numbers == {"lost": 2}
        with pytest.raises(StopAsyncIteration):
            await anext(slow)
        await client.close()
        assert [message async for message in fast] == []


async def test_duplicates_are_dropped_and_gaps_are_read(server: FakeServer, connect: Connect) -> None:
    async with connect() as unisono:
        client = await unisono.login(user="me")
        peer, messages = await server.peer(), client.messages()
        first, lost, third = server.message("1"), server.message("2"), server.message("3")
        for frame in (first, first, third, third, lost):
            await peer.push(frame)
        assert [(await within(anext(messages))).text for _ in range(3)] == ["1", "2", "3"]
        await peer.push(server.message("4"))
        assert (await within(anext(messages))).text == "4"
        assert client.positions["c/1"].seq == 5
        assert client.checkpoint == server.checkpoint


async def test_a_gap_that_cannot_be_read_is_a_start_over_with_its_range(server: FakeServer, connect: Connect) -> None:
    def refuse(_: Peer, command: Frame) -> None:
        if command["stream"] == "c/1":
            raise Refuse("not_found")

    async with connect() as unisono:
        client = await unisono.login(user="me")
        peer, happened = await server.peer(), client.events()
        server.hooks["read"] = refuse
        server.message("lost")
        await peer.push(server.message("seen"))
        start_over = await within(anext(happened))
        assert isinstance(start_over, events.StartOver)
        assert (start_over.stream, start_over.first, start_over.until) == ("c/1", 2, 3)
        assert start_over.conversation is client.conversation("1")


@pytest.mark.parametrize(
    ("code", "kind"), [("token_invalid", NotLetIn), ("overloaded", Unavailable), ("limit_reached", LimitReached)]
)
async def test_a_login_that_is_refused_raises_what_the_server_said(
    server: FakeServer, connect: Connect, code: str, kind: type[Exception]
) -> None:
    def refuse(peer: Peer, _: Frame) -> None:
        raise Refuse(code, numbers={"limit": 4})

    server.hooks["login"] = refuse
    async with connect() as unisono:
        login = asyncio.ensure_future(unisono.login(user="me", token="t"))
        peer = await server.peer()
        while not server.requests("login"):
            await asyncio.sleep(0)
        await peer.socket.close(4000)
        with pytest.raises(kind) as caught:
            await within(login)
    assert (caught.value.code, caught.value.numbers) == (code, {"limit": 4})  # type: ignore[attr-defined]
    assert server.logins == 0


async def test_without_a_server_a_login_fails_at_once(server: FakeServer, connect: Connect) -> None:
    await server.stop()
    async with connect() as unisono:
        with pytest.raises(LinkDown, match="no connection"):
            await unisono.login(user="me")
        await server.start()
        assert (await unisono.login(user="me")).is_live


async def test_a_lost_login_is_repeated_under_its_name(server: FakeServer, connect: Connect) -> None:
    def lose_once(peer: Peer, _: Frame) -> None:
        if len(server.requests("login")) == 1:
            peer.cut()
            raise Hush

    server.hooks["login"] = lose_once
    async with connect() as unisono:
        await unisono.login(user="me")
    first, second = server.requests("login")
    assert first["login"] == second["login"]


async def test_a_change_whose_answer_is_lost_is_repeated_under_its_key(server: FakeServer, connect: Connect) -> None:
    """It used to have none, and an increase was done twice."""

    def lose_once(peer: Peer, _: Frame) -> Frame:
        if len(server.requests("update")) == 1:
            peer.cut()
            raise Hush
        times = {"created_at": 1, "updated_at": 1, "epoch": 1, "head": 1, "read": 0}
        return {"kind": "conversation", "conversation": "c1", "of": "group", "creator": "me", **times}

    server.hooks["update"] = lose_once
    async with connect() as unisono:
        client = await unisono.login(user="me")
        changing = asyncio.ensure_future(client.conversation("c1").update(amend={"attr.votes": {"do": "increase"}}))
        while not unisono.retry():
            await asyncio.sleep(0)
        await within(changing)
        await client.conversation("c1").set_name("x")
    first, second, other = server.requests("update")
    assert first["key"] == second["key"] != other["key"]


async def test_a_token_is_asked_for_again_when_it_is_not_good_any_more(server: FakeServer, connect: Connect) -> None:
    tokens = iter(["old", "new"])

    def expired(peer: Peer, command: Frame) -> None:
        if command["token"] == "old":
            raise Refuse("token_expired")

    async def provide(_: str) -> str:
        return next(tokens)

    server.hooks["login"] = expired
    async with connect() as unisono:
        login = asyncio.ensure_future(unisono.login(user="me", token=provide))
        peer = await server.peer()
        while not server.requests("login"):
            await asyncio.sleep(0)
        await peer.socket.close(4403)
        client = await within(login)
        assert client.is_live
    assert [login["token"] for login in server.requests("login")] == ["old", "new"]


@pytest.mark.rows("E34")
async def test_other_sessions_are_exactly_the_others(server: FakeServer, connect: Connect) -> None:
    async with connect() as unisono:
        client = await unisono.login(user="me")
        assert {view.session for view in await client.sessions()} == {"other", client.session}
        assert [view.session for view in await client.other_sessions()] == ["other"]


async def test_sessions_are_listed_to_the_last_page(server: FakeServer, connect: Connect) -> None:
    def paged(_: Peer, command: Frame) -> Frame:
        number = int(command.get("after", "0"))
        view = {"session": f"s{number}", "device": "d", "shown": {"platform": "web"}, "state": "live"}
        more = {"next": str(number + 1)} if number < 2 else {}
        return {"kind": "sessions", "sessions": [{**view, "opened_at": 1, "seen_at": 1}], **more}

    server.hooks["sessions"] = paged
    async with connect() as unisono:
        client = await unisono.login(user="me")
        assert [view.session for view in await client.sessions()] == ["s0", "s1", "s2"]


async def test_an_answer_of_another_kind_is_a_fault(server: FakeServer, connect: Connect) -> None:
    server.hooks["sessions"] = lambda _, __: {"kind": "done"}
    async with connect() as unisono:
        client = await unisono.login(user="me")
        with pytest.raises(ProtocolFault):
            await client.sessions()


@pytest.mark.rows("L250")
async def test_after_a_logout_the_client_is_over_and_another_account_can_be_used(
    server: FakeServer, connect: Connect
) -> None:
    closed: list[str] = []
    async with connect() as unisono:
        client = await unisono.login(user="me")
        client.on("closed", lambda event: closed.append(event.code))
        await client.logout()
        assert client.is_closed
        with pytest.raises(ClientClosed):
            await client.sessions()
        server.user = "other"
        assert (await unisono.login(user="other")).user == "other"
    assert closed == ["client_closed"]
    assert server.ops("sync", "read") == ["login", "logout", "login"]


async def test_the_programs_own_error_leaves_as_it_is(server: FakeServer, connect: Connect) -> None:
    with pytest.raises(ZeroDivisionError):
        await _fail_inside(connect())
    with pytest.raises(InvalidArgument, match="context manager"):
        await connect().login(user="me")
    with pytest.raises(InvalidArgument):
        Unisono("ftp://x")
    with pytest.raises(InvalidArgument):
        Unisono("ws://x", codec="xml")  # type: ignore[arg-type]


async def _fail_inside(unisono: Unisono) -> None:
    async with unisono:
        await unisono.login(user="me")
        raise ZeroDivisionError
