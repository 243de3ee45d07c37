"""What the operator announces comes once to all who subscribe, wherever they are, and to nobody else."""

import asyncio
from contextlib import suppress

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, Wiring, an_app, calm, failing
from tests.unit.app.fanout_stage import settle
from tests.unit.app.test_housekeeping import a_running_app
from unisono.app import announcing, expiring
from unisono.app.expiring import Expiring
from unisono.domain import commands as c
from unisono.domain.announcing import Announcement, Founding
from unisono.domain.answers import Conversations, Count, History
from unisono.domain.errors import Forbidden, NotFound, Unavailable
from unisono.domain.facts import (
    Content,
    ConversationEnded,
    ConversationEntered,
    ConversationExited,
    MessagePlaced,
    Reach,
)
from unisono.domain.ids import ConversationId, SendKey, Seq, UserId


async def found(stage: AppStage, *, audience: Reach = "subscribers") -> ConversationId:
    """Have the operator begin a conversation."""
    view = await stage.node.announcing.found(Founding(SendKey("news"), UserId("news"), audience))
    return view.conversation


async def announce(stage: AppStage, conversation: ConversationId, text: str) -> None:
    """Have the operator say something, and wait until it is everywhere."""
    await stage.node.announcing.announce(conversation, Announcement(SendKey(text), Content(text=text)))
    await settle(20)


def heard(present: Present) -> list[str | None]:
    """Give what a client was told in messages."""
    return [one.fact.content.text for one in present.link.facts if isinstance(one.fact, MessagePlaced)]


@in_virtual_time
async def test_who_subscribes_hears_what_follows_and_who_quits_does_not() -> None:
    async with an_app() as stage:
        news = await found(stage)
        alice, bob, carol = [await stage.login(user) for user in ("alice", "bob", "carol")]
        for each in (alice, bob):
            await each.ask(c.Join(conversation=news))
        await announce(stage, news, "one")
        assert [heard(each) for each in (alice, bob, carol)] == [["one"], ["one"], []]
        await bob.ask(c.Quit(conversation=news))
        await carol.ask(c.Join(conversation=news))
        await announce(stage, news, "two")
        assert [heard(each) for each in (alice, bob, carol)] == [["one", "two"], ["one"], ["two"]]
        assert not [one for one in alice.link.facts if "Joined" in type(one.fact).__name__]


@in_virtual_time
async def test_every_session_of_a_subscriber_on_every_node_hears_it_once() -> None:
    async with a_running_app() as stage:
        beside = AppStage(Wiring(beside=stage, name="other"))
        await beside.node.start()
        running = asyncio.create_task(beside.node.run())
        news = await found(stage)
        sessions = [await where.login("alice", device) for where in (stage, beside) for device in ("a", "b")]
        await sessions[0].ask(c.Join(conversation=news))
        for text in ("one", "two"):
            await announce(stage, news, text)
        await asyncio.sleep(3)
        assert [heard(each) for each in sessions] == [["one", "two"]] * 4
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@in_virtual_time
async def test_what_no_hint_tells_of_comes_with_the_sweep() -> None:
    async with a_running_app(sweep_s=1.0) as stage:
        news = await found(stage)
        alice = await stage.login("alice")
        await alice.ask(c.Join(conversation=news))
        stage.node.parts.bus.publish_nowait = lambda facts: None  # type: ignore[method-assign]
        await announce(stage, news, "one")
        assert heard(alice) == []
        await asyncio.sleep(1.2)
        assert heard(alice) == ["one"]


@in_virtual_time
async def test_who_subscribes_between_two_announcements_is_told_the_later_one_alone() -> None:
    """Both are read from the log at once, and whom each is for is told apart by the seqs."""
    async with a_running_app(sweep_s=5.0) as stage:
        news = await found(stage)
        alice, bob = await stage.login("alice"), await stage.login("bob")
        await alice.ask(c.Join(conversation=news))
        stage.node.parts.bus.publish_nowait = lambda facts: None  # type: ignore[method-assign]
        for text in ("one", "two"):
            await announce(stage, news, text)
        await bob.ask(c.Join(conversation=news))
        await alice.ask(c.Quit(conversation=news))
        await announce(stage, news, "three")
        await asyncio.sleep(6)
        assert (heard(alice), heard(bob)) == (["one", "two"], ["two", "three"])


@pytest.mark.parametrize("who", ["here", "away"])
@in_virtual_time
async def test_what_is_for_all_comes_to_who_was_known_from_its_beginning(who: str) -> None:
    async with a_running_app(sweep_s=1.0) as stage:
        alice = await stage.login("alice")
        if who == "away":
            await alice.go()
        await asyncio.sleep(1)
        news = await found(stage, audience="all")
        await announce(stage, news, "one")
        if who == "away":
            alice = await stage.resume(alice)
        await asyncio.sleep(1.5)
        (entered,) = [one.fact for one in alice.link.facts if isinstance(one.fact, ConversationEntered)]
        assert (entered.conversation, entered.seq, entered.by) == (news, 1, "news")
        await announce(stage, news, "two")
        assert heard(alice) == ["two"]
        assert await mine(alice) == {news: 2}


