"""The Python client leaves something to be said, with the real server."""

import asyncio

import pytest

from tests.sdk.test_against_server import House, MortalHouse, house, mortal_house, until, within
from unisono_sdk import Forbidden, Message, NotFound, RoomMessage, Unisono, events

__all__ = ["house", "mortal_house"]


async def test_who_is_lost_is_missed_and_who_logs_out_is_not(house: House) -> None:
    bob = await house.login("bob")
    heard = bob.events()
    url = f"ws://127.0.0.1:{house.port}"
    async with Unisono(url) as anns:
        ann = await anns.login(user="ann")
        await (await ann.direct("bob")).leave_will("logged out", after_s=0)
        await ann.logout()
    async with Unisono(url) as anns:
        ann = await anns.login(user="ann")
        key = await (await ann.direct("bob")).leave_will("lost", after_s=0, mentions=("bob",))
    said = await until(heard, Message)
    assert (said.text, said.sender, said.key, said.mentions) == ("lost", "ann", key, ("bob",))
    with pytest.raises(NotFound):
        await bob.conversation("0" * 24).leave_will("nowhere")


async def test_what_was_taken_back_is_not_said_and_a_room_hears_who_was_in_it(house: House) -> None:
    bob = await house.login("bob")
    stage = await bob.room(await bob.create_room()).enter()
    heard = bob.events()
    url = f"ws://127.0.0.1:{house.port}"
    async with Unisono(url) as first, Unisono(url) as second:
        ann, cat = await first.login(user="ann"), await second.login(user="cat")
        with pytest.raises(Forbidden):
            await ann.conversation(stage.id).leave_will("not there")
        for client in (ann, cat):
            seat = await client.room(stage.id).enter()
            await seat.conversation.leave_will(f"{client.user} is gone", after_s=0, priority="high")
        await ann.drop_will()
    assert (await until(heard, RoomMessage)).text == "cat is gone"


async def test_a_crash_of_the_server_is_no_loss_of_those_who_come_back(mortal_house: MortalHouse) -> None:
    ann, bob = await mortal_house.login("ann"), await mortal_house.login("bob")
    heard, back = bob.events(), ann.events()
    chat = await ann.direct("bob")
    await chat.leave_will("gone", after_s=0)
    await mortal_house.server.kill()
    await mortal_house.server.start()
    await until(back, events.Reconnect)
    await asyncio.sleep(2.5)
    await chat.send("still here")
    assert (await within(until(heard, Message))).text == "still here"
