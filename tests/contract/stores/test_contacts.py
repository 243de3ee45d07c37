"""Contacts: what a model of a few sets says is what every store says, whatever users do to each other."""

import asyncio
import threading
from random import Random

import pytest
from msgspec import structs

from tests.contract.stores import acts
from tests.contract.stores.acts import ANN, BOB, CIM, DAN, QUOTAS, AnyStore, conversation_id
from tests.contract.stores.conftest import Home
from tests.support.contact_model import ContactModel, Ledger
from tests.support.time_and_chance import ManualClock
from unisono.app.changing import change, where
from unisono.domain import commands as c
from unisono.domain.answers import Answer
from unisono.domain.contact_facts import ContactInvited, Writing, WritingSet
from unisono.domain.conversation import Decision, Snapshot
from unisono.domain.errors import Forbidden, LimitReached, UnisonoError
from unisono.domain.facts import Content
from unisono.domain.ids import NO_SEQ, ConversationId, Instant, SendKey, Seq, UserId, user_stream
from unisono.domain.quotas import Quotas
from unisono.domain.ties import EVERYBODY, ContactView

USERS = (ANN, BOB, CIM, DAN)
PATIENCE_S = 20.0
FEW = Quotas(contacts_per_user=2, invitations_per_user=2, blocked_per_user=2)


async def do(
    store: AnyStore, user: UserId, command: c.Command, limits: Quotas = QUOTAS, writing: Writing = "anyone"
) -> Answer:
    """Carry out a command as the use cases do."""
    found = change(user, command, limits, lambda: conversation_id(900))
    assert found is not None
    return (await store.log.transact(found[0], where(writing, found[1]))).answer


async def outcome(
    store: AnyStore, user: UserId, command: c.Command, limits: Quotas = QUOTAS, writing: Writing = "anyone"
) -> str:
    """Carry out a command and give what comes of it: a code, or that it was done."""
    try:
        await do(store, user, command, limits, writing)
    except UnisonoError as fault:
        return fault.code
    return "done"


async def ties(store: AnyStore, user: UserId) -> dict[str, ContactView]:
    return {shown.user: shown for shown in await store.contacts.every(user, None, 100)}


async def facts(store: AnyStore, user: UserId) -> list[object]:
    return [placed.fact for placed in (await store.log.read(user_stream(user), NO_SEQ, 1000)).facts]


def random_command(chance: Random, other: UserId) -> c.Command:
    text = chance.choice((None, "hello", "it is me"))
    return chance.choice(
        (
            c.InviteContact(other, text),
            c.InviteContact(other, text),
            c.AcceptContact(other),
            c.AcceptContact(other),
            c.DeclineContact(other),
            c.RemoveContact(other),
            c.RemarkContact(other, text),
            c.BlockUsers((other,)),
            c.UnblockUsers((other,)),
        )
    )


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(2, 20))])
async def test_all_operations_at_random_leave_what_a_simple_model_says(
    store: AnyStore, clock: ManualClock, seed: int
) -> None:
    """Limits of two, so that they are met; a reader of each user's stream alone comes to the same as the listing."""
    chance, model = Random(seed), ContactModel(limit=2)
    for _ in range(120 if seed == 1 else 600):
        clock.advance(1)
        user, other = chance.sample(USERS, 2)
        command = random_command(chance, other)
        assert await outcome(store, user, command, FEW) == model.do(user, command), command
        for each in (user, other):
            shown = await ties(store, each)
            assert {name: (tie.state, tie.is_blocked, tie.remark, tie.message) for name, tie in shown.items()} == (
                model.seen_by(each)
            )
    for user in USERS:
        ledger, shown = Ledger(user), await ties(store, user)
        for fact in await facts(store, user):
            ledger.take(fact)
        assert ledger.ties == {name: (tie.state, tie.is_blocked, tie.remark) for name, tie in shown.items()}
        for which in ("contacts", "received", "sent", "blocked"):
            listed = await store.contacts.page(user, which, None, 100)
            assert [one.user for one in listed] == sorted(model.listed(user, which)), which
            assert list(listed) == [shown[one.user] for one in listed]


async def test_a_page_goes_by_user_id_and_one_can_be_asked_for(store: AnyStore, clock: ManualClock) -> None:
    for other in (DAN, BOB, CIM):
        clock.advance(1)
        await do(store, ANN, c.InviteContact(other))
    first = await store.contacts.page(ANN, "sent", None, 2)
    assert [one.user for one in first] == [BOB, CIM]
    assert [one.user for one in await store.contacts.page(ANN, "sent", CIM, 2)] == [DAN]
    assert await store.contacts.find(ANN, DAN) == (await ties(store, ANN))[DAN]
    assert await store.contacts.find(ANN, UserId("nobody")) is None
    assert first[0].since > (await ties(store, ANN))[DAN].since > Instant(0)


