"""The settings of push notifications."""

import base64
import binascii
from typing import Annotated, Final

from msgspec import Meta, Struct

from unisono.domain.pushing import PLACEHOLDERS, unknown_placeholders
from unisono.secret import Secret

KEY_PREFIX: Final = "whsec_"
KEY_BYTES: Final = range(24, 65)


class Push(Struct, frozen=True, forbid_unknown_fields=True):
    """Push notifications for users who are not there, handed to a service of yours. Without `url` there are none."""

    url: Annotated[
        Annotated[str, Meta(pattern=r"^https?://[^\s@]+$")] | None,
        Meta(description="Where they are posted to. The [guide](../guide/push.md) tells what comes there."),
    ] = None
    secrets: Annotated[
        tuple[Secret, ...],
        Meta(
            max_length=5,
            description="Keys that requests are signed with: `whsec_` and the base64 of 24 to 64 random bytes. Several"
            " while the service changes from one to another.",
        ),
    ] = ()
    text: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=500,
            description="What a notification says, unless the message brings an `alert` of its own. `{sender}`, the"
            " conversation's `{name}` and the beginning of the message's `{text}` are put in.",
        ),
    ] = "You have a new message"
    grace_s: Annotated[
        float, Meta(ge=0, le=3600, description="How old a message gets before it is looked who is not there.")
    ] = 5.0
    kept_s: Annotated[
        float, Meta(ge=1, le=604_800, description="How long a message is worth one while the service does not take it.")
    ] = 3600.0
    deadline_s: Annotated[float, Meta(gt=0, le=300, description="Longest wait for an answer of the service.")] = 10.0
    at_once: Annotated[int, Meta(ge=1, le=64, description="Requests under way at the same time.")] = 4
    batch_max: Annotated[int, Meta(ge=1, le=500, description="Notifications in one request.")] = 100
    calls: Annotated[
        bool, Meta(description="Also tell the service of calls that ring for users who are not there, and of the end.")
    ] = False
    reads: Annotated[
        bool, Meta(description="Also tell the service when what was pushed was read, so that phones show it no more.")
    ] = False

    def __post_init__(self) -> None:
        """Refuse what the service could not check, and what would be shown as it stands."""
        if self.url is not None and not self.secrets:
            raise ValueError("url needs secrets: the service has to know that a request is ours")
        for secret in self.secrets:
            signing_key(secret)
        if unknown := next(unknown_placeholders(self.text), None):
            raise ValueError(f"no {{{unknown}}} in text; there are: {', '.join(sorted(PLACEHOLDERS))}")


def signing_key(secret: Secret) -> bytes:
    """Read a key as Standard Webhooks writes it.

    Raises:
        ValueError: It is none, or too short to keep a secret.
    """
    text = secret.reveal()
    try:
        key = base64.b64decode(text.removeprefix(KEY_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not text.startswith(KEY_PREFIX) or len(key) not in KEY_BYTES:
        raise ValueError(f"a secret is {KEY_PREFIX} and the base64 of {KEY_BYTES[0]} to {KEY_BYTES[-1]} bytes")
    return key
