"""A user's own sessions: seen, and ended one by one, by device, or all."""

import asyncio

import msgspec
import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, an_app
from tests.unit.app.fanout_stage import settle
from unisono.app.pages import PAGE_BYTES
from unisono.domain import commands as c
from unisono.domain.answers import Done, Sessions
from unisono.domain.devices import Policy
from unisono.domain.errors import NotFound, TokenRevoked
from unisono.domain.facts import SessionEnded
from unisono.domain.ids import DeviceId, Instant, Seq, SessionId, UserId, user_stream
from unisono.ports.identity import Principal

ALICE = UserId("alice")


async def three(stage: AppStage) -> tuple[Present, Present, Present]:
    """Log in twice on one device and once on another."""
    return (
        await stage.login("alice", "laptop", login="first-one"),
        await stage.login("alice", "laptop", login="second-one"),
        await stage.login("alice", "phone", platform="ios", login="third-one"),
    )


def codes(*presents: Present) -> list[str | None]:
    return [present.link.code for present in presents]


@pytest.mark.rows("E28", "E34", "E35")
@in_virtual_time
async def test_one_sees_all_of_ones_sessions_and_which_is_this_one() -> None:
    async with an_app() as stage:
        first, second, third = await three(stage)
        await second.go()
        await stage.login("bob")
        listed = await first.ask(c.ListSessions())
        assert isinstance(listed, Sessions)
        shown = {view.session: (view.device, view.state, view.is_this) for view in listed.sessions}
        assert shown == {
            "first-one": ("laptop", "live", True),
            "second-one": ("laptop", "detached", False),
            "third-one": ("phone", "live", False),
        }
        alone = await (await stage.login("carol")).ask(c.ListSessions())
        assert isinstance(alone, Sessions)
        assert [view.session for view in alone.sessions if not view.is_this] == []
        assert third.link.code is None


@in_virtual_time
async def test_one_session_can_be_closed_from_another() -> None:
    async with an_app() as stage:
        first, second, third = await three(stage)
        assert await third.ask(c.CloseSession(session=first.session)) == Done()
        assert codes(first, second, third) == ["session_closed", None, None]


@in_virtual_time
async def test_closing_a_session_once_more_is_no_error_for_its_user_alone() -> None:
    """Who lost the answer asks again, and was told that there is no such session."""
    async with an_app() as stage:
        first, _, third = await three(stage)
        mallory = await stage.login("mallory", "other")
        for _ in range(2):
            assert await third.ask(c.CloseSession(session=first.session)) == Done()
        assert await mallory.refused(c.CloseSession(session=first.session)) == "not_found"
        told = (await stage.node.parts.log.read(user_stream(ALICE), Seq(0), 100)).facts
        assert sum(isinstance(fact.fact, SessionEnded) for fact in told) == 1


async def pages_of(present: Present, **asked: int) -> list[list[str]]:
    """List sessions page by page."""
    pages: list[list[str]] = []
    after = None
    while True:
        answer = await present.ask(c.ListSessions(after=after, **asked))
        assert isinstance(answer, Sessions)
        assert len(msgspec.json.encode(answer)) < PAGE_BYTES + 20_000
        pages.append([view.session for view in answer.sessions])
        if (after := answer.next) is None:
            return pages


@in_virtual_time
async def test_sessions_are_listed_page_by_page_in_the_order_of_login() -> None:
    async with an_app(policy=Policy(slots=())) as stage:
        asking = await stage.login("alice", login="session-3")
        for together in ((2, 1), (5, 4)):
            await asyncio.sleep(1)
            for number in together:
                await stage.login("alice", login=f"session-{number}")
        names = [f"session-{number}" for number in (3, 1, 2, 4, 5)]
        assert await pages_of(asking) == [names]
        assert await pages_of(asking, limit=5) == [names]
        assert await pages_of(asking, limit=2) == [names[:2], names[2:4], names[4:]]


@in_virtual_time
async def test_a_page_goes_on_behind_a_session_that_ended_meanwhile() -> None:
    async with an_app(policy=Policy(slots=())) as stage:
        presents = [await stage.login("alice", login=f"session-{number}") for number in range(4)]
        page = await presents[0].ask(c.ListSessions(limit=2))
        assert isinstance(page, Sessions)
        await presents[0].ask(c.CloseSession(session=presents[1].session))
        rest = await presents[0].ask(c.ListSessions(after=page.next))
        assert isinstance(rest, Sessions)
        assert [view.session for view in rest.sessions] == ["session-2", "session-3"]


@in_virtual_time
async def test_sessions_that_say_much_come_in_short_pages_and_none_is_left_out() -> None:
    """Listing some hundred of them made one frame that ended the connection of whoever asked."""
    async with an_app(policy=Policy(slots=())) as stage:
        snow = "\N{SNOWMAN}" * 4096
        presents = [await stage.login("alice", login=f"session-{number}", info=snow) for number in range(25)]
        pages = await pages_of(presents[0])
        assert max(map(len, pages)) < 12
        assert sorted(session for page in pages for session in page) == sorted(present.session for present in presents)


