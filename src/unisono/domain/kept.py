"""What a user keeps for all sessions, as it stands."""

from msgspec import Struct

from unisono.domain.answer import Answer
from unisono.domain.ids import NO_SEQ, Instant, Json, ObjectName, Seq


class ObjectView(Struct, frozen=True):
    """What is kept under a name. `revision` is the seq in the user's stream of the fact that set it, `at` when."""

    name: ObjectName
    revision: Seq
    at: Instant
    value: Json


class Shelf(Struct, frozen=True):
    """What is kept under one name: its revision, 0 for nothing, and how much it and all others count."""

    revision: Seq = NO_SEQ
    bytes: int = 0
    total_bytes: int = 0


class Objects(Answer, frozen=True, tag="objects"):
    """What I keep, by name; `next` asks for the following page."""

    objects: tuple[ObjectView, ...]
    next: ObjectName | None = None
