"""`python -m bench [name ...] [--quick]`: measure, print a table, write bench/out/latest.json.

Ends with 0 when everything was measured, whether or not the goals were met; what was missed is said plainly. One that
fails does not keep the others from being measured.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from rich.console import Console

from bench import (
    browser,
    build,
    cold,
    durable,
    fanout,
    groups,
    idle,
    leancloud,
    logins,
    polling,
    push,
    query,
    reading,
    room,
)
from bench.figures import Figure
from bench.plan import Plan, full, quick
from bench.processes import BenchError
from bench.report import print_summary, table_of, write

BENCHES: Final[Mapping[str, tuple[str, Callable[[Plan], list[Figure]]]]] = {
    "fanout": ("(a) one message to many sessions", fanout.measure),
    "durable": ("(b) durable send to acknowledgement", durable.measure),
    "idle": ("(c) memory of an idle session", idle.measure),
    "logins": ("(d) logins, resumes, a storm", logins.measure),
    "cold": ("(e) cold start", cold.measure),
    "room": ("(f) a room in which some do not read", room.measure),
    "reading": ("(g) pages from what has grown", reading.measure),
    "query": ("(h) conversations found by what they are", query.measure),
    "groups": ("(i) sends into a large group", groups.measure),
    "push": ("(j) sends with push notifications", push.measure),
    "leancloud": ("(k) the door of LeanCloud's clients", leancloud.measure),
    "polling": ("(l) a delivery by long polling", polling.measure),
    "browser": ("(m) tabs that share a session", browser.measure),
}
FILE_WIDTH: Final = 150


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; give the exit code."""
    asked = _parser().parse_args(arguments)
    # Into a file or a pipe, the table gets the room it needs.
    console, progress = Console(width=None if sys.stdout.isatty() else FILE_WIDTH), Console(stderr=True)

    def say(text: str) -> None:
        progress.print(f"[dim]{time.monotonic() - begun:6.1f} s  {text}[/dim]", highlight=False)

    begun = time.monotonic()
    plan = quick(say) if asked.quick else full(say)
    figures: list[Figure] = []
    failed: list[str] = []
    try:
        for name in asked.names or BENCHES:
            title, measure = BENCHES[name]
            try:
                found = measure(plan)
            except BenchError as problem:
                progress.print(f"{name} failed: {problem}", style="red", markup=False)
                failed.append(name)
                continue
            figures += found
            console.print(table_of(title, found))
    finally:
        if figures:
            write(figures, build.OUT / "latest.json")
    print_summary(console, figures)
    console.print(f"{time.monotonic() - begun:.0f} s; figures in {build.OUT / 'latest.json'}")
    if failed:
        progress.print(f"bench failed: {', '.join(failed)}", style="red", markup=False)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Unisono against peers and limits.")
    parser.add_argument("names", nargs="*", type=_bench_name, metavar="name", help=", ".join(BENCHES))
    parser.add_argument("--quick", action="store_true", help="each thing once, and less of it")
    return parser


def _bench_name(name: str) -> str:
    if name not in BENCHES:
        raise argparse.ArgumentTypeError(f"no bench {name!r}; there are: {', '.join(BENCHES)}")
    return name


if __name__ == "__main__":
    sys.exit(main())
