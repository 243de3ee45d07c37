"""What passes by without a place, as the protocol says it; the tag stands in `kind`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from unisono_sdk.facts import Json, MessagePlaced


@dataclass(frozen=True, slots=True, kw_only=True)
class TransientMessage:
    """A message that is not kept."""

    kind: ClassVar[str] = "message"
    conversation: str
    at: int
    message: MessagePlaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """A member began, or ceased, to write."""

    kind: ClassVar[str] = "typing"
    conversation: str
    user: str
    is_typing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownPassing:
    """Something of a kind that this SDK does not know."""

    kind: str
    fields: Mapping[str, Json] = field(default_factory=dict)


KnownPassing = TransientMessage | Typing
Passing = KnownPassing | UnknownPassing
