"""Read marks: how far a user has read a conversation, the same on all their sessions."""

from unisono.domain.ids import Seq


def moved(mark: Seq, asked: Seq, head: Seq) -> Seq:
    """Give the mark after a wish to read up to `asked`: never back, never past what exists."""
    return max(mark, min(asked, head))
