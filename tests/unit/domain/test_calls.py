"""Calls: who is rung, who is in, how they end, and what each of their people knows of it tomorrow."""

import base64
import hashlib
import hmac
from collections.abc import Callable

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, NOW
from unisono.domain import calls, turn
from unisono.domain import commands as c
from unisono.domain.calls import Call, CallEnd
from unisono.domain.errors import Invalid, NotFound, TooLarge
from unisono.domain.facts import Label
from unisono.domain.ids import ConversationId, DeviceId, Instant, Platform, SendKey, SessionId, UserId

CIM, EVE = UserId("cim"), UserId("eve")
NAME = calls.call_id(ANN, SendKey("k"))
SHOWN = Label(Platform("web"))
RING_S = 45


def at(seconds: float) -> Instant:
    return Instant(NOW + int(seconds * 1000))


def end(user: UserId, device: str = "phone", seconds: float = 0) -> CallEnd:
    return CallEnd(user, SessionId(f"{user}-{device}"), DeviceId(device), SHOWN, at(seconds))


def ringing(*users: UserId, conversation: ConversationId | None = None) -> Call:
    return Call(
        id=NAME,
        caller=ANN,
        users=users or (BOB,),
        media="audio",
        began_at=NOW,
        rings_until=at(RING_S),
        ringing=users or (BOB,),
        ends=(end(ANN),),
        joined=(ANN,),
        is_group=len(users) > 1 or conversation is not None,
        conversation=conversation,
    )


def answered(*users: UserId) -> Call:
    return calls.answer(ringing(*users), at(5), end(BOB, seconds=5))


def over(call: Call) -> tuple[object, ...]:
    assert (call.ends, call.ringing) == ((), ())
    return call.state, call.reason, call.by


DECLINE = c.DeclineCall(NAME)
SILENCE = c.DeclineCall(NAME, scope="device")
BUSY = c.DeclineCall(NAME, busy=True)
PHONE = DeviceId("phone")


def test_the_first_who_answers_is_in_and_the_second_sees_who_was_faster() -> None:
    call = answered()
    assert (call.state, call.answered_at, call.ringing, call.revision) == ("answered", at(5), (), 2)
    assert [each.session for each in call.ends] == ["ann-phone", "bob-phone"]
    assert calls.answer(call, at(5), end(BOB, "laptop")) is call
    assert calls.answer(call, at(5), end(BOB)) is call


def test_a_call_that_is_over_is_answered_by_nobody() -> None:
    call = calls.leave(ringing(), at(1), ANN)
    assert over(call) == ("ended", "cancelled", ANN)
    assert calls.answer(call, at(2), end(BOB)) is call
    for changed in (calls.leave(call, at(2), BOB), calls.decline(call, at(2), BOB, PHONE, DECLINE)):
        assert changed is call
    assert calls.hand_over(call, end(ANN, "laptop")) is call
    assert calls.lose(call, at(2), SessionId("ann-phone")) is call
    assert calls.stop_ringing(call, at(99)) is call


def test_what_does_not_concern_a_user_does_not_exist_for_them() -> None:
    attempts: tuple[Callable[[Call | None], object], ...] = (
        lambda call: calls.answer(call, NOW, end(EVE)),
        lambda call: calls.decline(call, NOW, EVE, PHONE, DECLINE),
        lambda call: calls.leave(call, NOW, EVE),
        lambda call: calls.hand_over(call, end(EVE)),
        lambda call: calls.route(call, EVE, SessionId("eve-phone"), None),
    )
    for attempt in attempts:
        for call in (answered(), None):
            with pytest.raises(NotFound):
                attempt(call)


