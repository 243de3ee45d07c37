"""Claims: one runner at a time, one completion, and a number that tells a late one."""

import pytest

from tests.unit.domain.stage import NOW
from unisono.domain import commands as c
from unisono.domain.call_answers import Claimed
from unisono.domain.claims import ClaimCommand, ClaimDecision, Held, decide
from unisono.domain.errors import Conflict
from unisono.domain.ids import ClaimName, Instant, SendKey, SessionId

NAME = ClaimName("notify/17")
PHONE, LAPTOP = SessionId("phone"), SessionId("laptop")
MINE, THEIRS = SendKey("mine"), SendKey("theirs")
FIRST = NOW + 1


def at(seconds: float) -> Instant:
    return Instant(NOW + int(seconds * 1000))


def held(seconds: float = 10, *, key: SendKey = THEIRS, number: int = FIRST, is_done: bool = False) -> Held:
    return Held(number, key, LAPTOP, at(seconds), is_done)


def ask(state: Held | None, command: ClaimCommand, seconds: float = 0) -> ClaimDecision:
    return decide(at(seconds), state, command, PHONE)


def claim(key: SendKey = MINE) -> c.Claim:
    return c.Claim(NAME, key, lease_s=10)


def test_what_nobody_has_is_given_under_a_number_that_was_never_used() -> None:
    decision = ask(None, claim())
    assert decision.held == Held(FIRST, MINE, PHONE, at(10))
    assert decision.answer == Claimed(is_mine=True, number=FIRST, left_ms=10_000, holder=PHONE)
    again = ask(held(0, number=FIRST + 5_000), claim(), seconds=0)
    assert again.held is not None
    assert again.held.number == FIRST + 5_001


def test_what_another_has_is_not_given_before_its_lease_is_over() -> None:
    before = ask(held(10), claim(), seconds=9.999)
    assert before == ClaimDecision(None, Claimed(is_mine=False, number=FIRST, left_ms=1, holder=LAPTOP))
    after = ask(held(10), claim(), seconds=10)
    assert after.held == Held(at(10) + 1, MINE, PHONE, at(20))


def test_who_asks_again_with_the_same_key_has_it_still_and_longer() -> None:
    again = ask(held(10, key=MINE), claim(), seconds=4)
    assert again.held == Held(FIRST, MINE, PHONE, at(14))
    assert again.answer.is_mine
    late = ask(held(10, key=MINE), claim(), seconds=11)
    assert late.held is not None
    assert late.held.number > FIRST


@pytest.mark.parametrize("key", [MINE, THEIRS])
def test_what_is_done_is_given_to_nobody(key: SendKey) -> None:
    done = held(0, key=key, is_done=True)
    expected = Claimed(is_mine=False, is_done=True, number=FIRST, holder=LAPTOP)
    assert ask(done, claim(), seconds=3600) == ClaimDecision(None, expected)


def test_a_claim_is_renewed_and_finished_by_its_number_even_late_as_long_as_nobody_followed() -> None:
    renewed = ask(held(10), c.RenewClaim(NAME, FIRST, lease_s=20), seconds=12)
    assert renewed.held == held(32)
    assert renewed.answer == Claimed(is_mine=True, number=FIRST, left_ms=20_000, holder=LAPTOP)
    done = ask(held(10), c.FinishClaim(NAME, FIRST), seconds=12)
    assert done.held == held(12, is_done=True)
    assert done.answer == Claimed(is_mine=True, is_done=True, number=FIRST, holder=LAPTOP)


@pytest.mark.parametrize("command", [c.FinishClaim(NAME, FIRST), c.RenewClaim(NAME, FIRST)])
def test_what_is_done_stays_so(command: ClaimCommand) -> None:
    decision = ask(held(0, is_done=True), command, seconds=5)
    assert decision.held is None
    assert decision.answer.is_done
    assert decision.answer.is_mine


@pytest.mark.parametrize("command", [c.FinishClaim(NAME, FIRST - 1), c.RenewClaim(NAME, FIRST - 1)])
def test_who_was_followed_is_refused(command: ClaimCommand) -> None:
    for state, number in ((held(10), FIRST), (held(0, is_done=True), FIRST), (None, 0)):
        with pytest.raises(Conflict) as conflict:
            ask(state, command)
        assert conflict.value.numbers == {"number": number}


def test_what_is_given_up_is_free_at_once_and_another_cannot_give_it_up() -> None:
    freed = ask(held(10), c.ReleaseClaim(NAME, FIRST), seconds=3)
    assert freed.held == held(3)
    assert freed.answer == Claimed(is_mine=False, number=FIRST)
    assert ask(freed.held, claim(), seconds=3).answer.is_mine
    for state in (held(10, number=FIRST + 1), held(0, is_done=True), None):
        assert ask(state, c.ReleaseClaim(NAME, FIRST)).held is None
    assert ask(None, c.ReleaseClaim(NAME, FIRST)).answer == Claimed(is_mine=False)
