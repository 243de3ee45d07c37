"""Grants on a whole server: who has the application's key may let a client do what it alone may not."""

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.support.operator_desk import TOKEN_SECRET, Desk, Peer, open_desk

REQUIRED = "create,add,remove,join"
HEADER = {"typ": "unisono-grant+jwt"}


def signed(claims: dict[str, Any], *, key: str = TOKEN_SECRET, algorithm: str = "HS256", **header: object) -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers={**HEADER, **header})


def granted(act: str, conversation: str | None = None, *members: str, user: str = "ann", **claims: object) -> str:
    """Sign a grant as an application's server does."""
    whole: dict[str, Any] = {"sub": user, "act": act, "exp": time.time() + 60, "jti": str(uuid.uuid4()), **claims}
    whole |= {} if conversation is None else {"cnv": conversation}
    return signed({name: value for name, value in (whole | {"mbr": list(members)}).items() if value is not None})


@asynccontextmanager
async def asking(data: Path, required: str = REQUIRED, **environment: str) -> AsyncIterator[Desk]:
    """Serve with grants required, whoever logs in by whatever name."""
    async with open_desk(data, UNISONO_GRANTS__REQUIRED=required, **environment) as desk:
        yield desk


async def outcome(peer: Peer, op: str, **arguments: object) -> str:
    """Ask; give the kind of answer, or the code of the refusal."""
    frame = await peer.ask(op, **arguments)
    return str(frame["answer"]["kind"] if frame["is"] == "reply" else frame["code"])


async def begun(peer: Peer, *members: str) -> str:
    frame = await peer.ask("create", key=str(uuid.uuid4()), members=members, grant=granted("create", None, *members))
    return str(frame["answer"]["conversation"])


@pytest.mark.rows("L251", "L260")
async def test_each_act_takes_a_grant_that_the_applications_key_signed(tmp_path: Path) -> None:
    async with asking(tmp_path) as desk, AsyncExitStack() as peers:
        ann, bob = [await peers.enter_async_context(await desk.login(user)) for user in ("ann", "bob")]
        frame = await ann.ask(
            "create", key="k", members=["bob"], joining="open", unique=False, grant=granted("create", None, "bob")
        )
        room = frame["answer"]["conversation"]
        for peer, op, about, grant in (
            (ann, "add", {"users": ["cat"]}, granted("add", room, "cat")),
            (ann, "remove", {"users": ["cat"]}, granted("remove", room, "cat")),
            (ann, "restrict", {"users": ["bob"], "what": "blocked"}, granted("remove", room, "bob")),
            (bob, "join", {}, granted("join", room, user="bob")),
        ):
            assert await outcome(peer, op, conversation=room, **about) == "grant_missing"
            forged = jwt.encode(
                jwt.decode(grant, options={"verify_signature": False}),
                "a key of somebody else's, long enough",
                "HS256",
                HEADER,
            )
            assert await outcome(peer, op, conversation=room, grant=forged, **about) == "grant_invalid"
            expected = "forbidden" if op == "join" else "done" if op == "restrict" else "membership"
            assert await outcome(peer, op, conversation=room, grant=grant, **about) == expected
        assert await outcome(ann, "create", key="k2", members=["bob"]) == "grant_missing"
        assert await outcome(bob, "quit", conversation=room) == "membership"


