"""What applies to each kind of conversation: one table for the rules, the stores and docs/protocol/kinds.md."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from unisono.domain.facts import ConversationKind

MemberList = Literal["fixed", "changing", "unlisted"]


class Kind(Struct, frozen=True):
    """A kind of conversation.

    - `members`: `fixed` for ever, `changing` up to the quota, or `unlisted`: any number, kept nowhere.
    - `unique`: whether there is one conversation of exactly these members: `always`, by `choice`, or `never`.
    - `joining`: who knows the id may look it up and join: never (`invited`), always (`open`), or by `choice`.
    - `has_owner`: its creator owns it, and there are roles and rules.
    - `expires`: it ends by itself, at a time that is set when it is created.
    """

    members: MemberList
    unique: Literal["always", "choice", "never"]
    joining: Literal["invited", "open", "choice"]
    has_owner: bool = True
    expires: bool = False


KINDS: Final[Mapping[ConversationKind, Kind]] = {
    "direct": Kind(members="fixed", unique="always", joining="invited", has_owner=False),
    "group": Kind(members="changing", unique="choice", joining="choice"),
    "room": Kind(members="unlisted", unique="never", joining="open"),
    "temporary": Kind(members="changing", unique="never", joining="choice", expires=True),
}
