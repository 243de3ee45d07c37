"""The Python client: what each kind of conversation can do, with the real server."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.test_against_server import House, house, until, within
from unisono_sdk import (
    Client,
    Conversation,
    FileState,
    Forbidden,
    LimitReached,
    Member,
    NotFound,
    Rules,
    Unisono,
    events,
)

__all__ = ["house"]


@pytest.mark.rows("L136", "L171", "L217")
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


async def trio(house: House, **how: Any) -> tuple[Client, Client, Client, Conversation]:
    """Let Ann, Bob and Cat in, with a group of Ann's."""
    ann, bob, cat = [await house.login(user) for user in ("ann", "bob", "cat")]
    happened = cat.events()
    group = await ann.create(["bob", "cat"], unique=False, **how)
    await until(happened, events.Created)
    return ann, bob, cat, group


@pytest.mark.parametrize("codec", ["json", "msgpack"])
@pytest.mark.rows("L24", "L25", "L27", "L133", "L135", "L140", "L167", "L168", "L169", "L170", "L175", "L182")
@pytest.mark.rows("L189", "L191")
async def test_what_a_conversation_is_created_with_is_there_for_every_member(house: House, codec: str) -> None:
    ann = await house.login("ann", codec=codec)
    bob = await house.login("bob", codec=codec)
    group = await ann.create(["bob"], name="tea", attributes={"pinned": True, "type": 3}, unique=False)
    seen = await bob.conversation(group.id).refresh()
    for each in (group, seen):
        assert (each.id, each.name, each.members, each.creator) == (group.id, "tea", ("ann", "bob"), "ann")
        assert each.attributes == {"pinned": True, "type": 3}
        assert each.created_at == each.updated_at
    assert (group.role, seen.role) == ("owner", "member")
    assert group.created_at is not None


@pytest.mark.rows("L29", "L30", "L139", "Q27")
async def test_names_are_not_unique_and_uniqueness_is_by_choice(house: House) -> None:
    ann = await house.login("ann")
    first, second = [await ann.create(["bob"], name="tea", unique=False) for _ in range(2)]
    assert first.id != second.id
    assert (first.name, second.name) == ("tea", "tea")


