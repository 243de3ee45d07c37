"""`unisono sessions`: what an operator sees and ends, over REST."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Final

from rich.table import Table

from unisono.cli.failing import Exit, Failure, of_code
from unisono.cli.printing import console, moment, print_json, safe

DEADLINE_S: Final = 10.0
ANSWER_MAX_BYTES: Final = 64 << 20


class Operator:
    """Asks the REST door with an admin key."""

    def __init__(self, url: str, key: str) -> None:
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise Failure(f"`{url}` is no URL of a server", exit_code=Exit.USAGE, hint="http://… or https://…")
        self._url = url
        self._key = key

    def ask(self, method: str, *path: str) -> dict[str, Any]:
        """Carry out one operation; the parts of the path are plain text.

        Raises:
            Failure: It was refused, or the server does not answer.
        """
        url = "/".join((self._url, "v1", *(urllib.parse.quote(part, safe="") for part in path)))
        request = urllib.request.Request(url, method=method)  # noqa: S310  (http and https only, checked above)
        request.add_header("Authorization", f"Bearer {self._key}")
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:  # noqa: S310  (as above)
                return _object(answer.read(ANSWER_MAX_BYTES))
        except urllib.error.HTTPError as refusal:
            with refusal:
                raise _refused(refusal) from None
        except (OSError, ValueError) as problem:
            raise self._unreachable(problem) from None

    def _unreachable(self, problem: Exception) -> Failure:
        reason = getattr(problem, "reason", problem)
        return Failure(
            f"no answer from {self._url}: {reason}",
            exit_code=Exit.UNREACHABLE,
            hint="start the server with `unisono serve`, or name it with --url",
        )


def _object(body: bytes) -> dict[str, Any]:
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError("not an answer of Unisono")  # noqa: TRY004  (of the server, not of the type system)
    return value


def _refused(refusal: urllib.error.HTTPError) -> Failure:
    try:
        fault = _object(refusal.read(ANSWER_MAX_BYTES))
        code, message = str(fault["code"]), str(fault["message"])
    except (ValueError, KeyError, OSError):
        return Failure(f"refused with status {refusal.code}: this may be no Unisono server")
    if refusal.code == 401:
        return Failure("the admin key was not accepted", exit_code=Exit.NOT_LET_IN, hint="name it with --admin-key")
    return of_code(code, message)


def list_sessions(operator: Operator, user: str, *, as_json: bool) -> None:
    """Show a user's sessions."""
    answer = operator.ask("GET", "users", user, "sessions")
    if as_json:
        print_json(answer)
        return
    sessions = answer["sessions"]
    if not sessions:
        console().print(f"{safe(user)} has no sessions.")
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("SESSION", "DEVICE", "PLATFORM", "LABEL", "STATE", "OPENED", "SEEN", "ADDRESS"):
        table.add_column(heading, no_wrap=heading in ("SESSION", "DEVICE"))
    for session in sessions:
        table.add_row(*_row(session))
    console().print(table)


def _row(session: dict[str, Any]) -> tuple[str, ...]:
    shown = session["shown"]
    state = "[green]live[/]" if session["state"] == "live" else "[yellow]detached[/]"
    return (
        _plain(session["session"]),
        _plain(session["device"]),
        _plain(shown["platform"]),
        _plain(shown.get("label", "")),
        state,
        moment(session["opened_at"]),
        moment(session["seen_at"]),
        _plain(session.get("address", "")),
    )


def _plain(text: str) -> str:
    return safe(text).replace("[", "\\[")


def close_sessions(
    operator: Operator, user: str, *, session: str | None, device: str | None, everything: bool, as_json: bool
) -> None:
    """End one session, those of one device, or all of a user.

    Raises:
        Failure: Not exactly one of the three was asked for, or it was refused.
    """
    if sum((session is not None, device is not None, everything)) != 1:
        raise Failure("say which: --session ID, --device ID or --all", exit_code=Exit.USAGE)
    path = ["users", user, "sessions"]
    if session is not None:
        path.append(session)
    if device is not None:
        path = ["users", user, "devices", device]
    answer = operator.ask("DELETE", *path)
    if as_json:
        print_json(answer)
        return
    count = answer["closed"]
    console().print(f"Closed {count} session{'' if count == 1 else 's'} of {_plain(user)}.")
