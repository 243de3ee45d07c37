"""Asking the REST door, as an operator."""

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from unisono.cli.failing import Busy, Exit, Failure, of_code
from unisono.cli.sources import admin_key, server_url, settings_from

DEADLINE_S: Final = 10.0
ANSWER_MAX_BYTES: Final = 64 << 20
PATIENCE_S: Final = 120.0
"""How long something is tried again that the server has no time for."""
AWAY: Final = frozenset({502, 503, 504})
"""What a proxy answers that does not reach the server."""

T = TypeVar("T")


class Operator:
    """Asks the REST door with an admin key, about an app; without one that of native clients."""

    def __init__(self, url: str, key: str, app: str | None = None) -> None:
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise Failure(f"`{url}` is no URL of a server", exit_code=Exit.USAGE, hint="http://… or https://…")
        self._url = url
        self._key = key
        self._app = app

    def ask(
        self, method: str, *path: str, body: object = None, deadline_s: float = DEADLINE_S, **query: str
    ) -> dict[str, Any]:
        """Carry out one operation; the parts of the path and of the query are plain text. A `body` goes as JSON.

        Raises:
            Failure: It was refused, or the server does not answer.
        """
        with self._answer(method, path, query, body=body, deadline_s=deadline_s) as answer:
            return _object(answer.read(ANSWER_MAX_BYTES))

    def lines(self, *path: str, deadline_s: float = DEADLINE_S) -> Iterator[bytes]:
        """Give the lines of an answer as they come, each with its end; to be taken to the last.

        Raises:
            Failure: As for `ask`; also in the middle.
        """
        with self._answer("GET", path, {}, deadline_s=deadline_s) as answer:
            yield from answer

    @contextmanager
    def _answer(
        self,
        method: str,
        path: Sequence[str],
        query: Mapping[str, str],
        *,
        body: object = None,
        deadline_s: float = DEADLINE_S,
    ) -> Iterator[HTTPResponse]:
        url = "/".join((self._url, "v1", *(urllib.parse.quote(part, safe="") for part in path)))
        url += "?" + urllib.parse.urlencode(query) if query else ""
        said = None if body is None else msgspec.json.encode(body)
        request = urllib.request.Request(url, said, method=method)  # noqa: S310  (http and https only, checked above)
        if said is not None:
            request.add_header("Content-Type", "application/json")
        request.add_header("Authorization", f"Bearer {self._key}")
        if self._app is not None:
            request.add_header("Unisono-App", self._app)
        try:
            with urllib.request.urlopen(request, timeout=deadline_s) as answer:  # noqa: S310  (checked above)
                yield answer
        except urllib.error.HTTPError as refusal:
            with refusal:
                raise _refused(refusal) from None
        except (OSError, ValueError, HTTPException) as problem:
            raise self._unreachable(problem) from None

    def _unreachable(self, problem: Exception) -> Failure:
        reason = getattr(problem, "reason", problem)
        return Failure(
            f"no answer from {self._url}: {reason}",
            exit_code=Exit.UNREACHABLE,
            hint="start the server with `unisono serve`, or name it with --url",
        )


def operator_from(
    url: str | None, key: str | None, app: str | None, data: Path | None, config: Path | None
) -> Operator:
    """Give who asks the server that the options of a command name, or else its settings.

    Raises:
        Failure: The settings cannot be used, or there is no admin key.
    """
    settings = settings_from(config, {"data_dir": data})
    return Operator(server_url(url, settings), admin_key(key, settings), app)


def rest(pause_s: float) -> None:
    """Wait, with nothing to wait for; Ctrl-C ends it."""
    threading.Event().wait(pause_s)


def patiently(work: Callable[[], T]) -> T:
    """Do something that asks the server, again and again as long as that is busy, for two minutes.

    Raises:
        Failure: It was refused, or the server is busy still.
    """
    until_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return work()
        except Busy as busy:
            if time.monotonic() + busy.retry_after_s > until_s:
                raise
            rest(busy.retry_after_s)


def _object(body: bytes) -> dict[str, Any]:
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError("not an answer of Unisono")  # noqa: TRY004  (of the server, not of the type system)
    return value


def _refused(refusal: urllib.error.HTTPError) -> Failure:
    retry_after = refusal.headers.get("Retry-After", "")
    try:
        fault = _object(refusal.read(ANSWER_MAX_BYTES))
        code, message = str(fault["code"]), str(fault["message"])
    except (ValueError, KeyError, OSError):
        return _of_proxy(refusal.code, retry_after)
    if refusal.code == HTTPStatus.UNAUTHORIZED:
        return Failure("the admin key was not accepted", exit_code=Exit.NOT_LET_IN, hint="name it with --admin-key")
    if retry_after.isdecimal():
        return Busy(message, float(retry_after))
    if refusal.code == HTTPStatus.SERVICE_UNAVAILABLE:
        return Failure(message, exit_code=Exit.UNREACHABLE)
    return of_code(code, message)


def _of_proxy(status: int, retry_after: str) -> Failure:
    """Give the failure for what no server of ours said."""
    if status not in AWAY:
        return Failure(f"refused with status {status}: this may be no Unisono server")
    text = f"refused with status {status}: the server is away"
    if retry_after.isdecimal():
        return Busy(text, float(retry_after), exit_code=Exit.UNREACHABLE)
    return Failure(text, exit_code=Exit.UNREACHABLE)