async def mine(present: Present) -> dict[ConversationId, int]:
    """Give what waits for a user in each of their conversations."""
    answer = await present.ask(c.ListConversations())
    assert isinstance(answer, Conversations)
    return {view.conversation: view.unread for view in answer.conversations}


@in_virtual_time
async def test_who_comes_later_is_subscribed_then_and_who_quits_is_not_again() -> None:
    async with a_running_app(sweep_s=1.0) as stage:
        news = await found(stage, audience="all")
        await announce(stage, news, "one")
        await asyncio.sleep(5)
        alice = await stage.login("alice")
        await asyncio.sleep(1.5)
        assert await mine(alice) == {news: 1}
        await alice.ask(c.Quit(conversation=news))
        await alice.go()
        await asyncio.sleep(5)
        alice = await stage.resume(alice)
        await announce(stage, news, "two")
        await asyncio.sleep(5)
        assert (await mine(alice), heard(alice)) == ({}, [])


@in_virtual_time
async def test_a_store_that_is_away_leaves_them_for_a_later_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "ENROLLED_AT_ONCE", 2)
    async with a_running_app(sweep_s=1.0) as stage:
        crowd = [await stage.login(f"user-{number}") for number in range(5)]
        news = await found(stage, audience="all")
        stage.mood = failing("places")
        await asyncio.sleep(3)
        assert [await mine(each) for each in crowd] == [{}] * 5
        stage.mood = failing()
        await asyncio.sleep(1.5)
        assert [await mine(each) for each in crowd] == [{news: 0}] * 5


@in_virtual_time
async def test_subscribers_are_counted_and_not_listed() -> None:
    async with an_app() as stage:
        news = await found(stage)
        alice = await stage.login("alice")
        await alice.ask(c.Join(conversation=news))
        await stage.node.announcing.subscribe(news, UserId("bob"))
        await stage.node.announcing.subscribe(news, UserId("carol"))
        await stage.node.announcing.unsubscribe(news, UserId("carol"))
        assert await alice.ask(c.CountPeople(conversation=news)) == Count(news, 2)
        assert await alice.refused(c.GetMembers(conversation=news)) == "forbidden"
        for command in (c.AddMembers(news, (UserId("bob"),)), c.TellTyping(news), c.UpdateConversation(news, name="x")):
            assert await alice.refused(command) == "forbidden"
        assert await alice.refused(c.CreateConversation(SendKey("k"), of="service")) == "forbidden"
        with pytest.raises(NotFound):
            await stage.node.announcing.subscribe(ConversationId("other"), UserId("bob"))


@in_virtual_time
async def test_what_is_ended_is_over_at_once_and_its_subscribers_leave_some_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(expiring, "EXITS_PER_TURN", 4)
    async with an_app() as stage:
        news, alice = await found(stage, audience="all"), await stage.login("alice")
        for user in ("alice", *(f"user{number}" for number in range(9))):
            await stage.node.announcing.subscribe(news, UserId(user))
        await announce(stage, news, "one")
        assert await stage.node.announcing.end(news) == Count(news, 10)
        await settle(20)
        ended = [one.seq for one in alice.link.facts if isinstance(one.fact, ConversationEnded)]
        assert ended == [3]
        with pytest.raises(Forbidden):
            await announce(stage, news, "two")
        assert await alice.refused(c.Join(conversation=news)) in {"not_found", "forbidden"}
        left: list[int] = []

        async def stop(method: str) -> None:
            if method == "expired" and (await stage.node.announcing.end(news)).users < 10:
                raise Unavailable

        for _ in range(3):
            # Whoever goes on knows nothing of who began.
            stage.mood = stop
            with suppress(Unavailable):
                await Expiring(stage.node.parts).sweep()
            stage.mood = calm
            left.append((await stage.node.announcing.end(news)).users)
        assert left == [6, 6, 6]
        await Expiring(stage.node.parts).sweep()
        assert (await stage.node.announcing.end(news)).users == 0
        told = [one.fact for one in alice.link.facts if isinstance(one.fact, ConversationExited)]
        assert told == [ConversationExited(news, seq=Seq(3))]
        seen = await alice.ask(c.GetHistory(news))
        assert isinstance(seen, History)
        assert [entry.message.content.text for entry in seen.messages] == ["one"], "what was said stays to be read"
        enrolling = announcing.Enrolling(stage.node.parts, stage.node.audience, stage.node.announcing)
        await enrolling.sweep()
        assert (await stage.node.announcing.end(news)).users == 0
