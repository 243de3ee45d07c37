"""WebSocket frames from server to client (RFC 6455, section 5.2), built once for all connections that get them.

The HTTP library writes frames for one connection at a time, with one write each. A fact that goes to a thousand
connections is framed here once; the connections share the bytes.
"""

import struct
from typing import Final

TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PONG: Final = 0xA
_FINAL: Final = 0x80
_LONGEST_7_BIT: Final = 125
_LONGEST_16_BIT: Final = 0xFFFF


def frame(payload: bytes, opcode: int) -> bytes:
    """Give one whole, unmasked frame."""
    length = len(payload)
    if length <= _LONGEST_7_BIT:
        return bytes((_FINAL | opcode, length)) + payload
    if length <= _LONGEST_16_BIT:
        return struct.pack("!BBH", _FINAL | opcode, 126, length) + payload
    return struct.pack("!BBQ", _FINAL | opcode, 127, length) + payload
