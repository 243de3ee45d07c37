"""`unisono erase` against a whole server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.operator_desk import ADMIN_KEY, Desk, open_desk
from tests.unit.cli.commands import Outcome, run
from tests.unit.gateways.rest.test_acting import made, said, texts
from unisono.app import erasing
from unisono.cli import erasing as waiting
from unisono.cli.failing import Exit
from unisono.stores.sql.erasures import SqlErasures


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(erasing, "SETTLING_MS", 0)
    monkeypatch.setattr(waiting, "LOOK_EVERY_S", 0.02)
    async with open_desk(tmp_path, UNISONO_SESSIONS__SWEEP_S="0.05") as opened:
        yield opened


async def erase(desk: Desk, *words: str) -> Outcome:
    asked = ("erase", "--user", "alice", "--url", desk.url, "--admin-key", ADMIN_KEY, *words)
    return await asyncio.to_thread(run, *asked)


async def test_a_user_is_erased_when_it_returns(desk: Desk) -> None:
    path = await made(desk, "bob")
    await said(desk, path, "hello")
    told = await erase(desk, "--yes")
    assert (told.code, told.out) == (0, "Erased alice: messages taken back: 1, conversations left: 1.\n")
    assert await texts(desk, path.replace("alice", "bob", 1)) == [None]
    assert (await erase(desk, "--yes", "--json")).json["state"] == "over"


async def test_nobody_waits_for_one_that_failed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_erasures: SqlErasures, _user: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(SqlErasures, "drop_rest", fail)
    told = await erase(desk, "--yes")
    assert (told.code, "could not go on with the erasure of alice" in told.err) == (Exit.FAILED, True)


async def test_nobody_is_erased_by_mistake(desk: Desk) -> None:
    told = await erase(desk)
    assert (told.code, "--yes" in told.err) == (Exit.USAGE, True)
    assert (await desk.ask("GET", "/v1/users/alice/erasure"))[0] == 404
