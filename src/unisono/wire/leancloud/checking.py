"""Commands made of a client's fields, held to the same limits as those that come over the native protocol."""

from typing import TypeVar

import msgspec

from unisono.domain.commands import Command
from unisono.domain.errors import Invalid

C = TypeVar("C", bound=Command)


def checked(command: C) -> C:
    """Give a command whose fields are within what its types allow: lengths, characters, numbers.

    Raises:
        Invalid: Says which field is not.
    """
    try:
        return msgspec.convert(msgspec.to_builtins(command), type(command))
    except msgspec.ValidationError as fault:
        raise Invalid(reason=str(fault)) from None
