"""What is read, what is said in rooms, and what ends."""

import pytest

from tests.unit.gateways.leancloud.door_stage import a_hall
from tests.unit.gateways.leancloud.test_talking import TYPED
from tests.unit.gateways.websocket.door_stage import on_uvloop
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView
from unisono.domain.ids import SendKey, UserId
from unisono.wire.leancloud import realtime_pb2 as pb


@pytest.mark.rows("L103")
@on_uvloop
async def test_several_conversations_are_read_at_once_whatever_became_of_one() -> None:
    async with a_hall() as hall:
        ann, bob = await hall.open("ann"), await hall.open("bob", deviceId="one")
        cids = [await ann.start("bob", name) for name in ("x", "y")]
        for cid in cids:
            await ann.send(cid, TYPED)
        convs = [pb.ReadTuple(cid=cid, timestamp=2**50) for cid in ("0" * 24, *cids)]
        bob.socket.say(bob.command(pb.read, readMessage=pb.ReadCommand(convs=convs)))
        told = [(await bob.told(pb.unread)).unreadMessage.convs[0] for _ in cids]
        assert {(each.cid, each.unread) for each in told} == {(cid, 0) for cid in cids}
        await ann.send(cids[0], TYPED)
        bob.socket.say(bob.command(pb.read, readMessage=pb.ReadCommand(cid=cids[0])))
        assert (await bob.told(pb.unread)).unreadMessage.convs[0].unread == 0


@pytest.mark.rows("L218", "L220", "L221")
@on_uvloop
async def test_what_is_said_in_a_room_reaches_those_inside_and_nobody_hears_who_they_are() -> None:
    async with a_hall() as hall:
        ann, bob, eve = [await hall.open(name) for name in ("ann", "bob", "eve")]
        room = await ann.start(transient=True)
        assert (await bob.send(room, TYPED)).code == 4401
        await bob.conv(pb.add, room, m=["bob"])
        acked = await ann.send(room, TYPED, r=True, priority=1)
        said = (await bob.told(pb.direct)).directMessage
        assert (said.cid, said.id, said.transient, said.convType) == (room, acked.uid, False, 2)
        bob.acknowledge(room, acked.t)
        bob.read(room, acked.t)
        await bob.socket.echo()
        for client in (ann, bob, eve):
            assert client.socket.pushed == []


@on_uvloop
async def test_a_conversation_that_ends_is_left_by_all() -> None:
    async with a_hall() as hall:
        native, bob = await hall.app.login("ann", "laptop"), await hall.open("bob")
        made = await native.ask(c.CreateConversation(SendKey("made"), members=(UserId("bob"),)))
        assert isinstance(made, ConversationView)
        await bob.told(pb.conv, pb.joined)
        await native.ask(c.Dissolve(made.conversation))
        assert (await bob.told(pb.conv, pb.left)).convMessage.initBy == "ann"


@on_uvloop
async def test_an_unread_count_leaves_out_what_is_told_right_behind_it() -> None:
    """A message that came between the login and the count was counted, and then counted again by the client."""
    async with a_hall() as hall:
        ann = await hall.open("ann")
        cid = await ann.start("bob")
        await ann.send(cid, TYPED)
        before = hall.app.mood

        async def say_more(method: str) -> None:
            if method == "unread":
                hall.app.mood = before
                await ann.send(cid, "in between")

        hall.app.mood = say_more
        bob = await hall.open("bob")
        (waiting,) = (await bob.told(pb.unread)).unreadMessage.convs
        assert waiting.unread == 1
        assert (await bob.told(pb.direct)).directMessage.msg == "in between"
