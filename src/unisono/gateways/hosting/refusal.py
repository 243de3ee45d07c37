"""How a fault is told over HTTP, by every door that speaks it."""

import msgspec
from aiohttp import hdrs, web

from unisono.domain.errors import UnisonoError
from unisono.wire.codes import code_of


def refuse(fault: UnisonoError) -> web.Response:
    """Give the HTTP response of a fault: `{code, message, retryable, numbers}` with the status of its code."""
    headers = {}
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
