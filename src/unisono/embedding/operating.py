"""What an embedding program does on its server: as nobody's, for a user, and to their sessions."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from unisono.app.announcing import Announcing
from unisono.app.erasing import Erasing
from unisono.app.node import Node
from unisono.domain import commands as c
from unisono.domain.answers import Answer, Placed
from unisono.domain.errors import Internal, Invalid
from unisono.domain.events import DEFAULT_PRIORITY, Priority
from unisono.domain.facts import Content
from unisono.domain.ids import (
    OPERATOR,
    ConversationId,
    DeviceId,
    Json,
    Platform,
    SendKey,
    SessionId,
    TabId,
    UserId,
    is_user_id,
)
from unisono.domain.session_view import SessionView
from unisono.domain.told import Addressed
from unisono.wire.json_values import check_value, check_values

REASON_MAX_CHARS: Final = 200

C = TypeVar("C", bound=c.Command)
A = TypeVar("A", bound=Answer)


class Operating(ABC):
    """The side of a `Server` by which its program acts. Refusals are faults of `unisono.domain.errors`."""

    @property
    @abstractmethod
    def node(self) -> Node:
        """Give the app of native clients.

        Raises:
            RuntimeError: The server does not run.
        """

    # ------------------------------------------------------------ sessions

    def users(self) -> Sequence[UserId]:
        """List the users who have a connection to this node now."""
        return self.node.audience.users()

    async def sessions(self, user: str) -> Sequence[SessionView]:
        """List a user's sessions that are not over, with their tabs, the oldest login first, on all nodes."""
        return await self.node.own_sessions.list_of(_user(user))

    async def close_session(self, user: str, session: str) -> None:
        """End one session of a user; it cannot be resumed.

        Raises:
            NotFound: The user has none such.
        """
        await self.node.own_sessions.end_session(_user(user), SessionId(session), "closed")

    async def close_tab(self, user: str, session: str, tab: str) -> None:
        """Have one tab of a session go; the others stay.

        Raises:
            NotFound: The user has no such session, or it has no such tab.
        """
        await self.node.own_sessions.close_tab(_user(user), SessionId(session), TabId(tab))

    async def close_device(self, user: str, device: str) -> int:
        """End all sessions of one device; give how many there were."""
        return len((await self.node.own_sessions.end_device(_user(user), DeviceId(device), "closed")).ended)

    async def close_all(self, user: str) -> int:
        """End all sessions of a user; give how many there were."""
        return len((await self.node.own_sessions.end_all(_user(user), "closed")).ended)

    # ------------------------------------------------------------ telling and asking

    async def tell(
        self,
        user: str,
        name: str | None = None,
        data: Json = None,
        *,
        content: Content | None = None,
        platform: str | None = None,
        device: str | None = None,
        session: str | None = None,
        tab: str | None = None,
        priority: Priority = DEFAULT_PRIORITY,
        keep_s: int = 0,
    ) -> Addressed:
        """Tell a user's sessions something: all of them, or those of the address; each hears a `told` event.

        Either a `name`, with up to 16 KiB of `data`, or a message, its `content`. Best effort: who has no connection
        now hears nothing, unless it is kept for `keep_s` seconds, up to 7 days. A user without sessions is no fault.

        Raises:
            NotFound: The device, session or tab is not there.
            Invalid, TooLarge: It is not as described.
        """
        command = c.Tell(
            SendKey(self.node.parts.entropy.secret()),
            _address(platform, device, session, tab),
            name,
            data,
            content,
            priority,
            keep_s=keep_s,
        )
        return _expected(await self.on_behalf(user, command), Addressed)

    async def ask(
        self, user: str, session: str, name: str, data: Json = None, *, tab: str | None = None, timeout_s: float = 10.0
    ) -> Json:
        """Ask one session of a user, or one tab of it, something; give what it answers.

        A time-out does not say that nothing was done there.

        Raises:
            NoAnswer: None came in time, or the session has no connection.
            Refused: It said why it does not answer.
            NotFound: The session or tab is not there.
            Invalid, TooLarge: Beyond 60 seconds, 64 characters of a name, or 16 KiB of data.
        """
        if not 0.0 < timeout_s <= c.ASK_MAX_S:
            raise Invalid(field="timeout_s", limit=c.ASK_MAX_S)
        check_value(data, "data")
        asked = _checked(c.Ask(name, data))
        to = _address(None, None, session, tab)
        return await self.node.asking.inquiries.ask(_user(user), to, asked.name, asked.data, timeout_s)

    # ------------------------------------------------------------ for users, and for nobody

    async def send(self, user: str, conversation: str, said: str | Content, *, key: str | None = None) -> Placed:
        """Send a message for a user. Under the same `key` it is sent once, however often this is called.

        Raises:
            NotFound, Forbidden: The user may not.
            TooLarge, Invalid: The server does not take such a message.
        """
        content = Content(text=said) if isinstance(said, str) else said
        name = SendKey(self.node.parts.entropy.secret() if key is None else key)
        return _expected(await self.on_behalf(user, c.SendMessage(ConversationId(conversation), name, content)), Placed)

    async def on_behalf(self, user: str, command: c.Command) -> Answer:
        """Carry out a command for a user, as if they had given it; `unisono.domain.commands` has them all.

        Raises:
            UnisonoError: It was not carried out, and nothing of it remains.
        """
        return await self.node.executor.on_behalf(_user(user), _checked(command))

    async def operate(self, command: c.Command, *, by: str = OPERATOR) -> Answer:
        """Carry out a command of the operator's, above all members, in the name of `by`.

        Raises:
            UnisonoError: It was not carried out, and nothing of it remains.
        """
        return await self.node.executor.for_operator(UserId(by), _checked(command))

    @property
    def announcing(self) -> Announcing:
        """Give what announces things to all users, or to those who subscribe."""
        return self.node.announcing

    @property
    def erasing(self) -> Erasing:
        """Give what erases a user."""
        return self.node.erasing


def _user(user: str) -> UserId:
    if not is_user_id(user):
        raise Invalid(field="user", reason="1 to 64 printable characters")
    return UserId(user)


def _address(platform: str | None, device: str | None, session: str | None, tab: str | None) -> c.Address:
    return c.Address(
        None if platform is None else Platform(platform),
        None if device is None else DeviceId(device),
        None if session is None else SessionId(session),
        None if tab is None else TabId(tab),
    )


def _checked(command: C) -> C:
    """Refuse what could not have come over the wire: whoever hears of it is to be able to read it."""
    check_values(command)
    try:
        return msgspec.convert(msgspec.to_builtins(command), type(command))
    except (msgspec.ValidationError, TypeError) as problem:
        raise Invalid(reason=str(problem)[:REASON_MAX_CHARS]) from None


def _expected(answer: Answer, kind: type[A]) -> A:
    if not isinstance(answer, kind):
        raise Internal()
    return answer
