"""Sending and reading: a place is given once, a mark only grows."""

import msgspec
import pytest

from tests.unit.domain.stage import ANN, BOB, CAT, NOW, ROOM, places, snapshot
from unisono.domain import messages
from unisono.domain.answers import Done, Placed, ReadMark
from unisono.domain.answers import Passed as PassedOn
from unisono.domain.commands import MarkDelivered, MarkRead, SendMessage, TellTyping
from unisono.domain.conversation import Snapshot
from unisono.domain.errors import Invalid, NotFound, TooLarge
from unisono.domain.events import Signal, TransientMessage, Typing
from unisono.domain.facts import Content, DeliveredTo, MarkedUnread, MessagePlaced, ReadBy, ReadMarkMoved
from unisono.domain.ids import Epoch, Instant, SendKey, Seq, StreamKey, UserId, conversation_stream
from unisono.domain.marks import Passed
from unisono.domain.placement import Place
from unisono.domain.quotas import Quotas

LIMITS = Quotas(message_bytes=256)
HELLO = SendMessage(ROOM, SendKey("k1"), Content(text="hello"))


def test_a_message_is_placed_with_its_senders_key() -> None:
    decision = messages.send(snapshot(ANN, BOB), ANN, HELLO, LIMITS)
    (draft,) = decision.drafts
    assert (draft.stream, draft.sender, draft.key) == ("c/room", ANN, "k1")
    assert draft.fact == MessagePlaced(sender=ANN, key=SendKey("k1"), content=Content(text="hello"))


def test_the_acknowledgement_is_the_place() -> None:
    decision = messages.send(snapshot(ANN, BOB), ANN, HELLO, LIMITS)
    assert decision.answer(places(decision)) == Placed(StreamKey("c/room"), Epoch(1), Seq(11), NOW)


@pytest.mark.parametrize("seen", [snapshot(ANN), snapshot(BOB, former=(ANN,)), snapshot(BOB)])
def test_a_repeated_key_gets_its_first_place_even_after_leaving(seen: Snapshot) -> None:
    earlier = Place(StreamKey("c/room"), Epoch(1), Seq(4), Instant(77), is_repeat=True)
    decision = messages.send(msgspec.structs.replace(seen, earlier=earlier), ANN, HELLO, LIMITS)
    assert decision.drafts == ()
    assert decision.answer(()) == Placed(StreamKey("c/room"), Epoch(1), Seq(4), Instant(77))


@pytest.mark.parametrize("seen", [snapshot(ANN), snapshot(ANN, former=(CAT,)), Snapshot(now=NOW)])
def test_only_members_send(seen: Snapshot) -> None:
    with pytest.raises(NotFound):
        messages.send(seen, CAT, HELLO, LIMITS)


def test_what_cannot_be_a_message_is_refused() -> None:
    with pytest.raises(Invalid):
        messages.send(snapshot(ANN), ANN, SendMessage(ROOM, SendKey("k"), Content()), LIMITS)
    with pytest.raises(TooLarge):
        messages.send(snapshot(ANN), ANN, SendMessage(ROOM, SendKey("k"), Content(text="x" * 300)), LIMITS)


def test_a_mark_moves_for_all_sessions_of_its_user_and_tells_nobody_else() -> None:
    decision = messages.mark_read(snapshot(ANN, BOB, read=3), ANN, MarkRead(ROOM, Seq(7)))
    (draft,) = decision.drafts
    assert (draft.stream, draft.fact) == ("u/ann", ReadMarkMoved(conversation=ROOM, seq=Seq(7), head=Seq(10)))
    assert decision.answer(places(decision)) == ReadMark(conversation=ROOM, seq=Seq(7))


def test_a_mark_beyond_the_end_stops_at_the_end() -> None:
    decision = messages.mark_read(snapshot(ANN, read=3), ANN, MarkRead(ROOM, Seq(99)))
    assert decision.answer(places(decision)) == ReadMark(conversation=ROOM, seq=Seq(10))


@pytest.mark.parametrize("asked", [0, 2, 3])
def test_a_mark_that_would_not_move_leaves_no_fact(asked: int) -> None:
    decision = messages.mark_read(snapshot(ANN, read=3), ANN, MarkRead(ROOM, Seq(asked)))
    assert decision.drafts == ()
    assert decision.answer(()) == ReadMark(conversation=ROOM, seq=Seq(3))


