"""Clients read what was said, and how far others have come."""

import asyncio

import pytest
from msgspec import structs

from tests.support.virtual_time import in_virtual_time
from tests.unit.gateways.leancloud.clients import Client, clients
from unisono.domain import commands as c
from unisono.domain.answers import Answer, ConversationView
from unisono.domain.ids import ConversationId, Instant, Seq
from unisono.domain.importing import ImportedConversation, ImportedMessage
from unisono.gateways.leancloud.history import PAGES_MAX
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.bodies import RECALLED, content_of


async def said(tom: Client, cid: str, count: int, apart_s: float = 1.0) -> list[tuple[str, int]]:
    sent = []
    for number in range(count):
        sent.append(await tom.send(cid, f"m{number}"))
        await asyncio.sleep(apart_s)
    return sent


@pytest.mark.rows("L230", "L231", "L233")
@in_virtual_time
async def test_the_newest_come_in_rising_order() -> None:
    async with clients("tom") as (tom,):
        cid = await tom.start("jerry")
        sent = await said(tom, cid, 25)
        items = await tom.logs(cid)
        assert [item.data for item in items] == [f"m{number}" for number in range(5, 25)]
        assert [(item.msgId, item.timestamp) for item in items] == sent[5:]
        assert {item.sender for item in items} == {"tom"}
        assert [item.data for item in await tom.logs(cid, l=10)] == [f"m{number}" for number in range(15, 25)]
        assert await tom.logs(cid, l=0) == []
        assert await tom.logs(cid, t=1) == []


@pytest.mark.rows("L234", "L235", "L236")
@in_virtual_time
async def test_an_iterator_goes_on_at_its_first_message() -> None:
    """All of them may have come in the same millisecond."""
    async with clients("tom") as (tom,):
        cid = await tom.start("jerry")
        await said(tom, cid, 21, apart_s=0)
        pages = [await tom.logs(cid, l=10)]
        for _ in range(3):
            first = pages[-1][0]
            pages.append(await tom.logs(cid, l=10, t=first.timestamp, mid=first.msgId))
            if len(pages[-1]) < 10:
                break
        assert [len(page) for page in pages] == [10, 10, 1]
        assert [item.data for page in reversed(pages) for item in page] == [f"m{number}" for number in range(21)]


@in_virtual_time
async def test_an_interval_is_read_in_both_directions() -> None:
    async with clients("tom") as (tom,):
        cid = await tom.start("jerry")
        sent = await said(tom, cid, 9)
        (first, first_at), (last, last_at) = sent[2], sent[6]
        upwards = {"t": first_at, "mid": first, "tt": last_at, "tmid": last, "direction": pb.LogsCommand.NEW}
        assert [item.data for item in await tom.logs(cid, **upwards)] == ["m3", "m4", "m5"]
        assert [item.data for item in await tom.logs(cid, **upwards, tIncluded=True, ttIncluded=True, limit=3)] == [
            "m2",
            "m3",
            "m4",
        ]
        down = await tom.logs(cid, t=last_at, mid=last, tt=first_at, tmid=first, l=2)
        assert [item.data for item in down] == ["m4", "m5"]


@in_virtual_time
async def test_messages_of_leancloud_are_found_by_their_own_ids() -> None:
    async with clients("tom") as (tom,):
        cid, at = "5" * 24, Instant(tom.now() - 1000)
        room = ConversationId(cid)
        brought = ImportedConversation(room, "group", tom.user, at, at, members=(tom.user,))
        messages = [ImportedMessage(f"their-id-{n}", at, tom.user, content_of(f"m{n}")) for n in range(4)]
        await tom.stage.node.importing.take_over([brought])
        await tom.stage.node.importing.take_in([(room, messages)])
        before = await tom.logs(cid, t=at, mid="their-id-2")
        assert [(item.data, item.msgId) for item in before] == [("m0", "their-id-0"), ("m1", "their-id-1")]
        after = await tom.logs(cid, t=at, mid="their-id-2", tIncluded=True, direction=pb.LogsCommand.NEW)
        assert [item.data for item in after] == ["m2", "m3"]
        await tom.patch(pb.PatchItem(cid=cid, mid="their-id-3", timestamp=at, data="edited"))
        assert [item.data for item in await tom.logs(cid, l=1)] == ["edited"]


@in_virtual_time
async def test_an_item_says_all_there_is_to_say() -> None:
    async with clients("tom") as (tom,):
        cid = await tom.start("jerry")
        await tom.send(cid, b"\x00\xff", mentions=("jerry",), mention_all=True)
        mid, at = await tom.send(cid, '{"_lctext":"hi","_lctype":-1}')
        await asyncio.sleep(2)
        changed_at = await tom.patch(pb.PatchItem(cid=cid, mid=mid, timestamp=at, recall=True))
        binary, recalled = await tom.logs(cid)
        assert (binary.data, binary.bin, binary.mentionAll, list(binary.mentionPids)) == ("AP8=", True, True, ["jerry"])
        assert (recalled.data, recalled.timestamp, recalled.patchTimestamp) == (RECALLED, at, changed_at)
        absent = ("ackAt", "readAt", "bin", "mentionAll")
        assert not any(recalled.HasField(name) for name in absent)
        assert await tom.logs(cid, lctype=-128) == [binary]


