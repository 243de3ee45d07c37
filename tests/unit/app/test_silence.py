"""Who silenced a conversation is pushed to as much as the silence lets through, while it holds."""

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import an_app, group
from tests.unit.app.test_pushing import GRACE_S, say, watched
from unisono.domain import commands as c
from unisono.domain.ids import Instant


@pytest.mark.rows("X51")
@in_virtual_time
async def test_silence_is_obeyed_at_the_moment_of_the_push() -> None:
    """Bob's is over by then, although he was silent when it was said; Cim hears of calls, Dan of nothing."""
    async with an_app() as stage, watched(stage) as watchman:
        ann = await stage.login("ann")
        talk = await group(ann, "bob", "cim", "dan", "eve")
        soon = Instant(stage.clock.now() + int(GRACE_S * 500))
        for name, command in (
            ("bob", c.SilenceConversation(talk, until=soon)),
            ("cim", c.SilenceConversation(talk, "mentions")),
            ("dan", c.SilenceConversation(talk)),
        ):
            present = await stage.login(name)
            await present.ask(command)
            await present.go()
        await say(ann, talk, "hello")
        assert await watchman.told() == [("bob", "ann: hello"), ("eve", "ann: hello")]
        await say(ann, talk, "help", mention_all=True)
        assert [user for user, _ in await watchman.told()] == ["bob", "cim", "eve"]


@in_virtual_time
async def test_of_two_silences_the_quieter_is_obeyed() -> None:
    """Bob and Cim hear less of everything; Cim of this conversation nothing, and what Dan said is over."""
    async with an_app() as stage, watched(stage) as watchman:
        ann = await stage.login("ann")
        talk = await group(ann, "bob", "cim", "dan", "eve")
        soon = Instant(stage.clock.now() + int(GRACE_S * 500))
        asked: tuple[tuple[str, tuple[c.Command, ...]], ...] = (
            ("bob", (c.SilenceAll("mentions"),)),
            ("cim", (c.SilenceAll("mentions"), c.SilenceConversation(talk))),
            ("dan", (c.SilenceAll(until=soon),)),
            ("eve", (c.SilenceAll(), c.UnsilenceAll())),
        )
        for name, commands in asked:
            present = await stage.login(name)
            for command in commands:
                await present.ask(command)
            await present.go()
        await say(ann, talk, "hello")
        assert [user for user, _ in await watchman.told()] == ["dan", "eve"]
        await say(ann, talk, "help", mention_all=True)
        assert [user for user, _ in await watchman.told()] == ["bob", "dan", "eve"]
