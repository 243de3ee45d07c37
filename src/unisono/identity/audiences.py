"""Which of several apps a token or grant lets into.

Each app asks for an audience of its own. The app of native clients may do without one, as a server of one app does;
then it takes what names nobody, or somebody else, but nothing that names another app of the same server.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from unisono.domain.errors import TokenInvalid
from unisono.settings import Jwt, Settings

CLAIM: Final = "aud"


class Audience(Struct, frozen=True):
    """Settings of tokens, with the audience of one app; and those of other apps where it has none."""

    jwt: Jwt
    others: frozenset[str] = frozenset()

    def check(self, claims: Mapping[str, Any]) -> None:
        """Refuse what is for another app; whether it is for this one, where it has an audience, was checked before.

        Raises:
            TokenInvalid: It is.
        """
        named = claims.get(CLAIM)
        names: Sequence[object] = named if isinstance(named, list) else (named,)
        if any(name in self.others for name in names if isinstance(name, str)):
            raise TokenInvalid(reason="Audience")


def audience_of(settings: Settings, app: str) -> Audience:
    """Say whom tokens for an app of the server have to name."""
    jwt = settings.identity.jwt
    by_app = {other.name: other.audience or other.name for other in settings.leancloud.apps if other.name}
    by_app.pop(settings.app, None)
    if app in by_app:
        return Audience(structs.replace(jwt, audience=by_app[app]))
    return Audience(jwt, frozenset(by_app.values()) if jwt.audience is None else frozenset())
