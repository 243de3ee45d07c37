"""Clients find conversations."""

import asyncio
import json

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.gateways.leancloud.clients import Client, clients
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView
from unisono.domain.ids import UserId
from unisono.gateways.leancloud.finding import ANSWER_BYTES, WITH_LAST
from unisono.stores.memory import directory as memory_directory
from unisono.wire.leancloud import realtime_pb2 as pb


async def names(client: Client, where: object, **fields: object) -> list[object]:
    return [found.get("name") for found in await client.find(where, **fields)]


@pytest.mark.rows(
    "L194", "L196", "L197", "L198", "L199", "L201", "L202", "L203", "L204", "L206", "L207", "L228", "L229"
)
@in_virtual_time
async def test_what_the_builders_of_queries_ask_for_is_found() -> None:
    async with clients("tom") as (tom,):
        for number in range(12):
            cid = await tom.start("jerry", *["mary"] * (number % 2), attr={"name": f"n{number:02}", "size": number})
            await asyncio.sleep(1)
            await tom.send(cid, "hi")
        hall = await tom.start(transient=True, attr={"name": "n-hall", "size": 3})
        assert await names(tom, {}) == [f"n{number:02}" for number in range(11, 1, -1)]
        assert len(await tom.find({}, limit=20)) == 12
        assert await names(tom, {"name": "n03"}) == ["n03"]
        assert await names(tom, {"name": {"$regex": "\\Q1\\E"}, "size": {"$lt": 11}}) == ["n10", "n01"]
        assert await names(tom, {"size": {"$gt": 8}}, sort="name") == ["n09", "n10", "n11"]
        assert await names(tom, {"m": {"$all": ["tom", "mary"]}}, sort="-name", limit=2, skip=1) == ["n09", "n07"]
        assert await names(tom, {"size": 3}, sort="name") == ["n-hall", "n03"]
        assert [found["objectId"] for found in await tom.find({"tr": True})] == [hall]
        assert len(await tom.find({"size": {"$ne": 3}}, limit=999)) == 11


@in_virtual_time
async def test_the_bounds_of_a_page() -> None:
    async with clients("tom") as (tom,):
        await tom.start("jerry")
        assert await tom.find({}, limit=0) == []
        assert await tom.find({}, limit=-1) == []
        assert len(await tom.find({}, limit=5000, skip=-3)) == 1
        for where in ("[]", "{", '{"mu":["tom"]}', '{"name":{"$regex":"("}}', '{"$where":"1"}'):
            command = tom.conv(pb.query, where=where)
            assert await tom.refused(command) == 4310
        assert await tom.refused(tom.conv(pb.query, where="{}", sort="mu")) == 4310
        assert await tom.refused(tom.conv(pb.query, where="{}", skip=10_001)) == 4310


@pytest.mark.rows("L209", "L211")
@in_virtual_time
async def test_members_are_left_out_and_last_messages_brought_where_asked_for() -> None:
    async with clients("tom", "mary") as (tom, mary):
        cid = await tom.start("jerry")
        mid, at = await tom.send(cid, '{"_lctext":"hi","_lctype":-1}')
        assert [found["m"] for flag in (0, 1, 2, 3) for found in await tom.find({}, flag=flag)] == [
            ["jerry", "tom"],
            [],
            ["jerry", "tom"],
            [],
        ]
        assert "msg" not in (await tom.find({}, flag=1))[0]
        (found,) = await tom.find({}, flag=3)
        assert (found["msg"], found["msg_from"], found["msg_mid"], found["msg_timestamp"]) == (
            '{"_lctext":"hi","_lctype":-1}',
            "tom",
            mid,
            at,
        )
        assert found["lm"]["__type"] == "Date"
        (seen,) = await mary.find({"objectId": cid}, flag=2)
        assert (seen["m"], "msg" in seen) == ([], False)


