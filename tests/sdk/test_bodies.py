"""Typed message classes: built in and a program's own, from one client to another and back from the history."""

import inspect
from dataclasses import dataclass

import pytest

import unisono_sdk
from tests.sdk.test_against_server import House, house, within
from unisono_sdk import (
    Attachment,
    Audio,
    Body,
    Content,
    File,
    Image,
    InvalidArgument,
    Location,
    Message,
    Text,
    Unknown,
    Video,
    body,
)
from unisono_sdk.bodies import BUILT_IN, Bodies, as_content
from unisono_sdk.facts import Json

__all__ = ["house"]

PICTURE = Attachment(url="https://files.example.org/a.png", name="a.png", size=27_053, width=500, height=300)
SOUND = Attachment(url="https://files.example.org/a.mp3", mime="audio/mpeg", duration=12.5)


@body(1)
class Poke(Body):
    """A type of one's own."""

    strength: int
    where: tuple[str, ...] = ()
    more: Json = None
    limbs = 2  # no annotation: does not travel


@body(2)
class Sticker(Image):
    """One derived from a built-in kind."""

    pack: str


@pytest.mark.rows("L44", "L45", "L46", "L47", "L48", "L49", "L51", "L52", "L57", "L59")
@pytest.mark.rows("L60", "L61", "L62", "L63", "L64", "L65", "L66", "L118", "L119", "L120", "L121", "L122", "L123")
async def test_built_in_kinds_arrive_as_what_they_were(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    inbox, conversation = bob.messages(), await ann.direct("bob")
    said: list[tuple[Body, int]] = [
        (Text(text="hello"), -1),
        (Image(file=PICTURE, text="me", attributes={"location": "San Francisco"}), -2),
        (Audio(file=SOUND), -3),
        (Video(file=SOUND), -4),
        (Location(latitude=31.75, longitude=-120, text="here"), -5),
        (File(file=PICTURE), -6),
    ]
    for each, number in said:
        await conversation.send(each)
        received = await within(anext(inbox))
        assert received.body == each
        assert type(received.body) is type(each)
        assert isinstance(received.body, Body)
        assert received.content.type == number
    kept = (await bob.conversation(conversation.id).history()).messages
    assert [message.body for message in kept] == [each for each, _ in said]


@pytest.mark.rows("L124", "L125", "L126", "L127", "L130", "L82")
async def test_a_class_of_ones_own_is_made_where_it_is_registered(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob", bodies=[Poke, Sticker])
    inbox, conversation = bob.messages(), await ann.direct("bob")
    poke = Poke(strength=3, where=("left", "right"), more={"deep": [1]}, text="!", attributes={"from": "behind"})
    assert as_content(poke).data == {"strength": 3, "where": ["left", "right"], "more": {"deep": [1]}}
    sticker = Sticker(file=PICTURE, pack="cats", attributes={"place": "wall", "title": "Tom"})
    for each in (poke, sticker):
        await conversation.send(each)
        received = await within(anext(inbox))
        assert (received.body, type(received.body)) == (each, type(each))
    heard: list[Body] = []
    bob.on("transient", lambda event: heard.append(event.body))
    await conversation.send_transient(Poke(strength=1))
    await conversation.send("done")
    await within(anext(inbox))
    assert heard == [Poke(strength=1)]


@pytest.mark.rows("L67", "L83", "L130")
async def test_a_type_that_nobody_registered_still_arrives(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    inbox, conversation = bob.messages(), await ann.direct("bob")
    await conversation.send(Poke(strength=3, text="see text"))
    received = await within(anext(inbox))
    assert isinstance(received.body, Unknown)
    assert (received.body.content.type, received.body.text, received.body.reason) == (1, "see text", None)
    # What is not known can be passed on as it is.
    await bob.conversation(conversation.id).send(received.body)
    assert (await within(anext(inbox))).content == received.content


async def test_an_edit_may_bring_a_body(house: House) -> None:
    ann = await house.login("ann")
    message = await (await ann.direct("bob")).send("here")
    assert (await message.edit(Location(latitude=1, longitude=2))).body == Location(latitude=1, longitude=2)


def test_what_does_not_fit_its_class_is_unknown_and_says_why() -> None:
    bodies = Bodies()
    bodies.register(Poke)
    for content, reason in [
        (Content(type=-2), "lacks file"),
        (Content(type=-5, data={"latitude": "north", "longitude": 1}), "latitude"),
        (Content(type=1, data={"strength": True}), "strength"),
    ]:
        found = bodies.parse(content)
        assert isinstance(found, Unknown)
        assert reason in (found.reason or "")
        assert found.to_content() is content


def test_more_than_a_class_knows_is_passed_over() -> None:
    content = Content(type=-5, data={"latitude": 1, "longitude": 2, "height": 3}, attributes={"a": 1})
    assert Bodies().parse(content) == Location(latitude=1, longitude=2, attributes={"a": 1})


def test_binary_belongs_to_a_body_that_has_it() -> None:
    @body(3)
    class Blob(Body):
        binary: bytes

    assert as_content(Blob(binary=b"\0\xff")) == Content(type=3, binary=b"\0\xff")
    assert Blob.from_content(Content(type=3, binary=b"\0\xff")) == Blob(binary=b"\0\xff")


@pytest.mark.parametrize("number", [0, -1, 2**31])
@pytest.mark.rows("L117")
def test_numbers_that_are_not_ones_own_are_refused(number: int) -> None:
    with pytest.raises(InvalidArgument):
        body(number)


def test_a_class_without_a_number_cannot_be_registered() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Bare(Body):
        pass

    with pytest.raises(InvalidArgument, match="Bare"):
        Bodies().register(Bare)


@pytest.mark.rows("L129")
def test_declaring_works_as_a_decorator_and_as_a_call() -> None:
    class Plain(Body):
        word: str

    made = body(4)(Plain)
    assert as_content(made(word="x")) == Content(type=4, data={"word": "x"})  # type: ignore[call-arg]  # made by hand


def test_every_built_in_kind_can_be_had_from_the_package() -> None:
    assert all(inspect.isclass(getattr(unisono_sdk, known.__name__)) for known in BUILT_IN)
    assert isinstance(Message.body, property)
