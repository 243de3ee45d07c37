"""How many devices of a user may be there: by tag, and by what the operator says of these clients."""

from tests.unit.gateways.leancloud.door_stage import a_hall
from tests.unit.gateways.websocket.door_stage import on_uvloop
from unisono.domain.devices import Policy, Slot
from unisono.domain.ids import Platform
from unisono.wire.leancloud import realtime_pb2 as pb


@on_uvloop
async def test_a_slot_that_names_these_clients_limits_their_devices_beside_their_tags() -> None:
    """No slot of the operator's used to hold for them at all."""
    policy = Policy((Slot(key=("app",), capacity=2, platforms=(Platform("leancloud"),)),))
    async with a_hall(policy=policy) as hall:
        tagged = await hall.open("ann", tag="Mobile", deviceId="one")
        hall.app.clock.set_by(1)
        second = await hall.open("ann", deviceId="two")
        hall.app.clock.set_by(1)
        third = await hall.open("ann", deviceId="three")
        gone = await tagged.told(pb.session, pb.closed)
        assert (gone.sessionMessage.code, gone.sessionMessage.reason) == (4111, "SESSION_CONFLICT")
        # Another's tag is taken as before; the place that it leaves is the newcomer's.
        fourth = await hall.open("ann", tag="Mobile", deviceId="four")
        assert (await second.told(pb.session, pb.closed)).sessionMessage.code == 4111
        fifth = await hall.open("ann", tag="Mobile", deviceId="five")
        assert (await fourth.told(pb.session, pb.closed)).sessionMessage.code == 4111
        for still_here in (third, fifth):
            assert (await still_here.ask(pb.conv, pb.query)).op == pb.results


@on_uvloop
async def test_slots_that_do_not_name_these_clients_leave_them_alone() -> None:
    policy = Policy((Slot(key=("app",), capacity=1), Slot(key=("platform",), capacity=1)))
    async with a_hall(policy=policy) as hall:
        peers = [await hall.open("ann", deviceId=f"device-{each}") for each in range(3)]
        for peer in peers:
            assert (await peer.ask(pb.conv, pb.query)).op == pb.results


@on_uvloop
async def test_a_newcomer_whom_a_slot_refuses_is_told_so() -> None:
    policy = Policy((Slot(key=("group",), capacity=1, loser="newcomer"),), {"all": (Platform("leancloud"),)})
    async with a_hall(policy=policy) as hall:
        await hall.open("ann", deviceId="one")
        refused = await (await hall.connect()).try_open("ann", deviceId="two")
        assert (refused.errorMessage.code, refused.errorMessage.reason) == (4111, "SESSION_CONFLICT")
