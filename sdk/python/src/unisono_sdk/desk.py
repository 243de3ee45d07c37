"""What the parts of a client that programs handle need of it."""

from typing import Protocol, TypeVar

from unisono_sdk.answers import Answer, Placed
from unisono_sdk.commands import Command, SendMessage
from unisono_sdk.errors import ProtocolFault
from unisono_sdk.facts import MessagePlaced
from unisono_sdk.hub import Hub
from unisono_sdk.origin import Origins
from unisono_sdk.plugin import Plugins

A = TypeVar("A", bound=Answer)


class Desk(Protocol):
    """What a conversation needs of its client."""

    hub: Hub
    plugins: Plugins
    origins: Origins

    @property
    def user(self) -> str:
        """Whose client it is."""

    def known(self, conversation: str) -> object:
        """Give the object of a conversation, a `Conversation`."""

    async def request(self, command: Command) -> Answer:
        """Ask the server."""

    async def place(self, command: SendMessage) -> Placed:
        """Send a message."""

    def note_delivered(self, conversation: str, seq: int) -> None:
        """Have the server told, soon, that this device has messages up to a seq."""

    async def request_now(self, command: Command) -> Answer:
        """Ask the server, if there is a connection now."""

    def is_own(self, said: MessagePlaced) -> bool:
        """Say if this client sent a message."""

    def is_own_key(self, key: str) -> bool:
        """Say if this client made a key."""

    def new_key(self) -> str:
        """Make a send key."""

    def now_ms(self) -> int:
        """Give the time of day, in milliseconds since 1970-01-01 UTC."""

    def monotonic_s(self) -> float:
        """Give the time that only goes forward."""


async def ask(desk: Desk, command: Command, expected: type[A]) -> A:
    """Ask the server for an answer of one kind.

    Raises:
        ProtocolFault: It gave another.
    """
    answer = await desk.request(command)
    if not isinstance(answer, expected):
        raise ProtocolFault(f"{command.op} was answered with {answer.kind}")
    return answer
