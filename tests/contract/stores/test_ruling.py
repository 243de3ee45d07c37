"""What the tables say of roles, changes, restrictions and levels, after every fact that changes them."""

import asyncio
from typing import Any

import pytest

from tests.contract.stores.acts import (
    ANN,
    BOB,
    CIM,
    DAN,
    ROOM,
    AnyStore,
    add,
    create,
    join,
    look,
    mark_read,
    moved,
    quit_,
    remove,
    restrict,
    send,
    set_level,
    set_member,
    update,
)
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.commands import Increase, Roll
from unisono.domain.conversation import Conversation, Membership, Scope
from unisono.domain.errors import Forbidden, KeyReused, NotFound
from unisono.domain.facts import Rules
from unisono.domain.ids import Instant, SendKey, Seq, UserId
from unisono.domain.roll import FOR_EVER


async def place(store: AnyStore, user: UserId) -> Membership:
    """Give a user's place, as a decision and as a reader see it: alike, where both see it."""
    seen = (await look(store, Scope(conversation=ROOM, users=(user,)))).memberships[user]
    found = await store.directory.find(ROOM, user)
    if seen.was_member:
        assert found is not None
        assert found.membership == seen
    return seen


async def talk(store: AnyStore) -> Conversation:
    """Give the conversation, as a decision and as a reader see it."""
    seen = (await look(store, Scope(conversation=ROOM))).conversation
    found = await store.directory.find(ROOM, ANN)
    assert found is not None
    assert seen == found.conversation
    return found.conversation


async def roll(store: AnyStore, who: Roll, now: int = NOON, after: UserId | None = None, limit: int = 9) -> list[str]:
    """List users."""
    page = await store.directory.members(ROOM, who, after=after, limit=limit, now=Instant(now))
    return [member.user for member in page]


