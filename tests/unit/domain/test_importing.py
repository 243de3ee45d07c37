"""What an application brings along is decided the same way however often it is asked."""

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, CAT, DAN, EVE, NOW, ROOM, places, snapshot
from unisono.domain.commands import SendMessage
from unisono.domain.conversation import Decision, Membership, Snapshot
from unisono.domain.errors import Invalid
from unisono.domain.facts import (
    Content,
    ConversationChanged,
    ConversationCreated,
    ConversationEntered,
    ConversationKind,
    ConversationMade,
    LevelSet,
    MemberChanged,
    MembersJoined,
    MembersLeft,
    MessagePlaced,
    ReadMarkMoved,
    Rules,
)
from unisono.domain.ids import Instant, SendKey, Seq, UserId, conversation_stream, thread_id, user_stream
from unisono.domain.importing import (
    SKEW_MS,
    ImportedConversation,
    ImportedMessage,
    NotTaken,
    TakenIn,
    TakenOver,
    read_whole,
    take_in,
    take_over,
    without,
)
from unisono.domain.messages import send
from unisono.domain.quotas import Quotas
from unisono.domain.thread_facts import Parent

QUOTAS = Quotas(message_bytes=256, attributes_bytes=64)
NOBODY_YET = Snapshot(now=NOW)
STREAM = conversation_stream(ROOM)


def record(**more: object) -> ImportedConversation:
    """Make a group as it was exported, which is the one of the stage."""
    first = ImportedConversation(
        ROOM,
        "group",
        ANN,
        created_at=Instant(1_000),
        updated_at=Instant(2_500),
        members=(ANN, BOB),
        name="tea",
        attributes={"colour": "green"},
    )
    return structs.replace(first, **more)


def told(decision: Decision) -> TakenOver:
    answer = decision.answer(places(decision))
    assert isinstance(answer, TakenOver)
    return answer


def taken_in(decision: Decision) -> TakenIn:
    answer = decision.answer(places(decision))
    assert isinstance(answer, TakenIn)
    return answer


def said(name: str, at: int, sender: UserId = BOB, content: Content | None = None, **more: object) -> ImportedMessage:
    return ImportedMessage(name, Instant(at), sender, content or Content(text=name), **more)  # type: ignore[arg-type]


def test_a_conversation_begins_when_it_did_with_its_members_and_their_wishes() -> None:
    decision = take_over(NOBODY_YET, record(members=(BOB, ANN, BOB), muted=(BOB,), is_unique=True), QUOTAS)
    created, *rest = decision.drafts
    assert (created.stream, created.at) == (STREAM, 1_000)
    assert created.fact == ConversationCreated(
        ANN,
        "group",
        (ANN, BOB),
        name="tea",
        attributes={"colour": "green"},
        is_unique=True,
        joining="open",
        rules=Rules(remove="member"),
    )
    assert [(draft.stream, draft.fact, draft.at) for draft in rest] == [
        (user_stream(ANN), ConversationEntered(ROOM, Seq(1), ANN), None),
        (user_stream(BOB), ConversationEntered(ROOM, Seq(1), ANN), None),
        (user_stream(BOB), LevelSet(ROOM, "none"), None),
    ]
    assert told(decision) == TakenOver("new")


def test_a_time_to_come_is_no_time_of_a_beginning() -> None:
    decision = take_over(NOBODY_YET, record(created_at=Instant(NOW + 1)), QUOTAS)
    assert decision.drafts[0].at == NOW


@pytest.mark.parametrize(
    ("of", "members", "rules", "audience"),
    [("room", (), Rules(remove="member"), None), ("service", (BOB,), Rules(), "subscribers")],
)
def test_what_lists_no_members_is_its_creators(
    of: ConversationKind, members: tuple[UserId, ...], rules: Rules, audience: str | None
) -> None:
    decision = take_over(NOBODY_YET, record(of=of, members=(BOB,), is_unique=True), QUOTAS)
    created, made, *entries = decision.drafts
    assert isinstance(created.fact, ConversationCreated)
    assert (created.fact.members, created.fact.is_unique, created.fact.rules) == ((), False, rules)
    assert (created.fact.audience, created.fact.keeps_history) == (audience, of == "room")
    assert (made.stream, made.fact) == (user_stream(ANN), ConversationMade(ROOM, of))
    assert [draft.stream for draft in entries] == [user_stream(user) for user in members]


