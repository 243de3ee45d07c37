"""What operators do for a user who asks for their data."""

from collections.abc import AsyncGenerator
from typing import Final

from msgspec import Struct

from unisono.app.exporting import (
    ContactLine,
    ConversationLine,
    EndLine,
    FactLine,
    FileLine,
    MessageLine,
    PushLine,
    ReactionLine,
    SessionLine,
    UserLine,
)
from unisono.gateways.rest.operations import Asked, Desk, InLines, Operation
from unisono.gateways.rest.shapes import OfUser


def _export(desk: Desk, asked: Asked) -> AsyncGenerator[Struct, None]:
    return desk.exporting.lines(asked.user)


EXPORT_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="exportUser",
        method="GET",
        path="/v1/users/{user}/export",
        summary="Give all that is kept of a user, line by line",
        scope="users",
        params=OfUser,
        answers=(
            UserLine,
            SessionLine,
            PushLine,
            FileLine,
            ContactLine,
            ConversationLine,
            MessageLine,
            ReactionLine,
            FactLine,
            EndLine,
        ),
        carry_out=InLines(_export),
    ),
)
