"""What a client comes back with: its session, its resume token, and how far it was told of the log.

A client is told what it missed behind its `opened`, so the token in that one names two places: up to which it was told
before, and that of this login. The last frame of what it missed names an instant later than this login, and clients
say the instant that they heard last: so the next login knows which of the two holds, on whichever node it is.
"""

from typing import Final

from msgspec import Struct

from unisono.domain.ids import START, Checkpoint, Instant

SEPARATOR: Final = "."
"""What stands between the parts of a token: none has it in it."""
AT: Final = "-"
NUMBER_MAX_CHARS: Final = 15
SKEW_MS: Final = 60_000
"""How far the clocks of nodes and of the store may be apart."""


class Reached(Struct, frozen=True):
    """How far a client was told: of all up to a place in the log, which was read at an instant."""

    checkpoint: Checkpoint
    at: Instant

    def __str__(self) -> str:
        return f"{self.checkpoint}{AT}{self.at}"


class Token(Struct, frozen=True):
    """One token. `told`: up to where its client was told before the login; `login`: where the login was."""

    session: str
    secret: str
    told: Reached | None = None
    login: Reached = Reached(START, Instant(0))

    def __str__(self) -> str:
        places = [str(each) for each in dict.fromkeys((self.told, self.login)) if each is not None]
        return SEPARATOR.join((self.session, self.secret, *places))

    def reached(self, heard_last: Instant) -> Reached | None:
        """Say up to where its client was told, by the instant that it heard last; None where that is not known."""
        return self.login if self.told is not None and heard_last > self.login.at else self.told


def read(text: str) -> Token:
    """Read what a client shows; nothing of what cannot be a token."""
    if not text.isprintable():
        return Token("", "")
    session, secret, told, login, *_ = (*text.split(SEPARATOR, 4), "", "", "")
    first = _read_place(told)
    if first is None:
        return Token(session, secret)
    return Token(session, secret, first, _read_place(login) or first)


def _read_place(text: str) -> Reached | None:
    checkpoint, _, at = text.partition(AT)
    if not _is_number(checkpoint):
        return None
    return Reached(Checkpoint(int(checkpoint)), Instant(int(at) if _is_number(at) else 0))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= NUMBER_MAX_CHARS
