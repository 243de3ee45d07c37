"""A backend that acts on behalf of users: the same comes of it as of their own commands, and they see it at once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.operator_desk import Desk, Peer, open_desk
from unisono.domain.commands import COMMANDS
from unisono.gateways.rest.table import OPERATIONS

Json = dict[str, Any]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


async def made(desk: Desk, *members: str, by: str = "alice", **more: object) -> str:
    """Give the path of a new conversation of a user's."""
    status, answer = await desk.ask("POST", f"/v1/users/{by}/conversations", json={"members": members, **more})
    assert (status, answer["is_new"]) == (200, True)
    return f"/v1/users/{by}/conversations/{answer['conversation']}"


async def said(desk: Desk, path: str, text: str, **more: object) -> Json:
    status, answer = await desk.ask("POST", path + "/messages", json={"content": {"text": text}, **more})
    assert (status, answer["kind"]) == (200, "placed")
    return answer


async def texts(desk: Desk, path: str, query: str = "") -> list[str]:
    _, answer = await desk.ask("GET", path + "/messages" + query)
    return [entry["message"]["content"].get("text") for entry in answer["messages"]]


async def next_fact(peer: Peer, kind: str) -> Json:
    """Wait until a fact of a kind is delivered."""
    while True:
        frame = await peer.socket.receive_json(timeout=10)
        for entry in frame.get("facts", ()):
            if entry["fact"]["kind"] == kind:
                return entry["fact"]


async def test_what_a_backend_says_for_a_user_reaches_the_others_at_once(desk: Desk) -> None:
    async with await desk.login("bob") as bob:
        path = await made(desk, "bob", name="Trip")
        assert (await next_fact(bob, "entered"))["by"] == "alice"
        await said(desk, path, "hello", mentions=["bob"])
        message = await next_fact(bob, "message")
    assert (message["sender"], message["content"]["text"], message["mentions"]) == ("alice", "hello", ["bob"])


async def test_a_send_key_said_twice_sends_once(desk: Desk) -> None:
    path = await made(desk, "bob")
    first = await said(desk, path, "hello", key="order-17")
    assert await said(desk, path, "hello", key="order-17") == first
    await said(desk, path, "hello")
    await said(desk, path, "hello")
    assert await texts(desk, path) == ["hello"] * 3


async def test_a_conversation_is_there_once_for_its_members(desk: Desk) -> None:
    path = await made(desk, "bob", of="direct")
    again = await desk.ask("POST", "/v1/users/bob/conversations", json={"members": ["alice"], "of": "direct"})
    assert again[1]["conversation"] == path.rpartition("/")[2]


async def test_a_user_of_whom_the_backend_speaks_may_no_more_than_by_themselves(desk: Desk) -> None:
    path = await made(desk, "bob")
    seq = (await said(desk, path, "mine"))["seq"]
    as_bob, as_eve = (path.replace("alice", user) for user in ("bob", "eve"))
    assert (await desk.ask("GET", as_eve))[0] == 404
    assert (await desk.ask("GET", as_eve + "/messages"))[0] == 404
    assert (await desk.ask("DELETE", f"{as_bob}/messages/{seq}"))[1]["code"] == "forbidden"
    assert (await desk.ask("DELETE", f"{as_bob}/members/alice"))[1]["code"] == "forbidden"


async def test_members_come_go_and_are_changed(desk: Desk) -> None:
    path = await made(desk, "bob")
    _, answer = await desk.ask("POST", path + "/members", json={"users": ["carol", "dave"]})
    assert answer["members"] == ["alice", "bob", "carol", "dave"]
    assert (await desk.ask("PATCH", path + "/members/carol", json={"role": "manager"}))[0] == 200
    assert (await desk.ask("DELETE", path + "/members/dave"))[1]["members"] == ["alice", "bob", "carol"]
    assert (await desk.ask("DELETE", path.replace("alice", "bob")))[0] == 200
    _, first = await desk.ask("GET", path + "/members?limit=1")
    _, rest = await desk.ask("GET", f"{path}/members?limit=5&after={first['next']}")
    assert [member["user"] for member in first["members"] + rest["members"]] == ["alice", "carol"]
    assert rest["members"][0]["role"] == "manager"
    assert (await desk.ask("GET", path + "/count"))[1]["users"] == 2


