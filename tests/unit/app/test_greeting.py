"""Login: who gets a session, who loses one, and what remains when it fails half-way."""

import asyncio

import pytest

from tests.support.recording import RecordingLink
from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, an_app, failing, group, text
from tests.unit.app.fanout_stage import settle
from unisono.domain import commands as c
from unisono.domain.devices import PRESETS, Policy, Slot
from unisono.domain.errors import (
    DeviceRefused,
    Invalid,
    LimitReached,
    RateLimited,
    Replaced,
    SessionUnknown,
    TokenInvalid,
    TokenMissing,
    TokenRevoked,
    Unavailable,
    UnisonoError,
)
from unisono.domain.facts import MessagePlaced, SessionEnded, SessionOpened
from unisono.domain.ids import Instant, Platform, UserId
from unisono.domain.quotas import Quotas
from unisono.domain.rates import Rate
from unisono.ports.identity import Principal

ALICE = UserId("alice")
ONE_PLACE = Policy(slots=(Slot(key=("platform",), capacity=1),))
NEWCOMER_LOSES = Policy(slots=(Slot(key=("platform",), capacity=1, loser="newcomer"),))


async def states(stage: AppStage, user: str = "alice") -> dict[str, str]:
    """Give the user's sessions that are not over, by device."""
    return {view.device: view.state for view in await stage.node.own_sessions.list_of(UserId(user))}


@in_virtual_time
async def test_a_welcome_says_who_one_is() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice", login="login-id")
        assert (alice.welcome.user, alice.welcome.session, alice.welcome.tab) == ("alice", "login-id", "tab")
        assert alice.welcome.resume_token == alice.token != ""
        assert alice.caller.user == ALICE
        assert await states(stage) == {"d": "live"}


@pytest.mark.rows("E1", "S10")
@in_virtual_time
async def test_one_user_is_here_on_many_devices_at_once() -> None:
    async with an_app() as stage:
        for device in "abc":
            await stage.login("alice", device)
        assert await states(stage) == dict.fromkeys("abc", "live")


@pytest.mark.rows("E11", "E12", "E16", "E17", "E42")
@in_virtual_time
async def test_one_device_too_many_of_a_platform_displaces_the_earliest_and_tells_it_by_whom() -> None:
    async with an_app() as stage:
        presents = []
        for device in "abcd":
            presents.append(await stage.login("alice", device))
            await asyncio.sleep(1)
        await stage.login("alice", "phone", platform="ios")
        assert [present.link.code for present in presents] == [None] * 4
        await stage.login("alice", "e", label="tablet", info='{"colour": "red"}')
        await settle()
        assert [present.link.code for present in presents] == ["displaced", None, None, None]
        newcomer = presents[0].link.newcomer
        assert newcomer is not None
        assert (newcomer.platform, newcomer.label, newcomer.info) == ("web", "tablet", '{"colour": "red"}')
        assert set(await states(stage)) == {"b", "c", "d", "e", "phone"}


@pytest.mark.rows("E15")
@in_virtual_time
async def test_the_others_are_told_of_the_end_and_of_the_newcomer() -> None:
    async with an_app(policy=ONE_PLACE) as stage:
        phone = await stage.login("alice", "phone", platform="ios")
        old = await stage.login("alice", "old")
        await stage.login("alice", "new", label="new one")
        await settle()
        assert old.link.code == "displaced"
        facts = [fact.fact for fact in phone.link.facts]
        assert [type(fact) for fact in facts] == [SessionOpened, SessionOpened, SessionEnded, SessionOpened]
        ended = facts[2]
        assert isinstance(ended, SessionEnded)
        assert (ended.session, ended.reason) == (old.session, "displaced")
        assert ended.newcomer is not None
        assert ended.newcomer.label == "new one"


@in_virtual_time
async def test_a_policy_that_keeps_the_older_ones_refuses_the_newcomer() -> None:
    async with an_app(policy=NEWCOMER_LOSES) as stage:
        old = await stage.login("alice", "old")
        with pytest.raises(DeviceRefused):
            await stage.login("alice", "new")
        await settle()
        assert old.link.code is None
        assert await states(stage) == {"old": "live"}


@pytest.mark.parametrize(("held", "is_refused"), [(1, False), (2, True)])
@in_virtual_time
async def test_a_user_has_so_many_sessions_and_no_more(held: int, is_refused: bool) -> None:
    async with an_app(policy=Policy(), quotas=Quotas(sessions_per_user=2)) as stage:
        for number in range(held):
            await stage.login("alice", str(number))
        if is_refused:
            with pytest.raises(LimitReached):
                await stage.login("alice", "one more")
        else:
            await stage.login("alice", "one more")


@in_virtual_time
async def test_repeating_a_login_is_no_second_one() -> None:
    async with an_app(policy=ONE_PLACE) as stage:
        first = await stage.login("alice", "d", login="same-login")
        again = await stage.login("alice", "d", login="same-login")
        await settle()
        assert again.session == first.session
        assert first.link.code == "replaced"
        assert again.link.code is None
        assert again.welcome.fence > first.welcome.fence
        assert [type(fact.fact) for fact in first.link.facts + again.link.facts].count(SessionOpened) <= 1
        assert len(await stage.node.own_sessions.list_of(ALICE)) == 1
        with pytest.raises(UnisonoError):
            await stage.resume(first)
        await stage.resume(again)


