"""(j) What push notifications cost those who send: messages a second with push on, against off.

64 senders on SQLite, each in a conversation of their own with two members who are away and are told of each message.
The service takes everything at once, on the core of the load generator; it is asked at the end how much came.
"""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench import build, durable, unisono
from bench.figures import Figure, Reading, Run, Series, compared, noted, take_turns
from bench.plan import Plan
from bench.processes import HOST, LOAD_CORE, BenchError, free_port, running
from bench.wsload import load

OFF, ON = "push off", "push on"
WINDOW: Final = 1
CAUGHT_UP_S: Final = 60.0
AWAY: Final = 2
"""Members of each conversation who are not there: one, and who made them all."""
SETTINGS: Final = """
[push]
url = "http://{host}:{port}/"
secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
grace_s = 0.0
batch_max = 500
"""


def measure(plan: Plan) -> list[Figure]:
    """Give messages a second and CPU time per message with and without push, and how long the last push waits."""
    return figures_of(take_turns({OFF: _run_off(plan), ON: _run_on(plan)}, repeats=plan.repeats, extra=0), plan.senders)


def figures_of(series: dict[str, Series], senders: int) -> list[Figure]:
    """Make figures of readings."""
    figures: list[Figure] = []
    for key, unit, what in (
        ("replies_per_s", "messages/s", "messages"),
        ("server_us_per_reply", "µs/message", "server CPU"),
    ):
        off = series[OFF].median(key)
        figures.append(noted(Figure(f"{senders} senders, {OFF}: {what}", off, unit), series[OFF]))
        on = Figure(f"{senders} senders, {ON}: {what}", series[ON].median(key), unit)
        figures.append(noted(compared(on, OFF, off), series[ON]))
    figures.append(Figure(f"{ON}: handed over in all", series[ON].median("taken"), "notifications"))
    return [*figures, Figure(f"{ON}: time from the last message to its notification", series[ON].median("lag_s"), "s")]


def _run_off(plan: Plan) -> Run:
    def run() -> Iterator[tuple[str, Reading]]:
        plan.say(OFF)
        with unisono.data_directory() as data, unisono.serving(data) as node:
            yield OFF, _load(node, plan)

    return run


def _run_on(plan: Plan) -> Run:
    def run() -> Iterator[tuple[str, Reading]]:
        plan.say(ON)
        with (
            _service() as port,
            unisono.data_directory() as data,
            unisono.serving(data, SETTINGS.format(host=HOST, port=port)) as node,
        ):
            yield ON, {**_load(node, plan), **_caught_up(port)}

    return run


def _load(node: unisono.Node, plan: Plan) -> Reading:
    times = ("-n", str(plan.senders), "-w", str(WINDOW), "-d", str(plan.durable_s), "-W", "0.5")
    with durable.target_of(node, _with_the_absent, plan.senders) as target:
        (reading,) = load("echo", target, *times)
    return reading


def _with_the_absent(node: unisono.Node, senders: int) -> list[str]:
    return unisono.make_groups(node, "setup", [[f"u{index}", f"away{index}"] for index in range(senders)])


def _caught_up(port: int) -> dict[str, float]:
    """Wait until nothing more comes; give how long that took, and how much came."""
    began_s = last_s = time.monotonic()
    taken = _taken(port)
    while time.monotonic() - last_s < 3:
        time.sleep(0.05)
        if (now := _taken(port)) != taken:
            taken, last_s = now, time.monotonic()
        if time.monotonic() - began_s > CAUGHT_UP_S:
            raise BenchError(f"push is still behind after {CAUGHT_UP_S:.0f} s")
    if not taken:
        raise BenchError("nothing was pushed")
    return {"taken": taken, "lag_s": last_s - began_s}


def _taken(port: int) -> int:
    with urllib.request.urlopen(f"http://{HOST}:{port}/", timeout=5) as answer:
        return int(json.loads(answer.read()))


@contextmanager
def _service() -> Iterator[int]:
    """Run the service; give its port."""
    port = free_port()
    command = [sys.executable, str(build.PEERS / "push_sink.py"), str(port)]

    def is_ready() -> bool:
        try:
            return _taken(port) == 0
        except OSError:
            return False

    with running(command, log=build.OUT / "logs" / "push_sink.log", is_ready=is_ready) as process:
        # It is no part of what is measured.
        os.sched_setaffinity(process.pid, {LOAD_CORE})
        yield port
