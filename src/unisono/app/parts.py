"""The ports of one app, as the use cases receive them."""

from msgspec import Struct

from unisono.ports.bus import Bus
from unisono.ports.calls import Calls
from unisono.ports.claims import Claims
from unisono.ports.clock import Clock, Entropy
from unisono.ports.contacts import Contacts
from unisono.ports.directory import Directory
from unisono.ports.due_pushes import DuePushes
from unisono.ports.erasures import Erasures
from unisono.ports.files import FileBytes, FileRecords
from unisono.ports.identity import Grants, Identity
from unisono.ports.kept_events import KeptEvents
from unisono.ports.log import Log
from unisono.ports.policy import Policies
from unisono.ports.program import Program
from unisono.ports.push import PushService
from unisono.ports.push_targets import PushTargets
from unisono.ports.requests import Requests
from unisono.ports.search import Search
from unisono.ports.seats import Seats
from unisono.ports.sessions import Sessions
from unisono.ports.telemetry import Telemetry
from unisono.ports.threads import Threads
from unisono.ports.traces import Traces
from unisono.ports.wills import Wills


class Parts(Struct, frozen=True):
    """Everything outside that the use cases of one app need.

    Without a `push` nothing is pushed. Without a `program` nobody answers requests or has a say in what is done.
    """

    log: Log
    directory: Directory
    search: Search
    sessions: Sessions
    seats: Seats
    requests: Requests
    claims: Claims
    kept_events: KeptEvents
    calls: Calls
    wills: Wills
    threads: Threads
    traces: Traces
    contacts: Contacts
    due_pushes: DuePushes
    push_targets: PushTargets
    policies: Policies
    erasures: Erasures
    files: FileRecords
    file_bytes: FileBytes
    bus: Bus
    identity: Identity
    grants: Grants
    clock: Clock
    entropy: Entropy
    telemetry: Telemetry
    push: PushService | None = None
    program: Program | None = None
