"""The log's promises: order, atomicity, send keys, gapless streams."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.contract.stores.acts import (
    ANN,
    BOB,
    CIM,
    DAN,
    ROOM,
    AnyStore,
    add,
    conversation_id,
    create,
    look,
    mark_read,
    quit_,
    remove,
    send,
    seqs,
    view_of,
)
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.answers import Done, Placed, SeqFact
from unisono.domain.conversation import Decision, Scope
from unisono.domain.errors import Forbidden, NotFound
from unisono.domain.facts import (
    ConversationEntered,
    ConversationExited,
    MembersLeft,
    MessagePlaced,
    ReadMarkMoved,
)
from unisono.domain.ids import (
    ConversationId,
    Instant,
    SendKey,
    Seq,
    StreamKey,
    UserId,
    conversation_stream,
    user_stream,
)
from unisono.domain.placement import Draft, Place

TALK = conversation_stream(ROOM)


async def test_sends_started_one_after_the_other_take_their_places_in_that_order(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    placed = await asyncio.gather(*(send(store, ANN, f"key-{number}") for number in range(300)))
    assert [place.seq for place in placed] == list(range(2, 302))


async def test_facts_read_back_are_those_that_were_placed(store: AnyStore) -> None:
    committed = await create(store, ANN, BOB)
    await send(store, ANN, "one", "first")
    await send(store, BOB, "two", "second")
    facts = await store.log.read(TALK, Seq(0), 10)
    assert facts.facts[0].fact == committed.facts[0].fact
    assert [fact.fact.content.text for fact in facts.facts if isinstance(fact.fact, MessagePlaced)] == [
        "first",
        "second",
    ]
    assert (facts.head, facts.epoch, len(facts.facts)) == (3, await store.log.epoch(), 3)


async def test_the_facts_of_a_commit_come_in_the_order_of_its_drafts(store: AnyStore) -> None:
    committed = await create(store, ANN, BOB, CIM)
    assert [fact.stream for fact in committed.facts] == [TALK, *map(user_stream, (ANN, BOB, CIM))]
    assert [fact.seq for fact in committed.facts] == [1, 1, 1, 1]
    assert len({fact.checkpoint for fact in committed.facts}) == 1


async def test_a_repeated_key_yields_its_first_place(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    first = await send(store, ANN, "key")
    await send(store, BOB, "other")
    clock.advance(86_400)
    assert await send(store, ANN, "key", "said differently") == first
    assert await seqs(store) == [1, 2, 3]


async def test_a_repeated_key_in_the_same_moment_yields_its_first_place(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    placed = await asyncio.gather(*(send(store, ANN, "key") for _ in range(20)))
    assert {place.seq for place in placed} == {2}
    assert await seqs(store) == [1, 2]


async def test_two_senders_may_use_the_same_key(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    placed = await asyncio.gather(send(store, ANN, "key"), send(store, BOB, "key"))
    assert [place.seq for place in placed] == [2, 3]


async def test_a_key_is_remembered_per_conversation(store: AnyStore) -> None:
    other = conversation_id(1)
    await create(store, ANN, BOB)
    await create(store, ANN, BOB, room=other)
    await send(store, ANN, "key")
    assert (await send(store, ANN, "key", room=other)).stream == conversation_stream(other)


async def test_a_repeat_by_a_sender_who_left_since_yields_the_first_place(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    first = await send(store, BOB, "key")
    await quit_(store, BOB)
    assert await send(store, BOB, "key") == first


async def test_a_create_with_a_repeated_key_gives_the_conversation_of_the_first(store: AnyStore) -> None:
    first = view_of(await create(store, ANN, BOB))
    again, elsewhere = await asyncio.gather(create(store, ANN, BOB), create(store, ANN, BOB))
    assert view_of(again).conversation == view_of(elsewhere).conversation == first.conversation
    assert (first.is_new, view_of(again).is_new, again.facts) == (True, False, ())


async def test_a_create_followed_at_once_by_a_send_finds_its_conversation(store: AnyStore) -> None:
    _, placed = await asyncio.gather(create(store, ANN, BOB), send(store, BOB, "key"))
    assert placed.seq == 2


async def test_a_send_right_behind_ones_own_removal_is_refused(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    outcomes = await asyncio.gather(
        send(store, BOB, "before"), remove(store, ANN, BOB), send(store, BOB, "after"), return_exceptions=True
    )
    assert isinstance(outcomes[0], Placed)
    assert isinstance(outcomes[2], NotFound)
    assert await seqs(store) == [1, 2, 3]


async def test_what_a_decision_refuses_leaves_no_trace_and_hurts_nobody_else(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    outcomes = await asyncio.gather(
        send(store, ANN, "one"), send(store, DAN, "two"), send(store, ANN, "three"), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [Placed, NotFound, Placed]
    assert await seqs(store) == [1, 2, 3]
    assert (await store.log.read(user_stream(DAN), Seq(0), 10)).head == 0


async def test_a_defect_in_a_decision_reaches_its_own_caller_alone(store: AnyStore) -> None:
    await create(store, ANN, BOB)

    def fail(_: object) -> Decision:
        raise ZeroDivisionError

    outcomes = await asyncio.gather(
        send(store, ANN, "one"),
        store.log.transact(Scope(conversation=ROOM), fail),
        send(store, ANN, "two"),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [Placed, ZeroDivisionError, Placed]
    assert await seqs(store) == [1, 2, 3]


async def test_two_drafts_on_one_stream_stand_one_behind_the_other(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    left = MembersLeft((DAN,), ANN)
    drafts = tuple(Draft(stream, left) for stream in (TALK, user_stream(ANN), TALK))
    places: list[Place] = []

    def answer(found: Sequence[Place]) -> Done:
        places.extend(found)
        return Done()

    committed = await store.log.transact(Scope(conversation=ROOM), lambda _: Decision(drafts, answer))
    assert [place.seq for place in places] == [2, 2, 3]
    assert [(fact.stream, fact.seq) for fact in committed.facts] == [(TALK, 2), (user_stream(ANN), 2), (TALK, 3)]


async def test_a_draft_whose_key_has_a_place_keeps_it(store: AnyStore) -> None:
    """Also when the decision did not ask for the key's earlier place."""
    await create(store, ANN, BOB)
    first = await send(store, ANN, "key")
    draft = Draft(TALK, MembersLeft((DAN,), ANN), ANN, SendKey("key"))
    seen: list[Place] = []

    def answer(places: Sequence[Place]) -> Done:
        seen.extend(places)
        return Done()

    committed = await store.log.transact(Scope(conversation=ROOM), lambda _: Decision((draft,), answer))
    assert committed.facts == ()
    assert [(place.seq, place.is_repeat) for place in seen] == [(first.seq, True)]


