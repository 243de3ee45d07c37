"""Who is silenced and who is blocked."""

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.gateways.leancloud.clients import Client, clients, failures
from unisono.wire.leancloud import realtime_pb2 as pb

MANAGER = pb.ConvMemberInfo(pid="jerry", role="Manager")


async def managed(tom: Client, *others: str) -> str:
    cid = await tom.start("jerry", *others)
    await tom.conv(pb.member_info_update, cid=cid, targetClientId="jerry", info=MANAGER)
    return cid


@in_virtual_time
async def test_members_are_silenced_and_speak_again() -> None:
    async with clients("tom", "jerry", "mary") as (tom, jerry, mary):
        cid = await managed(tom, "mary", "spike")
        said = await jerry.conv(pb.add_shutup, cid=cid, m=["mary", "tom", "spike"])
        assert (said.cid, list(said.allowedPids)) == (cid, ["mary", "spike"])
        assert failures(said) == {"tom": (4320, "CONVERSATION_OPERATION_UNAUTHORIZED")}
        assert list((await tom.conv(pb.check_shutup, cid=cid, m=["spike", "jerry", "mary"])).m) == ["spike", "mary"]
        assert list((await jerry.conv(pb.remove_shutup, cid=cid, m=["mary"])).allowedPids) == ["mary"]
        assert list((await tom.conv(pb.query_shutup, cid=cid)).m) == ["spike"]
        assert await mary.refused(mary.conv(pb.add_shutup, cid=cid, m=["spike"])) == 4320
        assert await mary.refused(mary.conv(pb.query_shutup, cid=cid)) == 4320


@in_virtual_time
async def test_nobody_lets_themselves_speak_again() -> None:
    async with clients("tom", "jerry") as (tom, jerry):
        cid = await managed(tom)
        await tom.conv(pb.add_shutup, cid=cid, m=["jerry"])
        said = await jerry.conv(pb.remove_shutup, cid=cid, m=["jerry"])
        assert failures(said) == {"jerry": (4320, "CONVERSATION_OPERATION_UNAUTHORIZED")}


@in_virtual_time
async def test_the_lists_come_in_pages() -> None:
    async with clients("tom") as (tom,):
        users = [f"user-{number:02}" for number in range(23)]
        cid = await tom.start(*users)
        await tom.conv(pb.add_shutup, cid=cid, m=users)
        first = await tom.conv(pb.query_shutup, cid=cid)
        second = await tom.conv(pb.query_shutup, cid=cid, limit=10, next=first.next)
        last = await tom.conv(pb.query_shutup, cid=cid, limit=5000, next=second.next)
        assert [*first.m, *second.m, *last.m] == users
        assert (len(first.m), len(second.m), last.HasField("next")) == (10, 10, False)
        await tom.blacklist(pb.block, srcCid=cid, toPids=users)
        page = await tom.blacklist(pb.query, srcCid=cid, limit=22)
        rest = await tom.blacklist(pb.query, srcCid=cid, limit=22, next=page.next)
        assert [*page.blockedPids, *rest.blockedPids] == users
        assert not rest.HasField("next")
        assert page.srcCid == cid


@in_virtual_time
async def test_who_is_blocked_leaves_and_may_come_again_later() -> None:
    async with clients("tom", "jerry", "mary") as (tom, jerry, mary):
        cid = await managed(tom, "mary")
        said = await jerry.blacklist(pb.block, srcCid=cid, toPids=["mary", "tom", "spike"])
        assert (said.srcCid, list(said.allowedPids)) == (cid, ["mary", "spike"])
        assert failures(said) == {"tom": (4320, "CONVERSATION_OPERATION_UNAUTHORIZED")}
        assert (await tom.find({"objectId": cid}))[0]["m"] == ["jerry", "tom"]
        assert list((await tom.blacklist(pb.check_block, srcCid=cid, toPids=["tom", "mary"])).blockedPids) == ["mary"]
        await jerry.blacklist(pb.unblock, srcCid=cid, toPids=["mary", "spike"])
        assert list((await mary.conv(pb.add, cid=cid, m=["mary"])).allowedPids) == ["mary"]
        assert list((await tom.blacklist(pb.query, srcCid=cid)).blockedPids) == []


@pytest.mark.parametrize("op", [pb.block, pb.unblock, pb.query, pb.check_block])
@in_virtual_time
async def test_who_is_none_of_them_is_refused(op: pb.OpType) -> None:
    async with clients("tom", "mary") as (tom, mary):
        cid = await tom.start("jerry")
        assert await mary.refused(mary.blacklist(op, srcCid=cid, toPids=["jerry"])) == 4317
        assert await mary.refused(mary.blacklist(op, srcCid="f" * 24, toPids=["jerry"])) == 4303
        assert await mary.refused(mary.blacklist(op, srcPid="mary", toCids=[cid])) == 4544
