"""Two functions of the program, one for tokens, one for grants: each is called for its own, what it raises arrives."""

import ast
import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

import unisono_sdk
from tests.sdk.conftest import within
from tests.sdk.fake_server import FakeServer, Frame, Hush, Peer, Refuse
from tests.sdk.manual_clock import ManualClock
from unisono_sdk import GrantRequest, InvalidArgument, NotGranted, NotLetIn, TimedOut, Unisono

Connect = Callable[..., Unisono]
VIEW = {"kind": "conversation", "conversation": "1", "of": "group", "creator": "me", "created_at": 1, "updated_at": 1}
VIEW |= {"epoch": 1, "head": 1, "read": 0}
MEMBERSHIP = {"kind": "membership", "conversation": "1", "members": ["me"]}
DONE = {"kind": "done"}


@pytest.fixture(autouse=True)
def willing(server: FakeServer) -> None:
    """Let the server do all that takes a grant."""
    server.hooks["create"] = lambda _, __: VIEW
    for op in ("add", "remove", "join", "quit"):
        server.hooks[op] = lambda _, __: MEMBERSHIP
    for op in ("restrict", "enter"):
        server.hooks[op] = lambda _, __: DONE


class Backend:
    """A program's own server: notes what it is asked for."""

    def __init__(self) -> None:
        self.users: list[str] = []
        self.requests: list[GrantRequest] = []

    def token(self, user: str) -> str:
        self.users.append(user)
        return f"token of {user}"

    async def grant(self, request: GrantRequest) -> str:
        await asyncio.sleep(0)
        self.requests.append(request)
        return f"grant {len(self.requests)}"


def request(action: str, conversation: str | None, *members: str) -> GrantRequest:
    return GrantRequest(action=action, user="me", conversation=conversation, members=members)  # type: ignore[arg-type]


@pytest.mark.rows("L253", "L254", "L255", "L258")
async def test_each_function_is_called_for_its_own_operations(server: FakeServer, connect: Connect) -> None:
    backend = Backend()
    async with connect() as unisono:
        client = await unisono.login(user="me", token=backend.token, grants=backend.grant)
        assert (backend.users, backend.requests) == (["me"], [])
        group = await client.create(["zoe", "bob", "me"])
        await group.add("dan", "cat")
        await group.remove("cat")
        await group.block("dan")
        await group.join()
        await client.room("2").enter()
        assert backend.users == ["me"]
        assert backend.requests == [
            request("create", None, "bob", "zoe"),
            request("add", "1", "cat", "dan"),
            request("remove", "1", "cat"),
            request("remove", "1", "dan"),
            request("join", "1"),
            request("join", "2"),
        ]
    assert server.requests("login")[0]["token"] == "token of me"
    ops = ("create", "add", "remove", "restrict", "join", "enter")
    assert [server.requests(op)[0]["grant"] for op in ops] == [f"grant {number}" for number in range(1, 7)]


@pytest.mark.rows("L253")
async def test_what_takes_no_grant_asks_for_none(server: FakeServer, connect: Connect) -> None:
    backend = Backend()
    async with connect() as unisono:
        client = await unisono.login(user="me", grants=backend.grant)
        group = client.conversation("1")
        await group.send("hello")
        await group.remove("me")
        await group.silence("dan")
        await group.unblock("dan")
        await group.quit()
    assert backend.requests == []
    assert all("grant" not in asked["do"] for asked in server.asked)


async def test_without_a_function_no_grant_is_sent(server: FakeServer, connect: Connect) -> None:
    async with connect() as unisono:
        await (await unisono.login(user="me")).conversation("1").add("bob")
    assert "grant" not in server.requests("add")[0]


@pytest.mark.rows("L258", "L259")
@pytest.mark.parametrize("is_async", [False, True])
async def test_what_a_function_raises_reaches_its_caller(server: FakeServer, connect: Connect, is_async: bool) -> None:
    class VaultShut(Exception):
        pass

    def fail(about: object) -> str:
        raise VaultShut(about)

    async def fail_later(about: object) -> str:
        await asyncio.sleep(0)
        raise VaultShut(about)

    function = fail_later if is_async else fail
    async with connect() as unisono:
        with pytest.raises(VaultShut, match="me"):
            await unisono.login(user="me", token=function)
        assert server.logins == 0
        client = await unisono.login(user="me", grants=function)
        with pytest.raises(VaultShut):
            await client.conversation("1").add("bob")
        await client.conversation("1").send("as before")
    assert server.requests("add") == []


