"""What a bus may do to hints, as data: the contract allows all of it, and tests ask for it."""

from typing import Annotated

from msgspec import Meta, Struct

Share = Annotated[float, Meta(ge=0, le=1)]


class BusFaults(Struct, frozen=True, forbid_unknown_fields=True):
    """How a bus lies: shares of hints from 0 to 1, and the longest delay, which also reorders."""

    drop: Share = 0.0
    repeat: Share = 0.0
    delay: Share = 0.0
    delay_max_s: Annotated[float, Meta(ge=0, le=60)] = 0.5
    seed: int = 0
