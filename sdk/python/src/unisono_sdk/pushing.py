"""Requests about push notifications to this device."""

from dataclasses import dataclass
from typing import ClassVar

from unisono_sdk.commands import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterPush(Command):
    """Name the way by which this device gets push notifications."""

    op: ClassVar[str] = "register_push"
    provider: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnregisterPush(Command):
    """Have this device get no push notifications any more."""

    op: ClassVar[str] = "unregister_push"
