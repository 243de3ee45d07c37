"""How a conversation reads in a terminal. Pure: from events to styled lines."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Final

from unisono.cli.printing import moment, safe
from unisono_sdk import Label, Message, SessionView
from unisono_sdk.events import (
    Changed,
    Disconnect,
    Ended,
    Exited,
    MemberChanged,
    MembersJoined,
    MembersLeft,
    Reconnect,
    Restricted,
    SessionEnded,
    SessionOpened,
    StartOver,
    WasDisplaced,
)

Line = list[tuple[str, str]]
"""Pieces of text, each with its style: dim, own, other, warn, strong or plain."""

_RULE: Final = "──"
GONE: Final = "older messages are kept no longer"


class Transcript:
    """Writes messages as lines, with a heading where a new day begins."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone
        self._day: str | None = None

    def message(self, message: Message) -> Iterator[Line]:
        """Give the lines of a message."""
        at = message.sent_at.astimezone(self._zone)
        yield from self._heading(at)
        sender, style = ("you", "own") if message.is_mine else (safe(message.sender), "other")
        first, *rest = _text(message).split("\n")
        yield [("dim", f"{at:%H:%M} "), (style, f"{sender}  "), ("plain", safe(first))]
        indent = " " * (len("00:00 ") + len(sender) + 2)
        yield from ([("plain", indent + safe(line))] for line in rest)

    def _heading(self, at: datetime) -> Iterator[Line]:
        day = f"{at:%A %d %B %Y}"
        if day != self._day:
            self._day = day
            yield rule(day)


def _text(message: Message) -> str:
    content = message.content
    if content.text is not None:
        return content.text
    return f"(a message of type {content.type})"


def rule(text: str) -> Line:
    """Give a line that divides."""
    return [("dim", f"{_RULE} {text} {_RULE}")]


def note(text: str) -> Line:
    """Give a remark that nobody wrote."""
    return [("dim", f"{_RULE} {text}")]


def warning(text: str) -> Line:
    """Give a remark that should be seen."""
    return [("warn", f"{_RULE} {text}")]


def named(label: Label | None) -> str:
    """Tell a device as people know it."""
    if label is None:
        return "another device"
    return safe(f"{label.label} ({label.platform})" if label.label else label.platform)


def of_event(event: object) -> Line | None:
    """Give the line of what happened beside messages, or None when nobody needs to know."""
    match event:
        case MembersJoined(users=users, by=by):
            return note(f"{_people(users)} joined" + ("" if users == (by,) else f", added by {safe(by)}"))
        case MembersLeft(users=users, by=by):
            return note(f"{_people(users)} left" + ("" if users == (by,) else f", removed by {safe(by)}"))
        case Changed() | MemberChanged() | Restricted():
            return _of_ruling(event)
        case Ended(reason=reason):
            return warning(f"this conversation has {'expired' if reason == 'expired' else 'been dissolved'}")
        case Exited(by=None):
            return None
        case Exited(by=str(by), is_kicked=is_kicked):
            return warning(f"you were removed by {safe(by)}" if is_kicked else "you left")
        case SessionOpened(shown=shown):
            return note(f"you logged in on {named(shown)}")
        case SessionEnded(reason=reason):
            return note(f"one of your sessions ended: {reason.replace('_', ' ')}")
        case StartOver(reason="trimmed"):
            return warning(GONE)
        case StartOver(first=first, until=until) if until >= first:
            return warning(f"{until - first + 1} entries are missing here; /history shows them")
        case _:
            return _of_link(event)


def _of_ruling(event: Changed | MemberChanged | Restricted) -> Line | None:
    by = safe(event.by)
    match event:
        case Changed(name=str(name)):
            return note(f"{by} named this {safe(name)}" if name else f"{by} took the name away")
        case MemberChanged(user=user, role=str(role)):
            return note(f"{safe(user)} is {role} now, by {by}")
        case Restricted(users=users, what=what, is_on=is_on):
            return note(f"{by} {'' if is_on else 'no longer '}{what} {_people(users)}")
        case _:
            return None


def _of_link(event: object) -> Line | None:
    match event:
        case Disconnect():
            return warning("connection lost, coming back by itself; what you write is sent then")
        case Reconnect():
            return note("connected again")
        case WasDisplaced(newcomer=newcomer):
            return warning(f"this session was displaced: {named(newcomer)} took its place")
        case _:
            return None


def of_sessions(sessions: Sequence[SessionView]) -> Iterator[Line]:
    """Give a line for each of my sessions."""
    for session in sessions:
        mark = "  this one" if session.is_this else ""
        yield [
            ("strong", f"{safe(session.session)}  "),
            ("plain", f"{named(session.shown)}  {session.state}  "),
            ("dim", f"since {moment(session.opened_at)}{mark}"),
        ]


def _people(users: Sequence[str]) -> str:
    return ", ".join(map(safe, users))
