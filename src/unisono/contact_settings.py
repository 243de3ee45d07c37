"""The settings of who may write to whom."""

from typing import Annotated

from msgspec import Meta, Struct

from unisono.domain.contact_facts import Writing


class ContactRules(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may write to whom."""

    writing: Annotated[
        Writing,
        Meta(
            description="Who may write to a user in direct conversations, and begin them: `anyone`, or their `contacts`"
            " alone. Whom a user blocks may in no case."
        ),
    ] = "anyone"
