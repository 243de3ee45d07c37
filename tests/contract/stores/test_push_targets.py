"""Push targets: kept with a device while its user wants it, over sessions that run out, and for one user at a time."""

import pytest
from msgspec import structs

from tests.contract.stores.acts import ANN, BOB, CIM, AnyStore, create, open_session, record, send
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.errors import SessionUnknown
from unisono.domain.facts import EndReason
from unisono.domain.ids import Checkpoint, DeviceId, Instant, SessionId, UserId
from unisono.ports.due_pushes import Window
from unisono.ports.push_targets import PushTarget
from unisono.ports.sessions import Ending, SessionDecision

LIMIT = 3


async def let_in(store: AnyStore, session: str, user: UserId = ANN, **more: object) -> SessionId:
    given = record(session, user, session.partition("-")[0], at=NOON)
    await open_session(store, structs.replace(given, **more))
    return SessionId(session)


async def keep(store: AnyStore, session: str, token: str = "t", provider: str = "fcm") -> None:
    await store.push_targets.keep(SessionId(session), provider, token, LIMIT)


async def kept(store: AnyStore, user: UserId = ANN) -> list[tuple[str, str]]:
    return [(target.device, target.token) for target in await store.push_targets.of_user(user)]


async def end(store: AnyStore, session: str, reason: EndReason, user: UserId = ANN) -> None:
    await store.sessions.decide(user, lambda now, held: SessionDecision((Ending(SessionId(session), reason),)))


async def test_a_device_has_one_and_a_later_one_takes_its_place(store: AnyStore) -> None:
    for session in ("phone-1", "phone-2", "watch-1"):
        await let_in(store, session)
    await keep(store, "phone-1", "first")
    await keep(store, "watch-1", "of the watch")
    await keep(store, "phone-2", "second", "apns")
    assert await store.push_targets.of_user(ANN) == [
        PushTarget(DeviceId("phone"), "apns", "second"),
        PushTarget(DeviceId("watch"), "fcm", "of the watch"),
    ]
    for _ in range(2):
        await store.push_targets.drop(SessionId("phone-1"))
    await store.push_targets.drop(SessionId("unheard of"))
    assert await kept(store) == [("watch", "of the watch")]
    assert await kept(store, BOB) == []


async def test_those_of_many_users_are_listed_at_once(store: AnyStore) -> None:
    for session, user, token in (("watch-1", ANN, "a"), ("phone-1", ANN, "b"), ("phone-2", BOB, "c")):
        await let_in(store, session, user)
        await keep(store, session, token)
    many = [UserId(f"nobody {number}") for number in range(200)]
    for users in ([ANN, BOB, CIM], [ANN, *many, BOB, ANN]):
        found = await store.push_targets.of_users(users)
        assert {user: [target.token for target in targets] for user, targets in found.items()} == {
            ANN: ["b", "a"],
            BOB: ["c"],
        }
    assert await store.push_targets.of_users([]) == {}


async def test_a_token_is_that_of_who_registered_it_last(store: AnyStore) -> None:
    await let_in(store, "phone-1", ANN)
    await let_in(store, "phone-2", BOB)
    await keep(store, "phone-1")
    await keep(store, "phone-2", provider="apns")
    assert (await kept(store, ANN), await kept(store, BOB)) == ([("phone", "t")], [("phone", "t")])
    await keep(store, "phone-2")
    assert (await kept(store, ANN), await kept(store, BOB)) == ([], [("phone", "t")])


async def test_those_that_registered_first_give_way(store: AnyStore, clock: ManualClock) -> None:
    for number in (4, 3, 2, 1):
        await let_in(store, f"d{number}-1")
        await keep(store, f"d{number}-1", f"t{number}")
        clock.advance(1)
    assert await kept(store) == [("d1", "t1"), ("d2", "t2"), ("d3", "t3")]


@pytest.mark.parametrize("reason", ["logged_out", "closed", "displaced", "replaced", "revoked", "expired"])
async def test_it_outlives_a_session_that_runs_out_and_no_other(store: AnyStore, reason: EndReason) -> None:
    await let_in(store, "phone-1")
    await let_in(store, "watch-1")
    await keep(store, "phone-1", "p")
    await keep(store, "watch-1", "w")
    await end(store, "phone-1", reason)
    stays = [("phone", "p")] if reason in {"replaced", "expired"} else []
    assert await kept(store) == [*stays, ("watch", "w")]
    with pytest.raises(SessionUnknown):
        await keep(store, "phone-1")
    with pytest.raises(SessionUnknown):
        await keep(store, "unheard of")


async def test_a_later_session_that_is_wanted_gone_takes_it_along(store: AnyStore) -> None:
    await let_in(store, "phone-1")
    await keep(store, "phone-1")
    await end(store, "phone-1", "expired")
    await let_in(store, "phone-2")
    await end(store, "phone-2", "logged_out")
    assert await kept(store) == []


async def test_a_void_token_takes_it_along_though_the_session_ran_out(store: AnyStore, clock: ManualClock) -> None:
    issued = {"a": Instant(NOON - 2000), "b": Instant(NOON - 1000), "c": None}
    for name, issued_at in issued.items():
        await let_in(store, f"{name}-1", credential=f"token-{name}", issued_at=issued_at)
        await keep(store, f"{name}-1", name)
        await end(store, f"{name}-1", "expired")
    await let_in(store, "d-1", BOB, issued_at=Instant(1))
    await keep(store, "d-1", "d")
    await store.sessions.revoke_before(ANN, Instant(NOON - 1000))
    assert await kept(store) == [("b", "b")]
    assert await kept(store, BOB) == [("d", "d")]
    await store.sessions.revoke_credential("token-a", clock.now())
    assert await kept(store) == [("b", "b")]
    await store.sessions.revoke_credential("token-b", clock.now())
    assert await kept(store) == []


async def test_a_device_or_all_are_forgotten_without_a_session(store: AnyStore) -> None:
    for name in ("phone", "watch", "car"):
        await let_in(store, f"{name}-1")
        await keep(store, f"{name}-1", name)
        await end(store, f"{name}-1", "expired")
    await store.push_targets.forget(ANN, DeviceId("phone"))
    await store.push_targets.forget(BOB)
    assert await kept(store) == [("car", "car"), ("watch", "watch")]
    for _ in range(2):
        await store.push_targets.forget(ANN)
    assert await kept(store) == []


async def test_who_is_not_there_comes_with_the_ways_to_their_devices(store: AnyStore) -> None:
    await create(store, ANN, BOB, CIM)
    for session in ("phone-1", "watch-1"):
        await let_in(store, session, BOB)
        await keep(store, session, session)
    await send(store, ANN, "k")
    window = Window(Checkpoint(0), await store.log.checkpoint(), Instant(0))
    (message,) = (await store.due_pushes.messages(window, None, 10)).messages
    page = await store.due_pushes.absent(message, None, 10)
    assert {each.user: [target.token for target in each.targets] for each in page.absent} == {
        BOB: ["phone-1", "watch-1"],
        CIM: [],
    }


async def test_they_are_there_after_a_restart(durable: Home) -> None:
    store = await durable.open()
    await let_in(store, "phone-1")
    await keep(store, "phone-1")
    await durable.close(store)
    assert await kept(await durable.open()) == [("phone", "t")]
