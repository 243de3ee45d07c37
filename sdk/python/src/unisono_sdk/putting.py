"""Sending the bytes of a file by HTTP. It blocks: it is done in a thread of its own."""

import json
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import BinaryIO, Final, cast
from urllib.parse import urlsplit

from unisono_sdk.errors import InvalidArgument, LinkDown, Number, ProtocolFault, Refused, refused

ANSWER_BYTES: Final = 64 * 1024
"""What is read of an answer."""
OK: Final = 200


def put(url: str, content: BinaryIO, size: int, *, proxy: str | None, patience_s: float) -> None:
    """Send `size` bytes to a URL. Each step of it may take `patience_s`.

    Raises:
        Refused: The server did not take them.
        LinkDown: There is no connection, or it was lost.
        InvalidArgument: The proxy is not one for HTTP.
    """
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    try:
        with closing(_connection(parts.scheme, parts.netloc, proxy, patience_s)) as connection:
            connection.request("PUT", target, body=content, headers={"Content-Length": str(size)})
            answer = connection.getresponse()
            if answer.status != OK:
                raise _refusal(answer)
    except (OSError, HTTPException) as problem:
        raise LinkDown(f"the file was not taken: {str(problem) or type(problem).__name__}") from None


def _connection(scheme: str, netloc: str, proxy: str | None, patience_s: float) -> HTTPConnection:
    kind = HTTPSConnection if scheme in {"https", "wss"} else HTTPConnection
    if proxy is None:
        return kind(netloc, timeout=patience_s)
    way = urlsplit(proxy)
    if way.scheme != "http":
        raise InvalidArgument(f"files go through HTTP proxies alone: {way.scheme}")
    connection = kind(way.netloc, timeout=patience_s)
    connection.set_tunnel(netloc)
    return connection


def _refusal(answer: HTTPResponse) -> Refused | ProtocolFault:
    try:
        told = cast("object", json.loads(answer.read(ANSWER_BYTES)))
    except ValueError:
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("code"), str):
        return ProtocolFault(f"a file was answered with {answer.status} {answer.reason}")
    numbers = told.get("numbers")
    return refused(
        told["code"],
        str(told.get("message", "")),
        retryable=told.get("retryable") is True,
        numbers=cast("Mapping[str, Number]", numbers) if isinstance(numbers, dict) else None,
    )