@in_virtual_time
async def test_hundreds_are_found_by_their_ids() -> None:
    async with clients("tom") as (tom,):
        cids = [await tom.start(f"user-{number}") for number in range(120)]
        found = await tom.find({"objectId": {"$in": [*cids, "f" * 24]}}, limit=999)
        assert {one["objectId"] for one in found} == set(cids)
        assert len(await tom.find({"objectId": {"$in": cids}}, limit=101)) == 101
        assert len(await tom.find({"objectId": {"$in": cids}})) == 10


@in_virtual_time
async def test_as_many_are_found_as_asked_for_however_large_they_are() -> None:
    """An answer of ours has room for fewer large ones than a client of LeanCloud's asks for, and cannot ask on."""
    async with clients("tom") as (tom,):
        for number in range(25):
            await tom.start("jerry", attr={"name": f"n{number:02}", "text": "x" * 10_000})
        assert await names(tom, {}, limit=22, sort="name", skip=1) == [f"n{number:02}" for number in range(1, 23)]


@pytest.mark.parametrize("by_ids", [False, True])
@in_virtual_time
async def test_an_answer_has_newest_messages_and_conversations_as_far_as_a_frame_holds(by_ids: bool) -> None:
    """It used to be as large as what was asked for: a frame of megabytes, behind which all else overflowed."""
    async with clients("tom") as (tom,):
        cids = []
        for number in range(102):
            attr = {"name": f"n{number:03}", "text": "x" * 12_000}
            cids.append(await tom.start("jerry", attr=attr))
            await tom.send(cids[-1], "y" * 50_000)
        where = {"objectId": {"$in": cids}} if by_ids else {}
        found = await tom.find(where, limit=200, flag=WITH_LAST, sort="name")
        size = len(json.dumps(found))
        assert ANSWER_BYTES < size < 2.2 * ANSWER_BYTES
        have = ["msg" in one for one in found]
        assert 5 < have.count(True) < 15
        assert have == sorted(have, reverse=True)
        seen = [one["name"] for one in found]
        while True:
            more = await tom.find(where, limit=200, flag=WITH_LAST, sort="name", skip=len(seen))
            if not more:
                break
            seen += [one["name"] for one in more]
        assert seen == [f"n{number:03}" for number in range(102)]


@in_virtual_time
async def test_a_conversation_is_found_by_who_left_it() -> None:
    """Clients drop what they are told of a conversation that a query does not find, such as that they were removed."""
    async with clients("tom", "jerry") as (tom, jerry):
        cid = await tom.start("jerry")
        await tom.conv(pb.remove, cid=cid, m=["jerry"])
        assert [found["objectId"] for found in await jerry.find({"objectId": cid})] == [cid]
        assert await jerry.find({}) == []


async def closed_group(client: Client, *members: str) -> str:
    """Begin a conversation as a native client does: nobody finds it who is no member."""
    users = tuple(UserId(member) for member in members)
    made = await client.ask(c.CreateConversation(client.new_key(), members=users, name="secret", unique=False))
    assert isinstance(made, ConversationView)
    return made.conversation


@in_virtual_time
async def test_who_left_a_closed_conversation_finds_that_there_is_one_and_nothing_of_it() -> None:
    """They used to find nothing, and clients dropped that they were removed."""
    async with clients("tom", "jerry", "mary") as (tom, jerry, mary):
        cid = await closed_group(tom, "jerry")
        await tom.conv(pb.remove, cid=cid, m=["jerry"])
        (left,) = await jerry.find({"objectId": cid})
        assert (left["objectId"], left["c"], left["m"], left["conv_type"]) == (cid, "tom", [], 1)
        assert left["createdAt"] == left["updatedAt"]
        assert not {"name", "lm", "msg"} & set(left)
        assert [one["objectId"] for one in await jerry.find({"objectId": {"$in": [cid]}}, limit=999)] == [cid]
        for where, fields in (
            ({"objectId": cid, "name": "secret"}, {}),
            ({"name": "secret"}, {}),
            ({"objectId": cid}, {"limit": 0}),
            ({"objectId": cid}, {"skip": 1}),
        ):
            assert await jerry.find(where, **fields) == []
        assert await mary.find({"objectId": cid}) == []
        assert (await tom.find({"objectId": cid}))[0]["name"] == "secret"


