"""What a LeanCloud signature is made of, and of what text: HMAC-SHA1 by the app's master key, in hexadecimal.

The parts of the text have colons between them, and nothing says which colons those are. So no part may have one of its
own: the owner of the id `ann:5:x` would have what lets `ann` in.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Final, Literal, Protocol

from msgspec import Struct

from unisono.domain.errors import Invalid
from unisono.domain.ids import Instant, UserId
from unisono.wire.leancloud.places import TEMPORARY

Action = Literal["join", "remove", "block", "unblock"]

WORDS: Final[dict[Action, tuple[str, ...]]] = {
    "join": ("invite", "add"),
    "remove": ("kick", "remove"),
    "block": ("conversation-block-clients",),
    "unblock": ("conversation-unblock-clients",),
}
"""Words for an action; the later ones are those that clients before 5.0.0-rc.5 gave to whoever signed."""
COLON: Final = ":"
SECONDS_BELOW: Final = 100_000_000_000
"""A time below it is in seconds: in milliseconds it would be before 1973."""
TIMES_FROM: Final = Instant(1_356_998_400_000)
"""2013: no signature is older, and no clock will ever say such a time again."""
DIGITS_MAX: Final = 18
"""More of them are no time, in whatever unit."""


class Proof(Struct, frozen=True):
    """What a client brings: when it was signed, in seconds or milliseconds as sent, a nonce, and the signature."""

    timestamp: int
    nonce: str
    signature: str

    @property
    def at(self) -> Instant:
        """Give when it was signed."""
        return Instant(self.timestamp * 1000 if self.timestamp < SECONDS_BELOW else self.timestamp)


class _Signed(Protocol):
    @property
    def t(self) -> int: ...

    @property
    def n(self) -> str: ...

    @property
    def s(self) -> str: ...


def proof_of(message: _Signed) -> Proof | None:
    """Read the proof in a command: its fields `t`, `n` and `s`. None where it has none."""
    return Proof(message.t, message.n, message.s) if message.s else None


def login_text(app: str, user: UserId, proof: Proof) -> str:
    """Give the text that is signed for a login.

    Raises:
        Invalid: Here as for every text: an id or the nonce has a colon.
    """
    return _joined(app, user, "", proof.timestamp, proof.nonce)


def creation_text(app: str, user: UserId, members: Iterable[UserId], proof: Proof) -> str:
    """Give the text that is signed for a new conversation."""
    return _joined(app, user, *_sorted(members), proof.timestamp, proof.nonce)


def action_texts(
    app: str, user: UserId, conversation: str, users: Iterable[UserId], *, action: Action, proof: Proof
) -> Sequence[str]:
    """Give the texts one of which is signed for what is done to users of a conversation.

    `conversation` is its id as the client says it.
    """
    named = _sorted(users)
    return [
        _joined(app, user, *_place(conversation), *named, proof.timestamp, proof.nonce, word) for word in WORDS[action]
    ]


def history_texts(app: str, user: UserId, conversation: str, proof: Proof) -> Sequence[str]:
    """Give the texts one of which is signed to read history: the order of the last two is told of differently.

    A nonce that could itself be the time is taken in the order of the documents alone: in both, who heard a signature
    could bring it again with the two exchanged, which would be another time and another nonce.
    """
    pairs = [(proof.nonce, str(proof.timestamp))]
    if not _is_time(proof.nonce):
        pairs.append((str(proof.timestamp), proof.nonce))
    return [_joined(app, user, *_place(conversation), *pair) for pair in pairs]


def _is_time(nonce: str) -> bool:
    """Say if a nonce could be the time of a signature, now or later."""
    is_number = nonce.isascii() and nonce.isdigit() and len(nonce) <= DIGITS_MAX
    return is_number and Proof(int(nonce), "", "").at >= TIMES_FROM


def signature_of(text: str, master_key: str) -> str:
    """Sign a text."""
    return hmac.new(master_key.encode(), text.encode(), hashlib.sha1).hexdigest()


def is_signed(proof: Proof, texts: Iterable[str], master_key: str) -> bool:
    """Say if a signature is that of one of some texts, in a time that tells nothing of the right one."""
    given = proof.signature.lower().encode("utf-8", "surrogatepass")
    matches = [hmac.compare_digest(given, signature_of(text, master_key).encode()) for text in texts]
    return any(matches)


def _place(conversation: str) -> Sequence[str]:
    # Clients say `_tmp:` before the id of a temporary conversation: that colon is no news to anybody.
    return conversation.split(COLON, 1) if conversation.startswith(TEMPORARY) else [conversation]


def _sorted(users: Iterable[UserId]) -> Sequence[str]:
    # JavaScript sorts by units of UTF-16, where what lies beyond the first 65,536 characters comes before U+E000.
    # Of nobody at all it makes an empty text.
    return sorted(set(users), key=lambda user: user.encode("utf-16-be")) or [""]


def _joined(*parts: str | int) -> str:
    texts = [str(part) for part in parts]
    if any(COLON in text for text in texts):
        raise Invalid(field="signature", reason="no part of what is signed may have a colon")
    return COLON.join(texts)
