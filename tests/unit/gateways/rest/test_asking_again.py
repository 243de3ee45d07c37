"""`Idempotency-Key`: a request that is asked again is not done again."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.operator_desk import Desk, open_desk

OTHER_KEY = "another-key-0123456789-0123456789"
HELLO = {"content": {"text": "hello"}}
Json = dict[str, Any]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


async def made(desk: Desk) -> str:
    _, answer = await desk.ask("POST", "/v1/users/alice/conversations", json={"members": ["bob"], "unique": False})
    return f"/v1/users/alice/conversations/{answer['conversation']}"


async def ask(desk: Desk, method: str, path: str, name: str, **more: Any) -> tuple[int, Json]:
    return await desk.ask(method, path, headers={"Idempotency-Key": name}, **more)


async def count(desk: Desk, path: str) -> int:
    return len((await desk.ask("GET", path + "/messages"))[1]["messages"])


async def test_a_message_asked_for_twice_is_sent_once(desk: Desk) -> None:
    path = await made(desk)
    first = await ask(desk, "POST", path + "/messages", "order-17", json=HELLO)
    assert await ask(desk, "POST", path + "/messages", "order-17", json=HELLO) == first
    assert await count(desk, path) == 1
    await ask(desk, "POST", path + "/messages", "order-18", json=HELLO)
    assert await count(desk, path) == 2


async def test_a_conversation_asked_for_twice_is_made_once(desk: Desk) -> None:
    order = {"members": ["bob"], "unique": False}
    answers = [await ask(desk, "POST", "/v1/users/alice/conversations", "k", json=order) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0][1]["is_new"]
    _, listed = await desk.ask("GET", "/v1/users/alice/conversations")
    assert len(listed["conversations"]) == 1


async def test_another_request_under_the_key_is_a_conflict(desk: Desk) -> None:
    path = await made(desk)
    await ask(desk, "POST", path + "/messages", "k", json=HELLO)
    others: list[tuple[str, str, Json]] = [
        ("POST", path + "/messages", {"content": {"text": "hello!"}}),
        ("POST", path.replace("alice", "bob") + "/messages", HELLO),
        ("PUT", "/v1/users/alice/read", {}),
    ]
    for method, there, body in others:
        status, answer = await ask(desk, method, there, "k", json=body)
        assert (status, answer["code"], answer["retryable"]) == (409, "key_reused", False)
    assert await count(desk, path) == 1


async def test_each_admin_key_has_keys_of_its_own(desk: Desk) -> None:
    path = await made(desk)
    first = await ask(desk, "POST", path + "/messages", "k", json=HELLO)
    assert await ask(desk, "POST", path + "/messages", "k", json=HELLO, key=OTHER_KEY) != first
    assert await count(desk, path) == 2


async def test_what_was_refused_is_tried_again(desk: Desk) -> None:
    path = await made(desk)
    theirs = path.replace("alice", "eve") + "/messages"
    assert (await ask(desk, "POST", theirs, "k", json=HELLO))[0] == 404
    await desk.ask("POST", path + "/members", json={"users": ["eve"]})
    assert (await ask(desk, "POST", theirs, "k", json=HELLO))[0] == 200


async def test_the_answer_is_the_same_where_the_log_has_no_part(desk: Desk) -> None:
    """A session closed twice gave `closed: 0` to who asked again after the first answer was lost."""
    async with await desk.login("alice"):
        for _ in range(2):
            assert await ask(desk, "DELETE", "/v1/users/alice/sessions", "k") == (200, {"closed": 1})
    assert await desk.ask("DELETE", "/v1/users/alice/sessions") == (200, {"closed": 0})


async def test_who_only_asks_needs_no_key(desk: Desk) -> None:
    path = await made(desk)
    for expected in (0, 1):
        _, answer = await ask(desk, "GET", path + "/messages", "k")
        assert len(answer["messages"]) == expected
        await desk.ask("POST", path + "/messages", json=HELLO)


@pytest.mark.parametrize("key", ["", "x" * 129, "a b", "ä"])
async def test_what_is_no_key_is_refused(desk: Desk, key: str) -> None:
    path = await made(desk)
    status, answer = await ask(desk, "POST", path + "/messages", key, json=HELLO)
    assert (status, answer["numbers"]["field"]) == (422, "Idempotency-Key")


async def test_a_key_holds_after_a_restart(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        path = await made(desk)
        first = await ask(desk, "POST", path + "/messages", "k", json=HELLO)
    async with open_desk(tmp_path) as later:
        assert await ask(later, "POST", path + "/messages", "k", json=HELLO) == first
        assert await count(later, path) == 1
