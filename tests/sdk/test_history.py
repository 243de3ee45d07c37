"""The Python client: what was said before, with the real server."""

import pytest

from tests.sdk.test_against_server import House, house
from unisono_sdk import Content, Unacceptable

__all__ = ["house"]


@pytest.mark.parametrize("codec", ["json", "msgpack"])
@pytest.mark.rows("L231", "L233", "L234", "L235", "L236")
async def test_an_iterator_gives_pages_from_the_newest_back_until_it_is_done(house: House, codec: str) -> None:
    tom = await house.login("tom", codec=codec)
    pair = await tom.direct("jerry")
    sent = [(await pair.send(f"{number}")).seq for number in range(21)]
    assert [message.seq for message in await pair.history()] == sent[1:]
    pages = pair.messages_iterator(page=10)
    first, second, third = [await pages.next() for _ in range(3)]
    assert ([message.seq for message in first], first.done) == (sent[11:], False)
    assert ([message.seq for message in second], second.done) == (sent[1:11], False)
    assert ([message.seq for message in third], third.done) == (sent[:1], True)
    again = await pages.next()
    assert (len(again), again.done) == (0, True)


@pytest.mark.rows("L232")
async def test_a_page_has_between_one_and_a_thousand_messages(house: House) -> None:
    tom = await house.login("tom")
    pair = await tom.direct("jerry")
    await pair.send("1")
    await pair.send("2")
    assert [len(await pair.history(limit)) for limit in (1, 1000)] == [1, 2]
    for limit in (0, 1001):
        with pytest.raises(Unacceptable):
            await pair.history(limit)


async def test_history_goes_by_time_and_type_and_forward_too(house: House) -> None:
    tom = await house.login("tom")
    pair = await tom.direct("jerry")
    for number in range(5):
        await pair.send(Content(type=7, text=f"{number}") if number % 2 else f"{number}")
    everything = (await pair.history()).messages
    middle = everything[2]
    before = [message for message in everything if message.at < middle.at]
    after = [message for message in everything if message.at > middle.at]
    assert list(await pair.history(before_at=middle.at)) == before
    assert list(await pair.history(after_at=middle.at)) == after
    assert [message.text for message in await pair.history(type=7)] == ["1", "3"]
    forward = [[message.text for message in page] async for page in pair.messages_iterator(page=2, direction="newer")]
    assert forward == [["0", "1"], ["2", "3"], ["4"]]
    since = [[message.text for message in page] async for page in pair.messages_iterator(page=1, type=7)]
    assert since == [["3"], ["1"]]
