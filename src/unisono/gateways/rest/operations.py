"""What an operation is: routes and the OpenAPI document are both made from a table of them (`table`)."""

import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Final, Literal, Protocol

from msgspec import Struct

from unisono.admin_settings import AdminScope
from unisono.app.announcing import Announcing
from unisono.app.broadcasting import Broadcasting
from unisono.app.erasing import Erasing
from unisono.app.execute import Executor
from unisono.app.exporting import Exporting
from unisono.app.governing import Governing
from unisono.app.importing import Importing
from unisono.app.own_sessions import OwnSessions
from unisono.app.rates import RateLimiter
from unisono.app.trees import Trees
from unisono.domain.errors import NotFound
from unisono.domain.ids import Instant, SendKey, UserId
from unisono.gateways.rest.shapes import OfNothing
from unisono.ports.clock import Clock
from unisono.ports.requests import Request, Requests

APP_HEADER: Final = "Unisono-App"
"""Names the app that is operated, where it is not the one of native clients."""
KEY_HEADER: Final = "Idempotency-Key"
KEY_PATTERN: Final = r"[!-~]{1,128}"
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Named(Protocol):
    """How a token is named for its revocation."""

    @property
    def credential(self) -> str:
        """Its name."""

    @property
    def until(self) -> Instant:
        """How long its revocation has to be remembered."""


class Desk(Struct, frozen=True):
    """What the operations work with.

    `name_token` gives a token's name without checking it, `new_key` a send key that nobody had before; `rate` counts
    requests by admin key.
    """

    own_sessions: OwnSessions
    trees: Trees
    executor: Executor
    broadcasting: Broadcasting
    announcing: Announcing
    exporting: Exporting
    erasing: Erasing
    importing: Importing
    governing: Governing
    clock: Clock
    rate: RateLimiter
    requests: Requests
    name_token: Callable[[str], Named]
    new_key: Callable[[], SendKey]


class Desks:
    """The desks of all apps of this server, by their names. They have one `rate`."""

    def __init__(self, main: str, desks: Mapping[str, Desk]) -> None:
        self.main: Final = main
        """The app that is meant where none is named."""
        self._desks: Final = desks
        self.rate: Final = desks[main].rate

    def of(self, app: str) -> Desk:
        """Give the desk of an app.

        Raises:
            NotFound: There is no such app.
        """
        desk = self._desks.get(app)
        if desk is None:
            raise NotFound()
        return desk


class Asked(Struct, frozen=True):
    """One request, read and checked against the shapes of its operation. `by` names the admin key.

    `request` is there when it said a key by which it is known again; `address` is where it came from.
    """

    by: str
    path: Struct
    query: Struct
    body: Struct | None = None
    request: Request | None = None
    address: str = ""

    @property
    def user(self) -> UserId:
        """Give the user that the path names."""
        return UserId(self.text("user"))

    def send_key(self, desk: Desk) -> SendKey:
        """Give the send key of what is asked: the same when it is asked again under its key, else a new one."""
        if self.request is None:
            return desk.new_key()
        return SendKey(hashlib.sha256(self.request.key.encode() + b"\n" + self.request.digest).hexdigest())

    def text(self, name: str) -> str:
        """Give a part of the path."""
        return str(getattr(self.path, name))


CarryOut = Callable[[Desk, Asked], Awaitable[Struct]]


class InLines(Struct, frozen=True):
    """How an operation is carried out that only reads, and answers line by line, while it finds more."""

    lines: Callable[[Desk, Asked], AsyncGenerator[Struct, None]]


class InEvents(Struct, frozen=True):
    """How an operation is carried out that only reads, and answers with an event of this name whenever it has news.

    None is no news, and tells the door to see if the asker is there still.
    """

    name: str
    news: Callable[[Desk, Asked], AsyncGenerator[Struct | None, None]]


class Operation(Struct, frozen=True, kw_only=True):
    """One operation, for keys with its `scope`. `faults` are the codes it may answer with beside those that all have.

    A body has one of the shapes in `bodies`, told apart by their first fields; the answer that of one in `answers`.
    One that `keeps_answer` does so itself, together with what it changes, for requests with a key. One
    that `needs_key` is not done without. What is answered in lines or events is of all `answers`, one of them in each.
    """

    name: str
    method: Method
    path: str
    summary: str
    scope: AdminScope
    params: type[Struct]
    answers: tuple[type[Struct], ...]
    carry_out: CarryOut | InLines | InEvents
    query: type[Struct] = OfNothing
    bodies: tuple[type[Struct], ...] = ()
    faults: tuple[str, ...] = ()
    keeps_answer: bool = False
    needs_key: bool = False
