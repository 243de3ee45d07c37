"""What a user keeps for all sessions, with a real server: every other session hears of it, and it outlives a kill."""

import asyncio

import pytest

from tests.sdk.test_against_server import MortalHouse, house, mortal_house
from unisono_sdk import Client, Conflict, LimitReached, Unacceptable, Unisono, events

__all__ = ["house", "mortal_house"]

ROOM_FOR_ALL = 1 << 20


async def changes(client: Client, count: int) -> list[events.ObjectChanged]:
    """Wait for so many changes."""
    found: list[events.ObjectChanged] = []
    async with asyncio.timeout(10):
        async for event in client.events():
            if isinstance(event, events.ObjectChanged):
                found.append(event)
                if len(found) == count:
                    return found
    raise AssertionError("the client is over")


@pytest.mark.rows("M27", "M29", "M30", "M31", "X40", "X41")
async def test_my_other_sessions_hear_of_it_and_nobody_else(mortal_house: MortalHouse) -> None:
    url = f"ws://127.0.0.1:{mortal_house.port}"
    async with Unisono(url) as phones, Unisono(url) as laptops, Unisono(url) as strangers:
        phone, laptop = await phones.login(user="ann"), await laptops.login(user="ann")
        bob = await strangers.login(user="bob")
        told: list[object] = []
        phone.on("object", told.append)
        bob.on("object", told.append)
        assert await phone.objects.get("draft") is None
        heard = asyncio.create_task(changes(laptop, 3))
        await asyncio.sleep(0)
        value = {"to": "bob", "text": "Hi"}
        first = await phone.objects.set("draft", value, expect=0)
        second = await phone.objects.set("draft", [1, None], expect=first)
        await phone.objects.drop("draft", expect=second)
        assert [(each.name, each.value, each.is_dropped) for each in await heard] == [
            ("draft", value, False),
            ("draft", [1, None], False),
            ("draft", None, True),
        ]
        with pytest.raises(Conflict) as conflict:
            await laptop.objects.set("draft", 1, expect=second)
        assert conflict.value.numbers["revision"] == 0
        await laptop.objects.drop("draft")
        assert await bob.objects.list() == []
        assert told == []


async def test_what_was_kept_outlives_a_kill_of_the_server(mortal_house: MortalHouse) -> None:
    ann = await mortal_house.login("ann")
    revisions = [await ann.objects.set(f"n{number % 3}", {"is": number}) for number in range(9)]
    await mortal_house.server.kill()
    await mortal_house.server.start()
    kept = await ann.objects.list()
    assert [(each.name, each.value, each.revision) for each in kept] == [
        (f"n{index}", {"is": 6 + index}, revisions[6 + index]) for index in range(3)
    ]


async def test_bounds_are_told(mortal_house: MortalHouse) -> None:
    ann = await mortal_house.login("ann")
    largest = "x" * (65_536 - 2)
    with pytest.raises(Unacceptable, match="object") as large:
        await ann.objects.set("one", largest + "x")
    assert large.value.code == "too_large"
    with pytest.raises(Unacceptable):
        await ann.objects.set("n" * 129, 1)
    count = ROOM_FOR_ALL // (65_536 + 256)
    for number in range(count):
        await ann.objects.set(f"n{number}", largest)
    with pytest.raises(LimitReached):
        await ann.objects.set("one more", largest)
    assert len(await ann.objects.list()) == count