def test_a_device_that_declines_is_silent_and_the_others_ring_on() -> None:
    call = calls.decline(ringing(), at(1), BOB, PHONE, SILENCE)
    assert (call.state, call.ringing, call.silent, call.revision) == ("ringing", (BOB,), ((BOB, PHONE),), 2)
    assert calls.decline(call, at(1), BOB, PHONE, SILENCE) is call
    assert (calls.view(call, BOB).silent, calls.view(call, ANN).silent) == ((PHONE,), ())
    assert calls.answer(call, at(2), end(BOB)).state == "answered"


def test_declining_ends_a_call_that_rings_for_nobody_else() -> None:
    assert over(calls.decline(ringing(), at(1), BOB, PHONE, DECLINE)) == ("ended", "declined", BOB)
    assert over(calls.decline(ringing(), at(1), BOB, PHONE, BUSY)) == ("ended", "busy", BOB)
    first = calls.decline(ringing(BOB, CIM), at(1), BOB, PHONE, BUSY)
    assert (first.state, first.ringing, first.declined) == ("ringing", (CIM,), (BOB,))
    assert over(calls.decline(first, at(2), CIM, PHONE, DECLINE)) == ("ended", "declined", CIM)
    assert over(calls.decline(first, at(2), CIM, PHONE, BUSY)) == ("ended", "busy", CIM)


def test_declining_on_a_loser_does_not_end_the_call() -> None:
    call = answered()
    assert calls.decline(call, at(6), BOB, DeviceId("laptop"), DECLINE) is call
    group = answered(BOB, CIM)
    declined = calls.decline(group, at(6), CIM, PHONE, DECLINE)
    assert (declined.state, declined.ringing, len(declined.ends)) == ("answered", (), 2)


def test_a_device_that_is_busy_speaks_for_its_user_when_no_other_rings() -> None:
    """The busy one used to silence the others, which could have taken it."""
    laptop, busy = DeviceId("laptop"), c.DeclineCall(NAME, scope="device", busy=True)
    call = calls.decline(ringing(), at(1), BOB, PHONE, busy, devices=(PHONE, laptop))
    assert (call.ringing, call.silent, call.busy) == ((BOB,), ((BOB, PHONE),), ())
    assert over(calls.decline(call, at(2), BOB, laptop, busy, devices=(PHONE, laptop))) == ("ended", "busy", BOB)
    assert over(calls.decline(ringing(), at(2), BOB, PHONE, busy, devices=(PHONE,))) == ("ended", "busy", BOB)


@pytest.mark.parametrize("who", [ANN, BOB])
def test_between_two_the_first_who_leaves_ends_it(who: UserId) -> None:
    assert over(calls.leave(answered(), at(60), who)) == ("ended", "hung_up", who)


def test_a_session_that_left_ends_no_call_that_another_one_has_by_now() -> None:
    """A tab that was closed without a connection used to end, once there was one, what a phone had taken over."""
    call = answered()
    handed = calls.hand_over(call, end(BOB, "laptop"))
    assert calls.leave(handed, at(60), BOB, SessionId("bob-phone")) is handed
    assert over(calls.leave(handed, at(60), BOB, SessionId("bob-laptop"))) == ("ended", "hung_up", BOB)
    assert over(calls.leave(ringing(), at(1), ANN, SessionId("ann-phone"))) == ("ended", "cancelled", ANN)
    rung = ringing()
    assert calls.leave(rung, at(1), BOB, SessionId("bob-phone")) is rung


def test_who_is_rung_declines_and_does_not_hang_up() -> None:
    with pytest.raises(Invalid):
        calls.leave(ringing(), at(1), BOB)
    group = calls.decline(answered(BOB, CIM), at(6), CIM, PHONE, DECLINE)
    assert calls.leave(group, at(7), CIM) is group


