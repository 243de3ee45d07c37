"""The corpus against the codecs: each frame gets its code, and no other exception comes out."""

import base64
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
import pytest

from tests.fuzz.corpus import Entry, corpus
from unisono.domain.commands import COMMANDS
from unisono.domain.errors import Malformed, Unsupported
from unisono.domain.permission import Standing, check
from unisono.wire.codes import CODES
from unisono.wire.native import SUBPROTOCOLS, codec_of, request_id_of

FILE = Path(__file__).parent / "corpus.jsonl"


@cache
def entries() -> tuple[Entry, ...]:
    """Read the file."""
    return tuple(msgspec.json.decode(line, type=Entry) for line in FILE.read_bytes().splitlines())


def walking(chosen: Callable[[Entry], bool]) -> pytest.MarkDecorator:
    """Have a test walk some of the entries, those of one encoding and operation at a time."""
    groups: dict[str, list[Entry]] = {}
    for entry in filter(chosen, entries()):
        encoding, operation, *rest = entry.name.split(": ")
        groups.setdefault(f"{encoding} {operation}" if rest else encoding, []).append(entry)
    return pytest.mark.parametrize("some", groups.values(), ids=groups)


def test_the_file_is_in_step_with_what_makes_it() -> None:
    assert FILE.read_text(encoding="utf-8") == corpus(), "behind the code: make docs"


def test_there_are_enough_and_all_differ() -> None:
    for subprotocol in SUBPROTOCOLS:
        own = [entry for entry in entries() if entry.subprotocol == subprotocol]
        assert len(own) >= 200
        assert len({(entry.frame, entry.when, entry.encoded) for entry in own}) == len(own)
    assert len({entry.name for entry in entries()}) == len(entries())


def test_codes_are_declared() -> None:
    assert {entry.code for entry in entries()} <= set(CODES)
    assert {entry.when for entry in entries()} == {"before", "after"}


def test_every_operation_is_spoiled() -> None:
    for command in COMMANDS:
        op = str(command.__struct_config__.tag)
        assert any(f": {op}: " in entry.name for entry in entries())


@walking(lambda _: True)
def test_an_unreadable_frame_gets_its_code_and_nothing_else_comes_out(some: list[Entry]) -> None:
    for entry in some:
        codec = codec_of(entry.subprotocol)
        if entry.by == "dialogue":
            codec.decode(entry.payload)
            continue
        with pytest.raises((Malformed, Unsupported)) as caught:
            codec.decode(entry.payload)
        assert caught.value.code == entry.code, entry.name
        assert len(str(caught.value)) < 400, entry.name


@walking(lambda entry: entry.when == "after")
def test_after_a_login_only_a_frame_without_an_id_ends_the_connection(some: list[Entry]) -> None:
    for entry in some:
        if entry.code != "already_greeted" and "frame with" not in entry.name:
            assert entry.re == request_id_of(entry.payload, codec_of(entry.subprotocol)), entry.name
        assert entry.ends == (entry.re == 0), entry.name


@walking(lambda entry: entry.when == "before")
def test_before_a_login_every_fault_ends_the_connection(some: list[Entry]) -> None:
    assert [entry.name for entry in some if not entry.ends] == []


@walking(lambda entry: entry.by == "dialogue" and entry.re > 0)
def test_a_readable_frame_without_a_place_is_refused_by_the_rules(some: list[Entry]) -> None:
    for entry in some:
        request = codec_of(entry.subprotocol).decode(entry.payload)
        with pytest.raises(Exception, match=".") as caught:
            check(type(request.do), Standing.UNGREETED if entry.when == "before" else Standing.MEMBER)
        assert getattr(caught.value, "code", None) == entry.code, entry.name


def test_payloads_are_plain_base64() -> None:
    assert all(base64.b64encode(entry.payload).decode() == entry.encoded for entry in entries())
