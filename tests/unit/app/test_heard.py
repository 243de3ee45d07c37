"""Edits that hints told of while their streams were behind: so many bytes of them, until they are behind no more."""

import pytest
from msgspec import structs

from tests.unit.app.stage import CHAT, message, placed
from unisono.app import heard
from unisono.app.channel import Channel
from unisono.domain.facts import Content, Fact, MessageRevised, PlacedFact
from unisono.domain.ids import Epoch, Seq, UserId


def edit(seq: int, words: str = "tea") -> PlacedFact:
    return placed(seq, MessageRevised(message=Seq(1), by=UserId("ann"), content=Content(text=words)))


def test_edits_alone_are_kept_until_they_are_taken_or_dropped() -> None:
    kept, channel, other = heard.Heard(), Channel(CHAT), Channel(CHAT)
    facts = [placed(1, message()), *(edit(seq) for seq in range(2, 6))]
    kept.note(channel, facts[:3])
    kept.note(channel, [edit(2, "repeated"), edit(4), edit(5)])
    assert kept.take(other, facts) == {}
    assert kept.take(channel, facts[:3]) == {2: facts[1], 3: facts[2]}
    assert kept.take(channel, facts[:4]) == {4: facts[3]}
    kept.drop(other)
    kept.drop(channel)
    assert kept.take(channel, facts) == {}


def test_what_was_delivered_or_is_of_another_log_is_not_kept_for_it() -> None:
    kept, channel = heard.Heard(), Channel(CHAT)
    channel.begin(Seq(3))
    kept.note(channel, [edit(2), edit(3), edit(4)])
    assert [*kept.take(channel, [edit(seq) for seq in (2, 3, 4)])] == [4]
    before = structs.replace(edit(5), epoch=Epoch(2))
    kept.note(channel, [edit(5), before])
    assert kept.take(channel, [before]) == {}


@pytest.mark.parametrize("fact", [message(), structs.replace(edit(2).fact, message=Seq(9))])
def test_what_the_log_does_not_have_there_is_not_told(fact: Fact) -> None:
    """It was told in place of whatever the log had."""
    kept, channel = heard.Heard(), Channel(CHAT)
    kept.note(channel, [edit(2)])
    assert kept.take(channel, [placed(2, fact)]) == {}
    kept.note(channel, [edit(2)])
    emptied = Content()
    (taken,) = kept.take(
        channel, [placed(2, MessageRevised(message=Seq(1), by=UserId("ann"), content=emptied))]
    ).items()
    assert taken == (2, edit(2))


def test_beyond_a_size_they_are_left_to_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """What had been delivered counted while its stream was behind: one that always was held all that there is."""
    monkeypatch.setattr(heard, "HEARD_BYTES", 1000)
    kept, channel, other = heard.Heard(), Channel(CHAT), Channel(CHAT)
    large = edit(2, "tea" * 300)
    kept.note(channel, [large, edit(3)])
    kept.note(other, [edit(4)])
    assert kept.take(other, [edit(4)]) == {}
    assert kept.take(channel, [large, edit(3)]) == {2: large}
    kept.note(other, [edit(4)])
    assert [*kept.take(other, [edit(4)])] == [4]
    kept.note(channel, [large])
    kept.drop(channel)
    kept.note(other, [edit(4)])
    assert [*kept.take(other, [edit(4)])] == [4]
