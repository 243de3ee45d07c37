"""What a user deleted one by one, in streams: the places stay, and say nothing to that user."""

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import Present, an_app, group, text
from tests.unit.app.fanout_stage import settle
from unisono.domain import commands as c
from unisono.domain.answers import Facts, History
from unisono.domain.facts import Content, MessagePlaced, MessageRevised
from unisono.domain.ids import ConversationId, Seq, conversation_stream


def told(present: Present, chat: ConversationId) -> list[tuple[int, str | None]]:
    """Give the places that a link was brought of a conversation, and what the message or the edit there says."""
    return [
        (placed.seq, said(placed.fact)) for placed in present.link.facts if placed.stream == conversation_stream(chat)
    ]


def said(fact: object) -> str | None:
    return fact.content.text if isinstance(fact, MessagePlaced | MessageRevised) else "else"


async def read(present: Present, chat: ConversationId) -> list[str | None]:
    facts = await present.ask(c.ReadStream(stream=conversation_stream(chat), after=Seq(1)))
    assert isinstance(facts, Facts)
    return [said(each.fact) for each in facts.facts]


@pytest.mark.rows("X53")
@in_virtual_time
async def test_who_deleted_a_message_is_not_told_what_an_edit_of_it_says() -> None:
    async with an_app() as stage:
        alice, bob, cat = await stage.login("alice"), await stage.login("bob"), await stage.login("cat")
        tablet = await stage.login("bob", "tablet")
        chat = await group(alice, "bob", "cat")
        for name in ("k2", "k3"):
            await alice.ask(text(chat, name, "tea"))
        await bob.ask(c.DeleteMessages(chat, (Seq(2),)))
        for message, words in ((2, "coffee"), (3, "water")):
            await alice.ask(c.EditMessage(chat, Seq(message), Content(text=words)))
        await alice.ask(text(chat, "k6", "more"))
        await settle(20)
        places = [(1, "else"), (2, "tea"), (3, "tea")]
        for other in (alice, cat):
            assert told(other, chat) == [*places, (4, "coffee"), (5, "water"), (6, "more")]
        for mine in (bob, tablet):
            assert told(mine, chat) == [*places, (4, None), (5, "water"), (6, "more")]
        assert await read(cat, chat) == ["coffee", "water", "coffee", "water", "more"]
        assert await read(bob, chat) == [None, "water", None, "water", "more"]
        page = await bob.ask(c.GetHistory(chat))
        assert isinstance(page, History)
        assert [entry.seq for entry in page.messages] == [3, 6]