def test_a_temporary_one_ends_when_it_would_have() -> None:
    decision = take_over(NOBODY_YET, record(of="temporary", expires_at=Instant(NOW + 1)), QUOTAS)
    assert isinstance(decision.drafts[0].fact, ConversationCreated)
    assert decision.drafts[0].fact.expires_at == NOW + 1
    over = take_over(NOBODY_YET, record(of="temporary", expires_at=NOW), QUOTAS)
    assert (over.drafts, told(over).not_taken) == ((), (NotTaken(ROOM, "conversation_over"),))


def test_a_second_time_nothing_changes() -> None:
    decision = take_over(snapshot(ANN, BOB), record(), QUOTAS)
    assert (decision.drafts, told(decision)) == ((), TakenOver("same"))


def test_what_no_conversation_here_can_have_is_left_out_and_told_each_time() -> None:
    large = take_over(NOBODY_YET, record(attributes={"a": "x" * 65}), QUOTAS)
    assert isinstance(large.drafts[0].fact, ConversationCreated)
    assert large.drafts[0].fact.attributes is None
    assert told(large).not_taken == (NotTaken(ROOM, "attributes_too_large"),)
    deep: object = "bottom"
    for _ in range(33):
        deep = [deep]
    assert told(take_over(NOBODY_YET, record(attributes={"a": deep}), Quotas())).not_taken[0].code == (
        "attributes_too_large"
    )
    given = record(attributes={"colour": "green", "a.b": 1, "": 2}, muted=(EVE,))
    expected = (NotTaken(ROOM, "attribute_name"), NotTaken(ROOM, "mute_of_stranger", user=EVE))
    assert told(take_over(NOBODY_YET, given, QUOTAS)) == TakenOver("new", expected)
    again = take_over(snapshot(ANN, BOB), given, QUOTAS)
    assert (again.drafts, told(again)) == ((), TakenOver("same", expected))


def test_two_of_the_same_members_cannot_both_be_the_one() -> None:
    other = structs.replace(snapshot(ANN, BOB).conversation, id="other")  # type: ignore[type-var]
    decision = take_over(structs.replace(NOBODY_YET, unique=other), record(is_unique=True), QUOTAS)
    assert isinstance(decision.drafts[0].fact, ConversationCreated)
    assert not decision.drafts[0].fact.is_unique
    assert told(decision).not_taken == (NotTaken(ROOM, "unique_taken"),)
    again = take_over(structs.replace(snapshot(ANN, BOB), unique=other), record(is_unique=True), QUOTAS)
    assert told(again) == TakenOver("same", (NotTaken(ROOM, "unique_taken"),))
    own = snapshot(ANN, BOB)
    mine = take_over(structs.replace(own, unique=own.conversation), record(is_unique=True), QUOTAS)
    assert told(mine) == TakenOver("same")


def test_one_of_another_kind_is_left_alone() -> None:
    decision = take_over(snapshot(ANN, BOB), record(of="room"), QUOTAS)
    assert (decision.drafts, told(decision)) == ((), TakenOver("same", (NotTaken(ROOM, "other_kind"),)))


def test_nothing_is_brought_along_as_a_thread_or_into_one() -> None:
    name = thread_id(ROOM, Seq(3))
    decision = take_over(NOBODY_YET, structs.replace(record(), conversation=name), QUOTAS)
    assert (decision.drafts, told(decision)) == ((), TakenOver("same", (NotTaken(name, "other_kind"),)))
    seen = snapshot(ANN, BOB, of="thread", joining="open")
    assert seen.conversation is not None
    thread = structs.replace(seen.conversation, id=name, parent=Parent(ROOM, Seq(3)))
    answer = taken_in(take_in(structs.replace(seen, conversation=thread), name, [said("a", 1)], QUOTAS))
    assert [each.code for each in answer.not_taken] == ["other_kind"]


