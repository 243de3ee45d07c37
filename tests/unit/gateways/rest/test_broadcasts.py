"""One message to many: to each once, however often it is asked for, and whatever is refused at some."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.operator_desk import Desk, open_desk
from tests.unit.gateways.rest.test_acting import Json, made, texts
from unisono.app.broadcasting import AT_ONCE, TARGETS_MAX
from unisono.domain import commands as c
from unisono.domain.answers import Answer
from unisono.domain.errors import Unavailable
from unisono.domain.ids import UserId

NEWS = {"by": "alice", "content": {"text": "news"}}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


async def broadcast(desk: Desk, key: str = "k", **body: Any) -> tuple[int, Json]:
    return await desk.ask("POST", "/v1/broadcasts", json={**NEWS, **body}, headers={"Idempotency-Key": key})


def name_of(path: str) -> str:
    return path.rpartition("/")[2]


async def test_it_is_said_in_each_conversation_where_its_sender_may(desk: Desk) -> None:
    paths = [await made(desk, "bob", unique=False) for _ in range(3)]
    closed = await made(desk, "carol", by="bob")
    names = [name_of(path) for path in (*paths, closed, paths[0])]
    status, answer = await broadcast(desk, conversations=names)
    assert (status, answer["sent"], answer["refused"]) == (200, 3, 1)
    outcomes = {one["conversation"]: one.get("code", one.get("seq")) for one in answer["outcomes"]}
    assert outcomes == {**{name_of(path): 2 for path in paths}, name_of(closed): "not_found"}
    for path in paths:
        assert await texts(desk, path) == ["news"]


async def test_it_comes_to_each_user_in_the_chat_that_they_have_with_its_sender(desk: Desk) -> None:
    chat = await made(desk, "bob", of="direct")
    status, answer = await broadcast(desk, users=["bob", "carol", "alice", "bob"])
    assert (status, answer["sent"], answer["refused"]) == (200, 2, 1)
    by_user = {one["user"]: one for one in answer["outcomes"]}
    assert by_user["bob"]["conversation"] == name_of(chat)
    assert by_user["alice"]["code"] == "invalid"
    for user in ("bob", "carol"):
        assert await texts(desk, f"/v1/users/{user}/conversations/{by_user[user]['conversation']}") == ["news"]


async def test_asked_for_again_it_is_not_said_again(desk: Desk) -> None:
    path = await made(desk, "bob")
    first = await broadcast(desk, conversations=[name_of(path)])
    assert await broadcast(desk, conversations=[name_of(path)]) == first
    assert (await broadcast(desk, conversations=[name_of(path)], content={"text": "more"}))[0] == 409
    assert await texts(desk, path) == ["news"]
    await broadcast(desk, "another", conversations=[name_of(path)])
    assert await texts(desk, path) == ["news", "news"]


@pytest.mark.parametrize("to", ["conversations", "users"])
async def test_what_broke_off_goes_on_where_it_was(desk: Desk, to: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some were told when the store went away: they are not told twice, and the others are not forgotten."""
    users = [f"user {number}" for number in range(AT_ONCE + 10)]
    chats = [name_of(await made(desk, user, of="direct")) for user in users]
    executor, left, is_told = desk.server.node.executor, 30, asyncio.Event()
    on_behalf = executor.on_behalf

    async def fail_later(user: UserId, command: c.Command, request: object = None) -> Answer:
        nonlocal left
        left -= isinstance(command, c.SendMessage)
        if left < 0:
            await is_told.wait()
            raise Unavailable(part="store")
        answer = await on_behalf(user, command)
        if isinstance(command, c.SendMessage):
            is_told.set()
        return answer

    targets: Json = {"conversations": chats} if to == "conversations" else {"users": users}
    with monkeypatch.context() as patch:
        patch.setattr(executor, "on_behalf", fail_later)
        status, answer = await broadcast(desk, **targets)
        assert (status, answer["code"], answer["retryable"]) == (503, "unavailable", True)
    counts = [len(await texts(desk, f"/v1/users/alice/conversations/{chat}")) for chat in chats]
    assert 0 < sum(counts) < len(chats)
    status, answer = await broadcast(desk, **targets)
    assert (status, answer["sent"]) == (200, len(chats))
    for chat in chats:
        assert await texts(desk, f"/v1/users/alice/conversations/{chat}") == ["news"]


async def test_it_needs_a_key_and_somebody_to_go_to(desk: Desk) -> None:
    status, answer = await desk.ask("POST", "/v1/broadcasts", json={**NEWS, "users": ["bob"]})
    assert (status, answer["numbers"]["field"]) == (422, "Idempotency-Key")
    refused: list[Json] = [{"users": []}, {"users": [f"u{number}" for number in range(TARGETS_MAX + 1)]}, {}]
    for targets in refused:
        assert (await broadcast(desk, **targets))[0] == 422


async def test_it_counts_as_many_requests_as_it_has_targets(tmp_path: Path) -> None:
    rates = {"UNISONO_RATES__OPERATOR_PER_S": "0.001", "UNISONO_RATES__OPERATOR_BURST": "10"}
    async with open_desk(tmp_path, **rates) as desk:
        assert (await broadcast(desk, "1", users=[f"u{number}" for number in range(8)]))[0] == 200
        assert (await broadcast(desk, "2", users=["u1", "u2", "u3"]))[0] == 429
