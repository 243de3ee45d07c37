"""Conversations as objects, and what clients want changed of them."""

import pytest
from msgspec import structs

from unisono.domain.answers import ConversationView, HistoryEntry
from unisono.domain.commands import Append, Increase, TakeOut, UpdateConversation
from unisono.domain.conversation import Conversation
from unisono.domain.errors import Invalid
from unisono.domain.facts import Content, MessagePlaced
from unisono.domain.ids import ConversationId, Epoch, Instant, SendKey, Seq, UserId
from unisono.domain.placement import Head
from unisono.domain.revisions import recalled
from unisono.wire.leancloud.bodies import RECALLED, content_of, text_of
from unisono.wire.leancloud.objects import left_object_of, object_of, read_fields, seconds_left, written
from unisono.wire.leancloud.places import mid_of
from unisono.wire.leancloud.updates import founding_of, update_of
from unisono.wire.weight import VALUES_MAX

C, TOM, JERRY = ConversationId("69203ac0d3b07384d113edec"), UserId("tom"), UserId("jerry")
AT = Instant(1_763_726_400_123)
GROUP = ConversationView(
    C, "group", TOM, Instant(AT - 1000), AT, Epoch(1), Seq(4), Seq(2), members=(TOM, JERRY), role="owner"
)
COLUMNS = {
    "objectId": C,
    "createdAt": "2025-11-21T11:59:59.123Z",
    "updatedAt": "2025-11-21T12:00:00.123Z",
    "c": "tom",
    "mu": [],
    "conv_type": 1,
}
SAID = MessagePlaced(TOM, SendKey("k"), content_of("hi"))


def test_a_group_is_its_columns_beside_its_attributes() -> None:
    full = structs.replace(
        GROUP,
        name="tea",
        attributes={"topic": {"id": 7}, "attr": 1, "m": "hidden", "objectId": "hidden"},
        last_message_at=AT,
    )
    assert object_of(GROUP, AT) == {**COLUMNS, "m": ["tom", "jerry"]}
    assert object_of(full, AT, muted=(TOM,)) == {
        **COLUMNS,
        "mu": ["tom"],
        "m": ["tom", "jerry"],
        "name": "tea",
        "topic": {"id": 7},
        "attr": 1,
        "lm": {"__type": "Date", "iso": "2025-11-21T12:00:00.123Z"},
    }
    assert object_of(GROUP, AT, is_compact=True)["m"] == []
    one = object_of(structs.replace(GROUP, unique=True), AT)
    assert (one["unique"], one["uniqueId"]) == (True, C)


def test_who_left_is_told_what_it_is_and_nothing_that_came_later() -> None:
    head = Head(Epoch(1), Seq(3), AT)
    told = Conversation(C, "temporary", TOM, AT, Instant(AT + 9), head, 2, name="tea")
    assert left_object_of(told) == {
        **COLUMNS,
        "objectId": "_tmp:" + C,
        "createdAt": "2025-11-21T12:00:00.123Z",
        "m": [],
        "conv_type": 4,
    }


def test_each_kind_says_what_it_is() -> None:
    room, service = structs.replace(GROUP, of="room", members=()), structs.replace(GROUP, of="service", members=())
    assert object_of(room, AT) == {**COLUMNS, "conv_type": 2, "tr": True}
    assert object_of(service, AT) == {**COLUMNS, "conv_type": 3, "sys": True, "joined": True}
    away = object_of(structs.replace(service, role=None, level="none"), AT)
    assert (away["joined"], away["muted"]) == (False, True)
    assert object_of(structs.replace(GROUP, level="none"), AT)["muted"] is True
    temporary = structs.replace(GROUP, of="temporary", expires_at=Instant(AT + 1))
    assert object_of(temporary, AT) == {
        **COLUMNS,
        "objectId": "_tmp:" + C,
        "conv_type": 4,
        "m": ["tom", "jerry"],
        "temp": True,
        "ttl": 1,
    }
    assert [seconds_left(temporary, Instant(AT + more)) for more in (-999, 0, 1, 9999)] == [1, 1, 0, 0]
    assert seconds_left(GROUP, AT) == 0


