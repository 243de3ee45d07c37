"""The guide to calls: its program runs, and its settings are settings."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.support.server_here import serving
from unisono.config import load

PAGE = (Path(__file__).parents[2] / "docs/guide/calls.md").read_text()


def block(language: str) -> str:
    """Give the one block of a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


async def test_the_program_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(tmp_path / "data") as server:
        code = compile(block("python").replace("127.0.0.1:8080", f"127.0.0.1:{server.port}"), "the guide", "exec")
        async with asyncio.timeout(30):
            await asyncio.to_thread(exec, code, {"__name__": "__main__"})
    printed = capsys.readouterr().out
    for line in (
        "the phone rings: ann video",
        "the phone is faster: True",
        "the laptop is silent, ben took it elsewhere: True",
        "ben got an offer of ann",
        "it is ended because somebody hung_up",
    ):
        assert line in printed


def test_what_is_only_shown_is_python() -> None:
    compile(f"async def shown(client):\n    {block('python no-run').strip()}\n", "shown", "exec")


def test_the_settings_are_settings_and_both_servers_have_one_secret(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text(block("toml"))
    calls = load(file, {}).calls
    assert calls.turn_secret is not None
    assert f"static-auth-secret={calls.turn_secret.reveal()}" in block("ini")