async def test_what_an_invitation_says_is_kept_as_long_as_it_is_open(store: AnyStore) -> None:
    await do(store, ANN, c.InviteContact(BOB, "met in Rome"))
    said = ContactInvited(BOB, by=ANN, message="met in Rome")
    assert await facts(store, ANN) == [said]
    assert (await facts(store, BOB))[0] == ContactInvited(ANN, by=ANN, message="met in Rome")
    await do(store, BOB, c.AcceptContact(ANN))
    for user, other in ((ANN, BOB), (BOB, ANN)):
        assert (await facts(store, user))[0] == ContactInvited(other, by=ANN)
        assert (await ties(store, user))[other].message is None


async def test_both_invite_each_other_at_the_same_moment_and_are_contacts(store: AnyStore) -> None:
    await asyncio.gather(do(store, ANN, c.InviteContact(BOB)), do(store, BOB, c.InviteContact(ANN)))
    assert (await ties(store, ANN))[BOB].state == (await ties(store, BOB))[ANN].state == "friend"


async def talk(store: AnyStore, user: UserId, other: UserId) -> ConversationId:
    room = conversation_id(77)
    await acts.create(store, user, other, room=room, of="direct")
    return room


def text(room: ConversationId, key: str) -> c.SendMessage:
    return c.SendMessage(room, SendKey(key), Content(text="hello"))


async def test_who_is_blocked_says_nothing_in_a_direct_conversation_until_they_may(store: AnyStore) -> None:
    room = await talk(store, ANN, BOB)
    assert await outcome(store, BOB, text(room, "k1")) == "done"
    await do(store, ANN, c.BlockUsers((BOB, CIM)))
    for command in (
        text(room, "k2"),
        c.TellTyping(room),
        c.EditMessage(room, Seq(2), Content(text="worse")),
        c.React(room, Seq(2), "+1"),
    ):
        with pytest.raises(Forbidden) as refused:
            await do(store, BOB, command)
        assert refused.value.numbers == {"reason": "not heard by them", "user": "ann"}
    assert await outcome(store, BOB, text(room, "k1")) == "done", "a repeat of what was said is no new message"
    assert await outcome(store, ANN, text(room, "k1")) == "done", "who blocks may speak"
    await do(store, ANN, c.UnblockUsers((BOB,)))
    assert await outcome(store, BOB, text(room, "k2")) == "done"


async def test_where_contacts_alone_may_write_others_do_not(store: AnyStore) -> None:
    room = await talk(store, ANN, BOB)
    assert await outcome(store, BOB, text(room, "k1"), writing="contacts") == "forbidden"
    await do(store, ANN, c.InviteContact(BOB))
    assert await outcome(store, BOB, text(room, "k1"), writing="contacts") == "forbidden"
    await do(store, BOB, c.AcceptContact(ANN))
    assert await outcome(store, BOB, text(room, "k1"), writing="contacts") == "done"
    await do(store, ANN, c.RemoveContact(BOB))
    assert await outcome(store, ANN, text(room, "k1"), writing="contacts") == "forbidden"
    make = c.CreateConversation(SendKey("m"), "direct", (CIM,))
    assert await outcome(store, ANN, make, writing="contacts") == "forbidden"
    group = c.CreateConversation(SendKey("g"), "group", (CIM,))
    assert await outcome(store, ANN, group, writing="contacts") == "done", "the policy is about direct conversations"


async def test_who_is_blocked_begins_no_conversation_with_them_and_adds_them_to_none(store: AnyStore) -> None:
    await do(store, ANN, c.BlockUsers((BOB,)))
    for of in ("direct", "group", "temporary"):
        make = c.CreateConversation(SendKey(f"k-{of}"), of, (ANN,))
        with pytest.raises(Forbidden) as refused:
            await do(store, BOB, make)
        assert refused.value.numbers == {"reason": "not heard by them", "user": "ann"}
    await acts.create(store, BOB, CIM, room=conversation_id(5))
    assert await outcome(store, BOB, c.AddMembers(conversation_id(5), (DAN, ANN))) == "forbidden"
    assert await outcome(store, CIM, c.AddMembers(conversation_id(5), (DAN, ANN))) == "done"
    assert await outcome(store, BOB, c.AddMembers(conversation_id(5), (ANN,))) == "done", "she is in it already"


