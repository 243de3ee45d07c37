"""How a conversation reads in a terminal."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

import pytest

from unisono.cli import transcript
from unisono.cli.transcript import Transcript
from unisono_sdk import Content, Label, Message
from unisono_sdk import events as happened
from unisono_sdk.facts import MessagePlaced

HERE: Final[Any] = None
"""The conversation: it is not looked at."""


def message(text: str | None, *, sender: str = "bob", at: int = 0, is_mine: bool = False) -> Message:
    return Message(
        conversation=None,  # type: ignore[arg-type]  # it is not looked at
        seq=1,
        at=at,
        said=MessagePlaced(sender=sender, key="k", content=Content(text=text, type=-1 if text is not None else 7)),
        is_mine=is_mine,
        is_from_here=is_mine,
    )


def written(messages: list[Message]) -> list[str]:
    page = Transcript(UTC)
    return ["".join(text for _, text in line) for one in messages for line in page.message(one)]


def test_a_new_day_has_a_heading() -> None:
    day_ms = 86_400_000
    assert written([message("a"), message("b", at=60_000), message("c", at=day_ms)]) == [
        "── Thursday 01 January 1970 ──",
        "00:00 bob  a",
        "00:01 bob  b",
        "── Friday 02 January 1970 ──",
        "00:00 bob  c",
    ]


def test_lines_of_one_message_stand_below_each_other() -> None:
    assert written([message("a\nb")])[1:] == ["00:00 bob  a", "           b"]


def test_what_others_write_is_no_command_to_the_terminal() -> None:
    lines = written([message("\x1b[2Jgone\r", sender="b\x07b")])
    assert lines[1] == "00:00 b�b  �[2Jgone�"


def test_a_message_without_text_is_named_by_its_type() -> None:
    assert written([message(None)])[1] == "00:00 bob  (a message of type 7)"


LABEL = Label(platform="ios", label="iPhone")


def changed(name: str | None = None) -> happened.Changed:
    return happened.Changed(conversation=HERE, by="bob", at=0, name=name, set={}, unset=(), joining=None, rules=None)


def member_changed(role: str | None = None, attributes: Mapping[str, object] | None = None) -> happened.MemberChanged:
    return happened.MemberChanged(conversation=HERE, user="carol", by="bob", at=0, role=role, attributes=attributes)


def restricted(*, is_on: bool = True) -> happened.Restricted:
    return happened.Restricted(
        conversation=HERE, users=("carol", "dave"), by="bob", at=0, what="silenced", is_on=is_on, until=None
    )


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (happened.Disconnect(code="x", message="y"), "connection lost"),
        (happened.Reconnect(), "connected again"),
        (happened.WasDisplaced(newcomer=LABEL), "displaced: iPhone (ios) took its place"),
        (happened.WasDisplaced(newcomer=None), "displaced: another device"),
        (happened.SessionOpened(session="s", device="d", shown=LABEL, tag=None, at=0), "logged in on iPhone (ios)"),
        (happened.Retry(attempt=1), None),
        (changed(name="tea"), "bob named this tea"),
        (changed(name=""), "bob took the name away"),
        (changed(), None),
        (member_changed(role="owner"), "carol is owner now, by bob"),
        (member_changed(attributes={}), None),
        (restricted(), "bob silenced carol, dave"),
        (restricted(is_on=False), "bob no longer silenced carol, dave"),
        (happened.Ended(conversation=HERE, reason="expired", by=None, at=0), "this conversation has expired"),
        (happened.Ended(conversation=HERE, reason="dissolved", by="bob", at=0), "this conversation has been dissolved"),
        (happened.Exited(conversation=HERE, by=None, at=0, is_kicked=False), None),
        (happened.StartOver(conversation=None, stream="s", first=3, until=5, reason="gone"), "3 entries are missing"),
        (happened.StartOver(conversation=None, stream="s", first=3, until=2, reason="gone"), None),
        (happened.StartOver(conversation=None, stream="s", first=3, until=5, reason="trimmed"), "kept no longer"),
    ],
)
def test_what_happens_beside_messages_is_told_where_it_matters(event: object, told: str | None) -> None:
    line = transcript.of_event(event)
    assert (line is None) == (told is None)
    if line is not None and told is not None:
        assert told in line[0][1]


@pytest.mark.parametrize(
    ("users", "by", "told"),
    [(("bob",), "bob", "bob joined"), (("bob", "carol"), "alice", "bob, carol joined, added by alice")],
)
def test_who_comes_and_goes_is_told_with_whose_doing_it_was(users: tuple[str, ...], by: str, told: str) -> None:
    joined = happened.MembersJoined(conversation=None, users=users, by=by, at=0)  # type: ignore[arg-type]
    assert transcript.of_event(joined) == [("dim", f"── {told}")]
