"""Push notifications: for whom a message is one, and what it says."""

import pytest

from unisono.domain.facts import Content, Level, MessagePlaced
from unisono.domain.ids import SendKey, UserId
from unisono.domain.pushing import QUOTED_MAX_CHARS, alert_of, is_called, is_wanted, unknown_placeholders

ANN, BOB = UserId("ann"), UserId("bob")
TEMPLATE = "{sender} in {name}: {text}"


def message(text: str | None = "hello", **more: object) -> MessagePlaced:
    content = Content(text=text, data=None if text else {"url": "x"})
    return MessagePlaced(ANN, SendKey("k"), content, **more)  # type: ignore[arg-type]


@pytest.mark.rows("L184", "L186")
@pytest.mark.parametrize(
    ("level", "of_all", "of_calls"), [("all", True, True), ("mentions", False, True), ("none", False, False)]
)
def test_a_level_says_of_which_messages_to_alert(level: Level, *, of_all: bool, of_calls: bool) -> None:
    assert is_wanted(level, is_called=False) is of_all
    assert is_wanted(level, is_called=True) is of_calls


def test_a_message_calls_by_name_or_everybody() -> None:
    assert not is_called(message(), BOB)
    assert is_called(message(mentions=(BOB,)), BOB)
    assert not is_called(message(mentions=(BOB,)), ANN)
    assert is_called(message(mention_all=True), BOB)


@pytest.mark.rows("L4", "L91", "L95")
def test_a_message_says_what_to_alert_with_or_else_the_app_does() -> None:
    assert alert_of(message(push={"alert": "Your {text} is here"}), TEMPLATE, "team") == "Your {text} is here"
    for push in (None, {}, {"alert": ""}, {"alert": {"title": "not text"}}):
        assert alert_of(message(push=push), TEMPLATE, "team") == "ann in team: hello"


def test_what_there_is_none_of_is_left_out_and_long_texts_are_cut() -> None:
    assert alert_of(message(None), TEMPLATE, None) == "ann in : "
    assert alert_of(message("x" * 1000), "{text}", None) == "x" * QUOTED_MAX_CHARS


def test_what_users_write_is_not_taken_for_a_placeholder() -> None:
    assert alert_of(message("{sender} {name}"), TEMPLATE, "{text}") == "ann in {text}: {sender} {name}"


def test_words_that_mean_nothing_are_found() -> None:
    assert list(unknown_placeholders("{sender}: {txt} {} { text }")) == ["txt", "", " text "]
    assert list(unknown_placeholders(TEMPLATE)) == []