def test_the_last_message_stands_beside_the_rest() -> None:
    last = HistoryEntry(Seq(4), AT, SAID)
    mid = mid_of(C, Seq(4), AT)
    told = {"msg": "hi", "msg_from": "tom", "msg_mid": mid, "msg_timestamp": AT}
    assert object_of(structs.replace(GROUP, last=last), AT) == {**COLUMNS, "m": ["tom", "jerry"], **told}
    full = structs.replace(
        SAID, content=content_of(b"\x00\xff"), mentions=(JERRY,), mention_all=True, revised_at=AT, key=SendKey("lc:abc")
    )
    shown = object_of(structs.replace(GROUP, last=structs.replace(last, message=full)), AT)
    assert {name: value for name, value in shown.items() if name not in {*COLUMNS, "m"}} == {
        "msg": "AP8=",
        "bin": True,
        "msg_from": "tom",
        "msg_mid": "abc",
        "msg_timestamp": AT,
        "patch_timestamp": AT,
        "mention_all": True,
        "mention_pids": ["jerry"],
    }


def test_what_was_recalled_says_so_in_a_text() -> None:
    assert text_of(recalled(SAID, Seq(5), AT)) == (RECALLED, False)
    assert text_of(structs.replace(SAID, content=Content(text="hi"))) == ('{"_lctext":"hi","_lctype":-1}', False)


def test_a_name_and_attributes_are_read_where_a_conversation_begins() -> None:
    assert founding_of("") == (None, None)
    assert founding_of('{"name":null}') == (None, None)
    assert founding_of('{"name":"tea","attr":{"a":1},"place.city":"x","none":null}') == (
        "tea",
        {"attr": {"a": 1}, "place": {"city": "x"}, "none": None},
    )


def test_what_is_to_be_changed_is_put_in_or_taken_out() -> None:
    assert update_of(
        C, '{"foo.bar":2,"day":{"__type":"Date","iso":"x"},"gone":{"__op":"Delete"}}'
    ) == UpdateConversation(
        C, set={"attr.foo.bar": 2, "attr.day": {"__type": "Date", "iso": "x"}}, unset=("attr.gone",)
    )
    assert update_of(C, '{"name":"tea"}') == UpdateConversation(C, name="tea")
    assert update_of(C, '{"name":null}') == update_of(C, '{"name":{"__op":"Delete"}}') == UpdateConversation(C, name="")
    assert update_of(C, "{}") == UpdateConversation(C)


def test_operations_amend_what_is_there() -> None:
    said = (
        '{"a":{"__op":"Increment","amount":2},"b.c":{"__op":"Decrement","amount":0.5},"d":{"__op":"Add","objects":[1]},'
        '"e":{"__op":"AddUnique","objects":["x"]},"f":{"__op":"Remove","objects":[{"y":1}]}}'
    )
    assert update_of(C, said) == UpdateConversation(
        C,
        amend={
            "attr.a": Increase(2),
            "attr.b.c": Increase(-0.5),
            "attr.d": Append((1,)),
            "attr.e": Append(("x",), once=True),
            "attr.f": TakeOut(({"y": 1},)),
        },
    )


@pytest.mark.parametrize(
    "attr",
    [
        "",
        "[]",
        "{",
        '{"m":["x"]}',
        '{"m.0":"x"}',
        '{"objectId":"x"}',
        '{"uniqueId":"x"}',
        '{"name":1}',
        '{"n":{"__op":"Multiply"}}',
        '{"n":{"__op":"Increment","amount":"1"}}',
        '{"n":{"__op":"Increment","amount":true}}',
        '{"n":{"__op":"Decrement","amount":false}}',
        '{"n":{"__op":"Add","objects":[]}}',
        '{"n":{"__op":"AddUnique"}}',
        '{"n":{"__op":"Remove","objects":1}}',
        '{"name":{"__op":"Increment"}}',
        '{"n":{"__op":{"no":1}}}',
        '{"n":9007199254740992}',
        '{"n":' + "[" * 40 + "]" * 40 + "}",
        '{"n":' + "[" * 5000 + "]" * 5000 + "}",
        '{"n":[' + "1," * VALUES_MAX + "1]}",
    ],
)
def test_what_cannot_be_meant_is_refused(attr: str) -> None:
    with pytest.raises(Invalid):
        update_of(C, attr)


def test_a_key_that_cannot_be_is_refused_where_a_conversation_begins() -> None:
    for attr in ('{"a..b":1}', '{"":1}', '{"a":1,"a.b":2}', '{"tr":true}'):
        with pytest.raises(Invalid):
            founding_of(attr)


def test_a_list_is_written_as_one_text() -> None:
    assert written([object_of(GROUP, AT)]).startswith('[{"objectId":"69203ac0d3b07384d113edec",')
    assert read_fields(written({"a": [1]})) == {"a": [1]}
