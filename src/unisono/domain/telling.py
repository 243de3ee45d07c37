"""Who hears what is told to some of a user's sessions, and what they hear."""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct, structs

from unisono.domain.commands import TABS_MAX, Address, Tell
from unisono.domain.errors import Invalid, KeyReused, NoAnswer, NotFound, TooLarge
from unisono.domain.ids import Instant, Json
from unisono.domain.quotas import Quotas, check_content
from unisono.domain.session_view import SessionView
from unisono.domain.told import Teller, Told

KEPT_MAX: Final = 1_000
KEPT_BYTES: Final = 4 << 20
"""So much waits for the sessions of a user, each once for however many; of more, the oldest goes."""
BATCH_BYTES: Final = 256 * 1024
"""What is brought at once of what waits."""
DATA_BYTES: Final = 16_384
"""What is told under a name, in its JSON form."""


class Telling(Struct, frozen=True):
    """What is told, and to which sessions, the oldest login first."""

    told: Told
    to: tuple[SessionView, ...]


def tell(held: Sequence[SessionView], command: Tell, teller: Teller | None, *, now: Instant, quotas: Quotas) -> Telling:
    """Decide who of a user's sessions hears something.

    Raises:
        Invalid: It is nothing, or two things, or its address cannot be meant.
        TooLarge: Beyond 16 KiB of data, or the limit of a message.
        NotFound: The device, session or tab that it is for is not there.
    """
    _check_said(command, quotas)
    asking = None if teller is None else teller.session
    to = tuple(view for view in reached(held, command.to) if view.session != asking or command.to.session is not None)
    told = Told(
        id=command.key,
        at=now,
        name=command.name,
        data=command.data,
        content=command.content,
        teller=teller,
        tab=command.to.tab,
        is_kept=command.keep_s > 0,
    )
    return Telling(told, to)


def check_repeated(kept: Told, told: Told) -> None:
    """Refuse what is told under a key under which something else waits, or the same of another teller.

    Raises:
        KeyReused: It is.
    """
    if structs.replace(kept, at=told.at) != told:
        raise KeyReused()


def reached(held: Sequence[SessionView], to: Address) -> Sequence[SessionView]:
    """Give those of a user's sessions that an address means. A platform where none is, and a user who has none: nobody.

    Raises:
        Invalid: It cannot be meant.
        NotFound: The device, session or tab is not there.
    """
    if sum(part is not None for part in (to.platform, to.device, to.session)) > 1:
        raise Invalid(field="to", reason="one of platform, device and session")
    if to.tab is not None and to.session is None:
        raise Invalid(field="to.tab", reason="takes the session")
    found = [view for view in held if _means(to, view)]
    if not found and (to.device is not None or to.session is not None):
        raise NotFound()
    if to.tab is not None and not _may_have(found[0], to.tab):
        raise NotFound()
    return found


def asked(held: Sequence[SessionView], to: Address, data: Json) -> SessionView:
    """Give the session that is asked something.

    Raises:
        Invalid: The address means more than one session, or none at all.
        NotFound: The session or tab is not there.
        NoAnswer: It has no connection now.
        TooLarge: Beyond 16 KiB of data.
    """
    if to.session is None:
        raise Invalid(field="to", reason="one session, or one tab of it, is asked")
    check_data(data)
    (view,) = reached(held, to)
    if view.state != "live":
        raise NoAnswer(reason="no connection")
    return view


def check_data(data: Json) -> None:
    """Refuse what is larger than 16 KiB in its JSON form.

    Raises:
        TooLarge: It is.
    """
    size = len(msgspec.json.encode(data))
    if size > DATA_BYTES:
        raise TooLarge(what="data", limit_bytes=DATA_BYTES, bytes=size)


def _check_said(command: Tell, quotas: Quotas) -> None:
    if (command.name is None) is (command.content is None):
        raise Invalid(field="name", reason="either a name, with data, or a content")
    if command.content is None:
        check_data(command.data)
        return
    if command.data is not None:
        raise Invalid(field="data", reason="a message has its own")
    check_content(command.content, quotas)


def _means(to: Address, view: SessionView) -> bool:
    if to.session is not None:
        return view.session == to.session
    if to.device is not None:
        return view.device == to.device
    return to.platform is None or view.shown.platform == to.platform


def _may_have(view: SessionView, tab: str) -> bool:
    """Say if a session may have a tab: one that tells of its tabs has no other, as long as they are not too many."""
    return not view.tabs or len(view.tabs) >= TABS_MAX or any(each.tab == tab for each in view.tabs)
