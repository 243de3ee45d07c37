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
from unisono.domain.errors import (
    Forbidden,
    KeyReused,
    LimitReached,
    NotFound,
    Overloaded,
    RateLimited,
    StorageFull,
    Timeout,
    TooLarge,
)
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


@on_stage(quotas=Quotas(file_bytes=10_000, file_bytes_per_day=25_000))
async def test_a_file_and_a_day_have_their_limits(stage: AppStage) -> None:
    filing = stage.node.filing
    with pytest.raises(TooLarge):
        await ask(filing, size=10_001)
    first, _ = await ask(filing, size=10_000), await ask(filing, size=10_000)
    with pytest.raises(LimitReached):
        await ask(filing, size=6_000)
    await ask(filing, BOB, size=6_000)
    for parts, told in (((b"x" * 10_001,), None), ((b"x",), 10_001)):
        with pytest.raises(TooLarge):
            await put(filing, first, *parts, told=told)
    assert kept(stage) == {}
    await put(filing, first, b"x" * 9_000)
    await ask(filing, size=6_000)
    await asyncio.sleep(86_401)
    await ask(filing, size=10_000)


@on_stage(quotas=Quotas(files_per_day=2), files=FileRules(secret=b"s", unowned_per_day=3))
async def test_a_day_has_so_many_files_however_small(stage: AppStage) -> None:
    """A file elsewhere, or an empty one, cost nothing: an app key was enough to fill the database."""
    filing, far = stage.node.filing, Wish("a", "image/png", url="https://x.example/a")
    await filing.begin(ALICE, far)
    await ask(filing, size=0)
    with pytest.raises(LimitReached, match="files a day"):
        await ask(filing, size=0)
    for address in ("192.0.2.1", "192.0.2.1", "2001:db8::1"):
        await filing.begin(None, far, address)
    with pytest.raises(LimitReached, match="limit=3"):
        await filing.begin(None, far, "192.0.2.2")


@on_stage(quotas=Quotas(file_bytes=10_000, file_bytes_per_day=20_000, files_per_day=3))
async def test_no_address_takes_the_room_of_all_others(stage: AppStage) -> None:
    """160 requests without a byte kept everybody who showed no session from uploading."""
    filing, unsized = stage.node.filing, Wish("a", "image/png")
    begun = [await filing.begin(None, unsized, address) for address in ("192.0.2.1", "2001:db8::1") for _ in range(2)]
    for address in ("192.0.2.1", "2001:db8::1", "2001:db8::2"):
        with pytest.raises(LimitReached, match="limit=20000"):
            await filing.begin(None, unsized, address)
    assert "2001:db8" not in str(begun[-1])
    await filing.forget(begun[-1].id)
    await filing.begin(None, unsized, "2001:db8::2")
    # The app's own servers speak for everybody, and users have room of their own.
    for _ in range(3):
        await filing.begin(None, unsized)
    assert (await filing.begin(ALICE, unsized, "192.0.2.1")).source is None


@on_stage(quotas=Quotas(file_bytes=10_000), files=FileRules(secret=b"s", unowned_bytes_per_day=25_000))
async def test_those_who_do_not_say_who_they_are_have_one_limit_together(stage: AppStage) -> None:
    for _ in range(2):
        assert (await stage.node.filing.begin(None, Wish("a", "text/html"))).size == 10_000
    with pytest.raises(LimitReached):
        await stage.node.filing.begin(None, Wish("a", "image/png", 6_000))
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


@on_stage(quotas=Quotas(file_bytes=100), files=FileRules(secret=b"s", under_way_bytes=150))
async def test_one_body_of_a_file_comes_at_a_time_and_so_many_bytes_in_all(stage: AppStage) -> None:
    """A link took any number of bodies at once, each with a draft of its own: one was enough to fill the disk."""
    filing = stage.node.filing
    first, second, third = await ask(filing, size=100), await ask(filing, size=100), await ask(filing, size=100)
    go_on = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"me"
        await go_on.wait()
        yield b"ow"

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(filing.put(first.file, given(first.put), slow(), None))
        await asyncio.sleep(0)
        with pytest.raises(RateLimited) as refused:
            await put(filing, first, b"meow")
        assert refused.value.retry_after_ms == 1_000
        with pytest.raises(Overloaded) as full:
            await put(filing, second, b"meow", told=51)
        assert (full.value.numbers["limit"], full.value.numbers["asked"]) == (150, 151)
        await put(filing, second, b"meow", told=50)
        go_on.set()
    await put(filing, first, b"meow")
    await put(filing, third, b"x" * 100)
    assert len(kept(stage)) == 3


@on_stage(quotas=Quotas(file_bytes=200), files=FileRules(secret=b"s", free_bytes=1_000))
async def test_a_file_that_would_leave_too_little_room_is_refused(stage: AppStage) -> None:
    """Uploads filled the disk to its last byte, and the database on it could not be written either."""
    filing, held = stage.node.filing, stage.node.parts.file_bytes
    assert isinstance(held, MemoryBytes)
    held.free = 1_100
    with pytest.raises(StorageFull) as refused:
        await ask(filing, size=101)
    assert (refused.value.code, refused.value.retryable) == ("storage_full", True)
    assert dict(refused.value.numbers) == {"retry_after_ms": 60_000}
    upload, other = await ask(filing, size=100), await ask(filing, size=60)
    elsewhere = Wish("there.png", "image/png", url="https://example.org/there.png")
    held.free = 1_099
    await filing.begin(ALICE, elsewhere)
    for told in (None, 100):
        with pytest.raises(StorageFull):
            await put(filing, upload, b"meow", told=told)
    assert kept(stage) == {}
    # What is under way counts: together they would leave too little.
    go_on = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"me"
        await go_on.wait()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(filing.put(upload.file, given(upload.put), slow(), 50))
        await asyncio.sleep(0)
        with pytest.raises(StorageFull):
            await put(filing, other, b"meow", told=50)
        with pytest.raises(StorageFull):
            await ask(filing, size=50)
        await put(filing, other, b"meow", told=49)
        go_on.set()
    assert sorted(kept(stage).values()) == [b"me", b"meow"]


@on_stage(quotas=Quotas(file_bytes=100), files=FileRules(secret=b"s", free_bytes=0))
async def test_who_wishes_it_has_the_disk_filled(stage: AppStage) -> None:
    held = stage.node.parts.file_bytes
    assert isinstance(held, MemoryBytes)
    held.free = 0
    upload = await ask(stage.node.filing, size=100)
    await put(stage.node.filing, upload, b"x" * 100)
    assert len(kept(stage)[upload.file]) == 100


@on_stage(quotas=Quotas(file_bytes=100), files=FileRules(secret=b"s", under_way_bytes=50))
async def test_a_file_larger_than_what_may_be_under_way_comes_alone(stage: AppStage) -> None:
    filing = stage.node.filing
    upload = await ask(filing, size=100)
    await put(filing, upload, b"x" * 100)
    assert len(kept(stage)[upload.file]) == 100


@on_stage()
async def test_other_bytes_for_a_file_that_is_there_are_refused_before_they_come(stage: AppStage) -> None:
    upload = await ask(stage.node.filing)
    await put(stage.node.filing, upload, b"meow")

    coming = chunks(b"woof")
    for told in (3, 5):
        with pytest.raises(KeyReused):
            await stage.node.filing.put(upload.file, given(upload.put), coming, told)
    assert [part async for part in coming] == [b"woof"]
    await put(stage.node.filing, upload, b"meow", told=4)


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
