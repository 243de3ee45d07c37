"""A stream as a node follows it: who sees which of its facts."""

import itertools
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.app.stage import CHAT, created, joined, left, message, placed, seqs, stream_of, users
from unisono.app.channel import Channel, runs
from unisono.domain.facts import ConversationEnded, Fact, PlacedFact
from unisono.domain.ids import Epoch, Seq, UserId, user_stream
from unisono.ports.directory import Audience


def channel_of(*members: str, after: int = 0) -> Channel:
    channel = Channel(CHAT)
    channel.load(Audience(epoch=Epoch(1), head=Seq(after), after=Seq(after), members=frozenset(users(*members))))
    return channel


def seen(channel: Channel, facts: Sequence[PlacedFact]) -> dict[str, list[int]]:
    """Give the seqs that each user saw."""
    found: dict[str, list[int]] = {}
    for part in channel.pass_on(facts):
        for member in channel.members:
            found.setdefault(member, []).extend(seqs(part))
    return found


def test_a_message_goes_to_all_members() -> None:
    assert seen(channel_of("alice", "bob"), stream_of([message()])) == {"alice": [1], "bob": [1]}


def test_the_members_of_a_new_conversation_see_its_beginning() -> None:
    channel = Channel(CHAT)
    channel.begin(Seq(0))
    facts = stream_of([created("alice", "bob"), message()])
    assert seen(channel, facts) == {"alice": [1, 2], "bob": [1, 2]}
    assert channel.delivered == 2


def test_who_joins_sees_from_the_joining_fact_on() -> None:
    facts = stream_of([message("a"), joined("bob"), message("b")])
    assert seen(channel_of("alice"), facts) == {"alice": [1, 2, 3], "bob": [2, 3]}


def test_who_leaves_sees_up_to_the_leaving_fact() -> None:
    facts = stream_of([message("a"), left("bob"), message("b")])
    assert seen(channel_of("alice", "bob"), facts) == {"alice": [1, 2, 3], "bob": [1, 2]}


def test_when_it_ends_all_see_that_and_nobody_what_comes_after() -> None:
    facts = stream_of([message("a"), ConversationEnded("expired"), message("b")])
    assert seen(channel_of("alice", "bob"), facts) == {"alice": [1, 2], "bob": [1, 2]}


def test_who_leaves_and_comes_back_misses_what_was_between() -> None:
    facts = stream_of([left("bob"), message("a"), joined("bob"), message("b"), left("bob"), message("c")])
    assert seen(channel_of("alice", "bob"), facts) == {"alice": [1, 2, 3, 4, 5, 6], "bob": [1, 3, 4, 5]}


def test_facts_between_two_changes_stay_together() -> None:
    facts = stream_of([message("a"), message("b"), joined("bob"), message("c"), message("d"), left("bob")])
    parts = [seqs(part) for part in channel_of("alice").pass_on(facts)]
    assert parts == [[1, 2], [3, 4, 5, 6]]


def test_when_nothing_changes_the_facts_are_passed_on_as_they_came() -> None:
    facts = stream_of([message("a"), message("b")])
    (part,) = channel_of("alice").pass_on(facts)
    assert part is facts


def test_the_stream_of_a_user_goes_to_that_user() -> None:
    stream = user_stream(UserId("alice"))
    channel = Channel(stream)
    channel.begin(Seq(6))
    assert seen(channel, [placed(7, message(), stream)]) == {"alice": [7]}


def test_facts_count_as_delivered_only_when_all_were_passed_on() -> None:
    channel = channel_of("alice")
    passing = channel.pass_on(stream_of([message("a"), left("alice"), message("b")]))
    next(passing)
    assert channel.delivered == 0
    list(passing)
    assert channel.delivered == 3


CHANGES = st.lists(
    st.one_of(
        st.builds(message, st.text(max_size=3)),
        st.builds(lambda names: joined(*names), st.sets(st.sampled_from("abc"), min_size=1)),
        st.builds(lambda names: left(*names), st.sets(st.sampled_from("abc"), min_size=1)),
    ),
    max_size=12,
)


def as_it_should_be(facts: Sequence[PlacedFact], members: set[str]) -> dict[str, list[int]]:
    """Say fact by fact who may see it: members, whom it makes members, and whom it makes leave."""
    found: dict[str, list[int]] = {}
    for one in facts:
        coming = set(getattr(one.fact, "users", ())) if type(one.fact).__name__ == "MembersJoined" else set()
        members |= coming
        for member in members:
            found.setdefault(member, []).append(one.seq)
        if type(one.fact).__name__ == "MembersLeft":
            members -= set(getattr(one.fact, "users", ()))
    return found


@given(CHANGES, st.sets(st.sampled_from("abc")), st.data())
def test_however_the_stream_is_cut_each_sees_what_is_theirs_once_and_in_order(
    facts: list[Fact], members: set[str], data: st.DataObject
) -> None:
    stream = stream_of(facts)
    channel, found = channel_of(*members), dict[str, list[int]]()
    at = 0
    while at < len(stream):
        cut = data.draw(st.integers(at + 1, len(stream)))
        for user, its in seen(channel, stream[at:cut]).items():
            found.setdefault(user, []).extend(its)
        at = cut
    assert found == as_it_should_be(stream, set(members))


@given(st.lists(st.integers(1, 12), min_size=1))
def test_runs_hold_every_fact_once_in_order_and_without_holes(order: list[int]) -> None:
    split = runs([placed(seq, message(str(seq))) for seq in order])
    assert [seq for run in split for seq in seqs(run)] == sorted(set(order))
    for run in split:
        assert seqs(run) == list(range(run[0].seq, run[-1].seq + 1))
    for earlier, later in itertools.pairwise(split):
        assert earlier[-1].seq + 1 < later[0].seq


def test_a_stream_is_followed_from_what_the_directory_says() -> None:
    channel = Channel(CHAT)
    channel.load(Audience(epoch=Epoch(3), head=Seq(9), after=Seq(4), members=frozenset(users("bob"))))
    assert (channel.epoch, channel.delivered, channel.members, channel.is_loaded) == (3, 4, {"bob"}, True)
