"""What may be asked about who is there."""

from typing import Annotated, Final

from msgspec import Meta

from unisono.domain.commands.base import Command, Users
from unisono.domain.ids import UserIdIn

ASKED_MAX: Final = 100


class AskPresence(Command, frozen=True, tag="presence"):
    """Ask once who of some users is there."""

    users: Annotated[tuple[UserIdIn, ...], Meta(min_length=1, max_length=ASKED_MAX)]


class Watch(Command, frozen=True, tag="watch"):
    """Be told on this connection when these users come or go. Ask again after each greeting."""

    users: Users


class Unwatch(Command, frozen=True, tag="unwatch"):
    """Be told no more. Users who are not watched are passed over."""

    users: Users
