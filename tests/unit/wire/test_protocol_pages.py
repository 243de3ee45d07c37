"""The protocol page and the AsyncAPI document: nothing in them that the code does not do, and nothing left out."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import msgspec
import pytest

from tests.vectors.server import ANSWERS as SAMPLES
from tools import asyncapi
from unisono.domain import quotas
from unisono.domain.answers import AnyAnswer
from unisono.domain.attributes import NESTING_MAX
from unisono.domain.commands import COMMANDS, Command
from unisono.domain.events import Event
from unisono.domain.facts import Fact, PlacedFact
from unisono.domain.origin import Caused
from unisono.domain.query import Condition
from unisono.settings import Settings
from unisono.wire.codes import CODES
from unisono.wire.native import JSON, Bye, Delivery, EventFrame, Refusal, Reply, codec_of
from unisono.wire.weight import VALUES_MAX

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/protocol/native.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```json (\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
DOCUMENT = json.loads(asyncapi.document())
FRAMES = (Reply, Refusal, Bye, Delivery, EventFrame)
VECTORS = ROOT / "tests/vectors"


def frames(file: str) -> list[dict[str, Any]]:
    """Read a file of vectors."""
    found: list[dict[str, Any]] = json.loads((VECTORS / file).read_text(encoding="utf-8"))["frames"]
    return found


def tag(struct: type[msgspec.Struct]) -> str:
    """Give a struct's name on the wire."""
    return str(struct.__struct_config__.tag)


