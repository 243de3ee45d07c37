"""Edits, recalls and reactions: whose, how long, and that repeating one is safe."""

from collections.abc import Callable, Mapping

import msgspec
import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, CAT, NOW, ROOM, places, snapshot
from unisono.domain import revisions
from unisono.domain.answers import Done, Placed
from unisono.domain.commands import EditMessage, React, RecallMessage
from unisono.domain.conversation import Snapshot, Target
from unisono.domain.errors import Forbidden, Invalid, LimitReached, NotFound, TooLarge
from unisono.domain.facts import Content, MessagePlaced, MessageReacted, MessageRecalled, MessageRevised
from unisono.domain.ids import Epoch, Instant, SendKey, Seq, StreamKey, UserId
from unisono.domain.origin import Origin
from unisono.domain.quotas import Quotas

LIMITS = Quotas(message_bytes=256, reactions_per_message=2)
HELLO = MessagePlaced(ANN, SendKey("k"), Content(text="hello"), mentions=(BOB,))
SEQ = Seq(4)
BETTER = EditMessage(ROOM, SEQ, Content(text="Hello!"), mentions=(BOB, BOB))


def seen(
    message: MessagePlaced | None = HELLO,
    at: int = NOW - 1000,
    reactions: Mapping[str, frozenset[UserId]] | None = None,
) -> Snapshot:
    """Make what a decision sees of a message at seq 4."""
    target = None if message is None else Target(SEQ, Instant(at), message, reactions or {})
    return msgspec.structs.replace(snapshot(ANN, BOB), target=target)


def test_an_edit_is_a_fact_that_says_what_is_so_now() -> None:
    decision = revisions.edit(seen(), ANN, BETTER, LIMITS)
    (draft,) = decision.drafts
    assert draft.fact == MessageRevised(SEQ, ANN, Content(text="Hello!"), mentions=(BOB,))
    assert decision.answer(places(decision)) == Placed(StreamKey("c/room"), Epoch(1), Seq(11), NOW)


def test_an_edit_that_changes_nothing_leaves_no_fact() -> None:
    same = EditMessage(ROOM, SEQ, HELLO.content, mentions=(BOB,))
    decision = revisions.edit(seen(), ANN, same, LIMITS)
    assert decision.drafts == ()
    assert decision.answer(()) == Placed(StreamKey("c/room"), Epoch(1), SEQ, Instant(NOW - 1000))
    edited = msgspec.structs.replace(HELLO, revision=Seq(9), revised_at=Instant(7))
    again = revisions.edit(seen(edited), ANN, same, LIMITS)
    assert again.answer(()) == Placed(StreamKey("c/room"), Epoch(1), Seq(9), Instant(7))


@pytest.mark.parametrize(("age_ms", "is_allowed"), [(2000, True), (2001, False)])
def test_an_edit_and_a_recall_have_their_time(age_ms: int, *, is_allowed: bool) -> None:
    limits = Quotas(edit_window_s=2, recall_window_s=2)
    old = seen(at=NOW - age_ms)
    if is_allowed:
        assert revisions.edit(old, ANN, BETTER, limits).drafts
        assert revisions.recall(old, ANN, RecallMessage(ROOM, SEQ), limits).drafts
        return
    with pytest.raises(Forbidden):
        revisions.edit(old, ANN, BETTER, limits)
    with pytest.raises(Forbidden):
        revisions.recall(old, ANN, RecallMessage(ROOM, SEQ), limits)


def test_only_their_senders_edit_and_recall_messages() -> None:
    with pytest.raises(Forbidden):
        revisions.edit(seen(), BOB, BETTER, LIMITS)
    with pytest.raises(Forbidden):
        revisions.recall(seen(), BOB, RecallMessage(ROOM, SEQ), LIMITS)


def test_who_is_no_member_changes_nothing() -> None:
    decisions: list[Callable[[], object]] = [
        lambda: revisions.edit(seen(), CAT, BETTER, LIMITS),
        lambda: revisions.recall(seen(), CAT, RecallMessage(ROOM, SEQ), LIMITS),
        lambda: revisions.react(seen(), CAT, React(ROOM, SEQ, "+"), LIMITS),
        lambda: revisions.react(seen(None), ANN, React(ROOM, SEQ, "+"), LIMITS),
    ]
    for decide in decisions:
        with pytest.raises(NotFound):
            decide()


