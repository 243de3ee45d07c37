"""The guide for programs that embed the server: its examples run, each by itself."""

import asyncio
from pathlib import Path

import pytest

from tests.docs.pages import examples

PAGE = "docs/guide/embedding.md"


@pytest.mark.rows("S12", "S18", "S20", "S21", "S24")
async def test_the_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for example in examples(PAGE, "python"):
        if "listens=False" in example.text:
            continue  # tests/unit/embedding/test_asgi.py
        code = compile(example.text, example.place, "exec")
        async with asyncio.timeout(60):
            await asyncio.to_thread(exec, code, {"__name__": "__main__"})
    printed = capsys.readouterr().out
    assert "tea costs {'price': 3.5, 'for': 'ann'}" in printed
    assert "coffee was refused\ncocoa was refused" in printed
    assert "placed: ['dear rain']" in printed
    assert "not said: refused: reason=no spam here" in printed
    assert "ann is at home" in printed
    assert "told: Addressed(live=1, away=0)" in printed
    assert "one user id on all tabs and devices - 1 user(s), 2 told" in printed
    assert "one user id for each tab - 2 user(s), 1 told" in printed
    assert "one user id for each tab of a signed-in user - 2 user(s), 1 told" in printed