@pytest.mark.rows("E30")
@in_virtual_time
async def test_a_device_can_be_closed_with_all_its_sessions() -> None:
    async with an_app() as stage:
        first, second, third = await three(stage)
        assert await third.ask(c.CloseDevice(device=DeviceId("laptop"))) == Done()
        assert codes(first, second, third) == ["session_closed", "session_closed", None]
        # The answer may have been lost: to ask once more is no fault.
        assert await third.ask(c.CloseDevice(device=DeviceId("laptop"))) == Done()


@pytest.mark.rows("L250")
@in_virtual_time
async def test_logging_out_ends_this_session_alone_and_answers_first() -> None:
    async with an_app() as stage:
        first, second, third = await three(stage)
        assert await first.ask(c.Logout()) == Done()
        assert codes(first, second, third) == ["session_closed", None, None]
        assert first.link.ended is not None
        assert first.link.ended.numbers == {"reason": "logged_out"}


@pytest.mark.rows("E29")
@in_virtual_time
async def test_all_sessions_of_a_user_can_be_ended_and_nobody_elses() -> None:
    async with an_app() as stage:
        mine, bob = await three(stage), await stage.login("bob")
        assert len((await stage.node.own_sessions.end_all(ALICE, "closed")).ended) == 3
        await settle()
        assert codes(*mine, bob) == ["session_closed"] * 3 + [None]
        assert len((await stage.node.own_sessions.end_all(ALICE, "closed")).ended) == 0


@in_virtual_time
async def test_another_users_session_does_not_exist_for_me() -> None:
    async with an_app() as stage:
        alice, mallory = await stage.login("alice"), await stage.login("mallory", "other")
        assert await mallory.refused(c.CloseSession(session=alice.session)) == "not_found"
        assert await mallory.refused(c.CloseSession(session=SessionId("never-was"))) == "not_found"
        assert await mallory.ask(c.CloseDevice(device=DeviceId("d"))) == Done()
        assert alice.link.code is None


@in_virtual_time
async def test_revoking_a_token_ends_what_it_opened() -> None:
    async with an_app() as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        detached = await stage.login("alice", "away")
        await detached.go()
        assert await stage.node.own_sessions.revoke_credential("token-of-alice", Instant(1 << 52)) == 2
        await settle()
        assert codes(alice, bob) == ["token_revoked", None]
        assert await stage.node.own_sessions.revoke_credential("token-of-alice", Instant(1 << 52)) == 0


@in_virtual_time
async def test_revoking_up_to_an_instant_ends_what_was_opened_before_it() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        now = stage.clock.now()
        assert await stage.node.own_sessions.revoke_before(ALICE, now) == 0
        assert await stage.node.own_sessions.revoke_before(ALICE, Instant(now + 1)) == 1
        await settle()
        assert alice.link.code == "token_revoked"


@in_virtual_time
async def test_ending_what_is_not_there_is_not_found() -> None:
    async with an_app() as stage:
        with pytest.raises(NotFound):
            await stage.node.own_sessions.end_session(ALICE, SessionId("never-was"), "closed")
        assert not (await stage.node.own_sessions.end_device(ALICE, DeviceId("never-was"), "closed")).ended


@in_virtual_time
async def test_an_old_token_is_void_however_late_its_session_was_opened() -> None:
    """The time of the login used to be compared, so a stolen token that logged in late outlived the revocation."""
    async with an_app() as stage:
        began = stage.clock.now()
        for name, issued_at in (("old", began), ("new", Instant(began + 20_000)), ("unknown", None)):
            stage.passports.principals[name] = Principal(user=ALICE, credential=name, issued_at=issued_at)
        await asyncio.sleep(30)
        old, new, unknown = [await stage.login(name, name) for name in ("old", "new", "unknown")]
        assert await stage.node.own_sessions.revoke_before(ALICE, Instant(began + 10_000)) == 2
        await settle()
        assert codes(old, unknown, new) == ["token_revoked", "token_revoked", None]
        await new.go()
        assert (await stage.resume(new)).link.code is None


@in_virtual_time
async def test_an_old_token_is_void_when_its_session_is_resumed() -> None:
    async with an_app() as stage:
        began = stage.clock.now()
        stage.passports.principals["old"] = Principal(user=ALICE, credential="old", issued_at=began)
        await asyncio.sleep(30)
        old = await stage.login("old")
        await stage.store.sessions.revoke_before(ALICE, Instant(began + 10_000))
        with pytest.raises(TokenRevoked):
            await stage.resume(old)


@in_virtual_time
async def test_a_device_that_is_closed_or_whose_user_is_put_out_is_pushed_to_no_more() -> None:
    """A device whose last session ran out is still pushed to, and closing it used to find nothing to close."""
    async with an_app() as stage:
        for name in ("laptop", "phone", "watch"):
            present = await stage.login("alice", name)
            assert await present.ask(c.RegisterPush("fcm", name)) == Done()
            await stage.end(present, "expired")
        desk = await stage.login("alice", "desk")
        await desk.ask(c.RegisterPush("fcm", "desk"))
        await desk.ask(c.UnregisterPush())
        await desk.ask(c.CloseDevice(DeviceId("phone")))
        assert [target.token for target in await stage.store.push_targets.of_user(ALICE)] == ["laptop", "watch"]
        await stage.node.own_sessions.end_all(ALICE, "closed")
        assert await stage.store.push_targets.of_user(ALICE) == []
