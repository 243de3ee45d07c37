"""The Python client in rooms, with the real server."""

import asyncio
from pathlib import Path

import pytest

from tests.sdk.test_against_server import SOON, House, MortalHouse, house, mortal_house, until, within
from tests.support.server_process import TEST_CONFIG, ServerProcess
from unisono_sdk import FileState, Forbidden, NotFound, Room, RoomMessage, Unisono, events

__all__ = ["house", "mortal_house"]


@pytest.mark.parametrize("codec", ["json", "msgpack"])
@pytest.mark.rows("L70", "L71", "L74", "L136", "L217", "L220", "L221", "L225", "L226", "X30")
async def test_who_is_in_a_room_hears_what_is_said_and_nothing_is_kept(house: House, codec: str) -> None:
    ann, bob = await house.login("ann", codec=codec), await house.login("bob", codec=codec)
    phone = await house.login("bob")
    created = await ann.create_room(name="stage")
    assert (created.of, created.name, created.members) == ("room", "stage", ())
    stage, seat = ann.room(created), bob.room(created.id)
    with pytest.raises(Forbidden):
        await stage.send("nobody hears")
    annes, everything, phones = ann.events(), bob.events(), phone.events()
    await stage.enter()
    await seat.enter()
    assert (stage.is_entered, ann.rooms) == (True, {"": stage.id})
    assert ((await stage.count()).users, (await stage.count()).sessions, await created.count()) == (2, 2, 2)
    sent = await stage.send("5 : 0", priority="high")
    heard = await until(everything, RoomMessage)
    mine = await until(annes, RoomMessage)
    assert (sent.text, sent.sender, sent.seq, sent.tabs) == ("5 : 0", "ann", None, ("",))
    assert (heard.text, heard.sender, heard.at, heard.key) == (sent.text, "ann", sent.at, sent.key)
    assert (heard.is_mine, heard.is_from_here, mine.is_mine, mine.is_from_here) == (False, False, True, True)
    for priority in ("normal", "low"):
        await stage.send(priority, priority=priority)
        assert (await until(everything, RoomMessage)).text == priority
    await seat.leave()
    await asyncio.sleep(1.1)
    assert ((await stage.count()).users, seat.is_entered) == (1, False)
    await stage.send("bob is gone")
    with pytest.raises(Forbidden):
        await seat.send("am I?")
    chat = await ann.direct("bob")
    await chat.send("what did you hear?")
    for iterator in (everything, phones):
        while not isinstance(event := await within(anext(iterator)), events.Entered):
            assert not isinstance(event, RoomMessage | events.MembersJoined | events.MembersLeft), event


async def test_what_a_room_keeps_is_read_by_who_was_not_there(house: House) -> None:
    ann, bob, cat = [await house.login(name) for name in ("ann", "bob", "cat")]
    created = await ann.create_room(name="stage", keeps_history=True)
    assert created.keeps_history
    stage, seat = await ann.room(created).enter(), await bob.room(created.id).enter()
    happened = bob.events()
    sent = await stage.send("hello")
    heard = await until(happened, RoomMessage)
    assert (sent.seq, heard.seq, heard.at) == (2, 2, sent.at)
    await seat.leave()
    await stage.send("bob is gone")
    later = await cat.conversation(created.id).refresh()
    assert later.keeps_history
    assert [(message.seq, message.text) for message in await later.history()] == [(2, "hello"), (3, "bob is gone")]
    assert (await ann.unread()).messages == 0
    await seat.enter()
    with pytest.raises(Forbidden):
        await (await seat.conversation.history()).messages[0].recall()
    await (await stage.conversation.history()).messages[0].recall()
    gone = await until(happened, events.Recalled)
    assert (gone.conversation.id, gone.seq, gone.by) == (created.id, 2, None)
    assert [(message.seq, message.text, message.is_recalled) for message in await later.history()] == [
        (2, None, True),
        (3, "bob is gone", False),
    ]
    plain = await ann.create_room()
    assert not plain.keeps_history
    with pytest.raises(Forbidden):
        await plain.history()


