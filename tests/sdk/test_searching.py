"""The Python client: finding messages, with the real server."""

import asyncio

import pytest

from tests.sdk.test_against_server import House, house
from unisono_sdk import Client, Conversation, Message, Unacceptable

__all__ = ["house"]


async def found(client: Client, text: str, conversation: Conversation | str | None = None) -> list[str | None]:
    return [message.text async for message in client.search(text, conversation=conversation, page=2)]


async def indexed(client: Client, text: str) -> None:
    """Wait until the last that was said can be found."""
    while not await client.search(text).page():
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("codec", ["json", "msgpack"])
async def test_messages_are_found_wherever_they_were_said(house: House, codec: str) -> None:
    tom, jerry = await house.login("tom", codec=codec), await house.login("jerry")
    tea, other = await tom.create(["jerry"], name="Tea", unique=False), await tom.create(["spike"], unique=False)
    for conversation, text in (
        (tea, "Green tea"),
        (other, "black TEA"),
        (tea, "今天喝红茶"),
        (tea, "tea, too"),
        (other, "last"),
    ):
        await conversation.send(text)
    await indexed(tom, "last")
    assert await found(tom, "tea") == ["tea, too", "black TEA", "Green tea"]
    assert await found(tom, "tea", tea) == await found(jerry, "tea") == ["tea, too", "Green tea"]
    assert await found(jerry, "tea", other.id) == []
    assert await found(jerry, "红茶") == ["今天喝红茶"]
    page = await tom.search("tea", page=2).page()
    assert (len(page), page.done) == (2, False)
    rest = await tom.search("tea", page=2).page(page.next)
    assert ([message.text for message in rest], rest.done) == (["Green tea"], True)
    assert [message.conversation for message in (*page, *rest)] == [tea, other, tea], "the objects that are there"


async def test_a_found_message_can_be_changed_and_is_found_as_it_is(house: House) -> None:
    tom = await house.login("tom")
    chat = await tom.create(["jerry"], unique=False)
    for text in ("tea one", "tea two"):
        await chat.send(text)
    await indexed(tom, "two")
    (message,) = await tom.search("one").page()
    assert isinstance(message, Message)
    assert message.is_from_here
    await message.edit("coffee one")
    assert await found(tom, "coffee") == ["coffee one"]
    (other,) = await tom.search("two").page()
    await other.recall()
    assert (await found(tom, "tea"), await found(tom, "two")) == ([], [])


async def test_what_cannot_be_looked_for_is_refused(house: House) -> None:
    tom = await house.login("tom")
    for text, page in (("?!", 20), ("", 20), ("tea", 101)):
        with pytest.raises(Unacceptable):
            await tom.search(text, page=page).page()
