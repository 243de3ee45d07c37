"""The subprotocols of LeanCloud's clients: two generations of names, two forms of frames, two ways to catch up.

The name is offered in the handshake; a mini program, which has no header for it, puts it into the URL as
`?subprotocol=`. Both generations speak alike.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from unisono.domain.errors import Unsupported

QUERY: Final = "subprotocol"
"""The parameter of the URL that stands for the header."""

_SHOWN_MAX_CHARS: Final = 64

CatchUp = Literal["counts", "messages"]
"""What a client hears after its login of what it missed: how much there is, or the messages themselves."""


class Dialect(Struct, frozen=True):
    """One subprotocol. `is_text`: frames are text, the bytes in base64."""

    name: str
    is_text: bool
    catch_up: CatchUp


class Choice(Struct, frozen=True):
    """What a handshake came to. The answer repeats the dialect's name, unless the URL offered it."""

    dialect: Dialect
    is_echoed: bool


DIALECTS: Final[Mapping[str, Dialect]] = {
    dialect.name: dialect
    for dialect in (
        Dialect("lc.protobuf.3", is_text=False, catch_up="counts"),
        Dialect("lc.protobuf.1", is_text=False, catch_up="messages"),
        Dialect("lc.protobase64.3", is_text=True, catch_up="counts"),
        Dialect("lc.protobase64.1", is_text=True, catch_up="messages"),
        Dialect("lc.protobuf2.3", is_text=False, catch_up="counts"),
        Dialect("lc.protobuf2.1", is_text=False, catch_up="messages"),
        Dialect("lc.proto2base64.3", is_text=True, catch_up="counts"),
        Dialect("lc.proto2base64.1", is_text=True, catch_up="messages"),
    )
}


def choose(offered: Sequence[str], in_url: str | None) -> Choice:
    """Give the first dialect that a handshake offers and we know; the header goes before the URL.

    Args:
        offered: The names in `Sec-WebSocket-Protocol`, in their order.
        in_url: The parameter `QUERY` of the URL.

    Raises:
        Unsupported: There is none. The handshake is refused: HTTP status 400.
    """
    for name in offered:
        if name in DIALECTS:
            return Choice(DIALECTS[name], is_echoed=True)
    if in_url is not None and in_url in DIALECTS:
        return Choice(DIALECTS[in_url], is_echoed=False)
    raise Unsupported(what="subprotocol", name=", ".join((*offered, in_url or ""))[:_SHOWN_MAX_CHARS])
