"""What operators say of a policy while it runs: over the settings, one change after the other."""

import pytest

from unisono.domain.devices import PRESETS, DeviceRules
from unisono.domain.errors import Conflict
from unisono.domain.ids import Instant
from unisono.domain.policy import InForce, PolicyChange, Proposal, Said, propose

SETTINGS = InForce(PRESETS["multi"], "anyone")
SINGLE = Said(DeviceRules("single"))


def said(what: Said, last: PolicyChange | None = None, expect: int | None = None) -> PolicyChange:
    proposal = Proposal(what, by="key", address="192.0.2.1", note="why", expect=expect)
    return propose(SETTINGS, last, proposal, Instant(7))


def test_what_is_said_wins_and_the_settings_hold_for_the_rest() -> None:
    assert SETTINGS.under(Said()) == SETTINGS
    assert SETTINGS.under(SINGLE) == InForce(PRESETS["single"], "anyone")
    assert SETTINGS.under(Said(writing="contacts")) == InForce(PRESETS["multi"], "contacts")


def test_a_change_is_kept_with_who_made_it_and_what_held_before() -> None:
    first = said(SINGLE)
    single = InForce(PRESETS["single"], "anyone")
    assert first == PolicyChange(1, Instant(7), "key", SINGLE, SETTINGS, single, "192.0.2.1", "why")
    second = said(Said(writing="contacts"), first)
    assert (second.revision, second.old, second.new) == (2, single, InForce(PRESETS["multi"], "contacts"))


def test_who_expects_another_revision_changes_nothing() -> None:
    first = said(SINGLE, expect=0)
    assert said(Said(), first, expect=1).revision == 2
    for expect, last in ((1, None), (0, first), (2, first)):
        with pytest.raises(Conflict) as refused:
            said(Said(), last, expect=expect)
        assert refused.value.numbers["revision"] == (0 if last is None else 1)
