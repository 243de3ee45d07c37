"""Push notifications: for whom a message is one, and what it says."""

import re
from collections.abc import Iterator
from typing import Final

from unisono.domain.facts import EndReason, Level, MessagePlaced
from unisono.domain.ids import Instant, UserId
from unisono.domain.silence import Silence

PLACEHOLDERS: Final = frozenset({"sender", "name", "text"})
QUOTED_MAX_CHARS: Final = 200
"""What is quoted of a message's own text at most: a notification shows two lines."""
FORGETTING: Final[frozenset[EndReason]] = frozenset({"logged_out", "closed", "displaced", "revoked"})
"""Ends of a session after which its device is told of nothing: somebody wanted it gone. Who runs out is just away."""
TARGETS_PER_USER_MAX: Final = 20
"""Devices of one user that are pushed to. Those that registered first give way: most of them do not exist any more."""
_WORD: Final = re.compile(r"\{([^{}]*)\}")


def is_called(message: MessagePlaced, user: UserId) -> bool:
    """Say if a message calls a user, by name or with everybody."""
    return message.mention_all or user in message.mentions


def quieter(level: Level, silence: Silence | None, now: Instant) -> Level:
    """Give of which messages a user wants to be alerted at an instant: never of more than their level says."""
    if level == "none" or silence is None or not silence.holds(now):
        return level
    return silence.level


def is_wanted(level: Level, *, is_called: bool) -> bool:
    """Say if a user who set this level is to be alerted of a message."""
    return level == "all" or (level == "mentions" and is_called)


def unknown_placeholders(template: str) -> Iterator[str]:
    """Give what stands in braces in a text for all messages and means nothing."""
    return (word for word in _WORD.findall(template) if word not in PLACEHOLDERS)


def alert_of(message: MessagePlaced, template: str, name: str | None) -> str:
    """Give what a notification says: the `alert` of the message's `push`, else the template with its words put in.

    In the template `{sender}` is the sender's id, `{name}` that of the conversation, and `{text}` the beginning of what
    the message says; what there is none of is left out.
    """
    alert = None if message.push is None else message.push.get("alert")
    if isinstance(alert, str) and alert:
        return alert
    words = {"sender": message.sender, "name": name or "", "text": (message.content.text or "")[:QUOTED_MAX_CHARS]}
    return _WORD.sub(lambda found: words[found[1]], template)
