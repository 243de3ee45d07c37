"""The policies' promises: one change after the other, and no login that was decided under one that holds no more."""

import asyncio
import threading
from collections.abc import Sequence
from itertools import pairwise

import psycopg
import pytest

from tests.contract.stores.acts import ANN, BOB, CIM, AnyStore, end_session, open_session, record
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.answers import SeqFact
from unisono.domain.devices import PLATFORMS_MAX, PRESETS, DeviceRules, Login, Policy, Slot, admit
from unisono.domain.errors import Conflict, Invalid
from unisono.domain.facts import SessionEnded, SessionOpened
from unisono.domain.ids import DeviceId, Instant, Platform, Seq, SessionId, UserId, user_stream
from unisono.domain.policy import InForce, PolicyChange, Proposal, Said, propose
from unisono.ports.policy import PolicyPage
from unisono.ports.sessions import Ending, SessionDecision, SessionRecord, SessionsCommitted
from unisono.stores.memory import policy as in_memory
from unisono.stores.sql import policy as in_sql

PATIENCE_S = 20.0
SETTINGS = InForce(PRESETS["multi"], "anyone")
LOCKED = """
    SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'app_test.policy_changes'::regclass
"""
CAPACITIES = (6, 1, 8, 2, 1)


async def say(store: AnyStore, said: Said, *, expect: int | None = None, note: str | None = None) -> PolicyChange:
    proposal = Proposal(said, by="a key", address="192.0.2.9", note=note, expect=expect)
    return await store.policies.change(lambda now, last: propose(SETTINGS, last, proposal, now))


async def limit_to(store: AnyStore, capacity: int) -> PolicyChange:
    return await say(store, Said(DeviceRules(Policy((Slot(key=("app",), capacity=capacity),)))))


def as_login(one: SessionRecord) -> Login:
    return Login(one.session, one.device, one.shown.platform, one.opened_at, one.tag)


async def log_in(store: AnyStore, wanted: SessionRecord) -> SessionsCommitted:
    """Log in as far as what is said allows."""

    def decide(now: Instant, held: Sequence[SessionRecord], said: Said) -> SessionDecision:
        del now
        losses = admit(SETTINGS.under(said).devices, [as_login(one) for one in held], as_login(wanted))
        return SessionDecision(tuple(Ending(loss.session, loss.reason, wanted.shown) for loss in losses), wanted)

    return await store.sessions.admit(wanted.user, decide)


async def test_nothing_is_said_at_first_and_what_is_said_is_kept_whole(store: AnyStore, clock: ManualClock) -> None:
    assert await store.policies.last() is None
    assert await store.policies.log(None, 10) == PolicyPage(())
    devices = DeviceRules("single", 2, {record("one", at=NOON).shown.platform: 3})
    clock.advance(5)
    first = await say(store, Said(devices, "contacts"), note="for a while")
    assert first.at == NOON + 5000
    assert (first.revision, first.by, first.address, first.note) == (1, "a key", "192.0.2.9", "for a while")
    assert first.new == InForce(devices.slots(), "contacts")
    assert await store.policies.last() == first
    second = await say(store, Said())
    assert (second.revision, second.old, second.new, second.note) == (2, first.new, SETTINGS, None)
    assert await store.policies.log(None, 2) == PolicyPage((second, first))
    assert await store.policies.log(2, 10) == PolicyPage((first,))
    assert await store.policies.log(None, 1) == PolicyPage((second,), next=2)


