"""What all answers have in common."""

from msgspec import Struct


class Answer(Struct, frozen=True, omit_defaults=True, tag_field="kind"):
    """Base of all answers."""
