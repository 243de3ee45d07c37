"""What an app's own servers and clients ask over HTTP, below /1.1 and /1.2."""

import json
from pathlib import Path
from typing import Any

from tests.unit.gateways.leancloud.web_stage import APP, KEY, MASTER, Asking, opened
from unisono.clock import SystemClock
from unisono.domain.commands import CreateConversation
from unisono.domain.ids import SendKey, UserId
from unisono.gateways.leancloud.rest_session import NOTICES_MAX
from unisono.wire.leancloud.signing import signature_of

ROOT = "/1.2/rtm"
GROUPS, ROOMS, SERVICES = f"{ROOT}/conversations", f"{ROOT}/chatrooms", f"{ROOT}/service-conversations"
CLASS = "/1.1/classes/_Conversation"


async def made(asking: Asking, path: str = GROUPS, **body: object) -> str:
    told = await asking.master("POST", path, {"name": "tea", "m": ["ann", "bob"], **body})
    assert set(told) == {"objectId", "createdAt"}, told
    return str(told["objectId"])


async def ids(asking: Asking, path: str, **query: object) -> list[str]:
    return [row["objectId"] for row in (await asking.master("GET", path, **query))["results"]]


async def test_a_conversation_is_made_found_changed_and_ended(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        one = await made(asking, topic="leaves", c="bob")
        row = await asking.master("GET", f"{GROUPS}/{one}")
        assert (row["name"], row["c"], set(row["m"]), row["topic"], row["mu"]) == (
            "tea",
            "bob",
            {"ann", "bob"},
            "leaves",
            [],
        )
        assert await ids(asking, GROUPS, where={"m": "ann", "topic": "leaves"}) == [one]
        assert await ids(asking, GROUPS, where={"m": "cat"}) == []
        changed = await asking.master(
            "PUT", f"{GROUPS}/{one}", {"name": "coffee", "topic": {"__op": "Delete"}, "a.b": 1}
        )
        assert changed["objectId"] == one
        row = await asking.master("GET", f"{CLASS}/{one}")
        assert (row["name"], row.get("topic"), row["a"], row["updatedAt"]) == (
            "coffee",
            None,
            {"b": 1},
            changed["updatedAt"],
        )
        assert await asking.master("PUT", f"{GROUPS}/{one}", {"m": ["cat"]}) == 4306
        assert await asking.master("DELETE", f"{GROUPS}/{one}") == {}
        assert (await asking.master("GET", f"{GROUPS}/{one}"))["m"] == []
        assert await asking.master("GET", f"{GROUPS}/nowhere") == 4303
        assert await asking.master("POST", GROUPS, {"name": "nobody"}) == 4301
        assert await asking.master("POST", GROUPS, {"m": "ann"}) == 4301


async def test_each_operation_amends_what_is_there(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        for path in (GROUPS, CLASS):
            one = await made(asking, n=1, tags=["a"], all=["a", "b", "a"], more=[1])
            change = {
                "n": {"__op": "Increment", "amount": 5},
                "tags": {"__op": "AddUnique", "objects": ["a", "b"]},
                "all": {"__op": "Remove", "objects": ["a"]},
                "more": {"__op": "Add", "objects": [1, 2]},
            }
            await asking.master("PUT", f"{path}/{one}", change)
            row = await asking.master("GET", f"{path}/{one}")
            assert (row["n"], row["tags"], row["all"], row["more"]) == (6, ["a", "b"], ["b"], [1, 1, 2])
            assert await asking.master("PUT", f"{path}/{one}", {"n": {"__op": "Multiply", "amount": 5}}) == 4306


async def test_what_is_done_in_nobodys_name_is_nobodys(tmp_path: Path) -> None:
    """Whoever logged in as `_operator` used to own the rooms that an app's server made."""
    async with opened(tmp_path) as asking:
        room = str((await asking.master("POST", ROOMS, {"name": "lobby"}))["objectId"])
        assert (await asking.master("GET", f"{ROOMS}/{room}"))["c"] == "_operator"
        peer, device = await asking.desk.connect(), {"id": "d1", "platform": "web"}
        refused = await peer.ask("login", device=device, login=f"login-d1-{id(peer):x}", user="_operator")
        assert refused["code"] == "token_invalid"
        said = {"from_client": "_operator", "message": "hello"}
        assert await asking.master("POST", f"{ROOMS}/{room}/messages", said) == 4301


async def test_a_unique_conversation_is_the_one_of_its_members(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        first = await made(asking, unique=True)
        assert await made(asking, unique=True) == first
        assert await made(asking) != first
        assert await ids(asking, GROUPS, where={"unique": True}) == [first]


async def test_each_kind_is_asked_for_in_its_place(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        group, room, service = [await made(asking, path) for path in (GROUPS, ROOMS, SERVICES)]
        as_rows = [await made(asking, CLASS, **more) for more in ({}, {"tr": True}, {"sys": True})]
        for path, mine, other, number in (
            (GROUPS, {group, as_rows[0]}, room, 4314),
            (ROOMS, {room, as_rows[1]}, service, 4316),
            (SERVICES, {service, as_rows[2]}, group, 4313),
        ):
            assert set(await ids(asking, path)) == mine
            assert await asking.master("GET", f"{path}/{other}") == number
            assert (await asking.master("GET", f"{path}/{next(iter(mine))}"))["name"] == "tea"
        everything = {group, room, service, *as_rows}
        assert set(await ids(asking, CLASS)) == set(await ids(asking, f"{ROOT}/all-conversations")) == everything
        row = await asking.master("GET", f"{CLASS}/{room}")
        assert (row["tr"], row["conv_type"], "m" in row) == (True, 2, False)


async def test_conversations_come_in_pages_counted_and_sorted(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        made_ids = [await made(asking, name=f"n{number}") for number in range(5)]
        told = await asking.master("GET", CLASS, order="-name", limit=2, skip=1, count=1)
        assert ([row["name"] for row in told["results"]], told["count"]) == (["n3", "n2"], 5)
        assert await ids(asking, CLASS, limit=0) == []
        some = {"objectId": {"$in": made_ids[:2]}}
        assert set(await ids(asking, CLASS, where=some)) == set(made_ids[:2])
        unreadable: list[object] = [{"$nor": []}, "[" * 1_500, [1]]
        for bad in unreadable:
            assert await asking.master("GET", CLASS, where=bad) == 4310
        assert "leancloud_rest_failed" not in asking.desk.log.getvalue()
        assert await asking.master("GET", CLASS, order="m") == 4310
        assert await asking.master("GET", CLASS, limit="x") == 4301


async def test_members_come_and_go_and_are_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        one = await made(asking)
        members, mutes = f"{GROUPS}/{one}/members", f"{GROUPS}/{one}/mutes"
        async with await asking.desk.login("cat") as cat:
            assert await asking.master("POST", members, {"client_ids": ["cat", "dan"]}) == {}
            assert (await cat.ask("conversation", conversation=one))["answer"]["conversation"] == one
        assert await asking.master("DELETE", members, {"client_ids": ["dan", "bob"]}) == {}
        assert await asking.master("GET", members) == {"result": ["ann", "cat"]}
        assert await asking.master("POST", mutes, {"client_ids": ["cat"]}) == {}
        assert await asking.master("GET", mutes) == {"result": ["cat"]}
        assert (await asking.master("GET", f"{GROUPS}/{one}"))["mu"] == ["cat"]
        assert await asking.master("DELETE", mutes, {"client_ids": ["cat"]}) == {}
        assert await asking.master("GET", mutes) == {"result": []}
        assert await asking.master("POST", mutes, {"client_ids": ["stranger"]}) in {4303, 4320}
        assert await asking.master("POST", members, {}) == 4301


async def test_what_is_said_is_heard_read_changed_and_taken_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        one = await made(asking)
        messages = f"{GROUPS}/{one}/messages"
        text = json.dumps({"_lctype": -1, "_lctext": "tea?"})
        sent = await asking.master("POST", messages, {"from_client": "ann", "message": text})
        more = await asking.master(
            "POST", messages, {"from_client": "bob", "message": {"_lctype": -1, "_lctext": "yes"}}
        )
        old = await asking.master("POST", "/1.1/rtm/messages", {"from_peer": "ann", "conv_id": one, "message": "plain"})
        items = await asking.master("GET", messages)
        assert [(item["from"], item["msg-id"]) for item in items] == [
            ("ann", old["msg-id"]),
            ("bob", more["msg-id"]),
            ("ann", sent["msg-id"]),
        ]
        assert items[0] == {
            "timestamp": old["timestamp"],
            "conv-id": one,
            "data": "plain",
            "from": "ann",
            "msg-id": old["msg-id"],
            "bin": False,
            "to": one,
            "is-conv": True,
            "is-room": False,
        }
        assert items[2]["data"] == text
        rising = await asking.master("GET", messages, reversed="true", limit=2)
        assert [item["from"] for item in rising] == ["ann", "bob"]
        start = {"timestamp": more["timestamp"], "msgid": more["msg-id"]}
        assert [one["from"] for one in await asking.master("GET", messages, **start)] == ["ann"]
        assert [one["from"] for one in await asking.master("GET", messages, **start, include_start="true")] == [
            "bob",
            "ann",
        ]
        edit = {"from_client": "ann", "message": "coffee?", "timestamp": sent["timestamp"]}
        assert await asking.master("PUT", f"{messages}/{sent['msg-id']}", edit) == {}
        recall = {"from_client": "bob", "timestamp": more["timestamp"]}
        assert await asking.master("PUT", f"{messages}/{more['msg-id']}/recall", recall) == {}
        assert await asking.master("DELETE", f"{messages}/{old['msg-id']}", timestamp=old["timestamp"]) == {}
        assert [item["data"] for item in await asking.master("GET", messages)] == ['{"_lctype":-127}'] * 2 + ["coffee?"]
        assert await asking.master("PUT", f"{messages}/{'x' * 22}", edit) == 4404
        assert await asking.master("PUT", f"{messages}/{sent['msg-id']}", {**edit, "timestamp": 0}) == 4301
        assert await asking.master("POST", messages, {"from_client": "cat", "message": "x"}) == 4401
        assert await asking.master("POST", messages, {"message": "x"}) == 4301
        assert (
            await asking.master("POST", "/1.1/rtm/messages", {"from_peer": "a", "conv_id": "z", "message": "x"}) == 4401
        )


async def test_in_a_room_an_apps_server_speaks_without_being_there(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        room = await made(asking, ROOMS)
        async with await asking.desk.login("cat") as cat:
            await cat.ask("enter", conversation=room)
            assert (await asking.master("GET", f"{ROOMS}/{room}/members/online-count")) == {"result": 1}
            said = {"from_client": "host", "message": "welcome", "priority": "high"}
            sent = await asking.master("POST", f"{ROOMS}/{room}/messages", said)
            assert sent["timestamp"] > 0
            frame = await cat.socket.receive_json()
            while "welcome" not in json.dumps(frame):
                frame = await cat.socket.receive_json()
            # It used to be kept only in rooms that clients began.
            kept = await asking.master("GET", f"{ROOMS}/{room}/messages")
            assert [each["data"] for each in kept] == ["welcome"]


async def test_subscribers_hear_what_is_announced(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        service = await made(asking, SERVICES, c="host")
        subscribers = f"{SERVICES}/{service}/subscribers"
        for client in ("ann", "bob"):
            assert await asking.master("POST", subscribers, {"client_id": client}) == {}
        assert await asking.master("DELETE", f"{subscribers}/bob") == {}
        assert await asking.master("GET", f"{subscribers}/count") == {"count": 1}
        first = await asking.master("POST", f"{SERVICES}/{service}/broadcasts", {"message": "news"})
        body = {"conv_id": service, "message": "more", "from_client": "x", "valid_till": 5, "push": {"alert": "hey"}}
        for path in (f"{ROOT}/broadcasts", "/1.1/rtm/broadcast"):
            assert (await asking.master("POST", path, body))["timestamp"] >= first["timestamp"]
        items = await asking.master("GET", f"{SERVICES}/{service}/messages")
        assert [item["data"] for item in items] == ["more", "more", "news"]
        assert await asking.master("GET", f"{ROOT}/clients/ann/unread-count") == {"count": 3}
        assert await asking.master("GET", f"{ROOT}/clients/ann/unread-count", conv_id=service) == {"count": 3}
        group = await made(asking)
        assert await asking.master("POST", f"{ROOT}/broadcasts", {**body, "conv_id": group}) == 4313
        assert await asking.master("POST", subscribers, {}) == 4301


async def test_clients_are_looked_for_and_put_out(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking, await asking.desk.login("ann") as ann:
        asked = {"client_ids": ["bob", "ann"]}
        assert await asking.master("POST", f"{ROOT}/clients/check-online", asked) == {"results": ["ann"]}
        many = {"client_ids": [f"u{number}" for number in range(500)]}
        assert await asking.master("POST", f"{ROOT}/clients/check-online", many) == 4301
        assert await asking.master("POST", f"{ROOT}/clients/ann/kick", {"reason": "enough"}) == {}
        _, bye = await ann.ended()
        assert bye is not None
        assert bye["code"] == "session_closed"


async def test_the_master_key_is_needed_for_what_is_the_operators(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        one = await made(asking)
        headers = {"X-LC-Id": APP, "X-LC-Key": KEY}
        for method, path in (
            ("POST", GROUPS),
            ("GET", CLASS),
            ("GET", f"{GROUPS}/{one}/messages"),
            ("POST", f"{ROOT}/clients/ann/kick"),
            ("POST", "/1.1/rtm/messages"),
        ):
            status, told, _ = await asking.request(method, path, headers=headers)
            assert (status, told["code"]) == (401, 401), path


async def test_history_is_read_with_a_signature_where_the_operator_asks_for_one(tmp_path: Path) -> None:
    apps = json.dumps([{"id": APP, "key": KEY, "master_key": MASTER, "signed": ["history"]}])
    async with opened(tmp_path, UNISONO_LEANCLOUD__APPS=apps) as asking:
        one = await made(asking)
        path = f"{GROUPS}/{one}/messages"
        await asking.master("POST", path, {"from_client": "ann", "message": "tea"})
        now = SystemClock().now()

        async def read(client: str, signature: str | None = None) -> Any:
            signature = signature or signature_of(f"{APP}:{client}:{one}:n:{now}", MASTER)
            query = {"client_id": client, "nonce": "n", "signature_ts": str(now), "signature": signature}
            headers = {"X-LC-Id": APP, "X-LC-Key": KEY}
            return (await asking.request("GET", path, headers=headers, query=query))[1]

        assert [item["data"] for item in await read("ann")] == ["tea"]
        assert (await read("ann", "0" * 40))["code"] == 4302
        assert (await read("cat"))["code"] == 4312


async def token_of(asking: Asking, user: str, device: str) -> str:
    """Log in, and give the token that a client of LeanCloud's has for its session.

    The place in the log at its end used to be taken for a part of the secret, and no client was let in.
    """
    async with await asking.desk.login(user, device) as peer:
        welcome = peer.welcome
        return f"{welcome['session']}.{welcome['resume_token']}.{welcome['checkpoint']}"


async def test_a_client_hears_over_http_what_it_missed(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        token = await token_of(asking, "cat", "d1")
        groups = [await made(asking, m=["ann", "bob"], name=f"n{number}") for number in range(3)]
        for one in groups:
            await asking.master("POST", f"{GROUPS}/{one}/members", {"client_ids": ["cat"]})
        await asking.master("DELETE", f"{GROUPS}/{groups[0]}/members", {"client_ids": ["cat"]})
        path, headers = "/1.1/rtm/notifications", {"X-LC-Id": APP, "X-LC-Key": KEY, "X-LC-IM-Session-Token": token}
        query = {"client_id": "cat", "start_ts": "0", "notification_type": "permanent"}
        status, told, _ = await asking.request("GET", path, headers=headers, query=query)
        notices = told["notifications"]
        assert (status, told["hasMore"]) == (200, False)
        assert [(one["op"], one["cid"]) for one in notices] == [
            *(("joined", one) for one in groups),
            ("left", groups[0]),
        ]
        assert {(one["cmd"], one["notificationType"], one["initBy"]) for one in notices} == {("conv", 1, "_operator")}
        assert [one["serverTs"] for one in notices] == sorted(one["serverTs"] for one in notices)
        for known in notices:
            later = {**query, "start_ts": str(known["serverTs"])}
            _, rest, _ = await asking.request("GET", path, headers=headers, query=later)
            assert rest["notifications"] == [one for one in notices if one["serverTs"] > known["serverTs"]]
        _, native, _ = await asking.request("GET", path, headers=headers, query={"client_id": "cat"})
        assert native["permanent"]["notifications"] == notices
        assert await asking.master("GET", path, client_id="cat", notification_type="permanent") == told


async def test_more_than_a_page_of_news_comes_in_pages_that_lose_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        executor = asking.desk.server.node.executor
        names = [f"n{number}" for number in range(NOTICES_MAX + 30)]
        for name in names:
            await executor.on_behalf(
                UserId("ann"), CreateConversation(SendKey(name), members=(UserId("cat"),), unique=False)
            )
        seen: list[str] = []
        start, has_more, pages = 0, True, 0
        while has_more:
            told = await asking.master(
                "GET", "/1.1/rtm/notifications", client_id="cat", start_ts=start, notification_type="permanent"
            )
            seen += [one["cid"] for one in told["notifications"]]
            start, has_more, pages = told["notifications"][-1]["serverTs"], told["hasMore"], pages + 1
        assert len(seen) == len(set(seen)) == len(names)
        assert pages >= 2


async def test_roles_are_told_to_members(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        token = await token_of(asking, "ann", "d1")
        one = await made(asking, m=["ann", "bob", "cat"], c="ann")
        async with await asking.desk.login("ann", "d2") as ann:
            await ann.ask("set_member", conversation=one, user="cat", role="manager")
        path, headers = "/1.1/classes/_ConversationMemberInfo", {"X-LC-Id": APP, "X-LC-Key": KEY}
        query = {"client_id": "ann", "where": json.dumps({"cid": one})}
        with_token = {**headers, "X-LC-IM-Session-Token": token}
        _, told, _ = await asking.request("GET", path, headers=with_token, query=query)
        assert [(row["cid"], row["clientId"], row["role"]) for row in told["results"]] == [(one, "cat", "Manager")]
        for bad, sent, status, code in (
            (query, headers, 401, 401),
            ({**query, "client_id": "bob"}, with_token, 401, 4112),
            (query, {**headers, "X-LC-IM-Session-Token": token.replace(".", ".x", 1)}, 401, 4112),
            (query, {**headers, "X-LC-IM-Session-Token": "\u00e9"}, 401, 4112),
            ({"client_id": "ann"}, with_token, 422, 4301),
            ({**query, "where": "[]"}, with_token, 400, 4114),
        ):
            answer = await asking.request("GET", path, headers=sent, query=bad)
            assert (answer[0], answer[1]["code"]) == (status, code), bad
        stranger = await token_of(asking, "dan", "d1")
        _, told, _ = await asking.request(
            "GET", path, headers={**headers, "X-LC-IM-Session-Token": stranger}, query={**query, "client_id": "dan"}
        )
        assert told["code"] == 4303
        await asking.desk.server.node.own_sessions.end_all(UserId("ann"), "closed")
        assert (await asking.request("GET", path, headers=with_token, query=query))[1]["code"] == 4112
