"""How the end of a session is told."""

from collections.abc import Callable

import pytest

from unisono.app.endings import fault_of_live, fault_of_resume
from unisono.domain.errors import SessionFault, UnisonoError
from unisono.domain.facts import EndReason, Label
from unisono.domain.ids import Platform

NEWCOMER = Label(platform=Platform("ios"), label="phone")


@pytest.mark.parametrize("reason", ["displaced", "replaced"])
@pytest.mark.parametrize("told", [fault_of_live, fault_of_resume])
def test_who_took_the_place_is_named_whatever_the_rule_and_whenever_it_is_told(
    reason: EndReason, told: Callable[[EndReason, Label], UnisonoError]
) -> None:
    """A session replaced by a login on its own device used to learn the newcomer only if it was live then."""
    fault = told(reason, NEWCOMER)
    assert isinstance(fault, SessionFault)
    assert (fault.code, fault.newcomer) == (reason, NEWCOMER)
