"""What I have begun to write in a conversation: one draft for all my sessions, kept among my objects."""

from typing import Final

from unisono_sdk.arranging import Arranging
from unisono_sdk.facts import Json
from unisono_sdk.kept import ObjectView
from unisono_sdk.objects import Objects

PREFIX: Final = "draft/"
"""How the names of objects begin that are drafts; the conversation's id follows."""


def conversation_of(name: str) -> str | None:
    """Give the conversation whose draft an object is; None for other objects."""
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) else None


class Drafting(Arranging):
    """The side of a `Conversation` that is about what I have begun to write there, on whichever session.

    Each draft has a revision. With `expect` it is changed only if nobody else has changed it meanwhile; a change on
    another session is told by the event `draft`.
    """

    async def unsent(self) -> ObjectView | None:
        """Ask for what I have begun to write here; None for nothing."""
        return await Objects(self._desk).get(self._name)

    async def keep_unsent(self, value: Json, *, expect: int | None = None) -> int:
        """Keep what I have begun to write, a text or anything JSON can carry; give its revision.

        `expect` is the revision that it must have now, 0 for none at all.

        Raises:
            Conflict: It has another revision.
            Unacceptable: Larger than an object may be.
            LimitReached: There is no room for it among my objects.
        """
        return await Objects(self._desk).set(self._name, value, expect=expect)

    async def drop_unsent(self, *, expect: int | None = None) -> None:
        """Keep nothing of it any more: it was sent, or given up. Nothing there is no error, unless `expect` says so.

        Raises:
            Conflict: It has another revision than is expected.
        """
        await Objects(self._desk).drop(self._name, expect=expect)

    @property
    def _name(self) -> str:
        return PREFIX + self.id
