"""The file of frames, made from both lists."""

import msgspec

from tests.vectors.leancloud.client import CLIENT
from tests.vectors.leancloud.fields import said, written
from tests.vectors.leancloud.server import SERVER


def frames() -> str:
    """Give frames.json."""
    listed = [
        {"name": name, "by": by, "hex": written(fields).hex(), "says": said(fields)}
        for by, frames in (("client", CLIENT), ("server", SERVER))
        for name, fields in frames.items()
    ]
    return msgspec.json.format(msgspec.json.encode(listed), indent=1).decode() + "\n"
