"""Every metric, declared once. `docs/reference/metrics.md` is made from this table.

Prometheus sees `unisono_<name>`, with `_total` behind a counter and the unit behind what has one.
"""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

LABEL_VALUES_MAX: Final = 100
"""Values of one label that are kept apart; later ones are counted as `other`, so that no peer can fill the memory."""


class Metric(Struct, frozen=True):
    """One metric. `label` names what tells its counts apart, if anything; `buckets` are upper bounds of a histogram."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    unit: Literal["", "bytes", "seconds"] = ""
    label: str = ""
    buckets: tuple[float, ...] = ()

    @property
    def shown_name(self) -> str:
        """Name as Prometheus sees it."""
        unit = f"_{self.unit}" if self.unit and not self.name.endswith(self.unit) else ""
        return f"unisono_{self.name}{unit}" + ("_total" if self.kind == "counter" else "")


QUICK_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def _counter(name: str, meaning: str, *, label: str = "", unit: Literal["", "bytes"] = "") -> Metric:
    return Metric(name, "counter", meaning, unit, label)


def _gauge(name: str, meaning: str, unit: Literal["", "bytes", "seconds"] = "", *, label: str = "") -> Metric:
    return Metric(name, "gauge", meaning, unit, label)


def _histogram(name: str, meaning: str) -> Metric:
    return Metric(name, "histogram", meaning, "seconds", buckets=QUICK_S)


_ALL: Final = (
    _counter("connections_opened", "Connections accepted.", label="door"),
    _counter("connections_closed", "Connections closed, by error code; `gone` when the peer vanished.", label="code"),
    _counter("connections_refused", "Connections not accepted, by error code.", label="code"),
    _counter("limits_hit", "Times a limit turned a peer away, by the name of the setting.", label="limit"),
    _counter("logins", "Logins, by outcome: `ok` or an error code.", label="outcome"),
    _counter("resumes", "Resumes, by outcome: `ok` or an error code.", label="outcome"),
    _counter("sessions_ended", "Sessions that ended, by reason.", label="reason"),
    _counter("commands", "Commands carried out.", label="op"),
    _counter("refusals", "Commands refused, by error code.", label="code"),
    _counter("messages_placed", "Messages that became durable."),
    _counter("calls_begun", "Calls that began to ring, by media.", label="media"),
    _counter("calls_ended", "Calls that ended, by reason.", label="reason"),
    _counter("call_signals", "Signals passed on between the ends of calls."),
    _counter("claims", "Claims asked for, by outcome: `given`, `taken` by another, or `done` before.", label="outcome"),
    _counter("wills_sent", "Messages sent for sessions that were lost."),
    _counter("facts_placed", "Facts that became durable, messages included."),
    _counter("files_kept", "Files that were uploaded."),
    _counter("files_unknown", "Files on disk that no record told of, and that were removed."),
    _counter("pages_requests", "Requests for the demo page and the browser SDK, by HTTP status.", label="status"),
    _counter("files_requests", "Requests for files, by HTTP status.", label="status"),
    _counter("erasures_failed", "Times the erasure of a user met a defect; it is tried again every hour."),
    _counter("facts_delivered", "Facts handed to connections."),
    _counter("events_delivered", "Events handed to connections: transient messages, typing and the like."),
    _counter("events_dropped", "Events dropped, by why.", label="why"),
    _counter("frames_received", "Frames received from clients."),
    _counter("writes", "Writes to connections; each carries all frames of a turn of the event loop."),
    _counter("received", "Payload received from clients.", unit="bytes"),
    _counter("sent", "Payload written to clients.", unit="bytes"),
    _counter("gaps_read", "Times the fan-out read the log because a hint was missing or early."),
    _counter("store_batches", "Syncs to disk; each carries many transactions.", label="app"),
    _counter("key_fetches", "Fetches from the key server, by outcome.", label="outcome"),
    _counter(
        "pushes", "Push notifications, by what became of them: `taken`, `refused` or `given_up`.", label="outcome"
    ),
    _counter(
        "call_pushes",
        "Rings of calls and their ends told to the push service, by what became of them: `taken` or `refused`.",
        label="outcome",
    ),
    _counter(
        "read_pushes",
        "Readings told to the push service, by what became of them: `taken` or `refused`.",
        label="outcome",
    ),
    _counter(
        "push_requests",
        "Requests to the push service, by status; `timeout` and `unreachable` where none came.",
        label="status",
    ),
    _counter("identity_faults", "Times the identity function failed."),
    _counter("poll_requests", "Requests of clients that poll, by HTTP status.", label="status"),
    _counter("rest_requests", "REST requests, by status.", label="status"),
    _counter("log_lines_dropped", "Log lines dropped because their reader was too slow."),
    _gauge("visitors", "Sockets open now that are no connection, or not yet."),
    _gauge("connections", "Connections open now."),
    _gauge("sessions_live", "Sessions with a connection on this node.", label="app"),
    _gauge("users_live", "Users with a session on this node.", label="app"),
    _gauge("streams_followed", "Streams whose place and audience this node has at hand.", label="app"),
    _gauge(
        "checkpoint_lag",
        "How long ago the checkpoint last moved, or had nothing beyond it; a transaction left open anywhere stops it.",
        "seconds",
        label="app",
    ),
    _gauge(
        "push_lag",
        "For how long push notifications that are due wait for this node to hand them over; of nodes one does.",
        "seconds",
        label="app",
    ),
    _gauge(
        "search_lag",
        "For how long the index of words has been behind on this node: what was said since may not be found yet.",
        "seconds",
        label="app",
    ),
    _gauge("calls", "Calls of the app that ring or run, on all nodes.", label="app"),
    _gauge("rooms", "Rooms that a session with a connection on this node is in.", label="app"),
    _gauge("watches", "Pairs of a session and a user whose presence it watches, on this node.", label="app"),
    _gauge("outbox", "What waits for all connections together.", "bytes"),
    _gauge("store_queue", "Transactions that wait for the writer.", label="app"),
    _gauge("tasks", "Tasks of the event loop: some for each connection, and one for each command under way."),
    _gauge("loop_lag", "How late the event loop was at the last check.", "seconds"),
    _gauge("ready", "1 when the node takes work, else 0."),
    _histogram("command", "Time from a command's frame to its answer."),
    _histogram("append", "Time from a transaction's start until it is durable."),
    _histogram("login", "Time of a login, without the wait for the client."),
)

METRICS: Final[Mapping[str, Metric]] = {metric.name: metric for metric in _ALL}