async def test_who_is_restricted_is_told_and_listed(desk: Desk) -> None:
    path = await made(desk, "bob", "carol")
    order = {"users": ["carol"], "what": "silenced"}
    assert (await desk.ask("POST", path + "/restrictions", json=order))[0] == 200
    message = {"content": {"text": "but"}}
    refused = await desk.ask("POST", path.replace("alice", "carol") + "/messages", json=message)
    assert (refused[0], refused[1]["code"]) == (403, "forbidden")
    _, listed = await desk.ask("GET", path + "/members?who=silenced")
    assert [one["user"] for one in listed["members"]] == ["carol"]


async def test_a_conversation_is_changed_by_path(desk: Desk) -> None:
    path = await made(desk, "bob", attributes={"place": {"city": "Bergen"}})
    change = {"name": "Trip", "set": {"attr.place.city": "Oslo"}, "joining": "open"}
    _, answer = await desk.ask("PATCH", path, json=change)
    assert (answer["name"], answer["attributes"]) == ("Trip", {"place": {"city": "Oslo"}})
    assert (await desk.ask("PUT", path.replace("alice", "eve")))[1]["members"] == ["alice", "bob", "eve"]
    assert (await desk.ask("GET", path))[1]["joining"] == "open"


async def test_an_owner_ends_a_conversation(desk: Desk) -> None:
    path = await made(desk, "bob")
    assert (await desk.ask("POST", path.replace("alice", "bob") + "/end"))[0] == 403
    assert (await desk.ask("POST", path + "/end"))[0] == 200
    assert (await desk.ask("POST", path + "/messages", json={"content": {"text": "late"}}))[0] == 404


async def test_conversations_are_listed_page_by_page(desk: Desk) -> None:
    paths = [await made(desk, "bob", unique=False) for _ in range(3)]
    _, first = await desk.ask("GET", "/v1/users/bob/conversations?limit=2")
    _, last = await desk.ask("GET", f"/v1/users/bob/conversations?limit=2&after={first['next']}")
    listed = [one["conversation"] for one in first["conversations"] + last["conversations"]]
    assert sorted(listed) == sorted(path.rpartition("/")[2] for path in paths)
    assert "next" not in last


async def test_a_users_conversations_are_found_by_what_they_are(desk: Desk) -> None:
    for size in range(3):
        await made(desk, "bob", unique=False, name=f"{size}", attributes={"size": size})
    where = {"is": "greater", "field": "attr.size", "value": 0}
    asked = {"where": where, "sort": [{"by": "name"}], "limit": 1, "compact": True}
    _, answer = await desk.ask("POST", "/v1/users/bob/conversations/query", json=asked)
    assert ([one["name"] for one in answer["conversations"]], answer["has_more"]) == (["1"], True)
    _, answer = await desk.ask("POST", "/v1/users/bob/conversations/query", json={**asked, "skip": 1})
    assert ([one["name"] for one in answer["conversations"]], answer["has_more"]) == (["2"], False)
    refused = await desk.ask("POST", "/v1/users/bob/conversations/query", json={"where": {"is": "equal"}})
    assert (refused[0], refused[1]["code"]) == (422, "invalid")


async def test_a_users_messages_are_found_by_their_words(desk: Desk) -> None:
    path = await made(desk, "bob")
    for text in ("green tea", "coffee", "black tea"):
        await said(desk, path, text)
    while not (await desk.ask("GET", "/v1/users/bob/search?text=black"))[1]["messages"]:
        await asyncio.sleep(0.1)
    _, page = await desk.ask("GET", "/v1/users/bob/search?text=TEA&limit=1")
    assert [one["message"]["content"]["text"] for one in page["messages"]] == ["black tea"]
    _, last = await desk.ask("GET", f"/v1/users/bob/search?text=TEA&after={page['next']}")
    assert [one["message"]["content"]["text"] for one in last["messages"]] == ["green tea"]
    assert "next" not in last
    assert (await desk.ask("GET", "/v1/users/eve/search?text=tea"))[1]["messages"] == []
    assert (await desk.ask("GET", "/v1/users/bob/search"))[0] == 422


