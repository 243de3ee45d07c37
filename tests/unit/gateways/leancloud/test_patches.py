"""Clients edit messages and take them back."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.gateways.leancloud.clients import clients
from unisono.domain.quotas import Quotas
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.bodies import RECALLED


@in_virtual_time
async def test_a_message_is_edited_and_then_recalled() -> None:
    async with clients("tom", "jerry") as (tom, jerry):
        cid = await tom.start("jerry")
        mid, at = await tom.send(cid, "one")
        await asyncio.sleep(1)
        item = pb.PatchItem(cid=cid, mid=mid, timestamp=at, data="two", mentionPids=["jerry"], recall=False)
        changed_at = await tom.patch(item)
        assert changed_at > at
        (shown,) = await jerry.logs(cid)
        assert (shown.data, shown.msgId, list(shown.mentionPids)) == ("two", mid, ["jerry"])
        assert await tom.patch(item) == changed_at
        await tom.patch(pb.PatchItem(cid=cid, mid=mid, timestamp=at, binaryMsg=b"\x00"))
        assert (await jerry.logs(cid))[0].bin
        await tom.patch(pb.PatchItem(cid=cid, mid=mid, timestamp=at, recall=True))
        assert (await jerry.logs(cid))[0].data == RECALLED
        assert await tom.refused(tom.patch(item)) == 4404


@in_virtual_time
async def test_several_are_changed_at_once() -> None:
    async with clients("tom") as (tom,):
        cid = await tom.start("jerry")
        sent = [await tom.send(cid, word) for word in ("one", "two")]
        await tom.patch(*(pb.PatchItem(cid=cid, mid=mid, timestamp=at, data="new") for mid, at in sent))
        assert [item.data for item in await tom.logs(cid)] == ["new", "new"]
        assert await tom.patch() == tom.now()


@pytest.mark.parametrize("is_recall", [False, True])
@in_virtual_time
async def test_what_may_not_be_changed_has_its_number(is_recall: bool) -> None:
    async with clients("tom", "jerry", "mary", quotas=Quotas(edit_window_s=60, recall_window_s=60)) as (
        tom,
        jerry,
        mary,
    ):
        cid = await tom.start("jerry")
        mid, at = await tom.send(cid, "one")

        def patch(cid: str = cid, mid: str = mid, timestamp: int = at) -> pb.PatchItem:
            return pb.PatchItem(cid=cid, mid=mid, timestamp=timestamp, data="two", recall=is_recall)

        assert await jerry.refused(jerry.patch(patch())) == 4403
        assert await mary.refused(mary.patch(patch())) == 4404
        assert await tom.refused(tom.patch(patch(timestamp=at + 1))) == 4404
        assert await tom.refused(tom.patch(patch(mid="unknown"))) == 4404
        assert await tom.refused(tom.patch(patch(cid="f" * 24))) == 4404
        assert await tom.refused(tom.patch(patch(mid=""))) == 4404
        await asyncio.sleep(61)
        assert await tom.refused(tom.patch(patch())) == (4407 if is_recall else 4406)
