"""What operators do about a user who is to be known no more."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from unisono.domain.ids import Instant, UserId
from unisono.gateways.rest.operations import Asked, Desk, Operation
from unisono.gateways.rest.shapes import OfUser
from unisono.ports.erasures import Erasure

_USER: Final = "/v1/users/{user}"
Count = Annotated[int, Meta(ge=0)]
State = Literal["under_way", "failed", "over"]


class UserErasure(Struct, frozen=True, omit_defaults=True):
    """How far the erasure of a user is: so many conversations were gone through, so many messages taken back.

    One that `failed` met a defect of the server's at `failed_at`, and is tried again an hour later.
    """

    user: UserId
    state: State
    asked_at: Instant
    conversations: Count
    messages: Count
    finished_at: Instant | None = None
    failed_at: Instant | None = None


class Allowed(Struct, frozen=True):
    """Whether the user may come again."""

    is_allowed: bool


async def _erase(desk: Desk, asked: Asked) -> UserErasure:
    return _shown(await desk.erasing.begin(asked.user))


async def _show(desk: Desk, asked: Asked) -> UserErasure:
    return _shown(await desk.erasing.find(asked.user))


async def _allow(desk: Desk, asked: Asked) -> Allowed:
    await desk.erasing.allow(asked.user)
    return Allowed(is_allowed=True)


def _shown(erasure: Erasure) -> UserErasure:
    return UserErasure(
        erasure.user,
        _state(erasure),
        erasure.asked_at,
        erasure.conversations,
        erasure.messages,
        erasure.finished_at,
        erasure.failed_at,
    )


def _state(erasure: Erasure) -> State:
    if erasure.finished_at is not None:
        return "over"
    return "under_way" if erasure.failed_at is None else "failed"


ERASING_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="showErasure",
        method="GET",
        path=_USER + "/erasure",
        summary="Say how far the erasure of a user is",
        scope="erasures",
        params=OfUser,
        answers=(UserErasure,),
        carry_out=_show,
        faults=("not_found",),
    ),
    Operation(
        name="allowUser",
        method="DELETE",
        path=_USER + "/erasure",
        summary="Let a user who was erased come again",
        scope="erasures",
        params=OfUser,
        answers=(Allowed,),
        carry_out=_allow,
        faults=("not_found",),
    ),
    Operation(
        name="eraseUser",
        method="DELETE",
        path=_USER,
        summary="Remove what a user said and did, and let nobody in under their name",
        scope="erasures",
        params=OfUser,
        answers=(UserErasure,),
        carry_out=_erase,
    ),
)
