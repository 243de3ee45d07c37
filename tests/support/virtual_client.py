"""A client made of the protocol page alone: raw JSON frames, hundreds of them in one process.

It resumes by itself, repeats sends under their key until they are acknowledged, fills gaps, and writes down everything
for the judge.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final

from tests.support.follower import Follower, Frame
from tests.support.judge import Acknowledged, SessionLog
from tests.support.polled_socket import open_socket
from tests.support.raw_socket import HandshakeRefusedError, RawSocket

BACKOFF_FIRST_S: Final = 0.01
BACKOFF_MAX_S: Final = 0.25
WINDOW: Final = 16
Answered = Callable[[Frame], None]


class RefusedError(Exception):
    """The server said no. `frame` is its refusal or its farewell."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(f"{frame['code']}: {frame.get('message', '')}")
        self.frame = frame
        self.code: str = frame["code"]


class DisconnectedError(Exception):
    """The connection ended before the answer came."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a client behaves.

    - `follows`: keeps up with its streams; without it pushes are passed over
    - `doubt`: share of acknowledged sends that are repeated all the same
    - `patience_s`: longest silence borne while something was asked
    - `device`: its id, one of its own when not given
    - `receive_bytes`: size of the socket's own buffer; `polls`: there is no socket, but long polling
    """

    platform: str = "web"
    device: str | None = None
    follows: bool = True
    doubt: float = 0.0
    patience_s: float = 20.0
    token: str | None = None
    receive_bytes: int | None = None
    polls: bool = False


DEFAULT_MANNER: Final = Manner()


