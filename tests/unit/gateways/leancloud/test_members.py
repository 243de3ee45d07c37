"""Who comes into conversations, leaves them and has which role."""

import json

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.gateways.leancloud.clients import Client, clients, failures
from unisono.app.options import PresenceRules
from unisono.domain import commands as c
from unisono.domain.announcing import Founding
from unisono.domain.answers import ConversationView, Members
from unisono.domain.facts import Rules
from unisono.domain.ids import ConversationId, UserId
from unisono.domain.quotas import Quotas
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.places import iso_of


@pytest.mark.rows("L143", "L144", "L153", "L154")
@in_virtual_time
async def test_members_join_and_bring_others() -> None:
    async with clients("tom", "mary") as (tom, mary):
        cid = await tom.start("jerry")
        joined = await mary.conv(pb.add, cid=cid, m=["mary"])
        assert (joined.cid, joined.udate, list(joined.allowedPids)) == (cid, iso_of(mary.now()), ["mary"])
        added = await mary.conv(pb.add, cid=cid, m=["jerry", "harry", "harry"])
        assert (list(added.allowedPids), list(added.failedPids)) == (["jerry", "harry"], [])
        assert (await tom.find({"objectId": cid}))[0]["m"] == ["jerry", "tom", "mary", "harry"]
        assert list((await tom.conv(pb.members, cid=cid)).m) == ["harry", "jerry", "mary", "tom"]
        assert (await tom.conv(pb.count, cid=cid)).count == 4


@in_virtual_time
async def test_who_comes_may_bring_others_at_once() -> None:
    async with clients("tom", "mary") as (tom, mary):
        cid = await tom.start("jerry")
        assert await mary.refused(mary.conv(pb.add, cid=cid, m=["harry"])) == 4317
        assert list((await mary.conv(pb.add, cid=cid, m=["harry", "mary"])).allowedPids) == ["harry", "mary"]
        assert await mary.refused(mary.conv(pb.add, cid="f" * 24, m=["mary"])) == 4303
        assert await mary.refused(mary.conv(pb.add, cid=cid, m=["bad\n"])) == 4301


@in_virtual_time
async def test_who_is_blocked_stays_out_and_the_others_come_in() -> None:
    async with clients("tom", "mary") as (tom, mary):
        cid = await tom.start("jerry")
        await tom.blacklist(pb.block, srcCid=cid, toPids=["mary", "spike"])
        assert failures(await mary.conv(pb.add, cid=cid, m=["mary"])) == {"mary": (4548, "BLOCKED_BY_CONV")}
        both = await mary.conv(pb.add, cid=cid, m=["harry", "mary"])
        assert (list(both.allowedPids), set(failures(both))) == ([], {"harry", "mary"})
        some = await tom.conv(pb.add, cid=cid, m=["spike", "harry", "mary"])
        assert list(some.allowedPids) == ["harry"]
        assert {user: number for user, (number, _) in failures(some).items()} == {"spike": 4548, "mary": 4548}


@in_virtual_time
async def test_a_full_conversation_takes_nobody_else() -> None:
    async with clients("tom", "mary", quotas=Quotas(members_per_conversation=2)) as (tom, mary):
        cid = await tom.start("jerry")
        assert await tom.refused(tom.conv(pb.add, cid=cid, m=["harry"])) == 4304
        assert await mary.refused(mary.conv(pb.add, cid=cid, m=["mary"])) == 4304


@pytest.mark.rows("L145", "L146", "L159", "L160")
@in_virtual_time
async def test_members_quit_and_remove_others() -> None:
    async with clients("tom", "william", "harry") as (tom, william, harry):
        cid = await tom.start("william", "harry", "spike")
        said = await william.conv(pb.remove, cid=cid, m=["harry", "nobody"])
        assert (said.cid, said.udate, list(said.allowedPids)) == (cid, iso_of(tom.now()), ["harry", "nobody"])
        assert await harry.refused(harry.conv(pb.remove, cid=cid, m=["spike"])) == 4317
        await william.conv(pb.remove, cid=cid, m=["william"])
        assert (await tom.find({"objectId": cid}))[0]["m"] == ["spike", "tom"]
        assert list((await william.conv(pb.remove, cid=cid, m=["william"])).allowedPids) == ["william"]


@in_virtual_time
async def test_the_creator_quits_and_comes_back_but_is_not_removed() -> None:
    async with clients("tom", "jerry") as (tom, jerry):
        cid = await tom.start("jerry", "mary")
        said = await jerry.conv(pb.remove, cid=cid, m=["mary", "tom"])
        assert list(said.allowedPids) == ["mary"]
        assert failures(said) == {"tom": (4324, "CONVERSATION_NEED_OWNER")}
        await tom.conv(pb.remove, cid=cid, m=["tom"])
        assert list((await tom.conv(pb.add, cid=cid, m=["tom"])).allowedPids) == ["tom"]
        said = await tom.conv(pb.remove, cid=cid, m=["jerry"])
        assert failures(said) == {"jerry": (4320, "CONVERSATION_OPERATION_UNAUTHORIZED")}


