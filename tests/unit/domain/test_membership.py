"""Who belongs to a conversation: what is placed, who is told, and who learns nothing."""

import msgspec
import pytest

from tests.unit.domain.stage import ANN, BOB, CAT, DAN, EVE, NOW, ROOM, group, places, snapshot
from unisono.domain import membership as m
from unisono.domain.answers import ConversationView, Membership
from unisono.domain.commands import AddMembers, CreateConversation, RemoveMembers
from unisono.domain.conversation import Decision, Snapshot, made_by
from unisono.domain.conversation import Membership as Place
from unisono.domain.errors import Forbidden, Invalid, LimitReached, NotFound, TooLarge
from unisono.domain.facts import (
    ConversationCreated,
    ConversationEntered,
    ConversationExited,
    ConversationMade,
    MembersJoined,
    MembersLeft,
)
from unisono.domain.ids import ConversationId, Epoch, SendKey, Seq, StreamKey, UserId
from unisono.domain.placement import Place as Placed
from unisono.domain.quotas import Quotas

LIMITS = Quotas(members_per_conversation=4, attributes_bytes=64)
NEW = ConversationId("new")
KEY = SendKey("k1")


def facts(decision: Decision) -> dict[str, object]:
    """Give what is placed, by stream; no decision here places two facts in one stream."""
    placed: dict[str, object] = {str(draft.stream): draft.fact for draft in decision.drafts}
    assert len(placed) == len(decision.drafts)
    return placed


def members(decision: Decision) -> tuple[UserId, ...]:
    """Give the members that the answer shows."""
    answer = decision.answer(places(decision))
    assert isinstance(answer, Membership)
    assert answer.conversation == ROOM
    return answer.members


# ------------------------------------------------------------------------------------------------------------- create


def creation(command: CreateConversation, seen: Snapshot | None = None) -> Decision:
    """Have Ann create a conversation."""
    return m.create(seen or Snapshot(now=NOW), ANN, command, NEW, LIMITS)


def test_creating_tells_the_conversation_and_every_member() -> None:
    decision = creation(CreateConversation(key=KEY, members=(CAT, BOB), name="tea", attributes={"a": 1}))
    entered = ConversationEntered(conversation=NEW, seq=Seq(1), by=ANN)
    assert facts(decision) == {
        "c/new": ConversationCreated(
            by=ANN, of="group", members=(ANN, BOB, CAT), name="tea", attributes={"a": 1}, is_unique=True
        ),
        "u/ann": entered,
        "u/bob": entered,
        "u/cat": entered,
    }


def test_the_answer_to_creating_is_the_conversation_as_it_begins() -> None:
    decision = creation(CreateConversation(key=KEY, members=(BOB,), name="tea"))
    assert decision.answer(places(decision, first=1)) == ConversationView(
        conversation=NEW,
        of="group",
        creator=ANN,
        created_at=NOW,
        updated_at=NOW,
        epoch=Epoch(1),
        head=Seq(1),
        read=Seq(0),
        name="tea",
        members=(ANN, BOB),
        is_new=True,
        unique=True,
        count=2,
        role="owner",
    )


def test_the_key_is_remembered_with_the_creators_own_entry() -> None:
    decision = creation(CreateConversation(key=KEY, members=(BOB,)))
    assert {draft.stream: (draft.sender, draft.key) for draft in decision.drafts} == {
        "c/new": (None, None),
        "u/ann": (ANN, KEY),
        "u/bob": (None, None),
    }


def test_the_creator_and_repeated_names_count_once() -> None:
    command = CreateConversation(key=KEY, members=(BOB, ANN, BOB))
    assert m.members_to_be(ANN, command) == (ANN, BOB)


@pytest.mark.parametrize("others", [(), (ANN,), (BOB, CAT)])
def test_a_direct_conversation_has_two_members(others: tuple[UserId, ...]) -> None:
    with pytest.raises(Invalid):
        creation(CreateConversation(key=KEY, of="direct", members=others))


def test_a_direct_conversation_is_always_the_one_of_its_members() -> None:
    assert m.is_unique(CreateConversation(key=KEY, of="direct", members=(BOB,), unique=False))
    assert not m.is_unique(CreateConversation(key=KEY, members=(BOB,), unique=False))
    decision = creation(CreateConversation(key=KEY, of="direct", members=(BOB,), unique=False))
    created = facts(decision)["c/new"]
    assert isinstance(created, ConversationCreated)
    assert created.is_unique


@pytest.mark.rows("L136")
def test_a_room_begins_without_members_and_its_creator_is_told() -> None:
    decision = creation(CreateConversation(key=KEY, of="room", name="tea", attributes={"a": 1}))
    assert facts(decision) == {
        "c/new": ConversationCreated(by=ANN, of="room", members=(), name="tea", attributes={"a": 1}, joining="open"),
        "u/ann": ConversationMade(conversation=NEW, of="room"),
    }
    assert [(draft.sender, draft.key) for draft in decision.drafts] == [(None, None), (ANN, KEY)]
    view = decision.answer(places(decision, first=1))
    assert isinstance(view, ConversationView)
    assert (view.of, view.members, view.is_new) == ("room", (), True)


