"""`unisono erase`: a user who is to be known no more."""

import asyncio
from typing import Any, Final

from unisono.cli.failing import Exit, Failure
from unisono.cli.operating import Operator
from unisono.cli.printing import console, print_json

LOOK_EVERY_S: Final = 0.5


def erase_user(operator: Operator, user: str, *, is_sure: bool, as_json: bool) -> None:
    """Have a user erased, and wait until it is over.

    Raises:
        Failure: Nobody said that they are sure, it was refused, or it met a defect of the server's.
    """
    if not is_sure:
        hint = f"save what is theirs with `unisono export`, then say --yes to erase {user}"
        raise Failure("what is erased does not come back", exit_code=Exit.USAGE, hint=hint)
    operator.ask("DELETE", "users", user)
    erasure = asyncio.run(_over(operator, user))
    if as_json:
        print_json(erasure)
        return
    messages, conversations = erasure["messages"], erasure["conversations"]
    told = f"Erased {user}: messages taken back: {messages}, conversations left: {conversations}."
    console().print(told, markup=False, soft_wrap=True)


async def _over(operator: Operator, user: str) -> dict[str, Any]:
    """Give what came of an erasure, when it is over."""
    erasure: dict[str, Any] = {"state": ""}
    while erasure["state"] != "over":
        await asyncio.sleep(LOOK_EVERY_S)
        erasure = await asyncio.to_thread(operator.ask, "GET", "users", user, "erasure")
        if erasure["state"] == "failed":
            hint = "its log says why; asked again, it tries again"
            raise Failure(f"the server could not go on with the erasure of {user}", hint=hint)
    return erasure
