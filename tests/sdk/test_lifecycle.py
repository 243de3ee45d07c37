"""The life of a client: the table, and nothing but the table."""

from itertools import product

import pytest

from unisono_sdk.advice import Advice, advice_of, code_of_close, read_advice
from unisono_sdk.errors import Displaced, Refused, UnisonoError, refused
from unisono_sdk.lifecycle import NEXT, Cue, ImpossibleCueError, Phase, next_phase
from unisono_sdk.loss import broken, closed_here, of_close, of_refusal


@pytest.mark.parametrize(("phase", "cue"), list(product(Phase, Cue)))
def test_every_pair_is_in_the_table_or_impossible(phase: Phase, cue: Cue) -> None:
    if (phase, cue) in NEXT:
        assert next_phase(phase, cue) is NEXT[phase, cue]
    else:
        with pytest.raises(ImpossibleCueError, match=phase.value):
            next_phase(phase, cue)


def test_closed_is_the_end_and_can_be_reached_from_everywhere() -> None:
    assert not [pair for pair in NEXT if pair[0] is Phase.CLOSED]
    assert {pair[0] for pair in NEXT if pair[1] is Cue.ENDED} == set(Phase) - {Phase.CLOSED}


def test_advice_comes_from_the_bye_the_code_or_the_close() -> None:
    assert read_advice("new_token") is Advice.NEW_TOKEN
    assert read_advice("dance") is Advice.LATER
    assert advice_of("displaced") is Advice.STOP
    assert advice_of("something new") is Advice.LATER
    assert code_of_close(4432) == "displaced"
    assert code_of_close(1000) == code_of_close(None) == "link_lost"


def test_a_loss_tells_callers_what_happened() -> None:
    assert isinstance(of_close(4432, "x").error, Displaced)
    assert of_close(1006, "").error.code == broken("x").error.code == "link_down"
    assert closed_here().error.code == "client_closed"
    refusal = refused("limit_reached", "full", numbers={"limit": 3})
    assert of_refusal(refusal).error.numbers == {"limit": 3}
    assert of_close(1012, "").error.retryable


def test_an_unknown_code_is_still_an_error_of_ours() -> None:
    fault = refused("brand_new", "hm", retryable=True, retry_after_ms=5)
    assert type(fault) is Refused
    assert isinstance(fault, UnisonoError)
    assert (fault.code, fault.retryable, fault.retry_after_ms, str(fault)) == ("brand_new", True, 5, "hm")