def test_a_creation_is_found_again_by_what_it_left_in_the_creators_stream() -> None:
    assert made_by(ConversationEntered(ROOM, Seq(1), ANN)) == ROOM
    assert made_by(ConversationMade(ROOM, "room")) == ROOM
    assert made_by(ConversationExited(ROOM, Seq(1), ANN)) is None


def test_a_rooms_key_gives_back_the_room() -> None:
    room = group(of="room")
    seen = Snapshot(now=NOW, conversation=room, earlier=Placed(StreamKey("u/ann"), Epoch(1), Seq(2), NOW))
    decision = creation(CreateConversation(key=KEY, of="room"), seen)
    view = decision.answer(())
    assert isinstance(view, ConversationView)
    assert (decision.drafts, view.conversation, view.members, view.read, view.is_new) == ((), ROOM, (), 0, False)


@pytest.mark.rows("L141", "Q27")
def test_a_room_is_never_the_one_of_its_members() -> None:
    with pytest.raises(Invalid) as refused:
        m.is_unique(CreateConversation(key=KEY, of="room", unique=True))
    assert refused.value.numbers["field"] == "unique"
    assert not m.is_unique(CreateConversation(key=KEY, of="room"))
    assert not m.is_unique(CreateConversation(key=KEY, of="room", unique=False))


def test_a_room_takes_no_list_of_members() -> None:
    with pytest.raises(Invalid) as refused:
        creation(CreateConversation(key=KEY, of="room", members=(BOB,)))
    assert refused.value.numbers["field"] == "members"


def test_creating_within_the_limits_and_one_beyond() -> None:
    creation(CreateConversation(key=KEY, members=(BOB, CAT, DAN)))
    with pytest.raises(LimitReached):
        creation(CreateConversation(key=KEY, members=(BOB, CAT, DAN, EVE)))
    creation(CreateConversation(key=KEY, attributes={"a": "x" * 56}))
    with pytest.raises(TooLarge):
        creation(CreateConversation(key=KEY, attributes={"a": "x" * 57}))


@pytest.mark.rows("L137")
def test_a_unique_conversation_that_exists_is_given_back() -> None:
    there = snapshot(ANN, BOB, read=3)
    seen = Snapshot(now=NOW, memberships=there.memberships, unique=there.conversation)
    decision = creation(CreateConversation(key=KEY, members=(BOB,)), seen)
    assert decision.drafts == ()
    answer = decision.answer(())
    assert isinstance(answer, ConversationView)
    assert (answer.conversation, answer.members, answer.head, answer.read, answer.is_new) == (
        ROOM,
        (ANN, BOB),
        10,
        3,
        False,
    )


@pytest.mark.rows("L138")
def test_without_one_a_new_conversation_is_made() -> None:
    assert len(creation(CreateConversation(key=KEY, members=(BOB,))).drafts) == 3


def test_repeating_the_key_gives_back_what_it_made_the_first_time() -> None:
    """Also when its members changed since, or another unique conversation would fit by now."""
    there = snapshot(ANN, CAT)
    earlier = Placed(StreamKey("u/ann"), Epoch(1), Seq(4), NOW, is_repeat=True)
    other = msgspec.structs.replace(group(ANN, BOB), id=ConversationId("other"))
    seen = msgspec.structs.replace(there, earlier=earlier, unique=other)
    decision = creation(CreateConversation(key=KEY, members=(BOB,)), seen)
    answer = decision.answer(())
    assert decision.drafts == ()
    assert isinstance(answer, ConversationView)
    assert (answer.conversation, answer.members) == (ROOM, (ANN, CAT))


@pytest.mark.parametrize("seen", [snapshot(BOB, former=(ANN,)), snapshot(BOB)])
def test_repeating_the_key_after_leaving_shows_nothing(seen: Snapshot) -> None:
    earlier = Placed(StreamKey("u/ann"), Epoch(1), Seq(4), NOW, is_repeat=True)
    with pytest.raises(NotFound):
        creation(CreateConversation(key=KEY, members=(BOB,)), msgspec.structs.replace(seen, earlier=earlier))


# ------------------------------------------------------------------------------------------------------- add and join


def test_adding_tells_the_conversation_and_the_added() -> None:
    decision = m.add(snapshot(ANN, BOB), ANN, AddMembers(ROOM, (CAT, BOB, CAT)), LIMITS)
    assert facts(decision) == {
        "c/room": MembersJoined(users=(CAT,), by=ANN),
        "u/cat": ConversationEntered(conversation=ROOM, seq=Seq(11), by=ANN),
    }
    assert members(decision) == (ANN, BOB, CAT)