def test_only_members_mark() -> None:
    for caller in (BOB, CAT):
        with pytest.raises(NotFound):
            messages.mark_read(snapshot(ANN, former=(BOB,)), caller, MarkRead(ROOM, Seq(7)))


def test_a_message_keeps_whom_it_calls_what_it_answers_and_what_push_is_to_say() -> None:
    command = SendMessage(
        ROOM,
        SendKey("k"),
        Content(text="tea?"),
        mentions=(BOB, CAT, BOB),
        mention_all=True,
        reply_to=Seq(10),
        push={"alert": "Hi"},
    )
    (draft,) = messages.send(snapshot(ANN, BOB), ANN, command, LIMITS).drafts
    assert draft.fact == MessagePlaced(
        ANN,
        SendKey("k"),
        Content(text="tea?"),
        mentions=(BOB, CAT),
        mention_all=True,
        reply_to=Seq(10),
        push={"alert": "Hi"},
    )


@pytest.mark.parametrize("seq", [0, 11])
def test_a_reply_to_no_place_is_refused(seq: int) -> None:
    with pytest.raises(Invalid):
        messages.send(snapshot(ANN), ANN, SendMessage(ROOM, SendKey("k"), Content(text="x"), reply_to=Seq(seq)), LIMITS)


@pytest.mark.parametrize(("size", "fits"), [(64, True), (65, False)])
def test_what_push_is_to_say_has_its_own_limit(size: int, *, fits: bool) -> None:
    limits = Quotas(push_bytes=64)
    command = SendMessage(ROOM, SendKey("k"), Content(text="x"), push={"a": "x" * (size - 8)})
    assert len(msgspec.json.encode(command.push)) == size
    if fits:
        messages.send(snapshot(ANN), ANN, command, limits)
    else:
        with pytest.raises(TooLarge):
            messages.send(snapshot(ANN), ANN, command, limits)


def test_bytes_alone_are_a_message_and_count_by_their_size() -> None:
    messages.send(snapshot(ANN), ANN, SendMessage(ROOM, SendKey("k"), Content(type=9, binary="AAAA")), LIMITS)
    with pytest.raises(TooLarge):
        messages.send(snapshot(ANN), ANN, SendMessage(ROOM, SendKey("k"), Content(type=9, binary="AAAA" * 64)), LIMITS)


def seen_by(user: UserId, *, read: int, passed: Passed | None, is_marked: bool = False, said: int = 9) -> Snapshot:
    """Make what marking sees: nine messages by default, two of them before the mark."""
    seen = snapshot(ANN, BOB, read=read)
    assert seen.conversation is not None
    head = msgspec.structs.replace(seen.conversation.head, messages=said)
    member = msgspec.structs.replace(seen.memberships[user], passed=2, own=1, is_marked_unread=is_marked)
    return msgspec.structs.replace(
        seen,
        conversation=msgspec.structs.replace(seen.conversation, head=head),
        memberships={**seen.memberships, user: member},
        passed=passed,
    )


@pytest.mark.rows("L101", "L102", "X21")
def test_a_mark_says_what_is_left_unread_and_who_calls() -> None:
    decision = messages.mark_read(
        seen_by(BOB, read=3, passed=Passed(6, own=1, mentions=1)), BOB, MarkRead(ROOM, Seq(7))
    )
    (draft,) = decision.drafts
    assert draft.fact == ReadMarkMoved(ROOM, Seq(7), Seq(10), unread=2, mentions=1)
    assert decision.answer(places(decision)) == ReadMark(ROOM, Seq(7), unread=2)


def test_a_mark_that_does_not_move_still_says_what_is_unread() -> None:
    decision = messages.mark_read(seen_by(BOB, read=3, passed=Passed(2, own=1)), BOB, MarkRead(ROOM, Seq(3)))
    assert (decision.drafts, decision.answer(())) == ((), ReadMark(ROOM, Seq(3), unread=6))


