"""Settings that tests of the server itself need."""

from typing import Annotated

from msgspec import Meta, Struct

from unisono.domain.faults import BusFaults


class Testing(Struct, frozen=True, forbid_unknown_fields=True):
    """For tests of the server itself. Never in production."""

    bus_faults: Annotated[BusFaults | None, Meta(description="How the bus lies.")] = None
