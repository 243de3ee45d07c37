"""The Python client: finding conversations, with the real server."""

import time

import pytest

from tests.sdk.test_against_server import House, house, until
from unisono_sdk import Client, Conversation, Unacceptable, contains_members, events, field, with_members

__all__ = ["house"]


async def names(found: object) -> list[str | None]:
    """Give the names of what a query finds."""
    return [each.name async for each in found]  # type: ignore[attr-defined]  # a query


async def library(house: House) -> tuple[Client, Client]:
    """Let Tom and Jerry in, with conversations of Tom's."""
    tom, jerry = await house.login("tom"), await house.login("jerry")
    for name, members, attributes in (
        ("Tea", ["jerry"], {"topic": "leaves and water", "size": 2, "pinned": True, "place": {"city": "Uji"}}),
        ("Tea time", ["jerry", "spike"], {"topic": "biscuits", "size": 3, "tags": ["sweet", "dry"]}),
        ("聊天室", ["spike"], {"topic": "everything", "size": 10}),
        ("Coffee", ["jerry"], {"size": "large"}),
    ):
        await tom.create(members, name=name, attributes=attributes, unique=False)
    return tom, jerry


@pytest.mark.parametrize("codec", ["json", "msgpack"])
@pytest.mark.rows("L193", "L198", "L199", "L201", "L202", "L203", "L204", "L205", "L206", "L207")
async def test_conversations_are_found_by_what_they_are(house: House, codec: str) -> None:
    await library(house)
    tom = await house.login("tom", codec=codec)
    query = tom.query().ascending("created_at")
    for condition, expected in (
        (field("name").equal("Tea"), ["Tea"]),
        (field("name").contains("ea"), ["Tea", "Tea time"]),
        (field("attr.topic").equal("biscuits"), ["Tea time"]),
        (field("attr.topic").not_equal("biscuits"), ["Tea", "聊天室", "Coffee"]),
        (field("attr.size").greater(2), ["Tea time", "聊天室"]),
        (field("attr.size").greater_or_equal(2), ["Tea", "Tea time", "聊天室"]),
        (field("attr.size").less(3), ["Tea"]),
        (field("attr.size").less_or_equal(3), ["Tea", "Tea time"]),
        (field("attr.size").one_of(2, "large"), ["Tea", "Coffee"]),
        (field("name").matches("[\u4e00-\u9fa5]"), ["聊天室"]),
        (field("name").matches("^tea$", ignore_case=True), ["Tea"]),
        (field("name").matches("(?m)time$"), ["Tea time"]),
        (field("attr.tags").size(2), ["Tea time"]),
        (field("muted").has("tom", "jerry"), []),
        (field("attr.topic").contains("and"), ["Tea"]),
        (field("name").starts_with("Tea") & field("name").ends_with("time"), ["Tea time"]),
        (field("attr.place.city").exists() | field("attr.topic").missing(), ["Tea", "Coffee"]),
        (field("attr.tags").includes("dry"), ["Tea time"]),
        (field("attr.tags").has("dry", "wet"), ["Tea time"]),
        (field("attr.size").has(2, "large"), ["Tea", "Coffee"]),
        (~field("attr.tags").has("dry") & ~field("attr.size").greater(2), ["Tea", "Coffee"]),
        (field("member_count").equal(3), ["Tea time"]),
        (with_members("tom", "spike"), ["Tea time", "聊天室"]),
        (contains_members("jerry"), ["Tea", "Tea time", "Coffee"]),
        (field("name").contains("a") & field("attr.size").less(3), ["Tea"]),
    ):
        assert await names(query.where(condition)) == expected, condition
    both = query.where(field("name").contains("Tea"), field("attr.size").less(3))
    assert await names(both) == ["Tea"]
    assert await names(query) == ["Tea", "Tea time", "聊天室", "Coffee"], "a query stays as it was"


@pytest.mark.rows("L195", "L197", "L228", "L229")
async def test_without_more_ten_come_rooms_among_them(house: House) -> None:
    tom = await house.login("tom")
    for number in range(20):
        await tom.create(["jerry"], name=f"{number}", unique=False)
    await tom.create_room(name="room", attributes={"topic": "tea"})
    await tom.create(["jerry"], name="no room", attributes={"topic": "tea"}, unique=False)
    query = tom.query()
    assert (len(await query.find()), len(await query.limit(20).find())) == (10, 20)
    everything = await names(query.ascending("created_at").limit(7))
    # Two that came into being in the same millisecond stand by their ids.
    assert (len(everything), set(everything)) == (22, {*(f"{number}" for number in range(20)), "room", "no room"})
    assert await names(query.ascending("created_at").skip(19)) == everything[19:]
    assert await names(query.where(field("kind").equal("room"), field("attr.topic").equal("tea"))) == ["room"]
    mine = await query.where(contains_members("tom") | field("kind").equal("room")).limit(100).find()
    assert len(mine) == 22


