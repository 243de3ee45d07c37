"""The conversation query as data: what is refused, what of attributes can be found, and what a query names."""

import math

import msgspec
import pytest

from unisono.domain import query as q
from unisono.domain.commands import FindConversations
from unisono.domain.errors import Invalid
from unisono.domain.ids import UserId
from unisono.domain.query import Condition, Found, SortKey

ANY = q.Exists("name")


@pytest.mark.parametrize(
    "where",
    [
        None,
        q.Equal("name", "tea"),
        q.NotEqual("attr.place.city", 3),
        q.Less("created_at", 5),
        q.LessOrEqual("attr.size", 1.5),
        q.Greater("last_message_at", 5),
        q.GreaterOrEqual("member_count", 2),
        q.OneOf("attr.colour", ("red", True, 1)),
        q.Contains("name", "te"),
        q.StartsWith("id", "0"),
        q.EndsWith("attr.topic", "s"),
        q.Matches("name", "^[一-龥]+$", ignore_case=True),
        q.Exists("members"),
        q.Missing("attr.colour"),
        q.Includes("members", "ann"),
        q.WithMembers((UserId("ann"), UserId("bob"))),
        q.ContainsMembers((UserId("ann"),)),
        q.Equal("unique", value=True),
        q.Has("attr.tags", ("red", 1)),
        q.Has("muted", ("ann",)),
        q.Size("attr.tags", 0),
        q.Matches("name", "(?m)^a"),
        q.Not(q.Has("members", ("ann",))),
        q.AllOf((ANY, q.AnyOf((ANY, q.AllOf((ANY, q.AnyOf((ANY,)))))))),
    ],
)
def test_what_means_something_may_be_asked(where: Condition | None) -> None:
    q.check(where, (SortKey("name"), SortKey("attr.size", descending=True)))


@pytest.mark.parametrize(
    "where",
    [
        q.Equal("colour", "red"),
        q.Equal("attr", "red"),
        q.Equal("attr.", "red"),
        q.Equal("attr.a..b", "red"),
        q.Equal("attr.a.", "red"),
        q.Equal("attr.size", math.inf),
        q.Less("attr.size", math.nan),
        q.Greater("attr.size", 2**53),
        q.Equal("attr.size", -(10**400)),
        q.OneOf("attr.size", (1, -math.inf)),
        q.Includes("attr.size", math.nan),
        q.Matches("name", "(a"),
        q.Contains("nowhere", "a"),
        q.AllOf((ANY, q.AnyOf((q.Exists("nowhere"),)))),
        q.Not(q.Exists("nowhere")),
        q.Has("nowhere", (1,)),
        q.Has("attr.size", (math.nan,)),
    ],
)
def test_what_means_nothing_is_refused(where: Condition) -> None:
    with pytest.raises(Invalid):
        q.check(where, ())


@pytest.mark.parametrize("by", ["members", "nowhere", "attr."])
def test_there_is_no_order_by_what_has_none(by: str) -> None:
    with pytest.raises(Invalid):
        q.check(None, (SortKey(by),))


def test_a_query_has_so_many_conditions_and_no_more() -> None:
    q.check(q.AllOf((ANY,) * (q.CONDITIONS_MAX - 1)), ())
    with pytest.raises(Invalid, match=str(q.CONDITIONS_MAX)):
        q.check(q.AllOf((ANY,) * q.CONDITIONS_MAX), ())


def test_a_query_is_nested_so_deeply_and_no_deeper() -> None:
    where: Condition = ANY
    for _ in range(q.DEPTH_MAX - 1):
        where = q.AllOf((where,))
    q.check(where, ())
    with pytest.raises(Invalid, match=str(q.DEPTH_MAX)):
        q.check(q.AnyOf((where,)), ())
    with pytest.raises(Invalid, match=str(q.DEPTH_MAX)):
        q.check(q.Not(where), ())