@pytest.mark.rows("L251")
async def test_a_client_cannot_stretch_what_was_granted(tmp_path: Path) -> None:
    now = time.time()
    async with asking(tmp_path) as desk, await desk.login("ann") as ann:
        room, other = await begun(ann, "bob"), await begun(ann, "dan")
        whole = {"sub": "ann", "act": "add", "cnv": room, "mbr": ["cat"], "exp": now + 60}
        for name, grant in {
            "another's": granted("add", room, "cat", user="bob"),
            "another act": granted("remove", room, "cat"),
            "another conversation": granted("add", other, "cat"),
            "other members": granted("add", room, "eve"),
            "more members": granted("add", room, "cat", "eve"),
            "too long": granted("add", room, "cat", exp=now + 3600),
            "without an end": granted("add", room, "cat", exp=None),
            "a token": jwt.encode(whole, TOKEN_SECRET, "HS256"),
            "unsigned": signed(whole, key="", algorithm="none"),
            "another type": signed(whole, typ="unisono-grant"),
        }.items():
            told = await outcome(ann, "add", conversation=room, users=["cat"], grant=grant)
            assert told == "grant_invalid", name
        over = granted("add", room, "cat", exp=now - 60)
        assert await outcome(ann, "add", conversation=room, users=["cat"], grant=over) == "grant_expired"
        assert (await ann.ask("conversation", conversation=room))["answer"]["members"] == ["ann", "bob"]
        assert TOKEN_SECRET not in desk.log.getvalue()
        assert over not in desk.log.getvalue()


@pytest.mark.rows("L251")
async def test_who_was_removed_does_not_come_back_with_the_grant_they_came_with(tmp_path: Path) -> None:
    """Not on another connection, and not after a restart."""
    async with asking(tmp_path) as desk, await desk.login("ann") as ann, await desk.login("bob") as bob:
        frame = await ann.ask("create", key="k", joining="open", unique=False, grant=granted("create"))
        room = frame["answer"]["conversation"]
        pass_of_bob = granted("join", room, user="bob")
        assert await outcome(bob, "join", conversation=room, grant=pass_of_bob) == "membership"
        out = granted("remove", room, "bob")
        assert await outcome(ann, "remove", conversation=room, users=["bob"], grant=out) == "membership"
        assert await outcome(bob, "join", conversation=room, grant=pass_of_bob) == "grant_used"
    async with asking(tmp_path) as desk, await desk.login("bob", "d2") as bob:
        assert await outcome(bob, "join", conversation=room, grant=pass_of_bob) == "grant_used"
        again = granted("join", room, user="bob")
        assert await outcome(bob, "join", conversation=room, grant=again) == "membership"


@pytest.mark.rows("L251")
async def test_a_grant_lets_nobody_log_in(tmp_path: Path) -> None:
    async with asking(tmp_path, UNISONO_IDENTITY__KIND="jwt") as desk, await desk.connect() as peer:
        shown = {"id": "d", "platform": "web"}
        frame = await peer.ask("login", device=shown, login="login-by-grant", token=granted("create"))
        assert frame["code"] == "token_invalid"


@pytest.mark.rows("L252")
async def test_without_the_switch_a_client_needs_none(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk, await desk.login("ann") as ann:
        frame = await ann.ask("create", key="k", members=["bob"])
        room = frame["answer"]["conversation"]
        assert await outcome(ann, "add", conversation=room, users=["cat"]) == "membership"
        assert await outcome(ann, "remove", conversation=room, users=["cat"], grant="none of ours") == "membership"


async def test_the_operator_needs_none_and_is_asked_for_none(tmp_path: Path) -> None:
    async with asking(tmp_path) as desk:
        status, made = await desk.ask("POST", "/v1/users/ann/conversations", json={"members": ["bob"]})
        assert status == 200
        path = f"/v1/users/ann/conversations/{made['conversation']}/members"
        assert (await desk.ask("POST", path, json={"users": ["cat"]}))[0] == 200
        assert (await desk.ask("POST", path, json={"users": ["dan"], "grant": "x"}))[0] == 422


async def test_a_function_that_knows_its_users_leaves_grants_to_the_key(tmp_path: Path) -> None:
    known = {"UNISONO_IDENTITY__KIND": "callable", "UNISONO_IDENTITY__CALLABLE": "tests.unit.identity.modes:each_user"}
    async with asking(tmp_path, **known) as desk, await desk.login("x", token="session-of-alice") as alice:
        given = granted("create", None, "bob", user="alice")
        assert await outcome(alice, "create", key="k", members=["bob"]) == "grant_missing"
        assert await outcome(alice, "create", key="k", members=["bob"], grant=given) == "conversation"
