"""`unisono services`: what the operator announces, and to whom."""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any, Final

from unisono.cli.failing import Exit, Failure
from unisono.cli.operating import Operator
from unisono.cli.printing import console, print_json, safe

LOOK_EVERY_S: Final = 0.5


def create(operator: Operator, by: str, *, name: str | None, key: str | None, for_all: bool, as_json: bool) -> None:
    """Begin a conversation of the operator's, and print its id.

    Raises:
        Failure: It was refused, or the server does not answer.
    """
    body = {"by": by, "audience": "all" if for_all else "subscribers", "name": name, "key": key}
    answer = operator.ask("POST", "services", body=_given(body))
    _tell(answer, answer["conversation"], as_json=as_json)


def announce(operator: Operator, conversation: str, text: str, *, key: str | None, as_json: bool) -> None:
    """Say something to all who subscribe.

    Raises:
        Failure: As for `create`.
    """
    text = sys.stdin.read() if text == "-" else text
    body = _given({"content": {"text": text}, "key": key})
    answer = operator.ask("POST", "services", conversation, "messages", body=body)
    _tell(answer, f"Announced as message {answer['seq']}.", as_json=as_json)


def subscribe(operator: Operator, conversation: str, user: str, *, is_on: bool, as_json: bool) -> None:
    """Make a user a subscriber, or one no more.

    Raises:
        Failure: As for `create`.
    """
    answer = operator.ask("PUT" if is_on else "DELETE", "services", conversation, "subscribers", user)
    told = "subscribes now" if is_on else "subscribes no more"
    _tell(answer, f"{safe(user)} {told}.", as_json=as_json)


def end(operator: Operator, conversation: str, *, is_sure: bool, as_json: bool) -> None:
    """End a conversation of the operator's, and wait until all subscribers have left.

    Raises:
        Failure: Nobody said that they are sure, or as for `create`.
    """
    if not is_sure:
        hint = f"say --yes to end {conversation} for all who subscribe"
        raise Failure("what is ended does not begin again", exit_code=Exit.USAGE, hint=hint)
    answer = asyncio.run(_over(operator, conversation))
    _tell(answer, "Ended: nothing more is said there, and nobody subscribes.", as_json=as_json)


async def _over(operator: Operator, conversation: str) -> dict[str, Any]:
    """Give the answer that tells that nobody is left."""
    while True:
        answer = await asyncio.to_thread(operator.ask, "DELETE", "services", conversation)
        if not answer["subscribers"]:
            return answer
        await asyncio.sleep(LOOK_EVERY_S)


def _given(body: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in body.items() if value is not None}


def _tell(answer: dict[str, Any], told: str, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        console().print(told, markup=False, soft_wrap=True)
