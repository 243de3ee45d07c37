"""Files of an app: put once by a link, read by a link, removed with all that is known of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.memory_bytes import MemoryBytes
from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, an_app
from unisono.app.filing import FILES_AT_ONCE, SLACK_MS, Filing, Wish
from unisono.app.options import FileRules
from unisono.app.trimming import Trimming
from unisono.domain import commands as c
from unisono.domain.answers import Done, Upload
from unisono.domain.errors import Forbidden, KeyReused, LimitReached, NotFound, Timeout, TooLarge
from unisono.domain.ids import FileId, UserId
from unisono.domain.quotas import Quotas
from unisono.domain.retention import Retention

ALICE, BOB = UserId("alice"), UserId("bob")
RULES = FileRules(secret=b"s", upload_s=60.0, link_s=100.0)


def on_stage(**options: Any) -> Callable[[Callable[[AppStage], Awaitable[None]]], Callable[[], None]]:
    """Give a test an app of its own, whose time passes as fast as it can."""

    def wrap(test: Callable[[AppStage], Awaitable[None]]) -> Callable[[], None]:
        @in_virtual_time
        async def run() -> None:
            async with an_app(**options) as stage:
                await test(stage)

        run.__name__ = test.__name__
        return run

    return wrap


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def given(link: str) -> tuple[str, str]:
    query = dict(parse_qsl(urlsplit(link).query))
    return query.get("until", ""), query.get("proof", "")


async def ask(filing: Filing, user: UserId = ALICE, size: int = 5, name: str = "cat.PNG") -> Upload:
    answer = await filing.answer(user, c.RequestUpload(name, size, "image/png"))
    assert isinstance(answer, Upload)
    return answer


async def put(filing: Filing, upload: Upload, *parts: bytes, told: int | None = None) -> None:
    await filing.put(upload.file, given(upload.put), chunks(*parts), told)


async def content(filing: Filing, upload: Upload) -> bytes:
    record = await filing.find(upload.file, given(upload.url))
    async with aclosing(filing.read(record.id, 0, record.size)) as parts:
        return b"".join([part async for part in parts])


def kept(stage: AppStage) -> dict[FileId, bytes]:
    held = stage.node.parts.file_bytes
    assert isinstance(held, MemoryBytes)
    return held.kept


@on_stage()
async def test_a_file_is_put_by_one_link_and_read_by_another(stage: AppStage) -> None:
    alice = await stage.login("alice")
    upload = await alice.ask(c.RequestUpload("cat.PNG", 5, "image/png"))
    assert isinstance(upload, Upload)
    assert upload.url == f"/files/default/{upload.file}.png"
    filing = stage.node.filing
    with pytest.raises(NotFound):
        await filing.find(upload.file, ("", ""))
    await put(filing, upload, b"me", b"ow")
    assert await content(filing, upload) == b"meow"
    record = await filing.get(upload.file)
    assert (record.owner, record.name, record.type, record.size) == (ALICE, "cat.PNG", "image/png", 4)
    # Its answer may have been lost.
    await put(filing, upload, b"meow")
    with pytest.raises(KeyReused):
        await put(filing, upload, b"woof")
    assert await content(filing, upload) == b"meow"


@on_stage(files=RULES)
async def test_no_link_but_ours_is_good_and_none_for_ever(stage: AppStage) -> None:
    filing = stage.node.filing
    upload, other = await ask(filing), await ask(filing)
    until, proof = given(upload.put)
    forged = (
        *(("", ""), (until, ""), (until, proof[:-1]), (until, proof + "0"), (str(int(until) + 1), proof)),
        *((until + " ", proof), ("9" * 400, proof), ("-1", proof), ("²", proof), (until, "é"), given(other.put)),
    )
    for one in forged:
        with pytest.raises(Forbidden):
            await filing.put(upload.file, one, chunks(b"meow"), None)
    await asyncio.sleep(59)
    await put(filing, upload, b"meow")
    await asyncio.sleep(2)
    with pytest.raises(Forbidden, match="over"):
        await put(filing, other, b"meow")
    assert list(kept(stage)) == [upload.file]


@on_stage(files=FileRules(secret=b"s", links="signed", link_s=100.0))
async def test_where_links_are_signed_one_that_only_knows_the_id_reads_nothing(stage: AppStage) -> None:
    filing = stage.node.filing
    upload = await ask(filing)
    await put(filing, upload, b"meow")
    for one in (("", ""), given(upload.put)):
        with pytest.raises(Forbidden):
            await filing.find(upload.file, one)
    assert await content(filing, upload) == b"meow"
    await asyncio.sleep(101)
    with pytest.raises(Forbidden, match="over"):
        await content(filing, upload)


@on_stage(quotas=Quotas(file_bytes=10, file_bytes_per_day=25))
async def test_a_file_and_a_day_have_their_limits(stage: AppStage) -> None:
    filing = stage.node.filing
    with pytest.raises(TooLarge):
        await ask(filing, size=11)
    first, _ = await ask(filing, size=10), await ask(filing, size=10)
    with pytest.raises(LimitReached):
        await ask(filing, size=6)
    await ask(filing, BOB, size=6)
    for parts, told in (((b"x" * 11,), None), ((b"x",), 11)):
        with pytest.raises(TooLarge):
            await put(filing, first, *parts, told=told)
    assert kept(stage) == {}
    await put(filing, first, b"x" * 9)
    await ask(filing, size=6)
    await asyncio.sleep(86_401)
    await ask(filing, size=10)


@on_stage(quotas=Quotas(file_bytes=10), files=FileRules(secret=b"s", unowned_bytes_per_day=25))
async def test_those_who_do_not_say_who_they_are_have_one_limit_together(stage: AppStage) -> None:
    for _ in range(2):
        assert (await stage.node.filing.begin(None, Wish("a", "text/html"))).size == 10
    with pytest.raises(LimitReached):
        await stage.node.filing.begin(None, Wish("a", "image/png", 6))
    elsewhere = await stage.node.filing.begin(None, Wish("a", "image/png", url="https://x.example/a"))
    assert stage.node.filing.links.to_get(await stage.node.filing.get(elsewhere.id)) == "https://x.example/a"
    with pytest.raises(NotFound):
        await stage.node.filing.put(elsewhere.id, given(stage.node.filing.links.to_put(elsewhere)[0]), chunks(), None)
    with pytest.raises(TooLarge):
        await stage.node.filing.begin(None, Wish("a", "image/png", 0, attributes={"much": "x" * 20_000}))


@on_stage(files=RULES)
async def test_a_file_that_takes_longer_than_its_link_does_not_come(stage: AppStage) -> None:
    upload = await ask(stage.node.filing)

    async def slow() -> AsyncIterator[bytes]:
        yield b"me"
        await asyncio.sleep(61)
        yield b"ow"

    with pytest.raises(Timeout):
        await stage.node.filing.put(upload.file, given(upload.put), slow(), None)
    assert kept(stage) == {}


@on_stage()
async def test_only_who_owns_a_file_removes_it(stage: AppStage) -> None:
    alice, bob = await stage.login("alice"), await stage.login("bob")
    filing = stage.node.filing
    upload = await ask(filing)
    await put(filing, upload, b"meow")
    with pytest.raises(NotFound):
        await bob.ask(c.RemoveFile(upload.file))
    assert await alice.ask(c.RemoveFile(upload.file)) == Done()
    assert kept(stage) == {}
    for act in (alice.ask(c.RemoveFile(upload.file)), content(filing, upload), put(filing, upload, b"meow")):
        with pytest.raises(NotFound):
            await act


@on_stage()
async def test_what_is_removed_while_it_comes_leaves_no_bytes(stage: AppStage) -> None:
    filing = stage.node.filing
    upload = await ask(filing)

    async def removed_meanwhile() -> AsyncIterator[bytes]:
        yield b"me"
        await filing.remove(upload.file)
        yield b"ow"

    with pytest.raises(NotFound):
        await filing.put(upload.file, given(upload.put), removed_meanwhile(), None)
    assert kept(stage) == {}
    assert filing._locks == {}


@on_stage(files=RULES)
async def test_what_never_came_goes_after_its_link(stage: AppStage) -> None:
    filing, held = stage.node.filing, stage.node.parts.file_bytes
    assert isinstance(held, MemoryBytes)
    await filing.sweep()
    there, never = await ask(filing), await ask(filing)
    await put(filing, there, b"meow")
    # Its process ended before it could say that the file is there.
    held.kept[never.file] = b"half told"
    await asyncio.sleep(60 + SLACK_MS / 1000 - 1)
    await filing.sweep()
    assert set(held.kept) == {there.file, never.file}
    await asyncio.sleep(2)
    await filing.sweep()
    assert set(held.kept) == {there.file}
    assert await content(filing, there) == b"meow"
    assert len(held.tidied) == 2


@on_stage()
async def test_files_are_kept_for_their_days(stage: AppStage) -> None:
    filing = stage.node.filing
    trimming = Trimming(stage.node.parts, Retention(files_days=2.0), filing)
    old = [await ask(filing) for _ in range(FILES_AT_ONCE + 1)]
    for upload in old:
        await put(filing, upload, b"meow")
    await asyncio.sleep(86_400)
    young = await ask(filing)
    await put(filing, young, b"meow")
    await asyncio.sleep(86_399)
    await trimming.sweep()
    assert len(kept(stage)) == len(old) + 1
    await asyncio.sleep(2)
    await trimming.sweep()
    assert list(kept(stage)) == [young.file]
    with pytest.raises(NotFound):
        await filing.get(old[0].file)
