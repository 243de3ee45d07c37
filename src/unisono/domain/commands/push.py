"""What may be asked about push notifications to the caller's device."""

from typing import Annotated, Final

from msgspec import Meta

from unisono.domain.commands.base import Command

TOKEN_MAX_CHARS: Final = 2048
"""As much as an index of PostgreSQL takes. A browser's subscription, the longest of its kind, is some 500."""

Provider = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,31}(?![\s\S])")]
PushToken = Annotated[str, Meta(min_length=1, max_length=TOKEN_MAX_CHARS, pattern=r"^[ -~]+(?![\s\S])")]


class RegisterPush(Command, frozen=True, tag="register_push"):
    """Name the way by which this device gets push notifications; a later one takes its place.

    `provider` and `token` are what the service of the operator's understands: nobody here looks into them.
    """

    provider: Provider
    token: PushToken


class UnregisterPush(Command, frozen=True, tag="unregister_push"):
    """Have this device get no push notifications any more. None registered is no fault."""
