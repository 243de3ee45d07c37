"""Functions of the program that ask its own server: for tokens to log in with, and for grants of what it may do."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from unisono_sdk.clock import Clock
from unisono_sdk.commands import AddMembers, Command, CreateConversation, EnterRoom, Join, RemoveMembers
from unisono_sdk.errors import TimedOut
from unisono_sdk.member_commands import Restrict

T = TypeVar("T")

Action = Literal["create", "add", "remove", "join"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRequest:
    """What a grant is needed for: `user`, who I am, wants to do `action`.

    `conversation` is the id of the one it is done to, None for one that is to be created; `members` are the users it is
    done to, sorted and without me: whom to create it with, to add, or to remove.
    """

    action: Action
    user: str
    conversation: str | None
    members: tuple[str, ...]


TokenProvider = Callable[[str], str | Awaitable[str]]
"""Gives a token of a user that is good now; called at login and whenever the server asks for a new one."""

GrantProvider = Callable[[GrantRequest], str | Awaitable[str]]
"""Gives a grant; called anew for each attempt of a command, for a grant may be good once."""


async def give(provider: Callable[[T], str | Awaitable[str]], about: T, clock: Clock, limit_s: float) -> str:
    """Ask a function of the program. What it raises goes on as it is.

    Raises:
        TimedOut: It gave nothing in time. A plain function cannot be interrupted: it is not to wait.
    """
    deadline = clock.deadline(limit_s)
    try:
        async with deadline:
            given = provider(about)
            return await given if inspect.isawaitable(given) else given
    except TimeoutError:
        if not deadline.expired():
            raise
        raise TimedOut(f"the program's own function gave nothing in {limit_s} s") from None


def request_for(command: Command, user: str) -> GrantRequest | None:
    """Say what a grant would be needed for, if anything."""
    match command:
        case CreateConversation():
            return GrantRequest(action="create", user=user, conversation=None, members=_others(command.members, user))
        case Join() | EnterRoom():
            return GrantRequest(action="join", user=user, conversation=command.conversation, members=())
        case AddMembers():
            return _about_others("add", command, user)
        case RemoveMembers() | Restrict(what="blocked", on=True):
            return _about_others("remove", command, user)
        case _:
            return None


def _about_others(action: Action, command: AddMembers | RemoveMembers | Restrict, user: str) -> GrantRequest | None:
    others = _others(command.users, user)
    return GrantRequest(action=action, user=user, conversation=command.conversation, members=others) if others else None


def _others(users: tuple[str, ...], user: str) -> tuple[str, ...]:
    return tuple(sorted(set(users) - {user}))
