"""`unisono sessions`: what an operator sees of a user, and ends: devices, their sessions, and tabs that share these."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from unisono.cli.failing import Exit, Failure
from unisono.cli.operating import Operator
from unisono.cli.printing import console, moment, print_json, safe

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]


def list_sessions(operator: Operator, user: str, *, as_json: bool) -> None:
    """Show a user's sessions."""
    sessions = _all_sessions(operator, user)
    if as_json:
        print_json({"sessions": sessions})
        return
    show(console(), user, sessions)


def show(screen: "Console", user: str, sessions: Sequence[Json], *, is_watched: bool = False) -> None:
    """Print the tree, or that there is none.

    When a live session was heard is left out where it `is_watched`: nobody tells when it is heard again.
    """
    if not sessions:
        screen.print(f"{_plain(user)} has no sessions.")
    for line in tree(user, sessions, is_watched=is_watched) if sessions else ():
        # Ids stay whole, to be copied; the terminal wraps what is too long for it.
        screen.print(line, soft_wrap=True)


def _all_sessions(operator: Operator, user: str) -> list[Json]:
    page = operator.ask("GET", "users", user, "sessions")
    sessions = list(page["sessions"])
    while "next" in page:
        page = operator.ask("GET", "users", user, "sessions", after=page["next"])
        sessions += page["sessions"]
    return sessions


def tree(user: str, sessions: Sequence[Json], *, is_watched: bool = False) -> Iterator[str]:
    """Give the lines that show tabs below their sessions, and these below their devices, in the order of login."""
    by_device: dict[str, list[Json]] = {}
    for session in sessions:
        by_device.setdefault(session["device"], []).append(session)
    yield f"[bold]{_plain(user)}[/]  [dim]{_count(len(by_device), 'device')}, {_count(len(sessions), 'session')}[/]"
    for device, its in by_device.items():
        shown = its[-1]["shown"]
        name = f"{shown['label']} ({shown['platform']})" if shown.get("label") else shown["platform"]
        yield f"  [bold]{_plain(name)}[/]  [dim]device {_plain(device)}[/]"
        for session in its:
            yield from _session_lines(session, is_watched=is_watched)


def _session_lines(session: Json, *, is_watched: bool) -> Iterator[str]:
    is_live = session["state"] == "live"
    colour = "green" if is_live else "yellow"
    parts = [f"since {moment(session['opened_at'])}"]
    parts += [] if is_live and is_watched else [f"heard {moment(session['seen_at'])}"]
    parts += [_plain(session["address"])] if session.get("address") else []
    parts += [f"tag {_plain(session['tag'])}"] if session.get("tag") else []
    yield f"    {_plain(session['session'])}  [{colour}]{session['state']:<8}[/]  [dim]{' · '.join(parts)}[/]"
    if session["shown"].get("info"):
        yield f"      [dim]info {_plain(session['shown']['info'])}[/]"
    for tab in session.get("tabs", ()):
        label = f"  {_plain(tab['label'])}" if tab.get("label") else ""
        since = f"  [dim]since {moment(tab['since'])}[/]" if tab.get("since") is not None else ""
        yield f"      [dim]tab[/] {_plain(tab['tab'])}{label}{since}"


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"


def _plain(text: str) -> str:
    return escape(safe(text))


def close_sessions(
    operator: Operator,
    user: str,
    node: Mapping[str, str | None],
    *,
    everything: bool,
    why: str | None,
    as_json: bool,
) -> None:
    """End one session, one tab of it, all sessions of one device, or all of a user. The `node` has what names it.

    Raises:
        Failure: Not exactly one of them was asked for, or it was refused.
    """
    session, tab, device = node.get("session"), node.get("tab"), node.get("device")
    if sum((session is not None, device is not None, everything)) != 1 or (tab is not None and session is None):
        raise Failure("say which: --session ID, with --tab ID or not, --device ID or --all", exit_code=Exit.USAGE)
    path = ["users", user, "sessions"]
    if session is not None:
        path.append(session)
    if tab is not None:
        path += ["tabs", tab]
    if device is not None:
        path = ["users", user, "devices", device]
    answer = operator.ask("DELETE", *path) if why is None else operator.ask("DELETE", *path, why=why)
    if as_json:
        print_json(answer)
    elif tab is not None:
        console().print(f"Told one tab of {_plain(user)} to go.")
    else:
        console().print(f"Closed {_count(answer['closed'], 'session')} of {_plain(user)}.")
