"""Which codec a client wants, of those it offers."""

from unisono.domain.errors import Unsupported
from unisono.wire.native import JSON, SUBPROTOCOLS


def chosen_subprotocol(offered: str | None) -> str:
    """Give the first subprotocol offered that is ours, of a header's text; JSON when none is offered at all.

    Raises:
        Unsupported: Some are offered, but none of ours.
    """
    names = [name.strip() for name in (offered or "").split(",")]
    if names == [""]:
        return JSON
    for name in names:
        if name in SUBPROTOCOLS:
            return name
    raise Unsupported(what="subprotocol", known=", ".join(SUBPROTOCOLS))
