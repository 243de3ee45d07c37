"""A connection by long polling: docs/protocol/longpoll.md, seen from the client."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, cast

from unisono_sdk.advice import close_of
from unisono_sdk.carrier import CarrierOver, NoWay, Way
from unisono_sdk.codec import JSON, Codec, Payload, frame_of, load_json
from unisono_sdk.errors import InvalidArgument, LinkDown, ProtocolFault, Refused, refused
from unisono_sdk.frames import ServerFrame
from unisono_sdk.options import Options, poll_address
from unisono_sdk.posting import OK, Answer, Poster

BATCH_FRAMES: Final = 256
"""Frames in one batch: what a server takes at most."""
BATCH_CHARS: Final = 64 * 1024
"""Frames that go together have so many characters at most; a larger one goes alone."""
PAUSE_S: Final = 0.2
"""Before a request is repeated; doubled each time."""
PAUSE_MAX_S: Final = 2.0
CUT_AFTER_S: Final = 1.0
"""A poll that failed after so long was cut for its length, and the next one asks for less."""
CUT_SHARE: Final = 0.75

Fields = dict[str, object]


async def open_polling(options: Options) -> "Polling":
    """Connect.

    Raises:
        Refused: The server did not let the connection in.
        NoWay: Somebody is there, but does not know long polling.
        LinkDown: There is nobody.
    """
    url = poll_address(options.url)
    if url is None:
        raise NoWay(f"where long polling is cannot be seen from {options.url}")
    post = partial(Poster, url, proxy=options.proxy, body_bytes=options.limits.frame_bytes)
    try:
        sends = post()
    except InvalidArgument as fault:
        raise NoWay(str(fault)) from None
    try:
        return await _opened(sends, post, options)
    except (ProtocolFault, ConnectionResetError, KeyError, ValueError, TypeError) as problem:
        raise NoWay(f"no long polling at {url}: {problem}") from None
    except (OSError, TimeoutError) as problem:
        raise LinkDown(f"no connection to {url}: {str(problem) or type(problem).__name__}") from None
    except Refused as refusal:
        if refusal.code in {"not_found", "unsupported"}:
            raise NoWay(f"no long polling at {url}") from None
        raise


async def _opened(sends: Poster, post: Callable[[], Poster], options: Options) -> "Polling":
    try:
        async with options.clock.deadline(options.limits.connect_s):
            told = read_answer(await sends.post("open", b"{}"))
        return Polling(sends, post, options, str(told["connection"]), float(cast("float", told["wait_s"])))
    except BaseException:
        # Given up, too: nobody else knows of this connection.
        sends.abort()
        raise


class Polling:
    """Implements `Carrier`.

    One request that sends and one that polls are under way at most. Whichever fails is repeated as it was: batches are
    numbered both ways, so nothing is lost or comes twice by that.
    """

    way: Way = "longpoll"
    codec: Codec = JSON

    def __init__(self, sends: Poster, post: Callable[[], Poster], options: Options, name: str, wait_s: float) -> None:
        """Carry on a connection that was opened under a name. `post` makes another who asks the same server."""
        self._sends = sends
        self._polls = post()
        self._post = post
        self._limits = options.limits
        self._clock = options.clock
        self._name = name
        self._wait_s = wait_s
        self._after = 0
        self._outgoing: deque[str] = deque()
        self._batch: list[str] = []
        """What was sent under the number `_number` and not confirmed."""
        self._number = 0
        self._asked = 0
        self._confirmed = 0
        self._turn = asyncio.Lock()
        self._over: CarrierOver | None = None
        self._ended = asyncio.Event()

    async def send(self, payload: Payload) -> None:
        """Send a frame, together with those that wait for the same turn."""
        self._outgoing.append(cast("str", payload))
        self._asked += 1
        place = self._asked
        async with self._turn:
            while self._confirmed < place:
                await self._send_batch()

    async def receive(self) -> Sequence[ServerFrame]:
        """Wait for a batch of the server."""
        while True:
            told = await self._repeat(self._polls, "poll", self._poll_body)
            if frames := self._take(told):
                return frames

    def abort(self) -> None:
        """End it at once, without a word."""
        self._end(CarrierOver())

    async def close(self) -> None:
        """Tell the server that this client goes, if it did not end it itself."""
        if self._over is not None:
            return
        self.abort()
        farewell = self._post()
        try:
            async with self._clock.deadline(self._limits.close_s):
                await farewell.post("close", json.dumps({"connection": self._name}).encode())
        except (OSError, TimeoutError, ProtocolFault):
            pass  # then the server finds out by itself
        finally:
            farewell.abort()

    async def _send_batch(self) -> None:
        if not self._batch:
            self._number += 1
            self._batch = self._next_batch()
        await self._repeat(self._sends, "send", self._send_body)
        self._confirmed += len(self._batch)
        self._batch = []

    def _next_batch(self) -> list[str]:
        batch = [self._outgoing.popleft()]
        size = len(batch[0])
        while self._outgoing and len(batch) < BATCH_FRAMES and size + len(self._outgoing[0]) <= BATCH_CHARS:
            batch.append(self._outgoing.popleft())
            size += len(batch[-1])
        return batch

    def _send_body(self) -> str:
        head = json.dumps({"connection": self._name, "batch": self._number})
        return f'{head[:-1]}, "frames": [{",".join(self._batch)}]}}'

    def _poll_body(self) -> str:
        return json.dumps({"connection": self._name, "after": self._after, "wait_s": self._wait_s})

    def _take(self, told: Fields) -> Sequence[ServerFrame]:
        number, frames = told.get("batch"), told.get("frames")
        if not isinstance(number, int) or not isinstance(frames, list):
            raise ProtocolFault("a poll was answered with something else")
        if number != self._after + 1:
            return ()
        self._after = number
        close = told.get("close")
        if isinstance(close, dict):
            self._end(CarrierOver(close.get("code"), str(close.get("reason", ""))))
        return tuple(frame_of(frame) for frame in frames)

    async def _repeat(self, poster: Poster, what: str, body: Callable[[], str]) -> Fields:
        """Ask until there is an answer; after the patience for a sign of life the connection is over."""
        clock, patience_s = self._clock, self._limits.pong_s
        failing_since_s: float | None = None
        pause_s = 0.0
        while self._over is None:
            began_s = clock.monotonic_s()
            asked_s = 0.0
            try:
                async with clock.deadline(self._wait_s + patience_s):
                    return read_answer(await poster.post(what, body().encode()))
            except Refused as refusal:
                problem: Exception = refusal
                asked_s = (refusal.retry_after_ms or 0) / 1000
                if not refusal.retryable:
                    self._end(CarrierOver(close_of(refusal.code), str(refusal)))
            except (OSError, TimeoutError, ProtocolFault) as fault:
                problem = fault
            now_s = clock.monotonic_s()
            failing_since_s = now_s if failing_since_s is None else failing_since_s
            if now_s - failing_since_s >= patience_s:
                self._end(CarrierOver(None, f"{what}: {str(problem) or type(problem).__name__}"))
            if what == "poll" and now_s - began_s >= CUT_AFTER_S:
                self._wait_s = max(CUT_AFTER_S, min(self._wait_s, (now_s - began_s) * CUT_SHARE))
            await self._pause(max(pause_s, asked_s))
            pause_s = min(PAUSE_MAX_S, pause_s * 2 or PAUSE_S)
        raise self._over

    async def _pause(self, seconds: float) -> None:
        """Wait, unless it is over."""
        try:
            async with self._clock.deadline(seconds):
                await self._ended.wait()
        except TimeoutError:
            pass

    def _end(self, over: CarrierOver) -> None:
        """End it for a reason; the first counts. Who waits for an answer is told at once."""
        if self._over is None:
            self._over = over
            self._ended.set()
        self._sends.abort()
        self._polls.abort()


def read_answer(answer: Answer) -> Fields:
    """Give what the server answered.

    Raises:
        Refused: It said no.
        ProtocolFault: It is none of our server's: a proxy's, say.
    """
    told = load_json(answer.body) if answer.body else {}
    if not isinstance(told, dict):
        raise ProtocolFault(f"answered with status {answer.status}")
    if answer.status == OK:
        return cast("Fields", told)
    if not isinstance(told.get("code"), str):
        raise ProtocolFault(f"answered with status {answer.status}")
    seconds = answer.headers.get("retry-after", "")
    raise refused(
        told["code"],
        str(told.get("message", "")),
        retryable=told.get("retryable") is True,
        retry_after_ms=int(seconds) * 1000 if seconds.isdecimal() else None,
    )