def test_reading_ends_the_wish_to_come_back_also_where_the_mark_does_not_move() -> None:
    (draft,) = messages.mark_unread(seen_by(BOB, read=10, passed=None), BOB).drafts
    assert (draft.stream, draft.fact) == ("u/bob", MarkedUnread(ROOM))
    marked = seen_by(BOB, read=10, passed=Passed(9), is_marked=True)
    assert messages.mark_unread(marked, BOB).drafts == ()
    assert messages.mark_unread(marked, BOB).answer(()) == Done()
    decision = messages.mark_read(marked, BOB, MarkRead(ROOM, Seq(10)))
    assert [draft.fact for draft in decision.drafts] == [ReadMarkMoved(ROOM, Seq(10), Seq(10))]
    assert messages.mark_unread(seen_by(BOB, read=1, passed=None), BOB).answer(()) == Done()
    with pytest.raises(NotFound):
        messages.mark_unread(snapshot(ANN), CAT)


@pytest.mark.rows("L84", "L89")
def test_who_asked_is_told_that_a_message_came_and_was_read() -> None:
    seen = seen_by(BOB, read=3, passed=Passed(6, askers=(ANN, CAT)))
    member = msgspec.structs.replace(seen.memberships[BOB], delivered=Seq(5))
    seen = msgspec.structs.replace(seen, memberships={**seen.memberships, BOB: member})
    told = messages.mark_delivered(seen, BOB, MarkDelivered(ROOM, Seq(99)))
    assert [(draft.stream, draft.fact) for draft in told.drafts] == [
        ("u/ann", DeliveredTo(ROOM, Seq(10), BOB, after=Seq(5))),
        ("u/cat", DeliveredTo(ROOM, Seq(10), BOB, after=Seq(5))),
    ]
    assert told.answer(places(told)) == Done()
    assert told.delivered == told.drafts[0].fact
    read = messages.mark_read(seen, BOB, MarkRead(ROOM, Seq(7)))
    assert [draft.fact for draft in read.drafts[1:]] == [ReadBy(ROOM, Seq(7), BOB, after=Seq(3))] * 2
    newcomer = msgspec.structs.replace(seen.memberships[BOB], since=Seq(6))
    late = msgspec.structs.replace(seen, memberships={**seen.memberships, BOB: newcomer})
    for decision in (
        messages.mark_read(late, BOB, MarkRead(ROOM, Seq(7))),
        messages.mark_delivered(late, BOB, MarkDelivered(ROOM, Seq(7))),
    ):
        fact = decision.drafts[-1].fact
        assert isinstance(fact, DeliveredTo | ReadBy)
        assert fact.after == 6
    nobody = messages.mark_delivered(seen_by(BOB, read=3, passed=None), BOB, MarkDelivered(ROOM, Seq(5)))
    assert (nobody.drafts, nobody.answer(())) == ((), Done())
    # Kept all the same; but not where it did not move.
    assert nobody.delivered == DeliveredTo(ROOM, Seq(5), BOB, after=Seq(1))
    assert messages.mark_delivered(seen, BOB, MarkDelivered(ROOM, Seq(4))).delivered is None
    with pytest.raises(NotFound):
        messages.mark_delivered(snapshot(ANN), CAT, MarkDelivered(ROOM, Seq(5)))


@pytest.mark.rows("L76", "L81")
def test_a_transient_message_gets_no_place_and_goes_to_the_members() -> None:
    command = SendMessage(ROOM, SendKey("k"), Content(text="psst"), mentions=(BOB,), transient=True)
    decision = messages.send(snapshot(ANN, BOB), ANN, command, LIMITS)
    message = MessagePlaced(ANN, SendKey("k"), Content(text="psst"), mentions=(BOB,))
    assert (decision.drafts, decision.answer(())) == ((), PassedOn(NOW))
    assert decision.signals == (Signal(StreamKey("c/room"), TransientMessage(ROOM, NOW, message)),)


@pytest.mark.rows("L79", "X50")
def test_typing_is_told_to_the_others_alone_and_matters_least() -> None:
    decision = messages.typing(snapshot(ANN, BOB), ANN, TellTyping(ROOM, is_typing=False))
    (signal,) = decision.signals
    event = Typing(ROOM, ANN, is_typing=False)
    assert signal == Signal(conversation_stream(ROOM), event, "low", not_to=ANN)
    assert (decision.drafts, decision.answer(())) == ((), Done())
    with pytest.raises(NotFound):
        messages.typing(snapshot(ANN), BOB, TellTyping(ROOM))
