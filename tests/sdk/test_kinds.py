"""The Python client: what each kind of conversation can do, with the real server."""

import pytest

from tests.sdk.test_against_server import House, house, until
from unisono_sdk import Forbidden, NotFound, events

__all__ = ["house"]


@pytest.mark.rows("L136", "L217")
async def test_a_room_tells_its_creators_devices_and_lists_nobody(house: House) -> None:
    ann, phone, bob = await house.login("ann"), await house.login("ann"), await house.login("bob")
    at_phone = phone.events()
    room = await ann.create_room(name="stream 7", attributes={"game": {"id": 7}})
    assert (room.of, room.name, room.creator, room.members) == ("room", "stream 7", "ann", ())
    created = await until(at_phone, events.Created)
    assert (created.conversation.id, created.conversation.of, created.by) == (room.id, "room", "ann")
    seen = await bob.conversation(room.id).refresh()
    assert (seen.of, seen.name, seen.attributes, seen.members) == ("room", "stream 7", {"game": {"id": 7}}, ())
    assert [each.id async for each in ann.conversations()] == []
    with pytest.raises(Forbidden):
        await bob.conversation(room.id).join()
    with pytest.raises(NotFound):
        await bob.conversation(room.id).history()
