"""Settings of long polling."""

from typing import Annotated

from msgspec import Meta, Struct


class LongPoll(Struct, frozen=True, forbid_unknown_fields=True):
    """The way in for clients whose proxies let no WebSocket through."""

    enabled: Annotated[bool, Meta(description="Let clients poll.")] = True
    wait_s: Annotated[
        float,
        Meta(ge=1, le=300, description="How long a poll waits for something to give. Proxies cut from 30 s on."),
    ] = 25.0
    away_s: Annotated[
        float,
        Meta(gt=0, le=300, description="How long after a whole wait the next poll may be out; then, `timeout`."),
    ] = 20.0
    batch_bytes: Annotated[
        int, Meta(ge=4096, le=1 << 26, description="An answer is full when it has so many bytes of frames.")
    ] = 256 * 1024
