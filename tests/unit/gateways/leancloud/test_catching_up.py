"""What a client is told after its login: all of it, in frames that it can read, whatever its user may still ask."""

import asyncio
from collections import Counter

import pytest
from msgspec import structs

from tests.support.leancloud_client import LeanCloudPeer
from tests.unit.app.app_stage import calm, failing
from tests.unit.gateways.leancloud.door_stage import Hall, a_hall
from tests.unit.gateways.websocket.door_stage import OPTIONS, on_uvloop
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView, Placed
from unisono.domain.facts import Content
from unisono.domain.ids import ConversationId, SendKey, Seq, UserId
from unisono.domain.rates import Rate
from unisono.gateways.leancloud import catching_up, link
from unisono.gateways.leancloud.catching_up import FRAME_BYTES
from unisono.wire.leancloud import realtime_pb2 as pb

ANN, BOB = UserId("ann"), UserId("bob")


async def say(hall: Hall, conversation: ConversationId, number: int, text: str) -> None:
    """Have ann say something, as an application's own server does."""
    command = c.SendMessage(conversation, SendKey(f"{conversation}-{number}"), Content(text=text))
    await hall.app.node.executor.on_behalf(ANN, command)


async def conversations(hall: Hall, count: int, *texts: str) -> list[ConversationId]:
    """Have ann begin conversations with bob and say something in each."""
    made = []
    for number in range(count):
        command = c.CreateConversation(SendKey(f"made-{number}"), members=(BOB,), unique=False)
        begun = await hall.app.node.executor.on_behalf(ANN, command)
        assert isinstance(begun, ConversationView)
        made.append(begun.conversation)
        for each, text in enumerate(texts):
            await say(hall, begun.conversation, each, text)
    return made


def counts(bob: LeanCloudPeer) -> dict[str, int]:
    """Give what a client was told of how much waits."""
    return {each.cid: each.unread for told in bob.heard(pb.unread) for each in told.unreadMessage.convs}


@on_uvloop
async def test_missed_messages_of_all_conversations_come_however_large_they_are() -> None:
    """Those behind the first page of ours used to be left out, and nothing told of them."""
    async with a_hall() as hall:
        cids = await conversations(hall, 5, *(f"{number}{'x' * 3000}" for number in range(20)))
        bob = await (await hall.connect("lc.protobuf2.1")).open("bob")
        await bob.socket.echo()
        came = Counter(each.directMessage.cid for each in bob.heard(pb.direct))
        assert came == dict.fromkeys(cids, 20)


@on_uvloop
async def test_no_more_than_fifty_conversations_are_told_in_messages() -> None:
    async with a_hall() as hall:
        await conversations(hall, 55, "x" * 4000)
        bob = await (await hall.connect("lc.protobuf2.1")).open("bob")
        await bob.socket.echo()
        assert len(bob.heard(pb.direct)) == 50


@on_uvloop
async def test_frames_of_counts_are_bounded_and_large_last_messages_left_out() -> None:
    """Frames used to be of megabytes, and a client that could not read two of them at once never got in."""
    async with a_hall() as hall:
        cids = await conversations(hall, 113, "y" * 3_800)
        large = cids[::40]
        for cid in large:
            await say(hall, cid, 1, "x" * 60_000)
        bob = await hall.open("bob")
        await bob.socket.echo()
        frames = bob.heard(pb.unread)
        assert all(frame.ByteSize() < FRAME_BYTES + 1_000 for frame in frames)
        told = {each.cid: each for frame in frames for each in frame.unreadMessage.convs}
        assert len(told) == 113
        for name, each in told.items():
            assert (each.mid == "", each.data == "") == (name in large, name in large)
            assert each.timestamp > 0


@on_uvloop
async def test_who_reads_slowly_is_waited_for() -> None:
    """Pages used to be written as fast as the store read them, and who did not keep up was cut off."""
    async with a_hall(structs.replace(OPTIONS, outbox_bytes=200_000)) as hall:
        await conversations(hall, 50, *["x" * 5_900] * 20)
        socket = await hall.connect("lc.protobuf2.1")
        bob = await socket.open("bob")
        socket.raw.pause()
        await asyncio.sleep(0.5)
        assert len(hall.registry) == 1
        socket.raw.resume()
        await socket.echo()
        assert len(bob.heard(pb.direct)) == 1000