async def test_history_is_read_from_either_end(desk: Desk) -> None:
    path = await made(desk, "bob")
    places = [(await said(desk, path, str(number)))["seq"] for number in range(5)]
    assert await texts(desk, path, "?limit=2") == ["3", "4"]
    assert await texts(desk, path, f"?before={places[3]}&limit=2") == ["1", "2"]
    assert await texts(desk, path, "?direction=newer&limit=2") == ["0", "1"]
    assert await texts(desk, path, "?type=-2") == []


async def test_a_message_is_edited_reacted_to_read_and_recalled(desk: Desk) -> None:
    path = await made(desk, "bob")
    as_bob = path.replace("alice", "bob")
    seq = (await said(desk, path, "helo", receipt=True))["seq"]
    one = f"{path}/messages/{seq}"
    assert (await desk.ask("GET", "/v1/users/bob/unread"))[1]["total"] == 1
    assert (await desk.ask("PATCH", one, json={"content": {"text": "hello"}}))[0] == 200
    assert (await desk.ask("POST", f"{as_bob}/messages/{seq}/reactions", json={"reaction": "👍"}))[0] == 200
    _, history = await desk.ask("GET", path + "/messages")
    assert history["messages"][0]["reactions"] == [{"reaction": "👍", "count": 1}]
    assert await texts(desk, path) == ["hello"]
    assert (await desk.ask("PUT", as_bob + "/read", json={"seq": seq}))[1].get("unread", 0) == 0
    assert (await desk.ask("GET", one + "/receipts"))[1]["read"] == ["bob"]
    assert (await desk.ask("DELETE", one))[0] == 200
    assert await texts(desk, path) == [None]


@pytest.mark.rows("X53")
async def test_chosen_messages_are_deleted_for_a_user_alone(desk: Desk) -> None:
    """Their path was taken for that of one message, and refused."""
    path = await made(desk, "bob")
    places = [await said(desk, path, word) for word in ("one", "two", "three")]
    theirs, chosen = path.replace("/alice/", "/bob/"), [places[0]["seq"], places[2]["seq"]]
    status, answer = await desk.ask("POST", theirs + "/messages/delete", json={"messages": chosen})
    assert (status, answer["kind"]) == (200, "done")
    assert (await texts(desk, theirs), await texts(desk, path)) == (["two"], ["one", "two", "three"])
    status, answer = await desk.ask("POST", theirs + "/messages/delete", json={"messages": [99]})
    assert (status, answer["code"]) == (404, "not_found")


async def test_all_is_read_at_once(desk: Desk) -> None:
    for unique in (True, False):
        await said(desk, await made(desk, "bob", unique=unique), "hello")
    assert (await desk.ask("GET", "/v1/users/bob/unread"))[1]["total"] == 2
    _, missed = await desk.ask("GET", "/v1/users/bob/missed?limit=1")
    assert (len(missed["conversations"]), "next" in missed) == (1, True)
    assert (await desk.ask("PUT", "/v1/users/bob/read", json={}))[1]["total"] == 0


async def test_a_transient_message_passes_by(desk: Desk) -> None:
    path = await made(desk, "bob")
    async with await desk.login("bob") as bob:
        message = {"content": {"text": "now"}, "transient": True}
        assert (await desk.ask("POST", path + "/messages", json=message))[1]["kind"] == "passed"
        while "event" not in (frame := await bob.socket.receive_json(timeout=10)):
            pass
        assert frame["event"]["message"]["content"]["text"] == "now"
    assert await texts(desk, path) == []


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ({"text": "x" * 70_000}, 413, "too_large"),
        ({}, 422, "invalid"),
        ({"text": "x", "attributes": {"n": 2**60}}, 400, "malformed"),
        ({"text": "x", "unknown": 1}, 422, "invalid"),
        ({"text": "x", "attributes": {"many": list(range(9000))}}, 400, "malformed"),
    ],
)
async def test_what_users_may_not_say_backends_may_not_either(
    desk: Desk, content: Json, status: int, code: str
) -> None:
    path = await made(desk, "bob")
    answer = await desk.ask("POST", path + "/messages", json={"content": content})
    assert (answer[0], answer[1]["code"]) == (status, code)


