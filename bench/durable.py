"""(b) How many messages a second are placed durably and acknowledged, against bare `sqlite3` writing the same rows.

64 senders, each a user with a session of its own. SQLite with WAL and synchronous=FULL; the bare writer puts 64
messages into one transaction, on the same disk and in the same turn.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from bench import bare_sqlite, build, profile, unisono
from bench.figures import Figure, Goal, Reading, Run, Series, compared, judged, noted, take_turns
from bench.plan import Plan
from bench.wsload import Target, load, window_of

ACKNOWLEDGED: Final = '"kind":"placed"'
IN_FLIGHT: Final = (1, 8)
ROOM: Final = 4
"""Members, all of them senders, of a conversation in the variant where messages are delivered to others too."""
BARE: Final = "bare sqlite3"
HALF: Final = Goal("ratio", "at least", 0.5)


def alone(node: unisono.Node, senders: int) -> list[str]:
    """Give each sender a conversation with somebody who is not there."""
    return _conversations(node, [[f"u{index}"] for index in range(senders)])


def in_rooms(node: unisono.Node, senders: int) -> list[str]:
    """Put senders into rooms of four, so that each message is delivered to four sessions."""
    rooms = senders // ROOM
    members = [[f"u{index}" for index in range(room, senders, rooms)] for room in range(rooms)]
    return _conversations(node, members) * ROOM


VARIANTS: Final[dict[str, Callable[[unisono.Node, int], list[str]]]] = {
    "a conversation each": alone,
    f"rooms of {ROOM}": in_rooms,
}


def measure(plan: Plan) -> list[Figure]:
    """Give messages a second, the ratio to bare SQLite, CPU time per message, and where it goes."""
    runs = {name: _run(name, make, plan) for name, make in VARIANTS.items()}
    series = take_turns(runs, repeats=plan.repeats, extra=0)
    return figures_of(series, plan.senders) + _profile(plan)


def figures_of(series: dict[str, Series], senders: int) -> list[Figure]:
    """Make figures of readings; the goal is for one message in flight per sender, and nobody else to deliver to."""
    bare, bare_cpu = series[BARE].median("messages_per_s"), series[BARE].median("cpu_us_per_message")
    same_rows = f"{BARE}, same rows, {bare_sqlite.GROUP} a transaction"
    figures = [Figure(same_rows, bare, "messages/s"), Figure(f"{same_rows}: CPU", bare_cpu, "µs/message")]
    asking = f"{same_rows}, each send key asked for"
    for what, key, unit in (
        (asking, "messages_per_s", "messages/s"),
        (f"{asking}: CPU", "cpu_us_per_message", "µs/message"),
    ):
        figures.append(Figure(what, series[BARE].median(bare_sqlite.ASKING + key), unit))
    for name in VARIANTS:
        for in_flight in IN_FLIGHT:
            found = series[_series(name, in_flight)]
            what = f"{senders} senders x {in_flight} in flight, {name}"
            figure = Figure(what, found.median("replies_per_s"), "messages/s")
            figure = compared(figure, BARE, bare)
            figures.append(noted(judged(figure, HALF) if name == next(iter(VARIANTS)) else figure, found))
            cpu = Figure(f"{what}: server CPU", found.median("server_us_per_reply"), "µs/message")
            figures.append(compared(cpu, BARE, bare_cpu))
            figures.append(Figure(f"{what}: median time", found.median("latency_p50_us") / 1000, "ms"))
    return figures


def _run(name: str, make: Callable[[unisono.Node, int], list[str]], plan: Plan) -> Run:
    def run() -> Iterator[tuple[str, Reading]]:
        plan.say(f"durable send: {name}")
        with unisono.data_directory() as data:
            with unisono.serving(data) as node, target_of(node, make, plan.senders) as target:
                times = ("-d", str(plan.durable_s), "-W", "0.5")
                windows = ",".join(map(str, IN_FLIGHT))
                for reading in load("echo", target, "-n", str(plan.senders), "-w", windows, *times):
                    yield _series(name, window_of(reading)), reading
            if make is alone:
                yield BARE, bare_sqlite.measure(data)

    return run


def _profile(plan: Plan) -> list[Figure]:
    """Say where the CPU time of a message goes."""
    plan.say("durable send: profile")
    output = build.OUT / "profile-durable.txt"
    with (
        unisono.fresh_server() as node,
        target_of(node, alone, plan.senders) as target,
        profile.recording(node.pid, plan.durable_s, output) as found,
    ):
        load("echo", target, "-n", str(plan.senders), "-w", "1", "-d", str(plan.durable_s), "-W", "0.5")
    output.write_text(profile.summary_of(found.stacks))
    return profile.figures_of(found.stacks, "where it goes")


@contextmanager
def target_of(node: unisono.Node, make: Callable[[unisono.Node, int], list[str]], senders: int) -> Iterator[Target]:
    """Give a server as a target of senders, each of whom says something in a conversation of those that are made."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", dir=build.OUT) as values:
        values.write("\n".join(make(node, senders)) + "\n")
        values.flush()
        options = ("--values", values.name, "--payload", unisono.send("%v"), "--ack", ACKNOWLEDGED)
        yield node.target(*unisono.login_script("u%d"), *options)


def _conversations(node: unisono.Node, members: list[list[str]]) -> list[str]:
    return unisono.make_groups(node, "setup", members)


def _series(name: str, in_flight: int) -> str:
    return f"{name}/{in_flight}"
