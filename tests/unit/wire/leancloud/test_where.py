"""LeanCloud's query language: what each form asks for, and what cannot be said."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.domain import query as q
from unisono.domain.errors import Invalid
from unisono.domain.ids import UserId
from unisono.domain.pattern import pattern
from unisono.domain.query import Condition, SortKey
from unisono.wire.leancloud.where import condition_of, ids_of, order_of
from unisono.wire.weight import VALUES_MAX

ME = UserId("me")
ISO = "2025-11-21T12:00:00.123Z"
AT = 1_763_726_400_123
UNIQUE = q.Equal("unique", value=True)
DATE = {"__type": "Date", "iso": ISO}


def said(where: object) -> Condition | None:
    """Read what a client sends."""
    return condition_of(json.dumps(where), ME)


def js_quoted(text: str) -> str:
    r"""Quote a text as clients do for "contains"; they mend every `\E` in it."""
    return "\\Q" + text.replace("\\E", "\\E\\\\E\\Q") + "\\E"


@pytest.mark.parametrize(
    ("where", "condition"),
    [
        ({"name": "tea"}, q.Equal("name", "tea")),
        ({"name": None}, q.Missing("name")),
        ({"c": "ann"}, q.Equal("creator", "ann")),
        ({"objectId": "_tmp:65"}, q.Equal("id", "65")),
        ({"objectId": ""}, q.Equal("id", "")),
        ({"objectId": 5}, q.Equal("id", 5)),
        ({"name": {"$ne": "tea"}}, q.NotEqual("name", "tea")),
        ({"name": {"$ne": None}}, q.Exists("name")),
        ({"name": {"$in": ["a", "b"]}}, q.OneOf("name", ("a", "b"))),
        ({"name": {"$nin": ["a", "b"]}}, q.Not(q.OneOf("name", ("a", "b")))),
        ({"name": {"$in": []}}, q.Missing("id")),
        ({"name": {"$nin": []}}, q.Exists("id")),
        ({"name": {"$all": []}}, q.Missing("id")),
        ({"name": {"$in": ["a", None]}}, q.AnyOf((q.Missing("name"), q.Equal("name", "a")))),
        ({"topic": "tea"}, q.Has("attr.topic", ("tea",))),
        ({"topic": {"$ne": True}}, q.Not(q.Has("attr.topic", (True,)))),
        ({"attr.topic": 1.5}, q.Has("attr.attr.topic", (1.5,))),
        ({"topic": None}, q.Missing("attr.topic")),
        ({"a": {"$in": ["x", 1]}}, q.Has("attr.a", ("x", 1))),
        ({"a": {"$nin": ["x"]}}, q.Not(q.Has("attr.a", ("x",)))),
        ({"a": {"$all": ["x", "y"]}}, q.AllOf((q.Has("attr.a", ("x",)), q.Has("attr.a", ("y",))))),
        ({"a": {"$exists": True}}, q.Exists("attr.a")),
        ({"a": {"$exists": False}}, q.Missing("attr.a")),
        ({"a": {"$lt": 3}}, q.Less("attr.a", 3)),
        ({"a": {"$lte": 3}}, q.LessOrEqual("attr.a", 3)),
        ({"a": {"$gt": 3, "$gte": "b"}}, q.AllOf((q.Greater("attr.a", 3), q.GreaterOrEqual("attr.a", "b")))),
        ({"at": DATE}, q.Has("attr.at.iso", (ISO,))),
        ({"at": {"$gt": DATE}}, q.Greater("attr.at.iso", ISO)),
        ({"at": {"$in": [DATE, 5]}}, q.AnyOf((q.Has("attr.at.iso", (ISO,)), q.Has("attr.at", (5,))))),
        ({"lm": {"$gte": DATE}}, q.GreaterOrEqual("last_message_at", AT)),
        ({"createdAt": {"$lt": ISO}}, q.Less("created_at", AT)),
        ({"updatedAt": {"$lt": "2025-11-21T12:00:00.123"}}, q.Less("updated_at", AT)),
        ({"updatedAt": "2025-11-21T13:00:00.123+01:00"}, q.Equal("updated_at", AT)),
        ({"lm": {"$exists": False}}, q.Missing("last_message_at")),
        ({"tr": True}, q.Equal("kind", "room")),
        ({"tr": {"$exists": True}}, q.Equal("kind", "room")),
        ({"tr": {"$exists": False}}, q.NotEqual("kind", "room")),
        ({"sys": {"$ne": True}}, q.NotEqual("kind", "service")),
        ({"sys": None}, q.NotEqual("kind", "service")),
        ({"temp": {"$ne": None}}, q.Equal("kind", "temporary")),
        ({"unique": True}, q.Equal("unique", value=True)),
        ({"unique": False}, q.NotEqual("unique", value=True)),
        ({"m": "ann"}, q.WithMembers((UserId("ann"),))),
        ({"m": {"$ne": "ann"}}, q.Not(q.WithMembers((UserId("ann"),)))),
        ({"m": {"$in": ["ann", "bob"]}}, q.ContainsMembers((UserId("ann"), UserId("bob")))),
        ({"m": {"$nin": ["ann"]}}, q.Not(q.ContainsMembers((UserId("ann"),)))),
        ({"m": {"$all": ["ann", "bob"]}}, q.WithMembers((UserId("ann"), UserId("bob")))),
        ({"m": {"$exists": True}}, q.Exists("members")),
        ({"m": {"$exists": False}}, q.Missing("members")),
        ({"m": {"$in": []}}, q.Missing("id")),
        ({"m": {"$nin": []}}, q.Exists("id")),
        (
            {"m": {"$all": ["ann", "bob"], "$size": 2}},
            q.AllOf(
                (
                    q.WithMembers((UserId("ann"), UserId("bob"))),
                    q.AllOf((q.Exists("members"), q.Equal("member_count", 2))),
                )
            ),
        ),
        ({"m": ["ann", "ann"]}, q.AllOf((q.WithMembers((UserId("ann"),) * 2), q.Equal("member_count", 1)))),
        ({"$or": [{"a": 1}, {"b": 2}]}, q.AnyOf((q.Has("attr.a", (1,)), q.Has("attr.b", (2,))))),
        (
            {"$and": [{"a": 1, "c": "x"}, {"b": 2}]},
            q.AllOf((q.Has("attr.a", (1,)), q.Equal("creator", "x"), q.Has("attr.b", (2,)))),
        ),
        ({"name": {"$regex": "\\Qa.b\\E"}}, q.Contains("name", "a.b")),
        ({"name": {"$regex": "\\Qa.b"}}, q.Contains("name", "a.b")),
        ({"name": {"$regex": "^\\Qa\\E\\\\E\\Qb\\E"}}, q.StartsWith("name", "a\\Eb")),
        ({"name": {"$regex": "\\Qa\\E$"}}, q.EndsWith("name", "a")),
        ({"name": {"$regex": "^a\\.b$"}}, q.Equal("name", "a.b")),
        ({"name": {"$regex": "tea"}}, q.Contains("name", "tea")),
        ({"name": {"$regex": ""}}, q.Matches("name", "^")),
        ({"name": {"$regex": "^$"}}, q.Matches("name", "^$")),
        ({"name": {"$regex": "\\Qa.b\\E", "$options": "im"}}, q.Matches("name", "a\\.b", ignore_case=True)),
        ({"t": {"$options": "i", "$regex": "[一-龥]+$"}}, q.Matches("attr.t", "[一-龥]+$", ignore_case=True)),
        ({"t": {"$regex": "\\d"}}, q.Matches("attr.t", "\\d")),
        ({"t": {"$regex": "a$b"}}, q.Matches("attr.t", "a$b")),
        ({"t": {"$regex": "^a$", "$options": "m"}}, q.Matches("attr.t", "(?m)^a$")),
        ({"t": {"$regex": "^\\Qa.b\\E", "$options": "mi"}}, q.Matches("attr.t", "(?m)^a\\.b", ignore_case=True)),
        ({"t": {"$regex": "\\Q^a\\E", "$options": "m"}}, q.Contains("attr.t", "^a")),
        ({"tags": {"$size": 2}}, q.Size("attr.tags", 2)),
        ({"mu": "ann"}, q.Has("muted", ("ann",))),
        ({"mu": {"$ne": "ann"}}, q.Not(q.Has("muted", ("ann",)))),
        ({"mu": {"$in": ["ann", "bob"]}}, q.Has("muted", ("ann", "bob"))),
        ({"mu": {"$all": ["ann", "bob"]}}, q.AllOf((q.Has("muted", ("ann",)), q.Has("muted", ("bob",))))),
        ({"mu": {"$exists": False}}, q.Missing("muted")),
        ({"uniqueId": "65"}, q.AllOf((UNIQUE, q.Equal("id", "65")))),
        ({"uniqueId": {"$in": ["65", "66"]}}, q.AllOf((UNIQUE, q.OneOf("id", ("65", "66"))))),
        ({"uniqueId": {"$ne": "65"}}, q.Not(q.AllOf((UNIQUE, q.Equal("id", "65"))))),
        ({"uniqueId": {"$nin": ["65"]}}, q.Not(q.AllOf((UNIQUE, q.Equal("id", "65"))))),
        ({"uniqueId": {"$exists": True}}, UNIQUE),
        ({"uniqueId": {"$exists": False}}, q.NotEqual("unique", value=True)),
        ({"uniqueId": None}, q.NotEqual("unique", value=True)),
    ],
)
def test_each_form_asks_for_what_it_means(where: object, condition: Condition) -> None:
    assert said(where) == condition


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("[1]", "not a JSON object"),
        ("{", "not a JSON object"),
        ("[" * 5_000, "not a JSON object"),
        ('{"a":' * 1_500 + "1" + "}" * 1_500, "not a JSON object"),
        ('{"a":[' + "1," * VALUES_MAX + "1]}", "not a JSON object"),
        ('{"a": 1e999}', "not a JSON object"),
        ('{"a": {"$gt": null}}', "not a value"),
        ('{"a": {"$lt": [1]}}', "not a value"),
        ('{"a": [1]}', "not a value"),
        ('{"a": {"b": 1}}', "not an operator"),
        ('{"a": {}}', "no operator"),
        ('{"a": {"__type": "Pointer", "objectId": "1"}}', "not a value"),
        ('{"name": {"__type": "Date", "iso": "x"}}', "not a value"),
        ('{"a": {"__type": "Date"}}', "not a date"),
        ('{"lm": {"$gt": {"__type": "Date", "iso": "now"}}}', "not a date"),
        ('{"lm": 5}', "not a date"),
        ('{"lm": true}', "not a date"),
        ('{"$nor": [{"a": 1}]}', "not an operator"),
        ('{"$where": "1"}', "not an operator"),
        ('{"a": {"$near": 1}}', "not an operator"),
        ('{"a": {"$options": "i"}}', "not an operator"),
        ('{"a": {"$size": "2"}}', "takes a number"),
        ('{"a": {"$size": true}}', "takes a number"),
        ('{"a": {"$size": -1}}', ">= 0"),
        ('{"name": {"$size": 2}}', "only lists of attributes"),
        ('{"mu": {"$size": 2}}', "only lists of attributes"),
        ('{"mu": ["a"]}', "not a value"),
        ('{"uniqueId": {"$lt": ["a"]}}', "not a value"),
        ('{"a": {"$exists": 1}}', "true or false"),
        ('{"a": {"$in": "x"}}', "takes a list"),
        ('{"$or": {"a": 1}}', "takes a list"),
        ('{"$or": []}', "nothing to choose"),
        ('{"$and": [{"a": 1}, {}]}', "nothing to choose"),
        ('{"$or": [1]}', "not an object"),
        ('{"m": 5}', "a client id is a text"),
        ('{"m": null}', "a client id is a text"),
        ('{"m": {"$gt": "a"}}', "not what members"),
        ('{"m": {"$size": true}}', "not what members"),
        ('{"m": {"$regex": "a"}}', "not what members"),
        ('{"m": {"$all": "a"}}', "not what members"),
        ('{"m": ""}', "length >= 1"),
        ('{"m": []}', "length >= 1"),
        ('{"tr": {"$in": [true]}}', "by $exists alone"),
        ('{"tr": "yes"}', "by $exists alone"),
        ('{"a": {"$regex": 5}}', "takes a text"),
        ('{"a": {"$regex": "a", "$options": "x"}}', "only the options"),
        ('{"a": {"$regex": "(?=a)"}}', "not a group"),
        ('{"a": {"$regex": "a\\\\"}}', "ends too early"),
        ('{"a..b": 1}', "not a field"),
        ('{"a": "' + "x" * 257 + '"}', "length <= 256"),
        ('{"a": "\\u0000"}', "matching regex"),
        ('{"a": 9007199254740993}', "every reader"),
        ('{"$or": [{"a": 1},' * 12 + '{"b": 1}' + "]}" * 12, "nested too deeply"),
        ('{"$and": [{"a": 1},' * 12 + '{"b": 1}' + "]}" * 12, "nested too deeply"),
        (json.dumps({f"k{number}": 1 for number in range(30)}), "too many conditions"),
    ],
)
def test_what_cannot_be_said_is_refused_with_the_reason(where: str, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        condition_of(where, ME)
    assert reason in str(refused.value)


@pytest.mark.parametrize("where", ["", "{}"])
def test_without_a_wish_a_client_means_its_own_normal_conversations(where: str) -> None:
    assert condition_of(where, ME) == q.AllOf((q.WithMembers((ME,)), q.OneOf("kind", ("direct", "group"))))
    assert condition_of(where, None) is None


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ({"objectId": {"$in": ["a", "_tmp:b", 5, "", "c" * 65]}}, ("a", "b")),
        ({"objectId": {"$in": ["a"], "$nin": ["b"]}}, ()),
        ({"objectId": {"$in": ["a"]}, "name": "x"}, ()),
        ({"objectId": "a"}, ("a",)),
        ({"objectId": "_tmp:a"}, ("a",)),
        ({"objectId": ""}, ()),
        ({"objectId": "a", "name": "x"}, ()),
        ({"objectId": {"$ne": "a"}}, ()),
        ({"objectId": {"$in": "a"}}, ()),
        ({"a": {"$in": ["a"]}}, ()),
        ({}, ()),
    ],
)
def test_many_conversations_are_asked_for_by_their_ids_alone(where: object, ids: tuple[str, ...]) -> None:
    assert ids_of(json.dumps(where)) == ids


@pytest.mark.parametrize(
    ("sort", "keys"),
    [
        ("", ()),
        ("-lm", (SortKey("last_message_at", descending=True),)),
        ("name, -createdAt,+c,", (SortKey("name"), SortKey("created_at", descending=True), SortKey("creator"))),
        ("-attr.topic,topic", (SortKey("attr.attr.topic", descending=True), SortKey("attr.topic"))),
    ],
)
def test_what_to_sort_by(sort: str, keys: tuple[SortKey, ...]) -> None:
    assert order_of(sort) == keys


@pytest.mark.parametrize("sort", ["m", "-mu", "uniqueId", "tr", "a..b", "-", "a,b,c,d,e,f"])
def test_by_what_has_no_order_nothing_is_sorted(sort: str) -> None:
    with pytest.raises(Invalid):
        order_of(sort)


plain = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=60)


@given(plain, st.booleans())
def test_a_text_that_a_client_quotes_is_found_as_it_is(text: str, ignores_case: bool) -> None:
    for before, after, test in (
        ("", "", q.Contains),
        ("^", "", q.StartsWith),
        ("", "$", q.EndsWith),
        ("^", "$", q.Equal),
    ):
        regex = before + js_quoted(text) + after
        if not ignores_case:
            assert said({"name": {"$regex": regex}}) == test("name", text)
            continue
        found = said({"name": {"$regex": regex, "$options": "i"}})
        assert isinstance(found, q.Matches)
        assert pattern(found.pattern, ignore_case=True).is_in(text)


columns = st.sampled_from(
    ["name", "objectId", "lm", "m", "tr", "unique", "mu", "uniqueId", "a", "a.b", "$or", "$and", ""]
)
operators = st.sampled_from(["$ne", "$lt", "$exists", "$in", "$nin", "$all", "$size", "$regex", "$options", "$x"])
operands = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=9), st.just(DATE)
)
wheres: st.SearchStrategy[Any] = st.recursive(
    operands,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(operators, inner, max_size=3),
        st.dictionaries(columns, inner, max_size=3),
    ),
    max_leaves=12,
)


@given(wheres)
def test_whatever_comes_is_understood_or_refused(where: object) -> None:
    for ask in (said, lambda given: ids_of(json.dumps(given))):
        try:
            asked = ask(where)
        except Invalid:
            continue
        if isinstance(asked, q.Test):
            q.check(asked, ())


@given(st.text(max_size=30), st.text(max_size=5))
def test_no_regular_expression_breaks_anything(regex: str, options: str) -> None:
    with suppress(Invalid):
        said({"name": {"$regex": regex, "$options": options}})
