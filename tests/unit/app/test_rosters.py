"""The links of a stream: kept while nobody comes or goes, right whenever somebody did."""

import weakref

import pytest

from tests.support.recording import CountingEncoder, RecordingLink
from tests.unit.app.stage import CHAT, attached, joined, left, message, stream_of
from unisono.app import rosters as module
from unisono.app.audience import Audience
from unisono.app.channel import Channel
from unisono.app.rosters import Rosters
from unisono.domain.ids import Epoch, Seq, UserId
from unisono.ports.directory import Audience as Listed

ALICE, BOB = UserId("alice"), UserId("bob")


class Stage:
    def __init__(self, *members: str) -> None:
        self.audience = Audience()
        self.rosters = Rosters(self.audience)
        self.encoder = CountingEncoder()
        self.channel = self.follow(*members)

    def follow(self, *members: str) -> Channel:
        channel = Channel(CHAT)
        listed = frozenset(map(UserId, members))
        channel.load(Listed(epoch=Epoch(1), head=Seq(0), after=Seq(0), members=listed))
        return channel

    def arrive(self, user: UserId, session: str, encoder: CountingEncoder | None = None) -> RecordingLink:
        link = RecordingLink(encoder or self.encoder)
        self.audience.add(attached(user, link, session=session))
        return link

    def leave(self, link: RecordingLink) -> None:
        (held,) = (each for each in self.audience if each.link is link)
        self.audience.remove(held.session, link)

    def links(self) -> set[RecordingLink]:
        roster = self.rosters.of(self.channel)
        return {link for links in roster.values() for link in links if isinstance(link, RecordingLink)}


def test_all_sessions_of_all_members_are_in_it_once() -> None:
    stage = Stage("alice", "bob")
    links = {stage.arrive(ALICE, "1"), stage.arrive(ALICE, "2"), stage.arrive(BOB, "3")}
    stage.arrive(UserId("carol"), "4")
    assert stage.links() == links
    assert [len(found) for found in stage.rosters.of(stage.channel).values()] == [3]


def test_links_stand_under_their_encoder() -> None:
    stage, other = Stage("alice"), CountingEncoder()
    first, second = stage.arrive(ALICE, "1"), stage.arrive(ALICE, "2", other)
    assert dict(stage.rosters.of(stage.channel)) == {stage.encoder: [first], other: [second]}


def test_it_is_kept_while_nobody_comes_or_goes() -> None:
    stage = Stage("alice")
    stage.arrive(ALICE, "1")
    assert stage.rosters.of(stage.channel) is stage.rosters.of(stage.channel)


def test_who_comes_is_in_it_and_who_goes_is_not() -> None:
    stage = Stage("alice", "bob")
    alice = stage.arrive(ALICE, "1")
    assert stage.links() == {alice}
    bob = stage.arrive(BOB, "2")
    assert stage.links() == {alice, bob}
    stage.leave(alice)
    assert stage.links() == {bob}


def test_a_session_on_another_link_is_in_it_with_that_link() -> None:
    stage = Stage("alice")
    stage.arrive(ALICE, "1")
    stage.links()
    second = stage.arrive(ALICE, "1")
    assert stage.links() == {second}


def test_members_who_join_are_in_it_and_who_leave_are_not() -> None:
    stage = Stage("alice")
    alice, bob = stage.arrive(ALICE, "1"), stage.arrive(BOB, "2")
    seen = [stage.links() for _ in stage.channel.pass_on(stream_of([message("a"), joined("bob"), left("alice")]))]
    assert seen == [{alice}, {alice, bob}]
    assert stage.links() == {bob}


def test_a_stream_that_is_followed_anew_has_the_members_of_now() -> None:
    stage = Stage("alice")
    alice, bob = stage.arrive(ALICE, "1"), stage.arrive(BOB, "2")
    assert stage.links() == {alice}
    stage.channel = stage.follow("bob")
    assert stage.links() == {bob}


def test_links_that_are_gone_are_let_go_of() -> None:
    stage = Stage("alice")
    link = stage.arrive(ALICE, "1")
    stage.links()
    stage.leave(link)
    gone = weakref.ref(link)
    del link
    stage.rosters.forget_stale()
    assert gone() is None


def test_the_number_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROSTERS_LIMIT", 2)
    stage = Stage("alice")
    first = stage.rosters.of(stage.channel)
    for _ in range(2):
        stage.rosters.of(stage.follow("alice"))
    assert stage.rosters.of(stage.channel) is not first
