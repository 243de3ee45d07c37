"""Rooms, as a program handles them: where one is, is known over all links of the session."""

from collections.abc import Callable, Mapping
from typing import Final, Literal, Self, cast

from unisono_sdk.answers import Count, Done, Passed, Placed
from unisono_sdk.bodies import Body, as_content
from unisono_sdk.commands import CountPeople, EnterRoom, LeaveRoom, SendMessage
from unisono_sdk.conversation import Conversation
from unisono_sdk.desk import Desk, ask
from unisono_sdk.draft import placed_by
from unisono_sdk.errors import ProtocolFault
from unisono_sdk.events import RoomLeft
from unisono_sdk.facts import Content
from unisono_sdk.hub import EventIterator, Handler
from unisono_sdk.message import RoomMessage
from unisono_sdk.passing import TransientMessage
from unisono_sdk.tabs import SeatView

Priority = Literal["high", "normal", "low"]
OWN_TAB: Final = ""


class Rooms:
    """Which tabs of a client's session are in which rooms."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seats: dict[str, str] = {}
        self._entering: dict[str, str] = {}

    @property
    def seats(self) -> Mapping[str, str]:
        """Give the room that each tab is in, by its id; `""` is the client as a whole."""
        return dict(self._seats)

    async def enter(self, room: str, tab: str) -> None:
        """Be in a room with a tab, and with it in no other."""
        self._entering[tab] = room
        try:
            await ask(self._desk, EnterRoom(conversation=room, tab=tab or None), Done)
            self._seats[tab] = room
        finally:
            self._entering.pop(tab, None)

    async def leave(self, room: str, tab: str) -> None:
        """Be in a room no more with a tab."""
        await ask(self._desk, LeaveRoom(conversation=room, tab=tab or None), Done)
        if self._seats.get(tab) == room:
            del self._seats[tab]

    def welcomed(self, seats: tuple[SeatView, ...], conversation: Callable[[str], Conversation]) -> None:
        """Take note of where the session still is, and tell the program where it is no more."""
        before, self._seats = self._seats, {seat.tab: seat.room for seat in seats}
        for tab, room in before.items():
            if self._seats.get(tab) != room and self._entering.get(tab) != room:
                self._left(conversation(room), tab)

    def put_out(self, conversation: Conversation) -> None:
        """Take note that the session is in a room no more, and tell the program."""
        for tab in [tab for tab, room in self._seats.items() if room == conversation.id]:
            del self._seats[tab]
            self._left(conversation, tab)

    def _left(self, conversation: Conversation, tab: str) -> None:
        left = RoomLeft(conversation=conversation, tab=tab)
        self._desk.hub.emit("room_left", left, conversation=conversation.id)

    def tabs_in(self, room: str) -> tuple[str, ...]:
        """List the tabs that are in a room, or about to be."""
        return tuple(sorted({tab for tab, held in (*self._seats.items(), *self._entering.items()) if held == room}))

    def message(self, conversation: Conversation, passing: TransientMessage) -> RoomMessage | None:
        """Make a message of a room that this client is in; None for what passes by in another conversation."""
        tabs = self.tabs_in(passing.conversation)
        if not tabs:
            return None
        return conversation.in_room(passing.at, passing.message, seq=passing.seq, tabs=tabs)


class Room:
    """A room: any number of people who come and go. What is said while one is not there is not delivered later."""

    def __init__(self, desk: Desk, rooms: Rooms, conversation: Conversation) -> None:
        self._desk = desk
        self._rooms = rooms
        self.conversation: Final = conversation

    def __repr__(self) -> str:
        """Show what it is."""
        return f"<Room {self.id} name={self.conversation.name!r}>"

    @property
    def id(self) -> str:
        """Give the id, by which anybody can enter."""
        return self.conversation.id

    @property
    def is_entered(self) -> bool:
        """Say if this client is in it, with whatever tab."""
        return bool(self._rooms.tabs_in(self.id))

    async def enter(self, *, tab: str = OWN_TAB) -> Self:
        """Be in the room, and in no other with the same tab; it is so again by itself after a loss, for half an hour.

        A program that shows several rooms names its places in `tab`.

        Raises:
            NotFound: There is no such room.
            Forbidden: It is no room, or I am blocked there.
            LimitReached: This session is in 100 rooms with other tabs.
        """
        await self._rooms.enter(self.id, tab)
        return self

    async def leave(self, *, tab: str = OWN_TAB) -> None:
        """Be in the room no more."""
        await self._rooms.leave(self.id, tab)

    async def count(self) -> Count:
        """Ask how many people (`users`) are there now, and with how many `sessions`."""
        return await ask(self._desk, CountPeople(conversation=self.id), Count)

    async def send(
        self, content: str | Content | Body, *, priority: Priority = "normal", key: str | None = None
    ) -> RoomMessage:
        """Say something to who is in the room; give the message.

        A session whose link is congested is spared messages of `low` priority first and of `high` priority last. The
        message comes to my own session, too, as `room_message`.

        Raises:
            LinkDown: There is no connection now; nothing waits in the outbox.
            Forbidden: I am not in the room.
            TooLarge, Unacceptable: The server does not take such a content.
        """
        command = SendMessage(
            conversation=self.id,
            key=self._desk.new_key() if key is None else key,
            content=as_content(content),
            priority=priority,
        )
        answer = await self._desk.request_now(command)
        if not isinstance(answer, Passed | Placed):
            raise ProtocolFault(f"{command.op} was answered with {answer.kind}")
        seq = answer.seq if isinstance(answer, Placed) else None
        said, tabs = placed_by(command, self._desk.user), self._rooms.tabs_in(self.id)
        return self.conversation.in_room(answer.at, said, seq=seq, tabs=tabs)

    def messages(self) -> EventIterator[RoomMessage]:
        """Iterate over what is said in this room from now on."""
        return cast(
            "EventIterator[RoomMessage]",
            self._desk.hub.iterate(lambda event: isinstance(event, RoomMessage) and event.conversation.id == self.id),
        )

    def on(self, name: str, handler: Handler) -> Callable[[], None]:
        """Add a handler for events of this room; give what takes it away again."""
        return self.conversation.on(name, handler)
