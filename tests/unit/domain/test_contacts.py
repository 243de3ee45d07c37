"""Contacts: each side hears of the same by the same name, and nobody hears that they are blocked."""

from collections.abc import Mapping

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, CAT, NOW, places, snapshot
from unisono.domain import commands as c
from unisono.domain import contacts, membership, messages
from unisono.domain.answers import Done
from unisono.domain.contact_facts import (
    ContactAgreed,
    ContactDeclined,
    ContactFact,
    ContactInvited,
    ContactRemoved,
    RemarkSet,
    UsersBlocked,
    UsersUnblocked,
    WritingSet,
)
from unisono.domain.conversation import Decision, Snapshot
from unisono.domain.erasing import scrubbed
from unisono.domain.errors import Conflict, Forbidden, Invalid, LimitReached, NotFound
from unisono.domain.facts import Content
from unisono.domain.ids import ConversationId, Instant, SendKey, Seq, UserId
from unisono.domain.permitting import check_willing
from unisono.domain.quotas import Quotas
from unisono.domain.ties import EVERYBODY, NO_TIE, Pair, Tally, Tie, TieState, after, closed, named, view

LIMITS = Quotas(contacts_per_user=2, invitations_per_user=2, blocked_per_user=2)
INVITED, ASKED, FRIEND, BLOCKED = Tie("invited"), Tie("asked"), Tie("friend"), Tie(is_blocked=True)
NONE: Tally = Tally()


def between(mine: Tie = NO_TIE, theirs: Tie = NO_TIE, tallies: Mapping[UserId, Tally] | None = None) -> Snapshot:
    """Say what Bob is to Ann, and Ann to Bob."""
    ties: dict[Pair, Tie] = {(ANN, BOB): mine, (BOB, ANN): theirs}
    return Snapshot(NOW, ties=ties, tallies={ANN: NONE, BOB: NONE, **(tallies or {})})


def told(decision: Decision) -> dict[str, ContactFact]:
    """Give what whose stream is told."""
    assert decision.answer(places(decision)) == Done()
    return {draft.stream: draft.fact for draft in decision.drafts}  # type: ignore[misc]  # all are about contacts


def invite(seen: Snapshot, message: str | None = None) -> dict[str, ContactFact]:
    return told(contacts.invite(seen, ANN, c.InviteContact(BOB, message), LIMITS))


@pytest.mark.rows("E48", "E49", "E50")
def test_both_are_told_the_same_by_the_same_name_and_who_did_it() -> None:
    invited = invite(between(), "me")
    assert invited == {"u/ann": ContactInvited(BOB, ANN, "me"), "u/bob": ContactInvited(ANN, ANN, "me")}
    agreed = told(contacts.accept(between(ASKED, INVITED), ANN, c.AcceptContact(BOB), LIMITS))
    assert agreed == {"u/ann": ContactAgreed(BOB, ANN), "u/bob": ContactAgreed(ANN, ANN)}
    declined = told(contacts.decline(between(ASKED, INVITED), ANN, c.DeclineContact(BOB)))
    assert declined == {"u/ann": ContactDeclined(BOB, ANN), "u/bob": ContactDeclined(ANN, ANN)}
    removed = told(contacts.remove(between(FRIEND, FRIEND), ANN, c.RemoveContact(BOB)))
    assert removed == {"u/ann": ContactRemoved(BOB, ANN), "u/bob": ContactRemoved(ANN, ANN)}


def test_an_invitation_to_who_blocks_me_looks_like_any_other_and_reaches_nobody() -> None:
    assert invite(between(theirs=BLOCKED)) == {"u/ann": ContactInvited(BOB, ANN)}
    assert invite(between(INVITED, BLOCKED)) == {}
    assert invite(between(INVITED, NO_TIE), "again") == {"u/bob": ContactInvited(ANN, ANN, "again")}
    assert told(contacts.remove(between(INVITED, BLOCKED), ANN, c.RemoveContact(BOB))) == {
        "u/ann": ContactRemoved(BOB, ANN)
    }
    full = {BOB: Tally(asked=2)}
    for theirs in (NO_TIE, BLOCKED):
        with pytest.raises(LimitReached) as refused:
            invite(between(theirs=theirs, tallies=full))
        assert refused.value.numbers == {"what": "invitations to them", "limit": 2}


