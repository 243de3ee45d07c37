"""Resume: carrying on without being asked who one is, and never at anybody's cost."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, an_app, code_of, failing
from tests.unit.app.fanout_stage import settle
from unisono.domain import commands as c
from unisono.domain.devices import Policy, Slot
from unisono.domain.errors import Replaced, SessionUnknown, Unavailable, UnisonoError
from unisono.domain.facts import EndReason
from unisono.domain.ids import Instant, SessionId, UserId
from unisono.ports.identity import Principal

ONE_PLACE = Policy(slots=(Slot(key=("platform",), capacity=1),))


async def states(stage: AppStage) -> dict[str, str]:
    views = await stage.node.own_sessions.list_of(UserId("alice"))
    return {view.device: view.state for view in views}


@pytest.mark.rows("X37")
@in_virtual_time
async def test_a_resume_is_no_login_and_displaces_nobody() -> None:
    async with an_app(policy=ONE_PLACE) as stage:
        laptop = await stage.login("alice", "laptop", tag="mobile")
        phone = await stage.login("alice", "phone", platform="ios", tag="mobile")
        await settle()
        facts = len(phone.link.facts)
        for _ in range(3):
            await laptop.go()
            laptop = await stage.resume(laptop)
        await settle()
        assert phone.link.code is None
        assert laptop.link.code is None
        assert laptop.welcome.resume_token is None
        assert (laptop.welcome.user, laptop.session) == ("alice", "login-alice-laptop")
        assert len(phone.link.facts) == facts
        assert await states(stage) == {"laptop": "live", "phone": "live"}


@in_virtual_time
async def test_the_older_link_of_a_session_is_told_that_it_was_replaced() -> None:
    async with an_app() as stage:
        first = await stage.login("alice")
        second = await stage.resume(first)
        assert first.link.code == "replaced"
        assert second.link.code is None
        assert second.welcome.fence == first.welcome.fence + 1
        assert len(stage.node.audience) == 1


@pytest.mark.parametrize("token", ["", "wrong", "secret-" + "0" * 36])
@in_virtual_time
async def test_a_wrong_token_and_an_unknown_session_look_the_same(token: str) -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        with pytest.raises(SessionUnknown) as wrong:
            await stage.resume(alice, token=token)
        alice.caller = type(alice.caller)(session=SessionId("never-was"))
        with pytest.raises(SessionUnknown) as unknown:
            await stage.resume(alice)
        assert (wrong.value.message, wrong.value.numbers) == (unknown.value.message, unknown.value.numbers)
        assert alice.link.code is None


@in_virtual_time
async def test_after_its_end_too_a_session_is_unknown_to_who_has_no_token() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        await stage.end(alice)
        with pytest.raises(SessionUnknown):
            await stage.resume(alice, token="wrong")


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("expired", "session_unknown"),
        ("displaced", "displaced"),
        ("replaced", "replaced"),
        ("revoked", "token_revoked"),
        ("closed", "session_closed"),
        ("logged_out", "session_closed"),
    ],
)
@in_virtual_time
async def test_who_comes_back_to_a_session_that_ended_is_told_what_to_do(reason: EndReason, code: str) -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        await alice.go()
        await stage.end(alice, reason)
        with pytest.raises(UnisonoError) as refused:
            await stage.resume(alice)
        assert code_of(refused) == code


@in_virtual_time
async def test_a_lower_fence_is_refused_and_the_holder_stays() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        holder = await stage.resume(alice, fence=7)
        with pytest.raises(Replaced):
            await stage.resume(alice, fence=6)
        assert (holder.link.code, holder.welcome.fence) == (None, 7)
        assert await states(stage) == {"d": "live"}
        same = await stage.resume(alice, fence=7)
        assert holder.link.code == "replaced"
        assert (await stage.resume(alice)).welcome.fence == same.welcome.fence + 1


@in_virtual_time
async def test_a_link_that_arrives_after_one_with_a_higher_fence_gets_nothing() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        overtaken = []

        async def overtake(method: str) -> None:
            if method == "is_revoked":
                stage.mood = failing()
                overtaken.append(await stage.resume(alice, fence=9))

        stage.mood = overtake
        with pytest.raises(Replaced):
            await stage.resume(alice, fence=8)
        assert overtaken[0].link.code is None
        assert await states(stage) == {"d": "live"}


@in_virtual_time
async def test_a_token_revoked_since_does_not_resume() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        await stage.store.sessions.revoke_credential("token-of-alice", Instant(1 << 52))
        with pytest.raises(UnisonoError) as refused:
            await stage.resume(alice)
        assert code_of(refused) == "token_revoked"


@in_virtual_time
async def test_a_token_that_ran_out_does_not_resume() -> None:
    async with an_app() as stage:
        expires_at = Instant(stage.clock.now() + 1000)
        stage.passports.principals["t"] = Principal(user=UserId("alice"), credential="t", expires_at=expires_at)
        alice = await stage.login("t")
        assert alice.welcome.token_expires_at == expires_at
        await asyncio.sleep(1)
        with pytest.raises(UnisonoError) as refused:
            await stage.resume(alice)
        assert code_of(refused) == "token_expired"


@in_virtual_time
async def test_a_session_closed_while_it_is_resumed_does_not_come_back_to_life() -> None:
    """Used to be live although it was over: the fact of its end found no link, and nobody looked again."""
    async with an_app() as stage:
        alice = await stage.login("alice")
        await alice.go()

        async def close_meanwhile(method: str) -> None:
            if method == "is_revoked":
                stage.mood = failing()
                await stage.end(alice)

        stage.mood = close_meanwhile
        resumed = await stage.resume(alice)
        await settle()
        assert resumed.link.code == "session_closed"


@pytest.mark.parametrize("method", ["is_revoked", "find_ended", "checkpoint"])
@in_virtual_time
async def test_a_resume_that_fails_half_way_can_be_repeated_and_holds_nothing(method: str) -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        await alice.go()
        stage.mood = failing(method)
        with pytest.raises(Unavailable):
            await stage.resume(alice)
        stage.mood = failing()
        assert len(stage.node.audience) == 0
        assert await states(stage) == {"d": "detached"}
        await stage.resume(alice)
        assert await states(stage) == {"d": "live"}


@in_virtual_time
async def test_a_second_greeting_on_one_connection_is_refused() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        again = c.Resume(session=alice.session, resume_token=alice.token)
        assert await alice.refused(again) == "already_greeted"


@in_virtual_time
async def test_a_session_is_listed_with_where_it_came_from_last() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice", address="192.0.2.1")
        await alice.go()
        assert stage.node.fanout.count_streams() == 0
        await stage.resume(alice, address="192.0.2.2")
        assert [view.address for view in await stage.node.own_sessions.list_of(UserId("alice"))] == ["192.0.2.2"]
