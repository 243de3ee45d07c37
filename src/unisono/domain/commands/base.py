"""What all operations have in common."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from unisono.domain.ids import UserIdIn

PAGE_MAX: Final = 1000
MEMBERS_PER_COMMAND_MAX: Final = 1000

PageSize = Annotated[int, Meta(ge=1, le=PAGE_MAX)]
Users = Annotated[tuple[UserIdIn, ...], Meta(min_length=1, max_length=MEMBERS_PER_COMMAND_MAX)]


class Command(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="op"):
    """Base of all operations."""
