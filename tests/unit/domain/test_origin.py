"""A session knows what it did itself, and nobody else learns which one it was."""

import base64
import hashlib

from unisono.domain.ids import SessionId
from unisono.domain.origin import ORIGIN_CHARS, origin_of


def test_an_origin_is_what_the_protocol_says_of_a_session() -> None:
    session = SessionId("5b0e6a52b9f34a6f8a3d")
    digest = hashlib.sha256(b"5b0e6a52b9f34a6f8a3d").digest()
    assert origin_of(session) == base64.urlsafe_b64encode(digest).decode()[:12]
    assert len(origin_of(session)) == ORIGIN_CHARS


def test_other_sessions_have_other_origins() -> None:
    assert origin_of(SessionId("session-1")) != origin_of(SessionId("session-2"))
