"""Frames of the native protocol as values; the server's tag stands in `is`.

Written from docs/protocol, not from the server's code: two readings of one page find what the page leaves open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from unisono_sdk.answers import Answer
from unisono_sdk.commands import Command
from unisono_sdk.facts import Label, SeqFact
from unisono_sdk.passing import Passing


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Client to server: do this."""

    id: int
    do: Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Server to client: done, and this came of it."""

    tag: ClassVar[str] = "reply"
    re: int
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Server to client: not done. `re` is 0 when the server could not read the request's id."""

    tag: ClassVar[str] = "error"
    re: int
    code: str
    message: str
    retryable: bool = False
    retry_after_ms: int | None = None
    numbers: Mapping[str, int | str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bye:
    """Server to client: the last frame before a close."""

    tag: ClassVar[str] = "bye"
    code: str
    message: str
    advice: str
    retry_after_ms: int | None = None
    newcomer: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Server to client: facts of one stream, contiguous."""

    tag: ClassVar[str] = "facts"
    stream: str
    epoch: int
    facts: tuple[SeqFact, ...]
    checkpoint: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFrame:
    """Server to client: something passes by."""

    tag: ClassVar[str] = "event"
    event: Passing


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownFrame:
    """A frame of a newer server. It is passed over."""

    tag: str


ServerFrame = Reply | Refusal | Bye | Delivery | EventFrame | UnknownFrame
