"""Who is blocked in a room hears that they are in it no more."""

from tests.unit.gateways.leancloud.door_stage import a_hall
from tests.unit.gateways.websocket.door_stage import on_uvloop
from unisono.wire.leancloud import realtime_pb2 as pb


@on_uvloop
async def test_a_client_that_is_put_out_of_a_room_hears_so() -> None:
    """It used to hear nothing, and went on as if it were there."""
    async with a_hall() as hall:
        tom, jerry = await hall.open("tom"), await hall.open("jerry")
        room = await tom.start(transient=True)
        await jerry.conv(pb.add, room, m=["jerry"])
        blacklist = pb.BlacklistCommand(srcCid=room, toPids=["jerry"])
        for on in (pb.block, pb.unblock, pb.block):
            answer = await tom.ask(pb.blacklist, on, blacklistMessage=blacklist)
            assert list(answer.blacklistMessage.allowedPids) == ["jerry"], answer
            if on == pb.block:
                told = await jerry.told(pb.conv, pb.left)
                assert (told.convMessage.cid, told.convMessage.HasField("initBy")) == (room, False)
                assert told.serverTs > 0
                assert told.convMessage.udate
            else:
                await jerry.conv(pb.add, room, m=["jerry"])
        assert tom.heard(pb.conv, pb.left) == []
        assert (await jerry.send(room, "hi")).code == 4401