def test_of_several_the_last_who_leaves_ends_it_and_who_left_may_come_again() -> None:
    call = calls.leave(answered(BOB, CIM), at(10), ANN)
    assert ([each.user for each in call.ends], call.ringing, call.state) == ([BOB], (CIM,), "answered")
    back = calls.answer(call, at(11), end(ANN, "laptop"))
    assert [each.session for each in back.ends] == ["bob-phone", "ann-laptop"]
    assert back.joined == (ANN, BOB)
    late = calls.answer(calls.decline(back, at(12), CIM, PHONE, DECLINE), at(13), end(CIM))
    assert (late.declined, late.joined) == ((), (ANN, BOB, CIM))
    alone = calls.leave(calls.leave(late, at(14), ANN), at(15), BOB)
    assert over(calls.leave(alone, at(16), CIM)) == ("ended", "hung_up", CIM)


def test_a_ring_ends_in_time() -> None:
    call = ringing()
    assert calls.stop_ringing(call, at(RING_S - 0.001)) is call
    assert over(structs.replace(calls.stop_ringing(call, at(RING_S)) or call)) == ("ended", "timeout", None)
    group = answered(BOB, CIM)
    quiet = calls.stop_ringing(group, at(RING_S))
    assert quiet is not None
    assert (quiet.state, quiet.ringing, quiet.revision) == ("answered", (), group.revision + 1)
    assert calls.stop_ringing(quiet, at(99)) is quiet
    assert calls.stop_ringing(None, at(99)) is None


def test_a_session_that_is_gone_leaves() -> None:
    lost = calls.lose(answered(), at(60), SessionId("bob-phone"))
    assert lost is not None
    assert over(lost) == ("ended", "failed", BOB)
    unheard = calls.lose(ringing(), at(1), SessionId("ann-phone"))
    assert unheard is not None
    assert over(unheard) == ("ended", "failed", ANN)
    call = answered()
    assert calls.lose(call, at(60), SessionId("bob-laptop")) is call
    assert calls.lose(None, at(60), SessionId("bob-phone")) is None


def test_who_is_put_out_has_nothing_to_do_with_it_any_more_and_the_others_go_on() -> None:
    call = answered(BOB, CIM)
    out = calls.put_out(call, at(6), CIM)
    assert out is not None
    assert (out.state, out.ringing, out.revision, out.concerned) == ("answered", (), call.revision + 1, (ANN, BOB))
    assert calls.put_out(out, at(7), CIM) is out
    assert [(user, fact.reason, fact.is_missed) for user, fact in calls.facts_of(call, out)] == [(CIM, "failed", False)]
    with pytest.raises(NotFound):
        calls.answer(out, at(7), end(CIM))
    left = calls.put_out(structs.replace(out, data="words"), at(8), ANN)
    assert left is not None
    assert (left.data, [each.user for each in left.ends]) == (None, [BOB])
    last = calls.put_out(left, at(9), BOB)
    assert last is not None
    assert over(last) == ("ended", "failed", BOB)
    assert [user for user, _ in calls.facts_of(left, last)] == [BOB]
    for same in (None, last):
        assert calls.put_out(same, at(9), ANN) is same


def test_a_call_that_nobody_could_answer_any_more_ends_with_who_is_put_out() -> None:
    for call, user in ((answered(), BOB), (ringing(BOB, CIM), ANN), (ringing(BOB), BOB)):
        out = calls.put_out(call, at(6), user)
        assert out is not None
        assert over(out) == ("ended", "failed", user)
    on = calls.put_out(ringing(BOB, CIM), at(6), BOB)
    assert on is not None
    assert (on.state, on.ringing) == ("ringing", (CIM,))


def test_a_call_is_handed_over_to_another_session_of_the_same_user() -> None:
    call = calls.hand_over(answered(), end(BOB, "laptop", 8))
    assert [each.session for each in call.ends] == ["ann-phone", "bob-laptop"]
    assert calls.hand_over(call, end(BOB, "laptop", 9)) is call
    with pytest.raises(Invalid):
        calls.hand_over(ringing(), end(BOB))


