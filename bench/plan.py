"""How much is measured: the whole, or a quick look."""

from collections.abc import Callable

from msgspec import Struct


class Plan(Struct, frozen=True):
    """Sizes and times of a run. `say` tells a person what is going on."""

    say: Callable[[str], None]
    repeats: int = 3
    seconds: float = 1.5
    warmup_s: float = 0.4
    fanout_sessions: tuple[int, ...] = (100, 1_000, 5_000)
    one_user_sessions: int = 1_000
    senders: int = 64
    durable_s: float = 3.0
    idle_sessions: int = 5_000
    storm_sessions: int = 10_000
    storms: int = 2
    starts: int = 5
    room_sessions: int = 5_000
    stuck_readers: int = 100
    room_per_s: int = 50
    room_s: float = 6.0
    history_messages: int = 1_000_000
    talks: int = 5_000
    questions: int = 300
    query_conversations: int = 100_000
    group_members: int = 500
    tabs: tuple[int, ...] = (1, 10, 50)
    pings: int = 200
    burst: int = 2_000


def full(say: Callable[[str], None]) -> Plan:
    """Plan for the figures that count."""
    return Plan(say=say)


def quick(say: Callable[[str], None]) -> Plan:
    """Plan a look at whether it works: each thing once, and less of it."""
    return Plan(
        say=say,
        repeats=1,
        seconds=1.0,
        fanout_sessions=(100, 1_000),
        durable_s=2.0,
        idle_sessions=1_000,
        storm_sessions=2_000,
        storms=1,
        starts=2,
        room_sessions=1_000,
        room_s=3.0,
        history_messages=20_000,
        talks=2_000,
        questions=50,
        query_conversations=5_000,
        group_members=100,
        tabs=(1, 4),
        pings=40,
        burst=500,
    )
