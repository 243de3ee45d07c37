"""The guide for backends: its examples are one program, and it runs."""

import asyncio
from pathlib import Path

import pytest

from tests.docs.pages import examples
from tests.support.operator_desk import ADMIN_KEY, open_desk

PAGE = "docs/guide/backend.md"


async def test_the_examples_run_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UNISONO_ADMIN_KEY", ADMIN_KEY)
    names: dict[str, object] = {}
    async with open_desk(tmp_path) as desk:
        for example in examples(PAGE, "python"):
            program = example.text.replace("http://127.0.0.1:8080", desk.url)
            await asyncio.to_thread(exec, compile(program, example.place, "exec"), names)
    printed = capsys.readouterr().out
    assert "sent once: True" in printed
    assert "made once: True" in printed
    assert "unread: 1" in printed
    assert "shop says On its way!" in printed
    assert "conversations: 2" in printed
    assert "told: 3 refused: 0" in printed
    assert "team: ['ann', 'cleo', 'dan']" in printed
    assert "announced at 2" in printed
    assert "exported: 4 whole: True" in printed
    assert "left: 1 taken back: 0" in printed
    assert printed.splitlines()[-1] == "team: ['ann', 'cleo']"