@pytest.mark.parametrize(("preset", "platform", "tag"), [("turms", "ios", "x"), ("leancloud", "web", "y")])
@in_virtual_time
async def test_a_repeated_login_cannot_slip_under_another_limit(preset: str, platform: str, tag: str) -> None:
    """It used to be let in under the platform and tag of the repetition, past any device limit."""
    async with an_app(policy=PRESETS[preset]) as stage:
        first = await stage.login("alice", "d", login="same-login", platform="web", tag="x")
        with pytest.raises(Invalid):
            await stage.login("alice", "d", login="same-login", platform=platform, tag=tag)
        assert first.link.code is None
        await stage.login("alice", "d", login="same-login", platform="web", tag="x")


@in_virtual_time
async def test_of_the_attempts_of_one_login_the_last_has_the_session_in_whatever_order_they_come() -> None:
    async with an_app(policy=ONE_PLACE) as stage:
        second = await stage.login("alice", "d", login="same-login", fence=2)
        with pytest.raises(Replaced):
            await stage.login("alice", "d", login="same-login", fence=1)
        await settle()
        assert await states(stage) == {"d": "live"}
        third = await stage.login("alice", "d", login="same-login", fence=3)
        assert second.link.code == "replaced"
        assert third.welcome.fence == 3


@pytest.mark.parametrize("who", ["other user", "other device", "after its end"])
@in_virtual_time
async def test_a_login_id_is_used_once(who: str) -> None:
    async with an_app() as stage:
        alice = await stage.login("alice", "d", login="same-login")
        if who == "after its end":
            await stage.end(alice)
        user, device = ("mallory", "d") if who == "other user" else ("alice", "x" if who == "other device" else "d")
        with pytest.raises(Invalid):
            await stage.login(user, device, login="same-login")
        await settle()
        assert alice.link.code == ("session_closed" if who == "after its end" else None)
        assert await states(stage, "mallory") == {}


@pytest.mark.rows("S13", "X48")
@in_virtual_time
async def test_a_connection_without_a_user_can_ping_and_nothing_else_and_is_in_no_list() -> None:
    async with an_app() as stage:
        nobody = await stage.login("nobody")
        assert (nobody.welcome.user, nobody.welcome.session, nobody.welcome.resume_token) == (None, None, None)
        assert await nobody.ask(c.Ping()) is not None
        assert await nobody.refused(c.ListSessions()) == "no_user"
        assert len(stage.node.audience) == 0
        assert await states(stage, "nobody") == {}


@pytest.mark.parametrize(("token", "fault"), [("forged", TokenInvalid), (None, TokenMissing)])
@in_virtual_time
async def test_without_a_good_token_nobody_gets_in(token: str | None, fault: type[UnisonoError]) -> None:
    async with an_app() as stage:
        with pytest.raises(fault):
            await stage.login(token)  # type: ignore[arg-type]
        assert len(stage.node.audience) == 0


@pytest.mark.parametrize("length", [0, 65])
@pytest.mark.rows("L40")
@in_virtual_time
async def test_a_user_id_has_1_to_64_characters(length: int) -> None:
    async with an_app() as stage:
        stage.passports.principals["long"] = Principal(user=UserId("u" * length))
        with pytest.raises(TokenInvalid):
            await stage.login("long")
        stage.passports.principals["longest"] = Principal(user=UserId("u" * 64))
        assert (await stage.login("longest")).welcome.user == "u" * 64


@pytest.mark.rows("S12", "S18")
@in_virtual_time
async def test_the_server_decides_who_a_user_is_and_may_fix_the_platform() -> None:
    async with an_app() as stage:
        stage.passports.principals["t"] = Principal(user=ALICE, platform=Platform("ios"))
        alice = await stage.login("t", platform="web")
        assert alice.welcome.user == "alice"
        (view,) = await stage.node.own_sessions.list_of(ALICE)
        assert view.shown.platform == "ios"


@in_virtual_time
async def test_a_revoked_token_does_not_log_in() -> None:
    async with an_app() as stage:
        await stage.node.own_sessions.revoke_credential("token-of-alice", Instant(1 << 52))
        with pytest.raises(TokenRevoked):
            await stage.login("alice")
        assert await states(stage) == {}


@in_virtual_time
async def test_a_token_revoked_while_it_logs_in_leaves_no_session() -> None:
    async with an_app() as stage:

        async def revoke_before_the_opening(method: str) -> None:
            if method == "decide":
                stage.mood = failing()
                await stage.store.sessions.revoke_credential("token-of-alice", Instant(1 << 52))

        stage.mood = revoke_before_the_opening
        with pytest.raises(TokenRevoked):
            await stage.login("alice")
        assert await states(stage) == {}
        assert len(stage.node.audience) == 0


