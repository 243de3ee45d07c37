"""Rows and messages are read as LeanCloud writes them, and what cannot be brought along is told with its code."""

from typing import get_args

import pytest

from unisono.cli.leancloud.records import (
    CODES,
    TTL_DEFAULT_S,
    Code,
    Note,
    Said,
    Unusable,
    conversation_of,
    message_of,
    time_of,
)
from unisono.domain.ids import OPERATOR, ConversationId, Instant, UserId
from unisono.domain.importing import ImportedConversation, Why

ISO = "2016-01-18T03:40:32.814Z"
AT = 1_453_088_432_814
ROW = {
    "objectId": "569c5e3000b0b8f7d1a2b3c4",
    "createdAt": ISO,
    "updatedAt": {"__type": "Date", "iso": "2016-01-18T03:40:33.000Z"},
    "name": "Tea",
    "m": ["ann", "bob", "ann"],
    "mu": ["bob"],
    "c": "ann",
    "lm": {"__type": "Date", "iso": ISO},
    "unique": True,
    "uniqueId": "digest",
    "ACL": {"*": {"read": True, "write": True}},
    "topic": {"colour": "green"},
}
MESSAGE = {
    "timestamp": AT,
    "conv-id": "569c5e3000b0b8f7d1a2b3c4",
    "data": '{"_lctype":-1,"_lctext":"hi"}',
    "from": "ann",
    "msg-id": "vdkGm4dtRNmhQ5gqUTFBiA",
    "is-conv": True,
    "is-room": False,
    "to": "569c5e3000b0b8f7d1a2b3c4",
    "bin": False,
    "from-ip": "202.117.15.217",
}


def test_a_row_keeps_what_it_says() -> None:
    record, notes = conversation_of(ROW)
    assert notes == []
    assert record == ImportedConversation(
        ConversationId("569c5e3000b0b8f7d1a2b3c4"),
        "group",
        UserId("ann"),
        created_at=Instant(AT),
        updated_at=Instant(AT + 186),
        members=(UserId("ann"), UserId("bob")),
        muted=(UserId("bob"),),
        name="Tea",
        attributes={"topic": {"colour": "green"}},
        is_unique=True,
    )


@pytest.mark.parametrize(
    ("more", "of", "expires_at"),
    [
        ({"tr": True}, "room", None),
        ({"sys": True}, "service", None),
        ({"sys": True, "tr": True}, "service", None),
        ({"temp": True, "ttl": 60}, "temporary", AT + 60_000),
        ({"objectId": "_tmp:569c5e3000b0b8f7d1a2b3c4"}, "temporary", AT + TTL_DEFAULT_S * 1000),
        ({"temp": True, "ttl": "soon"}, "temporary", AT + TTL_DEFAULT_S * 1000),
        ({"tr": False}, "group", None),
    ],
)
def test_kinds_are_told_by_their_columns(more: dict[str, object], of: str, expires_at: int | None) -> None:
    record, _ = conversation_of(ROW | more)
    assert (record.of, record.expires_at, record.conversation) == (of, expires_at, "569c5e3000b0b8f7d1a2b3c4")


def test_what_cannot_be_kept_of_a_row_is_told() -> None:
    row = ROW | {"m": ["ann", 7, "", "x" * 65], "c": None, "big": 2**60, "ACL": {"u": {"read": True}}, "name": 3}
    record, notes = conversation_of({**row, "mu": None, "updatedAt": "never"})
    assert (record.members, record.creator, record.name) == (("ann",), OPERATOR, None)
    assert record.updated_at == record.created_at
    assert [(note.code, note.user or note.id) for note in notes] == [
        ("member_name", "7"),
        ("member_name", ""),
        ("member_name", "x" * 64),
        ("no_creator", ""),
        ("acl", ""),
        ("bad_name", ""),
        ("attribute_value", "big"),
    ]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({}, "bad_id"),
        (ROW | {"objectId": "x" * 65}, "bad_id"),
        (ROW | {"objectId": 3}, "bad_id"),
        (ROW | {"createdAt": "yesterday"}, "bad_time"),
        ({"objectId": "a"}, "bad_time"),
        (ROW | {"m": [f"u{number}" for number in range(8_000)]}, "too_large"),
        (ROW | {"blob": "x" * 500_001}, "too_large"),
    ],
)
def test_a_row_without_id_or_time_is_not_taken(row: dict[str, object], code: str) -> None:
    with pytest.raises(Unusable) as caught:
        conversation_of(row)
    assert caught.value.note.code == code


def test_a_message_keeps_what_it_says() -> None:
    name, said = message_of(MESSAGE)
    assert (name, said) == (
        "569c5e3000b0b8f7d1a2b3c4",
        Said("vdkGm4dtRNmhQ5gqUTFBiA", Instant(AT), UserId("ann"), '{"_lctype":-1,"_lctext":"hi"}'),
    )
    assert said.asked() == {"id": said.id, "at": AT, "sender": "ann", "body": said.body}


def test_bytes_mentions_and_receivers_come_along() -> None:
    more = {"bin": True, "data": "AAE=", "mention-all": True, "mention-pids": ["bob", 3], "to": "bob", "timestamp": ISO}
    _, said = message_of(MESSAGE | more)
    assert (said.to, said.at) == ("bob", AT)
    assert said.asked() == {
        "id": said.id,
        "at": AT,
        "sender": "ann",
        "body": "AAE=",
        "is_binary": True,
        "mentions": ("bob",),
        "mention_all": True,
    }
    assert message_of(MESSAGE | {"data": {"_lctype": -1}})[1].body == '{"_lctype":-1}'
    assert message_of(MESSAGE | {"data": None})[1].body == ""
    assert message_of({key: value for key, value in MESSAGE.items() if key != "conv-id"}, "_tmp:a")[0] == "a"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"conv-id": None}, "bad_id"),
        ({"msg-id": "with space"}, "bad_id"),
        ({"timestamp": None}, "bad_time"),
        ({"from": ""}, "bad_sender"),
        ({"data": "é" * 250_001}, "too_large"),
        ({"mention-pids": ["ann"] * 1_001}, "too_large"),
    ],
)
def test_a_message_without_id_time_or_sender_is_not_taken(more: dict[str, object], code: str) -> None:
    with pytest.raises(Unusable) as caught:
        message_of(MESSAGE | more)
    assert isinstance(caught.value.note, Note)
    assert caught.value.note.code == code


@pytest.mark.parametrize(
    ("value", "at"),
    [
        (ISO, AT),
        ("2016-01-18T11:40:32.814+08:00", AT),
        ("2016-01-18T03:40:32.814", AT),
        ({"__type": "Date", "iso": ISO}, AT),
        (AT, AT),
        (float(AT), AT),
        (0.5, None),
        (-1, None),
        (True, None),
        ({}, None),
        ("soon", None),
    ],
)
def test_times_are_read_in_every_form(value: object, at: int | None) -> None:
    assert time_of(value) == at


def test_every_code_is_said_in_words() -> None:
    assert set(CODES) == {*get_args(Code), *get_args(Why)}
