"""How the operator ends what was theirs to say, and what may be done there afterwards."""

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, CAT, NOW, ROOM, places, snapshot
from tests.unit.domain.test_membership import KEY, LIMITS, facts
from tests.unit.domain.test_subscribing import SAID, service, talk
from unisono.domain import announcing, finishing, membership, subscribing
from unisono.domain.answers import Count, Done
from unisono.domain.conversation import Snapshot
from unisono.domain.errors import Forbidden, NotFound
from unisono.domain.facts import ConversationEnded, ConversationExited
from unisono.domain.ids import Epoch, Seq, conversation_stream
from unisono.domain.placement import Place


def over(*subscribers: str) -> Snapshot:
    """Make what a decision sees of one that the operator has ended."""
    seen = service(*subscribers)
    return structs.replace(seen, conversation=structs.replace(talk(seen), audience=None, joining="invited"))


def test_it_ends_once_and_tells_how_many_are_still_to_leave() -> None:
    decision = finishing.close(service(BOB, CAT))
    assert facts(decision) == {"c/room": ConversationEnded(reason="dissolved", by=ANN)}
    assert decision.answer(places(decision)) == Count(ROOM, 2)
    again = finishing.close(over(BOB))
    assert (again.drafts, again.answer(())) == ((), Count(ROOM, 1))


def test_the_operator_ends_only_what_is_the_operators() -> None:
    with pytest.raises(NotFound):
        finishing.close(Snapshot(NOW))
    with pytest.raises(Forbidden):
        finishing.close(snapshot(ANN, BOB))


def test_those_leave_who_are_looked_at_and_see_its_end() -> None:
    decision = finishing.expire(over(BOB, CAT))
    assert facts(decision) == {
        "u/bob": ConversationExited(ROOM, seq=Seq(10)),
        "u/cat": ConversationExited(ROOM, seq=Seq(10)),
    }
    assert decision.answer(places(decision)) == Done()
    assert finishing.expire(service(BOB)).drafts == ()


def test_nothing_more_is_said_and_nobody_comes() -> None:
    command = announcing.Announcement(KEY, SAID)
    with pytest.raises(Forbidden, match="over"):
        announcing.announce(over(BOB), command, LIMITS)
    with pytest.raises(Forbidden, match="over"):
        subscribing.admit(over(), CAT)
    with pytest.raises(NotFound):
        membership.join(over(), CAT, LIMITS)
    assert subscribing.enroll(over(), CAT, first_at=NOW).drafts == ()
    assert subscribing.dismiss(over(BOB), BOB).drafts
    earlier = Place(conversation_stream(ROOM), Epoch(1), Seq(4), NOW)
    repeated = announcing.announce(structs.replace(over(), earlier=earlier), command, LIMITS)
    assert repeated.drafts == ()
