"""Conversations begin, change and are muted."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.gateways.leancloud.clients import Client, clients
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView
from unisono.domain.ids import ConversationId
from unisono.domain.quotas import Quotas
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.places import iso_of


async def view_of(client: Client, cid: str) -> ConversationView:
    view = await client.ask(c.GetConversation(ConversationId(cid.removeprefix("_tmp:"))))
    assert isinstance(view, ConversationView)
    return view


@pytest.mark.rows("L134", "L135", "L140", "L182", "L191")
@in_virtual_time
async def test_a_conversation_begins_with_its_name_and_attributes() -> None:
    async with clients("tom", "jerry") as (tom, jerry):
        attr = {"name": "Tom & Jerry", "topic": {"id": 7}, "location": "London"}
        begun = await tom.conv(pb.start, m=["jerry", "tom"], attr=attr)
        view = await view_of(tom, begun.cid)
        assert begun.cdate == iso_of(view.created_at)
        assert (view.of, view.name, view.members, view.joining) == ("group", "Tom & Jerry", ("jerry", "tom"), "open")
        assert view.attributes == {"topic": {"id": 7}, "location": "London"}
        assert not begun.HasField("tempConvTTL")
        (found,) = await jerry.find({"objectId": begun.cid})
        assert {**found, "createdAt": "", "updatedAt": ""} == {
            "objectId": begun.cid,
            "createdAt": "",
            "updatedAt": "",
            "name": "Tom & Jerry",
            "topic": {"id": 7},
            "location": "London",
            "m": ["jerry", "tom"],
            "c": "tom",
            "mu": [],
            "conv_type": 1,
        }


@pytest.mark.rows("L30", "L137", "L138", "L139")
@in_virtual_time
async def test_a_unique_one_is_found_again_and_keeps_its_name() -> None:
    async with clients("tom") as (tom,):
        assert await tom.start("jerry") != await tom.start("jerry")
        first = await tom.conv(pb.start, m=["jerry"], unique=True, attr={"name": "one"})
        again = await tom.conv(pb.start, m=["tom", "jerry"], unique=True, attr={"name": "two"})
        assert (again.cid, again.cdate) == (first.cid, first.cdate)
        assert (await view_of(tom, first.cid)).name == "one"
        assert await tom.start("jerry", "mary", unique=True) != first.cid


@pytest.mark.rows("L136", "L225", "L226", "L141")
@in_virtual_time
async def test_the_creator_of_a_room_is_in_it_at_once() -> None:
    async with clients("tom", "jerry") as (tom, jerry):
        room = await tom.start(transient=True, unique=True, attr={"name": "hall"})
        assert await tom.start(transient=True, unique=True, attr={"name": "hall"}) != room
        other = await tom.start(transient=True)
        assert (await jerry.conv(pb.count, cid=other)).count == 1
        assert (await jerry.conv(pb.count, cid=room)).count == 0
        (found,) = await jerry.find({"objectId": room})
        assert (found["tr"], found["name"], found["conv_type"], "m" in found) == (True, "hall", 2, False)


@in_virtual_time
async def test_a_temporary_one_says_how_long_it_lasts_and_is_the_same_until_then() -> None:
    async with clients("tom") as (tom,):
        begun = await tom.conv(pb.start, m=["jerry"], tempConv=True, tempConvTTL=60)
        assert begun.cid.startswith("_tmp:")
        assert (begun.tempConv, begun.tempConvTTL) == (True, 60)
        await asyncio.sleep(10.0)
        again = await tom.conv(pb.start, m=["jerry"], tempConv=True, unique=False)
        assert (again.cid, again.tempConvTTL) == (begun.cid, 50)
        (found,) = await tom.find({}, tempConvIds=[begun.cid])
        assert (found["objectId"], found["temp"], found["ttl"], found["conv_type"]) == (begun.cid, True, 50, 4)
        await asyncio.sleep(51.0)
        assert await tom.start("jerry", tempConv=True) != begun.cid
        assert (await tom.conv(pb.start, m=["mary"], tempConv=True)).tempConvTTL == 86_400
        assert (await tom.conv(pb.start, m=["spike"], tempConv=True, tempConvTTL=10**9)).tempConvTTL == 30 * 86_400


@in_virtual_time
async def test_what_cannot_begin_has_its_number() -> None:
    async with clients("tom", quotas=Quotas(members_per_conversation=3)) as (tom,):
        assert await tom.refused(tom.start("a", "b", "c")) == 4304
        assert await tom.refused(tom.start("a", attr={"m": ["x"]})) == 4301
        assert await tom.refused(tom.start("a", attr="[]")) == 4301
        assert await tom.refused(tom.start("a", attr={"name": "n" * 257})) == 4301
        assert await tom.refused(tom.start("a\n")) == 4301


@pytest.mark.rows("L180", "L181", "L192")
@in_virtual_time
async def test_any_member_changes_name_and_attributes() -> None:
    async with clients("tom", "black") as (tom, black):
        cid = await tom.start("black", attr={"name": "old", "foo": {"bar": 1, "kept": True}, "gone": 1})
        change = {"name": "new", "foo.bar": 2, "gone": {"__op": "Delete"}, "added": [1]}
        said = await black.conv(pb.update, cid=cid, attr=change)
        view = await view_of(tom, cid)
        assert (said.cid, said.udate) == (cid, iso_of(view.updated_at))
        assert view.name == "new"
        assert view.attributes == {"foo": {"bar": 2, "kept": True}, "added": [1]}
        both = [
            client.conv(pb.update, cid=cid, attr={"n": {"__op": "Increment", "amount": 1}}) for client in (tom, black)
        ]
        await asyncio.gather(*both)
        assert ((await view_of(tom, cid)).attributes or {})["n"] == 2
        await black.conv(pb.update, cid=cid, attr={"name": None})
        assert (await view_of(tom, cid)).name is None


@in_virtual_time
async def test_a_change_that_may_not_be_has_its_number() -> None:
    async with clients("tom", "mary", quotas=Quotas(attributes_bytes=64)) as (tom, mary):
        cid = await tom.start("black")
        assert await tom.refused(tom.conv(pb.update, cid="f" * 24, attr={"a": 1})) == 4303
        assert await tom.refused(tom.conv(pb.update, cid="", attr={"a": 1})) == 4303
        assert await tom.refused(mary.conv(pb.update, cid=cid, attr={"a": 1})) == 4309
        assert await tom.refused(tom.conv(pb.update, cid=cid, attr={"c": "mary"})) == 4306
        assert await tom.refused(tom.conv(pb.update, cid=cid, attr={"a": "x" * 64})) == 4306


@pytest.mark.rows("L28", "L174", "L184", "L186", "L187")
@in_virtual_time
async def test_who_mutes_a_conversation_is_told_so_until_they_unmute() -> None:
    async with clients("tom", "jerry", "mary") as (tom, _, mary):
        cid = await tom.start("jerry")
        said = await tom.conv(pb.mute, cid=cid)
        assert (said.cid, said.udate) == (cid, iso_of(tom.now()))
        assert [(await client.find({"objectId": cid}))[0]["mu"] for client in (tom, mary)] == [["tom"], []]
        assert (await tom.find({"objectId": cid}))[0]["muted"] is True
        assert (await view_of(tom, cid)).level == "none"
        await tom.conv(pb.unmute, cid=cid)
        assert (await tom.find({"objectId": cid}))[0]["mu"] == []
        assert await mary.refused(mary.conv(pb.mute, cid=cid)) == 4317
