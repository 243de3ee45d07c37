"""Claims: one session of a user at a time, whichever node is asked, after a crash as well."""

import asyncio
from functools import partial

import pytest

from tests.contract.stores.acts import ANN, BOB, AnyStore
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import ManualClock
from unisono.domain.call_answers import Claimed
from unisono.domain.claims import DONE_KEPT_MS, ClaimCommand, decide
from unisono.domain.commands import Claim, FinishClaim, ReleaseClaim
from unisono.domain.errors import Conflict, LimitReached
from unisono.domain.ids import ClaimName, SendKey, SessionId, UserId

NAME = ClaimName("notify/17")
PHONE = SessionId("phone")
PLENTY = 100


async def ask(store: AnyStore, command: ClaimCommand, user: UserId = ANN, limit: int = PLENTY) -> Claimed:
    return await store.claims.decide(user, command.name, limit, partial(decide, command=command, session=PHONE))


def claim(key: str, name: str = NAME, lease_s: int = 10) -> Claim:
    return Claim(ClaimName(name), SendKey(key), lease_s)


async def test_one_runner_has_it_until_the_lease_is_over_or_it_is_done(store: AnyStore, clock: ManualClock) -> None:
    first = await ask(store, claim("a"))
    assert first.is_mine
    assert not (await ask(store, claim("b"))).is_mine
    assert (await ask(store, claim("b"), BOB)).is_mine
    clock.advance(10)
    second = await ask(store, claim("b"))
    assert second.is_mine
    assert second.number > first.number
    with pytest.raises(Conflict):
        await ask(store, FinishClaim(NAME, first.number))
    await ask(store, FinishClaim(NAME, second.number))
    clock.advance(100)
    told = await ask(store, claim("a"))
    assert (told.is_mine, told.is_done, told.holder) == (False, True, PHONE)


async def test_of_many_who_ask_at_once_one_has_it(store: AnyStore) -> None:
    answers = await asyncio.gather(*(ask(store, claim(f"k{number}")) for number in range(30)))
    assert [each.is_mine for each in answers].count(True) == 1


async def test_so_it_is_on_several_nodes(shared: Home) -> None:
    nodes = [await shared.open(), await shared.open()]
    for name in ("one", "two", "three"):
        asked = (ask(node, claim(f"k{number}", name)) for number, node in enumerate(nodes * 8))
        answers = await asyncio.gather(*asked)
        assert [each.is_mine for each in answers].count(True) == 1


async def test_what_was_given_and_done_outlives_the_server(durable: Home) -> None:
    store = await durable.open()
    await ask(store, FinishClaim(NAME, (await ask(store, claim("a"))).number))
    await ask(store, claim("a", "other", lease_s=300))
    await durable.close(store)
    store = await durable.open()
    assert (await ask(store, claim("b"))).is_done
    assert not (await ask(store, claim("b", "other"))).is_mine


async def test_names_are_bounded_per_user_and_forgotten_after_a_day(store: AnyStore, clock: ManualClock) -> None:
    for name in ("one", "two"):
        await ask(store, FinishClaim(ClaimName(name), (await ask(store, claim("a", name), limit=2)).number))
    with pytest.raises(LimitReached) as full:
        await ask(store, claim("a", "three"), limit=2)
    assert full.value.numbers["limit"] == 2
    assert not (await ask(store, ReleaseClaim(ClaimName("three"), 1), limit=2)).is_mine
    await ask(store, claim("a", "one"), BOB, limit=2)
    clock.advance(DONE_KEPT_MS / 1000)
    assert await store.claims.forget(DONE_KEPT_MS) == 0
    clock.advance(1)
    assert await store.claims.forget(DONE_KEPT_MS) == 2
    assert (await ask(store, claim("a", "three"), limit=2)).is_mine
    clock.advance(11)
    assert await store.claims.forget(DONE_KEPT_MS) == 1
    assert (await ask(store, claim("a", "one"), limit=2)).is_mine
