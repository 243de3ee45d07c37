"""Who may bring in and send away whom, and who rules then."""

from collections.abc import Callable

import pytest

from tests.unit.domain.stage import ANN, BOB, CAT, DAN, EVE, NOW, ROOM, group, places, snapshot
from tests.unit.domain.test_membership import KEY, LIMITS, creation, facts, members
from unisono.domain import membership as m
from unisono.domain.answers import ConversationView
from unisono.domain.commands import AddMembers, CreateConversation, RemoveMembers
from unisono.domain.conversation import Decision, Snapshot
from unisono.domain.conversation import Membership as Place
from unisono.domain.errors import Forbidden, Invalid, NotFound
from unisono.domain.facts import ConversationCreated, ConversationKind, Joining, MemberChanged, MembersLeft, Rules
from unisono.domain.ids import Instant, Seq, UserId
from unisono.domain.kinds import KINDS


@pytest.mark.parametrize("seen", [snapshot(ANN), snapshot(ANN, former=(BOB,))])
def test_nobody_joins_where_members_are_invited(seen: Snapshot) -> None:
    """Who knew the id used to join, also right after being removed."""
    with pytest.raises(NotFound):
        m.join(seen, BOB, LIMITS)


def test_who_was_removed_may_come_back_to_an_open_group() -> None:
    decision = m.join(snapshot(ANN, former=(BOB,), joining="open"), BOB, LIMITS)
    assert members(decision) == (ANN, BOB)


def blocked(user: UserId, until: int) -> Place:
    """Make the place of a user who is blocked, and never was a member."""
    return Place(user, since=Seq(0), until=Seq(0), blocked_until=Instant(until))


def test_who_is_blocked_neither_joins_nor_is_added_until_it_is_over() -> None:
    seen = snapshot(ANN, joining="open", others=(blocked(BOB, NOW + 1), blocked(CAT, NOW)))
    refused: tuple[Callable[[], Decision], ...] = (
        lambda: m.join(seen, BOB, LIMITS),
        lambda: m.add(seen, ANN, AddMembers(ROOM, (CAT, BOB)), LIMITS),
    )
    for each in refused:
        with pytest.raises(Forbidden) as caught:
            each()
        assert caught.value.numbers == {"reason": "blocked", "user": BOB}
    assert members(m.join(seen, CAT, LIMITS)) == (ANN, CAT)


def test_a_member_removes_nobody_by_default() -> None:
    """Any member used to be able to remove any other."""
    with pytest.raises(Forbidden):
        m.remove(snapshot(ANN, BOB, CAT), BOB, RemoveMembers(ROOM, (CAT,)))


def test_a_manager_removes_members_and_neither_managers_nor_the_owner() -> None:
    seen = snapshot(ANN, BOB, CAT, DAN, managers=(BOB, CAT))
    assert members(m.remove(seen, BOB, RemoveMembers(ROOM, (DAN,)))) == (ANN, BOB, CAT)
    for above in (ANN, CAT):
        with pytest.raises(Forbidden) as refused:
            m.remove(seen, BOB, RemoveMembers(ROOM, (DAN, above)))
        assert refused.value.numbers["user"] == above
    assert members(m.remove(seen, ANN, RemoveMembers(ROOM, (BOB, CAT)))) == (ANN, DAN)


def test_where_the_rules_let_them_members_remove_members_alone() -> None:
    seen = snapshot(ANN, BOB, CAT, rules=Rules(remove="member"))
    assert members(m.remove(seen, BOB, RemoveMembers(ROOM, (CAT, BOB)))) == ()
    with pytest.raises(Forbidden):
        m.remove(seen, BOB, RemoveMembers(ROOM, (ANN,)))


def test_adding_takes_the_role_that_the_rules_ask_for() -> None:
    seen = snapshot(ANN, BOB, CAT, managers=(CAT,), rules=Rules(add="manager"))
    with pytest.raises(Forbidden) as refused:
        m.add(seen, BOB, AddMembers(ROOM, (DAN,)), LIMITS)
    assert refused.value.numbers["least"] == "manager"
    assert members(m.add(seen, CAT, AddMembers(ROOM, (DAN,)), LIMITS)) == (ANN, BOB, CAT, DAN)


