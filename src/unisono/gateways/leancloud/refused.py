"""A refusal with a number of LeanCloud's own."""

from typing import Final

from unisono.wire.leancloud.codes import LeanCloudError


class Refused(Exception):
    """A command that is refused with a number of its own. All else is a `UnisonoError`, told by `codes.error_of`.

    `detail` is text for people, and no secret: the client shows it.
    """

    def __init__(self, error: LeanCloudError, detail: str | None = None) -> None:
        """Keep what the client is told."""
        super().__init__(error.name)
        self.error: Final = error
        self.detail: Final = detail
