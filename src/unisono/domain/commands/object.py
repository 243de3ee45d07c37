"""What may be asked about the objects of the caller."""

from typing import Annotated

from msgspec import Meta

from unisono.domain.commands.base import Command, PageSize
from unisono.domain.ids import INTEGER_MAX, Json, ObjectName, ObjectNameIn, SendKeyIn, Seq

Expected = Annotated[Seq, Meta(ge=0, le=INTEGER_MAX)]


class SetObject(Command, frozen=True, tag="set_object"):
    """Keep a value under a name, for all my sessions; `key` is made anew for each, so that a repeat changes nothing.

    `expect` is the revision that it must have now, 0 for none at all.
    """

    name: ObjectNameIn
    value: Json
    key: SendKeyIn
    expect: Expected | None = None


class DropObject(Command, frozen=True, tag="drop_object"):
    """Keep nothing under a name any more. None there is no fault."""

    name: ObjectNameIn
    key: SendKeyIn
    expect: Expected | None = None


class ListObjects(Command, frozen=True, tag="objects"):
    """Ask for what I keep: the one named `only`, or a page of all behind the name `after`."""

    only: ObjectNameIn | None = None
    after: ObjectName | None = None
    limit: PageSize = 100
