"""Rooms that keep what is said in them."""

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import an_app
from tests.unit.app.test_rooms import enter, heard, open_room, say
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView, History, Placed
from unisono.domain.errors import Forbidden
from unisono.domain.events import TransientMessage
from unisono.domain.ids import SendKey


@in_virtual_time
async def test_a_room_that_keeps_its_history_is_read_by_who_may_see_it() -> None:
    async with an_app() as stage:
        ann, bob, cat = [await stage.login(name) for name in ("ann", "bob", "cat")]
        made = await ann.ask(c.CreateConversation(key=SendKey("k"), of="room", keeps_history=True))
        assert isinstance(made, ConversationView)
        room = made.conversation
        await enter(room, ann, bob)
        placed = await ann.ask(say(room))
        assert isinstance(placed, Placed)
        assert await ann.ask(say(room)) == placed, "a repeat has its place, and is not said again"
        events = [event for event in bob.link.events if isinstance(event, TransientMessage)]
        assert [(event.seq, event.message.content.text) for event in events] == [(placed.seq, "hi")]
        assert heard(ann) == ["hi"]
        assert [fact for fact in ann.link.facts if fact.stream == placed.stream] == []
        read = await cat.ask(c.GetHistory(room))
        assert isinstance(read, History)
        assert [(entry.seq, entry.message.content.text) for entry in read.messages] == [(placed.seq, "hi")]
        await ann.ask(c.RecallMessage(room, placed.seq))
        recalled = bob.link.events[-1]
        assert isinstance(recalled, TransientMessage)
        assert (recalled.seq, recalled.message.is_recalled) == (placed.seq, True)
        other = await open_room(ann)
        for refused in (c.GetHistory(other), c.RecallMessage(other, placed.seq)):
            with pytest.raises(Forbidden):
                await ann.ask(refused)