class VirtualClient:
    """One session of one user on one device.

    `run` carries it until `stop`, or until the server says that it must not come back; then `ended_by` says why.
    """

    def __init__(
        self,
        port: int,
        user: str,
        *,
        name: str,
        seed: int = 0,
        manner: Manner = DEFAULT_MANNER,
    ) -> None:
        self.port = port
        self.user = user
        self.name = name
        self.follower = Follower(SessionLog(name, user))
        self.acks: list[Acknowledged] = []
        self.byes: list[Frame] = []
        self.close_codes: list[int | None] = []
        self.welcome: Frame | None = None
        self.resumes = self.logins = 0
        self.ended_by: Frame | None = None
        self.refused: list[int] = []
        self.on_placed: Callable[[], None] | None = None
        self.on_change: Callable[[], None] | None = None
        self.info: str | None = None
        self._chance = Random(f"{seed}/{name}")
        self._manner = manner
        self._login_id: str | None = None
        self._attempts = 0
        self._resume_token: str | None = None
        self._session: str | None = None
        self._socket: RawSocket | None = None
        self._bye: Frame | None = None
        self._is_paused = False
        self._is_live = False
        self._is_stopped = False
        self._request = 0
        self._answered: dict[int, Answered] = {}
        self._outbox: dict[str, Frame] = {}
        self._under_way: set[str] = set()
        self._placed: dict[str, asyncio.Future[int]] = {}
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._heard = 0
        self._ticker: asyncio.TimerHandle | None = None

    @property
    def is_live(self) -> bool:
        """Say if a session is live on a connection."""
        return self._is_live

    @property
    def session(self) -> str | None:
        """Give the session id, once there is one."""
        return self._session

    @property
    def unacknowledged(self) -> int:
        """Count the sends whose place is not known yet."""
        return len(self._outbox)

    async def run(self) -> None:
        """Connect, carry on, and come back after every loss."""
        backoff_s = BACKOFF_FIRST_S
        while not self._is_stopped:
            wait_s = await self._connect_once()
            if self.ended_by is not None or self._is_stopped:
                break
            backoff_s = BACKOFF_FIRST_S if self._heard else min(BACKOFF_MAX_S, backoff_s * 2)
            await asyncio.sleep(max(wait_s, backoff_s * (0.5 + self._chance.random())))
        self._notice()

    def stop(self) -> None:
        """End `run` by closing the connection like a closed page: without a word."""
        self._is_stopped = True
        self.cut()

    def cut(self) -> None:
        """Break the connection, as a tunnel does."""
        if self._socket is not None:
            self._socket.abort()

    def pause(self) -> None:
        """Stop reading, without closing: a frozen page."""
        self._is_paused = True
        if self._socket is not None:
            self._socket.pause()

    def unpause(self) -> None:
        """Read again."""
        self._is_paused = False
        if self._socket is not None:
            self._socket.resume()

    def forget_session(self) -> None:
        """Log in anew at the next connection, as a new installation of the same device would."""
        self._session = self._resume_token = self._login_id = None

    def post(self, conversation: str, text: str, key: str) -> None:
        """Send a message some time: repeated until its place is known."""
        content = {"type": -1, "text": text}
        self._outbox[key] = {"op": "send", "conversation": conversation, "key": key, "content": content}
        self._flush_outbox()

    async def send(self, conversation: str, text: str, key: str) -> int:
        """Send a message and give its place.

        Raises:
            RefusedError: The server does not take it.

        """
        placed = self._placed[key] = asyncio.get_running_loop().create_future()
        self.post(conversation, text, key)
        return await placed

    async def ask(self, do: Frame) -> Frame:
        """Ask once, on the present connection.

        Raises:
            RefusedError: The server said no.
            DisconnectedError: There was no connection, or it ended first.

        """
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        if not self._is_live:
            raise DisconnectedError
        self._issue(do, lambda frame: None if answer.done() else answer.set_result(frame))
        frame = await answer
        if frame["is"] == "reply":
            return dict(frame["answer"])
        if frame["is"] == "error":
            raise RefusedError(frame)
        raise DisconnectedError

    async def wait_until(self, holds: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Wait until something holds; it is looked at after each thing that happens here."""
        if holds():
            return
        waiter: tuple[Callable[[], bool], asyncio.Future[None]] = (holds, asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                await waiter[1]
        finally:
            self._waiting.remove(waiter)

    async def wait_live(self, timeout_s: float = 20.0) -> None:
        """Wait until the session is live and lacks nothing that it knows of, or is over."""
        await self.wait_until(
            lambda: self.ended_by is not None or (self._is_live and self.follower.is_settled), timeout_s
        )
        if self.ended_by is not None:
            raise RefusedError(self.ended_by)

    async def _connect_once(self) -> float:
        """Carry one connection from its beginning to its end; give how long to stay away."""
        self._heard, self._bye = 0, None
        try:
            socket = self._socket = await open_socket(
                self.port, self._hear, polls=self._manner.polls, receive_bytes=self._manner.receive_bytes
            )
            self._greet()
            self._tick()
            self.close_codes.append(await socket.closed)
        except HandshakeRefusedError as refused:
            self.refused.append(refused.status)
            return float(refused.headers.get("retry-after", "0"))
        except OSError:
            pass
        finally:
            self._end_connection()
        return self._take_advice()

    def _hear(self, opcode: int, payload: bytes) -> None:
        del opcode
        self._heard += 1
        self._take(json.loads(payload))
        self._notice()

    def _greet(self) -> None:
        if self._session is not None and self._resume_token is not None:
            resume = {"op": "resume", "session": self._session, "resume_token": self._resume_token}
            self._issue(resume, self._take_welcome)
            return
        if self._login_id is None:
            self._login_id = f"{self._chance.getrandbits(96):024x}"
        self._attempts += 1
        device = {
            "id": self._manner.device or f"device-of-{self.name}"[:64],
            "platform": self._manner.platform,
            "label": self.name,
        }
        if self.info is not None:
            device["info"] = self.info
        login: Frame = {"op": "login", "device": device, "login": self._login_id, "fence": self._attempts}
        login |= {"token": self._manner.token} if self._manner.token is not None else {"user": self.user}
        self._issue(login, self._take_welcome)

    def _take_welcome(self, frame: Frame) -> None:
        if frame["is"] == "error":
            self._bye = self._bye or frame
            self.cut()
        if frame["is"] != "reply":
            return
        answer = self.welcome = frame["answer"]
        self.resumes += self._resume_token is not None
        self.logins += self._resume_token is None
        self._session = answer.get("session")
        self._resume_token = answer.get("resume_token", self._resume_token)
        self._is_live = True
        if self._manner.follows:
            self.follower.begin_connection(answer["epoch"])
            self._issue(self.follower.begin_sync(), self._take_moved)
        self._under_way.clear()
        self._flush_outbox()
        self._tick()

    def _take(self, frame: Frame) -> None:
        kind = frame["is"]
        if kind == "facts":
            if self._manner.follows:
                self._read_all(self.follower.take_delivery(frame))
        elif kind == "bye":
            self._bye = frame
            self.byes.append(frame)
        elif (answered := self._answered.pop(frame["re"], None)) is not None:
            answered(frame)

    def _take_moved(self, frame: Frame) -> None:
        if frame["is"] == "error":
            self.cut()
        if frame["is"] != "reply":
            return
        reads, following = self.follower.take_moved(frame["answer"])
        self._read_all(reads)
        if following is not None:
            self._issue(following, self._take_moved)

    def _read_all(self, reads: list[Frame]) -> None:
        for read in reads:
            self._issue(read, partial(self._take_page, stream=read["stream"]))

    def _take_page(self, frame: Frame, stream: str) -> None:
        if frame["is"] == "reply":
            self._read_all(self.follower.take_page(frame["answer"]))
        elif frame["is"] == "error" and frame["code"] == "not_found":
            self.follower.give_up(stream)
        elif frame["is"] == "error":
            self.cut()

    def _flush_outbox(self) -> None:
        if not self._is_live:
            return
        for key, send in self._outbox.items():
            if len(self._under_way) >= WINDOW:
                return
            if key not in self._under_way:
                self._under_way.add(key)
                self._issue(send, partial(self._take_placed, key=key))

    def _take_placed(self, frame: Frame, key: str) -> None:
        if frame["is"] == "lost":
            return
        self._under_way.discard(key)
        if frame["is"] == "error" and frame.get("retryable"):
            wait_s = frame.get("retry_after_ms", 50) / 1000
            asyncio.get_running_loop().call_later(wait_s, self._flush_outbox)
            return
        placed = self._placed.get(key)
        if frame["is"] == "error":
            self._outbox.pop(key, None)
            if placed is not None and not placed.done():
                placed.set_exception(RefusedError(frame))
            return
        answer = frame["answer"]
        self.acks.append(Acknowledged(self.user, answer["stream"], key, answer["seq"]))
        if self._chance.random() >= self._manner.doubt:
            self._outbox.pop(key, None)
        if placed is not None and not placed.done():
            placed.set_result(answer["seq"])
        if self.on_placed is not None and key not in self._outbox:
            self.on_placed()
        self._flush_outbox()

    def _issue(self, do: Frame, answered: Answered) -> None:
        if self._socket is None:
            return
        self._request += 1
        self._answered[self._request] = answered
        self._socket.send_text(json.dumps({"id": self._request, "do": do}))

    def _tick(self, heard: int = -1) -> None:
        """Ping now and then; leave a connection that stays silent although something was asked."""
        if self._ticker is not None:
            self._ticker.cancel()
        if self._answered and heard == self._heard and not self._is_paused:
            self.cut()
            return
        heartbeat_s = self.welcome["heartbeat_s"] / 3 if self.welcome else self._manner.patience_s
        if self._is_live:
            self._issue({"op": "ping"}, self._take_pong)
        after_s = min(heartbeat_s, self._manner.patience_s)
        self._ticker = asyncio.get_running_loop().call_later(after_s, self._tick, self._heard)

    def _take_pong(self, frame: Frame) -> None:
        if frame["is"] == "reply":
            self.follower.reach(frame["answer"]["checkpoint"])

    def _end_connection(self) -> None:
        self._is_live, self._socket = False, None
        if self._ticker is not None:
            self._ticker.cancel()
        answered, self._answered = self._answered, {}
        for take in answered.values():
            take({"is": "lost"})
        self._notice()

    def _take_advice(self) -> float:
        """Do as the farewell or the refusal of the greeting says; give how long to stay away."""
        bye = self._bye
        if bye is None:
            return 0.0
        advice = bye.get("advice")
        if bye["code"] == "session_unknown" or advice == "log_in":
            self.forget_session()
        elif advice in {"stop", "new_token"} or (advice is None and not bye.get("retryable")):
            self.ended_by = bye
        return float(bye.get("retry_after_ms") or 0) / 1000

    def _notice(self) -> None:
        if self.on_change is not None:
            self.on_change()
        for holds, waiter in self._waiting:
            if not waiter.done() and holds():
                waiter.set_result(None)
