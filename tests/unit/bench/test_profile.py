"""Reading the stacks of a profiler."""

import os

import pytest

from bench.profile import (
    by_function,
    by_module,
    by_thread,
    cpu_by_thread,
    figures_of,
    module_of,
    parse,
    summary_of,
    weighed,
)

STACKS = """\
thread (11): MainThread;run (uvloop/__init__.py:90);push_nowait (unisono/gateways/hosting/connection.py:70) 30
thread (11): MainThread;run (uvloop/__init__.py:90);put (unisono/gateways/hosting/outbox.py:60) 50
thread (12): store;write (unisono/stores/sql/writer.py:10) 20
"""


def test_shares_are_of_the_innermost_frame() -> None:
    stacks = parse(STACKS)
    assert by_module(stacks) == [
        ("unisono.gateways.hosting.outbox", 0.5),
        ("unisono.gateways.hosting.connection", 0.3),
        ("unisono.stores.sql.writer", 0.2),
    ]
    assert by_function(stacks)[0] == ("put (unisono/gateways/hosting/outbox.py:60)", 0.5)
    assert by_thread(stacks) == [("thread (11): MainThread", 0.8), ("thread (12): store", 0.2)]


@pytest.mark.parametrize(
    ("frame", "module"),
    [
        ("put (unisono/gateways/hosting/outbox.py:60)", "unisono.gateways.hosting.outbox"),
        ("main (unisono/__init__.py:1)", "unisono"),
        ("put (/srv/unisono/src/unisono/wire/native.py:60)", "unisono.wire.native"),
        ("run (asyncio/base_events.py)", "asyncio"),
        ("run (/env/lib/python3.11/site-packages/uvloop/__init__.py:9)", "uvloop"),
        ("epoll_wait", "(elsewhere)"),
    ],
)
def test_a_frame_belongs_to_a_module(frame: str, module: str) -> None:
    assert module_of(frame) == module


def test_a_thread_weighs_what_the_kernel_says_it_used() -> None:
    stacks = weighed(parse(STACKS), {11: 1.0, 12: 3.0})
    assert by_module(stacks) == [
        ("unisono.stores.sql.writer", 0.75),
        ("unisono.gateways.hosting.outbox", 0.15625),
        ("unisono.gateways.hosting.connection", 0.09375),
    ]


def test_a_thread_that_is_gone_weighs_nothing() -> None:
    assert [share for _, share in by_thread(weighed(parse(STACKS), {12: 3.0}))] == [1.0]


def test_the_kernel_counts_this_very_thread() -> None:
    assert cpu_by_thread(os.getpid())[os.getpid()] > 0.0


def test_no_samples_give_no_shares() -> None:
    assert by_module(parse("nothing here\n")) == []


def test_the_largest_shares_become_figures_and_a_summary() -> None:
    stacks = parse(STACKS)
    assert figures_of(stacks, "durable send")[0].value == 50.0
    assert "50.0 %  unisono.gateways.hosting.outbox" in summary_of(stacks)