def test_a_later_export_brings_names_attributes_and_members_without_moving_time() -> None:
    later = record(members=(BOB, CAT, DAN), muted=(CAT, BOB), name="milk", attributes={"size": 2})
    decision = take_over(snapshot(ANN, BOB), later, QUOTAS)
    assert [draft.fact for draft in decision.drafts] == [
        ConversationChanged(ANN, name="milk", set={"attr.size": 2}, unset=("attr.colour",)),
        MembersJoined((CAT, DAN), by=ANN),
        ConversationEntered(ROOM, Seq(12), ANN),
        ConversationEntered(ROOM, Seq(12), ANN),
        LevelSet(ROOM, "none"),
        MembersLeft((ANN,), by=ANN),
        MemberChanged(BOB, by=ANN, role="owner"),
        decision.drafts[-1].fact,
    ]
    assert decision.drafts[-1].stream == user_stream(ANN)
    assert decision.drafts[-1].fact.seq == 13  # type: ignore[union-attr]
    assert {draft.at for draft in decision.drafts if draft.stream == STREAM} == {3_000}
    assert told(decision) == TakenOver("changed")


def test_a_name_that_is_gone_goes() -> None:
    decision = take_over(snapshot(ANN, BOB), record(name=None), QUOTAS)
    assert [draft.fact for draft in decision.drafts] == [ConversationChanged(ANN, name="")]


def test_subscribers_come_and_nobody_is_taken_away() -> None:
    given = record(of="service", members=(BOB, CAT), updated_at=Instant(2_001))
    decision = take_over(snapshot(ANN, BOB, of="service"), given, QUOTAS)
    assert [(draft.stream, draft.fact) for draft in decision.drafts] == [
        (user_stream(CAT), ConversationEntered(ROOM, Seq(10), ANN))
    ]


def test_what_was_changed_here_since_stays() -> None:
    decision = take_over(snapshot(ANN, BOB), record(name="milk", updated_at=Instant(2_000)), QUOTAS)
    assert (decision.drafts, told(decision)) == ((), TakenOver("same", (NotTaken(ROOM, "changed_here"),)))


def test_messages_keep_their_ids_times_and_order() -> None:
    decision = take_in(
        snapshot(ANN, BOB), ROOM, [said("b", 3_500, mentions=(ANN,), mention_all=True), said("a", 3_000)], QUOTAS
    )
    assert [(draft.at, draft.sender, draft.key, draft.fact) for draft in decision.drafts] == [
        (3_000, BOB, "lc:a", MessagePlaced(BOB, SendKey("lc:a"), Content(text="a"))),
        (3_500, BOB, "lc:b", MessagePlaced(BOB, SendKey("lc:b"), Content(text="b"), (ANN,), mention_all=True)),
    ]
    assert taken_in(decision) == TakenIn(2, 0)


def test_what_was_recalled_is_so_here() -> None:
    decision = take_in(snapshot(ANN, BOB), ROOM, [said("a", 3_000, content=Content(type=-127, data={}))], QUOTAS)
    assert decision.drafts[0].fact == MessagePlaced(BOB, SendKey("lc:a"), Content(), is_recalled=True)


def test_messages_that_are_there_keep_their_places_and_new_ones_are_appended() -> None:
    there = structs.replace(snapshot(ANN, BOB), taken=frozenset({(BOB, SendKey("lc:old"))}))
    decision = take_in(there, ROOM, [said("old", 500), said("new", 3_000), said("new", 3_000)], QUOTAS)
    assert [draft.key for draft in decision.drafts] == ["lc:new"]
    assert taken_in(decision) == TakenIn(1, 2)


