"""The examples of the guide are programs, and they run."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.support.server_process import ServerProcess
from unisono_sdk.hub import EVENTS

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "python-sdk.md"
TEXT = GUIDE.read_text()
README = (Path(__file__).parents[2] / "sdk" / "python" / "README.md").read_text()
PROGRAM = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAMS = PROGRAM.findall(TEXT)
SHOWN = re.findall(r"^```python no-run\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


async def test_each_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    async with ServerProcess(tmp_path / "data") as server:
        for number, program in enumerate(PROGRAMS + PROGRAM.findall(README)):
            code = compile(program.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}"), f"example {number}", "exec")
            async with asyncio.timeout(30):
                await asyncio.to_thread(exec, code, {"__name__": "__main__"})
        server.assert_clean_log()
    printed = capsys.readouterr().out
    assert "tom says Jerry, get up!" in printed
    assert "ann says Hello, Ben!" in printed
    first, second = re.findall(r"(?:first|second) start (\w+ \w+)", printed)
    assert first == second
    assert "jerry got Did you get this?" in printed
    assert "0 left" in printed
    assert "tom calls behind you!" in printed
    assert "tom says 5 : 0 to 2 people" in printed
    assert "tom is missed: I dropped out" in printed
    assert "spike is online python" in printed
    assert "tom changed The club {'place': {'city': 'Oslo'}, 'votes': 1}" in printed
    assert "muted by ('jerry',)" in printed
    assert "To Trondheim asks Who comes along?" in printed
    assert re.findall(r"found (To \w+)", printed) == ["To Bergen", "To Oslo", "To Trondheim"]
    assert re.findall("The café has (.*)", printed) == ["No tea for me", "Tea at five?"]
    assert "red tea: ['明天喝红茶吗']" in printed
    assert "1 about the café" in printed
    assert "known without asking: The crew ('jerry', 'tom')" in printed
    assert "one object: True" in printed
    assert "the shed hears of lights {'on': False}" in printed
    assert "the shed reads Turn the lights off, please." in printed
    assert "a dot of 45 bytes, image/png" in printed
    assert "tom is connected by longpoll" in printed
    assert printed.count("one of us sounds the alert") == 1
    assert "it is done: True" in printed
    assert "pinned elsewhere: True" in printed
    assert "marked elsewhere: ('pond',)" in printed
    assert "pond: [True]" in printed
    assert "pinned: [True]" in printed
    assert len(PROGRAMS) == 27


def test_what_is_only_shown_is_python() -> None:
    for program in SHOWN:
        compile(program, "shown", "exec")


def test_every_event_is_in_the_guides_table() -> None:
    rows = [line.split("|")[1] for line in TEXT.splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert EVENTS - {"unknown_fact"} <= told
