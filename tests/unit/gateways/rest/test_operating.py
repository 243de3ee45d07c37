"""The operator sees every conversation and puts right what is in it, without being there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.operator_desk import Desk, open_desk
from tests.unit.gateways.rest.test_acting import made, next_fact, said


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


def itself(path: str) -> str:
    """Give the operator's path to a conversation."""
    return "/v1/conversations/" + path.rpartition("/")[2]


async def test_the_operator_withdraws_a_message_and_everybody_sees_by_whom(desk: Desk) -> None:
    path = await made(desk, "bob")
    seq = (await said(desk, path, "rude"))["seq"]
    async with await desk.login("bob") as bob:
        assert (await desk.ask("DELETE", f"{itself(path)}/messages/{seq}?by=moderator"))[0] == 200
        fact = await next_fact(bob, "recalled")
    assert (fact["message"], fact["by"]) == (seq, "moderator")
    _, seen = await desk.ask("GET", itself(path) + "/messages")
    assert [(one["message"]["is_recalled"], one["message"]["sender"]) for one in seen["messages"]] == [(True, "alice")]


async def test_the_operator_puts_a_message_right(desk: Desk) -> None:
    path = await made(desk, "bob")
    seq = (await said(desk, path, "call 0123"))["seq"]
    change = {"content": {"text": "call …"}}
    assert (await desk.ask("PATCH", f"{itself(path)}/messages/{seq}", json=change))[0] == 200
    _, seen = await desk.ask("GET", path + "/messages")
    assert seen["messages"][0]["message"]["content"]["text"] == "call …"


@pytest.mark.rows("L183")
async def test_members_are_changed_by_operations_that_everybody_sees(desk: Desk) -> None:
    path = await made(desk, "bob", "carol")
    async with await desk.login("alice") as alice:
        _, left = await desk.ask("DELETE", itself(path) + "/members/bob")
        assert (await next_fact(alice, "left"))["by"] == "operator"
        _, came = await desk.ask("POST", itself(path) + "/members?by=helper", json={"users": ["dave"]})
        assert (await next_fact(alice, "joined"))["by"] == "helper"
    assert left["members"] == ["alice", "carol"]
    assert came["members"] == ["alice", "carol", "dave"]
    _, listed = await desk.ask("GET", itself(path) + "/members")
    assert [(one["user"], one.get("role", "member")) for one in listed["members"]] == [
        ("alice", "owner"),
        ("carol", "member"),
        ("dave", "member"),
    ]


async def test_the_operator_restricts_an_owner_and_changes_rules(desk: Desk) -> None:
    path = await made(desk, "bob")
    order = {"users": ["alice"], "what": "silenced"}
    assert (await desk.ask("POST", itself(path) + "/restrictions", json=order))[0] == 200
    assert (await desk.ask("POST", path + "/messages", json={"content": {"text": "but"}}))[0] == 403
    _, changed = await desk.ask("PATCH", itself(path), json={"name": "quiet", "rules": {"add": "owner"}})
    assert (changed["name"], changed["rules"]["add"]) == ("quiet", "owner")
    _, shown = await desk.ask("GET", itself(path))
    assert (shown["name"], shown["members"], shown.get("role")) == ("quiet", ["alice", "bob"], None)


async def test_the_operator_ends_a_conversation_and_can_read_it_afterwards(desk: Desk) -> None:
    path = await made(desk, "bob")
    seq = (await said(desk, path, "evidence"))["seq"]
    assert (await desk.ask("DELETE", itself(path)))[0] == 200
    assert (await desk.ask("POST", itself(path) + "/members", json={"users": ["bob"]}))[0] == 403
    _, seen = await desk.ask("GET", itself(path) + "/messages")
    assert seen["messages"][0]["message"]["content"]["text"] == "evidence"
    assert (await desk.ask("DELETE", f"{itself(path)}/messages/{seq}"))[0] == 200


async def test_what_does_not_exist_is_not_found(desk: Desk) -> None:
    for method, path in (
        ("GET", ""),
        ("GET", "/messages"),
        ("GET", "/members"),
        ("DELETE", ""),
        ("DELETE", "/members/x"),
    ):
        assert (await desk.ask(method, "/v1/conversations/nowhere" + path))[0] == 404


async def test_the_operators_requests_have_keys_too(desk: Desk) -> None:
    path = await made(desk, "bob")
    header = {"Idempotency-Key": "remove-bob"}
    first = await desk.ask("DELETE", itself(path) + "/members/bob", headers=header)
    await desk.ask("POST", itself(path) + "/members", json={"users": ["bob"]})
    assert await desk.ask("DELETE", itself(path) + "/members/bob", headers=header) == first
    assert (await desk.ask("GET", itself(path)))[1]["members"] == ["alice", "bob"]
