"""Claims: one session of a user at a time, whichever node is asked, after a crash as well."""

import asyncio
from functools import partial

import psycopg
import pytest

from tests.contract.stores.acts import ANN, BOB, AnyStore
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import ManualClock
from unisono.domain.call_answers import Claimed
from unisono.domain.claims import DONE_KEPT_MS, ClaimCommand, decide
from unisono.domain.commands import Claim, FinishClaim, ReleaseClaim
from unisono.domain.errors import Conflict, LimitReached
from unisono.domain.ids import ClaimName, SendKey, SessionId, UserId
from unisono.stores.sql import StoreOptions, open_store
from unisono.stores.sql.compiled import Statement

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


async def test_of_too_many_names_the_oldest_that_are_over_are_forgotten(store: AnyStore, clock: ManualClock) -> None:
    """Nothing could be claimed any more: who was told of more than 10,000 messages a day heard no alert after that."""
    await ask(store, claim("a", "one"), BOB, limit=2)
    await finish(store, "one", "two")
    clock.advance(1)
    assert (await ask(store, claim("b", "three", lease_s=5), limit=2)).is_mine
    assert [(await ask(store, claim("b", name, lease_s=5), limit=3)).is_done for name in ("two", "one")] == [
        True,
        False,
    ]
    with pytest.raises(LimitReached) as full:
        await ask(store, claim("a", "four"), limit=1)
    assert full.value.numbers["limit"] == 1
    assert (await ask(store, claim("b", "two"))).is_done, "what is refused makes nobody room"
    assert (await ask(store, claim("a", "four"), limit=3)).is_mine, "what was done longest ago made room"
    for name in ("five", "six"):
        with pytest.raises(LimitReached):
            await ask(store, claim("a", name), limit=3)
    assert not (await ask(store, claim("a", "three"), limit=3)).is_mine, "and nothing that is held"
    clock.advance(6)
    assert (await ask(store, claim("a", "five"), limit=3)).is_mine, "and what was left to run out"
    assert not (await ask(store, ReleaseClaim(ClaimName("seven"), 1), limit=3)).is_mine
    assert not (await ask(store, claim("b", "one"), BOB, limit=2)).is_mine


async def test_claims_of_a_user_are_not_counted_each_time(durable: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each new one counted them all: the 10,000th took 14 times as long as the first."""
    store = await durable.open()
    counted: list[object] = []
    bind = Statement.bind

    def noted(self: Statement, **values: object) -> object:
        counted.extend([None] * ("count(*)" in self.text.lower() and "claims" in self.text))
        return bind(self, **values)

    monkeypatch.setattr(Statement, "bind", noted)
    for start in range(0, 230, 23):
        await asyncio.gather(*(finish(store, f"n{start + number}", limit=200) for number in range(23)))
    assert len(counted) == 115
    left = [not (await ask(store, claim("b", f"n{number}"), limit=1_000)).is_mine for number in range(230)]
    assert 200 <= left.count(True) <= 202


async def test_no_user_has_more_than_the_limit_whoever_else_asks(durable: Home) -> None:
    """They were counted at each hundredth new one of all users: those who asked in between had no limit."""
    store = await durable.open()
    got = {ANN: 0, BOB: 0}
    for number in range(260):
        for user in got:
            try:
                got[user] += (await ask(store, claim("a", f"n{number}", lease_s=300), user, limit=200)).is_mine
            except LimitReached:
                continue
    assert got == {ANN: 200, BOB: 200}


async def finish(store: AnyStore, *names: str, limit: int = PLENTY) -> None:
    for name in names:
        await ask(store, FinishClaim(ClaimName(name), (await ask(store, claim("a", name), limit=limit)).number))


async def test_names_are_forgotten_after_a_day(store: AnyStore, clock: ManualClock) -> None:
    await finish(store, "one", "two")
    clock.advance(DONE_KEPT_MS / 1000)
    assert await store.claims.forget(DONE_KEPT_MS) == 0
    await ask(store, claim("a", "three"))
    clock.advance(1)
    assert await store.claims.forget(DONE_KEPT_MS) == 2
    assert (await ask(store, claim("a", "one"))).is_mine


async def test_what_somebody_changes_just_now_is_forgotten_next_time(postgres_dsn: str, clock: ManualClock) -> None:
    """Whoever forgets waited for who renews two of them, and could do so in a circle."""
    options = StoreOptions(app="test", url=postgres_dsn)
    store = await open_store(options, clock)
    await finish(store, "one", "two")
    with psycopg.connect(postgres_dsn) as other:
        other.execute("SELECT 1 FROM app_test.claims WHERE name = 'one' FOR UPDATE")
        async with asyncio.timeout(5):
            assert await store.claims.forget(-1_000_000) == 1
    assert await store.claims.forget(-1_000_000) == 1
    await store.close()
