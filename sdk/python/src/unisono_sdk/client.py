"""One user's session in this program."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar, cast, overload

from unisono_sdk.answers import Done
from unisono_sdk.arrears import Arrears
from unisono_sdk.asking import Answering, Asking
from unisono_sdk.call_book import CALL_EVENTS, CallBook
from unisono_sdk.calling import Calling
from unisono_sdk.carrier import Way
from unisono_sdk.commands import (
    DeviceFrame,
    DropWill,
    Logout,
)
from unisono_sdk.conversation import Conversation
from unisono_sdk.counter import Counter
from unisono_sdk.desk import ask
from unisono_sdk.dispatch import Dispatch
from unisono_sdk.errors import ClientClosed, LinkDown, SessionOver, UnisonoError
from unisono_sdk.events import ClientEvent
from unisono_sdk.following import FindSaved, Following, Hears
from unisono_sdk.greeter import Credentials, Greeter, Kept
from unisono_sdk.hub import EventIterator, Handler, Hub, Spawn
from unisono_sdk.keeping import Keeping
from unisono_sdk.lifecycle import Phase
from unisono_sdk.listing import Listing
from unisono_sdk.message import Message
from unisono_sdk.options import Options
from unisono_sdk.parsing import Parsing
from unisono_sdk.passing import Presence
from unisono_sdk.places import Position
from unisono_sdk.pushing import RegisterPush, UnregisterPush
from unisono_sdk.room import Room, Rooms
from unisono_sdk.session import Session
from unisono_sdk.silencing import Silencing
from unisono_sdk.state import SavedSession, SavedState
from unisono_sdk.waiting import UnreadTotal
from unisono_sdk.watching import Watching

F = TypeVar("F", bound=Handler)
StartTask = Callable[[Coroutine[object, object, None]], asyncio.Task[None]]


class Client(Asking, Calling, Keeping, Silencing, Listing):
    """A user logged in on this device; made by `Unisono.login`.

    It resumes by itself after any loss of the link, gives every fact once and in order, and keeps sends in order.
    """

    def __init__(
        self,
        options: Options,
        credentials: Credentials,
        kept: Kept,
        *,
        key_prefix: str,
        spawn: Spawn,
        hears: Hears,
        moved: Callable[[], None],
        find_saved: FindSaved,
    ) -> None:
        """Put the parts together. Programs do not call this."""
        self._credentials = credentials
        self._kept = kept
        self._hub = Hub(spawn, limit=options.limits.events)
        self._following = Following(
            options, self._hub, user=credentials.user, hears=hears, moved=moved, find_saved=find_saved
        )
        self._session = Session(options, Greeter(credentials, kept, options), self._following)
        self._counter = Counter(
            options, self._session, self._following, key_prefix=key_prefix, spawn=spawn, grants=credentials.grants
        )
        self._watching = Watching(self._counter, options)
        self._rooms = Rooms(self._counter)
        self._answering = Answering(self._counter, credentials.tab, spawn)
        self._book = CallBook(self._counter, self, spawn)
        self._dispatch = Dispatch(
            self._counter,
            remembered=options.limits.conversations,
            presence=self._watching.take,
            told=self._answering.take,
            rooms=self._rooms,
            calls=self._book,
            recount=lambda conversation: spawn(self._arrears.recount(conversation)),
            find_last=lambda conversation: spawn(self._arrears.find_last(conversation)),
        )
        self._counter.know(self._dispatch.conversation)
        self._parsing = Parsing(self._dispatch, options.plugins, spawn=spawn, is_own=self._counter.is_own)
        self._following.tell(self._parsing)
        self._arrears = Arrears(self._counter, self._parsing)
        self._task: asyncio.Task[None] | None = None
        self._asking = 0
        self._is_forgotten = False
        self._has_counted = False
        self._options = options
        self._spawn = spawn

    # ------------------------------------------------------------ who and where

    @property
    def user(self) -> str:
        """Whose client it is, as the server decided."""
        return self._following.user

    @property
    def session(self) -> str:
        """The id of the session: new at each login, the same after a resume."""
        return self._kept.session or ""

    @property
    def device(self) -> DeviceFrame:
        """The device as it logged in, with its id."""
        return self._credentials.device

    @property
    def device_id(self) -> str:
        """The id of the device: of this installation, unless it was chosen."""
        return self._credentials.device.id

    @property
    def tab(self) -> str:
        """The id of this client instance; random unless it was chosen."""
        return self._credentials.tab

    @property
    def tag(self) -> str | None:
        """The tag of the session."""
        return self._credentials.tag

    @property
    def positions(self) -> Mapping[str, Position]:
        """How far each stream was delivered: `u/<user>` and `c/<conversation>`."""
        return {} if self._following.positions is None else self._following.positions.snapshot()

    @property
    def checkpoint(self) -> int:
        """The point of the server's log up to which nothing is missing here."""
        return 0 if self._following.positions is None else self._following.positions.checkpoint

    @property
    def is_live(self) -> bool:
        """Say if the link is up and the session live on it."""
        return self._session.is_live

    @property
    def is_closed(self) -> bool:
        """Say if this client is over."""
        return self._session.phase is Phase.CLOSED

    def retry(self) -> bool:
        """Reconnect now instead of after the delay; False when no delay is running."""
        return self._session.retry()

    @property
    def transport(self) -> Way | None:
        """How this client is connected now; None while it is not."""
        return self._session.way

    async def drop_will(self) -> None:
        """Take back what this session left with `Conversation.leave_will`. Nothing left is no error."""
        await ask(self._counter, DropWill(), Done)

    async def register_push(self, provider: str, token: str) -> None:
        """Have this device get push notifications while I am nowhere connected; a later call takes the place of this.

        Call it after each login: providers change their tokens. `provider` is a name of up to 32 lower-case letters,
        digits, `.`, `_` and `-`, `token` printable ASCII of up to 2048 characters, both as the operator's push service
        knows them. It ends with `unregister_push`, a logout, and when the device is closed or displaced, or the login's
        token is made void.

        Raises:
            Unacceptable: One of them is not as described.
        """
        await ask(self._counter, RegisterPush(provider=provider, token=token), Done)

    async def unregister_push(self) -> None:
        """Have this device get no push notifications any more. None registered is no error."""
        await ask(self._counter, UnregisterPush(), Done)

    async def logout(self) -> None:
        """End this session on the server, forget its state, and close."""
        await self._book.leave()
        with suppress(LinkDown, SessionOver, ClientClosed):
            self._session.is_leaving = True
            await self._counter.request_once(Logout())
        self._is_forgotten = True
        await self.close()

    async def close(self) -> None:
        """Leave without logging out: the session is detached, and with a `FileState` it can be resumed later.

        Calls that it is in are hung up.
        """
        try:
            await self._book.leave()
        finally:
            if (task := self._task) is not None and task is not asyncio.current_task():
                task.cancel()
                await asyncio.wait([task])

    # ------------------------------------------------------------ conversations

    def room(self, conversation: Conversation | str) -> Room:
        """Give the object to enter a room with, without asking the server."""
        found = self.conversation(conversation) if isinstance(conversation, str) else conversation
        return Room(self._counter, self._rooms, found)

    @property
    def rooms(self) -> Mapping[str, str]:
        """The room that each tab is in, by its id; `""` is this client as a whole."""
        return self._rooms.seats

    async def unread(self) -> UnreadTotal:
        """Ask what waits for me; conversations are in step with it afterwards, and `unread` events tell of each.

        A client asks by itself at a login that brings no state from before.
        """
        return await self._arrears.count()

    async def mark_all_read(self, conversations: Sequence[Conversation | str] = ()) -> None:
        """Move my read marks to the end of conversations (up to 1,000); without any, of all in which something waits.

        Raises:
            NotFound: I am no member of one of them; those before it are read.
        """
        await self._arrears.mark_all_read(tuple(each if isinstance(each, str) else each.id for each in conversations))

    # ------------------------------------------------------------ who is there

    async def presence(self, *users: str) -> Sequence[Presence]:
        """Ask once who of some users is there, in the order named.

        A user whom I may not see looks like one who was never there.
        """
        return await self._watching.ask(users)

    async def watch(self, *users: str) -> Sequence[Presence]:
        """Hear by `presence` events when these users come or go, besides those watched already; give how they are now.

        It lasts until `unwatch`, over all losses of the link.

        Raises:
            LimitReached: More users than a session may watch.
        """
        return await self._watching.watch(users)

    async def unwatch(self, *users: str) -> None:
        """Hear no more of these users."""
        await self._watching.unwatch(users)

    @property
    def watched(self) -> Mapping[str, Presence]:
        """Whom this client watches, and what it heard of them last."""
        return self._watching.watched

    # ------------------------------------------------------------ receiving

    def messages(self) -> EventIterator[Message]:
        """Iterate over the messages of all my conversations, from this call on."""
        return cast("EventIterator[Message]", self._hub.iterate(lambda event: isinstance(event, Message)))

    def events(self) -> EventIterator[Message | ClientEvent]:
        """Iterate over everything that happens, from this call on."""
        return cast("EventIterator[Message | ClientEvent]", self._hub.iterate(lambda _: True))

    @overload
    def on(self, name: str) -> Callable[[F], F]: ...

    @overload
    def on(self, name: str, handler: Handler) -> Callable[[], None]: ...

    def on(self, name: str, handler: Handler | None = None) -> Callable[[F], F] | Callable[[], None]:
        """Add a handler of events, as a decorator or with `handler`; the latter gives what takes it away again.

        Handlers take the event and are plain or async functions. One that fails is logged and disturbs nobody. Async
        ones get their events one after the other.
        """
        if name in CALL_EVENTS:
            self._book.follow()
        if handler is not None:
            return self._hub.on(name, handler)

        def add(function: F) -> F:
            self._hub.on(name, function)
            return function

        return add

    # ------------------------------------------------------------ for `Unisono`

    async def begin(self, start: StartTask) -> None:
        """Start with the first caller; for all wait until it can be used, and with the last one that gives up, stop.

        Raises:
            UnisonoError: It cannot be used.
        """
        if self._task is None:
            self._task = start(self._session.run())
        self._asking += 1
        try:
            await asyncio.shield(self._session.first)
        finally:
            self._asking -= 1
            if not self._asking and not self._session.first.done():
                await self.close()

    def listen(self) -> None:
        """Tell from now on what comes: whoever asked for the client has it."""
        self._following.listen()
        if self._options.missed != "nothing" and not self._has_counted:
            self._has_counted = True
            self._spawn(self._tell_arrears())

    async def _tell_arrears(self) -> None:
        """Tell what waits; a program that goes before hears nothing of it."""
        with suppress(UnisonoError):
            await self._arrears.count()
            # Who brings a state gets all that was missed, as it was placed.
            if self._options.missed == "messages" and not self._following.has_state:
                await self._arrears.fetch()

    def kept_in(self, state: SavedState) -> SavedState:
        """Give a state with what a later program needs of this client.

        A session that is over leaves its positions, so that a later login misses nothing; one that logged out, nothing.
        """
        positions = self._following.positions
        if self._is_forgotten:
            return state.drop(self.user, self.tag)
        if positions is None:
            return state
        kept, loss = self._kept, self._following.loss
        is_over = loss is not None and loss.code != ClientClosed.code
        return state.put(
            SavedSession(
                user=self.user,
                tag=self.tag,
                session=None if is_over else kept.session,
                resume_token=None if is_over else kept.resume_token,
                fence=kept.fence,
                epoch=kept.epoch,
                checkpoint=positions.checkpoint,
                positions=positions.snapshot(),
            )
        )
