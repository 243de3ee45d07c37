"""Grants: what takes one, and that one is good for exactly what it says."""

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, CAT, NOW, ROOM
from unisono.domain import commands as c
from unisono.domain.errors import GrantInvalid
from unisono.domain.grants import TTL_MAX_S, Grant, GrantedAct, check_grant, need_of
from unisono.domain.ids import ConversationId, Instant, SendKey, UserId

SOON = Instant(NOW + 60_000)
KEY = SendKey("k")


def add(*users: UserId) -> c.AddMembers:
    return c.AddMembers(ROOM, users, grant="text")


def grant(act: GrantedAct = "add", *members: UserId, **changes: object) -> Grant:
    whole = Grant(user=ANN, act=act, expires_at=SOON, conversation=ROOM, members=frozenset(members))
    return structs.replace(whole, **changes)


def claim_in_the_way(given: Grant, command: c.Command) -> object:
    """Check Ann's command; give what the refusal names."""
    need = need_of(ANN, command)
    assert need is not None
    try:
        check_grant(given, ANN, need, NOW)
    except GrantInvalid as refusal:
        return refusal.numbers["claim"]
    return None


@pytest.mark.rows("L251")
@pytest.mark.parametrize(
    ("command", "act"),
    [
        (c.CreateConversation(KEY, members=(BOB,)), "create"),
        (c.CreateConversation(KEY, of="room"), "create"),
        (add(BOB), "add"),
        (c.RemoveMembers(ROOM, (BOB,)), "remove"),
        (c.Restrict(ROOM, (BOB,), "blocked"), "remove"),
        (c.Join(ROOM), "join"),
        (c.EnterRoom(ROOM), "join"),
    ],
)
def test_whoever_says_it_in_whatever_words_needs_a_grant(command: c.Command, act: GrantedAct) -> None:
    need = need_of(ANN, command)
    assert need is not None
    assert need.act == act
    assert need.conversation == (None if act == "create" else ROOM)


@pytest.mark.parametrize(
    "command",
    [
        c.Quit(ROOM),
        c.RemoveMembers(ROOM, (ANN,)),
        c.Restrict(ROOM, (ANN,), "blocked"),
        add(ANN),
        c.Restrict(ROOM, (BOB,), "silenced"),
        c.Restrict(ROOM, (BOB,), "blocked", on=False),
        c.LeaveRoom(ROOM),
        c.GetConversation(ROOM),
    ],
)
def test_leaving_and_all_else_takes_none(command: c.Command) -> None:
    assert need_of(ANN, command) is None


@pytest.mark.rows("L251")
def test_a_grant_is_good_for_what_it_says() -> None:
    assert claim_in_the_way(grant("add", CAT, BOB), add(BOB, CAT)) is None
    assert claim_in_the_way(grant("remove", BOB), c.RemoveMembers(ROOM, (BOB,))) is None
    assert claim_in_the_way(grant("join"), c.Join(ROOM)) is None
    assert claim_in_the_way(grant("create", BOB, conversation=None), c.CreateConversation(KEY, members=(BOB,))) is None


def test_the_callers_own_name_makes_no_difference() -> None:
    assert claim_in_the_way(grant("add", ANN, BOB), add(BOB)) is None
    assert claim_in_the_way(grant("add", BOB), add(BOB, ANN, BOB)) is None
    assert claim_in_the_way(grant("join", ANN), c.Join(ROOM)) is None


@pytest.mark.rows("L251")
@pytest.mark.parametrize(
    ("given", "claim"),
    [
        (grant("add", BOB, user=CAT), "sub"),
        (grant("remove", BOB), "act"),
        (grant("create", BOB), "act"),
        (grant("add", BOB, conversation=ConversationId("other")), "cnv"),
        (grant("add", BOB, conversation=None), "cnv"),
        (grant("add"), "mbr"),
        (grant("add", CAT), "mbr"),
        (grant("add", BOB, CAT), "mbr"),
        (grant("add", BOB, expires_at=Instant(NOW + TTL_MAX_S * 1000 + 1)), "exp"),
    ],
)
def test_a_grant_for_something_else_names_the_claim_in_the_way(given: Grant, claim: str) -> None:
    assert claim_in_the_way(given, add(BOB)) == claim


def test_a_grant_may_end_at_the_last_moment_allowed() -> None:
    assert claim_in_the_way(grant("add", BOB, expires_at=Instant(NOW + TTL_MAX_S * 1000)), add(BOB)) is None


def test_part_of_the_members_granted_is_not_what_was_granted() -> None:
    assert claim_in_the_way(grant("add", BOB, CAT), add(CAT)) == "mbr"
    assert claim_in_the_way(grant("create", BOB, conversation=None), c.CreateConversation(KEY)) == "mbr"


def test_a_need_brings_the_grant_that_came_along() -> None:
    given = [need_of(ANN, command) for command in (add(BOB), c.Join(ROOM))]
    assert [need and need.given for need in given] == ["text", None]