async def test_an_argument_nobody_knows_is_refused(desk: Desk) -> None:
    """`?limt=5` would give 20 messages, and somebody who wonders why."""
    path = await made(desk, "bob")
    assert (await desk.ask("GET", path + "/messages?limt=5"))[0] == 422
    assert (await desk.ask("DELETE", path + "?now=1"))[0] == 422


async def test_requests_of_one_key_are_counted_and_those_of_another_are_not(tmp_path: Path) -> None:
    rates = {"UNISONO_RATES__OPERATOR_PER_S": "0.001", "UNISONO_RATES__OPERATOR_BURST": "13"}
    async with open_desk(tmp_path, **rates) as desk:
        path = await made(desk, *(f"u{number}" for number in range(100)))
        # Who names a hundred users asks as much as eleven times: each of them is told.
        assert (await desk.ask("GET", path))[0] == 200
        assert (await desk.ask("GET", path))[0] == 200
        status, refusal = await desk.ask("GET", path)
        assert (status, refusal["code"], refusal["retryable"]) == (429, "rate_limited", True)
        assert (await desk.ask("GET", path, key="another-key-0123456789-0123456789"))[0] == 200


def test_each_command_that_needs_no_connection_is_there() -> None:
    of_connections = {
        *("Login", "Resume", "Logout", "Ping", "Sync", "ReadStream", "Watch", "Unwatch", "AskPresence"),
        *("EnterRoom", "LeaveRoom", "TellTyping", "MarkDelivered", "MarkUnread", "LeaveWill", "DropWill"),
        *("RegisterPush", "UnregisterPush"),
        *("StartCall", "AnswerCall", "DeclineCall", "HangUp", "HandOver", "SignalCall", "ListCalls", "GetTurn"),
        *("Claim", "RenewClaim", "FinishClaim", "ReleaseClaim"),
        *("StartCall", "AnswerCall", "DeclineCall", "HangUp", "HandOver", "SignalCall", "ListCalls", "GetTurn"),
        # Of the program that embeds the server, and of a session that it asks.
        *("Ask", "ReplyTo", "Took"),
        # Those of the operator's own say more.
        *("ListSessions", "CloseSession", "CloseDevice", "CloseTab", "ShareTabs"),
    }
    shapes = {kind.__name__ for one in OPERATIONS for kind in (*one.bodies, one.query)}
    names = {one.name for one in OPERATIONS}
    by_path = {
        "Join": "joinConversation",
        "Quit": "quitConversation",
        "RecallMessage": "recallMessage",
        "Dissolve": "dissolve",
        "RemoveFile": "removeFile",
        "DropObject": "dropObject",
        "AcceptContact": "acceptContact",
        "DeclineContact": "declineContact",
        "RemoveContact": "removeContact",
        "UnblockUsers": "unblockUser",
        "PinConversation": "pinConversation",
        "UnpinConversation": "unpinConversation",
        "MarkConversation": "markConversation",
        "UnmarkConversation": "unmarkConversation",
        "UnsilenceConversation": "unsilenceConversation",
        "UnsilenceAll": "unsilenceAll",
        "GetSilence": "getSilence",
        "GetWriting": "getWriting",
    }
    by_path |= {"RemoveMembers": "removeMember"}
    for command in COMMANDS:
        name = command.__name__
        if name not in of_connections:
            assert {f"{name}Body", f"Of{name}"} & shapes or by_path[name] in names, name


async def test_an_object_of_a_users_is_kept_listed_and_dropped(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        one = "/v1/users/ann/objects/theme"
        status, placed = await desk.ask("PUT", one, json={"value": {"is": "dark"}, "expect": 0})
        assert (status, placed["kind"]) == (200, "placed")
        status, refusal = await desk.ask("PUT", one, json={"value": 1, "expect": 0})
        assert (status, refusal["code"], refusal["numbers"]["revision"]) == (409, "conflict", placed["seq"])
        _, kept = await desk.ask("GET", "/v1/users/ann/objects")
        assert [(each["name"], each["value"]) for each in kept["objects"]] == [("theme", {"is": "dark"})]
        assert (await desk.ask("DELETE", one))[1]["kind"] == "placed"
        assert (await desk.ask("DELETE", one))[1]["kind"] == "done"
        assert (await desk.ask("GET", "/v1/users/ann/objects"))[1]["objects"] == []
