"""Threads under the messages of a group: who begins, joins, rules and ends them."""

from collections.abc import Callable

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, CAT, DAN, NOW, ROOM, group, places
from tests.unit.domain.test_membership import KEY, LIMITS, creation, facts
from unisono.domain import changes, finishing, members, membership, messages, threads
from unisono.domain.answers import ConversationView
from unisono.domain.commands import (
    AddMembers,
    CreateConversation,
    CreateThread,
    RemoveMembers,
    SendMessage,
    SetMember,
    UpdateConversation,
)
from unisono.domain.conversation import Conversation, Decision, Membership, Snapshot, Target
from unisono.domain.errors import Forbidden, Invalid, LimitReached, NotFound
from unisono.domain.facts import (
    Content,
    ConversationChanged,
    ConversationCreated,
    ConversationEnded,
    ConversationEntered,
    ConversationExited,
    MembersJoined,
    MembersLeft,
    MessagePlaced,
)
from unisono.domain.ids import ConversationId, Instant, SendKey, Seq, UserId, read_thread_id, thread_id
from unisono.domain.quotas import Quotas
from unisono.domain.thread_facts import Parent, ThreadEnded, ThreadMade, ThreadRenamed, parent_of

PARENT = Parent(ROOM, Seq(3))
THREAD = thread_id(ROOM, PARENT.message)
SAID = Target(Seq(3), NOW, MessagePlaced(BOB, SendKey("k"), Content(text="where to eat?")))


def in_group(*users: UserId, gone: tuple[UserId, ...] = (), **more: object) -> dict[UserId, Membership]:
    """Give the memberships of a group that Ann owns."""
    found = {user: Membership(user, Seq(1), role="owner" if user == ANN else "member") for user in users}
    found |= {user: Membership(user, Seq(1), until=Seq(6)) for user in gone}
    return {user: structs.replace(each, **more) if user == BOB else each for user, each in found.items()}


def before(*users: UserId, of: str = "group", target: Target | None = SAID, has_threads: int = 0) -> Snapshot:
    """Make what is seen where there is no thread yet."""
    talk = structs.replace(group(*users, of=of), threads=has_threads)  # type: ignore[arg-type]
    return Snapshot(now=NOW, target=target, parent=talk, above=in_group(*users))


def seen(
    *users: UserId,
    above: dict[UserId, Membership] | None = None,
    former: tuple[UserId, ...] = (),
    is_over: bool = False,
    creator: UserId = BOB,
) -> Snapshot:
    """Make what is seen of a thread with these members."""
    own = {user: Membership(user, Seq(1)) for user in users}
    own |= {user: Membership(user, Seq(1), until=Seq(6)) for user in former}
    talk = group(*users, of="thread", joining="invited" if is_over else "open")
    talk = structs.replace(talk, id=THREAD, creator=creator, parent=PARENT, attributes=None)
    above = in_group(ANN, BOB, CAT) if above is None else above
    return Snapshot(now=NOW, conversation=talk, memberships=own, parent=group(ANN, BOB, CAT), above=above)


def create(of: Snapshot, user: UserId = BOB, name: str | None = "food", limits: Quotas = LIMITS) -> Decision:
    return threads.create(of, user, CreateThread(ROOM, PARENT.message, name), limits)


def talk(of: Snapshot) -> Conversation:
    assert of.conversation is not None
    return of.conversation


def test_an_id_tells_what_a_thread_is_under() -> None:
    assert thread_id(ROOM, Seq(3)) == "room~3"
    assert read_thread_id(ConversationId("a~b~12")) == ("a~b", 12)
    for other in ("room", "room~", "~3", "room~03", "room~3x", "room~12345678901234567"):
        assert read_thread_id(ConversationId(other)) is None
    assert (parent_of(THREAD), parent_of(ROOM)) == (PARENT, None)


def test_it_begins_with_who_begins_it_and_the_group_is_told() -> None:
    decision = create(before(ANN, BOB))
    assert facts(decision) == {
        f"c/{THREAD}": ConversationCreated(
            by=BOB, of="thread", members=(BOB,), name="food", joining="open", parent=PARENT
        ),
        "u/bob": ConversationEntered(THREAD, Seq(1), BOB, PARENT),
        f"c/{ROOM}": ThreadMade(Seq(3), THREAD, BOB, "food"),
    }
    view = decision.answer(places(decision, first=1))
    assert isinstance(view, ConversationView)
    assert (view.conversation, view.of, view.parent, view.is_new, view.role, view.members) == (
        THREAD,
        "thread",
        PARENT,
        True,
        "member",
        (BOB,),
    )