def test_values_lie_at_their_paths_and_those_of_lists_beside_each_other() -> None:
    attributes = {"a": "x", "b": {"c": 2, "d": {}}, "e": [True, "y", {"no": 1}, None], "f": None, "g": 1.5}
    assert q.flatten(attributes) == [
        Found("a", 0, "text", text="x"),
        Found("b", 0, "other"),
        Found("b.c", 0, "number", number=2.0),
        Found("b.d", 0, "other"),
        Found("e", 0, "other", number=4.0),
        Found("e", 1, "boolean", number=1.0),
        Found("e", 2, "text", text="y"),
        Found("g", 0, "number", number=1.5),
    ]
    assert q.flatten(None) == []


def test_keys_that_no_path_names_are_not_found() -> None:
    long = "k" * (q.FIELD_MAX_CHARS + 1)
    assert q.flatten({"": 1, "a.b": 1, "a\x00": 1, long: 1, "c": {"": 1, long: 1}}) == [Found("c", 0, "other")]


def test_of_a_text_so_much_is_found() -> None:
    text = "a\x00" + "b" * q.TEXT_FOUND_MAX_CHARS
    assert q.flatten({"t": text})[0].text == "a" + "b" * (q.TEXT_FOUND_MAX_CHARS - 1)


def test_of_attributes_so_many_values_are_found() -> None:
    assert len(q.flatten({f"k{number}": 1 for number in range(q.VALUES_FOUND_MAX)})) == q.VALUES_FOUND_MAX
    assert len(q.flatten({"list": list(range(q.VALUES_FOUND_MAX + 1))})) == q.VALUES_FOUND_MAX


@pytest.mark.parametrize(
    ("where", "named"),
    [
        (None, ()),
        (q.Equal("name", "x"), ()),
        (q.Equal("id", "x"), ("x",)),
        (q.Equal("id", 5), ()),
        (q.OneOf("id", ("x", "y", 5)), ("x", "y")),
        (q.OneOf("name", ("x", "y")), ()),
        (q.NotEqual("id", "x"), ()),
        (q.AllOf((ANY, q.Equal("id", "x"))), ("x",)),
        (q.AllOf((ANY, ANY)), ()),
        (q.AnyOf((q.Equal("id", "x"), q.Equal("id", "y"))), ()),
    ],
)
def test_a_query_names_the_ids_that_it_cannot_go_beyond(where: Condition | None, named: tuple[str, ...]) -> None:
    assert q.named_ids(where) == named


@pytest.mark.rows("L196", "L197")
def test_without_more_the_ten_with_the_newest_messages_are_asked_for() -> None:
    asked = FindConversations()
    assert (asked.where, asked.limit, asked.skip, asked.compact, asked.with_last) == (None, 10, 0, False, False)
    assert asked.order == (SortKey("last_message_at", descending=True),)
    assert FindConversations(sort=(SortKey("name"),)).order == (SortKey("name"),)


@pytest.mark.parametrize(
    "text",
    [
        '{"is": "equal", "field": "name", "value": null}',
        '{"is": "equal", "field": "name", "value": ["a"]}',
        '{"is": "equal", "field": "", "value": "a"}',
        '{"is": "equal", "field": "name", "value": "a\\u0000"}',
        '{"is": "equal", "field": "name"}',
        '{"is": "contains", "field": "name", "text": ""}',
        '{"is": "one_of", "field": "name", "values": []}',
        '{"is": "with_members", "users": []}',
        '{"is": "all", "of": []}',
        '{"is": "script", "code": "1"}',
        '{"is": "exists", "field": "name", "or": "1=1"}',
    ],
)
def test_a_condition_is_one_of_those_there_are(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Condition)


def test_conditions_go_through_the_wire_unchanged() -> None:
    where = q.AllOf((q.AnyOf((q.Equal("attr.vip", value=True), q.Less("attr.size", 2.5))), q.Matches("name", "a+")))
    assert msgspec.json.decode(msgspec.json.encode(where), type=Condition) == where


def test_a_query_names_so_many_values_and_no_more() -> None:
    hundred = q.OneOf("name", tuple(f"{number}" for number in range(100)))
    friends = q.ContainsMembers(tuple(UserId(f"{number}") for number in range(100)))
    q.check(q.AnyOf((hundred, friends)), ())
    with pytest.raises(Invalid, match="too many values"):
        q.check(q.AnyOf((hundred, friends, q.Equal("name", "one more"))), ())