def test_a_repeat_changes_nothing_and_who_asked_me_is_my_contact_when_i_ask() -> None:
    assert invite(between(INVITED, ASKED)) == invite(between(FRIEND, FRIEND)) == {}
    agreed = {"u/ann": ContactAgreed(BOB, ANN), "u/bob": ContactAgreed(ANN, ANN)}
    assert invite(between(ASKED, INVITED)) == agreed
    assert invite(between(NO_TIE, INVITED)) == agreed, "they asked while I blocked them"
    again = contacts.accept(between(FRIEND, FRIEND), ANN, c.AcceptContact(BOB), LIMITS)
    assert told(again) == {}
    for seen in (between(), between(INVITED, ASKED)):
        assert told(contacts.decline(seen, ANN, c.DeclineContact(BOB))) == {}
    for seen in (between(), between(ASKED, INVITED)):
        assert told(contacts.remove(seen, ANN, c.RemoveContact(BOB))) == {}


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(Forbidden):
        invite(between(BLOCKED))
    for seen in (between(), between(INVITED, ASKED)):
        with pytest.raises(NotFound):
            contacts.accept(seen, ANN, c.AcceptContact(BOB), LIMITS)
    with pytest.raises(Conflict):
        contacts.decline(between(FRIEND, FRIEND), ANN, c.DeclineContact(BOB))
    with pytest.raises(Invalid):
        contacts.invite(between(), ANN, c.InviteContact(ANN), LIMITS)
    with pytest.raises(Invalid):
        contacts.block(between(), ANN, c.BlockUsers((BOB, ANN)), LIMITS)
    with pytest.raises(NotFound):
        contacts.remark(between(INVITED, ASKED), ANN, c.RemarkContact(BOB, "x"))


def test_each_list_has_its_limit_on_both_sides() -> None:
    """Up to the limit, and not one more."""
    assert invite(between(tallies={ANN: Tally(invited=1), BOB: Tally(asked=1)}))
    with pytest.raises(LimitReached) as refused:
        invite(between(tallies={ANN: Tally(invited=2)}))
    assert refused.value.numbers == {"what": "invitations", "limit": 2}
    accept = c.AcceptContact(BOB)
    few = between(ASKED, INVITED, {ANN: Tally(friends=1), BOB: Tally(friends=1)})
    assert contacts.accept(few, ANN, accept, LIMITS).drafts
    for user, what in ((ANN, "contacts"), (BOB, "contacts of theirs")):
        with pytest.raises(LimitReached) as refused:
            contacts.accept(between(ASKED, INVITED, {user: Tally(friends=2)}), ANN, accept, LIMITS)
        assert refused.value.numbers == {"what": what, "limit": 2}
    assert contacts.block(between(tallies={ANN: Tally(blocked=1)}), ANN, c.BlockUsers((BOB,)), LIMITS).drafts
    with pytest.raises(LimitReached):
        contacts.block(between(tallies={ANN: Tally(blocked=1)}), ANN, c.BlockUsers((BOB, CAT)), LIMITS)


