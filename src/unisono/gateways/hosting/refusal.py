"""How a fault is told over HTTP, by every door that speaks it."""

from typing import Final

import msgspec
from aiohttp import hdrs, web

from unisono.domain.errors import Malformed, NotFound, TooLarge, UnisonoError, Unsupported
from unisono.wire.codes import code_of

SERVER_NAME: Final = "unisono"
"""What every answer calls its server. The library's own header tells everybody the versions of Python and of itself."""


def refuse(fault: UnisonoError) -> web.Response:
    """Give the HTTP response of a fault: `{code, message, retryable, numbers}` with the status of its code."""
    headers = {hdrs.SERVER: SERVER_NAME}
    if fault.retry_after_ms is not None:
        headers[hdrs.RETRY_AFTER] = str(-(-fault.retry_after_ms // 1000))
    body = {
        "code": fault.code,
        "message": fault.message,
        "retryable": fault.retryable,
        "numbers": dict(fault.numbers),
    }
    return web.Response(
        body=msgspec.json.encode(body), status=code_of(fault).status, content_type="application/json", headers=headers
    )


def in_our_form(answer: web.HTTPException) -> web.Response:
    """Give what the library would have answered by itself with its status, but as `refuse` tells a fault."""
    response = refuse(_fault_of(answer))
    response.set_status(answer.status)
    if (allowed := answer.headers.get(hdrs.ALLOW)) is not None:
        response.headers[hdrs.ALLOW] = allowed
    return response


def _fault_of(answer: web.HTTPException) -> UnisonoError:
    match answer.status:
        case 404:
            return NotFound()
        case 405:
            return Unsupported(what="method")
        case 413:
            return TooLarge(what="body")
        case 417:
            return Unsupported(what="expectation")
        case _:
            return Malformed(reason="HTTP request")
