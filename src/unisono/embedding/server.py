"""A server within a program of one's own, on its event loop."""

import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, Self, TextIO, TypeVar

from unisono.app.node import Node
from unisono.config import load, with_generated_secrets
from unisono.domain.facts import Content
from unisono.embedding.handlers import Answers, Handlers
from unisono.embedding.operating import Operating
from unisono.gateways.asgi.door import turn_away
from unisono.gateways.asgi.scope import Receive, Scope, Send
from unisono.identity.function import Answer as Who
from unisono.identity.function import Request, UserIdFunction
from unisono.ports.program import Entering, Joining, Sending
from unisono.server import Running, running
from unisono.settings import Settings

U = TypeVar("U", bound=Callable[[Request], Who | Awaitable[Who]])
A = TypeVar("A", bound=Answers)
Login = TypeVar("Login", bound=Callable[[Entering], Awaitable[None]])
Before = TypeVar("Before", bound=Callable[[Sending], Awaitable[Content | None]])
After = TypeVar("After", bound=Callable[[Sending], Awaitable[None]])
Join = TypeVar("Join", bound=Callable[[Joining], Awaitable[None]])


class Server(Operating):
    """A server that runs while inside: `async with Server(data_dir="data") as server`.

    It has its own port, unless that is not wanted, and no thread of the program's own: functions that are registered
    are `async` (but for `user_id`), run on the event loop, and must not block it. Register them before it runs.
    """

    def __init__(
        self,
        settings: Settings | Path | str | None = None,
        *,
        listens: bool = True,
        log: TextIO = sys.stderr,
        **keywords: object,
    ) -> None:
        """Take settings: ready ones, or a TOML file, and over that keywords, a section as a mapping.

            Server("unisono.toml", server={"port": 9000})

        With `listens=False` it has no port of its own, and serves by `asgi` alone.

        Raises:
            ConfigError: A file cannot be read, a key is unknown, or a value is out of range.
        """
        if isinstance(settings, Settings):
            if keywords:
                raise TypeError("settings that are ready take no keywords beside them")
            self._settings = settings
        else:
            file = None if settings is None else Path(settings)
            self._settings = load(file, overrides=keywords)
        self._log: Final = log
        self._listens: Final = listens
        self._handlers: Final = Handlers()
        self._user_id: UserIdFunction | None = None
        self._stack: AsyncExitStack | None = None
        self._running: Running | None = None

    async def __aenter__(self) -> Self:
        """Serve.

        Raises:
            OSError: The address is taken, or the data directory cannot be used.
            UnisonoError: The store cannot be opened.
            RuntimeError: It runs already.
        """
        if self._stack is not None:
            raise RuntimeError("this server runs already")
        settings = with_generated_secrets(self._settings)
        async with AsyncExitStack() as stack:
            serving = running(
                settings, user_id=self._user_id, program=self._handlers, listens=self._listens, log_target=self._log
            )
            self._running = await stack.enter_async_context(serving)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Tell clients to come back later, wait for what is under way, and stop."""
        stack, self._stack = self._stack, None
        server, self._running = self._running, None
        if stack is None or server is None:
            return
        async with stack:
            await server.drain()

    @property
    def url(self) -> str:
        """Give the address that clients connect to, `http://…`.

        Raises:
            RuntimeError: The server does not run, or has no port of its own.
        """
        if not self._listens:
            raise RuntimeError("this server has no port of its own")
        return self._now().url

    @property
    def port(self) -> int:
        """Give the port, the real one where a free one was asked for with 0.

        Raises:
            RuntimeError: The server does not run.
        """
        return self._now().port

    @property
    def node(self) -> Node:
        """Give the app of native clients.

        Raises:
            RuntimeError: The server does not run.
        """
        return self._now().node

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Be an ASGI application that serves native clients: to be mounted in one's own, below whatever path.

        Where it is asked to (`lifespan`), it runs the server; mounted, it is the program that does, around its own
        life: `async with server`. While the server does not run, clients are told to come back later.
        """
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._running is not None:
            await self._running.asgi(scope, receive, send)
        else:
            await turn_away(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.__aenter__()
        except Exception as problem:
            await send({"type": "lifespan.startup.failed", "message": str(problem)})
            raise
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.__aexit__()
        await send({"type": "lifespan.shutdown.complete"})

    # ------------------------------------------------------------ what the program brings along

    def user_id(self, function: U) -> U:
        """Have a function say who a user is, of the request that opened a connection; as a decorator.

        It gives the user id, or None for nobody. A plain function runs in a thread, an `async` one on the event loop.
        `unisono.identity.recipes` has some that are ready.
        """
        self._user_id = function
        return function

    def on_request(self, name: str) -> Callable[[A], A]:
        """Have a function answer the requests of a name; as a decorator. It gets who asks, and what, and gives JSON.

        It may raise `Refused(reason=…)`, which the asker hears. Whatever else it raises is logged, and told as
        `handler_failed` alone.
        """

        def add(function: A) -> A:
            self._handlers.put_answers(name, function)
            return function

        return add

    def before_login(self, function: Login) -> Login:
        """Have a function called before a login is let in; it may raise `Refused(reason=…)`. So may all `before_…`."""
        return self._handlers.put_hook("before", Entering, function)

    def after_login(self, function: Login) -> Login:
        """Have a function called when somebody has logged in."""
        return self._handlers.put_hook("after", Entering, function)

    def before_send(self, function: Before) -> Before:
        """Have a function called before a user's message is placed; what it gives, if anything, is said instead."""
        return self._handlers.put_hook("before", Sending, function)

    def after_send(self, function: After) -> After:
        """Have a function called when a user's message was sent."""
        return self._handlers.put_hook("after", Sending, function)

    def before_join(self, function: Join) -> Join:
        """Have a function called before a user joins a conversation, or enters a room, by themselves."""
        return self._handlers.put_hook("before", Joining, function)

    def after_join(self, function: Join) -> Join:
        """Have a function called when a user has done so."""
        return self._handlers.put_hook("after", Joining, function)

    def _now(self) -> Running:
        if self._running is None:
            raise RuntimeError("this server does not run")
        return self._running
