"""What happens to the link, as programs hear it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnect:
    """`disconnect`: the link was lost. `user` tells whose, on the `Unisono` object."""

    code: str
    message: str
    user: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """`schedule`: the next attempt, counted from 0, comes after a delay."""

    attempt: int
    delay_ms: int
    user: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """`retry`: the attempt begins."""

    attempt: int
    user: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconnect:
    """`reconnect`: on the `Unisono` object the link is back; on a client, later, its session is."""

    user: str | None = None
