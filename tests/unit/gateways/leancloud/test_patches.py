"""Clients edit messages and take them back."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.gateways.leancloud.clients import clients
from tests.unit.gateways.leancloud.door_stage import a_hall
from tests.unit.gateways.websocket.door_stage import on_uvloop
from unisono.domain import commands as c
from unisono.domain.answers import History
from unisono.domain.ids import ConversationId
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


@pytest.mark.rows("X53")
@on_uvloop
async def test_an_edit_says_nothing_to_who_deleted_the_message_and_all_to_the_others() -> None:
    """Either all of a node's clients were told what it says, or none: both stand at one place."""
    async with a_hall() as hall:
        ann, bob, cat = [await hall.open(user, configBitmap=1) for user in ("ann", "bob", "cat")]
        native = await hall.app.login("bob", "laptop")
        cid = await ann.start("bob", "cat")
        sent = [await ann.send(cid, "hi") for _ in range(2)]
        page = await native.ask(c.GetHistory(ConversationId(cid)))
        assert isinstance(page, History)
        await native.ask(c.DeleteMessages(ConversationId(cid), (page.messages[0].seq,)))
        for each, words in zip(sent, ("secret", "open"), strict=True):
            edit = pb.PatchItem(cid=cid, mid=each.uid, timestamp=each.t, recall=False, data=words)
            await ann.ask(pb.patch, pb.modify, patchMessage=pb.PatchCommand(patches=[edit]))
        for client, told in ((cat, ["secret", "open"]), (bob, ["open"])):
            heard = [(await client.told(pb.patch, pb.modify)).patchMessage.patches[0].data for _ in told]
            assert heard == told
            assert client.heard(pb.patch) == []