async def test_a_conversation_that_is_there_is_given_to_who_is_blocked_since(store: AnyStore) -> None:
    make = c.CreateConversation(SendKey("k1"), "direct", (ANN,))
    assert await outcome(store, BOB, make) == "done"
    await do(store, ANN, c.BlockUsers((BOB,)))
    assert await outcome(store, BOB, make) == "done"
    assert await outcome(store, BOB, c.CreateConversation(SendKey("k2"), "direct", (ANN,))) == "done"


async def test_a_block_waits_for_what_is_being_said_on_another_node(shared: Home) -> None:
    """No message is placed after the block: what a decision has seen holds until it is written."""
    one, two = await shared.open(), await shared.open()
    room = await talk(one, ANN, BOB)
    found = change(BOB, text(room, "k1"), QUOTAS, lambda: room)
    assert found is not None
    scope, decide = found
    has_begun, release, loop = asyncio.Event(), threading.Event(), asyncio.get_running_loop()

    def slow(snapshot: Snapshot) -> Decision:
        loop.call_soon_threadsafe(has_begun.set)
        release.wait(PATIENCE_S)
        return decide(snapshot)

    sending = one.log.transact(scope, slow)
    await asyncio.wait_for(has_begun.wait(), PATIENCE_S)
    blocking = asyncio.ensure_future(do(two, ANN, c.BlockUsers((BOB,))))
    done, _ = await asyncio.wait([blocking], timeout=0.3)
    assert not done
    release.set()
    await asyncio.gather(sending, blocking)
    assert await outcome(one, BOB, text(room, "k2")) == "forbidden"
    await do(one, ANN, c.UnblockUsers((BOB,)))
    assert await outcome(two, BOB, text(room, "k2")) == "done"


async def test_two_nodes_at_which_two_invite_each_other_make_them_contacts(shared: Home) -> None:
    one, two = await shared.open(), await shared.open()
    for number in range(4):
        ann, bob = UserId(f"ann{number}"), UserId(f"bob{number}")
        await asyncio.gather(do(one, ann, c.InviteContact(bob)), do(two, bob, c.InviteContact(ann)))
        assert (await ties(one, ann))[bob].state == (await ties(two, bob))[ann].state == "friend"


async def test_limits_hold_where_many_come_at_once(store: AnyStore) -> None:
    outcomes = await asyncio.gather(*(outcome(store, ANN, c.InviteContact(other), FEW) for other in (BOB, CIM, DAN)))
    assert sorted(outcomes) == ["done", "done", "limit_reached"]
    with pytest.raises(LimitReached) as full:
        await do(store, DAN, c.BlockUsers((ANN, BOB, CIM)), FEW)
    assert full.value.numbers == {"what": "blocked users", "limit": 2}


async def test_who_hears_from_contacts_alone_blocks_nobody_by_name(store: AnyStore) -> None:
    few = structs.replace(FEW, blocked_per_user=1)
    await acts.create(store, ANN, BOB, of="direct", unique=None)
    say = c.SendMessage(acts.ROOM, SendKey("k1"), Content(text="hello"))
    await do(store, ANN, c.SetWriting("contacts"))
    await do(store, ANN, c.SetWriting("contacts"))
    assert (await facts(store, ANN)).count(WritingSet("contacts", by=ANN)) == 1
    found = await store.contacts.find(ANN, EVERYBODY)
    assert found is not None
    assert found.is_blocked
    assert await ties(store, ANN) == {}
    assert await store.contacts.page(ANN, "blocked", None, 10) == []
    assert await outcome(store, ANN, c.BlockUsers((CIM,)), few) == "done"
    assert await outcome(store, BOB, say) == "forbidden"
    assert await outcome(store, BOB, c.CreateConversation(SendKey("k2"), members=(ANN,))) == "forbidden"
    assert await outcome(store, BOB, c.InviteContact(ANN)) == "done"
    await do(store, ANN, c.AcceptContact(BOB))
    assert await outcome(store, BOB, say) == "done"
    await do(store, ANN, c.RemoveContact(BOB))
    again = structs.replace(say, key=SendKey("k3"))
    assert await outcome(store, BOB, again) == "forbidden"
    await do(store, ANN, c.SetWriting("anyone"))
    assert await store.contacts.find(ANN, EVERYBODY) is None
    assert await outcome(store, BOB, again) == "done"
