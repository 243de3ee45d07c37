"""Conversations whose time is up are ended, once, and all are told."""

import asyncio

from tests.support.recording import RecordingLink
from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Wiring, text
from tests.unit.app.test_housekeeping import a_running_app
from unisono.app.expiring import EXPIRED_PER_TURN, Expiring
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView
from unisono.domain.facts import ConversationEnded, ConversationExited
from unisono.domain.ids import NO_SEQ, SendKey, Seq, UserId, conversation_stream


async def passing(stage: AppStage, ttl_s: int, *, number: int = 0) -> ConversationView:
    """Have Alice begin a temporary conversation with Bob."""
    alice = await stage.login("alice", f"d{number}")
    command = c.CreateConversation(SendKey(f"t{number}"), of="temporary", members=(UserId("bob"),), ttl_s=ttl_s)
    view = await alice.ask(command)
    assert isinstance(view, ConversationView)
    return view


def ends(link: RecordingLink) -> list[object]:
    """Give what a link heard of ends."""
    return [one.fact for one in link.facts if isinstance(one.fact, ConversationEnded | ConversationExited)]


@in_virtual_time
async def test_members_who_are_here_hear_of_the_end_and_cannot_speak_from_the_moment_itself() -> None:
    async with a_running_app(sweep_s=1.0) as stage:
        bob = await stage.login("bob")
        view = await passing(stage, 60)
        await asyncio.sleep(59)
        await bob.ask(text(view.conversation, "a"))
        await asyncio.sleep(1)
        assert await bob.refused(text(view.conversation, "b")) == "not_found"
        await asyncio.sleep(1.1)
        told = [ConversationEnded(reason="expired"), ConversationExited(view.conversation, seq=Seq(3))]
        assert ends(bob.link) == told
        await asyncio.sleep(10)
        assert ends(bob.link) == told


@in_virtual_time
async def test_two_nodes_end_each_once() -> None:
    stage = AppStage()
    beside = AppStage(Wiring(beside=stage, name="other"))
    for each in (stage, beside):
        await each.node.start()
    view = await passing(stage, 1)
    await asyncio.sleep(1)
    await asyncio.gather(*(Expiring(each.node.parts).sweep() for each in (stage, beside)))
    facts = (await stage.store.log.read(conversation_stream(view.conversation), NO_SEQ, 10)).facts
    assert [type(one.fact).__name__ for one in facts] == ["ConversationCreated", "ConversationEnded"]


@in_virtual_time
async def test_more_than_fit_a_turn_are_ended_in_the_same_sweep() -> None:
    stage = AppStage()
    await stage.node.start()
    for number in range(EXPIRED_PER_TURN + 1):
        await passing(stage, 1, number=number)
    await asyncio.sleep(60)
    expiring, directory = Expiring(stage.node.parts), stage.store.directory
    assert len(await directory.expired(stage.clock.now(), 1000)) == EXPIRED_PER_TURN + 1
    await expiring.sweep()
    assert await directory.expired(stage.clock.now(), 10) == []