async def test_a_change_over_another_is_refused_and_leaves_no_trace(store: AnyStore) -> None:
    await say(store, Said(), expect=0)
    outcomes = await asyncio.gather(*(say(store, Said(), expect=1) for _ in range(5)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(Conflict) == 4
    assert [change.revision for change in (await store.policies.log(None, 10)).changes] == [2, 1]


async def test_only_the_last_changes_are_kept(store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (in_memory, in_sql):
        monkeypatch.setattr(place, "CHANGES_KEPT", 2)
    for _ in range(4):
        await say(store, Said())
    assert [change.revision for change in (await store.policies.log(None, 10)).changes] == [4, 3]


async def test_a_page_of_large_changes_has_few_of_them(durable: Home) -> None:
    """A hundred of them, each of a few megabytes, were one answer."""
    store = await durable.open()
    groups = {f"group {number}": (Platform("x" * 4_000),) for number in range(PLATFORMS_MAX // 4)}
    large = Said(DeviceRules(Policy((Slot(key=("group",), capacity=1),), groups)))
    for said in (Said(), large, large, Said(), Said()):
        await say(store, said)
    pages: list[list[int]] = []
    below: int | None = None
    while not pages or below is not None:
        page = await store.policies.log(below, 100)
        pages.append([change.revision for change in page.changes])
        below = page.next
    assert pages == [[5, 4], [3], [2], [1]]


async def test_what_is_said_outlives_a_restart(durable: Home) -> None:
    store = await durable.open()
    first = await limit_to(store, 1)
    await durable.close(store)
    again = await durable.open()
    assert await again.policies.last() == first
    await log_in(again, record("one", at=NOON))
    committed = await log_in(again, record("two", at=NOON))
    assert [one.session for one in committed.ended] == ["one"]


@pytest.mark.rows("E13")
async def test_a_login_is_decided_by_what_is_said_then_and_others_stay_until_it(store: AnyStore) -> None:
    for number in range(4):
        await log_in(store, record(f"s{number}", at=Instant(NOON + number)))
    await limit_to(store, 2)
    assert len(await store.sessions.list_of(ANN)) == 4
    committed = await log_in(store, record("new", at=Instant(NOON + 9)))
    assert [one.session for one in committed.ended] == ["s0", "s1", "s2"]
    assert await store.sessions.list_of(BOB) == []


async def test_a_login_that_repeats_another_devices_id_is_refused(store: AnyStore) -> None:
    await log_in(store, record("one", at=NOON))
    with pytest.raises(Invalid):
        await log_in(store, record("one", BOB, at=NOON))


async def test_sessions_of_those_who_have_several_are_listed_by_user(store: AnyStore) -> None:
    for user in (CIM, ANN, BOB):
        for number in (2, 1):
            wanted = record(f"{user}-{number}", user, at=Instant(NOON + number))
            await open_session(store, wanted)
    await end_session(store, BOB, "bob-1")

    async def listed(after: UserId | None, limit: int) -> list[str]:
        return [one.session for one in await store.sessions.of_several(after, limit)]

    assert await listed(None, 10) == ["ann-1", "ann-2", "cim-1", "cim-2"]
    assert await listed(None, 1) == ["ann-1", "ann-2"]
    assert await listed(ANN, 1) == ["cim-1", "cim-2"]
    assert await listed(CIM, 1) == []


def most_open(facts: Sequence[object], seqs: Sequence[Seq]) -> dict[Seq, int]:
    """Give how many devices were open after each login."""
    left: dict[SessionId, DeviceId] = {}
    counts: dict[Seq, int] = {}
    for seq, fact in zip(seqs, facts, strict=True):
        if isinstance(fact, SessionOpened):
            left[fact.session] = fact.device
            counts[seq] = len(set(left.values()))
        elif isinstance(fact, SessionEnded):
            del left[fact.session]
    return counts


async def read_on(store: AnyStore, after: Seq) -> Sequence[SeqFact]:
    page = await store.log.read(user_stream(ANN), after, 64)
    assert len(page.facts) in (64, page.head - after)
    return page.facts


@pytest.mark.rows("E13")
async def test_no_login_is_admitted_above_the_limit_in_force_while_it_is_changed(durable: Home) -> None:
    """Each change goes on while devices log in, in PostgreSQL on two nodes; then some log in that must know of it."""
    is_file = durable.options is not None and durable.options.url is None
    first = await durable.open()
    stores = [first, first if is_file else await durable.open()]
    number = 0

    def logins(count: int) -> list[asyncio.Task[SessionsCommitted]]:
        nonlocal number
        number += count
        names = range(number - count, number)
        wanted = [record(f"s{each:03}", at=Instant(NOON + each)) for each in names]
        return [asyncio.ensure_future(log_in(stores[each % 2], one)) for each, one in zip(names, wanted, strict=True)]

    async def head() -> Seq:
        return (await first.log.read(user_stream(ANN), Seq(0), 1)).head

    limits: list[tuple[Seq, int]] = []
    """Up to where in the user's stream a limit held; while it was changed either one might."""
    for before, capacity in pairwise((4, *CAPACITIES)):
        during = logins(10)
        await asyncio.sleep(0)
        await limit_to(stores[capacity % 2], capacity)
        limits.append((await head(), max(before, capacity)))
        await asyncio.gather(*during, *logins(4))
        limits.append((await head(), capacity))
    facts = [placed for seq in range(0, number * 2, 64) for placed in await read_on(first, Seq(seq))]
    counts = most_open([placed.fact for placed in facts], [placed.seq for placed in facts])
    assert len(counts) == number
    for seq, count in counts.items():
        assert count <= next(limit for until, limit in limits if seq <= until), (seq, limits)


async def test_a_change_waits_for_the_login_before_it_and_the_next_login_for_the_change(shared: Home) -> None:
    """Without it a login that began before could be there after the change, above the limit."""
    slow, quick = await shared.open(), await shared.open()
    has_begun, release = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    seen: list[Said] = []

    def decide(now: Instant, held: Sequence[SessionRecord], said: Said) -> SessionDecision:
        del now, held
        seen.append(said)
        loop.call_soon_threadsafe(has_begun.set)
        release.wait(PATIENCE_S)
        return SessionDecision(opens=record("slow", at=NOON))

    login = asyncio.ensure_future(slow.sessions.admit(ANN, decide))
    await has_begun.wait()
    change = asyncio.ensure_future(limit_to(quick, 1))
    async with await psycopg.AsyncConnection.connect(str(shared.options.url), autocommit=True) as watch:  # type: ignore[union-attr]
        async with asyncio.timeout(PATIENCE_S):
            while (await (await watch.execute(LOCKED)).fetchone()) != (1,):
                assert not change.done()
    release.set()
    await login
    assert seen == [Said()]
    await change
    assert [one.session for one in (await log_in(slow, record("next", at=NOON))).ended] == ["slow"]


async def test_what_could_not_be_read_again_is_refused(durable: Home) -> None:
    """Nobody could log in any more, and nobody could change it: only the database by hand."""
    store = await durable.open()
    many = {Platform(f"p{number}"): 1 for number in range(PLATFORMS_MAX + 1)}
    with pytest.raises(Invalid):
        await say(store, Said(DeviceRules(Policy((Slot(key=("platform",), capacity=1, capacities=many),)))))
    assert await store.policies.last() is None
    assert (await limit_to(store, 3)).revision == 1