@pytest.mark.rows("L132", "L286")
async def test_a_private_chat_is_found_again(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    chat = await ann.direct("bob")
    assert type(chat) is type(await ann.create(["bob", "cat"]))
    assert (await bob.direct("ann")).id == chat.id
    group = await ann.create(["bob"], attributes={"topic": 7})
    assert (await bob.create(["ann"])).id == group.id


@pytest.mark.rows("L176", "L180", "L181", "L192", "X52")
async def test_a_member_renames_and_all_members_read_it_alike(house: House) -> None:
    ann, bob, cat, group = await trio(house, name="tea", attributes={"colour": "green"})
    told = {client.user: client.events() for client in (ann, bob, cat)}
    renamed = await bob.conversation(group.id).set_name("coffee")
    assert renamed.name == "coffee"
    for client in (ann, bob, cat):
        changed = await until(told[client.user], events.Changed)
        assert (changed.by, changed.name, changed.set, changed.conversation.name) == ("bob", "coffee", {}, "coffee")
    await group.update(set={"attr.place.city": "Oslo", "attr.colour": None}, unset=("attr.none",))
    await until(told["cat"], events.Changed)
    there = cat.conversation(group.id)
    known = dict(there.attributes)
    assert known == {"place": {"city": "Oslo"}, "colour": None}
    assert (await there.refresh()).attributes == known
    assert (there.updated_at or 0) >= (there.created_at or 0)
    assert (await there.set_name("")).name is None


async def test_members_who_amend_one_value_at_once_both_have_their_way(house: House) -> None:
    ann, bob, cat, group = await trio(house)
    groups = [client.conversation(group.id) for client in (ann, bob, cat)]
    vote = {"attr.votes": {"do": "increase", "by": 2}}
    await asyncio.gather(*(each.update(amend=vote) for each in groups))
    for each, tag in zip(groups, ("red", "green", "red"), strict=True):
        await each.update(amend={"attr.tags": {"do": "append", "values": [tag], "once": True}})
    await groups[0].update(amend={"attr.tags": {"do": "take_out", "values": ["green"]}})
    assert dict((await groups[1].refresh()).attributes) == {"votes": 6, "tags": ["red"]}


@pytest.mark.rows("L143", "L146")
async def test_who_is_not_invited_does_not_come_in(house: House) -> None:
    """Who knew the id used to join, and any member could remove any other."""
    ann, bob, cat, group = await trio(house)
    dan = await house.login("dan")
    for stranger in (dan.conversation(group.id).join(), dan.conversation(group.id).refresh()):
        with pytest.raises(NotFound):
            await stranger
    with pytest.raises(Forbidden):
        await bob.conversation(group.id).remove("cat")
    told = cat.events()
    await group.remove("cat")
    assert (await until(told, events.Exited)).by == "ann"
    with pytest.raises(NotFound):
        await cat.conversation(group.id).join()
    await group.update(joining="open")
    seen = await dan.conversation(group.id).refresh()
    assert (seen.members, seen.role, seen.joining, await seen.count()) == ((), None, "open", 2)
    assert set((await cat.conversation(group.id).join()).members) == {"ann", "bob", "cat"}
    assert ann.conversation(group.id) is group


@pytest.mark.rows("L134", "L142")
async def test_founders_are_told_as_if_invited_and_who_is_removed_is_out_at_once(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    invited: list[events.Entered] = []
    bob.on("invited", invited.append)
    told = bob.events()
    group = await ann.create(["bob"], unique=False)
    entered = await until(told, events.Entered)
    assert (entered.conversation.id, entered.by, entered.is_invited) == (group.id, "ann", True)
    assert invited == [entered]
    await group.remove("bob")
    with pytest.raises(NotFound):
        await bob.conversation(group.id).send("hello")


def crowd(count: int) -> list[str]:
    """Name so many people beside Ann."""
    return [f"user-{number:03}" for number in range(count)]


@pytest.mark.rows("L32")
async def test_a_group_has_five_hundred_members_and_no_more(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    group = await ann.create(crowd(498), unique=False, joining="open")
    assert await group.count() == 499
    with pytest.raises(LimitReached):
        await group.add("cat", "dan")
    assert await group.count() == 499
    there = bob.conversation(group.id)
    assert len((await there.join()).members) == 500
    with pytest.raises(LimitReached) as refused:
        await group.add("cat")
    assert refused.value.numbers == {"what": "members", "limit": 500, "asked": 501}
    await group.add("bob", "user-000")
    await there.quit()
    await group.add("cat")
    assert await group.count() == 500
    with pytest.raises(LimitReached):
        await there.join()


@pytest.mark.parametrize("of", ["group", "temporary"])
async def test_at_its_creation_too(house: House, of: str) -> None:
    ann = await house.login("ann")
    begin = ann.create if of == "group" else ann.create_temporary
    assert len((await begin(crowd(499))).members) == 500
    with pytest.raises(LimitReached):
        await begin(crowd(500))


async def test_roles_are_given_handed_over_and_inherited(house: House) -> None:
    _, bob, cat, group = await trio(house)
    told = cat.events()
    with pytest.raises(Forbidden):
        await bob.conversation(group.id).set_member("cat", role="manager")
    await group.set_member("bob", role="manager")
    changed = await until(told, events.MemberChanged)
    assert (changed.user, changed.by, changed.role, changed.attributes) == ("bob", "ann", "manager", None)
    await bob.conversation(group.id).set_member("bob", attributes={"nick": "B."})
    assert (await until(told, events.MemberChanged)).attributes == {"nick": "B."}
    assert [member async for member in group.roll(page=2)] == [
        Member(user="ann", role="owner"),
        Member(user="bob", role="manager", attributes={"nick": "B."}),
        Member(user="cat"),
    ]
    await group.set_member("cat", role="owner")
    assert [(await until(told, events.MemberChanged)).role for _ in range(2)] == ["owner", "manager"]
    assert cat.conversation(group.id).role == "owner"
    await cat.conversation(group.id).quit()
    assert (await group.refresh()).role == "owner"
    assert group.rules == Rules()


async def test_who_is_blocked_leaves_and_who_is_silenced_says_nothing(house: House) -> None:
    _, bob, cat, group = await trio(house, joining="open")
    at_bob, at_cat = bob.events(), cat.events()
    await group.silence("bob", for_s=3600)
    restricted = await until(at_cat, events.Restricted)
    assert (restricted.users, restricted.by, restricted.what, restricted.is_on) == (("bob",), "ann", "silenced", True)
    assert (restricted.until or 0) > restricted.at
    there = bob.conversation(group.id)
    for spoken in (there.send("hello"), there.send_transient("hello"), there.typing()):
        with pytest.raises(Forbidden):
            await spoken
    assert [member.user async for member in group.roll("silenced")] == ["bob"]
    with pytest.raises(Forbidden):
        _ = [member async for member in there.roll("silenced")]
    await group.unsilence("bob")
    await there.send("hello")
    await group.block("bob", "eve")
    assert (await until(at_bob, events.Exited)).by == "ann"
    assert there.role is None
    with pytest.raises(Forbidden):
        await there.join()
    with pytest.raises(Forbidden):
        await group.add("dan", "eve")
    assert [(member.user, member.until) async for member in group.roll("blocked")] == [("bob", None), ("eve", None)]
    await group.unblock("bob")
    assert "bob" in (await there.join()).members


@pytest.mark.rows("L28", "L173", "L174", "L184", "L185", "L186", "L187", "X51", "Q35", "E70", "E71")
async def test_muting_is_known_on_all_my_devices_and_to_the_others(house: House) -> None:
    _, bob, _, group = await trio(house)
    tablet = await house.login("bob")
    at_tablet, inbox = tablet.events(), tablet.messages()
    there = bob.conversation(group.id)
    await there.mute()
    told = await until(at_tablet, events.LevelSet)
    assert (told.conversation.id, told.level, told.conversation.is_muted, there.is_muted) == (
        group.id,
        "none",
        True,
        True,
    )
    assert (await bob.conversation(group.id).refresh()).is_muted
    assert await group.muted() == ("bob",)
    await group.send("still comes")
    assert (await within(anext(inbox))).text == "still comes"
    await there.unmute()
    assert (await until(at_tablet, events.LevelSet)).level == "all"
    assert await group.muted() == ()


@pytest.mark.rows("L165", "L166")
async def test_members_are_counted_on_the_server(house: House) -> None:
    _, bob, _, group = await trio(house)
    assert len(group.members) == await group.count() == 3
    await bob.conversation(group.id).quit()
    assert await group.count() == 2


@pytest.mark.rows("L147", "L158", "L164", "X27", "X28", "Q33")
async def test_my_other_devices_learn_of_my_coming_and_going_also_later(house: House, tmp_path: Path) -> None:
    ann, phone = await house.login("ann"), await house.login("ann")
    at_phone = phone.events()
    group = await ann.create(["bob"], unique=False, joining="open")
    await until(at_phone, events.Created)
    await group.quit()
    exited = await until(at_phone, events.Exited)
    assert (exited.by, exited.is_kicked, phone.conversation(group.id).role) == ("ann", False, None)
    await group.join()
    assert (await until(at_phone, events.Entered)).by == "ann"
    url = f"ws://127.0.0.1:{house.port}"
    async with Unisono(url, state=FileState(tmp_path / "dan.json")) as unisono:
        await unisono.login(user="dan")
    await group.add("dan")
    async with Unisono(url, state=FileState(tmp_path / "dan.json")) as unisono:
        dan = await unisono.login(user="dan")
        assert (await until(dan.events(), events.Entered)).by == "ann"
        assert [each.id async for each in dan.conversations()] == [group.id]


async def test_a_temporary_conversation_is_a_group_until_it_is_over(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    at_bob = bob.events()
    passing = await ann.create_temporary(["bob"], ttl_s=1, name="now")
    assert (passing.of, passing.role, passing.members) == ("temporary", "owner", ("ann", "bob"))
    assert (passing.expires_at or 0) - (passing.created_at or 0) == 1000
    there = bob.conversation(passing.id)
    said = await passing.send("hello")
    ended = await until(at_bob, events.Ended)
    assert (ended.conversation, ended.reason, ended.by) == (there, "expired", None)
    exited = await until(at_bob, events.Exited)
    assert (exited.by, exited.is_kicked) == (None, False)
    assert (there.members, there.role, there.expires_at) == ((), None, None)
    with pytest.raises(NotFound):
        await there.send("too late")
    assert [message.seq for message in (await there.history()).messages] == [said.seq]
    assert [each.id async for each in bob.conversations()] == []


async def test_an_owner_dissolves_a_group_for_all(house: House) -> None:
    _, bob, cat, group = await trio(house, joining="open")
    at_cat = cat.events()
    with pytest.raises(Forbidden):
        await bob.conversation(group.id).dissolve()
    await group.dissolve()
    ended = await until(at_cat, events.Ended)
    assert (ended.reason, ended.by) == ("dissolved", "ann")
    with pytest.raises(NotFound):
        await cat.conversation(group.id).join()