@pytest.mark.rows("L173")
@in_virtual_time
async def test_who_muted_a_conversation_is_told_to_its_members() -> None:
    async with clients("tom", "jerry", "mary") as (tom, jerry, mary):
        cid, other = await tom.start("jerry"), await tom.start("jerry", "spike")
        for client in (tom, jerry):
            await client.conv(pb.mute, cid=cid)
        shown = {one["objectId"]: one["mu"] for one in await jerry.find({})}
        assert shown == {cid: ["jerry", "tom"], other: []}
        assert [one["objectId"] for one in await tom.find({"mu": "jerry"})] == [cid]
        assert [one["objectId"] for one in await tom.find({"mu": {"$nin": ["jerry"]}})] == [other]
        (seen,) = await mary.find({"objectId": cid})
        assert seen["mu"] == []
        await tom.conv(pb.unmute, cid=cid)
        assert [(one["mu"], one.get("muted")) for one in await tom.find({"objectId": cid})] == [(["jerry"], None)]


@in_virtual_time
async def test_of_too_many_who_muted_the_client_itself_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_directory, "MUTED_AT_ONCE", 1)
    async with clients("tom", "jerry") as (tom, jerry):
        cid = await tom.start("jerry")
        for client in (tom, jerry):
            await client.conv(pb.mute, cid=cid)
        assert [one["mu"] for one in await tom.find({"objectId": cid})] == [["tom"]]


@in_virtual_time
async def test_one_conversation_of_the_same_members_is_told_and_found_as_such() -> None:
    async with clients("tom") as (tom,):
        made = await tom.conv(pb.start, m=["tom", "jerry"], unique=True)
        plain = await tom.conv(pb.start, m=["tom", "jerry"], unique=False)
        assert (made.uniqueId, plain.HasField("uniqueId")) == (made.cid, False)
        shown = {one["objectId"]: (one.get("unique"), one.get("uniqueId")) for one in await tom.find({})}
        assert shown == {made.cid: (True, made.cid), plain.cid: (None, None)}
        for where, found in (
            ({"uniqueId": made.uniqueId}, [made.cid]),
            ({"uniqueId": plain.cid}, []),
            ({"uniqueId": {"$exists": False}}, [plain.cid]),
        ):
            assert [one["objectId"] for one in await tom.find(where)] == found


@in_virtual_time
async def test_lists_and_lines_are_found_by_what_they_are() -> None:
    async with clients("tom") as (tom,):
        await tom.start("jerry", attr={"name": "one", "tags": ["a", "b"], "about": "first\nsecond"})
        await tom.start("jerry", attr={"name": "other", "tags": [], "about": "second thoughts"})
        assert await names(tom, {"tags": {"$size": 2}}) == ["one"]
        assert await names(tom, {"tags": {"$size": 0}}) == ["other"]
        assert await names(tom, {"about": {"$regex": "^second$", "$options": "m"}}) == ["one"]
        assert await names(tom, {"about": {"$regex": "^second$"}}) == []


@in_virtual_time
async def test_open_conversations_of_others_are_found_where_the_operator_says_so() -> None:
    async with clients("tom", "mary", finds_open=True) as (tom, mary):
        cid = await tom.start("jerry", attr={"name": "fans", "topic": "tea"})
        await tom.start("jerry", attr={"name": "fleeting", "topic": "tea"}, tempConv=True)
        await closed_group(tom, "jerry")
        (seen,) = await mary.find({"topic": "tea"})
        assert (seen["objectId"], seen["name"], seen["m"], seen["mu"]) == (cid, "fans", [], [])
        assert await names(mary, {"name": "secret"}) == []
        assert await mary.find({}) == []
        assert await mary.find({"m": "tom"}) == []
    async with clients("tom", "mary") as (tom, mary):
        await tom.start("jerry", attr={"topic": "tea"})
        assert await mary.find({"topic": "tea"}) == []
