"""The Python client: typing and transient messages, with the real server."""

import asyncio

import pytest

from tests.sdk.test_against_server import House, MortalHouse, house, mortal_house, until, within
from unisono_sdk import Client, Conversation, LinkDown, NotFound, TransientMessage, events, passing
from unisono_sdk.dispatch import EARLY_LIMIT, Dispatch
from unisono_sdk.hub import Hub
from unisono_sdk.plugin import Plugins
from unisono_sdk.room import Rooms

__all__ = ["house", "mortal_house"]


async def pair(house: House, codec: str = "json") -> tuple[Client, Client, Conversation]:
    """Let Ann and Bob in, with a conversation."""
    ann, bob = await house.login("ann", codec=codec), await house.login("bob", codec=codec)
    happened = bob.events()
    conversation = await ann.direct("bob")
    await until(happened, events.Created)
    return ann, bob, conversation


@pytest.mark.parametrize("codec", ["json", "msgpack"])
@pytest.mark.rows("L76", "L79", "L81", "X50")
async def test_a_transient_message_comes_once_to_each_session_and_is_not_kept(house: House, codec: str) -> None:
    ann, bob, conversation = await pair(house, codec)
    tablet = await house.login("ann")
    bobs, tablets, anns = bob.events(), tablet.events(), ann.events()
    at = await conversation.send_transient("look out of the window")
    at_bob = await until(bobs, TransientMessage)
    at_tablet = await until(tablets, TransientMessage)
    at_home = await until(anns, TransientMessage)
    assert (at_bob.content.text, at_bob.sender, at_bob.at) == ("look out of the window", "ann", at)
    assert [(each.is_mine, each.is_from_here) for each in (at_bob, at_tablet, at_home)] == [
        (False, False),
        (True, False),
        (True, True),
    ]
    assert len(await bob.conversation(conversation.id).history()) == 0
    assert len(await conversation.history()) == 0


@pytest.mark.rows("L79", "X50")
async def test_typing_is_told_to_the_other_at_most_every_three_seconds(house: House) -> None:
    _, bob, conversation = await pair(house)
    tablet = await house.login("ann")
    bobs, tablets = bob.events(), tablet.events()
    for _ in range(10):
        await conversation.typing()
    await conversation.typing(False)
    told = [await until(bobs, events.Typing) for _ in range(2)]
    assert [(each.user, each.is_typing, each.conversation.id) for each in told] == [
        ("ann", True, conversation.id),
        ("ann", False, conversation.id),
    ]
    await conversation.send("done")
    seen: list[object] = []
    while not any(getattr(event, "text", None) == "done" for event in seen):
        seen.append(await within(anext(tablets)))
    assert not any(isinstance(event, events.Typing) for event in seen)


async def test_what_passes_by_does_not_wait_for_a_connection(mortal_house: MortalHouse) -> None:
    ann, bob, conversation = await pair(mortal_house)
    lost = ann.events()
    await mortal_house.server.kill()
    await until(lost, events.Disconnect)
    with pytest.raises(LinkDown):
        await conversation.send_transient("nobody hears this")
    await conversation.typing()
    await mortal_house.server.start()
    await until(lost, events.Reconnect)
    heard = bob.events()
    await asyncio.wait_for(conversation.send("back"), 20)
    assert not isinstance(await within(anext(heard)), TransientMessage)


async def test_a_stranger_cannot_send_what_passes_by(house: House) -> None:
    _, _, conversation = await pair(house)
    mallory = await house.login("mallory")
    with pytest.raises(NotFound):
        await mallory.conversation(conversation.id).send_transient("hello?")
    with pytest.raises(NotFound):
        await mallory.conversation(conversation.id).typing()


class LittleDesk:
    """Implements `desk.Desk` as far as telling goes."""

    user = "ann"

    def __init__(self) -> None:
        self.hub = Hub(lambda work: work.close(), limit=100)
        self.plugins = Plugins()


async def test_what_passes_by_before_the_program_listens_is_told_when_it_does() -> None:
    """A session under load could lose what came in the few turns of the loop between its login and its first event."""
    desk = LittleDesk()
    heard: list[object] = []
    parts = {"presence": heard.append, "told": heard.append, "rooms": Rooms(desk), "recount": heard.append}  # type: ignore[arg-type]  # not all is needed
    parts["calls"] = parts["find_last"] = heard.append
    dispatch = Dispatch(desk, remembered=10, **parts)  # type: ignore[arg-type]  # as above
    desk.hub.on("typing", heard.append)
    for is_typing in (True, False):
        dispatch.passing(passing.Typing(conversation="c", user="bob", is_typing=is_typing))
    assert heard == []
    dispatch.open()
    assert [event.is_typing for event in heard if isinstance(event, events.Typing)] == [True, False]
    many = Dispatch(desk, remembered=10, **parts)  # type: ignore[arg-type]  # as above
    for _ in range(EARLY_LIMIT + 5):
        many.passing(passing.Typing(conversation="c", user="bob", is_typing=True))
    many.open()
    assert len(heard) == 2 + EARLY_LIMIT