def test_adding_who_is_there_already_places_nothing() -> None:
    decision = m.add(snapshot(ANN, BOB), ANN, AddMembers(ROOM, (BOB, ANN)), LIMITS)
    assert decision.drafts == ()
    assert members(decision) == (ANN, BOB)


def test_who_left_may_be_added_again() -> None:
    decision = m.add(snapshot(ANN, former=(BOB,)), ANN, AddMembers(ROOM, (BOB,)), LIMITS)
    assert set(facts(decision)) == {"c/room", "u/bob"}
    assert members(decision) == (ANN, BOB)


def test_adding_up_to_the_limit_and_one_beyond() -> None:
    seen = snapshot(ANN, BOB)
    assert members(m.add(seen, ANN, AddMembers(ROOM, (CAT, DAN)), LIMITS)) == (ANN, BOB, CAT, DAN)
    with pytest.raises(LimitReached):
        m.add(seen, ANN, AddMembers(ROOM, (CAT, DAN, EVE)), LIMITS)


def test_only_members_add() -> None:
    for caller in (CAT, DAN):
        with pytest.raises(NotFound):
            m.add(snapshot(ANN, former=(CAT,)), caller, AddMembers(ROOM, (EVE,)), LIMITS)


def test_what_does_not_exist_looks_like_what_may_not_be_seen() -> None:
    with pytest.raises(NotFound) as unseen:
        m.add(snapshot(ANN), BOB, AddMembers(ROOM, (EVE,)), LIMITS)
    with pytest.raises(NotFound) as absent:
        m.add(Snapshot(now=NOW), BOB, AddMembers(ROOM, (EVE,)), LIMITS)
    assert str(unseen.value) == str(absent.value)


def test_joining_is_adding_oneself() -> None:
    decision = m.join(snapshot(ANN, joining="open"), BOB, LIMITS)
    assert facts(decision) == {
        "c/room": MembersJoined(users=(BOB,), by=BOB),
        "u/bob": ConversationEntered(conversation=ROOM, seq=Seq(11), by=BOB),
    }
    assert members(decision) == (ANN, BOB)


def test_joining_twice_is_no_error() -> None:
    decision = m.join(snapshot(ANN, BOB), BOB, LIMITS)
    assert decision.drafts == ()
    assert members(decision) == (ANN, BOB)


def test_the_members_of_a_direct_conversation_are_fixed() -> None:
    seen = snapshot(ANN, BOB, of="direct")
    with pytest.raises(Forbidden):
        m.add(seen, ANN, AddMembers(ROOM, (CAT,)), LIMITS)
    with pytest.raises(Forbidden):
        m.remove(seen, ANN, RemoveMembers(ROOM, (BOB,)))
    with pytest.raises(Forbidden):
        m.quit_(seen, ANN)
    with pytest.raises(NotFound):
        m.join(seen, CAT, LIMITS)


# ---------------------------------------------------------------------------------------------------- remove and quit


def test_removing_tells_the_conversation_and_the_removed() -> None:
    decision = m.remove(snapshot(ANN, BOB, CAT), ANN, RemoveMembers(ROOM, (BOB, DAN, BOB)))
    assert facts(decision) == {
        "c/room": MembersLeft(users=(BOB,), by=ANN),
        "u/bob": ConversationExited(conversation=ROOM, seq=Seq(11), by=ANN),
    }
    assert members(decision) == (ANN, CAT)


def test_removing_who_is_none_places_nothing() -> None:
    decision = m.remove(snapshot(ANN, former=(BOB,)), ANN, RemoveMembers(ROOM, (BOB, CAT)))
    assert decision.drafts == ()
    assert members(decision) == (ANN,)


def test_quitting_tells_the_conversation_and_ones_own_other_sessions() -> None:
    decision = m.quit_(snapshot(ANN, BOB), BOB)
    assert facts(decision) == {
        "c/room": MembersLeft(users=(BOB,), by=BOB),
        "u/bob": ConversationExited(conversation=ROOM, seq=Seq(11), by=BOB),
    }


def test_who_left_learns_no_more_who_is_there() -> None:
    """Repeating a quit, even much later, used to answer with the members of the day."""
    assert members(m.quit_(snapshot(ANN, BOB), BOB)) == ()
    repeated = m.quit_(snapshot(ANN, CAT, former=(BOB,)), BOB)
    assert repeated.drafts == ()
    assert members(repeated) == ()
    assert members(m.remove(snapshot(ANN, BOB), ANN, RemoveMembers(ROOM, (ANN,)))) == ()


def test_a_stranger_cannot_quit_nor_remove() -> None:
    with pytest.raises(NotFound):
        m.quit_(snapshot(ANN), BOB)
    with pytest.raises(NotFound):
        m.remove(snapshot(ANN), BOB, RemoveMembers(ROOM, (ANN,)))


def test_a_membership_ends_with_the_fact_by_which_one_left() -> None:
    assert Place(ANN, since=Seq(1)).is_member
    assert not Place(ANN, since=Seq(1), until=Seq(6)).is_member