@on_uvloop
async def test_who_does_not_read_at_all_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "ROOM_S", 0.1)
    async with a_hall(structs.replace(OPTIONS, outbox_bytes=200_000)) as hall:
        await conversations(hall, 50, *["x" * 5_900] * 20)
        socket = await hall.connect("lc.protobuf2.1")
        await socket.open("bob")
        socket.raw.pause()
        while len(hall.registry):
            await asyncio.sleep(0.01)
        assert hall.app.telemetry.counts[("connections_closed", "slow_consumer")] == 1


@on_uvloop
async def test_what_is_told_after_a_login_costs_nothing_of_what_the_user_may_ask() -> None:
    """A device that came back with others at once used to be told nothing, and nobody came to know."""
    async with a_hall(commands=Rate(per_s=0.001, burst=1)) as hall:
        (cid,) = await conversations(hall, 1, "hi")
        for device in ("one", "two", "three"):
            bob = await hall.open("bob", deviceId=device)
            await bob.socket.echo()
            assert counts(bob) == {cid: 1}
        bob = await hall.open("bob", deviceId="last")
        assert (await bob.conv(pb.count, cid)).op == pb.result
        assert (await bob.conv(pb.count, cid)).errorMessage.code == 4116


@on_uvloop
async def test_who_cannot_be_told_comes_back_and_is_told_then() -> None:
    """The client used to stay, and to believe that it had missed nothing."""
    async with a_hall() as hall:
        (cid,) = await conversations(hall, 1, "hi")
        hall.app.mood = failing("unread")
        bob = await hall.open("bob")
        assert await bob.socket.closed() == 4200
        hall.app.mood = calm
        back = await hall.open("bob", r=True, st=bob.token)
        await back.socket.echo()
        assert counts(back) == {cid: 1}


@on_uvloop
async def test_what_was_acknowledged_is_not_sent_again() -> None:
    """These clients acknowledge all that they get, and read only where the application says so."""
    async with a_hall() as hall:
        (cid,) = await conversations(hall, 1, "one", "two")
        bob = await (await hall.connect("lc.protobuf2.1")).open("bob")
        came = [(await bob.told(pb.direct)).directMessage for _ in range(2)]
        bob.acknowledge(cid, came[0].timestamp)
        bob.acknowledge(cid, came[1].timestamp, came[0].timestamp)
        await bob.socket.echo()
        bob.socket.raw.abort()
        await bob.socket.raw.closed
        await say(hall, cid, 3, "three")
        back = await (await hall.connect("lc.protobuf2.1")).open("bob", st=bob.token, r=True)
        await back.socket.echo()
        assert [each.directMessage.msg for each in back.heard(pb.direct)] == ['{"_lctext":"three","_lctype":-1}']


@on_uvloop
async def test_what_asked_for_a_receipt_is_known_to_have_come_whichever_node_was_told() -> None:
    async with a_hall() as hall:
        (cid,) = await conversations(hall, 1)
        command = c.SendMessage(cid, SendKey("asking"), Content(text="one"), receipt=True)
        placed = await hall.app.node.executor.on_behalf(ANN, command)
        assert isinstance(placed, Placed)
        await hall.app.node.executor.on_behalf(BOB, c.MarkDelivered(cid, placed.seq))
        await say(hall, cid, 2, "two")
        bob = await (await hall.connect("lc.protobuf2.1")).open("bob")
        await bob.socket.echo()
        assert [each.directMessage.msg for each in bob.heard(pb.direct)] == ['{"_lctext":"two","_lctype":-1}']


@pytest.mark.parametrize(("subprotocol", "counted", "sent"), [("lc.protobuf2.3", 2, 1), ("lc.protobuf2.1", 0, 3)])
@on_uvloop
async def test_what_was_committed_but_comes_later_is_told_once(subprotocol: str, counted: int, sent: int) -> None:
    """It was in the count, and then came as a message that the client counted again, or came twice."""
    async with a_hall() as hall:
        (cid,) = await conversations(hall, 1, "before")

        async def slow(method: str) -> None:
            if method == "audience":
                await asyncio.sleep(0.2)

        async def say_more(method: str) -> None:
            if method == "unread":
                # As on another node: this one hears of it later.
                hall.app.mood = slow
                await hall.app.node.fanout.start()
                await say(hall, cid, 2, "in between")

        hall.app.mood = say_more
        bob = await (await hall.connect(subprotocol)).open("bob")
        await asyncio.sleep(0.3)
        await say(hall, cid, 3, "after")
        while not bob.heard(pb.direct) or "after" not in bob.heard(pb.direct)[-1].directMessage.msg:
            await bob.socket.wait_until_heard()
        assert counts(bob) == ({cid: counted} if counted else {})
        assert len(bob.heard(pb.direct)) == sent


