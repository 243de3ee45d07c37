"""Files of the console are read in each of their forms, however large, and what is damaged is told."""

import gzip
import json
from pathlib import Path

import pytest

from unisono.cli.failing import Failure
from unisono.cli.leancloud import files
from unisono.cli.leancloud.files import Export

OBJECTS = [{"objectId": "a", "name": 'é 聊天 ]}, " '}, {"objectId": "b", "m": [1, [2]]}, {"objectId": "c"}]
LINES = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in OBJECTS)
HEADER = '#filetype:JSON-streaming {"type":"Class","class":"_Conversation"}\n'


def read(path: Path, content: str | bytes) -> list[object]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with Export(path) as export:
        found: list[object] = list(export.objects())
        assert export.read_bytes <= export.size_bytes
    return found


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"results": OBJECTS}),
        json.dumps({"results": OBJECTS}, indent=2, ensure_ascii=False),
        json.dumps(OBJECTS),
        "\ufeff" + json.dumps({"results": OBJECTS}),
        LINES,
        HEADER + LINES,
        HEADER + LINES.rstrip("\n"),
        "\n\n" + LINES.replace("\n", "\r\n\n"),
        gzip.compress((HEADER + LINES).encode(), mtime=0),
        gzip.compress(json.dumps({"results": OBJECTS}).encode(), mtime=0),
    ],
)
@pytest.mark.parametrize("chunk", [7, 1 << 16])
def test_every_form_gives_the_same(
    content: str | bytes, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK", max(chunk, 16))
    assert read(tmp_path / "x", content) == OBJECTS


def test_lines_that_are_no_objects_are_passed_over_and_told(tmp_path: Path) -> None:
    assert read(tmp_path / "x", '{"a":1}\nnot json\n[1]\n3\n{"b":2}\n') == [{"a": 1}, None, None, None, {"b": 2}]
    assert read(tmp_path / "x", '{"results":[{"a":1},3,{"half":"\\ud800"}]}') == [{"a": 1}, None, None]
    assert read(tmp_path / "x", '{"half":"\\ud800"}') == [None]
    assert read(tmp_path / "x", "") == []


@pytest.mark.parametrize(
    "content", ['{"results":[{"a":1},{"b":', '{"results":[{"a":1} x', gzip.compress(b"x" * 999, mtime=0)[:-9]]
)
def test_what_breaks_off_is_told(content: str | bytes, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="breaks off"):
        read(tmp_path / "x", content)


def test_what_never_ends_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "OBJECT_MAX_CHARS", 1000)
    monkeypatch.setattr(files, "CHUNK", 100)
    with pytest.raises(Failure, match="breaks off"):
        read(tmp_path / "x", '{"results":[{"a":"' + "x" * 100_000 + '"}]}')
    assert set(read(tmp_path / "x", "x" * 10_000)) == {None}


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot read"):
        Export(tmp_path / "nowhere")