async def test_sixty_four_writers_leave_no_hole_and_lose_nothing(store: AnyStore) -> None:
    rooms = [conversation_id(number) for number in range(4)]
    for room in rooms:
        await create(store, ANN, BOB, room=room)

    async def write(number: int) -> list[tuple[str, int]]:
        places = [await send(store, ANN, f"{number}-{turn}", room=rooms[(number + turn) % 4]) for turn in range(8)]
        return [(place.stream, place.seq) for place in places]

    acknowledged = [place for places in await asyncio.gather(*map(write, range(64))) for place in places]
    assert len(set(acknowledged)) == 64 * 8
    for room in rooms:
        stream = conversation_stream(room)
        assert await seqs(store, stream) == list(range(1, 2 + 64 * 8 // 4))
        facts = await store.log.read(stream, Seq(0), 1000)
        assert [fact.seq for fact in facts.facts] == list(range(1, facts.head + 1))


async def test_time_never_runs_backwards_in_a_stream(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "one")
    clock.advance(-3600)
    await send(store, ANN, "two")
    clock.advance(7200)
    await send(store, ANN, "three")
    facts = (await store.log.read(TALK, Seq(0), 10)).facts
    assert [fact.at for fact in facts] == [NOON, NOON, NOON, NOON + 3_600_000]


async def test_a_page_of_facts_is_bounded_on_both_sides(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    for number in range(9):
        await send(store, ANN, f"{number}")
    pages = [
        await store.log.read(TALK, Seq(3), 4),
        await store.log.read(TALK, Seq(6), 4),
        await store.log.read(TALK, Seq(7), 4),
        await store.log.read(TALK, Seq(3), 4, Seq(5)),
        await store.log.read(TALK, Seq(3), 4, Seq(99)),
        await store.log.read(TALK, Seq(10), 4),
        await store.log.read(TALK, Seq(99), 4),
        await store.log.read(TALK, Seq(5), 4, Seq(2)),
    ]
    assert [([fact.seq for fact in page.facts], page.head) for page in pages] == [
        ([4, 5, 6, 7], 10),
        ([7, 8, 9, 10], 10),
        ([8, 9, 10], 10),
        ([4, 5], 5),
        ([4, 5, 6, 7], 10),
        ([], 10),
        ([], 10),
        ([], 2),
    ]


async def test_comings_and_goings_are_found_among_all_that_a_user_did(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB, CIM)
    for number in range(1, 4):
        await send(store, ANN, f"key-{number}")
        await mark_read(store, BOB, Seq(number + 1))
    clock.advance(1)
    await quit_(store, BOB)
    whole = (await store.log.read(user_stream(BOB), Seq(0), 100)).facts
    passages = [one for one in whole if isinstance(one.fact, ConversationEntered | ConversationExited)]
    assert len(whole) > len(passages) == 2

    async def found(since: int = 0, after: int = 0, limit: int = 100) -> list[SeqFact]:
        return list(await store.log.passages(BOB, Instant(since), Seq(after), limit))

    assert await found() == passages
    assert await found(limit=1) == passages[:1]
    assert await found(after=passages[0].seq) == await found(since=passages[0].at) == passages[1:]
    assert await found(since=passages[1].at) == []
    assert await store.log.passages(UserId("nobody"), Instant(0), Seq(0), 5) == []


async def test_an_unknown_stream_is_empty(store: AnyStore) -> None:
    facts = await store.log.read(StreamKey("c/nothing"), Seq(0), 10)
    assert (facts.facts, facts.head, facts.epoch) == ((), 0, await store.log.epoch())


async def test_a_snapshot_holds_what_the_scope_names(store: AnyStore) -> None:
    await create(store, ANN, BOB, CIM)
    await remove(store, ANN, CIM)
    await mark_read(store, ANN, 2)
    some = await look(store, Scope(conversation=ROOM, users=(BOB, CIM, DAN)))
    assert {user: (member.since, member.until) for user, member in some.memberships.items()} == {
        BOB: (1, None),
        CIM: (1, 2),
    }
    everybody = await look(store, Scope(conversation=ROOM, users=(CIM,), all_members=True))
    assert list(everybody.memberships) == [ANN, BOB, CIM]
    assert everybody.memberships[ANN].read == 2
    assert some.conversation is not None
    assert (some.conversation.head.seq, some.conversation.member_count, some.conversation.name) == (2, 2, "name")
    assert some.conversation.attributes == {"a": 1}


async def test_a_snapshot_shows_what_stands_under_the_send_key(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    place = await send(store, ANN, "key")
    seen = await look(store, Scope(conversation=ROOM, users=(ANN,), sender=ANN, key=SendKey("key")))
    assert seen.earlier == Place(TALK, place.epoch, place.seq, place.at, is_repeat=True)
    assert isinstance(seen.earlier_fact, MessagePlaced)
    own = await look(store, Scope(users=(ANN,), all_members=True, sender=ANN, key=SendKey(f"create-{ROOM}")))
    assert isinstance(own.earlier_fact, ConversationEntered)
    assert own.conversation is not None
    assert own.conversation.id == ROOM
    assert list(own.memberships) == [ANN, BOB]


async def test_an_unknown_conversation_is_not_in_the_snapshot(store: AnyStore) -> None:
    seen = await look(store, Scope(conversation=ROOM, users=(ANN,), all_members=True, sender=ANN, key=SendKey("key")))
    assert (seen.conversation, dict(seen.memberships), seen.earlier) == (None, {}, None)
    assert seen.now == NOON


async def test_who_comes_back_begins_anew_and_keeps_the_mark(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "one")
    await mark_read(store, BOB, 2)
    await remove(store, ANN, BOB)
    await send(store, ANN, "two")
    await add(store, ANN, BOB)
    seen = await look(store, Scope(conversation=ROOM, users=(BOB,)))
    assert (seen.memberships[BOB].since, seen.memberships[BOB].until, seen.memberships[BOB].read) == (5, None, 2)


async def test_a_read_mark_moves_forward_alone(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "one")
    moved = await mark_read(store, BOB, 2)
    again = await mark_read(store, BOB, 1)
    assert [fact.fact for fact in moved.facts] == [ReadMarkMoved(ROOM, Seq(2), Seq(2))]
    assert again.facts == ()


async def test_members_of_a_direct_conversation_cannot_leave(store: AnyStore) -> None:
    await create(store, ANN, BOB, of="direct", unique=True)
    with pytest.raises(Forbidden):
        await quit_(store, BOB)


async def test_the_unique_conversation_of_the_same_members_is_given_back(store: AnyStore) -> None:
    first = await create(store, ANN, BOB, CIM, unique=True)
    again = await create(store, CIM, ANN, BOB, room=conversation_id(1), unique=True)
    others = await create(store, ANN, BOB, room=conversation_id(2), unique=True)
    assert view_of(again).conversation == view_of(first).conversation
    assert view_of(again).members == (ANN, BOB, CIM)
    assert view_of(others).is_new


async def test_a_direct_and_a_group_conversation_of_the_same_two_are_different(store: AnyStore) -> None:
    direct = await create(store, ANN, BOB, of="direct", unique=True)
    group = await create(store, ANN, BOB, room=conversation_id(1), unique=True)
    assert view_of(direct).conversation != view_of(group).conversation


@pytest.mark.parametrize("change", ["joined", "left"])
async def test_a_group_whose_members_changed_is_not_the_unique_one_any_more(store: AnyStore, change: str) -> None:
    await create(store, ANN, BOB, CIM, unique=True)
    if change == "joined":
        await add(store, ANN, DAN)
        await remove(store, ANN, DAN)
    else:
        await remove(store, ANN, CIM)
    again = await create(store, ANN, BOB, CIM, room=conversation_id(1), unique=True)
    assert view_of(again).is_new
    seen = await look(store, Scope(conversation=ROOM, users=(ANN,)))
    assert seen.conversation is not None
    assert not seen.conversation.is_unique


async def test_twenty_creates_of_one_unique_conversation_make_one(store: AnyStore) -> None:
    committed = await asyncio.gather(
        *(
            create(store, (ANN, BOB)[number % 2], (BOB, ANN)[number % 2], room=conversation_id(number), of="direct")
            for number in range(20)
        )
    )
    assert len({view_of(one).conversation for one in committed}) == 1
    assert sum(view_of(one).is_new for one in committed) == 1


async def test_a_scope_that_asks_for_a_unique_conversation_sees_it_as_its_conversation(store: AnyStore) -> None:
    await create(store, ANN, BOB, unique=True)
    seen = await look(store, Scope(users=(ANN,), all_members=True, unique_of=("group", (ANN, BOB))))
    assert seen.unique is not None
    assert seen.conversation == seen.unique
    assert list(seen.memberships) == [ANN, BOB]


async def test_many_conversations_and_members_in_one_moment_are_all_kept(store: AnyStore) -> None:
    crowd = [UserId(f"user-{number:03}") for number in range(499)]
    rooms: list[ConversationId] = [conversation_id(number) for number in range(5)]
    await asyncio.gather(*(create(store, ANN, *crowd, room=room) for room in rooms))
    for room in rooms:
        mine = await store.directory.find(room, crowd[0], with_members=True)
        assert mine is not None
        assert (mine.conversation.member_count, len(mine.members)) == (500, 500)
