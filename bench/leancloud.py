"""(k) What the door of LeanCloud's clients costs: sends and deliveries, beside the native door of the same server.

The same 64 users send into the same conversations, first natively, then as LeanCloud's clients, one message in flight
each and eight; then a message to many sessions of either kind.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct

from bench import build, contenders, durable, unisono
from bench.figures import Figure, Reading, Run, Series, compared, noted, take_turns
from bench.plan import Plan
from bench.wsload import Target, load, window_of
from unisono.wire.leancloud import realtime_pb2 as pb

APP: Final = "an-app"
SETTINGS: Final = f"""
[[leancloud.apps]]
id = "{APP}"
key = "0123456789abcdef-app"
master_key = "0123456789abcdef-master"
"""
NATIVE, LEANCLOUD = "native", "leancloud"
SUBPROTOCOL: Final = "lc.protobuf2.3"
IN_FLIGHT: Final = (1, 8)
WINDOWS: Final = (16, 1)
HEARERS: Final = 1_000

ACKNOWLEDGED: Final = r"\x32\x16"
"""The id of the message in an `ack`: field 6, 22 bytes. One that says no has none."""
USER: Final = ("u123456", "u%D")
"""What a frame is made with, and the mark of the load generator of the same length that it then has in its place."""
HEARER: Final = ("b123456", "b%D")
CONVERSATION: Final = ("c" * 24, "%v")
KEY: Final = ("k" * 28, "%u%D%n")
BODY: Final = ("m" * contenders.MESSAGE_BYTES, "%m")


class Room(Struct, frozen=True):
    """Where everybody sends: the name of it, and how many members who are there hear each message."""

    name: str
    heard_by: int


ROOMS: Final = (Room("a conversation each", 0), Room(f"rooms of {durable.ROOM}", durable.ROOM - 1))


def measure(plan: Plan) -> list[Figure]:
    """Give messages a second, CPU time per message and per delivery, each beside those of the native door."""
    runs = {room.name: _sending(room, plan) for room in ROOMS} | {"deliveries": _hearing(plan)}
    return figures_of(take_turns(runs, repeats=plan.repeats, extra=0), plan.senders)


def figures_of(series: dict[str, Series], senders: int) -> list[Figure]:
    """Make figures of readings."""
    figures: list[Figure] = []
    for room in ROOMS:
        for in_flight in IN_FLIGHT:
            what = f"{senders} senders x {in_flight} in flight, {room.name}"
            names = [f"{door}/{room.name}/{in_flight}" for door in (NATIVE, LEANCLOUD)]
            figures += _both(series, names, what, ("replies_per_s", "messages/s"))
            figures += _both(series, names, f"{what}: server CPU", ("server_us_per_reply", "µs/message"))
            figures += _both(series, names, f"{what}: median time", ("latency_p50_us", "µs"))
    for window in WINDOWS:
        way = f"in bursts of {window}" if window > 1 else "one at a time"
        names = [f"{door}/deliveries/{window}" for door in (NATIVE, LEANCLOUD)]
        figures += _both(series, names, f"{HEARERS} sessions, {way}", ("server_us_per_delivery", "µs CPU/delivery"))
    return figures


def _both(series: dict[str, Series], names: list[str], what: str, of: tuple[str, str]) -> list[Figure]:
    key, unit = of
    native, ours = (series[name] for name in names)
    value = native.median(key)
    return [
        noted(Figure(f"{what}, {NATIVE}", value, unit), native),
        noted(compared(Figure(f"{what}, {LEANCLOUD}", ours.median(key), unit), NATIVE, value), ours),
    ]


def _sending(room: Room, plan: Plan) -> Run:
    def run() -> Iterator[tuple[str, Reading]]:
        times = ("-n", str(plan.senders), "-w", ",".join(map(str, IN_FLIGHT)), "-d", str(plan.durable_s), "-W", "0.5")
        with unisono.data_directory() as data, unisono.serving(data, SETTINGS) as node:
            plan.say(f"LeanCloud's door, {room.name}")
            with _conversations(node, room, plan.senders) as values:
                for door, target in ((NATIVE, _native), (LEANCLOUD, _leancloud)):
                    for reading in load("echo", target(node, values), *times):
                        yield f"{door}/{room.name}/{window_of(reading)}", reading

    return run


def _hearing(plan: Plan) -> Run:
    def run() -> Iterator[tuple[str, Reading]]:
        plan.say(f"LeanCloud's door, {HEARERS} who hear")
        times: tuple[str, ...] = ("-n", str(HEARERS), "-w", ",".join(map(str, WINDOWS)), "-d", str(plan.seconds))
        times += ("-W", str(plan.warmup_s), "-s", str(contenders.MESSAGE_BYTES))
        with unisono.data_directory() as data, unisono.serving(data, SETTINGS) as node:
            [group] = unisono.make_groups(node, "p0", [[f"b{index:06d}" for index in range(HEARERS)]])
            publisher = ("--pub-send", unisono.login("p0"), "--pub-expect", '"kind":"welcome"')
            script = (*unisono.login_script(HEARER[1]), *publisher, "--payload", unisono.send(group))
            for reading in load("fanout", node.target(*script), *times):
                yield f"{NATIVE}/deliveries/{window_of(reading)}", reading
            script = (*_script(HEARER), "--pub-send", login("p0"), "--pub-expect", _opened())
            payload = ("--payload", direct((group, group)))
            for reading in load("fanout", _target(node, *script, *payload), *times):
                yield f"{LEANCLOUD}/deliveries/{window_of(reading)}", reading

    return run


@contextmanager
def _conversations(node: unisono.Node, room: Room, senders: int) -> Iterator[str]:
    """Make the conversations; give the name of a file that has that of each sender in a line."""
    count = senders // (room.heard_by + 1)
    members = [[f"u{index:06d}" for index in range(first, senders, count)] for first in range(count)]
    made = unisono.make_groups(node, "setup", members) * (room.heard_by + 1)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", dir=build.OUT) as values:
        values.write("\n".join(made) + "\n")
        values.flush()
        yield values.name


def _native(node: unisono.Node, values: str) -> Target:
    options = ("--values", values, "--payload", unisono.send("%v"), "--ack", durable.ACKNOWLEDGED)
    return node.target(*unisono.login_script(USER[1]), *options)


def _leancloud(node: unisono.Node, values: str) -> Target:
    options = ("--values", values, "--payload", direct(CONVERSATION), "--ack", ACKNOWLEDGED)
    return _target(node, *_script(USER), *options)


def _target(node: unisono.Node, *options: str) -> Target:
    return Target(node.port, node.pid, "/leancloud", ("--binary", "--subprotocol", SUBPROTOCOL, *options))


def _script(user: tuple[str, str]) -> tuple[str, ...]:
    return ("--send", login(*user), "--expect", _opened())


def login(name: str, mark: str = "") -> str:
    """Give the login frame of a user, or of those whose names the mark stands for."""
    said = pb.SessionCommand(ua="bench", deviceId="d1", configBitmap=1)
    command = pb.GenericCommand(cmd=pb.session, op=pb.open, appId=APP, peerId=name, i=1, sessionMessage=said)
    return _written(command, {name: mark or name})


def _opened() -> str:
    return _written(pb.GenericCommand(cmd=pb.session, op=pb.opened), {})


def direct(conversation: tuple[str, str]) -> str:
    """Give the frame of a message, with a key and a body of its own each time."""
    said = pb.DirectCommand(cid=conversation[0], msg=f'{{"_lctext":"{BODY[0]}","_lctype":-1}}', dt=KEY[0])
    command = pb.GenericCommand(cmd=pb.direct, i=7, directMessage=said)
    return _written(command, dict([conversation, BODY, KEY]))


def _written(command: pb.GenericCommand, marks: dict[str, str]) -> str:
    """Write a command for the load generator, which puts in what is as long as what stands there."""
    text = "".join(_escaped(byte) for byte in command.SerializeToString())
    for stands, mark in marks.items():
        text = text.replace(stands, mark)
    return text


def _escaped(byte: int) -> str:
    character = chr(byte)
    if character == "%":
        return "%%"
    return character if character.isascii() and character.isprintable() and character != "\\" else f"\\x{byte:02x}"