async def test_a_timeout_of_the_functions_own_reaches_its_caller(connect: Connect) -> None:
    async def fail(_: object) -> str:
        raise TimeoutError("the vault's")

    async with connect() as unisono:
        with pytest.raises(TimeoutError, match="the vault's"):
            await unisono.login(user="me", token=fail)
        client = await unisono.login(user="me", grants=fail)
        with pytest.raises(TimeoutError, match="the vault's"):
            await client.conversation("1").add("bob")


@pytest.mark.rows("L259")
async def test_what_the_server_says_to_a_token_or_a_grant_reaches_the_caller(
    server: FakeServer, connect: Connect
) -> None:
    def refused(_: Peer, command: Frame) -> Frame:
        raise Refuse("grant_invalid" if "grant" in command else "grant_missing")

    def not_let_in(_: Peer, __: Frame) -> Frame:
        raise Refuse("token_revoked")

    server.hooks["add"] = refused
    async with connect() as unisono:
        client = await unisono.login(user="me", grants=lambda _: "x")
        with pytest.raises(NotGranted) as caught:
            await client.conversation("1").add("bob")
        assert caught.value.code == "grant_invalid"
        server.hooks["login"] = not_let_in
        login = asyncio.ensure_future(unisono.login(user="me", tag="other", token="t"))
        await server.peer()
        await (await server.peer()).socket.close(4404)
        with pytest.raises(NotLetIn):
            await within(login)


async def never(_: object) -> str:
    """Give nothing, ever."""
    return await asyncio.get_running_loop().create_future()


async def test_a_function_that_never_returns_is_given_up(connect: Connect, clock: ManualClock) -> None:
    async with connect() as unisono:
        login = asyncio.ensure_future(unisono.login(user="me", token=never))
        await asyncio.sleep(0.01)
        clock.advance(30)
        with pytest.raises(TimedOut, match="own function"):
            await within(login)
        client = await unisono.login(user="me", grants=never)
        adding = asyncio.ensure_future(client.conversation("1").add("bob"))
        await asyncio.sleep(0.01)
        clock.advance(10)
        with pytest.raises(TimedOut, match="own function"):
            await within(adding)


@pytest.mark.rows("L255")
async def test_a_command_that_is_repeated_after_a_loss_gets_another_grant(
    server: FakeServer, connect: Connect, clock: ManualClock
) -> None:
    """The first one may have been used by a command whose answer was lost."""
    backend = Backend()
    asked: list[str] = []

    def lost(peer: Peer, command: Frame) -> Frame:
        asked.append(command["grant"])
        if len(asked) == 1:
            peer.cut()
            raise Hush
        return MEMBERSHIP

    server.hooks["add"] = lost
    async with connect() as unisono:
        client = await unisono.login(user="me", grants=backend.grant)
        adding = asyncio.ensure_future(client.conversation("1").add("bob"))
        while not adding.done():
            await asyncio.sleep(0.01)
            clock.advance(1)
        await adding
    assert asked == ["grant 1", "grant 2"]
    assert backend.requests == [request("add", "1", "bob")] * 2


async def test_a_function_for_tokens_needs_a_user_to_be_called_with(connect: Connect) -> None:
    async with connect() as unisono:
        with pytest.raises(InvalidArgument, match="who"):
            await unisono.login(token=lambda user: user)


@pytest.mark.rows("L261")
def test_the_sdk_has_nothing_to_sign_with() -> None:
    """The key belongs to the program's own server: there is no way to hand it to the client, so nobody does.

    A digest (`hashlib`) takes no key: by one a session knows what it did itself.
    """
    imported: set[str] = set()
    for module in Path(unisono_sdk.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert "json" in imported
    assert not imported & {"hmac", "jwt", "cryptography", "nacl"}