@pytest.mark.parametrize("user", [BOB, CAT])
def test_one_that_is_there_is_shown_to_whoever_begins_it_again(user: UserId) -> None:
    decision = create(seen(BOB), user)
    assert decision.drafts == ()
    view = decision.answer(())
    assert isinstance(view, ConversationView)
    assert (view.is_new, view.members, view.role) == (False, (BOB,), "member" if user == BOB else None)


RECALLED = structs.replace(SAID, message=structs.replace(SAID.message, is_recalled=True))
LONG = structs.replace(before(ANN, BOB), parent=structs.replace(group(ANN, BOB), id=ConversationId("r" * 63)))


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (before(ANN), NotFound),
        (structs.replace(before(ANN, BOB), parent=None), NotFound),
        (before(ANN, BOB, target=None), NotFound),
        (before(ANN, BOB, target=RECALLED), NotFound),
        (before(ANN, BOB, of="temporary"), Forbidden),
        (before(ANN, BOB, of="direct"), Forbidden),
        (structs.replace(before(), above=in_group(ANN, BOB, silenced_until=Instant(NOW + 1))), Forbidden),
        (seen(is_over=True), Forbidden),
        (structs.replace(before(ANN, BOB), conversation=group(ANN, BOB)), Forbidden),
        (before(ANN, BOB, has_threads=1_000), LimitReached),
        (LONG, Invalid),
    ],
)
def test_who_may_not_begin_one(of: Snapshot, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        create(of)


def test_exactly_as_many_as_the_limit_may_be_there() -> None:
    assert create(before(ANN, BOB, has_threads=1), limits=structs.replace(LIMITS, threads_per_group=2)).drafts
    with pytest.raises(LimitReached):
        create(before(ANN, BOB, has_threads=2), limits=structs.replace(LIMITS, threads_per_group=2))


def test_a_thread_does_not_begin_as_other_conversations_do() -> None:
    with pytest.raises(Invalid):
        creation(CreateConversation(key=KEY, of="thread"))


def test_whoever_is_in_the_group_joins_by_themselves_alone() -> None:
    decision = membership.join(seen(BOB), CAT, LIMITS)
    assert facts(decision) == {
        f"c/{THREAD}": MembersJoined((CAT,), CAT),
        "u/cat": ConversationEntered(THREAD, Seq(11), CAT, PARENT),
    }
    # Nobody owns one, whoever comes to where nobody is left.
    assert [draft.fact for draft in membership.join(seen(), CAT, LIMITS).drafts] == [
        MembersJoined((CAT,), CAT),
        ConversationEntered(THREAD, Seq(11), CAT, PARENT),
    ]
    for user, of in (
        (DAN, seen(BOB)),
        (CAT, seen(BOB, above=in_group(ANN, BOB, gone=(CAT,)))),
        (CAT, seen(is_over=True)),
    ):
        with pytest.raises(NotFound):
            membership.join(of, user, LIMITS)
    with pytest.raises(Forbidden):
        membership.add(seen(BOB), BOB, AddMembers(THREAD, (CAT,)), LIMITS)
    with pytest.raises(Forbidden):
        membership.remove(seen(BOB, CAT), BOB, RemoveMembers(THREAD, (CAT,)))


def test_who_leaves_it_stays_in_the_group() -> None:
    decision = membership.quit_(seen(BOB, CAT), CAT)
    assert facts(decision) == {
        f"c/{THREAD}": MembersLeft((CAT,), CAT),
        "u/cat": ConversationExited(THREAD, Seq(11), CAT, PARENT),
    }
    # Also who is out of the group, until it is noted.
    assert membership.quit_(seen(BOB, CAT, above=in_group(BOB, gone=(CAT,))), CAT).drafts


def say(of: Snapshot, user: UserId = BOB) -> Decision:
    return messages.send(of, user, SendMessage(THREAD, KEY, Content(text="pasta")), LIMITS)


def test_its_members_speak_as_long_as_they_are_in_the_group_and_not_silenced_there() -> None:
    assert say(seen(BOB)).drafts
    assert say(seen(BOB, above=in_group(ANN, BOB, silenced_until=NOW))).drafts
    with pytest.raises(NotFound):
        say(seen(BOB), CAT)
    for above in (in_group(ANN), in_group(ANN, gone=(BOB,))):
        with pytest.raises(NotFound):
            say(seen(BOB, above=above))
    with pytest.raises(Forbidden):
        say(seen(BOB, above=in_group(ANN, BOB, silenced_until=Instant(NOW + 1))))
    with pytest.raises(NotFound):
        say(seen(BOB, is_over=True))


def rename(of: Snapshot, user: UserId, name: str = "drinks") -> Decision:
    return changes.update(of, user, UpdateConversation(THREAD, name=name), LIMITS)


@pytest.mark.parametrize("user", [BOB, ANN])
def test_who_began_it_and_who_rules_the_group_rename_and_end_it(user: UserId) -> None:
    of = seen(CAT, former=(BOB,))
    told = [draft.fact for draft in rename(of, user).drafts]
    assert told == [ConversationChanged(by=user, name="drinks"), ThreadRenamed(Seq(3), THREAD, user, "drinks")]
    assert rename(of, user, "").drafts[1].fact == ThreadRenamed(Seq(3), THREAD, user)
    assert [draft.fact for draft in finishing.dissolve(of, user).drafts] == [
        ConversationEnded("dissolved", by=user),
        ConversationExited(THREAD, Seq(11), parent=PARENT),
        ThreadEnded(Seq(3), THREAD, user),
    ]


def test_other_changes_are_the_thread_s_own() -> None:
    decision = changes.update(seen(BOB), BOB, UpdateConversation(THREAD, set={"attr.a": 1}), LIMITS)
    assert [type(draft.fact) for draft in decision.drafts] == [ConversationChanged]


@pytest.mark.parametrize("act", [rename, finishing.dissolve])
def test_nobody_else_does(act: Callable[[Snapshot, UserId], Decision]) -> None:
    with pytest.raises(Forbidden):
        act(seen(BOB, CAT), CAT)
    for user, of in (
        (DAN, seen(BOB)),
        (BOB, seen(BOB, above=in_group(ANN, gone=(BOB,)))),
        (ANN, seen(BOB, is_over=True)),
    ):
        with pytest.raises(NotFound):
            act(of, user)


def test_the_operator_does_what_its_rulers_do_until_it_is_over() -> None:
    of = structs.replace(seen(BOB), is_operator=True)
    assert rename(of, DAN).drafts
    assert finishing.dissolve(of, DAN).drafts[-1].fact == ThreadEnded(Seq(3), THREAD, DAN)
    assert rename(structs.replace(seen(), is_operator=True), DAN).drafts
    with pytest.raises(Forbidden):
        rename(structs.replace(seen(is_over=True), is_operator=True), DAN)


def test_it_knows_no_roles() -> None:
    with pytest.raises(Forbidden):
        members.set_member(seen(BOB, CAT), BOB, SetMember(THREAD, CAT, role="manager"), LIMITS)


def test_who_left_the_group_leaves_its_threads_once() -> None:
    of = seen(BOB, CAT, above=in_group(ANN, CAT, gone=(BOB,)))
    assert facts(threads.follow_out(of, BOB)) == {
        f"c/{THREAD}": MembersLeft((BOB,), BOB),
        "u/bob": ConversationExited(THREAD, Seq(11), parent=PARENT),
    }
    assert threads.follow_out(of, BOB).answer(()).__class__.__name__ == "Done"
    for other in (seen(BOB), seen(CAT, former=(BOB,)), seen(CAT), Snapshot(now=NOW)):
        assert threads.follow_out(other, BOB).drafts == ()


def test_who_is_unknown_in_the_group_leaves_too() -> None:
    """An erasure may have been there first."""
    assert threads.follow_out(seen(BOB, above={}), BOB).drafts


def test_the_end_of_the_group_is_that_of_its_threads_once() -> None:
    decision = threads.follow_end(seen(BOB))
    assert [draft.fact for draft in decision.drafts] == [
        ConversationEnded("dissolved"),
        ConversationExited(THREAD, Seq(11), parent=PARENT),
    ]
    for other in (seen(is_over=True), Snapshot(now=NOW)):
        again = threads.follow_end(other)
        assert again.drafts == ()
        again.answer(())
    assert talk(seen(is_over=True)).is_over(NOW)