@in_virtual_time
async def test_what_a_native_group_forbids_is_forbidden_here() -> None:
    async with clients("tom", "jerry") as (tom, jerry):
        rules = Rules(add="manager", remove="owner")
        view = await tom.ask(c.CreateConversation(tom.new_key(), members=(UserId("jerry"),), rules=rules))
        assert isinstance(view, ConversationView)
        assert await jerry.refused(jerry.conv(pb.add, cid=view.conversation, m=["mary"])) == 4320
        assert await jerry.refused(jerry.conv(pb.remove, cid=view.conversation, m=["mary"])) == 4320


@pytest.mark.rows("L216", "L217", "L222")
@in_virtual_time
async def test_one_client_is_in_one_room_and_brings_nobody() -> None:
    async with clients("tom", "jerry") as (tom, jerry):
        one, other = await tom.start(transient=True), await tom.start(transient=True)
        assert list((await jerry.conv(pb.add, cid=one, m=["jerry"])).allowedPids) == ["jerry"]
        assert (await jerry.conv(pb.count, cid=one)).count == 1
        said = await jerry.conv(pb.add, cid=other, m=["jerry", "mary"])
        assert (list(said.allowedPids), failures(said)) == (
            ["jerry"],
            {"mary": (4314, "NORMAL_CONVERSATION_REQUIRED")},
        )
        assert [(await jerry.conv(pb.count, cid=cid)).count for cid in (one, other)] == [0, 2]
        assert list((await jerry.conv(pb.members, cid=other)).m) == []
        assert list((await tom.conv(pb.add, cid=one, m=["mary"])).allowedPids) == []
        await jerry.conv(pb.remove, cid=other, m=["jerry"])
        assert list((await tom.conv(pb.remove, cid=other, m=["jerry"])).allowedPids) == []
        assert (await jerry.conv(pb.count, cid=other)).count == 0


@in_virtual_time
async def test_who_is_blocked_in_a_room_stays_out() -> None:
    async with clients("tom", "jerry") as (tom, jerry):
        room = await tom.start(transient=True)
        await tom.blacklist(pb.block, srcCid=room, toPids=["jerry"])
        assert failures(await jerry.conv(pb.add, cid=room, m=["jerry"])) == {"jerry": (4548, "BLOCKED_BY_CONV")}


@in_virtual_time
async def test_what_the_operator_says_is_subscribed_to() -> None:
    async with clients("tom") as (tom,):
        news = await tom.stage.node.announcing.found(Founding(tom.new_key(), UserId("news"), name="news"))
        cid = news.conversation
        assert list((await tom.conv(pb.add, cid=cid, m=["tom"])).allowedPids) == ["tom"]
        (found,) = await tom.find({"objectId": cid})
        assert (found["sys"], found["joined"], "m" in found) == (True, True, False)
        assert list((await tom.conv(pb.remove, cid=cid, m=["tom"])).allowedPids) == ["tom"]
        assert (await tom.find({"objectId": cid}))[0]["joined"] is False


@in_virtual_time
async def test_who_is_in_a_room_is_told_where_everybody_may_see_who_is_online() -> None:
    async with clients("tom", "jerry", presence=PresenceRules(visible_to="everybody")) as (tom, jerry):
        room = await tom.start(transient=True)
        await jerry.conv(pb.add, cid=room, m=["jerry"])
        assert list((await tom.conv(pb.members, cid=room)).m) == ["jerry", "tom"]


@in_virtual_time
async def test_a_client_asks_where_it_is_a_member() -> None:
    async with clients("tom", "mary") as (tom, mary):
        cid, gone = await tom.start("jerry"), "f" * 24
        command = pb.ConvCommand(cids=[cid, gone, ""])
        for client, is_in in ((tom, True), (mary, False)):
            answer = await client.say(pb.GenericCommand(cmd=pb.conv, op=pb.is_member, i=7, convMessage=command))
            assert json.loads(answer.convMessage.results.data) == {cid: is_in, gone: False, "": False}
        assert await mary.refused(mary.conv(pb.members, cid=cid)) == 4317


@in_virtual_time
async def test_the_owner_gives_roles() -> None:
    async with clients("tom", "jerry") as (tom, jerry):
        cid = await tom.start("jerry", "mary")

        async def give(client: Client, user: str, role: str) -> pb.ConvCommand:
            info = pb.ConvMemberInfo(pid=user, role=role)
            return await client.conv(pb.member_info_update, cid=cid, targetClientId=user, info=info)

        assert (await give(tom, "jerry", "Manager")).cid == cid
        members = await tom.ask(c.GetMembers(ConversationId(cid)))
        assert isinstance(members, Members)
        assert [member.role for member in members.members] == ["manager", "member", "owner"]
        assert await jerry.refused(give(jerry, "mary", "Manager")) == 4320
        assert await tom.refused(give(tom, "jerry", "King")) == 4321
        assert await tom.refused(give(tom, "jerry", "Owner")) == 5130
        assert await tom.refused(give(tom, "nobody", "Member")) == 4317
        await give(tom, "jerry", "Member")
