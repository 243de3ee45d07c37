"""Changing what a conversation is."""

from typing import Any

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, CAT, NOW, ROOM, places, snapshot
from unisono.domain import changes
from unisono.domain.answers import ConversationView
from unisono.domain.commands import Increase, UpdateConversation
from unisono.domain.conversation import Snapshot
from unisono.domain.errors import Forbidden, Invalid, KeyReused, NotFound, TooLarge
from unisono.domain.facts import Content, ConversationChanged, MessagePlaced, Rules
from unisono.domain.ids import FIRST_EPOCH, SendKey, Seq, UserId
from unisono.domain.placement import Place
from unisono.domain.quotas import Quotas

LIMITS = Quotas(attributes_bytes=64)


def update(seen: Snapshot, caller: UserId = ANN, **change: Any) -> tuple[list[object], ConversationView]:
    """Give the facts placed, and the answer."""
    decision = changes.update(seen, caller, UpdateConversation(ROOM, **change), LIMITS)
    answer = decision.answer(places(decision))
    assert isinstance(answer, ConversationView)
    assert all(draft.stream == "c/room" for draft in decision.drafts)
    return [draft.fact for draft in decision.drafts], answer


@pytest.mark.rows("L181")
def test_a_member_who_is_not_the_creator_changes_the_name() -> None:
    facts, view = update(snapshot(ANN, BOB), BOB, name="coffee")
    assert facts == [ConversationChanged(by=BOB, name="coffee")]
    assert (view.name, view.updated_at, view.head, view.members, view.role) == ("coffee", NOW, 11, (), "member")


def test_an_empty_name_takes_it_away() -> None:
    facts, view = update(snapshot(ANN), name="")
    assert facts == [ConversationChanged(by=ANN, name="")]
    assert view.name is None


def test_attributes_change_by_path() -> None:
    facts, view = update(snapshot(ANN), set={"attr.place.city": "Oslo"}, unset=("attr.colour",))
    assert facts == [ConversationChanged(by=ANN, set={"attr.place.city": "Oslo"}, unset=("attr.colour",))]
    assert view.attributes == {"place": {"city": "Oslo"}}


def test_what_is_amended_is_told_as_what_came_of_it() -> None:
    seen = snapshot(ANN)
    facts, view = update(seen, set={"attr.a": 1}, unset=("attr.colour",), amend={"attr.votes": Increase(2)})
    told = ConversationChanged(by=ANN, set={"attr.a": 1, "attr.votes": 2}, unset=("attr.colour",))
    assert facts == [told]
    assert view.attributes == {"a": 1, "votes": 2}
    for change in ({"set": {"attr.votes": 1}}, {"set": {"attr.votes.x": 1}}, {"unset": ("attr.votes",)}):
        with pytest.raises(Invalid):
            update(seen, amend={"attr.votes": Increase()}, **change)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"name": "tea"},
        {"set": {"attr.colour": "green"}},
        {"unset": ("attr.no",)},
        {"rules": Rules()},
        {"set": {}},
        {"amend": {}},
    ],
)
def test_what_is_so_already_leaves_no_fact(change: dict[str, Any]) -> None:
    facts, view = update(snapshot(ANN), **change)
    assert facts == []
    assert (view.name, view.attributes, view.head, view.updated_at) == ("tea", {"colour": "green"}, 10, 2_000)


def test_a_change_that_is_repeated_under_its_key_is_made_once() -> None:
    """An increase whose answer was lost was made again by whoever repeated it."""
    key, command = SendKey("k1"), UpdateConversation(ROOM, amend={"attr.votes": Increase()}, key=SendKey("k1"))
    (draft,) = changes.update(snapshot(ANN), ANN, command, LIMITS).drafts
    assert (draft.sender, draft.key) == (ANN, key)
    first = Place(draft.stream, FIRST_EPOCH, Seq(11), NOW, is_repeat=True)
    again = structs.replace(snapshot(ANN), earlier=first, earlier_fact=draft.fact)
    assert update(again, amend={"attr.votes": Increase()}, key=key)[0] == []
    with pytest.raises(NotFound):
        update(again, CAT, name="x", key=key)
    with pytest.raises(KeyReused):
        update(structs.replace(again, earlier_fact=MessagePlaced(ANN, key, Content(text="hi"))), name="x", key=key)


def test_a_change_without_a_key_is_remembered_under_none() -> None:
    (draft,) = changes.update(snapshot(ANN), ANN, UpdateConversation(ROOM, name="x"), LIMITS).drafts
    assert (draft.sender, draft.key) == (None, None)


def test_a_key_of_an_import_is_no_key_of_a_change() -> None:
    with pytest.raises(Invalid):
        update(snapshot(ANN), name="x", key=SendKey("lc:1"))


def test_the_result_has_a_limit() -> None:
    update(snapshot(ANN), set={"attr.a": "x" * 39})
    with pytest.raises(TooLarge):
        update(snapshot(ANN), set={"attr.a": "x" * 40})


def test_the_owner_alone_changes_rules_and_how_it_is_joined() -> None:
    seen = snapshot(ANN, BOB, managers=(BOB,))
    rules = Rules(add="manager")
    facts, view = update(seen, joining="open", rules=rules)
    assert facts == [ConversationChanged(by=ANN, joining="open", rules=rules)]
    assert (view.joining, view.rules) == ("open", rules)
    for change in ({"joining": "open"}, {"rules": rules}):
        with pytest.raises(Forbidden):
            update(seen, BOB, **change)


def test_what_a_kind_does_not_leave_to_anybody_is_refused() -> None:
    with pytest.raises(Invalid):
        update(snapshot(ANN, BOB, of="direct"), joining="open")
    with pytest.raises(Invalid):
        update(snapshot(ANN, BOB, of="direct"), rules=Rules())
    room = snapshot(of="room", joining="open")
    with pytest.raises(Invalid):
        update(room, joining="invited")
    assert update(room, joining="open", rules=Rules(update="owner"))[1].rules == Rules(update="owner")


def test_others_change_nothing() -> None:
    seen = snapshot(ANN, BOB, joining="open", rules=Rules(update="owner"))
    with pytest.raises(NotFound):
        update(seen, CAT, name="x")
    with pytest.raises(Forbidden):
        update(seen, BOB, name="x")
    update(seen, ANN, name="x")
