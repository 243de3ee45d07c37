"""Asking for history: from which end of what is left a page is taken."""

import pytest

from unisono.domain.commands import GetHistory
from unisono.domain.ids import ConversationId, Instant, Seq

CONVERSATION = ConversationId("c1")
PLACE, TIME = Seq(5), Instant(1_000)


@pytest.mark.parametrize(
    ("asked", "is_newest"),
    [
        (GetHistory(CONVERSATION), True),
        (GetHistory(CONVERSATION, before=PLACE), True),
        (GetHistory(CONVERSATION, before_at=TIME), True),
        (GetHistory(CONVERSATION, after=PLACE), False),
        (GetHistory(CONVERSATION, after_at=TIME), False),
        (GetHistory(CONVERSATION, after=PLACE, before=PLACE), True),
        (GetHistory(CONVERSATION, after=PLACE, before_at=TIME), True),
        (GetHistory(CONVERSATION, after=PLACE, direction="older"), True),
        (GetHistory(CONVERSATION, before=PLACE, direction="newer"), False),
    ],
)
def test_a_page_begins_at_the_newest_unless_a_beginning_alone_is_given(*, asked: GetHistory, is_newest: bool) -> None:
    assert asked.is_newest is is_newest