def test_what_cannot_be_taken_in_is_told_with_its_reason() -> None:
    given = [
        said("late", 2_999),
        said("same time", 3_000),
        said("huge", 3_001, content=Content(text="x" * 300)),
        said("nothing", 3_002, content=Content(text=None)),
        said("soon", NOW + SKEW_MS),
        said("future", NOW + SKEW_MS + 1),
    ]
    decision = take_in(snapshot(ANN, BOB), ROOM, given, QUOTAS)
    assert [draft.key for draft in decision.drafts] == ["lc:same time", "lc:soon"]
    assert [(each.id, each.code) for each in taken_in(decision).not_taken] == [
        ("late", "out_of_order"),
        ("huge", "content_too_large"),
        ("nothing", "content_invalid"),
        ("future", "from_the_future"),
    ]


@pytest.mark.parametrize("of", ["group", "service"])
def test_what_ended_here_does_not_come_back(of: ConversationKind) -> None:
    base = snapshot(of=of, former=(ANN, BOB))
    assert base.conversation is not None
    ended = structs.replace(base, conversation=structs.replace(base.conversation, audience=None))
    decision = take_over(ended, record(of=of, updated_at=Instant(9_000)), QUOTAS)
    assert (decision.drafts, told(decision)) == ((), TakenOver("same", (NotTaken(ROOM, "conversation_over"),)))
    more = take_in(ended, ROOM, [said("more", 4_000)], QUOTAS)
    assert (more.drafts, taken_in(more).not_taken) == ((), (NotTaken(ROOM, "conversation_over", id="more"),))


def test_whom_all_had_left_there_may_come_again() -> None:
    """It is open, and nobody ended it: it is the export that says who is in it."""
    decision = take_over(snapshot(joining="open"), record(updated_at=Instant(9_000)), QUOTAS)
    assert MembersJoined((ANN, BOB), by=ANN) in [draft.fact for draft in decision.drafts]


def test_users_who_were_erased_are_left_out() -> None:
    given, left_out = without(record(members=(ANN, BOB, CAT), muted=(BOB, DAN)), {BOB, DAN, EVE})
    assert (given.members, given.muted) == ((ANN, CAT), ())
    assert left_out == [NotTaken(ROOM, "user_erased", user=user) for user in (BOB, DAN)]
    assert without(record(), ()) == (record(), [])
    decision = take_in(snapshot(ANN, BOB), ROOM, [said("a", 3_001, ANN), said("b", 3_002)], QUOTAS, {BOB})
    assert [draft.key for draft in decision.drafts] == ["lc:a"]
    assert taken_in(decision).not_taken == (NotTaken(ROOM, "user_erased", id="b"),)


def test_messages_of_nowhere_are_told() -> None:
    decision = take_in(NOBODY_YET, ROOM, [said("a", 1)], QUOTAS)
    assert taken_in(decision) == TakenIn(0, 0, (NotTaken(ROOM, "conversation_unknown", id="a"),))


def test_those_have_read_all_who_had_something_to_read() -> None:
    head = structs.replace(snapshot(ANN).conversation.head, messages=3)  # type: ignore[union-attr]
    whole = Membership(CAT, since=Seq(1), passed=3)
    left = Membership(DAN, since=Seq(1), until=Seq(2))
    base = snapshot(ANN, BOB, others=(whole, left))
    given = structs.replace(base, conversation=structs.replace(base.conversation, head=head))  # type: ignore[type-var]
    decision = read_whole(given, {BOB, CAT, DAN})
    assert [(draft.stream, draft.fact) for draft in decision.drafts] == [
        (user_stream(BOB), ReadMarkMoved(ROOM, Seq(10), Seq(10)))
    ]
    assert told(read_whole(NOBODY_YET, {BOB})) == TakenOver("same")


def test_nobody_who_sends_has_the_key_of_what_was_brought_along() -> None:
    command = SendMessage(ROOM, SendKey("lc:mine"), Content(text="hi"))
    with pytest.raises(Invalid, match="imported"):
        send(snapshot(ANN, BOB), BOB, command, QUOTAS)
