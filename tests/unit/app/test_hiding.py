"""What a user deleted one by one, in streams: the places stay, and say nothing to that user."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Hearing, Present, Wiring, an_app, group, text
from tests.unit.app.fanout_stage import settle
from unisono.app import heard
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


EDITS = [f"words {number}" for number in range(10)]


async def edit_quickly(stage: AppStage, editor: Present, chat: ConversationId, message: int) -> None:
    """Edit a message ten times, and wait for nothing between."""
    hearings = [Hearing(lambda _: None) for _ in EDITS]
    for words, hearing in zip(EDITS, hearings, strict=True):
        work = stage.node.executor.start(editor.caller, c.EditMessage(chat, Seq(message), Content(text=words)), hearing)
        if work is not None:
            await work
    await asyncio.gather(*(hearing.done for hearing in hearings))
    await settle(50)


def noting(stage: AppStage) -> list[str]:
    """Note from now on what the store is asked."""
    asked: list[str] = []

    async def mood(method: str) -> None:
        asked.append(method)

    stage.mood = mood
    return asked


@pytest.mark.rows("X53")
@pytest.mark.parametrize("is_deleted", [False, True])
@in_virtual_time
async def test_an_edit_is_told_from_what_the_bus_brings_without_a_read(is_deleted: bool) -> None:
    """Each edit was read from the log on each node, though nobody had deleted anything; overtaken ones said nothing."""
    async with an_app() as stage, an_app(Wiring(beside=stage, name="other")) as other:
        alice, bob, cat = await stage.login("alice"), await stage.login("bob"), await stage.login("cat")
        far, bobs = await other.login("dan"), await other.login("bob", "tablet")
        chat = await group(alice, "bob", "cat", "dan")
        await alice.ask(text(chat, "k2", "tea"))
        if is_deleted:
            await bob.ask(c.DeleteMessages(chat, (Seq(2),)))
        await settle(20)
        asked = noting(stage)
        await edit_quickly(stage, alice, chat, 2)
        assert asked == ["transact"] * len(EDITS)
        said = [(3 + index, words) for index, words in enumerate(EDITS)]
        unsaid = [(seq, None) for seq, _ in said]
        for present in (alice, cat, far):
            assert told(present, chat)[2:] == said
        for present in (bob, bobs):
            assert told(present, chat)[2:] == (unsaid if is_deleted else said)


@in_virtual_time
async def test_edits_that_come_while_their_stream_is_being_read_are_told_with_their_words() -> None:
    async with an_app() as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        chat = await group(alice, "bob", "cat", "dan")
        await alice.ask(text(chat, "k2", "tea"))
        await bob.ask(c.DeleteMessages(chat, (Seq(2),)))
        async with an_app(Wiring(beside=stage, name="other")) as other:
            cat, bobs = await other.login("cat"), await other.login("bob", "tablet")
            asked = noting(stage)
            await edit_quickly(stage, alice, chat, 2)
            assert asked.count("audience") == asked.count("read") == 1
            assert asked.count("hiders") == 1
            assert [words for _, words in told(cat, chat)] == EDITS
            assert [words for _, words in told(bobs, chat)] == [None] * len(EDITS)


@pytest.mark.rows("X53")
@in_virtual_time
async def test_who_deletes_a_message_is_not_told_by_a_node_that_reads_on_what_an_edit_before_said() -> None:
    """Their other devices were told the words of a message that they had been answered was deleted."""
    async with an_app() as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        chat = await group(alice, "bob", "cat")
        await alice.ask(text(chat, "k2", "tea"))
        async with an_app(Wiring(beside=stage, name="other")) as other:
            cat, bobs = await other.login("cat"), await other.login("bob", "tablet")
            may_read = asyncio.Event()

            async def mood(method: str) -> None:
                if method == "read":
                    await may_read.wait()

            stage.mood = mood
            await edit_quickly(stage, alice, chat, 2)
            await bob.ask(c.DeleteMessages(chat, (Seq(2),)))
            may_read.set()
            await settle(50)
            assert [words for _, words in told(cat, chat)] == EDITS
            assert [words for _, words in told(bobs, chat)] == [None] * len(EDITS)


@in_virtual_time
async def test_what_no_hint_is_kept_of_is_told_as_the_log_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heard, "HEARD_BYTES", 0)
    async with an_app() as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        chat = await group(alice, "bob", "cat")
        await alice.ask(text(chat, "k2", "tea"))
        await bob.ask(c.DeleteMessages(chat, (Seq(2),)))
        async with an_app(Wiring(beside=stage, name="other")) as other:
            cat, bobs = await other.login("cat"), await other.login("bob", "tablet")
            await edit_quickly(stage, alice, chat, 2)
            assert [words for _, words in told(cat, chat)] == [*[None] * 9, EDITS[-1]]
            assert [words for _, words in told(bobs, chat)] == [None] * len(EDITS)
