"""Read marks and what is unread: how far a user has read a conversation, the same on all their sessions.

Each message has a number of its own among the messages of its conversation. What is unread is counted by subtraction,
so that it costs the same however much it is: all messages, less those up to the mark, less the reader's own ones since.
"""

from msgspec import Struct

from unisono.domain.ids import Seq, UserId


class Passed(Struct, frozen=True):
    """What lies before and behind a place, for one reader.

    `messages` are those up to the place, `own` the reader's own after it, `mentions` the calls to them after it.
    `askers` asked to be told when messages of theirs, from the reader's mark up to the place, came.
    """

    messages: int
    own: int = 0
    mentions: int = 0
    askers: tuple[UserId, ...] = ()


def moved(mark: Seq, asked: Seq, head: Seq) -> Seq:
    """Give the mark after a wish to read up to `asked`: never back, never past what exists."""
    return max(mark, min(asked, head))


def unread(messages: int, passed: int, own: int) -> int:
    """Give how many messages of others are unread, of `messages` in all, with `passed` read and `own` since."""
    return max(0, messages - passed - own)
