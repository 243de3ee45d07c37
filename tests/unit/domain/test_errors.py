"""The tree of faults: drawn and built alike, with stable codes and texts made from numbers."""

import inspect
import re

import pytest

from unisono.domain import errors
from unisono.domain.errors import Internal, LocalFault, NotFound, RateLimited, RemoteFault, UnisonoError, leaves


def drawn() -> dict[str, str]:
    """Read the leaves and their codes from the drawing at the top of the module."""
    lines = (inspect.getdoc(errors) or "").splitlines()
    found = (re.match(r"[│├└─ ]+([A-Z]\w+)\s+([a-z_]+)(?:\s|$)", line) for line in lines)
    return {match[1]: match[2] for match in found if match and not getattr(errors, match[1]).__subclasses__()}


def own_leaves() -> list[type[UnisonoError]]:
    """List the leaves that the module declares; tests elsewhere may add their own."""
    return [leaf for leaf in leaves() if leaf.__module__ == errors.__name__]


def test_the_drawing_shows_every_leaf_with_its_code() -> None:
    assert drawn() == {leaf.__name__: leaf.code for leaf in own_leaves()}


def test_codes_and_texts_tell_the_faults_apart() -> None:
    leaf_count = len(own_leaves())
    assert len({leaf.code for leaf in own_leaves()}) == leaf_count
    assert len({leaf.text for leaf in own_leaves()}) == leaf_count


def test_every_fault_is_somebodys() -> None:
    for leaf in own_leaves():
        assert issubclass(leaf, LocalFault) != issubclass(leaf, RemoteFault)


def test_a_repeat_may_help_with_ours_and_with_what_time_cures() -> None:
    assert {leaf.code for leaf in own_leaves() if leaf.retryable} == {
        "unavailable",
        "overloaded",
        "storage_full",
        "draining",
        "slow_consumer",
        "handler_failed",
        "internal",
        "timeout",
        "no_answer",
        "rate_limited",
    }


def test_the_text_is_fixed_first_and_variable_last() -> None:
    assert str(NotFound()) == "not found"
    assert str(Internal(a=1, b="x")) == "an error of the server: a=1, b=x"


@pytest.mark.parametrize(("fault", "wait"), [(RateLimited(retry_after_ms=20), 20), (RateLimited(), None)])
def test_a_fault_knows_how_long_to_wait_or_says_nothing(fault: UnisonoError, wait: int | None) -> None:
    assert fault.retry_after_ms == wait


def test_a_wait_that_is_no_number_is_none() -> None:
    assert RateLimited(retry_after_ms="soon").retry_after_ms is None
