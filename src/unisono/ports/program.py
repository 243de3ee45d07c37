"""The program that embeds the server: what it answers, and where it has a say."""

from typing import Literal, Protocol

from msgspec import Struct

from unisono.domain.facts import Content, Label
from unisono.domain.ids import ConversationId, DeviceId, Json, SendKey, Seq, SessionId, TabId, Tag, UserId


class Asker(Struct, frozen=True):
    """Who asks the program something."""

    user: UserId
    session: SessionId
    tab: TabId | None = None


class Entering(Struct, frozen=True):
    """A login: who the user is was decided, and whether there is room for the device was not yet."""

    user: UserId
    session: SessionId
    device: DeviceId
    shown: Label
    tag: Tag | None = None
    address: str | None = None


class Sending(Struct, frozen=True):
    """A message that a user sends, on a connection; afterwards with its `seq`, if it has a place.

    An edit names the `message` that is to say something else, and has no `key`. One that `is_will` is left to be sent
    when the session is lost: it is asked about when it is left, and not told of afterwards.
    """

    user: UserId
    session: SessionId
    conversation: ConversationId
    key: SendKey | None
    content: Content
    is_transient: bool = False
    seq: Seq | None = None
    message: Seq | None = None
    is_will: bool = False


class Joining(Struct, frozen=True):
    """A user who joins an open conversation, or enters a room, by themselves, on a connection."""

    user: UserId
    session: SessionId
    conversation: ConversationId


Act = Entering | Sending | Joining
When = Literal["before", "after"]


class Program(Protocol):
    """What an embedding program brings along. Nothing it does is atomic with what the server does."""

    def listens(self, when: When, act: type[Act]) -> bool:
        """Say if it wants to hear of such acts."""

    async def before(self, act: Act) -> Content | None:
        """Let an act pass by returning; of a message give another content, or None to leave it.

        Raises:
            Refused: It does not allow it. Any other exception is its own fault, and allows nothing either.
        """

    async def after(self, act: Act) -> None:
        """Hear of an act that was carried out. May be lost in a crash."""

    def handles(self, name: str) -> bool:
        """Say if it answers requests of a name."""

    async def handle(self, asker: Asker, name: str, data: Json) -> Json:
        """Answer a request.

        Raises:
            Refused: It does not want to; the asker is told why.
        """
