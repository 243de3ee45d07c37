"""How a user arranges their conversations is theirs alone, bounded, and changes nothing that is so already."""

from collections.abc import Callable

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, CAT, NOW, places, snapshot
from tests.unit.domain.stage import ROOM as TALK
from unisono.domain import arranging
from unisono.domain.answers import Done
from unisono.domain.arrangement import (
    AllSilenced,
    AllUnsilenced,
    ConversationDeleted,
    ConversationMarked,
    ConversationPinned,
    ConversationSilenced,
    ConversationUnmarked,
    ConversationUnpinned,
    ConversationUnsilenced,
    HistoryDeleted,
)
from unisono.domain.commands import (
    DeleteConversation,
    DeleteHistory,
    MarkConversation,
    SilenceAll,
    SilenceConversation,
    UnmarkConversation,
)
from unisono.domain.conversation import Decision, Membership, Snapshot
from unisono.domain.errors import Forbidden, Invalid, LimitReached, NotFound
from unisono.domain.facts import Fact, Level, ReadMarkMoved
from unisono.domain.ids import Instant, Seq
from unisono.domain.placement import Head
from unisono.domain.silence import Silence, Window

Ask = Callable[[Snapshot], Decision]


def mark(name: str) -> Ask:
    return lambda seen: arranging.mark(seen, BOB, MarkConversation(TALK, name))


def unmark(name: str) -> Ask:
    return lambda seen: arranging.unmark(seen, BOB, UnmarkConversation(TALK, name))


def pin(seen: Snapshot) -> Decision:
    return arranging.pin(seen, BOB)


def unpin(seen: Snapshot) -> Decision:
    return arranging.unpin(seen, BOB)


def silence(*more: object) -> Ask:
    return lambda seen: arranging.silence(seen, BOB, SilenceConversation(TALK, *more))  # type: ignore[arg-type]


def unsilence(seen: Snapshot) -> Decision:
    return arranging.unsilence(seen, BOB)


def delete(*, with_history: bool = False) -> Ask:
    return lambda seen: arranging.delete(seen, BOB, DeleteConversation(TALK, with_history))


def delete_history(up_to: int) -> Ask:
    return lambda seen: arranging.delete_history(seen, BOB, DeleteHistory(TALK, Seq(up_to)))


def placed(ask: Ask, seen: Snapshot) -> list[tuple[str, Fact]]:
    decision = ask(seen)
    assert decision.answer(places(decision)) == Done()
    return [(draft.stream, draft.fact) for draft in decision.drafts]


def as_bob(**has: object) -> Snapshot:
    """Give what a decision sees when Bob has arranged the conversation so."""
    seen = snapshot(ANN, BOB)
    bob: Membership = structs.replace(seen.memberships[BOB], **has)
    return structs.replace(seen, memberships={**seen.memberships, BOB: bob})


@pytest.mark.rows("X52")
def test_pinning_is_a_fact_of_the_users_own_stream_alone() -> None:
    assert placed(pin, as_bob()) == [("u/bob", ConversationPinned(TALK))]
    assert placed(unpin, as_bob(pinned_at=NOW)) == [("u/bob", ConversationUnpinned(TALK))]


def test_what_is_so_already_leaves_no_fact() -> None:
    assert placed(pin, as_bob(pinned_at=NOW)) == []
    assert placed(unpin, as_bob()) == []
    assert placed(mark("work"), as_bob(marks=("work",))) == []
    assert placed(unmark("work"), as_bob(marks=("home",))) == []


def test_a_hundred_conversations_may_be_pinned_and_those_that_are_stay_so() -> None:
    full = structs.replace(as_bob(), pinned=arranging.PINNED_MAX)
    with pytest.raises(LimitReached) as refused:
        pin(full)
    assert refused.value.numbers == {"what": "pinned", "limit": 100}
    assert len(placed(pin, structs.replace(full, pinned=arranging.PINNED_MAX - 1))) == 1
    assert placed(pin, structs.replace(as_bob(pinned_at=NOW), pinned=arranging.PINNED_MAX)) == []


def test_a_conversation_has_several_marks_at_once_and_twenty_at_most() -> None:
    assert placed(mark("work"), as_bob(marks=("home",))) == [("u/bob", ConversationMarked(TALK, "work"))]
    assert placed(unmark("home"), as_bob(marks=("home", "work"))) == [("u/bob", ConversationUnmarked(TALK, "home"))]
    full = tuple(f"mark {number}" for number in range(arranging.MARKS_MAX))
    with pytest.raises(LimitReached) as refused:
        mark("one more")(as_bob(marks=full))
    assert refused.value.numbers == {"what": "marks", "limit": 20}
    assert len(placed(mark("one more"), as_bob(marks=full[1:]))) == 1


@pytest.mark.parametrize(
    "ask", [pin, unpin, mark("work"), unmark("work"), silence(), unsilence, delete(), delete_history(3)]
)
def test_only_members_arrange_a_conversation_and_none_a_room(ask: Ask) -> None:
    with pytest.raises(NotFound):
        ask(snapshot(ANN, CAT))
    with pytest.raises(NotFound):
        ask(snapshot(ANN, former=(BOB,)))
    room = structs.replace(snapshot(of="room", joining="open"), memberships={})
    with pytest.raises((Forbidden, NotFound)):
        ask(room)