def test_an_edit_must_be_a_message() -> None:
    with pytest.raises(Invalid):
        revisions.edit(seen(), ANN, EditMessage(ROOM, SEQ, Content()), LIMITS)
    with pytest.raises(TooLarge):
        revisions.edit(seen(), ANN, EditMessage(ROOM, SEQ, Content(text="x" * 300)), LIMITS)


def test_a_recall_may_be_repeated_and_after_it_nothing_changes() -> None:
    decision = revisions.recall(seen(), ANN, RecallMessage(ROOM, SEQ), LIMITS)
    (draft,) = decision.drafts
    assert draft.fact == MessageRecalled(SEQ, ANN)
    gone = seen(revisions.recalled(HELLO, Seq(11), NOW))
    again = revisions.recall(gone, ANN, RecallMessage(ROOM, SEQ), LIMITS)
    assert (again.drafts, again.answer(())) == ((), Placed(StreamKey("c/room"), Epoch(1), Seq(11), NOW))
    decisions: list[Callable[[], object]] = [
        lambda: revisions.edit(gone, ANN, BETTER, LIMITS),
        lambda: revisions.recall(gone, BOB, RecallMessage(ROOM, SEQ), LIMITS),
        lambda: revisions.react(gone, ANN, React(ROOM, SEQ, "+"), LIMITS),
    ]
    for decide in decisions:
        with pytest.raises(Forbidden):
            decide()


def test_a_reaction_is_put_once_and_taken_away_once() -> None:
    put = React(ROOM, SEQ, "+")
    take = React(ROOM, SEQ, "+", on=False)
    (draft,) = revisions.react(seen(), BOB, put, LIMITS).drafts
    assert draft.fact == MessageReacted(SEQ, BOB, "+", is_on=True)
    given = seen(reactions={"+": frozenset({BOB})})
    assert revisions.react(given, BOB, put, LIMITS).drafts == ()
    assert revisions.react(given, BOB, put, LIMITS).answer(()) == Done()
    (draft,) = revisions.react(given, BOB, take, LIMITS).drafts
    assert draft.fact == MessageReacted(SEQ, BOB, "+", is_on=False)
    decision = revisions.react(given, ANN, take, LIMITS)
    assert decision.drafts == ()
    assert revisions.react(given, ANN, put, LIMITS).answer([]) == Done()


def test_a_message_has_so_many_different_reactions() -> None:
    full = seen(reactions={"a": frozenset({BOB}), "b": frozenset({BOB})})
    assert revisions.react(full, ANN, React(ROOM, SEQ, "a"), LIMITS).drafts
    with pytest.raises(LimitReached):
        revisions.react(full, ANN, React(ROOM, SEQ, "c"), LIMITS)


def test_what_is_left_of_what_was_changed() -> None:
    fact = MessageRevised(SEQ, ANN, Content(text="Hello!"), mention_all=True)
    now = revisions.revised(HELLO, fact, Seq(11), NOW)
    assert (now.content, now.mentions, now.mention_all) == (fact.content, (), True)
    assert (now.key, now.revision, now.revised_at, now.is_recalled) == ("k", 11, NOW, False)
    gone = revisions.recalled(now, Seq(12), NOW)
    assert (gone.key, gone.content, gone.mentions, gone.is_recalled) == ("k", Content(), (), True)
    caused = structs.replace(fact, origin=Origin("0123456789ab"))
    assert revisions.superseded(caused) == MessageRevised(SEQ, ANN, Content(), origin=Origin("0123456789ab"))


def test_nothing_of_a_message_that_changed_later_is_seen_by_who_sees_no_more() -> None:
    changed = revisions.revised(HELLO, MessageRevised(Seq(10), UserId("ann"), Content(text="new")), Seq(11), NOW)
    for until in (None, Seq(11), Seq(12)):
        assert revisions.fact_until(changed, until) is changed
    assert revisions.fact_until(HELLO, Seq(10)) is HELLO
    left = MessageRecalled(Seq(10), UserId("ann"))
    assert revisions.fact_until(left, Seq(1)) is left
    blank = revisions.fact_until(changed, Seq(10))
    assert blank == revisions.fact_until(revisions.recalled(HELLO, Seq(12), NOW), Seq(10))
    assert isinstance(blank, MessagePlaced)
    assert (blank.content, blank.revision, blank.revised_at, blank.is_recalled) == (Content(), None, None, True)
