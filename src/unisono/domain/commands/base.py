"""What all operations have in common."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from unisono.domain.ids import UserIdIn

PAGE_MAX: Final = 1000
MEMBERS_PER_COMMAND_MAX: Final = 1000
GRANT_MAX_CHARS: Final = 131_072
"""As much as names a thousand users of 64 characters."""

PageSize = Annotated[int, Meta(ge=1, le=PAGE_MAX)]
Users = Annotated[tuple[UserIdIn, ...], Meta(min_length=1, max_length=MEMBERS_PER_COMMAND_MAX)]


GrantIn = Annotated[str, Meta(min_length=1, max_length=GRANT_MAX_CHARS)]
"""What the application's own server allows, where the operator asks for it; a secret of its bearer."""


class Command(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="op"):
    """Base of all operations."""
