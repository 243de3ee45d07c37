"""What facts become for LeanCloud's clients, once for all of them, and no more of it kept than is asked for."""

from collections.abc import Sequence

import pytest
from msgspec import structs

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, an_app
from unisono.app.hiding import emptied
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView, Placed
from unisono.domain.events import TransientMessage
from unisono.domain.facts import (
    Content,
    ConversationChanged,
    DeliveredTo,
    MessagePlaced,
    MessageRevised,
    PlacedFact,
    ReadBy,
)
from unisono.domain.ids import Checkpoint, ConversationId, Epoch, Instant, SendKey, Seq, UserId
from unisono.gateways.leancloud import making
from unisono.gateways.leancloud import telling as module
from unisono.gateways.leancloud.parcels import Push
from unisono.gateways.leancloud.telling import Telling, attributes_text
from unisono.wire.leancloud.realtime_pb2 import GenericCommand, patch, rcp


def commands(pushes: Sequence[Push]) -> list[GenericCommand]:
    """Read frames that have no name in them."""
    return [GenericCommand.FromString(push.payload) for push in pushes]


async def said(ann: Present, conversation: ConversationId, text: str) -> Placed:
    placed = await ann.ask(c.SendMessage(conversation, SendKey(text), Content(text=text), receipt=True))
    assert isinstance(placed, Placed)
    return placed


async def begun(ann: Present, key: str = "made") -> ConversationId:
    made = await ann.ask(c.CreateConversation(SendKey(key), members=(UserId("bob"),), unique=False))
    assert isinstance(made, ConversationView)
    return made.conversation


def fact_of(stage: AppStage, placed: Placed, message: MessagePlaced) -> PlacedFact:
    return PlacedFact(placed.stream, Epoch(1), placed.seq, placed.at, Checkpoint(1), message)


@in_virtual_time
async def test_a_fact_is_made_into_frames_once_and_what_was_recalled_is_another() -> None:
    async with an_app() as stage:
        ann = await stage.login("ann")
        conversation = await begun(ann)
        placed = await said(ann, conversation, "secret")
        telling = Telling(stage.store.directory, stage.clock)
        message = MessagePlaced(UserId("ann"), SendKey("secret"), Content(text="secret"))
        first = await telling.of(fact_of(stage, placed, message))
        assert await telling.of(fact_of(stage, placed, message)) is first
        (direct,) = commands(first)
        assert "secret" in direct.directMessage.msg
        assert not direct.HasField("peerId")
        gone = structs.replace(message, content=Content(), is_recalled=True, revision=Seq(9), revised_at=Instant(5))
        (recalled,) = commands(await telling.of(fact_of(stage, placed, gone)))
        assert recalled.directMessage.msg == '{"_lctype":-127}'
        assert recalled.directMessage.patchTimestamp == 5


@in_virtual_time
async def test_what_two_say_at_once_under_one_key_stays_apart() -> None:
    """The second one's message was told as the first one's, with its words and its name."""
    async with an_app() as stage:
        ann = await stage.login("ann")
        conversation = await begun(ann)
        telling = Telling(stage.store.directory, stage.clock)
        for sender in ("ann", "bob"):
            message = MessagePlaced(UserId(sender), SendKey("7"), Content(text=f"of {sender}"))
            (told,) = commands(await telling.of(TransientMessage(conversation, Instant(1), message)))
            assert told.directMessage.fromPeerId == sender


@in_virtual_time
async def test_only_so_much_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KINDS_LIMIT", 1)
    monkeypatch.setattr(making, "KEPT_LIMIT", 1)
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        telling = Telling(stage.store.directory, stage.clock)
        for key in ("one", "two"):
            conversation = await begun(ann, key)
            placed = await said(ann, conversation, f"{key} is said")
            await bob.ask(c.MarkDelivered(conversation, placed.seq))
        told = [await telling.of(fact) for fact in ann.link.facts]
        assert len([each for pushes in told for each in commands(pushes) if each.cmd == rcp]) == 2
        again = [await telling.of(fact) for fact in ann.link.facts]
        assert [commands(pushes) for pushes in again] == [commands(pushes) for pushes in told]


@in_virtual_time
async def test_each_mark_tells_of_what_is_new_whoever_told_of_the_one_before() -> None:
    """After a restart, on another node, or with very many marks, the newest hundred were told of again."""
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        conversation = await begun(ann)
        placed = [await said(ann, conversation, f"{each}") for each in range(5)]
        for each in (placed[1], placed[4]):
            await bob.ask(c.MarkDelivered(conversation, each.seq))
            await bob.ask(c.MarkRead(conversation, each.seq))
        marks = [fact for fact in ann.link.facts if isinstance(fact.fact, DeliveredTo | ReadBy)]
        told = [commands(await Telling(stage.store.directory, stage.clock).of(mark)) for mark in marks]
        assert [[each.rcpMessage.read for each in some] for some in told] == [
            [is_read] * count for count in (2, 3) for is_read in (False, True)
        ]
        assert len({each.rcpMessage.id for some in told for each in some}) == 5


@in_virtual_time
async def test_of_what_is_gone_nothing_is_told() -> None:
    async with an_app() as stage:
        ann = await stage.login("ann")
        conversation = await begun(ann)
        placed = await said(ann, conversation, "one")
        await ann.ask(c.EditMessage(conversation, placed.seq, Content(text="two")))
        (revised,) = [fact for fact in ann.link.facts if fact.fact.__class__.__name__ == "MessageRevised"]
        telling = Telling(stage.store.directory, stage.clock)
        (patched,) = commands(await telling.of(revised))
        assert (patched.cmd, patched.patchMessage.patches[0].sender) == (patch, "ann")
        unknown = structs.replace(revised, stream="c/nowhere")
        assert await telling.of(unknown) == ()
        assert await telling.kind_of(ConversationId("nowhere")) is None
        assert await telling.entry(conversation, Seq(99)) is None


@pytest.mark.rows("X53")
@pytest.mark.parametrize("is_emptied_first", [False, True])
@in_virtual_time
async def test_what_an_edit_says_is_apart_from_what_is_left_of_it(is_emptied_first: bool) -> None:
    """What was told first of the two was kept for both: the words for who deleted the message, or nothing for all."""
    async with an_app() as stage:
        ann = await stage.login("ann")
        conversation = await begun(ann)
        placed = await said(ann, conversation, "one")
        await ann.ask(c.EditMessage(conversation, placed.seq, Content(text="two")))
        (edit,) = [fact for fact in ann.link.facts if isinstance(fact.fact, MessageRevised)]
        left = structs.replace(edit, fact=emptied(edit.fact))
        telling = Telling(stage.store.directory, stage.clock)
        for fact in (left, edit) if is_emptied_first else (edit, left):
            assert len(await telling.of(fact)) == (fact is edit)
        assert telling.at_once(left) == ()
        assert len(telling.at_once(edit) or ()) == 1


def test_what_changed_is_written_by_paths_and_what_was_taken_out_is_null() -> None:
    fact = ConversationChanged(by=UserId("ann"), name="", set={"attr.a.b": [1], "attr.c": None}, unset=("attr.d",))
    assert attributes_text(fact) == '{"d":null,"a.b":[1],"c":null,"name":""}'
