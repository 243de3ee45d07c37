"""The SDK reads and writes the golden frames as the server does, in both encodings."""

import json
from base64 import b64encode
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import msgpack
import pytest

from tests.sdk.operations import COMMANDS
from unisono_sdk.answers import UnknownAnswer
from unisono_sdk.codec import JSON, MSGPACK
from unisono_sdk.commands import Command
from unisono_sdk.facts import UnknownFact
from unisono_sdk.frames import Request, ServerFrame, UnknownFrame
from unisono_sdk.structure import read

VECTORS = Path(__file__).parents[1] / "vectors"
BY_OP = {kind.op: kind for kind in COMMANDS}


def frames(name: str) -> list[Any]:
    """Give the frames of one file as parameters."""
    found = json.loads((VECTORS / f"{name}.json").read_text())["frames"]
    return [pytest.param(frame, id=frame["name"]) for frame in found]


def plain(value: Any) -> Any:
    """Give a value as the protocol's plain JSON: with tags, without defaults."""
    if isinstance(value, UnknownFact | UnknownAnswer):
        return {"kind": value.kind, **plain(value.fields)}
    if is_dataclass(value) and not isinstance(value, type):
        tags = {"is": value.tag} if hasattr(value, "tag") and "tag" not in _names(value) else {}
        kinds = {"kind": value.kind} if hasattr(value, "kind") else {}
        told = {
            each.name: plain(getattr(value, each.name))
            for each in fields(value)
            if getattr(value, each.name) != each.default
        }
        return {**tags, **kinds, **told}
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value


def _names(value: Any) -> set[str]:
    return {each.name for each in fields(value)}


def read_both(frame: dict[str, Any]) -> tuple[ServerFrame, ServerFrame]:
    """Read a server frame from its two encodings."""
    return JSON.decode(frame["json"]), MSGPACK.decode(bytes.fromhex(frame["msgpack"]))


def request_of(means: dict[str, Any]) -> Request:
    """Make the request that a frame means, by the SDK's own classes."""
    asked = means["do"]
    kind: type[Command] = BY_OP[asked["op"]]
    command = read(kind, {key: value for key, value in asked.items() if key != "op"})
    assert isinstance(command, kind)
    return Request(id=means["id"], do=command)


@pytest.mark.parametrize("frame", frames("server"))
def test_a_servers_frame_means_the_same_in_both_encodings(frame: dict[str, Any]) -> None:
    by_json, by_msgpack = read_both(frame)
    assert by_json == by_msgpack
    assert plain(by_json) == frame["means"]


@pytest.mark.parametrize("frame", frames("server_later"))
def test_what_a_later_server_adds_is_passed_over(frame: dict[str, Any]) -> None:
    by_json, by_msgpack = read_both(frame)
    assert by_json == by_msgpack
    if frame["reads_as"] is None:
        assert isinstance(by_json, UnknownFrame)
    else:
        assert plain(by_json) == frame["reads_as"]


@pytest.mark.parametrize("frame", frames("client"))
def test_a_request_is_written_as_the_server_reads_it(frame: dict[str, Any]) -> None:
    request = request_of(frame["means"])
    written_json, written_msgpack = JSON.encode(request), MSGPACK.encode(request)
    assert isinstance(written_json, str)
    # A field given with its default may be left out: the meaning is the same.
    assert request_of(json.loads(written_json)) == request
    assert request_of(msgpack.unpackb(written_msgpack)) == request
    assert json.loads(written_json) == msgpack.unpackb(written_msgpack)
    assert set(json.loads(written_json)["do"]) <= set(frame["means"]["do"])


def test_every_operation_has_its_frame() -> None:
    seen = {frame.values[0]["means"]["do"]["op"] for frame in frames("client")}
    assert seen == set(BY_OP)
