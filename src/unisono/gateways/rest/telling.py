"""What the application's server tells to sessions of a user."""

from typing import Final

from unisono.domain import commands as c
from unisono.domain.told import Addressed
from unisono.gateways.rest.acting import does
from unisono.gateways.rest.operations import Operation
from unisono.gateways.rest.shapes import OfUser

TELLING_OPERATIONS: Final[tuple[Operation, ...]] = (
    does(
        c.Tell,
        Addressed,
        at=("POST", "/v1/users/{user}/events"),
        name="tell",
        summary="Tell something to all sessions of a user, or to some",
        params=OfUser,
        scope="messages",
        faults=("too_large", "key_reused"),
        without=("tab",),
    ),
)
