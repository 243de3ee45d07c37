"""Who is blocked in a room is put out of it, on whichever node, and stays out."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import Wiring, an_app, failing
from tests.unit.app.test_rooms import LEFT, RIGHT, enter, heard, open_room, people, say
from unisono.domain import commands as c
from unisono.domain.answers import Done
from unisono.domain.errors import UnisonoError
from unisono.domain.events import PutOut
from unisono.domain.ids import UserId
from unisono.domain.seats import Seat


@in_virtual_time
async def test_who_is_blocked_is_put_out_on_every_node_and_stays_out() -> None:
    async with an_app() as here, an_app(Wiring(beside=here, name="there")) as there:
        ann, bob, cat = await here.login("ann"), await there.login("bob"), await there.login("cat")
        away, room = await here.login("bob", "phone"), await open_room(ann)
        other = await open_room(ann, "other")
        await enter(room, ann, cat, away)
        for tab in (LEFT, RIGHT):
            await enter(room, bob, tab=tab)
        await enter(other, bob)
        await away.go()
        block = c.Restrict(conversation=room, users=(UserId("bob"),), what="blocked")
        assert await ann.ask(block) == Done()
        assert bob.link.events == [PutOut(room)]
        bob.link.events.clear()
        await ann.ask(say(room))
        assert (heard(ann), heard(bob), heard(cat)) == (["hi"], [], ["hi"])
        assert await bob.refused(say(room)) == "forbidden"
        assert await bob.refused(c.EnterRoom(conversation=room)) == "forbidden"
        there.mood = here.mood = failing("give_up")
        with pytest.raises(UnisonoError):
            await there.node.rooms.settle()
        here.mood = failing()
        await there.node.rooms.settle()
        await there.node.rooms.settle()
        assert await here.store.seats.of_session(bob.session) == [Seat(other)]
        assert (await here.resume(away)).welcome.seats == ()
        assert await here.store.seats.of_session(away.session) == []
        await asyncio.sleep(1)
        assert await people(ann, room) == (2, 2)
        await ann.ask(c.Restrict(conversation=room, users=(UserId("bob"),), what="blocked", on=False))
        await enter(room, bob)


@in_virtual_time
async def test_who_is_let_in_again_at_once_keeps_the_new_seat() -> None:
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        room = await open_room(ann)
        await enter(room, bob)
        for on in (True, False):
            await ann.ask(c.Restrict(conversation=room, users=(UserId("bob"),), what="blocked", on=on))
        await enter(room, bob)
        await stage.node.rooms.settle()
        assert await stage.store.seats.of_session(bob.session) == [Seat(room)]