@pytest.mark.rows("L227")
async def test_the_same_count_gives_the_members_of_an_ordinary_conversation(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    group = await ann.create(["bob", "cat"])
    assert await group.count() == 3
    await ann.room(group.id).conversation.remove("bob")
    assert await group.count() == 2
    with pytest.raises(NotFound):
        await bob.conversation(group.id).count()
    with pytest.raises(Forbidden):
        await ann.room(group).enter()
    with pytest.raises(NotFound):
        await ann.room("0" * 24).enter()


@pytest.mark.rows("X31", "X32", "D12")
async def test_tabs_are_in_rooms_of_their_own_and_count_as_one_person(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    rooms = [ann.room(await ann.create_room(name=f"room {number}")) for number in range(5)]
    for number, room in enumerate(rooms):
        await room.enter(tab=f"tab {number}")
        await bob.room(room.id).enter(tab=f"window {number}")
    heard = ann.events()
    for room in rooms:
        await bob.room(room.id).send(f"to {room.id}")
    said = [await until(heard, RoomMessage) for _ in rooms]
    assert [(each.conversation.id, each.text, each.tabs) for each in said] == [
        (room.id, f"to {room.id}", (f"tab {number}",)) for number, room in enumerate(rooms)
    ]
    for number in range(5):
        await rooms[0].enter(tab=f"tab {number}")
    await bob.room(rooms[0].id).send("all in one")
    assert (await until(heard, RoomMessage)).tabs == tuple(f"tab {number}" for number in range(5))
    assert (await rooms[0].count()).users == 2


@pytest.mark.rows("L218", "L223", "X33", "D12")
async def test_after_a_crash_of_the_server_everybody_is_in_their_rooms_again(mortal_house: MortalHouse) -> None:
    ann, bob = await mortal_house.login("ann"), await mortal_house.login("bob")
    first, second = await ann.create_room(), await ann.create_room()
    for tab, room in (("left", first), ("right", second)):
        await bob.room(room.id).enter(tab=tab)
        await ann.room(room).enter(tab=tab)
    at_ann, at_bob = ann.events(), bob.events()
    await mortal_house.server.kill()
    await mortal_house.server.start()
    for iterator in (at_ann, at_bob):
        await until(iterator, events.Reconnect)
    assert ann.rooms == bob.rooms == {"left": first.id, "right": second.id}
    await ann.room(second).send("still here")
    heard = await until(at_bob, RoomMessage)
    assert (heard.text, heard.tabs) == ("still here", ("right",))


@pytest.mark.rows("X34")
async def test_a_page_that_is_loaded_again_is_in_its_room(house: House, tmp_path: Path) -> None:
    url = f"ws://127.0.0.1:{house.port}"
    ann = await house.login("ann")
    stage = await ann.room(await ann.create_room()).enter()
    async with Unisono(url, state=FileState(tmp_path / "bob.json")) as page:
        await (await page.login(user="bob")).room(stage.id).enter()
    await stage.send("while bob loads")
    async with Unisono(url, state=FileState(tmp_path / "bob.json")) as page:
        bob = await page.login(user="bob")
        assert bob.rooms == {"": stage.id}
        heard = bob.events()
        await stage.send("bob is back")
        assert (await until(heard, RoomMessage)).text == "bob is back"


@pytest.mark.rows("L224")
async def test_after_too_long_the_program_is_told_to_enter_again(tmp_path: Path) -> None:
    # By its name the node is known again after the crash, and what it carried counts as lost then.
    config = TEST_CONFIG + '\n[server]\nnode = "one"\n[sessions]\nseats_kept_s = 0.0\n'
    async with ServerProcess(tmp_path / "data", config=config) as server:
        async with Unisono(f"ws://127.0.0.1:{server.port}", backoff=SOON) as anns:
            ann = await anns.login(user="ann")
            stage: Room = await ann.room(await ann.create_room()).enter()
            heard = ann.events()
            await server.kill()
            await server.start()
            left = await until(heard, events.RoomLeft)
            assert (left.conversation.id, left.tab) == (stage.id, "")
            assert ann.rooms == {}
            with pytest.raises(Forbidden):
                await stage.send("hello?")
            await stage.enter()
            await stage.send("hello!")
            assert (await until(heard, RoomMessage)).text == "hello!"
        server.assert_clean_log()


async def test_who_is_blocked_is_out_of_the_room_and_told_so(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    stage = await ann.room(await ann.create_room()).enter()
    seat = await bob.room(stage.id).enter(tab="left")
    heard = bob.events()
    await stage.conversation.block("bob")
    left = await until(heard, events.RoomLeft)
    assert (left.conversation.id, left.tab, bob.rooms) == (stage.id, "left", {})
    with pytest.raises(Forbidden):
        await seat.enter()
    await stage.conversation.unblock("bob")
    await seat.enter()
    await stage.send("welcome back")
    assert (await until(heard, RoomMessage)).text == "welcome back"


@pytest.mark.rows("E53", "E54", "E55", "X29")
async def test_two_devices_of_a_user_are_in_a_room_each_for_itself(house: House) -> None:
    ann, desk, phone = [await house.login(name) for name in ("ann", "bob", "bob")]
    stage = await ann.room(await ann.create_room()).enter()
    at_desk, at_phone = desk.events(), phone.events()
    seat = await desk.room(stage.id).enter()
    await stage.send("to the desk alone")
    assert (await until(at_desk, RoomMessage)).text == "to the desk alone"
    other = await phone.room(stage.id).enter()
    assert (await stage.count()).users == 2
    await seat.send("from the desk")
    await stage.send("from another")
    for iterator in (at_desk, at_phone):
        told = [await until(iterator, RoomMessage) for _ in range(2)]
        assert [each.text for each in told] == ["from the desk", "from another"]
    await seat.leave()
    await stage.send("to the phone alone")
    assert (await until(at_phone, RoomMessage)).text == "to the phone alone"
    assert (seat.is_entered, other.is_entered) == (False, True)
