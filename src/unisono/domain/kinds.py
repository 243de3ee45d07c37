"""What applies to each kind of conversation: one table for the rules, the stores and docs/protocol/kinds.md."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from unisono.domain.facts import ConversationKind


class Kind(Struct, frozen=True):
    """A kind of conversation.

    - `members`: `fixed` for ever, `changing` up to the quota, or `unlisted`: any number, kept nowhere.
    - `unique`: whether there is one conversation of exactly these members: `always`, by `choice`, or `never`.
    - `is_open`: who knows the id may look it up, whoever they are.
    """

    members: Literal["fixed", "changing", "unlisted"]
    unique: Literal["always", "choice", "never"]
    is_open: bool = False


KINDS: Final[Mapping[ConversationKind, Kind]] = {
    "direct": Kind(members="fixed", unique="always"),
    "group": Kind(members="changing", unique="choice"),
    "room": Kind(members="unlisted", unique="never", is_open=True),
}