def heirs(seen: Snapshot, decision: Decision) -> list[tuple[UserId, UserId]]:
    """Give who is made the owner, and by whom."""
    drafts = [draft for draft in decision.drafts if isinstance(draft.fact, MemberChanged)]
    assert all(draft.stream == "c/room" for draft in drafts)
    return [(draft.fact.user, draft.fact.by) for draft in drafts if isinstance(draft.fact, MemberChanged)]


@pytest.mark.parametrize(("managers", "heir"), [((), CAT), ((DAN,), DAN), ((DAN, EVE), EVE), ((BOB, CAT), CAT)])
def test_an_owner_who_leaves_passes_it_to_the_senior_manager_or_else_member(
    managers: tuple[UserId, ...], heir: UserId
) -> None:
    places = {BOB: 5, CAT: 2, DAN: 4, EVE: 3}
    others = tuple(
        Place(user, since=Seq(since), role="manager" if user in managers else "member")
        for user, since in places.items()
    )
    seen = snapshot(ANN, others=others)
    decision = m.quit_(seen, ANN)
    assert heirs(seen, decision) == [(heir, ANN)]
    assert isinstance(decision.drafts[0].fact, MembersLeft)
    assert [draft.stream for draft in decision.drafts] == ["c/room", "c/room", "u/ann"]


def test_the_last_one_leaves_nobody_to_rule_and_the_next_one_rules() -> None:
    assert heirs(snapshot(ANN), m.quit_(snapshot(ANN), ANN)) == []
    empty = snapshot(former=(ANN,), joining="open")
    decision = m.join(empty, BOB, LIMITS)
    assert heirs(empty, decision) == [(BOB, BOB)]
    assert heirs(snapshot(ANN, joining="open"), m.join(snapshot(ANN, joining="open"), BOB, LIMITS)) == []


@pytest.mark.parametrize("of", ["direct", "room"])
def test_how_these_are_joined_is_no_choice(of: ConversationKind) -> None:
    always = KINDS[of].joining
    other: Joining = "open" if always == "invited" else "invited"
    assert m.joining_of(CreateConversation(key=KEY, of=of)) == always
    assert m.joining_of(CreateConversation(key=KEY, of=of, joining=m.joining_of(CreateConversation(KEY, of)))) == always
    with pytest.raises(Invalid):
        m.joining_of(CreateConversation(key=KEY, of=of, joining=other))


def test_rules_and_joining_begin_as_the_creator_says() -> None:
    rules = Rules(add="owner")
    decision = creation(CreateConversation(key=KEY, joining="open", rules=rules))
    fact = facts(decision)["c/new"]
    assert isinstance(fact, ConversationCreated)
    assert (fact.joining, fact.rules) == ("open", rules)
    view = decision.answer(places(decision, first=1))
    assert isinstance(view, ConversationView)
    assert (view.joining, view.rules, view.role, view.count) == ("open", rules, "owner", 1)
    with pytest.raises(Invalid):
        m.rules_of(CreateConversation(key=KEY, of="direct", members=(BOB,), rules=rules))


def test_nobody_owns_a_direct_conversation() -> None:
    decision = creation(CreateConversation(key=KEY, of="direct", members=(BOB,)))
    view = decision.answer(places(decision, first=1))
    assert isinstance(view, ConversationView)
    assert (view.role, view.joining) == ("member", "invited")


@pytest.mark.rows("L189", "L190")
def test_the_creator_stays_the_creator_and_is_not_for_ever_the_owner() -> None:
    seen = snapshot(ANN, BOB, others=(Place(ANN, since=Seq(1)), Place(BOB, since=Seq(1), role="owner")))
    assert seen.conversation is not None
    shown = [m.view(seen.conversation, user, seen.memberships[user], now=seen.now) for user in (ANN, BOB)]
    assert [(view.creator, view.role) for view in shown] == [(ANN, "member"), (ANN, "owner")]


def test_who_is_no_member_sees_an_open_group_without_a_role() -> None:
    view = m.view(group(ANN, joining="open"), BOB, None, now=NOW)
    assert (view.role, view.read, view.members, view.count, view.joining) == (None, 0, (), 1, "open")
