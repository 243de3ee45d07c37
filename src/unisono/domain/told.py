"""What sessions of a user are told, and what whoever tells it hears."""

from msgspec import Struct

from unisono.domain.answer import Answer
from unisono.domain.facts import Content
from unisono.domain.ids import Instant, Json, SendKey, SessionId, TabId


class Teller(Struct, frozen=True, omit_defaults=True):
    """The session of the same user that tells something, and which of its tabs, where it says so."""

    session: SessionId
    tab: TabId | None = None


class Told(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="told"):
    """Something for this session: `data` under a name of the application's, or a message that is in no conversation.

    `id` is the key of its teller: what has the same, and comes of the same, was heard already. Where there is no
    `teller`, the application's server told it. With `tab` it is for that tab alone. What `is_kept` comes again until
    the session says that it took it.
    """

    id: SendKey
    at: Instant
    name: str | None = None
    data: Json = None
    content: Content | None = None
    teller: Teller | None = None
    tab: TabId | None = None
    is_kept: bool = False


class ToldLater(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="told_later"):
    """What was told while this session was away, the oldest first; some of it may have come before.

    With `has_more` there is more behind it. Where `lost` is not 0 there was too much of it, and the oldest is gone: the
    number says up to where, and comes until it was taken.
    """

    events: tuple[Told, ...] = ()
    has_more: bool = False
    lost: int = 0


class Asked(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="asked"):
    """This session is asked something, and has so long to answer; with `tab` that tab is, and no other."""

    id: str
    name: str
    within_ms: int
    data: Json = None
    tab: TabId | None = None


class Addressed(Answer, frozen=True, tag="addressed"):
    """How many sessions something was for: with a connection now, and without one. Nobody says that they got it."""

    live: int
    away: int


class Answered(Answer, frozen=True, tag="answered"):
    """What the program that runs the server answers."""

    data: Json = None