def test_remarks_and_blocks_are_told_to_me_alone() -> None:
    noted = contacts.remark(between(FRIEND, FRIEND), ANN, c.RemarkContact(BOB, "from Rome"))
    assert told(noted) == {"u/ann": RemarkSet(BOB, ANN, "from Rome")}
    same = between(Tie("friend", remark="from Rome"), FRIEND)
    assert told(contacts.remark(same, ANN, c.RemarkContact(BOB, "from Rome"))) == {}
    assert told(contacts.remark(same, ANN, c.RemarkContact(BOB, ""))) == {"u/ann": RemarkSet(BOB, ANN)}
    blocked = contacts.block(between(), ANN, c.BlockUsers((BOB, CAT, BOB)), LIMITS)
    assert told(blocked) == {"u/ann": UsersBlocked((BOB, CAT), ANN)}
    assert told(contacts.block(between(BLOCKED), ANN, c.BlockUsers((BOB,)), LIMITS)) == {}
    free = contacts.unblock(between(BLOCKED), ANN, c.UnblockUsers((BOB, CAT)))
    assert told(free) == {"u/ann": UsersUnblocked((BOB,), ANN)}
    assert told(contacts.unblock(between(), ANN, c.UnblockUsers((BOB,)))) == {}


@pytest.mark.parametrize(
    ("mine", "theirs", "streams"),
    [
        (FRIEND, FRIEND, ["u/ann", "u/bob"]),
        (INVITED, ASKED, ["u/ann", "u/bob"]),
        (INVITED, BLOCKED, ["u/ann"]),
        (ASKED, INVITED, ["u/ann", "u/bob"]),
        (Tie("friend", is_blocked=True), FRIEND, ["u/ann", "u/bob", "u/ann"]),
        (BLOCKED, NO_TIE, ["u/ann"]),
        (NO_TIE, BLOCKED, []),
    ],
)
def test_who_is_erased_is_nothing_to_anybody_afterwards(mine: Tie, theirs: Tie, streams: list[str]) -> None:
    decision = contacts.untie(between(mine, theirs), ANN, BOB)
    assert [draft.stream for draft in decision.drafts] == streams
    for draft in decision.drafts:
        owner, other, old = (ANN, BOB, mine) if draft.stream == "u/ann" else (BOB, ANN, theirs)
        assert isinstance(draft.fact, ContactFact)
        assert named(draft.fact) == (other,)
        new = after(old, owner, draft.fact, seq=Seq(9), at=NOW)
        mine, theirs = (new, theirs) if owner == ANN else (mine, new)
    assert mine.is_nothing


def test_a_tie_is_what_the_facts_of_its_owner_add_up_to() -> None:
    def fold(*facts: ContactFact) -> Tie:
        tie = NO_TIE
        for number, fact in enumerate(facts, 1):
            tie = after(tie, ANN, fact, seq=Seq(number), at=Instant(number))
        return tie

    asked = ContactInvited(BOB, BOB, "hi")
    assert fold(asked) == Tie("asked", Instant(1), message="hi", invitation=Seq(1))
    assert fold(ContactInvited(BOB, ANN)) == Tie("invited", Instant(1), invitation=Seq(1))
    friend = (asked, ContactAgreed(BOB, ANN), RemarkSet(BOB, ANN, "Bobby"))
    assert fold(*friend) == Tie("friend", Instant(2), remark="Bobby")
    assert fold(*friend, UsersBlocked((BOB,), ANN)) == Tie("friend", Instant(2), is_blocked=True, remark="Bobby")
    assert fold(*friend, ContactRemoved(BOB, BOB)) == Tie("none", Instant(4))
    assert fold(asked, UsersBlocked((BOB,), ANN)) == Tie("none", Instant(2), is_blocked=True)
    assert fold(UsersBlocked((BOB,), ANN), UsersUnblocked((BOB,), ANN)).is_nothing
    assert fold(asked, ContactDeclined(BOB, ANN)).is_nothing
    assert view(BOB, fold(*friend)).remark == "Bobby"
    assert closed(asked) == scrubbed(asked) == ContactInvited(BOB, BOB)
    assert scrubbed(RemarkSet(BOB, ANN, "secret")) == RemarkSet(BOB, ANN)


