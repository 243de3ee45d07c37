"""(d) Logins, resumes, and a storm: everybody logs in, is cut off at once, and comes back having missed nothing."""

from collections.abc import Iterator
from typing import Final

from bench import unisono
from bench.figures import Figure, Reading, Series, take_turns
from bench.plan import Plan
from bench.wsload import load

OURS: Final = "Unisono"
PARALLEL: Final = "64"
HELLO: Final = (*unisono.login_script("s%d"), "--capture", '"checkpoint":', "--capture", '"resume_token":"')
RESUME: Final = (
    "--back-send",
    '{"id":2,"do":{"op":"resume","session":"login-s%d-d1","resume_token":"%2"}}',
    "--back-expect",
    '"kind":"welcome"',
    "--back-send",
    '{"id":3,"do":{"op":"sync","checkpoint":%1}}',
    # No stream moved: the session has missed nothing, and the server says so.
    "--back-expect",
    '"heads":[]',
)


def measure(plan: Plan) -> list[Figure]:
    """Give rates, CPU time each, and how long it takes until all are back."""

    def run() -> Iterator[tuple[str, Reading]]:
        plan.say(f"storm of {plan.storm_sessions} sessions")
        with unisono.fresh_server() as node:
            options = ("-n", str(plan.storm_sessions), "-c", PARALLEL, "-W", "0.5", *HELLO, *RESUME)
            for reading in load("comeback", node.target(), *options):
                yield OURS, reading

    return figures_of(take_turns({OURS: run}, repeats=plan.storms)[OURS], plan.storm_sessions)


def figures_of(found: Series, count: int) -> list[Figure]:
    """Make figures of readings."""
    note = found.note()
    rows = (
        ("logins", "open_per_s", 1.0, "1/s"),
        ("login: server CPU", "open_server_us_per_connection", 1.0, "µs each"),
        (f"login: median time, {PARALLEL} at a time", "open_setup_p50_us", 1e-3, "ms"),
        ("resumes, each asking what it missed", "back_per_s", 1.0, "1/s"),
        ("resume: server CPU, the loss included", "back_server_us_per_connection", 1.0, "µs each"),
        (f"resume: median time, {PARALLEL} at a time", "back_setup_p50_us", 1e-3, "ms"),
        (f"storm: {count} sessions cut at once, all back after", "back_seconds", 1.0, "s"),
    )
    return [Figure(name, found.median(key) * scale, unit, note=note) for name, key, scale, unit in rows]
