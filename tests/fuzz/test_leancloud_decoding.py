"""LeanCloud's frames: the corpus and bytes at random give a command or one of two faults, and nothing else."""

from base64 import b64encode
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.leancloud import Entry, corpus
from tests.fuzz.test_decoding_at_random import Mutation, mutated, mutations
from tests.vectors.leancloud.client import CLIENT
from tests.vectors.leancloud.fields import written
from unisono.domain.errors import Malformed, TooLarge
from unisono.wire.leancloud.codes import UNPARSEABLE, error_of
from unisono.wire.leancloud.frames import decode, encode, serial_of
from unisono.wire.leancloud.realtime_pb2 import GenericCommand
from unisono.wire.leancloud.subprotocols import DIALECTS

FILE = Path(__file__).parent / "leancloud.jsonl"
GOOD = [written(fields) for fields in CLIENT.values()]


@cache
def entries() -> tuple[Entry, ...]:
    """Read the file."""
    return tuple(msgspec.json.decode(line, type=Entry) for line in FILE.read_bytes().splitlines())


def read(payload: bytes) -> GenericCommand | None:
    """Decode in both forms; None for the two faults. What is read must be written and read again as the same."""
    commands: list[GenericCommand | None] = []
    for dialect in (DIALECTS["lc.protobuf2.3"], DIALECTS["lc.proto2base64.3"]):
        frame = b64encode(payload).decode() if dialect.is_text else payload
        try:
            commands.append(decode(frame, dialect))
        except (Malformed, TooLarge):
            commands.append(None)
            serial_of(frame, dialect)
    binary, text = commands
    assert binary == text
    if binary is not None:
        frame = encode(binary, DIALECTS["lc.protobuf2.3"])
        assert decode(frame, DIALECTS["lc.protobuf2.3"]) == binary
    return binary


def test_the_file_is_in_step_with_what_makes_it() -> None:
    assert FILE.read_text(encoding="utf-8") == corpus(), "behind the code: make docs"


def test_there_are_enough_and_all_differ() -> None:
    for form in ("binary", "text"):
        assert len([entry for entry in entries() if entry.frame == form]) >= 200
    assert len({entry.name for entry in entries()}) == len(entries())
    assert len({(entry.subprotocol, entry.frame, entry.encoded) for entry in entries()}) == len(entries())


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_an_unreadable_frame_gets_its_code_and_nothing_else_comes_out(entry: Entry) -> None:
    dialect = DIALECTS[entry.subprotocol]
    with pytest.raises(Malformed) as caught:
        decode(entry.payload, dialect)
    assert error_of(caught.value).code == UNPARSEABLE
    assert len(str(caught.value)) < 200
    assert serial_of(entry.payload, dialect) == entry.serial


@given(st.binary(max_size=300))
def test_any_bytes(payload: bytes) -> None:
    read(payload)


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_any_frame_of_either_form(frame: str | bytes) -> None:
    for each in DIALECTS.values():
        try:
            decode(frame, each)
        except (Malformed, TooLarge):
            continue


@given(st.sampled_from(GOOD), mutations)
def test_good_frames_with_a_few_bytes_changed(frame: bytes, changes: list[Mutation]) -> None:
    read(mutated(frame, changes))


@pytest.mark.full
@settings(max_examples=20_000, deadline=None)
@given(st.sampled_from(GOOD), mutations)
def test_good_frames_with_a_few_bytes_changed_at_length(frame: bytes, changes: list[Mutation]) -> None:
    read(mutated(frame, changes))


@pytest.mark.full
@settings(max_examples=20_000, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_at_length(payload: bytes) -> None:
    read(payload)
