"""Functions as an application would write them, for `identity.callable`."""

from unisono.identity.function import Request
from unisono.identity.recipes import from_session, per_tab

SESSIONS: dict[str, dict[str, object]] = {"session-of-alice": {"uid": "alice"}, "session-of-bob": {"uid": "bob"}}


def _read(request: Request) -> dict[str, object] | None:
    return SESSIONS.get(request.token or "")


each_user = from_session(_read)
each_signed_in_tab = per_tab(each_user)