def section(heading: str) -> str:
    """Give a section of the page."""
    found = re.search(rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#{{1,3}} |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[2]


def cells(text: str) -> list[list[str]]:
    """Read the rows of the first table of a text."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def quoted(text: str) -> list[str]:
    """Give the words in backquotes."""
    return re.findall(r"`([^`]+)`", text)


# ---------------------------------------------------------------------------------------------------------- examples


def test_there_are_examples_of_each_direction() -> None:
    assert {kind for kind, _ in EXAMPLES} == {"request", "frame"}
    assert PAGE.count("```json") == len(EXAMPLES)


@pytest.mark.parametrize(("kind", "text"), EXAMPLES)
def test_every_example_is_a_frame(kind: str, text: str) -> None:
    if kind == "request":
        codec_of(JSON).decode(text)
        return
    (expected,) = [struct for struct in FRAMES if tag(struct) == json.loads(text)["is"]]
    read = msgspec.json.decode(text, type=expected)
    assert json.loads(msgspec.json.encode(read)) == json.loads(text), "a field that is not read"
    if isinstance(read, Delivery):
        for fact in read.facts:
            msgspec.json.decode(fact.fact, type=Fact)


def test_codes_in_examples_are_as_the_code_has_them() -> None:
    for _, text in EXAMPLES:
        frame = json.loads(text)
        if frame.get("is") == "bye":
            assert CODES[frame["code"]].advice.value == frame["advice"]


# -------------------------------------------------------------------------------------------------------- operations


@pytest.mark.parametrize("command", COMMANDS, ids=tag)
def test_every_operation_is_described_with_all_its_fields(command: type[Command]) -> None:
    text = section(f"`{tag(command)}`")
    fields = {row[0].strip("`"): row for row in cells(text)}
    assert set(fields) == set(command.__struct_fields__)
    for field in msgspec.structs.fields(command):
        default = fields[field.name][2]
        assert (default == "") == field.required
        if isinstance(field.default, bool):
            assert default == str(field.default).lower()
        elif isinstance(field.default, int | str):
            assert default.strip("`") == str(field.default)


def test_every_condition_is_described() -> None:
    described = [name for row in cells(section("Conditions and patterns")) for name in quoted(row[0])]
    assert sorted(described) == sorted(tag(condition) for condition in get_args(Condition))


def _limits(kind: msgspec.inspect.Type) -> str:
    kinds = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
    for each in kinds:
        if isinstance(each, msgspec.inspect.StrType) and each.max_length is not None:
            return f"{each.min_length} to {each.max_length}" if each.min_length else f"up to {each.max_length}"
        if isinstance(each, msgspec.inspect.IntType) and each.le == 1000:
            return f"{each.ge} to {each.le}"
        if isinstance(each, msgspec.inspect.VarTupleType):
            return f"{each.min_length} to {each.max_length}" if each.min_length else f"up to {each.max_length}"
    return ""


@pytest.mark.parametrize("command", COMMANDS, ids=tag)
def test_the_limits_of_fields_are_those_of_the_code(command: type[Command]) -> None:
    info = msgspec.inspect.type_info(command)
    assert isinstance(info, msgspec.inspect.StructType)
    rows = {row[0].strip("`"): row[1] for row in cells(section(f"`{tag(command)}`"))}
    for field in info.fields:
        assert _limits(field.type) in rows[field.name]


@pytest.mark.parametrize("command", COMMANDS, ids=tag)
def test_every_operation_names_its_answer(command: type[Command]) -> None:
    usual, *others = map(tag, asyncapi.ANSWERS[command])
    flowing = " ".join(section(f"`{tag(command)}`").split())
    assert f"Answer: `{usual}`" in flowing
    assert all(f"`{other}`" in flowing for other in others)


@pytest.mark.parametrize("command", COMMANDS, ids=tag)
def test_every_error_named_exists(command: type[Command]) -> None:
    flowing = " ".join(section(f"`{tag(command)}`").split())
    errors = re.search(r"Errors: (.*?)\. ?(?:Repeating|\||$)", flowing)
    for word in quoted(errors[1]) if errors else []:
        assert word in CODES


# ------------------------------------------------------------------------------------------------- answers and facts


def test_every_answer_is_described_with_all_its_fields() -> None:
    described: dict[str, set[str]] = {}
    current = ""
    for first, fields, *_ in cells(section("9. Answers")):
        current = first.strip("`") or current
        described.setdefault(current, set()).update(quoted(fields))
    assert described == {tag(answer): set(answer.__struct_fields__) for answer in get_args(AnyAnswer)}


def test_every_fact_is_described_with_all_its_fields() -> None:
    rows = {first.strip("`"): fields for first, _, fields, _ in cells(section("10. Facts"))}
    assert set(rows) == {tag(fact) for fact in get_args(Fact)}
    for fact in get_args(Fact):
        described = {name: f"`{name}`?" in rows[tag(fact)] for name in quoted(rows[tag(fact)])}
        if issubclass(fact, Caused):
            described["origin"] = "Every fact" in section("10. Facts") and "`origin`" in section("10. Facts")
        assert described == {field.name: not field.required for field in msgspec.structs.fields(fact)}


def test_every_event_is_described_with_all_its_fields() -> None:
    rows = {first.strip("`"): fields for first, fields, *_ in cells(section("11. Events"))}
    assert rows.keys() == {tag(event) for event in get_args(Event)}
    for event in get_args(Event):
        described = {name: f"`{name}`?" in rows[tag(event)] for name in quoted(rows[tag(event)])}
        assert described == {field.name: not field.required for field in msgspec.structs.fields(event)}


def test_every_reason_for_an_end_is_named() -> None:
    (row,) = [row for row in cells(section("10. Facts")) if row[0] == "`session_ended`"]
    ends = msgspec.inspect.type_info(next(fact for fact in get_args(Fact) if tag(fact) == "session_ended"))
    assert isinstance(ends, msgspec.inspect.StructType)
    (reason,) = [field.type for field in ends.fields if field.name == "reason"]
    assert isinstance(reason, msgspec.inspect.LiteralType)
    assert set(reason.values) == set(quoted(row[3]))


# ------------------------------------------------------------------------------------------------------------ limits


def test_the_limits_are_those_of_the_code() -> None:
    text = PAGE
    limits, rates, chosen = Settings().limits, Settings().rates, quotas.Quotas()
    rows = {row[0]: row[1] for row in cells(section("12. Limits"))}
    assert rows["a client's frame"].startswith(f"{limits.frame_bytes >> 20} MiB")
    assert rows["a message, as JSON"].startswith(f"{chosen.message_bytes >> 10} KiB")
    assert rows["attributes of a conversation, as JSON"].startswith(f"{chosen.attributes_bytes >> 10} KiB")
    assert rows["members of a conversation"].startswith(f"{chosen.members_per_conversation},")
    assert rows["sessions of a user"].startswith(f"{chosen.sessions_per_user},")
    assert rows["what waits for one connection"].startswith(f"{limits.outbox_bytes >> 20} MiB")
    assert rows["time to greet"].startswith(f"{limits.greeting_s:.0f} s")
    assert rows["silence"].startswith(f"twice {limits.heartbeat_s} s")
    assert rows["requests of one connection worked on at a time"].startswith(f"{limits.requests_in_flight},")
    expected = f"{rates.commands_per_s:.0f} a second, {rates.commands_burst} at once"
    assert rows["commands of a user"].startswith(expected)
    assert f"at most {NESTING_MAX} levels" in text
    assert f"{VALUES_MAX:,} values" in text
    assert rows["frames of a connection that are no commands"].startswith(
        f"{rates.strays_per_s:.0f} a second, {rates.strays_burst} at once"
    )


# ---------------------------------------------------------------------------------------------------------- AsyncAPI


def test_the_document_is_in_step_with_the_code() -> None:
    assert (ROOT / "docs/reference/asyncapi.json").read_text(encoding="utf-8") == asyncapi.document(), "make docs"


def test_every_operation_has_its_answer() -> None:
    assert set(asyncapi.ANSWERS) == set(COMMANDS)
    assert {answer for answers in asyncapi.ANSWERS.values() for answer in answers} == set(get_args(AnyAnswer))


def test_every_reference_leads_somewhere() -> None:
    for reference in set(re.findall(r'"#/([^"]+)"', json.dumps(DOCUMENT))):
        place: Any = DOCUMENT
        for step in reference.split("/"):
            place = place[step]
        assert isinstance(place, dict)


def validator(name: str) -> jsonschema_rs.Validator:
    """Make a validator of one of the document's schemas."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return jsonschema_rs.validator_for(schema)


NAMES = {"reply": "Reply", "error": "Refusal", "bye": "Bye", "facts": "Delivery", "event": "EventFrame"}


def test_the_schemas_take_every_golden_frame() -> None:
    request = validator("Request")
    for frame in frames("client.json"):
        request.validate(frame["means"])
    servers = {kind: validator(name) for kind, name in NAMES.items()}
    for frame in frames("server.json"):
        servers[frame["means"]["is"]].validate(frame["means"])


def test_the_schemas_refuse_what_the_server_refuses() -> None:
    """Except what a schema cannot say: that an integer inside free values is one that every reader keeps."""
    request = validator("Request")
    for frame in frames("refused.json"):
        if "json" not in frame or frame["name"] == "integer that not every reader keeps":
            continue
        try:
            value = json.loads(frame["json"])
            json.dumps(value, ensure_ascii=False).encode()
        except ValueError:
            continue
        assert not request.is_valid(value), frame["name"]


def test_samples_cover_what_the_document_names() -> None:
    assert {tag(type(sample)) for sample in SAMPLES.values()} == {
        answer for answers in DOCUMENT["x-answers"].values() for answer in answers
    }
    assert PlacedFact.__name__ not in DOCUMENT["components"]["schemas"]
