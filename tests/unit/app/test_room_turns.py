"""What changes a session's seats happens in the order in which it was asked for, however long it takes to be let in."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import Wiring, an_app
from tests.unit.app.fanout_stage import settle
from tests.unit.app.test_rooms import LEFT, RIGHT, open_room, people
from unisono.domain import commands as c
from unisono.domain.seats import Seat
from unisono.embedding.handlers import Handlers
from unisono.ports.program import Act, Joining


@pytest.mark.rows("X29")
@in_virtual_time
async def test_a_tab_that_leaves_while_the_program_is_asked_is_no_ghost_in_the_room() -> None:
    """The leaving found nobody there and was done; the entering that it overtook then sat down for good."""
    asked, allowed = asyncio.Event(), asyncio.Event()

    async def ask(act: Act) -> None:
        asked.set()
        await allowed.wait()

    handlers = Handlers()
    async with an_app(Wiring(program=handlers)) as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        room, other = await open_room(ann), await open_room(ann, "other")
        handlers.put_hook("before", Joining, ask)
        entering = asyncio.create_task(ann.ask(c.EnterRoom(room, LEFT)))
        await asyncio.wait_for(asked.wait(), 1)
        later = [
            asyncio.create_task(ann.ask(command))
            for command in (c.LeaveRoom(room, LEFT), c.EnterRoom(other, RIGHT), c.LeaveRoom(other, LEFT))
        ]
        await settle()
        assert not any(task.done() for task in (entering, *later))
        assert await people(bob, room) == (0, 0)
        allowed.set()
        await asyncio.gather(entering, *later)
        assert await people(ann, room) == (0, 0)
        assert await people(ann, other) == (1, 1)
        assert not stage.node.rooms.links_in(room)
        assert await stage.store.seats.of_session(ann.session) == [Seat(other, RIGHT)]


@pytest.mark.rows("X29")
@in_virtual_time
async def test_a_tab_that_leaves_behind_its_entering_is_out_though_the_connection_went_between() -> None:
    """The seat was taken with no link to sit there, so the leaving found nobody; when the session came back it sat."""
    asked, allowed = asyncio.Event(), asyncio.Event()

    async def ask(act: Act) -> None:
        asked.set()
        await allowed.wait()

    handlers = Handlers()
    async with an_app(Wiring(program=handlers)) as stage:
        ann = await stage.login("ann")
        room, other = await open_room(ann), await open_room(ann, "other")
        await ann.ask(c.EnterRoom(other, RIGHT))
        handlers.put_hook("before", Joining, ask)
        entering = asyncio.create_task(ann.ask(c.EnterRoom(room, LEFT)))
        await asyncio.wait_for(asked.wait(), 1)
        leaving = [asyncio.create_task(ann.ask(c.LeaveRoom(room, tab))) for tab in (LEFT, RIGHT)]
        await settle()
        await ann.go()
        allowed.set()
        await asyncio.gather(entering, *leaving)
        assert await stage.store.seats.of_session(ann.session) == [Seat(other, RIGHT)]
