"""What I keep for all my sessions: commands and answers about it."""

from dataclasses import dataclass
from typing import ClassVar

from unisono_sdk.commands import Command
from unisono_sdk.facts import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class SetObject(Command):
    """Keep a value under a name, if it has the expected revision now."""

    op: ClassVar[str] = "set_object"
    name: str
    value: Json
    key: str
    expect: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DropObject(Command):
    """Keep nothing under a name any more."""

    op: ClassVar[str] = "drop_object"
    name: str
    key: str
    expect: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListObjects(Command):
    """Ask for the one named `only`, or a page of all behind the name `after`."""

    op: ClassVar[str] = "objects"
    only: str | None = None
    after: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectView:
    """What I keep under a name. `revision` grows with each change, `at` is when it was made."""

    name: str
    revision: int
    at: int
    value: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What I keep, by name; `next` asks for the following page."""

    kind: ClassVar[str] = "objects"
    objects: tuple[ObjectView, ...]
    next: str | None = None
