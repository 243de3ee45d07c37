"""The operator's announcements, over REST on a whole server, and what users see of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.operator_desk import Desk, Json, Peer, open_desk

NEWS = {"key": "news", "by": "news", "name": "News", "attributes": {"a": 1.0}}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


async def create(desk: Desk, **more: object) -> str:
    """Begin a conversation of the operator's."""
    status, answer = await desk.ask("POST", "/v1/services", json={**NEWS, **more})
    assert (status, answer["is_new"]) == (200, True)
    return str(answer["conversation"])


async def facts_of(peer: Peer, kind: str) -> Json:
    """Wait for a fact of a kind."""
    while True:
        frame: Json = await peer.socket.receive_json()
        for fact in frame.get("facts", ()):
            if fact["fact"]["kind"] == kind:
                return dict(fact["fact"])


async def test_what_is_said_comes_to_who_subscribes(desk: Desk) -> None:
    news = await create(desk)
    async with await desk.login("alice") as alice, await desk.login("bob") as bob:
        assert (await alice.ask("join", conversation=news))["answer"]["members"] == []
        said = {"key": "k", "content": {"text": "Hi", "type": -1.0}, "push": {"alert": "!"}}
        status, first = await desk.ask("POST", f"/v1/services/{news}/messages", json=said)
        assert (status, first["seq"]) == (200, 2)
        message = await facts_of(alice, "message")
        assert (message["sender"], message["content"], message["push"]) == ("news", {"text": "Hi"}, {"alert": "!"})
        assert (await desk.ask("POST", f"/v1/services/{news}/messages", json=said))[1] == first
        view = (await bob.ask("conversation", conversation=news))["answer"]
        assert (view["of"], view["name"], view["attributes"], view["count"]) == ("service", "News", {"a": 1}, 1)
        refused = await alice.ask("send", conversation=news, key="x", content={"text": "hello"})
        assert refused["code"] == "forbidden"


async def test_the_operator_says_who_subscribes(desk: Desk) -> None:
    news = await create(desk, joining="invited")
    async with await desk.login("alice") as alice:
        assert (await alice.ask("join", conversation=news))["code"] == "not_found"
        path = f"/v1/services/{news}/subscribers/alice"
        for _ in range(2):
            assert await desk.ask("PUT", path) == (200, {"is_subscribed": True})
        assert (await alice.ask("conversation", conversation=news))["answer"]["role"] == "member"
        for _ in range(2):
            assert await desk.ask("DELETE", path) == (200, {"is_subscribed": False})
        assert (await alice.ask("conversation", conversation=news))["code"] == "not_found"


async def test_a_key_gives_back_what_it_made(desk: Desk) -> None:
    news = await create(desk)
    again = await desk.ask("POST", "/v1/services", json={**NEWS, "name": "Other"})
    assert again == (200, {"conversation": news, "is_new": False})


async def test_without_a_key_each_request_makes_another(desk: Desk) -> None:
    made = {(await desk.ask("POST", "/v1/services", json={"by": "news"}))[1]["conversation"] for _ in range(2)}
    assert len(made) == 2
    path, said = f"/v1/services/{made.pop()}/messages", {"content": {"text": "Hi"}}
    assert [(await desk.ask("POST", path, json=said))[1]["seq"] for _ in range(2)] == [2, 3]


async def test_nothing_is_said_where_users_talk_or_nobody_is(desk: Desk) -> None:
    async with await desk.login("alice") as alice:
        group = (await alice.ask("create", key="g", members=["bob"]))["answer"]["conversation"]
    said = {"key": "k", "content": {"text": "Hi"}}
    for conversation, code in ((group, (403, "forbidden")), ("other", (404, "not_found"))):
        status, answer = await desk.ask("POST", f"/v1/services/{conversation}/messages", json=said)
        assert (status, answer["code"]) == code
        status, answer = await desk.ask("PUT", f"/v1/services/{conversation}/subscribers/alice")
        assert (status, answer["code"]) == code


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"content": {}}, (422, "invalid")),
        ({"content": {"type": 0, "text": "x"}}, (422, "invalid")),
        ({"content": {"text": 1}}, (422, "invalid")),
        ({"content": {"data": {"a": 2**60}}}, (400, "malformed")),
        ({"content": {"text": "x"}, "push": {"a": "x" * 5000}}, (413, "too_large")),
        ({"content": {"text": "x"}, "colour": "red"}, (422, "invalid")),
    ],
)
async def test_what_no_message_can_say_is_refused(desk: Desk, said: Json, code: tuple[int, str]) -> None:
    news = await create(desk)
    status, answer = await desk.ask("POST", f"/v1/services/{news}/messages", json={"key": "k", **said})
    assert (status, answer["code"]) == code


async def test_the_operator_ends_it(desk: Desk) -> None:
    news = await create(desk)
    path = f"/v1/services/{news}"
    await desk.ask("POST", path + "/messages", json={"key": "k", "content": {"text": "Hi"}})
    async with await desk.login("alice") as alice:
        await alice.ask("join", conversation=news)
        assert await desk.ask("DELETE", path) == (200, {"conversation": news, "subscribers": 1})
        assert (await facts_of(alice, "exited"))["conversation"] == news
        assert await desk.ask("DELETE", path) == (200, {"conversation": news, "subscribers": 0})
        assert (await desk.ask("POST", path + "/messages", json={"content": {"text": "more"}}))[0] == 403
        assert (await desk.ask("PUT", path + "/subscribers/bob"))[0] == 403
        history = (await alice.ask("history", conversation=news))["answer"]
        assert [one["message"]["content"]["text"] for one in history["messages"]] == ["Hi"]
    assert (await desk.ask("DELETE", "/v1/services/" + "0" * 24))[0] == 404
    _, made = await desk.ask("POST", "/v1/users/alice/conversations", json={"members": ["bob"]})
    assert (await desk.ask("DELETE", f"/v1/services/{made['conversation']}"))[0] == 403
