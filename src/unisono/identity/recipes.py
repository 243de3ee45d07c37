"""Ready functions for `identity.callable`: the three modes of rows S17 to S27.

1. One user id per user, shared by tabs and devices: signed tokens (the default), or `from_session`.
2. One user id per tab, nobody signs in: `"unisono.identity.recipes:client_id_as_user"`.
3. One user id per tab, with sign-in: `per_tab(from_session(...))`.
"""

import inspect
from collections.abc import Callable, Mapping

from unisono.domain.ids import USER_ID_MAX_CHARS
from unisono.identity.function import Request, UserIdFunction

SessionReader = Callable[[Request], Mapping[str, object] | None]


def client_id_as_user(request: Request) -> str | None:
    """Take the tab's own id for the user id. It is made anew at each reload, so nobody is known again.

    A client could propose another tab's id: use it only where being another tab gives nothing away.
    """
    return request.client_id


def from_session(read: SessionReader, key: str = "uid") -> UserIdFunction:
    """Take the user id from the application's server session, for example one found by a cookie.

    `read` gives the session of a request, or None. All tabs of a browser share its cookies, so they share the user.
    """

    def user_id(request: Request) -> str | None:
        session = read(request)
        value = None if session is None else session.get(key)
        return None if value is None else str(value)

    return user_id


def per_tab(base: UserIdFunction) -> UserIdFunction:
    """Give each tab a user id of its own: the signed-in one, a slash, and the tab's id.

    Without a signed-in user, or a tab id, there is no user. The whole may be 64 characters long: with a UUID for the
    tab, 27 are left for the base.
    """

    async def user_id(request: Request) -> str | None:
        answer = base(request)
        signed_in = await answer if inspect.isawaitable(answer) else answer
        if not isinstance(signed_in, str) or not signed_in or not request.client_id:
            return None
        return f"{signed_in}/{request.client_id}"

    return user_id


BASE_ID_MAX_CHARS = USER_ID_MAX_CHARS - len("/") - 36
"""What is left for the signed-in id in `per_tab` when tabs use a UUID, as ours do."""
