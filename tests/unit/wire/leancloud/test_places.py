"""Names of conversations, messages and times, and the pages of history made of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.domain.commands import GetHistory
from unisono.domain.ids import INTEGER_MAX, ConversationId, Instant, SendKey, Seq
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.pages import history_of
from unisono.wire.leancloud.places import (
    cid_of,
    conversation_of,
    id_of,
    instant_of,
    iso_of,
    mid_of,
    passing_mid,
    seq_of,
)

C, OTHER = ConversationId("69203ac0d3b07384d113edec"), ConversationId("69203ac0d3b07384d113eded")
AT = Instant(1_763_726_400_123)
MID = mid_of(C, Seq(42), AT)


@given(st.integers(1, INTEGER_MAX), st.integers(0, INTEGER_MAX))
def test_a_message_is_found_by_what_a_client_says_of_it(seq: int, at: int) -> None:
    mid = mid_of(C, Seq(seq), Instant(at))
    assert len(mid) == 22
    assert seq_of(mid, C, Instant(at)) == seq
    assert seq_of(mid, OTHER, Instant(at)) is None
    assert seq_of(mid, C, Instant(at + 1)) is None


def test_an_id_is_the_same_for_ever() -> None:
    """Clients keep ids: another way to make them would orphan what they kept."""
    assert MID == "bdy9JiZIA0gjAAAAAAAAKg"


@pytest.mark.parametrize(
    "mid", ["", MID[:-1], MID + "A", MID[:-1] + "\u00e9", "*" * 22, MID.swapcase(), "_" * 22, MID[:-1] + "h"]
)
def test_what_is_no_id_of_ours_finds_nothing(mid: str) -> None:
    assert seq_of(mid, C, AT) is None


def test_a_message_without_a_place_has_an_id_of_its_own_that_finds_nothing() -> None:
    ids = {passing_mid(C, SendKey(key), AT) for key in ("k", "l")} | {passing_mid(OTHER, SendKey("k"), AT), MID}
    assert {len(mid) for mid in ids} == {22}
    assert len(ids) == 4
    assert seq_of(passing_mid(C, SendKey("k"), AT), C, AT) is None


def test_a_temporary_conversation_is_known_by_how_its_id_begins() -> None:
    assert cid_of(C, is_temporary=False) == C
    assert cid_of(C, is_temporary=True) == f"_tmp:{C}"
    assert conversation_of(cid_of(C, is_temporary=True)) == conversation_of(C) == C


@pytest.mark.parametrize("cid", ["", "_tmp:", "x" * 65, "a\nb", "a\n", "\x00"])
def test_what_cannot_be_an_id_names_no_conversation(cid: str) -> None:
    assert conversation_of(cid) is None


def test_the_longest_id_names_one() -> None:
    assert conversation_of("_tmp:" + "x" * 64) == "x" * 64


def test_times() -> None:
    assert [instant_of(t) for t in (-1, 0, 1, AT, 2**63 - 1)] == [None, None, 1, AT, INTEGER_MAX]
    assert iso_of(AT) == "2025-11-21T12:00:00.123Z"
    assert iso_of(Instant(1_763_726_400_007)) == "2025-11-21T12:00:00.007Z"


def page(**fields: object) -> GetHistory | None:
    """Give what a `logs` asks for."""
    return history_of(pb.LogsCommand(cid=C, **fields), C)  # type: ignore[arg-type]


def test_without_anything_it_is_the_newest_twenty() -> None:
    assert page() == GetHistory(C, limit=20, direction="older")
    assert page(direction=pb.LogsCommand.NEW) == GetHistory(C, limit=20, direction="newer")


@pytest.mark.parametrize(
    ("fields", "limit"), [({"l": 5}, 5), ({"limit": 6}, 6), ({"l": 5, "limit": 6}, 6), ({"l": 10**9}, 1000)]
)
def test_limits(fields: dict[str, int], limit: int) -> None:
    assert page(**fields) == GetHistory(C, limit=limit, direction="older")


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_nothing_asks_for_nothing(limit: int) -> None:
    assert page(l=limit) is None
    assert page(limit=limit) is None


def test_older_ones_begin_before_the_start_and_end_after_the_end() -> None:
    assert page(t=9, tt=5) == GetHistory(C, before_at=Instant(9), after_at=Instant(5), direction="older")
    included = page(t=9, tIncluded=True, tt=5, ttIncluded=True)
    assert included == GetHistory(C, before_at=Instant(10), after_at=Instant(4), direction="older")


def test_newer_ones_begin_after_the_start_and_end_before_the_end() -> None:
    new = pb.LogsCommand.NEW
    expected = GetHistory(C, after_at=Instant(5), before_at=Instant(9), direction="newer")
    assert page(t=5, tt=9, direction=new) == expected
    included = page(t=5, tIncluded=True, tt=9, ttIncluded=True, direction=new)
    assert included == GetHistory(C, after_at=Instant(4), before_at=Instant(10), direction="newer")


def test_a_message_id_parts_messages_of_one_time() -> None:
    expected = GetHistory(C, before=Seq(42), before_at=Instant(AT + 1), direction="older")
    assert page(t=AT, mid=MID) == expected
    included = GetHistory(C, before=Seq(43), before_at=Instant(AT + 1), direction="older")
    assert page(t=AT, mid=MID, tIncluded=True) == included
    upwards = GetHistory(C, after=Seq(42), after_at=Instant(AT - 1), direction="newer")
    assert page(t=AT, mid=MID, direction=pb.LogsCommand.NEW) == upwards
    ending = GetHistory(C, after=Seq(41), after_at=Instant(AT - 1), direction="older")
    assert page(tt=AT, tmid=MID, ttIncluded=True) == ending


def test_an_id_that_does_not_go_with_its_time_counts_for_nothing() -> None:
    assert page(mid=MID) == page()
    assert page(t=AT + 1, mid=MID) == page(t=AT + 1)


def test_a_message_that_was_found_otherwise_is_a_place_too() -> None:
    logs = pb.LogsCommand(t=AT, mid="LeanCloud's", tt=AT - 5, tmid="theirs", ttIncluded=True)
    assert history_of(logs, C, Seq(42), Seq(40)) == GetHistory(
        C, before=Seq(42), before_at=Instant(AT + 1), after=Seq(39), after_at=Instant(AT - 6), direction="older"
    )
    assert history_of(pb.LogsCommand(mid=MID), C, Seq(42)) == page()


def test_a_message_of_leancloud_keeps_its_id() -> None:
    assert id_of(C, Seq(42), AT, SendKey("lc:H3wPgFmGQ8WJZwsZrp0PAg")) == "H3wPgFmGQ8WJZwsZrp0PAg"
    assert id_of(C, Seq(42), AT, SendKey("a key")) == MID


def test_a_type_is_asked_for() -> None:
    assert page(lctype=-1) == GetHistory(C, type=-1, direction="older")
