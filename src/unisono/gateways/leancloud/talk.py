"""One socket from its first frame to its end: its clients, their commands one after the other, and the answers.

A command is carried out, then answered, and then the client hears what it brought about; only then the next is read.
LeanCloud's clients rely on that: what comes behind the next answer would undo it. Messages alone do not wait for those
before them: they bring about nothing that their client hears of.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from unisono.domain.errors import (
    Internal,
    LimitReached,
    LocalFault,
    Malformed,
    RateLimited,
    Replaced,
    Timeout,
    TooLarge,
    UnisonoError,
)
from unisono.domain.ids import Instant, UserId
from unisono.domain.session import Phase
from unisono.gateways.hosting.admission import Admission
from unisono.gateways.hosting.host import Guest
from unisono.gateways.hosting.incoming import Payload
from unisono.gateways.hosting.lobby import DoorOptions
from unisono.gateways.leancloud.asking import Handler, Refused
from unisono.gateways.leancloud.backlog import Backlog
from unisono.gateways.leancloud.catching_up import catch_up
from unisono.gateways.leancloud.link import PeerLink
from unisono.gateways.leancloud.opening import Entrance, lasts_s, leave, log_out, open_session, user_of
from unisono.gateways.leancloud.parcels import framed
from unisono.gateways.leancloud.peer import Peer
from unisono.gateways.leancloud.sending import Sends
from unisono.gateways.leancloud.station import Stations
from unisono.gateways.leancloud.table import HANDLERS, operation_of
from unisono.ports.telemetry import Telemetry
from unisono.wire.leancloud.codes import ERRORS, INTERNAL, LeanCloudError, error_of
from unisono.wire.leancloud.envelope import MESSAGING, push, refusal, reply
from unisono.wire.leancloud.frames import FRAME_MAX_BYTES, decode, encode, serial_of
from unisono.wire.leancloud.realtime_pb2 import (
    GenericCommand,
    OpType,
    SessionCommand,
    closed,
    direct,
    echo,
    loggedin,
    loggedout,
    login,
    logout,
    opened,
    refresh,
    refreshed,
    session,
)
from unisono.wire.leancloud.realtime_pb2 import close as close_op
from unisono.wire.leancloud.realtime_pb2 import open as open_op
from unisono.wire.leancloud.subprotocols import Dialect

READ_BYTES: Final = 2 * FRAME_MAX_BYTES
"""The largest frame that is read, to be told that it is too large. Base64 takes a third more."""
LOGIN_S: Final = 30.0
"""How long a connection may be without any login."""
LOGIN: Final = "login"
"""What is named by the `Timeout` of a connection that nobody logged in on."""
TAKES_PATCHES: Final = 1
"""The bit of `configBitmap` by which a client says that it knows messages that change; it says so at each login."""
CLIENTS_MAX: Final = 200
"""Clients of one connection: each has a session, a task and what waits for it."""
SETTLING_S: Final = 0.25
"""How long the next command waits at most for what the one before brought about."""

_APP_UNKNOWN: Final = ERRORS[4100]
_NO_SESSION: Final = ERRORS[4105]


class Talk:
    """The clients of one socket."""

    def __init__(
        self,
        stations: Stations,
        guest: Guest,
        dialect: Dialect,
        *,
        options: DoorOptions,
        admission: Admission,
        telemetry: Telemetry,
    ) -> None:
        self._stations = stations
        self._guest = guest
        self._connection = guest.connection
        self._dialect = dialect
        self._admission = admission
        self._telemetry = telemetry
        self._peers: dict[UserId, Peer] = {}
        self._backlog = Backlog(options.outbox_bytes)
        self._sends = Sends(self, options.pace.requests_in_flight, telemetry)
        self._is_logged_in = False

    async def run(self) -> None:
        """Serve the clients until either side ends the connection."""
        self._connection.uncork()
        try:
            async with asyncio.TaskGroup() as tasks:
                with self._deadline():
                    while (payload := await self._next()) is not None:
                        await self._take(payload, tasks)
                await self._sends.wait_until_done()
                for peer in self._peers.values():
                    peer.link.stop()
        finally:
            for peer in list(self._peers.values()):
                await leave(peer, Phase.DETACHED)

    @contextmanager
    def _deadline(self) -> Iterator[None]:
        fault = Timeout(what=LOGIN, limit_s=int(LOGIN_S))
        timer = asyncio.get_running_loop().call_later(LOGIN_S, self._end_unless_logged_in, fault)
        try:
            yield
        finally:
            timer.cancel()

    def _end_unless_logged_in(self, fault: UnisonoError) -> None:
        if not self._is_logged_in:
            self._connection.end(fault)

    async def _next(self) -> Payload | None:
        """Wait for a frame. Only that is cut off when the connection is to end: what is under way is answered."""
        payload = None
        with suppress(TimeoutError):
            async with self._connection.until_end():
                payload = await self._guest.incoming.next()
        return payload

    async def _take(self, payload: Payload, tasks: asyncio.TaskGroup) -> None:
        # What is no base64 is none in whatever encoding.
        written = payload.data.decode("latin-1") if payload.is_text else payload.data
        try:
            command = decode(written, self._dialect)
        except (Malformed, TooLarge) as fault:
            self.note_stray(len(payload.data))
            await self._sends.wait_until_done()
            serial = serial_of(written, self._dialect, limit_bytes=READ_BYTES)
            if serial is None:
                self._connection.end(fault)
            else:
                self._refuse(serial, error_of(fault), detail=fault.message)
            return
        await self._carry_out(command, len(payload.data), tasks)

    async def _carry_out(self, command: GenericCommand, size_bytes: int, tasks: asyncio.TaskGroup) -> None:
        cmd, op = operation_of(command)
        if (cmd, op) == (direct, None) and not command.directMessage.will and (sender := self._peer_of(command)):
            await self._sends.begin(sender, command, size_bytes)
            return
        await self._sends.wait_until_done()
        if cmd in (echo, login, logout):
            self.note_stray()
            self._answer_greeting(command)
        elif (cmd, op) == (session, open_op):
            await self._open(command, size_bytes, tasks)
        elif (peer := self._peer_of(command)) is None:
            self.note_stray()
            self._refuse(command.i, _NO_SESSION)
        elif (cmd, op) == (session, close_op):
            await self._close(peer, command)
        elif (cmd, op) == (session, refresh):
            self.note_stray()
            self._answer_opened(peer, command, opened_as=refreshed)
        elif (handler := HANDLERS.get((cmd, op))) is not None:
            await self._handle(peer, handler, command, size_bytes)
        else:
            self.note_stray()
            self._refuse(command.i, ERRORS[INTERNAL], detail="not known to this server")

    def _peer_of(self, command: GenericCommand) -> Peer | None:
        """Give whose command it is: without a name that of the client that logged in first."""
        if command.peerId:
            return self._peers.get(UserId(command.peerId))
        return next(iter(self._peers.values()), None)

    # ------------------------------------------------------------ sessions

    async def _open(self, command: GenericCommand, size_bytes: int, tasks: asyncio.TaskGroup) -> None:
        with self._told(command, UserId(command.peerId)):
            try:
                await self._log_in(command, tasks)
            except (Refused, UnisonoError) as fault:
                # Clients do not try again by themselves, but when their connection is lost.
                if isinstance(fault, LocalFault | RateLimited) and command.sessionMessage.r:
                    self._connection.end(fault)
                    return
                # Most of what is refused was refused before anything counted it.
                self.note_stray(size_bytes)
                raise

    async def _log_in(self, command: GenericCommand, tasks: asyncio.TaskGroup) -> None:
        station = self._stations.get(command.appId)
        if station is None:
            raise Refused(_APP_UNKNOWN)
        names = tuple(self._peers)
        entrance = Entrance(user_of(command.peerId, station), self._guest.address)
        namesake = self._peers.get(entrance.user)
        if namesake is not None and namesake.station is not station:
            # Only the login names the app: what comes behind it could not be told apart.
            raise Refused(_APP_UNKNOWN, "a client of another app has this name on this connection")
        if entrance.user not in self._peers and len(self._peers) >= CLIENTS_MAX:
            raise LimitReached(what="clients of a connection", limit=CLIENTS_MAX)
        link = PeerLink(
            entrance.user,
            self._connection,
            self._dialect,
            encoder=station.encoder,
            teller=station.telling,
            backlog=self._backlog,
        )
        link.takes_patches = bool(command.sessionMessage.configBitmap & TAKES_PATCHES)
        with link.held():
            try:
                with self._admission.greeting():
                    peer = await open_session(station, entrance, command.sessionMessage, link)
            except BaseException:  # whatever it was, what came for this link meanwhile waits no more
                link.drop()
                raise
            before = self._seat(peer, names)
            self._is_logged_in = True
            tasks.create_task(self._attend(peer))
            if before is not None:
                await self._replace(before, peer)
            self._answer_opened(peer, command, opened_as=opened)
            await self._catch_up(peer, command.sessionMessage)

    def _seat(self, peer: Peer, names: Sequence[UserId]) -> Peer | None:
        """Give a client its place among `names`, who were here before; give what it was here until now."""
        before, here = self._peers.get(peer.user), {**self._peers, peer.user: peer}
        self._peers = {name: here[name] for name in (*names, peer.user) if name in here}
        return before

    async def _catch_up(self, peer: Peer, said: SessionCommand) -> None:
        """Tell a client what it missed. Where we cannot, the connection ends: it comes back, and is told then."""
        try:
            await catch_up(peer, said, self._dialect.catch_up)
        except UnisonoError as fault:
            self._telemetry.fault("catch_up_failed", code=fault.code)
            if isinstance(fault, LocalFault):
                self._connection.end(fault)
        except Exception as defect:  # noqa: BLE001  (a message that cannot be told must not keep its reader out)
            self._telemetry.defect("catch_up_failed", defect, user=peer.user)

    async def _replace(self, before: Peer, peer: Peer) -> None:
        """End what a client had on this connection before it logged in again: both have one name."""
        before.is_leaving = True
        before.link.stop()
        if before.caller.session == peer.caller.session:
            await leave(before, Phase.CLOSED)
            return
        try:
            await log_out(before)
        except UnisonoError as fault:
            self._telemetry.fault("log_out_failed", code=fault.code)

    def _answer_opened(self, peer: Peer, command: GenericCommand, *, opened_as: OpType) -> None:
        answer = reply(command, opened_as, peer.user, peer.now())
        answer.sessionMessage.st = str(peer.token)
        answer.sessionMessage.stTtl = lasts_s(peer.station)
        self.say(answer)

    async def _close(self, peer: Peer, command: GenericCommand) -> None:
        peer.is_leaving = True
        self._peers.pop(peer.user, None)
        peer.link.stop()
        with self._told(command, peer.user):
            await log_out(peer)
            answer = reply(command, closed, peer.user, peer.now())
            answer.sessionMessage.SetInParent()
            self.say(answer)

    async def _attend(self, peer: Peer) -> None:
        """Have a client told what comes, and say goodbye to it when its session ends before its connection."""
        try:
            fault = await peer.link.run()
        except Exception as defect:  # noqa: BLE001  (what cannot be told to one client must not end all others)
            self._telemetry.defect("telling_failed", defect, user=peer.user)
            self._connection.end(Internal())
            return
        if fault is None or peer.is_leaving or isinstance(fault, LocalFault):
            return
        if self._peers.get(peer.user) is peer:
            del self._peers[peer.user]
        # Another connection carries the session: the client that is told here may be that one.
        if not isinstance(fault, Replaced):
            error = error_of(fault)
            bye = push(session, closed, peer.user, peer.now())
            bye.sessionMessage.code, bye.sessionMessage.reason = error.code, error.name
            self.say(bye)
        await leave(peer, Phase.CLOSED)

    # ------------------------------------------------------------ commands

    async def _handle(self, peer: Peer, handler: Handler, command: GenericCommand, size_bytes: int) -> None:
        asked = peer.asked
        with peer.link.held(), self._told(command, peer.user):
            answer = await handler(peer, command)
            if answer is not None and command.i:
                self.say(answer)
        if peer.asked == asked:
            # What is answered, or refused, without asking anything is in no user's rate.
            self.note_stray(size_bytes)
        await peer.station.node.fanout.wait_until_passed_on(peer.take_touched(), SETTLING_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLING_S):
                await peer.link.wait_until_told()

    def _answer_greeting(self, command: GenericCommand) -> None:
        """Answer a sign of life, or the login of a client of LiveQuery's, who has no session."""
        self._is_logged_in |= command.cmd == login
        if not command.i:
            return
        answer = GenericCommand(cmd=_SAID.get(command.cmd, command.cmd), i=command.i, serverTs=self._now())
        if command.cmd == echo:
            answer.service = MESSAGING
        for name in ("service", "installationId", "peerId"):
            if command.HasField(name):
                setattr(answer, name, getattr(command, name))
        self.say(answer)

    @contextmanager
    def _told(self, command: GenericCommand, user: UserId) -> Iterator[None]:
        """Tell the client what goes wrong inside."""
        try:
            yield
        except Refused as refused:
            self._refuse(command.i, refused.error, user, refused.detail)
        except UnisonoError as fault:
            self._telemetry.count("refusals", label=fault.code)
            self._refuse(command.i, error_of(fault), user, fault.message)
        except Exception as defect:  # noqa: BLE001  (a defect costs its own request alone)
            self._telemetry.defect("command_failed", defect, op=str(operation_of(command)))
            self._refuse(command.i, ERRORS[INTERNAL], user)

    def _refuse(
        self, serial: int, error: LeanCloudError, user: UserId | None = None, detail: str | None = None
    ) -> None:
        """Refuse a request; one without a serial hears nothing, or its client would open a second connection."""
        if serial:
            self.say(refusal(serial, error, self._now(), user or None, detail))

    def say(self, command: GenericCommand) -> None:
        """Queue an answer, or a goodbye."""
        self._connection.answer_nowait(framed(encode(command, self._dialect)))

    def note_stray(self, size_bytes: int = 0) -> None:
        """Count a frame that no user's rate counts."""
        self._guest.incoming.note_stray(size_bytes)

    def _now(self) -> Instant:
        return next(iter(self._stations.values())).node.parts.clock.now()


_SAID: Final = {login: loggedin, logout: loggedout}
