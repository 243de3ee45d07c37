"""What is said in a room: heard by who is there, by whoever is there, with no trace afterwards."""

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, NOW, ROOM, group, snapshot
from unisono.domain import members, messages, rooms
from unisono.domain.answers import Done, Passed
from unisono.domain.commands import Restrict, SendMessage, TellTyping
from unisono.domain.conversation import Membership, Snapshot
from unisono.domain.errors import Forbidden, NotFound, TooLarge
from unisono.domain.events import Eviction, Signal, TransientMessage, Typing
from unisono.domain.facts import Content, ConversationKind, MessagePlaced
from unisono.domain.ids import NO_SEQ, Instant, SendKey, UserId, conversation_stream
from unisono.domain.quotas import Quotas
from unisono.domain.roll import FOR_EVER


def room(*, is_present: bool) -> Snapshot:
    """Make what a decision sees of a room, which has no members."""
    stage = structs.replace(group(of="room"), joining="open")
    return Snapshot(now=NOW, conversation=stage, is_present=is_present)


@pytest.mark.rows("L218", "L220")
@pytest.mark.parametrize("is_transient", [False, True])
def test_what_is_said_in_a_room_is_placed_nowhere_and_asks_for_no_receipt(is_transient: bool) -> None:
    words = Content(text="5 : 0")
    command = SendMessage(ROOM, SendKey("k"), words, receipt=True, transient=is_transient, priority="high")
    decision = messages.send(room(is_present=True), ANN, command, Quotas())
    said = TransientMessage(ROOM, NOW, MessagePlaced(ANN, SendKey("k"), words))
    assert decision.drafts == ()
    assert decision.answer(()) == Passed(NOW)
    assert decision.signals == (Signal(conversation_stream(ROOM), said, "high", in_room=ROOM),)


def test_typing_in_a_room_goes_to_the_others_who_are_in_it() -> None:
    decision = messages.typing(room(is_present=True), ANN, TellTyping(ROOM))
    event = Typing(ROOM, ANN, is_typing=True)
    assert decision.answer(()) == Done()
    assert decision.signals == (Signal(conversation_stream(ROOM), event, "low", not_to=ANN, in_room=ROOM),)


def test_who_is_not_in_a_room_does_not_speak_there() -> None:
    with pytest.raises(Forbidden, match="enter the room first"):
        messages.send(room(is_present=False), ANN, SendMessage(ROOM, SendKey("k"), Content(text="hi")), Quotas())
    with pytest.raises(Forbidden):
        messages.typing(room(is_present=False), ANN, TellTyping(ROOM))


def test_being_in_a_room_makes_nobody_a_member_of_anything_else() -> None:
    elsewhere = Snapshot(now=NOW, conversation=snapshot().conversation, is_present=True)
    with pytest.raises(NotFound):
        messages.send(elsewhere, ANN, SendMessage(ROOM, SendKey("k"), Content(text="hi")), Quotas())


def test_what_is_too_large_elsewhere_is_too_large_in_a_room() -> None:
    command = SendMessage(ROOM, SendKey("k"), Content(text="x" * 100_000))
    with pytest.raises(TooLarge):
        messages.send(room(is_present=True), ANN, command, Quotas())


def test_rooms_alone_are_entered() -> None:
    assert rooms.enter(room(is_present=False), ANN).answer(()) == Done()
    others: tuple[ConversationKind, ...] = ("direct", "group")
    for of in others:
        with pytest.raises(Forbidden):
            rooms.enter(snapshot(ANN, BOB, of=of), ANN)
        with pytest.raises(NotFound):
            rooms.enter(snapshot(BOB, of=of), ANN)


def test_who_is_blocked_neither_enters_nor_speaks_where_they_are() -> None:
    for until, is_kept_out in ((FOR_EVER, True), (NOW, False)):
        blocked = restricted(blocked_until=until)
        for act in (lambda seen: rooms.enter(seen, BOB), lambda seen: speak(seen, BOB)):
            if is_kept_out:
                with pytest.raises(Forbidden, match="blocked"):
                    act(blocked)
            else:
                act(blocked)


def test_who_is_silenced_may_come_and_listen() -> None:
    silenced = restricted(silenced_until=FOR_EVER)
    assert rooms.enter(silenced, BOB).answer(()) == Done()
    with pytest.raises(Forbidden, match="silenced"):
        speak(silenced, BOB)
    with pytest.raises(Forbidden, match="silenced"):
        messages.typing(silenced, BOB, TellTyping(ROOM))


def restricted(*, blocked_until: Instant | None = None, silenced_until: Instant | None = None) -> Snapshot:
    """Make what a decision sees of Bob, who is in a room and may not do all."""
    bob = Membership(BOB, since=NO_SEQ, until=NO_SEQ, blocked_until=blocked_until, silenced_until=silenced_until)
    return structs.replace(room(is_present=True), memberships={BOB: bob})


def speak(seen: Snapshot, user: UserId) -> None:
    """Say something."""
    messages.send(seen, user, SendMessage(ROOM, SendKey("k"), Content(text="hi")), Quotas())


def test_who_is_blocked_in_a_room_is_put_out_of_it() -> None:
    for what, on, evicted in (("blocked", True, True), ("blocked", False, False), ("silenced", True, False)):
        seen = structs.replace(restricted(blocked_until=None if on else FOR_EVER), is_present=False)
        command = Restrict(ROOM, (BOB, BOB), "blocked" if what == "blocked" else "silenced", on=on)
        decision = members.restrict(seen, ANN, command)
        assert len(decision.drafts) == 1
        assert decision.signals == ((Eviction(ROOM, (BOB,)),) if evicted else ())
