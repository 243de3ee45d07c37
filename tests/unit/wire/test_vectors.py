"""The golden frames: in step with the code, complete, and read by the server as they are meant."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import msgpack
import msgspec
import pytest

from tests.vectors import generate
from tests.vectors.refused import answer_to
from unisono.domain.answers import AnyAnswer
from unisono.domain.commands import COMMANDS
from unisono.domain.events import Event
from unisono.domain.facts import Fact
from unisono.wire.codes import CODES
from unisono.wire.native import JSON, MSGPACK, Request, codec_of

HERE = Path(__file__).parents[2] / "vectors"
FILES = {
    "client.json": generate.client_frames,
    "client_variants.json": generate.client_variants,
    "refused.json": generate.refused_frames,
    "server.json": generate.server_frames,
    "server_later.json": generate.later_frames,
}

Frame = dict[str, Any]


def frames(file: str) -> list[Frame]:
    """Read a file of vectors."""
    found: list[Frame] = json.loads((HERE / file).read_text(encoding="utf-8"))["frames"]
    return found


def named(*files: str) -> pytest.MarkDecorator:
    """Have a test walk the frames of some files."""
    walked = [pytest.param(frame, id=f"{file}: {frame['name']}") for file in files for frame in frames(file)]
    return pytest.mark.parametrize("frame", walked)


def tags(structs: tuple[type, ...]) -> set[str]:
    """Give the names on the wire."""
    return {str(struct.__struct_config__.tag) for struct in structs}  # type: ignore[attr-defined]  # msgspec adds it


@pytest.mark.parametrize(("file", "make"), FILES.items())
def test_the_files_are_in_step_with_the_code(file: str, make: Callable[[], str]) -> None:
    assert (HERE / file).read_text(encoding="utf-8") == make(), "behind the code: make docs"


def test_no_file_is_left_over() -> None:
    assert {path.name for path in HERE.glob("*.json")} == set(FILES)


@pytest.mark.parametrize("file", FILES)
def test_names_are_unique(file: str) -> None:
    names = [frame["name"] for frame in frames(file)]
    assert len(set(names)) == len(names)


@named("client.json", "client_variants.json", "server.json", "server_later.json")
def test_both_encodings_mean_the_same(frame: Frame) -> None:
    """Read with other libraries than those that wrote them."""
    expected = frame["means"]
    as_json, as_msgpack = json.loads(frame["json"]), msgpack.unpackb(bytes.fromhex(frame["msgpack"]))
    if "defaults" not in frame["name"]:
        assert as_json == expected
        assert as_msgpack == expected
    assert as_json == as_msgpack


@named("client.json", "client_variants.json")
def test_the_server_reads_what_clients_mean(frame: Frame) -> None:
    from_json = codec_of(JSON).decode(frame["json"].encode())
    from_msgpack = codec_of(MSGPACK).decode(bytes.fromhex(frame["msgpack"]))
    assert from_json == from_msgpack
    assert from_json == msgspec.convert(frame["means"], Request, strict=True)


@named("refused.json")
def test_the_server_refuses_with_the_code_that_is_said(frame: Frame) -> None:
    expected = {"code": frame["code"], "re": frame["re"]}
    if "json" in frame:
        assert answer_to(JSON, frame["json"].encode()) == expected
    if "msgpack" in frame:
        assert answer_to(MSGPACK, bytes.fromhex(frame["msgpack"])) == expected


def test_every_operation_is_there_with_its_least_and_with_all_its_fields() -> None:
    names = {frame["name"] for frame in frames("client.json")}
    for command in COMMANDS:
        op = str(command.__struct_config__.tag)
        assert f"{op}: least" in names
        has_more = len(command.__struct_fields__) > len(
            [field for field in msgspec.structs.fields(command) if field.required]
        )
        assert not has_more or f"{op}: all fields" in names


def test_all_fields_are_all_fields() -> None:
    for command in COMMANDS:
        op = str(command.__struct_config__.tag)
        seen = {
            key for frame in frames("client.json") if frame["means"]["do"]["op"] == op for key in frame["means"]["do"]
        }
        assert seen == {"op", *command.__struct_fields__}


def test_every_answer_fact_error_and_end_is_there() -> None:
    means = [frame["means"] for frame in frames("server.json")]
    replies = [mean["answer"] for mean in means if mean["is"] == "reply"]
    delivered = [entry["fact"] for mean in means if mean["is"] == "facts" for entry in mean["facts"]]
    assert {answer["kind"] for answer in replies} == tags(get_args(AnyAnswer))
    assert {fact["kind"] for fact in delivered} == tags(get_args(Fact))
    assert {mean["event"]["kind"] for mean in means if mean["is"] == "event"} == tags(get_args(Event))
    assert {mean["code"] for mean in means if mean["is"] == "error"} == set(CODES)
    assert {mean["code"]: mean["advice"] for mean in means if mean["is"] == "bye"} == {
        name: code.advice.value for name, code in CODES.items()
    }


def test_every_field_of_events_is_there() -> None:
    spoken = [frame["means"]["event"] for frame in frames("server.json") if frame["means"]["is"] == "event"]
    for event in get_args(Event):
        kind = str(event.__struct_config__.tag)
        assert {key for each in spoken if each["kind"] == kind for key in each} == {"kind", *event.__struct_fields__}


def test_every_field_of_answers_and_facts_is_there() -> None:
    means = [frame["means"] for frame in frames("server.json")]
    spoken = [mean["answer"] for mean in means if mean["is"] == "reply"]
    spoken += [entry["fact"] for mean in means if mean["is"] == "facts" for entry in mean["facts"]]
    for struct in (*get_args(AnyAnswer), *get_args(Fact)):
        tag = str(struct.__struct_config__.tag)
        seen = {key for value in spoken if value["kind"] == tag for key in value}
        assert seen == {"kind", *struct.__struct_fields__}