def writing(tie: Tie, *, is_policy: bool = False) -> Snapshot:
    """Let Bob say something to Ann, to whom he is so."""
    talk = snapshot(ANN, BOB, of="direct")
    policy = "contacts" if is_policy else "anyone"
    return structs.replace(talk, ties={(ANN, BOB): tie}, listener=ANN, writing=policy)


SAY = c.SendMessage(ConversationId("room"), SendKey("k"), Content(text="hi"))


@pytest.mark.parametrize("state", ["none", "invited", "asked", "friend"])
@pytest.mark.parametrize("is_blocked", [False, True])
@pytest.mark.parametrize("is_policy", [False, True])
def test_who_may_write_to_whom(state: TieState, is_blocked: bool, is_policy: bool) -> None:
    seen = writing(Tie(state, is_blocked=is_blocked), is_policy=is_policy)
    make = c.CreateConversation(SendKey("k"), "direct", (ANN,))
    anew = structs.replace(seen, conversation=None, memberships={}, listener=None)
    if not is_blocked and (state == "friend" or not is_policy):
        assert messages.send(seen, BOB, SAY, Quotas()).drafts
        assert membership.create(anew, BOB, make, ConversationId("new"), Quotas()).drafts
        return
    with pytest.raises(Forbidden) as refused:
        messages.send(seen, BOB, SAY, Quotas())
    assert refused.value.numbers == {"reason": "not heard by them", "user": "ann"}
    with pytest.raises(Forbidden):
        membership.create(anew, BOB, make, ConversationId("new"), Quotas())
    by_operator = structs.replace(anew, is_operator=True)
    assert membership.create(by_operator, BOB, make, ConversationId("new"), Quotas()).drafts


def test_nobody_is_brought_into_a_group_by_whom_they_block() -> None:
    seen = structs.replace(snapshot(ANN, CAT), ties={(BOB, ANN): BLOCKED})
    with pytest.raises(Forbidden):
        membership.add(seen, ANN, c.AddMembers(ConversationId("room"), (BOB,)), Quotas())
    assert membership.add(seen, CAT, c.AddMembers(ConversationId("room"), (BOB,)), Quotas()).drafts
    by_operator = structs.replace(seen, is_operator=True)
    assert membership.add(by_operator, ANN, c.AddMembers(ConversationId("room"), (BOB,)), Quotas()).drafts


@pytest.mark.parametrize("is_shut", [False, True])
def test_a_user_says_who_may_write_to_them_and_what_is_so_already_leaves_no_fact(is_shut: bool) -> None:
    seen = structs.replace(between(), ties={(ANN, EVERYBODY): BLOCKED} if is_shut else {})
    shut, opened = (told(contacts.set_writing(seen, ANN, c.SetWriting(who))) for who in ("contacts", "anyone"))
    assert shut == ({} if is_shut else {"u/ann": WritingSet("contacts", ANN)})
    assert opened == ({"u/ann": WritingSet("anyone", ANN)} if is_shut else {})
    for fact in (*shut.values(), *opened.values()):
        assert named(fact) == (EVERYBODY,)
        assert after(NO_TIE, ANN, fact, seq=Seq(1), at=Instant(1)).is_blocked != is_shut


@pytest.mark.parametrize(("tie", "is_heard"), [(NO_TIE, False), (ASKED, False), (Tie("friend"), True)])
@pytest.mark.parametrize("is_direct", [False, True])
def test_who_hears_from_contacts_is_neither_written_to_nor_taken_along_by_others(
    tie: Tie, is_heard: bool, is_direct: bool
) -> None:
    seen = structs.replace(between(theirs=tie), ties={(BOB, ANN): tie, (BOB, EVERYBODY): BLOCKED})
    if is_heard:
        check_willing(seen, ANN, (ANN, BOB), is_direct=is_direct)
        return
    with pytest.raises(Forbidden, match="not heard"):
        check_willing(seen, ANN, (ANN, BOB), is_direct=is_direct)
    check_willing(structs.replace(seen, is_operator=True), ANN, (BOB,), is_direct=is_direct)