@in_virtual_time
async def test_logins_of_one_address_have_a_rate_and_another_address_its_own() -> None:
    async with an_app(logins=Rate(per_s=1, burst=2)) as stage:
        for _ in range(2):
            await stage.login("alice")
        with pytest.raises(RateLimited):
            await stage.login("alice")
        with pytest.raises(RateLimited):
            await stage.login("forged")
        await stage.login("alice", address="192.0.2.99")


@in_virtual_time
async def test_all_addresses_of_a_subscriber_share_its_logins() -> None:
    async with an_app(logins=Rate(per_s=1, burst=2)) as stage:
        for number in range(2):
            await stage.login("alice", address=f"2001:db8::{number}")
        with pytest.raises(RateLimited):
            await stage.login("alice", address="2001:db8::9")
        await stage.login("alice", address="2001:db8:0:1::1")


@in_virtual_time
async def test_resumes_of_one_address_have_a_rate_whether_the_token_is_right_or_guessed() -> None:
    """Guessing resume tokens used to cost a peer nothing."""
    async with an_app(resumes=Rate(per_s=1, burst=3)) as stage:
        alice = await stage.login("alice")
        for _ in range(2):
            with pytest.raises(SessionUnknown):
                await stage.resume(alice, token="guessed")
        await stage.resume(alice)
        for token in ("guessed", None):
            with pytest.raises(RateLimited):
                await stage.resume(alice, token=token)
        await stage.resume(alice, address="192.0.2.99")


@in_virtual_time
async def test_nothing_committed_after_the_welcome_is_missed() -> None:
    """A message placed while the welcome is made comes after it, or is covered by its checkpoint."""
    async with an_app() as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        sent = []

        async def send_meanwhile(method: str) -> None:
            if method == "checkpoint":
                stage.mood = failing()
                await alice.ask(text(chat, "before"))
                sent.append("before")

        stage.mood = send_meanwhile
        bob = await stage.login("bob", link=RecordingLink(stage.encoder))
        await alice.ask(text(chat, "after"))
        seen = [fact.fact.key for fact in bob.link.facts if isinstance(fact.fact, MessagePlaced)]
        assert sent == ["before"]
        assert "after" in seen


@pytest.mark.parametrize("method", ["is_revoked", "find_ended", "checkpoint"])
@in_virtual_time
async def test_a_login_that_fails_half_way_does_not_hold_its_place_for_ever(method: str) -> None:
    """Used to seem live on a node that had no link for it, as long as the node lived."""
    async with an_app() as stage:
        calls: list[str] = []

        async def fail_after_the_opening(called: str) -> None:
            calls.append(called)
            if called == method and "decide" in calls:
                raise Unavailable()

        stage.mood = fail_after_the_opening
        with pytest.raises(Unavailable):
            await stage.login("alice")
        stage.mood = failing()
        assert len(stage.node.audience) == 0
        assert await states(stage) == {"d": "detached"}
        again = await stage.login("alice")
        assert again.welcome.session == "login-alice-d"
        assert await states(stage) == {"d": "live"}


@in_virtual_time
async def test_a_cancelled_login_leaves_no_link_behind() -> None:
    async with an_app() as stage:
        reached = asyncio.Event()

        async def hang(method: str) -> None:
            if method == "checkpoint":
                stage.mood = failing()
                reached.set()
                await asyncio.Event().wait()

        stage.mood = hang
        login = asyncio.create_task(stage.login("alice"))
        await reached.wait()
        login.cancel()
        with pytest.raises(asyncio.CancelledError):
            await login
        assert len(stage.node.audience) == 0
        assert await states(stage) == {"d": "detached"}


@in_virtual_time
async def test_a_login_that_is_displaced_before_its_welcome_is_told() -> None:
    """Used to stay live beyond the limit: the fact of its end was delivered before its link was there."""
    async with an_app(policy=ONE_PLACE) as stage:
        later: list[Present] = []
        calls: list[str] = []

        async def displace_meanwhile(method: str) -> None:
            calls.append(method)
            if method == "is_revoked" and "decide" in calls:
                stage.mood = failing()
                later.append(await stage.login("alice", "late", label="late one"))
                await settle()

        stage.mood = displace_meanwhile
        early = await stage.login("alice", "early")
        await settle()
        assert early.link.code == "displaced"
        assert early.link.newcomer is not None
        assert early.link.newcomer.label == "late one"
        assert later[0].link.code is None
        assert list(await states(stage)) == ["late"]


@in_virtual_time
async def test_a_login_under_way_when_the_lease_is_lost_has_to_be_repeated() -> None:
    """Used to be welcomed although the store counted it as away, and to be ended when that had lasted too long."""
    async with an_app() as stage:
        calls: list[str] = []

        async def lose_the_lease(method: str) -> None:
            calls.append(method)
            if method == "is_revoked" and "decide" in calls:
                stage.mood = failing()
                await stage.node.lease.take()

        stage.mood = lose_the_lease
        with pytest.raises(Unavailable):
            await stage.login("alice")
        assert len(stage.node.audience) == 0
        await stage.login("alice")
        assert await states(stage) == {"d": "live"}
