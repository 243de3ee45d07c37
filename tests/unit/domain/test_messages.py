"""Sending and reading: a place is given once, a mark only grows."""

import msgspec
import pytest

from tests.unit.domain.stage import ANN, BOB, CAT, NOW, ROOM, places, snapshot
from unisono.domain import messages
from unisono.domain.answers import Placed, ReadMark
from unisono.domain.commands import MarkRead, SendMessage
from unisono.domain.conversation import Snapshot
from unisono.domain.errors import Invalid, NotFound, TooLarge
from unisono.domain.facts import Content, MessagePlaced, ReadMarkMoved
from unisono.domain.ids import Epoch, Instant, SendKey, Seq, StreamKey
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
    assert (draft.stream, draft.fact) == ("u/ann", ReadMarkMoved(conversation=ROOM, seq=Seq(7)))
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
