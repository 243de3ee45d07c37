"""`unisono sessions tell`: something for sessions of a user, told by the operator."""

import json
import sys
from collections.abc import Mapping

from unisono.cli.failing import Exit, Failure
from unisono.cli.operating import Operator
from unisono.cli.printing import console, print_json


def tell(operator: Operator, user: str, name: str, said: str, *, to: Mapping[str, str | None], as_json: bool) -> None:
    """Tell something under a name; print how many sessions it was for.

    Raises:
        Failure: It is no JSON, was refused, or the server does not answer.
    """
    try:
        data = json.loads(sys.stdin.read() if said == "-" else said)
    except ValueError as problem:
        raise Failure(
            f"no JSON: {problem}", exit_code=Exit.USAGE, hint="a text stands in quotes: '\"ready\"'"
        ) from None
    address = {part: value for part, value in to.items() if value is not None}
    answer = operator.ask("POST", "users", user, "events", body={"to": address, "name": name, "data": data})
    if as_json:
        print_json(answer)
        return
    live, away = answer["live"], answer["away"]
    console().print(f"Told {live} session{'' if live == 1 else 's'}; {away} without a connection heard nothing.")