async def test_a_change_is_there_for_decisions_and_readers(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    clock.advance(60)
    await update(store, BOB, name="tea", set={"attr.b.c": 2, "attr.d": None}, unset=("attr.a",))
    changed = await talk(store)
    assert (changed.name, changed.attributes, changed.updated_at) == ("tea", {"b": {"c": 2}, "d": None}, NOON + 60_000)
    assert (changed.joining, changed.rules) == ("invited", Rules())
    rules = Rules(add="owner")
    await update(store, ANN, name="", unset=("attr.b", "attr.d"), joining="open", rules=rules)
    changed = await talk(store)
    assert (changed.name, changed.attributes, changed.joining, changed.rules) == (None, None, "open", rules)


async def test_a_change_under_a_key_is_made_once_whoever_else_changes_it_meanwhile(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    vote: dict[str, Any] = {"amend": {"attr.votes": Increase()}}
    for user, key in ((ANN, "k1"), (BOB, "k1"), (ANN, "k1"), (BOB, "k2"), (ANN, "k1")):
        await update(store, user, **vote, key=SendKey(key))
    assert (await talk(store)).attributes == {"a": 1, "votes": 3}
    await send(store, ANN, "k9")
    with pytest.raises(KeyReused):
        await update(store, ANN, **vote, key=SendKey("k9"))
    assert (await talk(store)).attributes == {"a": 1, "votes": 3}


async def test_two_changes_of_different_paths_both_hold(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await update(store, ANN, set={"attr.place.city": "Oslo"})
    await update(store, BOB, set={"attr.place.zip": 150})
    assert (await talk(store)).attributes == {"a": 1, "place": {"city": "Oslo", "zip": 150}}


async def test_the_creator_owns_a_group_and_nobody_a_direct_conversation(store: AnyStore) -> None:
    await create(store, BOB, ANN)
    assert [(await place(store, user)).role for user in (ANN, BOB)] == ["member", "owner"]


async def test_roles_and_attributes_of_members_are_kept(store: AnyStore) -> None:
    await create(store, ANN, BOB, CIM)
    await set_member(store, ANN, BOB, role="manager")
    await set_member(store, BOB, BOB, attributes={"nick": "B."})
    await mark_read(store, BOB, 1)
    bob = await place(store, BOB)
    assert (bob.role, bob.attributes, bob.read) == ("manager", {"nick": "B."}, 1)
    await remove(store, BOB, CIM)
    await set_member(store, ANN, BOB, role="owner")
    assert [(await place(store, user)).role for user in (ANN, BOB)] == ["manager", "owner"]
    with pytest.raises(Forbidden):
        await remove(store, ANN, BOB)


async def test_who_comes_back_comes_back_as_a_member(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await set_member(store, ANN, BOB, role="manager", attributes={"nick": "B."})
    await set_level(store, BOB, "none")
    await remove(store, ANN, BOB)
    gone = await place(store, BOB)
    assert (gone.role, gone.attributes, gone.level, gone.until) == ("member", None, "all", 3)
    await add(store, ANN, BOB)
    assert (await place(store, BOB)).role == "member"


async def test_an_owner_who_leaves_has_an_heir(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await add(store, ANN, CIM, DAN)
    await set_member(store, ANN, DAN, role="manager")
    await quit_(store, ANN)
    assert (await place(store, DAN)).role == "owner"
    await quit_(store, DAN)
    assert [(await place(store, user)).role for user in (BOB, CIM)] == ["owner", "member"]
    await update(store, BOB, joining="open")
    await quit_(store, BOB)
    await quit_(store, CIM)
    await join(store, DAN)
    assert (await place(store, DAN)).role == "owner"


async def test_a_blocked_member_leaves_and_stays_out_until_it_is_over(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    await update(store, ANN, joining="open")
    await restrict(store, ANN, BOB, DAN, what="blocked", for_s=60)
    until = NOON + 60_000
    bob, dan = await place(store, BOB), await place(store, DAN)
    assert (bob.blocked_until, bob.until, bob.silenced_until) == (until, 4, None)
    assert (dan.blocked_until, dan.since, dan.until) == (until, 0, 0)
    clock.advance(59.999)
    for user in (BOB, DAN):
        with pytest.raises(Forbidden):
            await join(store, user)
    clock.advance(0.001)
    await join(store, DAN)
    assert (await place(store, DAN)).is_member


async def test_a_stranger_who_is_blocked_stays_a_stranger(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await restrict(store, ANN, DAN, what="blocked")
    assert await store.directory.find(ROOM, DAN) is None
    assert await store.directory.list_of(DAN, None, 10) == []
    assert await moved(store, DAN) == {}
    audience = await store.directory.audience((await send(store, ANN, "k")).stream, await store.log.checkpoint())
    assert audience.members == {ANN, BOB}
    with pytest.raises(NotFound):
        await send(store, DAN, "k")
    await update(store, ANN, joining="open")
    found = await store.directory.find(ROOM, DAN)
    assert found is not None
    assert (found.membership, found.conversation.head.seq) == (None, 4)


async def test_a_former_member_who_is_blocked_still_reads_up_to_where_they_left(store: AnyStore) -> None:
    """Writing the row again must not lose at which position they left."""
    await create(store, ANN, BOB)
    start = await store.log.checkpoint()
    await remove(store, ANN, BOB)
    await restrict(store, ANN, BOB, what="blocked")
    bob = await place(store, BOB)
    assert (bob.until, bob.blocked_until) == (2, FOR_EVER)
    assert (await moved(store, BOB, start))[f"c/{ROOM}"] == 2


async def test_leaving_and_a_restriction_at_once_lose_nothing(store: AnyStore) -> None:
    """In one batch the second row took the first one's place, and nothing said any more at which position they left."""
    await create(store, ANN, BOB, CIM)
    start = await store.log.checkpoint()
    await asyncio.gather(remove(store, ANN, BOB), restrict(store, ANN, BOB, what="silenced"))
    assert (await moved(store, BOB, start))[f"c/{ROOM}"] == 2
    await asyncio.gather(
        remove(store, ANN, CIM), add(store, ANN, CIM), restrict(store, ANN, CIM, what="silenced", for_s=60)
    )
    left = await store.log.checkpoint()
    await send(store, ANN, "k")
    assert (await moved(store, CIM, left))[f"c/{ROOM}"] == 7


async def test_silence_outlasts_leaving(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await restrict(store, ANN, BOB, what="silenced")
    await quit_(store, BOB)
    await add(store, ANN, BOB)
    with pytest.raises(Forbidden):
        await send(store, BOB, "k")
    await restrict(store, ANN, BOB, what="silenced", on=False)
    await send(store, BOB, "k")


async def test_rolls_are_called_by_user_a_page_at_a_time(store: AnyStore) -> None:
    await create(store, DAN, CIM, BOB, ANN)
    assert await roll(store, "members") == [ANN, BOB, CIM, DAN]
    assert await roll(store, "members", limit=2) == [ANN, BOB]
    assert await roll(store, "members", after=BOB, limit=2) == [CIM, DAN]
    await set_level(store, CIM, "none")
    await set_level(store, BOB, "mentions")
    assert await roll(store, "muted") == [CIM]
    await restrict(store, DAN, BOB, CIM, what="silenced", for_s=60)
    await restrict(store, DAN, ANN, UserId("eve"), what="blocked")
    assert await roll(store, "silenced", NOON + 59_999) == [BOB, CIM]
    assert await roll(store, "silenced", NOON + 60_000) == []
    assert await roll(store, "blocked") == [ANN, "eve"]
    assert await roll(store, "members") == [BOB, CIM, DAN]
    await quit_(store, CIM)
    assert await roll(store, "muted") == []


async def test_all_of_it_outlives_the_process(durable: Home) -> None:
    store = await durable.open()
    await create(store, ANN, BOB, CIM)
    await update(store, ANN, set={"attr.x": 1}, joining="open", rules=Rules(add="manager"))
    await set_member(store, ANN, BOB, role="manager", attributes={"nick": "B."})
    await set_level(store, BOB, "mentions")
    await restrict(store, ANN, CIM, what="silenced", for_s=60)
    before = [await talk(store), await place(store, BOB), await place(store, CIM)]
    await durable.close(store)
    again = await durable.open()
    assert [await talk(again), await place(again, BOB), await place(again, CIM)] == before
    assert before[1] == Membership(BOB, Seq(1), role="manager", attributes={"nick": "B."}, level="mentions")
