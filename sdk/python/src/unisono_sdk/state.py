"""What outlives a program: the device's id, the sessions to resume, and how far each came."""

import asyncio
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol, cast

from unisono_sdk.errors import ProtocolFault, StateFault
from unisono_sdk.places import Position
from unisono_sdk.structure import read

FORMAT: Final = 1
FILE_MODE: Final = 0o600
"""A resume token lets its bearer in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSession:
    """One user's session. Without a `session` it is over, and only what it had delivered is known.

    `epoch` is that of the server's log, `fence` the last one used.
    """

    user: str
    tag: str | None = None
    session: str | None = None
    resume_token: str | None = None
    fence: int = 0
    epoch: int = 0
    checkpoint: int = 0
    positions: Mapping[str, Position] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedState:
    """All that is kept. Sessions are found by user and tag."""

    device: str | None = None
    sessions: tuple[SavedSession, ...] = ()

    def find(self, user: str, tag: str | None) -> SavedSession | None:
        """Find a user's session."""
        return next((saved for saved in self.sessions if (saved.user, saved.tag) == (user, tag)), None)

    def put(self, session: SavedSession) -> "SavedState":
        """Give the state with a session replaced or added."""
        return replace(self, sessions=(*self.drop(session.user, session.tag).sessions, session))

    def drop(self, user: str, tag: str | None) -> "SavedState":
        """Give the state without a session."""
        rest = tuple(saved for saved in self.sessions if (saved.user, saved.tag) != (user, tag))
        return replace(self, sessions=rest)


class StateStore(Protocol):
    """Where the state is kept. One program uses it at a time."""

    async def load(self) -> SavedState:
        """Give what was saved last; an empty state at the first time.

        Raises:
            StateFault: It cannot be read.
        """

    async def save(self, state: SavedState) -> None:
        """Keep a state. After a crash either the former one or this one is there, whole.

        Raises:
            StateFault: It cannot be written.
        """


class MemoryState:
    """Forgets with the program."""

    def __init__(self) -> None:
        self._state = SavedState()

    async def load(self) -> SavedState:
        """Give what was saved last."""
        return self._state

    async def save(self, state: SavedState) -> None:
        """Keep a state."""
        self._state = state


class FileState:
    """Keeps the state in one JSON file that only its owner can read.

    With it a restarted program resumes its session and gets what it missed. After a crash of the program up to
    `Limits.save_s` of facts that were delivered already come again; after a `close` none does.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path: Final = Path(path)

    async def load(self) -> SavedState:
        """Read the file; an empty state when there is none.

        Raises:
            StateFault: It cannot be read, or is not a state of this SDK.
        """
        return await asyncio.to_thread(self._load)

    async def save(self, state: SavedState) -> None:
        """Replace the file.

        Raises:
            StateFault: It cannot be written.
        """
        await asyncio.to_thread(self._save, state)

    def _load(self) -> SavedState:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return SavedState()
        except (OSError, UnicodeError) as problem:
            raise StateFault(f"cannot read {self._path}: {problem}") from problem
        try:
            return _state(json.loads(text))
        except (ValueError, ProtocolFault) as problem:
            raise StateFault(f"{self._path} is not a state of this SDK: {problem}") from problem

    def _save(self, state: SavedState) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # mkstemp makes the file readable to its owner alone.
            handle, name = tempfile.mkstemp(prefix=self._path.name, dir=self._path.parent)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(_value(state), file, separators=(",", ":"))
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).chmod(FILE_MODE)
                Path(name).replace(self._path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as problem:
            raise StateFault(f"cannot write {self._path}: {problem}") from problem


def _value(state: SavedState) -> dict[str, object]:
    return {
        "format": FORMAT,
        "device": state.device,
        "sessions": [
            {
                "user": saved.user,
                "tag": saved.tag,
                "session": saved.session,
                "resume_token": saved.resume_token,
                "fence": saved.fence,
                "epoch": saved.epoch,
                "checkpoint": saved.checkpoint,
                "positions": {
                    stream: {"epoch": at.epoch, "seq": at.seq, "is_left": at.is_left}
                    for stream, at in saved.positions.items()
                },
            }
            for saved in state.sessions
        ],
    }


def _state(value: object) -> SavedState:
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ProtocolFault(f"format {FORMAT} expected")
    return read(SavedState, cast("dict[str, object]", value))
