"""The Python client: what it hears of messages that are kept no longer, from the real server."""

import asyncio
import sqlite3
from pathlib import Path

from tests.sdk.test_against_server import MortalHouse, house, mortal_house, until, within
from tests.support.server_process import TEST_CONFIG
from unisono_sdk import FileState, Message, Unisono, events

__all__ = ["house", "mortal_house"]

TWO_DAYS_MS = 2 * 86_400_000


async def age(house: MortalHouse) -> None:
    """Let all that was said until now have been said two days earlier, and keep groups for one day from now on."""
    await house.server.terminate()
    with sqlite3.connect(house.server.data / "default.sqlite3") as connection:
        for table, column in (("facts", "at"), ("streams", "head_at"), ("conversations", "oldest_at")):
            connection.execute(f"UPDATE {table} SET {column} = {column} - ?", (TWO_DAYS_MS,))
    connection.close()
    house.server.configure(TEST_CONFIG + "\n[retention]\ngroup_days = 1\nwait_s = 0\n")
    await house.server.start()


async def test_who_was_away_for_longer_starts_over_and_goes_on_with_what_is_kept(
    mortal_house: MortalHouse, tmp_path: Path
) -> None:
    tom = await mortal_house.login("tom")
    group = await tom.create(["jerry"], unique=False)
    state = FileState(tmp_path / "jerry.json")
    async with Unisono(f"ws://127.0.0.1:{mortal_house.port}", state=state) as unisono:
        jerry = await unisono.login(user="jerry")
        inbox = jerry.messages()
        await group.send("heard")
        assert (await within(anext(inbox))).text == "heard"
    for number in range(5):
        await group.send(f"old {number}")
    await age(mortal_house)
    await group.send("fresh")
    page = await group.history()
    while not page.trimmed:
        await asyncio.sleep(0.05)
        page = await group.history()
    assert ([message.text for message in page], page.done) == (["fresh"], True)

    happened: list[object] = []
    async with Unisono(f"ws://127.0.0.1:{mortal_house.port}", state=state) as unisono:
        jerry = await unisono.login(user="jerry", handlers={"start_over": happened.append, "message": happened.append})
        async with asyncio.timeout(10):
            while not any(isinstance(event, Message) for event in happened):
                await asyncio.sleep(0.01)
        gone, message = happened
        assert isinstance(gone, events.StartOver)
        assert isinstance(message, Message)
        assert (gone.reason, gone.first, gone.until, message.seq, message.text) == ("trimmed", 3, 7, 8, "fresh")
        assert (await jerry.unread()).messages == 1
        here = message.conversation
        pages = [page async for page in here.messages_iterator(page=1)]
        assert [[each.text for each in page] for page in pages] == [["fresh"]]
        assert pages[0].trimmed
        assert [each.text async for each in jerry.search("old")] == []


async def test_who_stayed_hears_what_comes_and_counts_what_is_kept(mortal_house: MortalHouse) -> None:
    tom, jerry = await mortal_house.login("tom"), await mortal_house.login("jerry")
    group = await tom.create(["jerry"], unique=False)
    inbox = jerry.messages()
    for number in range(3):
        await group.send(f"old {number}")
        await within(anext(inbox))
    happened = jerry.events()
    await age(mortal_house)
    await until(happened, events.Reconnect)
    await group.send("fresh")
    assert (await within(anext(inbox))).text == "fresh"
    while not (await jerry.conversation(group.id).history()).trimmed:
        await asyncio.sleep(0.05)
    assert (await jerry.unread()).messages == 1
    assert jerry.conversation(group.id).unread == 1
