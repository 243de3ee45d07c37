"""Edits that hints told of while their streams were behind: so many bytes of them, until they are behind no more."""

import pytest

from tests.unit.app.stage import CHAT, message, placed
from unisono.app import heard
from unisono.app.channel import Channel
from unisono.domain.facts import Content, MessageRevised, PlacedFact
from unisono.domain.ids import Epoch, Seq, UserId


def edit(seq: int, words: str = "tea") -> PlacedFact:
    return placed(seq, MessageRevised(message=Seq(1), by=UserId("ann"), content=Content(text=words)))


def test_edits_alone_are_kept_until_they_are_dropped() -> None:
    kept, channel, other = heard.Heard(), Channel(CHAT), Channel(CHAT)
    facts = [placed(1, message()), edit(2), edit(3)]
    kept.note(channel, facts)
    kept.note(channel, [edit(2, "repeated"), edit(4)])
    assert kept.of(channel, facts[1].epoch) == {2: facts[1], 3: facts[2], 4: edit(4)}
    assert not kept.of(channel, Epoch(2))
    assert not kept.of(other, facts[1].epoch)
    kept.drop(other)
    kept.drop(channel)
    assert not kept.of(channel, facts[1].epoch)


def test_beyond_a_size_they_are_left_to_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heard, "HEARD_BYTES", 1000)
    kept, channel, other = heard.Heard(), Channel(CHAT), Channel(CHAT)
    kept.note(channel, [edit(2, "tea" * 300), edit(3)])
    kept.note(other, [edit(4)])
    epoch = edit(2).epoch
    assert [*kept.of(channel, epoch)] == [2]
    assert not kept.of(other, epoch)
    kept.drop(channel)
    kept.note(other, [edit(4)])
    assert [*kept.of(other, epoch)] == [4]