@pytest.mark.rows("X51")
def test_a_silence_takes_the_place_of_the_one_before() -> None:
    nights = (Window("22:00", "07:00", zone="Europe/Oslo"),)
    assert placed(silence(), as_bob()) == [("u/bob", ConversationSilenced(TALK, Silence()))]
    assert placed(silence(), as_bob(silence=Silence())) == []
    wanted = Silence("mentions", Instant(NOW + 1), nights)
    asked = silence("mentions", NOW + 1, nights)
    assert placed(asked, as_bob(silence=Silence())) == [("u/bob", ConversationSilenced(TALK, wanted))]
    assert placed(unsilence, as_bob(silence=wanted)) == [("u/bob", ConversationUnsilenced(TALK))]
    assert placed(unsilence, as_bob()) == []


def test_all_is_silenced_as_one_conversation_is_and_once() -> None:
    nights = (Window("22:00", "07:00", zone="Europe/Oslo"),)
    wanted = Silence("mentions", Instant(NOW + 1), nights)

    def ask(held: Silence | None, *asked: object) -> list[Fact]:
        command = SilenceAll(*asked)  # type: ignore[arg-type]
        decision = arranging.silence_all(Snapshot(NOW, silence=held), BOB, command)
        assert decision.answer(()) == Done()
        assert {draft.stream for draft in decision.drafts} <= {"u/bob"}
        return [draft.fact for draft in decision.drafts]

    assert ask(None) == [AllSilenced(Silence())]
    assert ask(Silence()) == []
    assert ask(Silence(), "mentions", NOW + 1, nights) == [AllSilenced(wanted)]
    with pytest.raises(Invalid):
        ask(None, "none", NOW)
    lifted = [arranging.unsilence_all(Snapshot(NOW, silence=held), BOB).drafts for held in (wanted, None)]
    assert [[draft.fact for draft in drafts] for drafts in lifted] == [[AllUnsilenced()], []]


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "Europe", "../etc"])
def test_a_silence_that_can_never_hold_is_refused(zone: str) -> None:
    with pytest.raises(Invalid):
        silence("none", NOW)(as_bob())
    with pytest.raises(Invalid) as refused:
        silence("none", None, (Window("22:00", "07:00", zone=zone),))(as_bob())
    assert refused.value.numbers["name"] == zone


@pytest.mark.rows("X51")
def test_while_a_silence_holds_a_user_wants_no_more_than_it_lets_through() -> None:
    calls, none = Silence("mentions"), Silence()
    over = Silence(until=Instant(NOW))
    cases: tuple[tuple[Level, Silence | None, Level], ...] = (
        ("all", None, "all"),
        ("all", calls, "mentions"),
        ("all", none, "none"),
        ("all", over, "all"),
        ("mentions", none, "none"),
        ("mentions", calls, "mentions"),
        ("none", calls, "none"),
    )
    for level, wanted, expected in cases:
        assert Membership(BOB, Seq(1), level=level, silence=wanted).level_at(NOW) == expected


@pytest.mark.rows("X53")
def test_what_is_deleted_counts_as_read_and_is_deleted_once() -> None:
    """The stage's conversation has its head at 10, and no messages."""
    to_end, to_three = ReadMarkMoved(TALK, Seq(10), Seq(10)), ReadMarkMoved(TALK, Seq(3), Seq(10))
    gone = ConversationDeleted(TALK, 0)
    assert placed(delete(), as_bob()) == [("u/bob", gone), ("u/bob", to_end)]
    assert placed(delete(), as_bob(deleted=0)) == []
    wholly = ("u/bob", ConversationDeleted(TALK, 0, Seq(10)))
    assert placed(delete(with_history=True), as_bob(deleted=0, read=Seq(10))) == [wholly]
    assert placed(delete(with_history=True), as_bob(deleted=0, cleared=Seq(10))) == []
    assert placed(delete_history(3), as_bob()) == [("u/bob", HistoryDeleted(TALK, Seq(3))), ("u/bob", to_three)]
    assert placed(delete_history(99), as_bob(read=Seq(10))) == [("u/bob", HistoryDeleted(TALK, Seq(10)))]
    assert placed(delete_history(3), as_bob(cleared=Seq(3))) == []


def test_a_conversation_is_deleted_until_something_is_said_in_it() -> None:
    one = arranging.arranged(Membership(BOB, Seq(1), pinned_at=NOW), ConversationDeleted(TALK, 3, Seq(7)), NOW)
    assert (one.deleted, one.cleared, one.pinned_at) == (3, 7, None)
    assert one.is_deleted(Head(messages=3))
    assert not one.is_deleted(Head(messages=4))
    assert arranging.arranged(one, ConversationDeleted(TALK, 4), NOW).cleared == 7
    assert arranging.arranged(one, HistoryDeleted(TALK, Seq(5)), NOW).cleared == 7
    assert arranging.arranged(one, HistoryDeleted(TALK, Seq(9)), NOW).cleared == 9
    assert arranging.arranged(one, ConversationPinned(TALK), NOW).deleted is None


def test_facts_add_up_to_how_it_is_arranged() -> None:
    one = Membership(BOB, Seq(1))
    for fact in (
        ConversationPinned(TALK),
        ConversationMarked(TALK, "work"),
        ConversationMarked(TALK, "home"),
        ConversationUnmarked(TALK, "work"),
    ):
        one = arranging.arranged(one, fact, NOW)
    assert (one.pinned_at, one.marks) == (NOW, ("home",))
    assert arranging.arranged(one, ConversationUnpinned(TALK), Instant(NOW + 1)).pinned_at is None
    one = arranging.arranged(one, ConversationSilenced(TALK, Silence("mentions")), NOW)
    assert one.silence == Silence("mentions")
    assert arranging.arranged(one, ConversationUnsilenced(TALK), NOW).silence is None
