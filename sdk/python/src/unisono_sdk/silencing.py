"""When I want to hear less of all my conversations: on all my sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from unisono_sdk.answers import Done
from unisono_sdk.commands import Command
from unisono_sdk.counter import Counter
from unisono_sdk.desk import ask
from unisono_sdk.silence import Silence, SilenceOfAll, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceAll(Command):
    """Be alerted of less in all my conversations."""

    op: ClassVar[str] = "silence_all"
    level: str = "none"
    until: int | None = None
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsilenceAll(Command):
    """Lift the silence of all my conversations."""

    op: ClassVar[str] = "unsilence_all"


@dataclass(frozen=True, slots=True, kw_only=True)
class GetSilence(Command):
    """Ask for the silence of all my conversations."""

    op: ClassVar[str] = "silence_of_all"


class Silencing:
    """The side of a `Client` that is about hearing less of everything."""

    _counter: Counter

    async def silence_all(
        self, level: str = "none", *, until: int | None = None, windows: Sequence[Window] = ()
    ) -> None:
        """Be alerted of `mentions` alone, or of `none`, in all my conversations, on all my sessions.

        For good, or as told: the times are those of `Conversation.silence_alerts`. Where a conversation has a silence,
        or a level, of its own, the quieter one counts. Messages come as before.

        Raises:
            Unacceptable: It would be over already, or there is no such time zone.
        """
        await ask(self._counter, SilenceAll(level=level, until=until, windows=tuple(windows)), Done)

    async def unsilence_all(self) -> None:
        """Lift the silence of all my conversations; those of single ones stay. No silence is no error."""
        await ask(self._counter, UnsilenceAll(), Done)

    async def silence_of_all(self) -> Silence | None:
        """Ask when I want to hear less of all my conversations; from then on `all_silence` events tell."""
        return (await ask(self._counter, GetSilence(), SilenceOfAll)).silence
