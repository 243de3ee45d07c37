"""What may be asked about conversations and who belongs to them."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from unisono.domain.commands.arranging import MarkName
from unisono.domain.commands.base import MEMBERS_PER_COMMAND_MAX, Command, GrantIn, PageSize, Users
from unisono.domain.facts import ConversationKind, Joining, Rules
from unisono.domain.ids import NO_NUL, ConversationIdIn, Json, SendKeyIn, UserIdIn

NAME_MAX_CHARS: Final = 256

TTL_DEFAULT_S: Final = 86_400
TTL_MAX_S: Final = 30 * 86_400
"""What is to last longer is a group."""

AMENDED_MAX: Final = 100
"""Values that one amendment puts into a list, or takes out of it."""

PATH_MAX_CHARS: Final = 256
PATHS_MAX: Final = 100

Path = Annotated[str, Meta(min_length=1, max_length=PATH_MAX_CHARS, pattern=NO_NUL)]
Name = Annotated[str, Meta(max_length=NAME_MAX_CHARS, pattern=NO_NUL)]


class Amending(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do"):
    """Base of what makes a new value of the one that is there, whoever else changes it at the same time."""


class Increase(Amending, frozen=True, tag="increase"):
    """Add to a number; what is not there is 0."""

    by: int | float = 1


class Append(Amending, frozen=True, tag="append"):
    """Put values at the end of a list; `once`: those alone that are not in it. What is not there is empty."""

    values: Annotated[tuple[Json, ...], Meta(min_length=1, max_length=AMENDED_MAX)]
    once: bool = False


class TakeOut(Amending, frozen=True, tag="take_out"):
    """Take values out of a list, wherever they are in it."""

    values: Annotated[tuple[Json, ...], Meta(min_length=1, max_length=AMENDED_MAX)]


Amendment = Increase | Append | TakeOut


class CreateConversation(Command, frozen=True, tag="create"):
    """Begin a conversation of the caller and `members`.

    A `direct` one has two members for ever; a `group` may change; a `room` lists none; a `temporary` one is like a
    group and ends `ttl_s` after it began, 86,400 s unless told. With `unique` the conversation of this kind and exactly
    these members that was made so before, and is not over, is given back: always so for a direct one, never for a room,
    for a group unless told otherwise, for a temporary one where told so. Repeating `key` gives back what it made the
    first time. `joining` says if who knows the id may join; `rules` what each role may. With `keeps_history` a
    room keeps what is said in it.
    """

    key: SendKeyIn
    of: ConversationKind = "group"
    members: Annotated[tuple[UserIdIn, ...], Meta(max_length=MEMBERS_PER_COMMAND_MAX)] = ()
    name: Name | None = None
    attributes: dict[str, Json] | None = None
    unique: bool | None = None
    joining: Joining | None = None
    rules: Rules | None = None
    ttl_s: Annotated[int, Meta(ge=1, le=TTL_MAX_S)] | None = None
    keeps_history: bool = False
    grant: GrantIn | None = None


class GetConversation(Command, frozen=True, tag="conversation"):
    """Ask for one conversation, with its members."""

    conversation: ConversationIdIn


class ListConversations(Command, frozen=True, tag="conversations"):
    """Ask for my conversations, the oldest first, a page at a time.

    Or for those that I `pinned`, the last one first; of either those that have a `mark` of mine alone.
    """

    after: ConversationIdIn | None = None
    limit: PageSize = 100
    pinned: bool = False
    mark: MarkName | None = None


class AddMembers(Command, frozen=True, tag="add"):
    """Make users members. Those who are members already stay so."""

    conversation: ConversationIdIn
    users: Users
    grant: GrantIn | None = None


class RemoveMembers(Command, frozen=True, tag="remove"):
    """Make members leave. Those who are none already are passed over."""

    conversation: ConversationIdIn
    users: Users
    grant: GrantIn | None = None


class UpdateConversation(Command, frozen=True, tag="update"):
    """Change what a conversation is. What is left out stays; an empty `name` takes the name away.

    First the paths in `unset` are taken out of the attributes, then those in `set` are put in; what is at those in
    `amend` is made of what was there. `key` is made anew for each, so that a repeat changes nothing.
    """

    conversation: ConversationIdIn
    name: Name | None = None
    set: Annotated[dict[Path, Json], Meta(max_length=PATHS_MAX)] | None = None
    unset: Annotated[tuple[Path, ...], Meta(max_length=PATHS_MAX)] = ()
    amend: Annotated[dict[Path, Amendment], Meta(max_length=PATHS_MAX)] | None = None
    joining: Joining | None = None
    rules: Rules | None = None
    key: SendKeyIn | None = None


class Join(Command, frozen=True, tag="join"):
    """Become a member."""

    conversation: ConversationIdIn
    grant: GrantIn | None = None


class Quit(Command, frozen=True, tag="quit"):
    """Cease to be a member."""

    conversation: ConversationIdIn


class Dissolve(Command, frozen=True, tag="dissolve"):
    """End a conversation that I own, for all its members."""

    conversation: ConversationIdIn
