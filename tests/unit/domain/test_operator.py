"""The operator: above all members and none of them, named as whoever they say they are."""

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, CAT, EVE, NOW, ROOM, places, snapshot
from unisono.domain import changes, finishing, members, membership, messages, revisions
from unisono.domain.answers import ConversationView, Membership
from unisono.domain.commands import (
    AddMembers,
    Dissolve,
    EditMessage,
    GetHistory,
    RecallMessage,
    RemoveMembers,
    Restrict,
    SendMessage,
    UpdateConversation,
)
from unisono.domain.conversation import Decision, Snapshot, Target
from unisono.domain.errors import Forbidden, NotFound
from unisono.domain.facts import (
    Content,
    ConversationChanged,
    ConversationEnded,
    Fact,
    MembersLeft,
    MembersRestricted,
    MessagePlaced,
    MessageRecalled,
    MessageRevised,
    Rules,
)
from unisono.domain.ids import Instant, SendKey, Seq
from unisono.domain.permission import RANKS, RULES, Standing, check, rank_of
from unisono.domain.quotas import Quotas

STRICT = Rules(add="owner", remove="owner", update="owner", mention_all="owner", restrict="owner")
QUOTAS = Quotas(edit_window_s=1, recall_window_s=1)
FIVE = Seq(5)


def seen(*, is_over: bool = False, is_recalled: bool = False) -> Snapshot:
    """Show the operator, in the name of Eve, a group with a message of Bob's that is too old to be taken back."""
    message = MessagePlaced(BOB, SendKey("k"), Content(text="rude"), is_recalled=is_recalled)
    plain = snapshot(ANN, BOB, CAT, managers=(BOB,), rules=STRICT)
    assert plain.conversation is not None
    talk = structs.replace(plain.conversation, expires_at=NOW if is_over else None)
    target = Target(FIVE, Instant(NOW - 2_000), message)
    return structs.replace(plain, conversation=talk, target=target, is_operator=True)


def facts(decision: Decision) -> list[Fact]:
    return [draft.fact for draft in decision.drafts]


def test_the_operator_takes_back_what_anybody_said_however_old() -> None:
    decision = revisions.recall(seen(), EVE, RecallMessage(ROOM, FIVE), QUOTAS)
    assert facts(decision) == [MessageRecalled(FIVE, EVE)]
    assert facts(revisions.recall(seen(is_over=True), EVE, RecallMessage(ROOM, FIVE), QUOTAS)) == facts(decision)
    assert facts(revisions.recall(seen(is_recalled=True), EVE, RecallMessage(ROOM, FIVE), QUOTAS)) == []


def test_the_operator_puts_right_what_anybody_said() -> None:
    command = EditMessage(ROOM, FIVE, Content(text="kind"), mention_all=True)
    assert facts(revisions.edit(seen(), EVE, command, QUOTAS)) == [
        MessageRevised(FIVE, EVE, Content(text="kind"), mention_all=True)
    ]
    with pytest.raises(Forbidden, match="recalled"):
        revisions.edit(seen(is_recalled=True), EVE, command, QUOTAS)


def test_the_operator_is_above_managers_and_owner() -> None:
    decision = membership.remove(seen(), EVE, RemoveMembers(ROOM, (ANN, BOB)))
    assert facts(decision)[0] == MembersLeft((ANN, BOB), EVE)
    assert decision.answer(places(decision)) == Membership(ROOM, (CAT,))
    added = membership.add(seen(), EVE, AddMembers(ROOM, (EVE,)), QUOTAS)
    assert added.answer(places(added)) == Membership(ROOM, (ANN, BOB, CAT, EVE))
    restricted = members.restrict(seen(), EVE, Restrict(ROOM, (ANN,), "silenced"))
    assert facts(restricted) == [MembersRestricted((ANN,), EVE, "silenced", is_on=True)]


def test_the_operator_changes_and_ends_a_conversation() -> None:
    decision = changes.update(seen(), EVE, UpdateConversation(ROOM, name="tee", joining="open"), QUOTAS)
    assert facts(decision) == [ConversationChanged(EVE, name="tee", joining="open")]
    view = decision.answer(places(decision))
    assert isinstance(view, ConversationView)
    assert (view.name, view.role) == ("tee", None)
    assert facts(finishing.dissolve(seen(), EVE))[0] == ConversationEnded("dissolved", EVE)


def test_what_is_over_changes_no_more() -> None:
    with pytest.raises(Forbidden, match="over"):
        membership.add(seen(is_over=True), EVE, AddMembers(ROOM, (EVE,)), QUOTAS)
    with pytest.raises(Forbidden, match="over"):
        finishing.dissolve(seen(is_over=True), EVE)


def test_where_nobody_is_left_nobody_is_brought_back() -> None:
    """It may have been dissolved."""
    deserted = structs.replace(snapshot(former=(ANN, BOB)), is_operator=True)
    with pytest.raises(Forbidden, match="over"):
        membership.add(deserted, EVE, AddMembers(ROOM, (BOB,)), QUOTAS)
    room = structs.replace(snapshot(of="room", joining="open"), is_operator=True)
    assert facts(changes.update(room, EVE, UpdateConversation(ROOM, name="hall"), QUOTAS))


def test_the_operator_says_nothing_as_such() -> None:
    with pytest.raises(Forbidden, match="operator"):
        messages.send(seen(), EVE, SendMessage(ROOM, SendKey("k"), Content(text="x")), QUOTAS)


def test_what_is_not_there_is_not_there_for_the_operator() -> None:
    nothing = Snapshot(NOW, is_operator=True)
    with pytest.raises(NotFound):
        finishing.dissolve(nothing, EVE)


def test_nobody_stands_higher() -> None:
    assert rank_of(Standing.OPERATOR) == len(RANKS) > rank_of(Standing.OWNER)
    check(GetHistory, Standing.OPERATOR)
    assert Standing.OPERATOR in RULES[Dissolve].allowed
