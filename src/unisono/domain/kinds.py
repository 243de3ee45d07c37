"""What applies to each kind of conversation: one table for the rules, the stores and docs/protocol/kinds.md."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from unisono.domain.facts import ConversationKind

MemberList = Literal["fixed", "changing", "unlisted", "subscribed", "joined"]


class Kind(Struct, frozen=True):
    """A kind of conversation.

    - `members`: `fixed` for ever, `changing` up to the quota, `joined`: likewise, but each comes by themselves,
      `unlisted`: any number, kept nowhere, or `subscribed`: any number, each known to themselves alone.
    - `unique`: whether there is one conversation of exactly these members: `always`, unless its creator makes another
      `choice`, where they `asked` for it, or `never`.
    - `joining`: who knows the id may look it up and join: never (`invited`), always (`open`), or by `choice`. A thread
      is open to the members of its group alone.
    - `has_owner`: its creator owns it, and there are roles and rules.
    - `history`: whether what is said is kept: `always`, or by `choice` of who creates it.
    - `writers`: who creates it and says something in it: its `members`, or the `operator` alone.
    - `has_threads`: there may be threads under its messages.
    - `expires`: it ends by itself, at a time that is set when it is created.
    """

    members: MemberList
    unique: Literal["always", "choice", "asked", "never"]
    joining: Literal["invited", "open", "choice"]
    has_owner: bool = True
    expires: bool = False
    history: Literal["always", "choice"] = "always"
    writers: Literal["members", "operator"] = "members"
    has_threads: bool = False

    @property
    def lists_members(self) -> bool:
        """Say if its members know each other."""
        return self.members in {"fixed", "changing", "joined"}


KINDS: Final[Mapping[ConversationKind, Kind]] = {
    "direct": Kind(members="fixed", unique="always", joining="invited", has_owner=False),
    "group": Kind(members="changing", unique="choice", joining="choice", has_threads=True),
    "room": Kind(members="unlisted", unique="never", joining="open", history="choice"),
    "temporary": Kind(members="changing", unique="asked", joining="choice", expires=True),
    "service": Kind(members="subscribed", unique="never", joining="choice", has_owner=False, writers="operator"),
    "thread": Kind(members="joined", unique="never", joining="open", has_owner=False),
}
