"""Text that must not be shown."""

from typing import Final


class Secret:
    """Text that nobody may read by accident: prints as `***`. Only `reveal` gives it away."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Keep the text."""
        self._text: Final = text

    def reveal(self) -> str:
        """Give the text, to be used and dropped."""
        return self._text

    def __repr__(self) -> str:
        """Show nothing."""
        return "***"

    def __eq__(self, other: object) -> bool:
        """Compare by text, so that settings can be compared. Not constant-time: never compare what a peer sent."""
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        """Hash as the text does."""
        return hash(self._text)
