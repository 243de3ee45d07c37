"""The beginning: where the server is, and who of this program is logged in there."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Final, Literal, Self, TypeVar, overload

from unisono_sdk.backoff import Backoff
from unisono_sdk.bodies import Body
from unisono_sdk.client import Client
from unisono_sdk.clock import Clock, SystemClock
from unisono_sdk.codec import CODECS
from unisono_sdk.commands import DeviceFrame
from unisono_sdk.device import Device
from unisono_sdk.errors import InvalidArgument
from unisono_sdk.greeter import Credentials, Kept
from unisono_sdk.hub import Handler, Hub
from unisono_sdk.keeper import Keeper
from unisono_sdk.limits import Limits
from unisono_sdk.options import Missed, Options, address
from unisono_sdk.plugin import Plugin, Plugins
from unisono_sdk.providers import GrantProvider, TokenProvider
from unisono_sdk.session import NetworkEvent
from unisono_sdk.state import MemoryState, SavedSession, SavedState, StateStore
from unisono_sdk.ways import TRANSPORTS, Transport, Ways

F = TypeVar("F", bound=Handler)
TURNS_TO_LISTEN: Final = 8
"""Turns of the loop between a login and its first event: a caller behind `wait_for` or a task comes 3 turns later."""

_Who = tuple[object, str | None, str | None, str | None]


class Unisono:
    """All clients of this program on one server. Use as an asynchronous context manager: its end closes them.

    Closing is not logging out: a session stays open on the server for its detach window, and with a `FileState` the
    next start of the program resumes it.
    """

    def __init__(
        self,
        url: str,
        *,
        codec: Literal["json", "msgpack"] = "json",
        state: StateStore | None = None,
        fixed_device_id: bool = True,
        fail_fast: bool = False,
        missed: Missed = "counts",
        limits: Limits | None = None,
        backoff: Backoff | None = None,
        proxy: str | None = None,
        transport: Transport = "auto",
        plugins: Sequence[Plugin] = (),
        clock: Clock | None = None,
        chance: Callable[[], float] | None = None,
    ) -> None:
        """Say where the server is and how to deal with it.

        Args:
            url: `ws://host:port` or `wss://host` (`http` and `https` mean the same).
            codec: How frames are written: JSON can be read along, MessagePack is smaller.
            state: Where device id and sessions are kept; forgotten with the program when not given.
            fixed_device_id: One device for all logins of this state; else each login is another device.
            fail_fast: Calls fail with `LinkDown` at once while the link is down, instead of waiting for it.
            missed: At login ask what waits in each conversation (`unread` events); with `messages` also for the 20
                newest of these messages, which come like others, a `start_over` with the reason `capped` telling what
                was left out. A client that brings a state gets all that it missed anyway.
            limits: How much is held and waited for.
            backoff: When to come back; `Backoff(jitter=0)` for exactly 1000, 2000, 4000 … ms.
            proxy: An HTTP or SOCKS proxy to go through.
            transport: How to connect. `websocket`, `longpoll`, or `auto`: by WebSocket, and by long polling (JSON and
                HTTP proxies alone) where something on the way lets no WebSocket through.
            plugins: What packages add; see `Plugin`.
            clock: Another time, for tests.
            chance: Another source of numbers from 0 to 1, for tests.

        Raises:
            InvalidArgument: The address, the codec or the transport cannot be meant, or a plugin's body has no number.
        """
        if codec not in CODECS:
            raise InvalidArgument(f"no such codec: {codec}")
        if transport not in TRANSPORTS:
            raise InvalidArgument(f"no such transport: {transport}")
        options = Options(
            url=address(url),
            codec=CODECS[codec],
            limits=limits or Limits(),
            backoff=backoff or Backoff(),
            fail_fast=fail_fast,
            missed=missed,
            proxy=proxy,
            clock=clock or SystemClock(),
            plugins=Plugins(plugins),
            ways=Ways(transport),
        )
        self._options = options if chance is None else replace(options, chance=chance)
        self._has_fixed_device = fixed_device_id
        self._keeper = Keeper(state or MemoryState(), self._options, spawn=self._spawn, collect=self._collect)
        self._tasks: asyncio.TaskGroup | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._clients: dict[_Who, Client] = {}
        self._hub = Hub(self._spawn, limit=self._options.limits.events)
        self._options.plugins.decorate("on_unisono", self)

    def register(self, *bodies: type[Body]) -> None:
        """Know message classes of one's own, made with `body`: their messages have such a `Message.body` from now on.

        Raises:
            InvalidArgument: A class has no type number of its own.
        """
        self._options.plugins.bodies.register(*bodies)

    # ------------------------------------------------------------ logging in

    async def login(
        self,
        *,
        user: str | None = None,
        token: str | TokenProvider | None = None,
        device: Device | None = None,
        tag: str | None = None,
        tab: str | None = None,
        handlers: Mapping[str, Handler] | None = None,
        grants: GrantProvider | None = None,
    ) -> Client:
        """Log a user in, or resume the session that the state has; give the client, live.

        The same user, device and tag give the very same client as long as it is not closed. Facts that were missed come
        as soon as the caller waits for something: handlers added right after this call hear of them; where it is not
        awaited directly, give `handlers`.

        Args:
            user: Who logs in. Needed for resuming; the server decides by the token, without one only a `--dev` server.
            token: The credential, or a function (plain or async) of the user that gives one that is good now.
            device: How the device shows itself.
            tag: A mark that some device policies count by (up to 64 characters).
            tab: The id of this client instance; random when not given.
            handlers: Handlers by event name, there before the first event.
            grants: A function (plain or async) that has the program's own server grant what is to be done; called
                before each attempt to create a conversation, to add or remove members, and to join or enter.

        Raises:
            InvalidArgument: A function for tokens, and no user to call it with.
            Exception: Whatever that function raises, unchanged.
            NotLetIn: The credential does not let this user in.
            SessionOver, LimitReached: The device policy lets no other session in.
            Unavailable: The server cannot do it now; `retry_after_ms` may say when to come back.
            LinkDown: There is no server.
            StateFault: The state cannot be read or written.
        """
        if callable(token) and user is None:
            raise InvalidArgument("a function for tokens is called with the user: say who logs in")
        shown = device or Device()
        who: _Who = (token if user is None else user, shown.id, tag, tab)
        client = self._clients.get(who)
        if client is None or client.is_closed:
            made = await self._client(user, token, shown, tag, tab, grants=grants)
            client = self._clients.get(who)
            if client is None or client.is_closed:
                client = self._clients[who] = made
                for name, handler in (handlers or {}).items():
                    client.on(name, handler)
        try:
            await client.begin(self._start)
        except BaseException:
            if client.is_closed and self._clients.get(who) is client:
                del self._clients[who]
            raise
        # The resume token is kept before anybody relies on the session.
        await self._keeper.save()
        _after_turns(TURNS_TO_LISTEN, client.listen)
        return client

    def retry(self) -> bool:
        """Reconnect all clients now whose link is down; False when none was waiting for its next attempt."""
        return sum(client.retry() for client in self._clients.values()) > 0

    @overload
    def on(self, name: str) -> Callable[[F], F]: ...

    @overload
    def on(self, name: str, handler: Handler) -> Callable[[], None]: ...

    def on(self, name: str, handler: Handler | None = None) -> Callable[[F], F] | Callable[[], None]:
        """Add a handler for the network events of all clients: `disconnect`, `schedule`, `retry`, `reconnect`.

        They fire here first and on the client right after; `reconnect` fires on the client only when its session is
        back.
        """
        if handler is not None:
            return self._hub.on(name, handler)

        def add(function: F) -> F:
            self._hub.on(name, function)
            return function

        return add

    # ------------------------------------------------------------ beginning and end

    async def __aenter__(self) -> Self:
        """Begin."""
        self._tasks = await asyncio.TaskGroup().__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all clients, give handlers a moment to finish, and save."""
        tasks, self._tasks = self._tasks, None
        if tasks is None:
            return
        try:
            await self._end_tasks()
        finally:
            for task in self._running:
                task.cancel()
            # The program's own error goes on as it is, not wrapped in a group.
            await tasks.__aexit__(None, None, None)
        await self._keeper.save_last()

    async def _end_tasks(self) -> None:
        for client in list(self._clients.values()):
            await client.close()
        self._keeper.stop()
        if self._running:
            await asyncio.wait(self._running, timeout=self._options.limits.handlers_s)

    def _start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        if self._tasks is None:
            work.close()
            raise InvalidArgument("use Unisono as an asynchronous context manager: async with Unisono(...) as unisono")
        task = self._tasks.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        if self._tasks is None:
            work.close()
        else:
            self._running.add(self._start(work))

    def _hears(self, user: str, name: str, event: NetworkEvent) -> None:
        self._hub.emit(name, replace(event, user=user))

    # ------------------------------------------------------------ clients and their state

    async def _client(
        self,
        user: str | None,
        token: str | TokenProvider | None,
        device: Device,
        tag: str | None,
        tab: str | None,
        *,
        grants: GrantProvider | None,
    ) -> Client:
        state = await self._keeper.load()
        new_id = self._options.new_id
        is_kept = self._has_fixed_device and device.id in {None, state.device}
        saved = state.find(user, tag) if is_kept and user is not None else None
        frame = DeviceFrame(
            id=device.id or (state.device if self._has_fixed_device and state.device else new_id()),
            platform=device.platform,
            label=device.label,
            info=device.info,
        )
        chosen = tab or new_id()
        credentials = Credentials(user=user, token=token, device=frame, tag=tag, tab=chosen, grants=grants)
        # A chosen tab id may come back with the next start of the program, where counting begins anew.
        prefix = f"{chosen}:" if tab is None else f"{chosen}:{new_id()[:8]}."
        client: Client | None = None

        def hears(name: str, event: NetworkEvent) -> None:
            self._hears(client.user if client is not None else user or "", name, event)

        client = Client(
            self._options,
            credentials,
            _kept(saved),
            key_prefix=prefix,
            spawn=self._spawn,
            hears=hears,
            moved=self._keeper.touch,
            find_saved=lambda name: state.find(name, tag) if is_kept else None,
        )
        self._options.plugins.decorate("on_client", client)
        return client

    def _collect(self, state: SavedState) -> SavedState:
        if self._has_fixed_device:
            for client in self._clients.values():
                state = client.kept_in(state)
        return state


def _after_turns(turns: int, call: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    if turns:
        loop.call_soon(_after_turns, turns - 1, call)
    else:
        call()


def _kept(saved: SavedSession | None) -> Kept:
    if saved is None:
        return Kept()
    return Kept(
        session=saved.session,
        resume_token=saved.resume_token,
        fence=saved.fence,
        epoch=saved.epoch,
        checkpoint=saved.checkpoint,
    )
