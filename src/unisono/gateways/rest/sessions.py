"""What operators do about sessions, devices and tokens."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

from msgspec import UNSET

from unisono.app.pages import Page
from unisono.domain.answers import Done
from unisono.domain.commands import ListSessions
from unisono.domain.errors import Internal, Invalid
from unisono.domain.ids import INTEGER_MAX, DeviceId, Instant, SessionId, TabId, UserId, page_mark, read_page_mark
from unisono.domain.session_view import SessionView
from unisono.gateways.rest.operations import Asked, Desk, InEvents, Operation
from unisono.gateways.rest.shapes import (
    Closed,
    CredentialRevocation,
    DeviceList,
    DeviceView,
    OfClosing,
    OfDevice,
    OfNothing,
    OfPage,
    OfSession,
    OfTab,
    OfUser,
    SessionList,
    TokenRevocation,
    UserRevocation,
)

FOR_EVER: Final = Instant(INTEGER_MAX)


async def _list_sessions(desk: Desk, asked: Asked) -> SessionList:
    wanted = _page(asked)
    command = ListSessions(after=wanted.after or None, limit=wanted.limit)
    page = await desk.own_sessions.page_of(asked.user, command)
    return SessionList(sessions=page.sessions, next=page.next)


async def _watch_sessions(desk: Desk, asked: Asked) -> AsyncGenerator[SessionList | None, None]:
    async with aclosing(desk.trees.of(asked.user)) as trees:
        async for tree in trees:
            yield None if tree is None else SessionList(tree)


async def _list_devices(desk: Desk, asked: Asked) -> DeviceList:
    wanted = _page(asked)
    page = Page[DeviceView](wanted.limit)
    start = read_page_mark(wanted.after) if wanted.after else (Instant(-1), "")
    for device in devices_of(await desk.own_sessions.list_of(asked.user)):
        if (device.opened_at, device.device) > start and not page.take(device):
            last = page.entries[-1]
            return DeviceList(tuple(page.entries), next=page_mark(last.opened_at, last.device))
    return DeviceList(tuple(page.entries))


async def _close_all(desk: Desk, asked: Asked) -> Closed:
    return Closed(closed=len((await desk.own_sessions.end_all(asked.user, "closed", _why(asked))).ended))


async def _close_session(desk: Desk, asked: Asked) -> Closed:
    session = SessionId(asked.text("session"))
    return Closed(closed=len((await desk.own_sessions.end_session(asked.user, session, "closed", _why(asked))).ended))


async def _close_tab(desk: Desk, asked: Asked) -> Done:
    session, tab = SessionId(asked.text("session")), TabId(asked.text("tab"))
    await desk.own_sessions.close_tab(asked.user, session, tab, _why(asked))
    return Done()


async def _close_device(desk: Desk, asked: Asked) -> Closed:
    device = DeviceId(asked.text("device"))
    return Closed(closed=len((await desk.own_sessions.end_device(asked.user, device, "closed", _why(asked))).ended))


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


def _why(asked: Asked) -> str | None:
    said = asked.query.why if isinstance(asked.query, OfClosing) else UNSET
    if said is UNSET:
        return None
    if not said.isprintable():
        raise Invalid(field="why", reason="not printable")
    return said


def _page(asked: Asked) -> OfPage:
    return asked.query if isinstance(asked.query, OfPage) else OfPage()


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


_SESSIONS: Final = "/v1/users/{user}/sessions"
_DEVICES: Final = "/v1/users/{user}/devices"

SESSION_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="listSessions",
        method="GET",
        path=_SESSIONS,
        summary="List a user's sessions that are not over",
        scope="sessions",
        params=OfUser,
        query=OfPage,
        answers=(SessionList,),
        carry_out=_list_sessions,
    ),
    Operation(
        name="watchSessions",
        method="GET",
        path="/v1/users/{user}/tree",
        summary="Show a user's sessions with their tabs, and anew each time they change",
        scope="sessions",
        params=OfUser,
        answers=(SessionList,),
        carry_out=InEvents("sessions", _watch_sessions),
    ),
    Operation(
        name="closeAllSessions",
        method="DELETE",
        path=_SESSIONS,
        summary="Close all sessions of a user",
        scope="sessions",
        params=OfUser,
        query=OfClosing,
        answers=(Closed,),
        carry_out=_close_all,
    ),
    Operation(
        name="closeSession",
        method="DELETE",
        path=_SESSIONS + "/{session}",
        summary="Close one session of a user",
        scope="sessions",
        params=OfSession,
        query=OfClosing,
        answers=(Closed,),
        carry_out=_close_session,
        faults=("not_found",),
    ),
    Operation(
        name="closeTab",
        method="DELETE",
        path=_SESSIONS + "/{session}/tabs/{tab}",
        summary="Have one tab of a session go; the others stay",
        scope="sessions",
        params=OfTab,
        query=OfClosing,
        answers=(Done,),
        carry_out=_close_tab,
        faults=("not_found",),
    ),
    Operation(
        name="listDevices",
        method="GET",
        path=_DEVICES,
        summary="List a user's devices that are logged in",
        scope="sessions",
        params=OfUser,
        query=OfPage,
        answers=(DeviceList,),
        carry_out=_list_devices,
    ),
    Operation(
        name="closeDevice",
        method="DELETE",
        path=_DEVICES + "/{device}",
        summary="Close all sessions of one device",
        scope="sessions",
        params=OfDevice,
        query=OfClosing,
        answers=(Closed,),
        carry_out=_close_device,
    ),
    Operation(
        name="revoke",
        method="POST",
        path="/v1/revocations",
        summary="Void tokens and close the sessions they opened",
        scope="sessions",
        params=OfNothing,
        answers=(Closed,),
        carry_out=_revoke,
        bodies=(TokenRevocation, CredentialRevocation, UserRevocation),
    ),
)
