"""The table of kinds."""

from typing import get_args

from unisono.domain.conversation import made_by
from unisono.domain.facts import ConversationEntered, ConversationKind, ConversationMade, MembersJoined
from unisono.domain.ids import ConversationId, Seq, UserId
from unisono.domain.kinds import KINDS


def test_every_kind_has_its_row() -> None:
    assert tuple(KINDS) == get_args(ConversationKind)


def test_what_a_creation_made_is_found_by_the_fact_it_left() -> None:
    room = ConversationId("room")
    assert made_by(ConversationMade(room, "room")) == room
    assert made_by(ConversationEntered(room, Seq(1), UserId("ann"))) == room
    assert made_by(MembersJoined((UserId("ann"),), UserId("ann"))) is None
