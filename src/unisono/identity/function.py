"""A function of the application decides who it is: `user_id(request)` (rows S12, S13, S18)."""

import asyncio
import importlib
import inspect
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from msgspec import Struct

from unisono.domain.errors import TokenInvalid, Unavailable, UnisonoError
from unisono.domain.ids import DeviceId, Instant, Platform, TabId, UserId
from unisono.identity.credentials import checked_token, checked_user, revocable
from unisono.identity.faults import UnusableFunctionError
from unisono.ports.identity import Credential, Principal
from unisono.ports.telemetry import Telemetry

THREADS: Final = 8
"""Plain functions that may run at the same time; more of them wait, within their deadline."""


class Request(Struct, frozen=True):
    """What the function may look at. `headers` have lower-case names.

    `client_id` is the id the tab proposes, `wish` the user it would like to be: neither proves anything. `app` is the
    app of this server that is to be entered.
    """

    headers: Mapping[str, str]
    query: Mapping[str, str]
    cookies: Mapping[str, str]
    path: str
    address: str
    client_id: TabId | None
    token: str | None
    wish: UserId | None
    device: DeviceId
    platform: Platform
    app: str


Answer = str | Principal | None
"""A user id; a principal, to set an end or a platform too; or None: connected without a user."""
UserIdFunction = Callable[[Request], Answer | Awaitable[Answer]]


def load_function(target: str) -> UserIdFunction:
    """Find a function by `module:function`.

    Raises:
        UnusableFunctionError: There is no such module or function.
    """
    module_name, _, name = target.partition(":")
    try:
        function = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError) as problem:
        raise UnusableFunctionError(f"cannot find {target}: {problem}") from None
    if not callable(function):
        raise UnusableFunctionError(f"{target} is not a function")
    answers: UserIdFunction = function
    return answers


class FunctionIdentity:
    """Implements `ports.identity.Identity` with a function, plain or `async`.

    A plain function runs in a thread, so it may wait for a database. What it raises is logged and the peer refused,
    except for the faults of `domain.errors`, which reach the peer as they are.
    """

    def __init__(self, function: UserIdFunction, telemetry: Telemetry, *, app: str, deadline_s: float = 5.0) -> None:
        """Keep the function, which is asked for one app. `close` ends the threads."""
        self._app: Final = app
        self._function: Final = function
        self._is_async: Final = _is_async(function)
        self._telemetry: Final = telemetry
        self._deadline_s: Final = deadline_s
        self._threads: Final = ThreadPoolExecutor(THREADS, thread_name_prefix="unisono-identity")

    async def authenticate(self, credential: Credential, now: Instant) -> Principal:
        """Say what the function says."""
        del now
        token = checked_token(credential)
        answer = await self._ask(_request(credential, self._app))
        principal = answer if isinstance(answer, Principal) else Principal(user=_user(answer))
        if principal.user is not None:
            checked_user(principal.user, credential.wish)
        if principal.credential is not None or token is None:
            return principal
        return Principal(
            user=principal.user,
            credential=revocable(token).credential,
            issued_at=principal.issued_at,
            expires_at=principal.expires_at,
            platform=principal.platform,
        )

    def close(self) -> None:
        """Let the threads go. One that hangs in the function is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, request: Request) -> Answer:
        deadline = asyncio.timeout(self._deadline_s)
        try:
            async with deadline:
                return await self._call(request)
        except UnisonoError:
            raise
        except Exception as problem:  # noqa: BLE001  (the application's code ends here: it refuses one peer only)
            self._telemetry.count("identity_faults")
            self._telemetry.fault("identity_failed", problem=type(problem).__name__, place=_place(problem))
            if deadline.expired():
                raise Unavailable(part="identity", deadline_s=int(self._deadline_s)) from None
            raise TokenInvalid(reason="identity function failed") from None

    async def _call(self, request: Request) -> Answer:
        if self._is_async:
            answer = self._function(request)
        else:
            answer = await asyncio.get_running_loop().run_in_executor(self._threads, self._function, request)
        return await answer if inspect.isawaitable(answer) else answer


def _user(answer: str | None) -> UserId | None:
    return None if answer is None else UserId(answer)


def _is_async(function: UserIdFunction) -> bool:
    call = getattr(function, "__call__", None)  # noqa: B004  (whether calling it gives a coroutine)
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


def _place(problem: BaseException) -> str | None:
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return None if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"


def _request(credential: Credential, app: str) -> Request:
    return Request(
        headers=credential.headers,
        query=credential.query,
        cookies=credential.cookies,
        path=credential.path,
        address=credential.address,
        client_id=credential.tab,
        token=credential.token,
        wish=credential.wish,
        device=credential.device,
        platform=credential.platform,
        app=app,
    )
