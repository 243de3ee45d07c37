"""What the fake remembers beside streams."""

from msgspec import Struct

from unisono.domain.ids import Checkpoint, Instant, NodeId, UserId
from unisono.ports.push_targets import PushTarget
from unisono.ports.wills import Will


class LeftWill(Struct):
    """What a session left, and when it is to be sent; None while the session has its connection."""

    will: Will
    due_at: Instant | None = None


class Duty(Struct, frozen=True):
    """Work that one node does, and how far it has come."""

    node: NodeId
    reached: Checkpoint


class KeptTarget(Struct, frozen=True):
    """A device's push target, and of the session that registered it what may become void."""

    user: UserId
    target: PushTarget
    credential: str | None
    issued_at: Instant | None
    at: Instant


class Remembered(Struct, frozen=True):
    """A request under a key, when it came, and what was answered."""

    digest: bytes
    at: Instant
    answer: bytes | None = None
