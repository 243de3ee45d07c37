"""Paths into attributes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.domain.attributes import NESTING_MAX, PATH_PARTS_MAX, amended, changed, depth_of, parts_of
from unisono.domain.commands import Amendment, Append, Increase, TakeOut
from unisono.domain.errors import Invalid
from unisono.domain.ids import INTEGER_MAX

TREE: dict[str, Any] = {"place": {"city": "Oslo", "zip": [1, 2]}, "pinned": True}


@pytest.mark.parametrize(
    ("put", "taken", "result"),
    [
        ({}, (), TREE),
        (None, (), TREE),
        ({"attr.pinned": False}, (), {**TREE, "pinned": False}),
        ({"attr.place.city": "Bergen"}, (), {**TREE, "place": {"city": "Bergen", "zip": [1, 2]}}),
        ({"attr.a.b.c": 1, "attr.a.d": None}, (), {**TREE, "a": {"b": {"c": 1}, "d": None}}),
        ({}, ("attr.place.zip",), {**TREE, "place": {"city": "Oslo"}}),
        ({}, ("attr.place",), {"pinned": True}),
        ({}, ("attr.place.no.where", "attr.pinned.no", "attr.none"), TREE),
        ({"attr.x": 1}, ("attr.place", "attr.pinned"), {"x": 1}),
        ({}, ("attr.place", "attr.pinned"), None),
        ({"attr.ab": 1, "attr.a.b": 2}, (), {**TREE, "ab": 1, "a": {"b": 2}}),
    ],
)
def test_paths_are_put_and_taken(put: dict[str, Any] | None, taken: tuple[str, ...], result: object) -> None:
    before = {**TREE, "place": dict(TREE["place"])}
    assert changed(TREE, put, taken) == result
    assert before == TREE


def test_where_there_was_nothing_there_is_something() -> None:
    assert changed(None, {"attr.a.b": 1}, ()) == {"a": {"b": 1}}
    assert changed(None, {}, ("attr.a",)) is None


@pytest.mark.parametrize("path", ["a", "attr", "attr.", "attr..a", "attr.a.", ".attr.a", "Attr.a", ""])
def test_a_path_begins_with_its_prefix_and_has_no_empty_part(path: str) -> None:
    with pytest.raises(Invalid):
        parts_of(path)


def test_a_path_has_so_many_parts_and_no_more() -> None:
    assert parts_of("attr" + ".a" * PATH_PARTS_MAX) == ["a"] * PATH_PARTS_MAX
    with pytest.raises(Invalid):
        parts_of("attr" + ".a" * (PATH_PARTS_MAX + 1))


@pytest.mark.parametrize(
    ("put", "taken"),
    [
        ({"attr.a": 1}, ("attr.a",)),
        ({"attr.a.b": 1, "attr.a": 1}, ()),
        ({}, ("attr.a", "attr.a")),
        ({"attr.a.b": 1}, ("attr.c", "attr.a", "attr.aa")),
    ],
)
def test_paths_do_not_overlap(put: dict[str, Any], taken: tuple[str, ...]) -> None:
    with pytest.raises(Invalid) as refused:
        changed(TREE, put, taken)
    assert refused.value.numbers["reason"] == "two paths overlap"


def test_a_value_that_is_no_object_stands_in_the_way() -> None:
    with pytest.raises(Invalid) as refused:
        changed(TREE, {"attr.pinned.since": 1}, ())
    assert refused.value.numbers["path"] == "attr.pinned.since"


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def test_the_result_is_nested_so_deep_and_no_deeper() -> None:
    assert depth_of(changed(None, {"attr.a.b": deep(NESTING_MAX - 2)}, ())) == NESTING_MAX
    with pytest.raises(Invalid) as refused:
        changed(None, {"attr.a.b": deep(NESTING_MAX - 1)}, ())
    assert refused.value.numbers["limit"] == NESTING_MAX
    assert depth_of([[], {"a": [1]}]) == 3


names = st.sampled_from(["a", "b", "c"])
paths = st.lists(names, min_size=1, max_size=3).map(lambda parts: "attr." + ".".join(parts))
trees = st.recursive(st.integers(), lambda inner: st.dictionaries(names, inner, max_size=3), max_leaves=8)


@given(st.dictionaries(names, trees, max_size=3), paths, trees)
def test_what_was_put_is_there_and_what_was_taken_is_not(tree: dict[str, Any], path: str, value: Any) -> None:
    try:
        put = changed(tree, {path: value}, ())
    except Invalid:
        return
    found: Any = put
    for part in parts_of(path):
        found = found[part]
    assert found == value
    taken = changed(put, {}, (path,))
    assert changed(taken, {}, (path,)) == taken
    assert changed(taken, {path: value}, ()) == put


@pytest.mark.parametrize(
    ("path", "amendment", "result"),
    [
        ("attr.votes", Increase(), 8),
        ("attr.votes", Increase(-0.5), 6.5),
        ("attr.votes", Increase(INTEGER_MAX - 7), INTEGER_MAX),
        ("attr.new.one", Increase(3), 3),
        ("attr.votes.none", Increase(3), 3),
        ("attr.tags", Append(("a", 1)), ["a", {"b": 1, "c": 2}, True, "a", 1]),
        ("attr.tags", Append(("a", {"c": 2, "b": 1}, 1, 1), once=True), ["a", {"b": 1, "c": 2}, True, 1]),
        ("attr.new", Append(("a", "a")), ["a", "a"]),
        ("attr.new", Append(("a", "a"), once=True), ["a"]),
        ("attr.tags", TakeOut(("a", 1)), [{"b": 1, "c": 2}, True]),
        ("attr.tags", TakeOut((True, {"c": 2, "b": 1}, "x")), ["a"]),
        ("attr.new", TakeOut(("a",)), []),
    ],
)
def test_a_value_is_made_of_the_one_that_is_there(path: str, amendment: Amendment, result: object) -> None:
    before = {"votes": 7, "tags": ["a", {"b": 1, "c": 2}, True]}
    assert amended(before, {path: amendment}) == {path: result}
    assert before == {"votes": 7, "tags": ["a", {"b": 1, "c": 2}, True]}
    made = amended(before, {path: amendment})[path]
    assert isinstance(made, list) or not isinstance(made, bool)


@pytest.mark.parametrize(
    ("path", "amendment"),
    [
        ("attr.text", Increase()),
        ("attr.flag", Increase()),
        ("attr.list", Increase()),
        ("attr.votes", Increase(INTEGER_MAX)),
        ("attr.votes", Increase(float("nan"))),
        ("attr.votes", Append((1,))),
        ("attr.text", TakeOut((1,))),
        ("votes", Increase()),
    ],
)
def test_a_value_of_another_type_is_left_alone(path: str, amendment: Amendment) -> None:
    with pytest.raises(Invalid):
        amended({"votes": 1, "text": "a", "flag": True, "list": []}, {path: amendment})


def test_where_there_was_nothing_something_is_made() -> None:
    assert amended(None, {"attr.a.b": Increase(2)}) == {"attr.a.b": 2}
