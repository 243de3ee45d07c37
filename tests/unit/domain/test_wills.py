"""What a session leaves is what it could say now, and is said by the rules that hold then."""

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, NOW, ROOM, group, places, snapshot
from unisono.domain import commands as c
from unisono.domain import wills
from unisono.domain.answers import Done
from unisono.domain.conversation import Snapshot
from unisono.domain.errors import Forbidden, NotFound, TooLarge
from unisono.domain.events import Signal
from unisono.domain.facts import Content, MessagePlaced, Rules
from unisono.domain.ids import SendKey
from unisono.domain.quotas import Quotas
from unisono.domain.session import is_loss

GONE = c.LeaveWill(
    ROOM,
    SendKey("k"),
    Content(text="gone"),
    mentions=(BOB,),
    mention_all=True,
    push={"alert": "gone"},
    priority="high",
    after_s=3,
)


def test_what_is_left_is_what_is_sent() -> None:
    seen = snapshot(ANN, BOB)
    decision = wills.leave(seen, ANN, GONE, Quotas())
    assert (decision.drafts, decision.signals, decision.answer(())) == ((), (), Done())
    sent = wills.execute(seen, ANN, wills.message_of(GONE), Quotas())
    assert [draft.fact for draft in sent.drafts] == [
        MessagePlaced(
            ANN, SendKey("k"), Content(text="gone"), mentions=(BOB,), mention_all=True, push={"alert": "gone"}
        )
    ]
    assert places(sent)
    passing = wills.execute(seen, ANN, wills.message_of(structs.replace(GONE, transient=True)), Quotas())
    assert (passing.drafts, len(passing.signals)) == ((), 1)


def test_who_may_not_say_it_leaves_nothing_and_says_nothing_later() -> None:
    with pytest.raises(NotFound):
        wills.leave(snapshot(BOB), ANN, GONE, Quotas())
    said = wills.execute(snapshot(BOB, former=(ANN,)), ANN, wills.message_of(GONE), Quotas())
    assert (said.drafts, said.signals, said.answer(())) == ((), (), Done())


def test_calling_everybody_takes_the_same_role_as_in_a_message() -> None:
    seen = snapshot(ANN, BOB)
    ruled = structs.replace(seen, conversation=structs.replace(group(ANN, BOB), rules=Rules(mention_all="owner")))
    with pytest.raises(Forbidden):
        wills.leave(ruled, BOB, GONE, Quotas())
    wills.leave(ruled, BOB, structs.replace(GONE, mention_all=False), Quotas())


def test_what_nobody_may_send_nobody_may_leave() -> None:
    for wrong in ({"content": Content(text="x" * 100_000)}, {"push": {"alert": "x" * 10_000}}):
        with pytest.raises(TooLarge):
            wills.leave(snapshot(ANN, BOB), ANN, structs.replace(GONE, **wrong), Quotas())


def test_in_a_room_it_takes_being_there_then_and_now() -> None:
    stage = structs.replace(group(of="room"), joining="open")
    away, there = (Snapshot(now=NOW, conversation=stage, is_present=here) for here in (False, True))
    plain = structs.replace(GONE, mention_all=False)
    with pytest.raises(Forbidden, match="enter the room first"):
        wills.leave(away, BOB, plain, Quotas())
    wills.leave(there, BOB, plain, Quotas())
    assert wills.execute(away, BOB, wills.message_of(plain), Quotas()).signals == ()
    (signal,) = wills.execute(there, BOB, wills.message_of(plain), Quotas()).signals
    assert isinstance(signal, Signal)
    assert (signal.in_room, signal.priority) == (ROOM, "high")


def test_a_session_is_lost_when_nobody_ended_it() -> None:
    assert is_loss("expired", NOW)
    assert not is_loss("expired", None)
    assert not is_loss("logged_out", NOW)
