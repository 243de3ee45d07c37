"""Tabs and windows of browsers, which share a session."""

from dataclasses import dataclass
from typing import ClassVar

from unisono_sdk.commands import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class TabView:
    """A tab that shares a session: since when, and how it shows itself to people, where its client told."""

    tab: str
    since: int | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatView:
    """A room that a tab of the session is in; without a tab, the session as a whole."""

    room: str
    tab: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareTabs(Command):
    """Say which tabs share this session now."""

    op: ClassVar[str] = "tabs"
    tabs: tuple[TabView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseTab(Command):
    """Have one tab of one of my sessions go."""

    op: ClassVar[str] = "close_tab"
    session: str
    tab: str
