"""How conversations end, and what may be done in one that is over."""

from collections.abc import Callable

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, CAT, NOW, ROOM, places, snapshot
from tests.unit.domain.test_membership import KEY, LIMITS, creation, facts
from unisono.domain import changes, finishing, membership, messages
from unisono.domain.answers import ConversationView, Done
from unisono.domain.commands import (
    TTL_DEFAULT_S,
    AddMembers,
    CreateConversation,
    MarkRead,
    SendMessage,
    UpdateConversation,
)
from unisono.domain.conversation import Decision, Snapshot
from unisono.domain.errors import Forbidden, Invalid, NotFound
from unisono.domain.facts import Content, ConversationCreated, ConversationEnded, ConversationExited, MembersLeft
from unisono.domain.ids import Instant, Seq, UserId


def passing(*members: UserId, left_ms: int = 1, joining: str = "invited", former: tuple[UserId, ...] = ()) -> Snapshot:
    """Make what a decision sees of a temporary conversation that has so much time left."""
    seen = snapshot(*members, of="temporary", joining=joining, former=former)  # type: ignore[arg-type]
    owner = {ANN: structs.replace(seen.memberships[ANN], role="owner")}
    assert seen.conversation is not None
    talk = structs.replace(seen.conversation, expires_at=Instant(NOW + left_ms))
    return structs.replace(seen, conversation=talk, memberships={**seen.memberships, **owner})


@pytest.mark.parametrize(("ttl_s", "lasts_s"), [(None, TTL_DEFAULT_S), (1, 1), (3600, 3600)])
def test_a_temporary_conversation_knows_from_the_beginning_when_it_ends(ttl_s: int | None, lasts_s: int) -> None:
    decision = creation(CreateConversation(key=KEY, of="temporary", members=(BOB,), ttl_s=ttl_s))
    ends_at = NOW + lasts_s * 1000
    assert facts(decision)["c/new"] == ConversationCreated(
        by=ANN, of="temporary", members=(ANN, BOB), expires_at=Instant(ends_at)
    )
    view = decision.answer(places(decision, first=1))
    assert isinstance(view, ConversationView)
    assert (view.of, view.expires_at, view.role) == ("temporary", ends_at, "owner")


def test_other_kinds_do_not_end_by_themselves() -> None:
    with pytest.raises(Invalid) as refused:
        creation(CreateConversation(key=KEY, members=(BOB,), ttl_s=60))
    assert refused.value.numbers["field"] == "ttl_s"


@pytest.mark.parametrize(("unique", "is_unique"), [(None, False), (False, False), (True, True)])
def test_a_temporary_conversation_is_unique_where_its_creator_asks_for_it(unique: bool | None, is_unique: bool) -> None:
    made = facts(creation(CreateConversation(key=KEY, of="temporary", members=(BOB,), unique=unique)))["c/new"]
    assert isinstance(made, ConversationCreated)
    assert made.is_unique is is_unique


def test_a_unique_one_that_is_over_is_not_given_back() -> None:
    """Nobody may have ended it yet; then it still has the name of its members, and the new one goes without."""
    command = CreateConversation(key=KEY, of="temporary", members=(BOB,), unique=True)
    lasting, over = passing(ANN, BOB), passing(ANN, BOB, left_ms=0)
    found = creation(command, structs.replace(lasting, conversation=None, unique=lasting.conversation))
    assert found.drafts == ()
    made = facts(creation(command, structs.replace(over, conversation=None, unique=over.conversation)))["c/new"]
    assert isinstance(made, ConversationCreated)
    assert not made.is_unique


def test_what_can_be_done_in_a_group_can_be_done_until_the_time_is_up() -> None:
    seen = passing(ANN, BOB)
    assert messages.send(seen, BOB, SendMessage(ROOM, KEY, Content(text="hello")), LIMITS).drafts
    assert membership.add(seen, BOB, AddMembers(ROOM, (CAT,)), LIMITS).drafts
    view = changes.update(seen, BOB, UpdateConversation(ROOM), LIMITS).answer(())
    assert isinstance(view, ConversationView)
    assert view.expires_at == NOW + 1


def test_from_that_moment_on_nobody_belongs_to_it_though_no_fact_says_so_yet() -> None:
    seen = passing(ANN, BOB, left_ms=0, joining="open")
    refused: tuple[Callable[[], Decision], ...] = (
        lambda: messages.send(seen, ANN, SendMessage(ROOM, KEY, Content(text="hello")), LIMITS),
        lambda: messages.mark_read(seen, BOB, MarkRead(ROOM, Seq(3))),
        lambda: membership.add(seen, ANN, AddMembers(ROOM, (CAT,)), LIMITS),
        lambda: membership.join(seen, CAT, LIMITS),
        lambda: finishing.dissolve(seen, ANN),
    )
    for each in refused:
        with pytest.raises(NotFound):
            each()


def test_who_quits_in_that_moment_has_quit() -> None:
    decision = membership.quit_(passing(ANN, BOB, left_ms=0), BOB)
    assert MembersLeft(users=(BOB,), by=BOB) in [draft.fact for draft in decision.drafts]


def test_an_end_is_told_in_the_conversation_and_to_each_member() -> None:
    decision = finishing.expire(passing(ANN, BOB, left_ms=0, former=(CAT,)))
    exited = ConversationExited(conversation=ROOM, seq=Seq(11))
    assert facts(decision) == {"c/room": ConversationEnded(reason="expired"), "u/ann": exited, "u/bob": exited}
    assert decision.answer(places(decision)) == Done()


def test_what_has_time_left_or_has_ended_is_left_alone() -> None:
    for seen in (passing(ANN, BOB), snapshot(ANN, BOB), Snapshot(now=NOW)):
        decision = finishing.expire(seen)
        assert (decision.drafts, decision.answer(())) == ((), Done())


def test_an_owner_ends_a_group_or_what_is_temporary_for_all() -> None:
    for seen in (snapshot(ANN, BOB), passing(ANN, BOB)):
        decision = finishing.dissolve(seen, ANN)
        exited = ConversationExited(conversation=ROOM, seq=Seq(11))
        assert facts(decision) == {
            "c/room": ConversationEnded(reason="dissolved", by=ANN),
            "u/ann": exited,
            "u/bob": exited,
        }


def test_nobody_else_does_and_no_direct_conversation_ends() -> None:
    with pytest.raises(Forbidden):
        finishing.dissolve(snapshot(ANN, BOB, managers=(BOB,)), BOB)
    with pytest.raises(Forbidden):
        finishing.dissolve(snapshot(ANN, BOB, of="direct"), ANN)
    with pytest.raises(NotFound):
        finishing.dissolve(snapshot(ANN), BOB)
