"""What is said in a room: heard by who is there, by whoever is there, with no trace afterwards."""

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, NOW, ROOM, group, places, snapshot
from unisono.domain import members, membership, messages, revisions, rooms
from unisono.domain.answers import ConversationView, Done, Passed, Placed
from unisono.domain.commands import CreateConversation, RecallMessage, Restrict, SendMessage, TellTyping
from unisono.domain.conversation import Membership, Snapshot, Target
from unisono.domain.errors import Forbidden, Invalid, NotFound, TooLarge
from unisono.domain.events import Eviction, Signal, TransientMessage, Typing
from unisono.domain.facts import Content, ConversationCreated, ConversationKind, MessagePlaced, MessageRecalled
from unisono.domain.ids import NO_SEQ, Epoch, Instant, SendKey, Seq, UserId, conversation_stream
from unisono.domain.placement import Draft, Place
from unisono.domain.quotas import Quotas
from unisono.domain.roll import FOR_EVER


def room(*, is_present: bool, keeps_history: bool = False) -> Snapshot:
    """Make what a decision sees of a room, which has no members."""
    stage = structs.replace(group(of="room"), joining="open", keeps_history=keeps_history)
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


def test_a_room_that_keeps_its_history_gives_a_place_and_tells_it_to_who_is_there() -> None:
    kept = room(is_present=True, keeps_history=True)
    command = SendMessage(ROOM, SendKey("k"), Content(text="5 : 0"), receipt=True, priority="low")
    decision = messages.send(kept, ANN, command, Quotas())
    said = MessagePlaced(ANN, SendKey("k"), command.content)
    assert decision.drafts == (Draft(conversation_stream(ROOM), said, sender=ANN, key=SendKey("k")),)
    place = Placed(conversation_stream(ROOM), Epoch(1), Seq(11), NOW)
    assert decision.answer(places(decision)) == place
    event = TransientMessage(ROOM, NOW, said, Seq(11))
    assert decision.signals == (Signal(conversation_stream(ROOM), event, "low", in_room=ROOM),)
    passing = messages.send(kept, ANN, structs.replace(command, transient=True), Quotas())
    assert (passing.drafts, passing.answer(())) == ((), Passed(NOW))
    earlier = structs.replace(kept, earlier=Place(conversation_stream(ROOM), Epoch(1), Seq(4), NOW))
    again = messages.send(earlier, ANN, command, Quotas())
    assert (again.drafts, again.signals) == ((), ())


def test_a_message_of_such_a_room_comes_again_without_its_content_when_it_is_recalled() -> None:
    said = MessagePlaced(ANN, SendKey("k"), Content(text="oh"))
    kept = room(is_present=False, keeps_history=True)
    kept = structs.replace(kept, target=Target(Seq(4), Instant(7), said))
    with pytest.raises(Forbidden, match="another's"):
        revisions.recall(kept, BOB, RecallMessage(ROOM, Seq(4)), Quotas())
    decision = revisions.recall(kept, ANN, RecallMessage(ROOM, Seq(4)), Quotas())
    event = TransientMessage(ROOM, Instant(7), revisions.recalled(said, Seq(11), NOW), Seq(4))
    assert decision.signals == (Signal(conversation_stream(ROOM), event, "high", in_room=ROOM),)
    assert [draft.fact for draft in decision.drafts] == [MessageRecalled(Seq(4), ANN)]
    with pytest.raises(Forbidden):
        revisions.recall(
            structs.replace(kept, conversation=group(of="room")), ANN, RecallMessage(ROOM, Seq(4)), Quotas()
        )


@pytest.mark.parametrize("of", ["direct", "group", "temporary"])
def test_only_of_a_room_it_is_asked_whether_it_keeps_its_history(of: ConversationKind) -> None:
    for asked in (True, False):
        command = CreateConversation(SendKey("k"), of, (BOB,), keeps_history=asked)
        if asked:
            with pytest.raises(Invalid, match="keeps its history anyway"):
                membership.create(Snapshot(NOW), ANN, command, ROOM, Quotas())
        else:
            assert membership.create(Snapshot(NOW), ANN, command, ROOM, Quotas()).drafts
    for asked in (True, False):
        decision = membership.create(
            Snapshot(NOW), ANN, CreateConversation(SendKey("k"), "room", keeps_history=asked), ROOM, Quotas()
        )
        assert isinstance(fact := decision.drafts[0].fact, ConversationCreated)
        assert isinstance(view := decision.answer(places(decision)), ConversationView)
        assert fact.keeps_history == view.keeps_history == asked


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
