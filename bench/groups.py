"""(i) Sends into a group as large as one may be by default: what each delivery costs, and each message.

All its members are there in one case, a tenth of them in the other: those who are away cost the message nothing but
their place in the member list.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench import contenders, unisono
from bench.figures import Figure, Reading, Run, Series, noted, take_turns
from bench.plan import Plan
from bench.wsload import Target, load, window_of

WINDOWS: Final = (16, 1)
PRESENT: Final = {"all there": 1, "a tenth there": 10}


def measure(plan: Plan) -> list[Figure]:
    """Give the server's CPU time per delivery and per message."""
    runs = {name: _run(name, part, plan) for name, part in PRESENT.items()}
    return figures_of(take_turns(runs, repeats=plan.repeats, extra=0), plan)


def figures_of(series: dict[str, Series], plan: Plan) -> list[Figure]:
    """Make figures of readings."""
    figures: list[Figure] = []
    for name, part in PRESENT.items():
        for window in WINDOWS:
            found = series[f"{name}/{window}"]
            way = f"in bursts of {window}" if window > 1 else "one at a time"
            what = f"group of {plan.group_members}, {name}, {way}"
            each = found.median("server_us_per_delivery")
            figures.append(noted(Figure(what, each, "µs CPU/delivery"), found))
            figures.append(noted(Figure(what, each * ((plan.group_members - 1) // part), "µs CPU/message"), found))
    return figures


def _run(name: str, part: int, plan: Plan) -> Run:
    def run() -> Iterator[tuple[str, Reading]]:
        present = (plan.group_members - 1) // part
        plan.say(f"group of {plan.group_members}, {name}")
        times = ("-d", str(plan.seconds), "-W", str(plan.warmup_s), "-s", str(contenders.MESSAGE_BYTES))
        windows = ",".join(map(str, WINDOWS))
        with _a_group(plan.group_members) as target:
            for reading in load("fanout", target, "-n", str(present), "-w", windows, *times):
                yield f"{name}/{window_of(reading)}", reading

    return run


@contextmanager
def _a_group(members: int) -> Iterator[Target]:
    """Serve a group of so many, of whom the load generator plays as many as it opens connections."""
    with unisono.fresh_server() as node:
        [group] = unisono.make_groups(node, "p0", [[f"b{index}" for index in range(members - 1)]])
        script = unisono.login_script("b%d")
        publisher = ("--pub-send", unisono.login("p0"), "--pub-expect", '"kind":"welcome"')
        yield node.target(*script, *publisher, "--payload", unisono.send(group))
