"""Push notifications over HTTP: posted to the operator's service, signed as Standard Webhooks 1.0 says."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import Enum
from typing import Final, Literal, NamedTuple

import aiohttp
import msgspec
from msgspec import Struct

from unisono import __version__
from unisono.domain.calls import RingEnd
from unisono.domain.facts import ConversationKind, Media
from unisono.domain.ids import CallId, ConversationId, Epoch, Instant, Json, Seq, UserId
from unisono.ports.clock import Clock, Entropy
from unisono.ports.push import CallPush, Push, ReadPush
from unisono.ports.push_targets import PushTarget
from unisono.ports.telemetry import Telemetry

Pause = Callable[[float], Awaitable[None]]

PAUSE_FIRST_S: Final = 0.5
PAUSE_MAX_S: Final = 30.0
ASKED_PAUSE_MAX_S: Final = 300.0
"""The longest pause that the service may ask for."""
FAILURES_MAX: Final = 8
"""How often a service may fail at the same pushes, over two minutes, until it is believed to do so for ever."""
LATER: Final = frozenset({408, 425, 429, 502, 503, 504})
"""Statuses that say nothing about what was posted: from a service that is busy, or from the proxy before one that is
away."""


class WebhookOptions(Struct, frozen=True):
    """Where to post, signed by which keys, and for how long to try."""

    app: str
    url: str
    keys: tuple[bytes, ...]
    deadline_s: float
    kept_s: float
    at_once: int


class Notification(Struct, frozen=True, omit_defaults=True):
    """A push as it is posted. `id` is the same whenever it is."""

    id: str
    user: UserId
    conversation: ConversationId
    of: ConversationKind
    epoch: Epoch
    seq: Seq
    at: Instant
    sender: UserId
    text: str
    unread: int
    is_mentioned: bool = False
    data: dict[str, Json] | None = None
    devices: tuple[PushTarget, ...] = ()


class CallNotification(Struct, frozen=True, omit_defaults=True):
    """A ring, or its end, as it is posted. `id` is the same whenever it is."""

    id: str
    event: Literal["ring", "ring_over"]
    call: CallId
    user: UserId
    caller: UserId
    media: Media
    at: Instant
    until: Instant
    conversation: ConversationId | None = None
    data: Json = None
    reason: RingEnd | None = None
    devices: tuple[PushTarget, ...] = ()


class CallBatch(Struct, frozen=True):
    """What one request about calls brings."""

    app: str
    calls: tuple[CallNotification, ...]


class ReadNotification(Struct, frozen=True, omit_defaults=True):
    """That something was read, as it is posted. `id` is the same whenever it is."""

    id: str
    user: UserId
    conversation: ConversationId
    seq: Seq
    unread: int
    devices: tuple[PushTarget, ...] = ()


class ReadBatch(Struct, frozen=True):
    """What one request about what was read brings."""

    app: str
    reads: tuple[ReadNotification, ...]


class Batch(Struct, frozen=True):
    """What one request brings."""

    app: str
    pushes: tuple[Notification, ...]


class Posted(Struct, frozen=True):
    """The body of a request. `timestamp` is that of the latest message."""

    type: str
    timestamp: str
    data: Batch | CallBatch | ReadBatch


class _Verdict(Enum):
    TAKEN = "taken"
    REFUSED = "refused"
    LATER = "later"
    FAILED = "failed"


class _Outcome(NamedTuple):
    verdict: _Verdict
    status: str
    pause_s: float = 0.0


class Webhook:
    """Implements `ports.push.PushService`."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        options: WebhookOptions,
        clock: Clock,
        entropy: Entropy,
        telemetry: Telemetry,
        *,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._http = http
        self._options = options
        self._clock = clock
        self._entropy = entropy
        self._telemetry = telemetry
        self._pause = pause

    async def hand_over(self, pushes: Sequence[Push]) -> None:
        """Post pushes until they are taken, refused, or too old."""
        posted = tuple(_notification(self._options.app, push) for push in pushes)
        newest = max(push.at for push in pushes)
        body = msgspec.json.encode(Posted("push", _iso(newest), Batch(self._options.app, posted)))
        name = _name("batch", *(each.id for each in posted))
        attempts = failures = 0
        while True:
            outcome = await self._post(name, body)
            attempts += 1
            failures += outcome.verdict is _Verdict.FAILED
            self._telemetry.count("push_requests", label=outcome.status)
            if outcome.verdict in {_Verdict.TAKEN, _Verdict.REFUSED}:
                break
            is_over = self._clock.now() > newest + self._options.kept_s * 1000 or failures == FAILURES_MAX
            if attempts == 1 or is_over:
                self._telemetry.fault(
                    "push_not_taken", batch=name, pushes=len(pushes), status=outcome.status, attempts=attempts
                )
            if is_over:
                self._telemetry.count("pushes", len(pushes), label="given_up")
                return
            await self._pause(self._pause_s(attempts, outcome.pause_s))
        self._telemetry.count("pushes", len(pushes), label=outcome.verdict.value)
        if outcome.verdict is _Verdict.REFUSED:
            self._telemetry.fault("push_refused", batch=name, pushes=len(pushes), status=outcome.status)

    async def hand_over_calls(self, pushes: Sequence[CallPush]) -> bool:
        """Post what rings, or rings no more, once."""
        posted = tuple(_call_notification(self._options.app, push) for push in pushes)
        return await self._post_once("call", CallBatch(self._options.app, posted), [each.id for each in posted])

    async def hand_over_reads(self, pushes: Sequence[ReadPush]) -> bool:
        """Post what was read, once."""
        app = self._options.app
        posted = tuple(
            ReadNotification(
                _name("read", app, push.conversation, str(push.seq), push.user),
                push.user,
                push.conversation,
                push.seq,
                push.unread,
                push.devices,
            )
            for push in pushes
        )
        return await self._post_once("read", ReadBatch(app, posted), [each.id for each in posted])

    async def _post_once(self, kind: Literal["call", "read"], batch: CallBatch | ReadBatch, ids: Sequence[str]) -> bool:
        body = msgspec.json.encode(Posted(kind, _iso(self._clock.now()), batch))
        outcome = await self._post(_name(kind, *ids), body)
        self._telemetry.count("push_requests", label=outcome.status)
        if outcome.verdict not in {_Verdict.TAKEN, _Verdict.REFUSED}:
            return False
        self._telemetry.count(f"{kind}_pushes", len(ids), label=outcome.verdict.value)
        return True

    def _pause_s(self, attempts: int, asked_s: float) -> float:
        # Half of it is chance, so that requests which failed together do not come together again.
        pause_s = min(PAUSE_FIRST_S * 2.0 ** min(attempts - 1, 10), PAUSE_MAX_S)
        return max(pause_s * (0.5 + 0.5 * self._entropy.fraction()), asked_s)

    async def _post(self, name: str, body: bytes) -> _Outcome:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"unisono/{__version__}",
            **signed(name, self._clock.now() // 1000, body, self._options.keys),
        }
        try:
            async with self._http.post(self._options.url, data=body, headers=headers, allow_redirects=False) as answer:
                return _judge(answer.status, answer.headers.get("Retry-After", ""))
        except TimeoutError:
            return _Outcome(_Verdict.LATER, "timeout")
        except (aiohttp.ClientError, OSError):
            return _Outcome(_Verdict.LATER, "unreachable")


