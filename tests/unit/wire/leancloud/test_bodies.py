"""Bodies of messages: LeanCloud's clients get back what they sent, and both sides understand each other."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.domain.facts import Content
from unisono.domain.quotas import Quotas, check_content
from unisono.wire.leancloud.bodies import ORIGINAL, RECALLED, UNTYPED_BYTES, body_of, content_of
from unisono.wire.weight import VALUES_MAX

FILE = '{"_lctext":"see","_lcfile":{"objId":"f1","url":"http://h/f","metaData":{"size":3,"name":"n"}},"_lctype":-2}'
NATIVE_FILE = {"id": "f1", "url": "http://h/f", "size": 3, "name": "n"}
SAMPLES: dict[str, tuple[str, Content]] = {
    "text": ('{"_lctext":"hi","_lctype":-1}', Content(text="hi")),
    "text with attributes": (
        '{"_lctext":"hi","_lcattrs":{"a":[1,null]},"_lctype":-1}',
        Content(text="hi", attributes={"a": [1, None]}),
    ),
    "image": (FILE, Content(type=-2, text="see", data={"file": NATIVE_FILE})),
    "place": (
        '{"_lcloc":{"longitude":116.4,"latitude":40},"_lctype":-5}',
        Content(type=-5, data={"longitude": 116.4, "latitude": 40}),
    ),
    "own type": ('{"_lctext":"x","op":"raise","_lctype":3}', Content(type=3, text="x", data={"op": "raise"})),
    "own type and nothing else": ('{"_lctype":3}', Content(type=3, data={})),
    "own type with a file": ('{"_lcfile":{"url":"u"},"_lctype":3}', Content(type=3, data={"_lcfile": {"url": "u"}})),
    "recalled": (RECALLED, Content(type=-127, data={})),
    "bytes beside a text": ('{"_lctext":"x","_lcbinary":"AP8=","_lctype":3}', Content(type=3, text="x", binary="AP8=")),
}
UNTYPED = (
    *("", "hello", " ", "null", "7", "[]", '"{}"', "{}", '{"a":1}', "{", "\ufeff{}"),
    *('{"_lctype":"-1"}', '{"_lctype":true}', '{"_lctype":1.0}', '{"_lctype":null}', '{"_lctype":0}'),
    *('{"_lctype":2147483648}', '{"_lctype":-2147483648000}', '{"_lctype":-1,"a":"\\ud83d"}', '{"_lctype":NaN}'),
    "[" * 2_000,
)
LIKE_TYPED = {
    "another order": ('{"_lctype":-1,"_lctext":"hi"}', Content(text="hi")),
    "spaces": ('{ "_lctext": "hi", "_lctype": -1 }', Content(text="hi")),
    "escapes": (r'{"_lctext":"\u4f60\/","_lctype":-1}', Content(text="\u4f60/")),
    "a key twice": ('{"_lctext":"a","_lctext":"b","_lctype":-1}', Content(text="b")),
    "text null": ('{"_lctype":-1,"_lctext":null}', Content(data={"_lctext": None})),
    "text a number": ('{"_lctype":-1,"_lctext":5}', Content(data={"_lctext": 5})),
    "attributes an array": ('{"_lctype":-1,"_lcattrs":[1]}', Content(data={"_lcattrs": [1]})),
    "a float": ('{"a":1.50,"_lctype":1}', Content(type=1, data={"a": 1.5})),
    "our own key": ('{"_lc":true,"_lctext":"hi","_lctype":-1}', Content(text="hi")),
    "a file without an id": (
        '{"_lcfile":{"url":"u","metaData":{"mime_type":"a/b","url":"no"}},"_lctype":-6}',
        Content(type=-6, data={"file": {"url": "u", "mime": "a/b"}}),
    ),
    "a file without a description": (
        '{"_lcfile":{"url":"u","objId":5},"_lctype":-6}',
        Content(type=-6, data={"file": {"url": "u"}}),
    ),
    "a file in both forms": (
        '{"_lcfile":{"url":"u","metaData":{}},"file":1,"_lctype":-6}',
        Content(type=-6, data={"file": {"url": "u"}}),
    ),
}
AS_THEY_ARE = (
    '{"_lcfile":{"objId":"f"},"_lctype":-2}',
    '{"_lcfile":"u","_lctype":-2}',
    '{"_lcloc":{"longitude":true,"latitude":1},"_lctype":-5}',
    '{"_lcloc":{"longitude":1},"_lctype":-5}',
    '{"_lcloc":[1,2],"_lctype":-5}',
    '{"_lcbinary":"AP8","_lctype":3}',
    '{"_lcbinary":"\u00e9","_lctype":3}',
    '{"_lcbinary":5,"_lctype":3}',
)


@pytest.mark.parametrize(("body", "content"), SAMPLES.values(), ids=SAMPLES)
def test_a_typed_body_is_a_content_and_back(body: str, content: Content) -> None:
    assert content_of(body) == content
    assert body_of(content) == body


@pytest.mark.parametrize("body", UNTYPED, ids=lambda body: body[:30])
def test_what_is_of_no_type_is_a_text_and_comes_back_as_it_was(body: str) -> None:
    content = content_of(body)
    assert content == Content(text=body, data={ORIGINAL: True})
    assert body_of(content) == body


@pytest.mark.parametrize(("body", "content"), LIKE_TYPED.values(), ids=LIKE_TYPED)
def test_what_we_would_write_otherwise_is_carried_along(body: str, content: Content) -> None:
    found = content_of(body)
    assert found == msgspec.structs.replace(content, data={**(content.data or {}), ORIGINAL: body})
    assert body_of(found) == body


@pytest.mark.parametrize("body", AS_THEY_ARE)
def test_fields_that_are_not_what_they_should_be_stay_as_they_are(body: str) -> None:
    content = content_of(body)
    fields = json.loads(body)
    assert content == Content(type=fields.pop("_lctype"), data=fields)
    assert body_of(content) == body


@pytest.mark.parametrize("value", ['{"n":12345678901234567890}', "[" * 40 + "]" * 40])
@pytest.mark.parametrize("key", ["_lcattrs", "other"])
def test_values_that_not_every_reader_keeps_are_for_those_alone_who_know_the_text(key: str, value: str) -> None:
    body = f'{{"_lctext":"t","{key}":{value},"_lctype":4}}'
    content = content_of(body)
    assert content == Content(type=4, text="t", data={ORIGINAL: body})
    assert body_of(content) == body


def test_a_body_of_too_many_values_is_a_text() -> None:
    body = '{"_lctype":4,"a":[' + "0," * VALUES_MAX + "0]}"
    assert content_of(body) == Content(text=body, data={ORIGINAL: True})
    assert body_of(content_of(body)) == body


@pytest.mark.parametrize("raw", [b"", b"\x00\xff", b"{}"])
def test_bytes_come_back_as_bytes(raw: bytes) -> None:
    content = content_of(raw)
    assert content.type == UNTYPED_BYTES
    assert body_of(content) == raw


def test_what_a_native_client_sends_is_typed() -> None:
    file = {"url": "u", "name": "n", "mime": "image/png", "size": 1}
    sent = Content(type=-2, text="t", attributes={"a": 1}, data={"file": file, "more": 2})
    assert json.loads(body_of(sent)) == {
        "_lctype": -2,
        "_lctext": "t",
        "_lcattrs": {"a": 1},
        "_lcfile": {"url": "u", "metaData": {"name": "n", "mime_type": "image/png", "size": 1}},
        "more": 2,
    }
    place = Content(type=-5, data={"latitude": 1, "longitude": 2.5, "name": "x"})
    expected = {"_lctype": -5, "_lcloc": {"latitude": 1, "longitude": 2.5}, "name": "x"}
    assert json.loads(body_of(place)) == expected


@pytest.mark.parametrize("data", [{"file": 5}, {"file": {"name": "n"}}, {"latitude": 1}])
def test_what_a_native_client_sends_amiss_is_passed_on(data: dict[str, object]) -> None:
    for number in (-2, -5):
        assert json.loads(body_of(Content(type=number, data=data))) == {"_lctype": number, **data}


def test_the_words_of_the_protocol_cannot_be_forged_from_data() -> None:
    forged = Content(text="true", data={"_lctext": "false", "_lctype": 9, "_lcattrs": {"a": 1}})
    assert json.loads(body_of(forged)) == {"_lctext": "true", "_lcattrs": {"a": 1}, "_lctype": -1}


@pytest.mark.parametrize("original", [True, "other", '{"_lctext":"other","_lctype":-1}', 5, None])
def test_an_original_that_says_something_else_is_not_believed(original: object) -> None:
    content = Content(type=7, text="shown", data={ORIGINAL: original})
    assert body_of(content) == '{"_lctext":"shown","_lctype":7}'


def test_bytes_beside_other_things_are_not_lost() -> None:
    content = Content(type=UNTYPED_BYTES, text="t", binary="AP8=")
    assert content_of(body_of(content)) == content


keys = st.sampled_from(
    (
        "_lctext",
        "_lcattrs",
        "_lcfile",
        "_lcloc",
        "_lcbinary",
        "_lc",
        "file",
        "url",
        "objId",
        "metaData",
        "longitude",
        "x",
    )
)
short = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | short | keys,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
types = st.sampled_from((-128, -127, -6, -5, -2, -1, 1, 7)) | st.integers()


def round_trip(body: str) -> None:
    """Send a body, keep it as the log does, and hand it out again."""
    content = content_of(body)
    check_content(content, Quotas(message_bytes=1_048_576))
    kept = msgspec.json.decode(msgspec.json.encode(content), type=Content)
    assert kept == content
    assert body_of(kept) == body


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(body: str) -> None:
    round_trip(body)


@given(types, st.dictionaries(keys, values, max_size=3), st.booleans(), st.booleans())
def test_any_typed_body_comes_back(number: int, fields: dict[str, object], is_first: bool, has_spaces: bool) -> None:
    named = {"_lctype": number, **fields} if is_first else {**fields, "_lctype": number}
    round_trip(json.dumps(named, ensure_ascii=False, separators=None if has_spaces else (",", ":")))


@given(st.binary())
def test_any_bytes_come_back(raw: bytes) -> None:
    assert body_of(content_of(raw)) == raw


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)


@given(
    types.filter(lambda n: n != 0 and abs(n) < 2**31),
    st.none() | short,
    st.none() | st.dictionaries(keys.filter(lambda key: key != "_lctext"), plain, max_size=3),
)
def test_whatever_a_native_client_sends_is_of_its_type(
    number: int, text: str | None, data: dict[str, object] | None
) -> None:
    body = body_of(Content(type=number, text=text, data=data))
    assert isinstance(body, str)
    back = content_of(body)
    assert body_of(back) == body
    if back.data is None or back.data.get(ORIGINAL) is not True:
        assert (back.type, back.text) == (number, text)
