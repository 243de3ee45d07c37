"""(a) One message to many sessions: through the whole of Unisono, against the limit and against peers.

Each subscriber of Unisono is a user of its own who logged in; each message is placed durably (SQLite, FULL),
acknowledged, and delivered to the members of a real conversation. The peers only repeat what they hear.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from bench import contenders, unisono
from bench.figures import Figure, Goal, Reading, Run, Series, compared, judged, noted, take_turns
from bench.plan import Plan
from bench.wsload import Target, load, load_again, window_of

LIMIT: Final = "C broadcaster"
OURS: Final = "Unisono"
ONE_USER: Final = "Unisono, one user"
BURST: Final = 16
WINDOWS: Final = (BURST, 1)
COST: Final = "server_us_per_delivery"
AGAINST_LIMIT: Final = Goal("ratio", "below", 2.0)
AGAINST_PEER: Final = Goal("ratio", "below", 1.0)

Open = Callable[[int], AbstractContextManager[Target]]


@contextmanager
def many_users(sessions: int) -> Iterator[Target]:
    """Serve a conversation whose members have a session each."""
    with unisono.fresh_server() as node:
        [group] = unisono.make_groups(node, "p0", [[f"b{index}" for index in range(sessions)]])
        script = unisono.login_script("b%d")
        publisher = ("--pub-send", unisono.login("p0"), "--pub-expect", '"kind":"welcome"')
        yield node.target(*script, *publisher, "--payload", unisono.send(group))


@contextmanager
def one_user(sessions: int) -> Iterator[Target]:
    """Serve a conversation of two, one of whom has all the sessions."""
    with unisono.fresh_server() as node:
        [group] = unisono.make_groups(node, "p0", [["b0"]])
        script = unisono.login_script("b0", "d%d")
        publisher = ("--pub-send", unisono.login("p0"), "--pub-expect", '"kind":"welcome"')
        yield node.target(*script, *publisher, "--payload", unisono.send(group), "--fan", str(sessions))


PEERS: Final[dict[str, Open]] = {
    "nats-server": lambda _: contenders.nats(),
    "Node ws": lambda _: contenders.node_ws(),
    "Socket.IO": lambda _: contenders.socket_io(),
}
CONTENDERS: Final[dict[str, Open]] = {LIMIT: lambda _: contenders.c_broadcaster(), OURS: many_users, **PEERS}


def measure(plan: Plan) -> list[Figure]:
    """Give the server's CPU time per delivery for each size and way of sending."""
    figures: list[Figure] = []
    for sessions in plan.fanout_sessions:
        runs = {name: _run(open_, sessions, plan) for name, open_ in CONTENDERS.items()}
        if sessions == plan.one_user_sessions:
            runs[ONE_USER] = _run(one_user, sessions, plan)
        figures += figures_of(take_turns(runs, repeats=plan.repeats), sessions)
    return figures


def _run(open_: Open, sessions: int, plan: Plan) -> Run:
    name = next((name for name, known in CONTENDERS.items() if known is open_), ONE_USER)

    def run() -> Iterator[tuple[str, Reading]]:
        plan.say(f"fan-out to {sessions}: {name}")
        windows = ",".join(map(str, WINDOWS))
        times = ("-d", str(plan.seconds), "-W", str(plan.warmup_s), "-s", str(contenders.MESSAGE_BYTES))
        again = load if name in (OURS, ONE_USER) else load_again
        with open_(sessions) as target:
            for reading in again("fanout", target, "-n", str(sessions), "-w", windows, *times):
                yield _series(name, window_of(reading)), reading

    return run


def _series(name: str, window: int) -> str:
    return f"{name}/{window}"


def figures_of(series: dict[str, Series], sessions: int) -> list[Figure]:
    """Make figures of readings: each contender against the limit, then Unisono against each peer."""
    figures: list[Figure] = []
    for window in WINDOWS:
        way = f"in bursts of {window}" if window > 1 else "one at a time"
        limit = series[_series(LIMIT, window)].median(COST)
        for name in (*CONTENDERS, ONE_USER):
            found = series.get(_series(name, window))
            if found is None:
                continue
            figure = Figure(f"fan-out to {sessions}, {way}: {name}", found.median(COST), "µs CPU/delivery")
            figure = compared(figure, LIMIT, limit) if name != LIMIT else figure
            figure = judged(figure, AGAINST_LIMIT) if name == OURS and window == BURST else figure
            figures.append(noted(figure, found))
        ours = series[_series(OURS, window)]
        for peer in PEERS:
            figure = Figure(f"fan-out to {sessions}, {way}: {OURS}", ours.median(COST), "µs CPU/delivery")
            figure = compared(figure, peer, series[_series(peer, window)].median(COST))
            figures.append(noted(judged(figure, AGAINST_PEER), ours))
    return figures