@on_uvloop
async def test_what_was_read_elsewhere_is_told_to_who_comes_back() -> None:
    """The client keeps its counts over a reconnect: one that fell to nothing used to stay as it was."""
    async with a_hall() as hall:
        cids = await conversations(hall, 3, "one", "two")
        bob = await hall.open("bob")
        told = (await bob.told(pb.unread)).unreadMessage
        bob.socket.raw.abort()
        await bob.socket.raw.closed
        await asyncio.sleep(0.005)
        # More than is read at a time, and than used to be looked at.
        for _ in range(1_100):
            await hall.app.node.executor.on_behalf(BOB, c.MarkUnread(cids[1]))
            await hall.app.node.executor.on_behalf(BOB, c.MarkRead(cids[1], Seq(2)))
            await hall.app.node.executor.on_behalf(BOB, c.MarkRead(cids[0], Seq(3)))
        back = await hall.open("bob", st=bob.token, r=True, lastUnreadNotifTime=told.notifTime)
        await back.socket.echo()
        assert counts(back) == {cids[0]: 0, cids[1]: 1, cids[2]: 2}
        again = await hall.open("bob", st=bob.token, r=True, lastUnreadNotifTime=2**50)
        await again.socket.echo()
        assert counts(again) == {cids[1]: 1, cids[2]: 2}


@on_uvloop
async def test_changes_in_all_conversations_are_told_however_large_what_was_said_is() -> None:
    """Pages began at the old end, so that the newest facts of large ones were missing, and those are the changes.

    Then they were looked for among the last 200 facts of 500 conversations: of others nothing was told.
    """
    async with a_hall() as hall:
        cids = await conversations(hall, 510, "one")
        for number in range(2, 102):
            await say(hall, cids[0], number, "x" * 3_900)
        bob = await hall.open("bob")
        at = (await bob.socket.ask(pb.GenericCommand(cmd=pb.echo))).serverTs
        bob.socket.raw.abort()
        await bob.socket.raw.closed
        await asyncio.sleep(0.005)
        for cid in cids:
            last = Seq(102) if cid == cids[0] else Seq(2)
            await hall.app.node.executor.on_behalf(ANN, c.RecallMessage(cid, last))
        for number in range(200, 420):
            await say(hall, cids[1], number, "behind it")
        back = await hall.open("bob", st=bob.token, r=True, configBitmap=1, lastPatchTime=at)
        await back.socket.echo()
        patches = [each for told in back.heard(pb.patch) for each in told.patchMessage.patches]
        assert sorted(each.cid for each in patches) == sorted(cids)


@on_uvloop
async def test_each_message_that_changed_is_told_once_as_far_as_a_former_member_may_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catching_up, "CHANGES_AT_ONCE", 2)
    async with a_hall() as hall:
        (cid,) = await conversations(hall, 1, "one", "two", "three", "four")
        bob = await hall.open("bob")
        at = (await bob.socket.ask(pb.GenericCommand(cmd=pb.echo))).serverTs
        bob.socket.raw.abort()
        await bob.socket.raw.closed
        await asyncio.sleep(0.005)

        async def edit(seq: int, text: str) -> None:
            await hall.app.node.executor.on_behalf(ANN, c.EditMessage(cid, Seq(seq), Content(text=text)))

        for number in range(7):
            await edit(2, f"new {number}")
        await edit(3, "for all")
        await edit(4, "before")
        await hall.app.node.executor.on_behalf(ANN, c.RemoveMembers(cid, (BOB,)))
        await edit(4, "after")
        await edit(5, "after")
        back = await hall.open("bob", st=bob.token, r=True, configBitmap=1, lastPatchTime=at)
        await back.socket.echo()
        patches = [each for told in back.heard(pb.patch) for each in told.patchMessage.patches]
        texts = ['{"_lctext":"new 6","_lctype":-1}', '{"_lctext":"for all","_lctype":-1}']
        assert [each.data for each in patches] == texts
