"""Bytes and records of a file go together, whatever another node, a client or a crash does in between."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.unit.app.app_stage import AppStage
from tests.unit.app.test_filing import RULES, ask, content, kept, on_stage, put
from unisono.app.filing import DAYS_AT_ONCE, SLACK_MS, WALK_EVERY_S, WALK_WAIT_S, Filing
from unisono.app.options import FileRules
from unisono.domain.errors import NotFound
from unisono.domain.ids import FileId
from unisono.domain.quotas import Quotas
from unisono.ports.files import FileRecord


def meanwhile(method: str, act: Callable[[], Awaitable[object]], *, of: object) -> None:
    """Have another node do something right before a call of this one's store or disk."""
    real = getattr(of, method)

    async def call(*args: object) -> object:
        setattr(of, method, real)
        await act()
        return await real(*args)

    setattr(of, method, call)


@on_stage()
async def test_bytes_of_what_another_node_removed_go_with_it(stage: AppStage) -> None:
    """They stayed for ever: no record told of them, and nothing looked."""
    filing, parts = stage.node.filing, stage.node.parts
    other = Filing(parts, Quotas(), FileRules(secret=b"s"))
    upload = await ask(filing)
    find, looked = parts.files.find, 0

    async def find_twice(file: FileId) -> FileRecord | None:
        nonlocal looked
        record, looked = await find(file), looked + 1
        if looked == 2:
            await other.remove(file)
        return record

    parts.files.find = find_twice  # type: ignore[method-assign]
    with pytest.raises(NotFound):
        await put(filing, upload, b"meow")
    assert (kept(stage), looked) == ({}, 2)
    upload = await ask(filing)
    # The other one has removed the bytes, of which there were none, and is about to remove the record.
    meanwhile("remove", lambda: put(filing, upload, b"meow"), of=parts.files)
    await other.remove(upload.file)
    assert kept(stage) == {}
    assert await parts.files.find(upload.file) is None


@on_stage()
async def test_what_arrives_while_it_is_given_up_stays(stage: AppStage) -> None:
    """A client that had lost the answer said that it failed, and a file went whose bytes were acknowledged."""
    filing, parts = stage.node.filing, stage.node.parts
    other = Filing(parts, Quotas(), FileRules(secret=b"s"))
    upload = await ask(filing)
    meanwhile("give_up", lambda: put(filing, upload, b"meow"), of=parts.files)
    await other.forget(upload.file)
    assert await content(filing, upload) == b"meow"
    await other.forget(FileId("0" * 32))


@on_stage(files=RULES)
async def test_what_arrives_while_it_is_swept_stays(stage: AppStage) -> None:
    filing, parts = stage.node.filing, stage.node.parts
    upload = await ask(filing)
    await asyncio.sleep(60 + SLACK_MS / 1000 + 1)
    kept(stage)[upload.file] = b"meow"
    meanwhile("give_up", lambda: parts.files.arrive(upload.file, 4, stage.clock.now()), of=parts.files)
    await filing.sweep()
    assert await content(filing, upload) == b"meow"


@on_stage()
async def test_bytes_that_nobody_knows_of_are_found_within_a_day(stage: AppStage) -> None:
    """A crash, a wait that was cut, or an older database left them on disk for good."""
    filing = stage.node.filing
    there = await ask(filing)
    await put(filing, there, b"meow")
    lost = [FileId(f"{number % 256:02x}{number:030x}") for number in range(300)]
    kept(stage).update(dict.fromkeys(lost, b"nobody's"))
    await asyncio.sleep(WALK_WAIT_S - 1)
    await filing.sweep()
    assert len(kept(stage)) == 301
    await asyncio.sleep(1)
    await filing.sweep()
    await filing.sweep()
    assert 299 <= len(kept(stage)) <= 300
    for _ in range(255):
        await asyncio.sleep(WALK_EVERY_S)
        await filing.sweep()
    assert list(kept(stage)) == [there.file]
    assert stage.telemetry.counts["files_unknown", ""] == 300


@on_stage()
async def test_days_that_are_over_are_forgotten_until_none_is_left(stage: AppStage) -> None:
    asked: list[tuple[int, int]] = []

    async def forget_days(before: int, limit: int) -> int:
        asked.append((before, limit))
        return limit if len(asked) == 1 else 7

    stage.store.files.forget_days = forget_days  # type: ignore[method-assign]
    await stage.node.filing.sweep()
    yesterday = stage.clock.now() // 86_400_000 - 1
    assert asked == [(yesterday, DAYS_AT_ONCE)] * 2
