"""The table of kinds and the page that shows it."""

import re
from pathlib import Path
from typing import get_args

from unisono.domain.conversation import made_by
from unisono.domain.facts import ConversationEntered, ConversationKind, ConversationMade, MembersJoined
from unisono.domain.ids import ConversationId, Seq, UserId
from unisono.domain.kinds import KINDS, Kind

PAGE = Path(__file__).parents[3] / "docs/protocol/kinds.md"


def shown(value: object) -> str:
    """Write a value as the page does."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def test_every_kind_has_its_row() -> None:
    assert tuple(KINDS) == get_args(ConversationKind)


def test_the_page_shows_the_table() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    header, _, *rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]
    assert header == ["kind", *(re.sub("_", " ", name) for name in Kind.__struct_fields__)]
    told = {row[0]: row[1:] for row in rows}
    assert told == {of: [shown(getattr(kind, name)) for name in Kind.__struct_fields__] for of, kind in KINDS.items()}


def test_what_a_creation_made_is_found_by_the_fact_it_left() -> None:
    room = ConversationId("room")
    assert made_by(ConversationMade(room, "room")) == room
    assert made_by(ConversationEntered(room, Seq(1), UserId("ann"))) == room
    assert made_by(MembersJoined((UserId("ann"),), UserId("ann"))) is None
