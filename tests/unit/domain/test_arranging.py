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
    MessagesDeleted,
)
from unisono.domain.commands import (
    DeleteConversation,
    DeleteHistory,
    DeleteMessages,
    MarkConversation,
    SilenceAll,
    SilenceConversation,
    UnmarkConversation,
)
from unisono.domain.conversation import Chosen, Decision, Membership, Snapshot
from unisono.domain.errors import Forbidden, Invalid, LimitReached, NotFound
from unisono.domain.facts import Content, Fact, Level, MessagePlaced, ReadMarkMoved
from unisono.domain.ids import Instant, SendKey, Seq
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


def delete_messages(*seqs: int) -> Ask:
    command = DeleteMessages(TALK, tuple(map(Seq, seqs)))
    return lambda seen: arranging.delete_messages(seen, BOB, command)


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
    "ask",
    [pin, unpin, mark("work"), unmark("work"), silence(), unsilence, delete(), delete_history(3), delete_messages(3)],
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
    assert placed(delete(), as_bob()) == [("u/bob", to_end), ("u/bob", gone)]
    assert placed(delete(), as_bob(deleted=0)) == []
    wholly = ("u/bob", ConversationDeleted(TALK, 0, Seq(10)))
    assert placed(delete(with_history=True), as_bob(deleted=0, read=Seq(10))) == [wholly]
    assert placed(delete(with_history=True), as_bob(deleted=0, cleared=Seq(10))) == []
    assert placed(delete_history(3), as_bob()) == [("u/bob", to_three), ("u/bob", HistoryDeleted(TALK, Seq(3)))]
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


SAID = {
    Seq(3): MessagePlaced(ANN, SendKey("k3"), Content(text="tea?"), mentions=(BOB,)),
    Seq(4): MessagePlaced(BOB, SendKey("k4"), Content(text="tea!"), mentions=(BOB,)),
    Seq(5): MessagePlaced(ANN, SendKey("k5"), Content(text="now"), mention_all=True),
    Seq(6): MessagePlaced(ANN, SendKey("k6"), Content(text="or later")),
}


def with_said(deleted: tuple[int, ...] = (), *, count: int = 0, calls: int = 2, **has: object) -> Snapshot:
    chosen = Chosen(SAID, frozenset(map(Seq, deleted)), count, calls)
    seen = as_bob(**({"passed": 6} | has))
    assert seen.conversation is not None
    head = structs.replace(seen.conversation.head, messages=10)
    return structs.replace(seen, conversation=structs.replace(seen.conversation, head=head), chosen=chosen)


@pytest.mark.rows("X53")
def test_chosen_messages_are_deleted_for_one_and_none_of_them_waits() -> None:
    left = ReadMarkMoved(TALK, Seq(0), Seq(10), unread=2, mentions=0)
    fact = MessagesDeleted(TALK, (Seq(3), Seq(4), Seq(5)), unread=2)
    assert placed(delete_messages(5, 3, 4, 3), with_said()) == [("u/bob", fact), ("u/bob", left)]
    read = MessagesDeleted(TALK, (Seq(3), Seq(6)))
    assert placed(delete_messages(3, 6), with_said(read=Seq(6))) == [("u/bob", read)]
    one = MessagesDeleted(TALK, (Seq(6),), unread=1)
    waits = ReadMarkMoved(TALK, Seq(0), Seq(10), unread=3, mentions=2)
    assert placed(delete_messages(6, 5), with_said(deleted=(5,))) == [("u/bob", one), ("u/bob", waits)]


def test_messages_that_are_deleted_or_gone_are_deleted_without_a_fault() -> None:
    assert placed(delete_messages(3, 5), with_said(deleted=(3, 5))) == []
    assert placed(delete_messages(1, 2), with_said(cleared=Seq(2))) == []
    for absent in (2, 7, 99):
        with pytest.raises(NotFound):
            delete_messages(3, absent)(with_said())


def test_so_many_messages_may_be_deleted_one_by_one() -> None:
    almost = with_said(count=arranging.DELETED_MAX - 2)
    assert len(placed(delete_messages(3, 4), almost)) == 2
    with pytest.raises(LimitReached) as refused:
        delete_messages(3, 4, 5)(almost)
    assert refused.value.numbers == {"what": "deleted messages", "limit": 10_000}
    assert placed(delete_messages(3), with_said(deleted=(3,), count=arranging.DELETED_MAX)) == []


def test_what_was_deleted_one_by_one_counts_as_ones_own() -> None:
    bob = as_bob(own=1).memberships[BOB]
    after = arranging.arranged(bob, MessagesDeleted(TALK, (Seq(3), Seq(4)), unread=1), NOW)
    assert (after.own, after.hides_some, after.cleared) == (2, True, 0)