@in_virtual_time
async def test_a_page_holds_some_of_ours() -> None:
    """A store gives fewer large messages than are asked for; a client of LeanCloud's takes that for the end."""
    async with clients("tom") as (tom,):
        cid = await tom.start("jerry")
        for number in range(50):
            await tom.send(cid, f"{number}")
        whole = tom.ask

        async def eight(command: c.Command) -> Answer:
            if isinstance(command, c.GetHistory):
                command = structs.replace(command, limit=min(command.limit, 8))
            return await whole(command)

        tom.ask = eight  # type: ignore[method-assign]  # a store with large messages in it
        for direction, first in ((pb.LogsCommand.OLD, 28), (pb.LogsCommand.NEW, 0)):
            items = await tom.logs(cid, l=22, direction=direction)
            assert [int(item.data) for item in items] == list(range(first, first + 22))
        assert len(await tom.logs(cid, l=1000)) == 8 * PAGES_MAX


@pytest.mark.rows("L287")
@in_virtual_time
async def test_who_may_not_read_is_told_so() -> None:
    async with clients("tom", "jerry", "mary") as (tom, jerry, mary):
        cid = await tom.start("jerry")
        await said(tom, cid, 1)
        assert await mary.refused(mary.logs(cid)) == 4312
        assert await mary.refused(mary.logs(cid, t=5, mid="their-id")) == 4312
        assert await mary.refused(mary.logs("f" * 24)) == 4303
        assert await tom.refused(tom.logs(cid, lctype=0, t=2**62, tIncluded=True)) == 4311
        await jerry.conv(pb.remove, cid=cid, m=["jerry"])
        await said(tom, cid, 2)
        assert len(await jerry.logs(cid)) == 1
        await jerry.conv(pb.add, cid=cid, m=["jerry"])
        assert len(await jerry.logs(cid)) == 3


@in_virtual_time
async def test_a_room_keeps_what_is_said_in_it() -> None:
    async with clients("tom", "jerry") as (tom, jerry):
        room = await tom.start(transient=True)
        sent = await said(tom, room, 2)
        for client in (tom, jerry):
            assert [(item.msgId, item.timestamp) for item in await client.logs(room)] == sent
        mid, at = sent[0]
        assert await tom.refused(tom.patch(pb.PatchItem(cid=room, mid=mid, timestamp=at, data="new"))) == 4406
        await tom.patch(pb.PatchItem(cid=room, mid=mid, timestamp=at, recall=True))
        assert [item.data for item in await jerry.logs(room)] == [RECALLED, "m1"]


@in_virtual_time
async def test_a_room_of_native_clients_that_keeps_nothing_has_an_empty_history() -> None:
    async with clients("tom", "jerry") as (tom, jerry):
        view = await tom.ask(c.CreateConversation(tom.new_key(), of="room"))
        assert isinstance(view, ConversationView)
        assert await tom.logs(view.conversation) == await jerry.logs(view.conversation) == []


@in_virtual_time
async def test_own_messages_that_asked_for_receipts_say_who_has_them() -> None:
    async with clients("tom", "jerry") as (tom, jerry):
        cid = await tom.start("jerry")
        for number in range(3):
            await tom.send(cid, f"m{number}", receipt=number != 1)
            await asyncio.sleep(1)
        assert not any(item.HasField("ackAt") for item in await tom.logs(cid))
        await jerry.ask(c.MarkDelivered(ConversationId(cid), Seq(4)))
        await jerry.ask(c.MarkRead(ConversationId(cid), Seq(3)))
        items = await tom.logs(cid)
        assert [(item.ackAt, item.readAt) for item in items] == [
            (items[0].timestamp, items[0].timestamp),
            (0, 0),
            (items[2].timestamp, 0),
        ]
        assert not any(item.HasField("ackAt") for item in await jerry.logs(cid))
        await tom.conv(pb.remove, cid=cid, m=["tom"])
        assert not any(item.HasField("ackAt") for item in await tom.logs(cid))


@in_virtual_time
async def test_how_far_others_have_come_is_told_by_times() -> None:
    async with clients("tom", "jerry", "mary") as (tom, jerry, mary):
        cid = await tom.start("jerry", "mary", "spike")
        room = ConversationId(cid)
        none = await tom.conv(pb.max_read, cid=cid)
        assert (none.cid, none.HasField("maxReadTimestamp"), none.HasField("maxAckTimestamp")) == (cid, False, False)
        sent = [await tom.send(cid, f"m{number}", receipt=True) for number in range(3)]
        await asyncio.sleep(1)
        sent += await said(tom, cid, 120)
        # Seq 1 is the beginning of the conversation.
        await jerry.ask(c.MarkRead(room, Seq(2)))
        await mary.ask(c.MarkDelivered(room, Seq(4)))
        await tom.ask(c.MarkRead(room, Seq(50)))
        pages: list[int] = []
        ask = tom.ask

        async def counted(command: c.Command) -> Answer:
            if isinstance(command, c.GetHistory):
                pages.append(command.limit)
            return await ask(command)

        tom.ask = counted  # type: ignore[method-assign]  # it asks as before
        furthest = await tom.conv(pb.max_read, cid=cid)
        # As many as lie between the two, instead of a hundred whatever they are.
        assert pages == [3]
        assert (furthest.maxReadTimestamp, furthest.maxAckTimestamp) == (sent[0][1], sent[2][1])
        each = (await tom.conv(pb.max_read, cid=cid, queryAllMembers=True)).maxReadTuples
        assert [(one.pid, one.maxAckTimestamp, one.maxReadTimestamp) for one in each] == [
            ("jerry", sent[0][1], sent[0][1]),
            ("mary", sent[2][1], 0),
        ]
        await mary.ask(c.MarkRead(room, Seq(111)))
        assert (await tom.conv(pb.max_read, cid=cid)).maxReadTimestamp == sent[109][1]
        assert (await jerry.conv(pb.max_read, cid=cid)).maxReadTimestamp == sent[109][1]