def test_signals_go_between_the_ends_and_nowhere_else() -> None:
    call = answered()
    ann, bob = SessionId("ann-phone"), SessionId("bob-phone")
    assert calls.route(call, ANN, ann, None).session == bob
    assert calls.route(call, BOB, bob, ann).session == ann
    for session, to in ((bob, bob), (SessionId("bob-laptop"), None), (bob, SessionId("bob-laptop"))):
        with pytest.raises(NotFound):
            calls.route(call, BOB, session, to)
    for quiet in (ringing(), calls.leave(call, at(9), ANN)):
        with pytest.raises(NotFound):
            calls.route(quiet, ANN, ann, None)
    three = calls.answer(answered(BOB, CIM), at(6), end(CIM))
    with pytest.raises(Invalid):
        calls.route(three, ANN, ann, None)
    assert calls.route(three, ANN, ann, SessionId("cim-phone")).user == CIM


def test_its_people_know_of_it_tomorrow_and_who_did_not_hear_it_missed_it() -> None:
    before = calls.decline(answered(BOB, CIM, EVE), at(6), CIM, PHONE, DECLINE)
    ended = calls.leave(calls.leave(before, at(9), ANN), at(10), BOB)
    facts = dict(calls.facts_of(before, ended))
    assert set(facts) == {ANN, BOB, CIM, EVE}
    assert {user for user, fact in facts.items() if fact.is_missed} == {EVE}
    assert (facts[EVE].reason, facts[EVE].joined, facts[EVE].answered_at) == ("hung_up", (BOB,), at(5))
    assert calls.facts_of(ended, ended) == ()
    assert calls.facts_of(None, before) == ()


def test_who_was_busy_missed_it() -> None:
    """Nothing used to tell them of it, since they had declined."""
    before = ringing()
    assert {
        user: fact.is_missed for user, fact in calls.facts_of(before, calls.decline(before, at(1), BOB, PHONE, BUSY))
    } == {
        ANN: False,
        BOB: True,
    }


def test_why_it_rings_no_more_is_known() -> None:
    group = calls.decline(answered(BOB, CIM), at(6), CIM, PHONE, DECLINE)
    timed_out = calls.stop_ringing(answered(BOB, CIM), at(RING_S))
    gone = calls.put_out(ringing(BOB, CIM), at(6), BOB)
    assert timed_out is not None
    assert gone is not None
    expected = [
        (ringing(), BOB, None),
        (group, BOB, "answered"),
        (group, CIM, "declined"),
        (calls.decline(ringing(), at(1), BOB, PHONE, BUSY), BOB, "busy"),
        (timed_out, CIM, "timeout"),
        (gone, BOB, "failed"),
        (calls.leave(ringing(), at(1), ANN), BOB, "cancelled"),
    ]
    assert [calls.rang_out(call, user) for call, user, _ in expected] == [why for _, _, why in expected]


def test_a_view_tells_of_devices_their_own_user_alone() -> None:
    view = calls.view(answered(), BOB)
    assert [(each.user, each.shown) for each in view.ends] == [(ANN, None), (BOB, SHOWN)]
    assert (view.call, view.state, view.revision, view.answered_at) == (NAME, "answered", 2, at(5))


def test_the_same_key_is_the_same_call_and_another_users_is_not() -> None:
    assert calls.call_id(ANN, SendKey("k")) == NAME
    assert len({NAME, calls.call_id(BOB, SendKey("k")), calls.call_id(ANN, SendKey("l"))}) == 3


def test_what_comes_along_is_bounded() -> None:
    calls.check_size("x" * 98, 100)
    with pytest.raises(TooLarge) as fault:
        calls.check_size("x" * 99, 100)
    assert fault.value.numbers["bytes"] == 101


def test_turn_passwords_are_those_that_coturn_expects() -> None:
    name, password = turn.credentials(b"north", ANN, Instant(1_795_219_200_999), 3600)
    assert name == "1795222800:ann"
    assert password == base64.b64encode(hmac.new(b"north", name.encode(), hashlib.sha1).digest()).decode()
