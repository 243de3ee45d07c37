"""Work that one of all my sessions does, once: commands and the answer about it."""

from dataclasses import dataclass
from typing import ClassVar, Final

from unisono_sdk.commands import Command

LEASE_S: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeClaim(Command):
    """Ask for a claim."""

    op: ClassVar[str] = "claim"
    name: str
    key: str
    lease_s: int = LEASE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewClaim(Command):
    """Keep a claim."""

    op: ClassVar[str] = "renew_claim"
    name: str
    number: int
    lease_s: int = LEASE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishClaim(Command):
    """Say that the work is done."""

    op: ClassVar[str] = "finish_claim"
    name: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseClaim(Command):
    """Give a claim up undone."""

    op: ClassVar[str] = "release_claim"
    name: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """How a claim stands."""

    kind: ClassVar[str] = "claimed"
    is_mine: bool
    is_done: bool = False
    number: int = 0
    left_ms: int = 0
    holder: str | None = None
