"""The operations, as a table: routes and the OpenAPI document are both made from it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Literal, Protocol

from msgspec import Struct

from unisono.app.own_sessions import OwnSessions
from unisono.app.pages import Page
from unisono.domain.answers import SessionView
from unisono.domain.commands import ListSessions
from unisono.domain.errors import Internal
from unisono.domain.ids import INTEGER_MAX, DeviceId, Instant, SessionId, UserId, page_mark, read_page_mark
from unisono.gateways.rest.shapes import (
    Closed,
    CredentialRevocation,
    DeviceList,
    DeviceView,
    OfDevice,
    OfNothing,
    OfPage,
    OfSession,
    OfUser,
    SessionList,
    TokenRevocation,
    UserRevocation,
)
from unisono.ports.clock import Clock

FOR_EVER: Final = Instant(INTEGER_MAX)


class Named(Protocol):
    """How a token is named for its revocation."""

    @property
    def credential(self) -> str:
        """Its name."""

    @property
    def until(self) -> Instant:
        """How long its revocation has to be remembered."""


class Desk(Struct, frozen=True):
    """What the operations work with. `name_token` gives a token's name without checking it."""

    own_sessions: OwnSessions
    clock: Clock
    name_token: Callable[[str], Named]


class Asked(Struct, frozen=True):
    """One request, read and checked against the shapes of its operation."""

    params: Mapping[str, str]
    page: OfPage = OfPage()
    body: Struct | None = None


class Operation(Struct, frozen=True):
    """One operation. `faults` are the codes it may answer with beside those that all have.

    A body has one of the shapes in `bodies`, told apart by their first fields. A list that `is_paged` reads the page
    asked for from the query.
    """

    name: str
    method: Literal["GET", "POST", "DELETE"]
    path: str
    summary: str
    params: type[Struct]
    answer: type[Struct]
    carry_out: Callable[[Desk, Asked], Awaitable[Struct]]
    bodies: tuple[type[Struct], ...] = ()
    faults: tuple[str, ...] = ()
    is_paged: bool = False


async def _list_sessions(desk: Desk, asked: Asked) -> SessionList:
    command = ListSessions(after=asked.page.after or None, limit=asked.page.limit)
    page = await desk.own_sessions.page_of(_user(asked), command)
    return SessionList(sessions=page.sessions, next=page.next)


async def _list_devices(desk: Desk, asked: Asked) -> DeviceList:
    page = Page[DeviceView](asked.page.limit)
    start = read_page_mark(asked.page.after) if asked.page.after else (Instant(-1), "")
    for device in devices_of(await desk.own_sessions.list_of(_user(asked))):
        if (device.opened_at, device.device) > start and not page.take(device):
            last = page.entries[-1]
            return DeviceList(tuple(page.entries), next=page_mark(last.opened_at, last.device))
    return DeviceList(tuple(page.entries))


async def _close_all(desk: Desk, asked: Asked) -> Closed:
    return Closed(closed=len((await desk.own_sessions.end_all(_user(asked), "closed")).ended))


async def _close_session(desk: Desk, asked: Asked) -> Closed:
    session = SessionId(asked.params["session"])
    return Closed(closed=len((await desk.own_sessions.end_session(_user(asked), session, "closed")).ended))


async def _close_device(desk: Desk, asked: Asked) -> Closed:
    device = DeviceId(asked.params["device"])
    return Closed(closed=len((await desk.own_sessions.end_device(_user(asked), device, "closed")).ended))


async def _revoke(desk: Desk, asked: Asked) -> Closed:
    match asked.body:
        case TokenRevocation(token=token):
            named = desk.name_token(token)
            return Closed(closed=await desk.own_sessions.revoke_credential(named.credential, named.until))
        case CredentialRevocation(credential=credential, until=until):
            until = FOR_EVER if until is None else until
            return Closed(closed=await desk.own_sessions.revoke_credential(credential, until))
        case UserRevocation(user=user, before=before):
            before = desk.clock.now() if before is None else before
            return Closed(closed=await desk.own_sessions.revoke_before(UserId(user), before))
    raise Internal()


def _user(asked: Asked) -> UserId:
    return UserId(asked.params["user"])


def devices_of(sessions: Sequence[SessionView]) -> tuple[DeviceView, ...]:
    """Put sessions, the oldest login first, together by device."""
    by_device: dict[DeviceId, list[SessionView]] = {}
    for session in sessions:
        by_device.setdefault(session.device, []).append(session)
    views = [_device(device, its) for device, its in by_device.items()]
    return tuple(sorted(views, key=lambda view: (view.opened_at, view.device)))


def _device(device: DeviceId, sessions: Sequence[SessionView]) -> DeviceView:
    latest = sessions[-1]
    return DeviceView(
        device=device,
        shown=latest.shown,
        state="live" if any(session.state == "live" for session in sessions) else "detached",
        opened_at=latest.opened_at,
        seen_at=max(session.seen_at for session in sessions),
        sessions=tuple(session.session for session in sessions),
    )


OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        "listSessions",
        "GET",
        "/v1/users/{user}/sessions",
        "List a user's sessions that are not over",
        OfUser,
        SessionList,
        _list_sessions,
        is_paged=True,
    ),
    Operation(
        "closeAllSessions",
        "DELETE",
        "/v1/users/{user}/sessions",
        "Close all sessions of a user",
        OfUser,
        Closed,
        _close_all,
    ),
    Operation(
        "closeSession",
        "DELETE",
        "/v1/users/{user}/sessions/{session}",
        "Close one session of a user",
        OfSession,
        Closed,
        _close_session,
        faults=("not_found",),
    ),
    Operation(
        "listDevices",
        "GET",
        "/v1/users/{user}/devices",
        "List a user's devices that are logged in",
        OfUser,
        DeviceList,
        _list_devices,
        is_paged=True,
    ),
    Operation(
        "closeDevice",
        "DELETE",
        "/v1/users/{user}/devices/{device}",
        "Close all sessions of one device",
        OfDevice,
        Closed,
        _close_device,
    ),
    Operation(
        "revoke",
        "POST",
        "/v1/revocations",
        "Void tokens and close the sessions they opened",
        OfNothing,
        Closed,
        _revoke,
        bodies=(TokenRevocation, CredentialRevocation, UserRevocation),
        faults=("malformed", "too_large"),
    ),
)