@pytest.mark.rows("L177", "L178", "L196", "L200", "L211", "L212")
async def test_the_newest_message_comes_first_and_is_shown_where_asked_for(house: House) -> None:
    tom, jerry = await library(house)
    tea = await tom.query(field("name").equal("Tea")).first()
    coffee = await tom.query(field("name").equal("Coffee")).first()
    assert tea is not None
    assert coffee is not None
    before = int(time.time() * 1000) - 86_400_000
    assert await tom.query(field("last_message_at").greater(before)).first() is None
    await coffee.send("black")
    await tea.send("green")
    assert (await names(tom.query().limit(2)))[:2] == ["Tea", "Coffee"]
    assert [each.name for each in await jerry.query(field("last_message_at").greater(before)).find()] == [
        "Tea",
        "Coffee",
    ]
    # Who said it has nothing unread, and so is not told of it in another way.
    late = await house.login("tom")
    plain = await late.query(field("name").equal("Tea")).first()
    assert plain is not None
    assert (plain.last_message, plain.last_message_at is None) == (None, False)
    shown = await late.query(field("name").equal("Tea")).with_last_message().first()
    assert shown is plain
    last = shown.last_message
    assert last is not None
    assert (last.text, last.sender, last.at) == ("green", "tom", plain.last_message_at)
    assert await late.query(field("name").equal("Tea")).first() is plain
    assert plain.last_message == last, "what is known stays known"


async def test_the_newest_message_that_is_known_keeps_in_step(house: House) -> None:
    tom, jerry = await library(house)
    happened = jerry.events()
    tea = await tom.query(field("name").equal("Tea")).first()
    assert tea is not None
    message = await tea.send("gren")
    seen = (await until(happened, events.MembersJoined | type(message))).conversation  # type: ignore[arg-type]
    assert isinstance(seen, Conversation)
    assert seen.last_message is not None
    await message.edit("green")
    await until(happened, events.Edited)
    assert (seen.last_message.text, seen.last_message_at) == ("green", message.at)
    await message.recall()
    await until(happened, events.Recalled)
    assert seen.last_message.is_recalled
    assert seen.last_message.text is None


@pytest.mark.rows("L208")
async def test_found_conversations_are_sorted_by_one_key_after_the_other(house: House) -> None:
    tom = await house.login("tom")
    for name, size in (("b", 1), ("a", 1), ("b", 2), ("a", 2)):
        await tom.create(["jerry"], name=name, attributes={"size": size}, unique=False)

    async def pairs(query: object) -> list[tuple[str | None, object]]:
        return [(each.name, each.attributes["size"]) async for each in query]  # type: ignore[attr-defined]  # a query

    query = tom.query()
    assert await pairs(query.ascending("name").descending("created_at")) == [("a", 2), ("a", 1), ("b", 2), ("b", 1)]
    assert await pairs(query.descending("name").ascending("created_at")) == [("b", 1), ("b", 2), ("a", 1), ("a", 2)]
    assert await pairs(query.descending("attr.size").ascending("name")) == [("a", 2), ("b", 2), ("a", 1), ("b", 1)]


@pytest.mark.rows("L194", "L209", "L213")
async def test_compact_leaves_the_members_away_and_an_id_gives_the_object_that_is_there(house: House) -> None:
    tom, _ = await library(house)
    late = await house.login("tom")
    small = await late.query(field("name").equal("Tea time")).compact().first()
    assert small is not None
    assert small.members == ()
    whole = await late.query(field("id").equal(small.id)).first()
    assert whole is small
    assert set(whole.members) == {"tom", "jerry", "spike"}
    assert late.conversation(small.id) is small
    assert (await late.conversation(small.id).refresh()) is small
    assert await tom.query(field("name").equal("no such name")).first() is None


async def test_what_means_nothing_is_refused_with_the_reason(house: House) -> None:
    tom = await house.login("tom")
    for wrong, why in (
        (tom.query(field("colour").equal("red")), "not a field"),
        (tom.query(field("name").matches("(a")), "a group that does not end"),
        (tom.query(field("name").contains("")), "malformed"),
        (tom.query().limit(1001), "malformed"),
    ):
        with pytest.raises(Unacceptable) as caught:
            await wrong.find()
        assert why in f"{caught.value.code} {caught.value}"