def signed(name: str, at_s: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """Give the headers that name a request and say who made it, when, and with which body."""
    content = f"{name}.{at_s}.".encode() + body
    digests = (base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
    return {
        "webhook-id": name,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(f"v1,{digest}" for digest in digests),
    }


@asynccontextmanager
async def opened_webhook(
    options: WebhookOptions, clock: Clock, entropy: Entropy, telemetry: Telemetry, *, pause: Pause = asyncio.sleep
) -> AsyncIterator[Webhook]:
    """Lend a way to the service; its connections are kept open in between."""
    connector = aiohttp.TCPConnector(limit=options.at_once)
    timeout = aiohttp.ClientTimeout(total=options.deadline_s)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        yield Webhook(http, options, clock, entropy, telemetry, pause=pause)


def _judge(status: int, retry_after: str) -> _Outcome:
    if 200 <= status < 300:
        return _Outcome(_Verdict.TAKEN, str(status))
    if status in LATER:
        asked_s = min(float(retry_after), ASKED_PAUSE_MAX_S) if retry_after.isdecimal() else 0.0
        return _Outcome(_Verdict.LATER, str(status), asked_s)
    return _Outcome(_Verdict.FAILED if status >= 500 else _Verdict.REFUSED, str(status))


def _notification(app: str, push: Push) -> Notification:
    return Notification(
        id=_name("push", app, push.conversation, str(push.epoch), str(push.seq), push.user),
        user=push.user,
        conversation=push.conversation,
        of=push.of,
        epoch=push.epoch,
        seq=push.seq,
        at=push.at,
        sender=push.sender,
        text=push.text,
        unread=push.unread,
        is_mentioned=push.is_mentioned,
        data=push.data,
        devices=push.devices,
    )


def _name(kind: str, *parts: str) -> str:
    # No id has a NUL in it, so no two lists of parts are written alike.
    return f"{kind}_{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"


def _call_notification(app: str, push: CallPush) -> CallNotification:
    event: Literal["ring", "ring_over"] = "ring" if push.over is None else "ring_over"
    return CallNotification(
        id=_name(event, app, push.call, push.user),
        event=event,
        call=push.call,
        user=push.user,
        caller=push.caller,
        media=push.media,
        at=push.at,
        until=push.until,
        conversation=push.conversation,
        data=push.data,
        reason=push.over,
        devices=push.devices,
    )


def _iso(at: Instant) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
