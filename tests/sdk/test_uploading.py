"""The Python client uploads files and tells of them in messages, with a real server."""

import asyncio
import io
from pathlib import Path

import aiohttp
import pytest

from tests.sdk.test_against_server import House, MortalHouse, house, mortal_house
from unisono_sdk import Image, InvalidArgument, LimitReached, LinkDown, NotFound, Unacceptable, Unisono
from unisono_sdk.putting import put

__all__ = ["house", "mortal_house"]
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2000


async def read(url: str) -> tuple[int, bytes]:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, await answer.read()


@pytest.mark.rows("L50", "L53")
async def test_an_image_is_uploaded_first_and_the_message_says_where_it_is(house: House, tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(PICTURE)
    ann, bob = await house.login("ann"), await house.login("bob")
    chat = await ann.direct("bob")
    got = bob.conversation(chat.id)
    picture = await ann.upload(tmp_path / "cat.png", width=3, height=2)
    bare = await ann.upload(PICTURE, name="cat.jpg", mime="image/jpeg")
    for file in (picture, bare):
        await chat.send(Image(file=file, text="my cat"))
    told = [message.body for message in await got.history()]
    assert all(isinstance(each, Image) and each.text == "my cat" for each in told)
    files = sorted((each.file for each in told if isinstance(each, Image)), key=lambda file: file.mime or "")
    assert [(file.name, file.mime, file.size, file.width) for file in files] == [
        ("cat.jpg", "image/jpeg", len(PICTURE), None),
        ("cat.png", "image/png", len(PICTURE), 3),
    ]
    for file in files:
        assert await read(file.url) == (200, PICTURE)


async def test_a_file_is_removed_by_its_owner_alone(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    file = await ann.upload(b"secret", name="notes.txt")
    assert file.id is not None
    with pytest.raises(NotFound):
        await bob.remove_file(file.id)
    await ann.remove_file(file.id)
    assert (await read(file.url))[0] == 404
    with pytest.raises(NotFound):
        await ann.remove_file(file.id)


async def test_what_cannot_be_uploaded_is_said(house: House, tmp_path: Path) -> None:
    ann = await house.login("ann")
    with pytest.raises(InvalidArgument, match="name"):
        await ann.upload(b"x")
    for name in ("a/b", "a\nb"):
        with pytest.raises(Unacceptable, match="name"):
            await ann.upload(b"x", name=name)
    with pytest.raises(FileNotFoundError):
        await ann.upload(tmp_path / "nothing.png")
    assert (await ann.upload(b"<p>", name="page.html")).mime == "application/octet-stream"
    large = tmp_path / "large.bin"
    with large.open("wb") as target:
        target.truncate((64 << 20) + 1)
    with pytest.raises(Unacceptable, match="file"):
        await ann.upload(large)


async def test_a_day_ends_at_its_limit(mortal_house: MortalHouse) -> None:
    mortal_house.server.configure("[quotas]\nfile_bytes_per_day = 8000\n")
    await mortal_house.server.terminate()
    await mortal_house.server.start()
    async with Unisono(f"ws://127.0.0.1:{mortal_house.port}") as unisono:
        ann = await unisono.login(user="ann")
        await ann.upload(b"1" * 5000, name="a")
        with pytest.raises(LimitReached):
            await ann.upload(b"12345", name="b")


async def test_a_link_that_is_lost_or_a_server_that_is_none_is_told(house: House) -> None:
    with pytest.raises(LinkDown):
        put("http://127.0.0.1:1/files/x", io.BytesIO(b"x"), 1, proxy=None, patience_s=5)
    with pytest.raises(InvalidArgument, match="socks5"):
        put("http://127.0.0.1:1/", io.BytesIO(b"x"), 1, proxy="socks5://127.0.0.1:2", patience_s=5)
    url = f"http://127.0.0.1:{house.port}/files/default/{'0' * 32}"
    with pytest.raises(Exception, match="not allowed") as refused:
        await asyncio.to_thread(put, url, io.BytesIO(b"x"), 1, proxy=None, patience_s=5)
    assert refused.value.code == "forbidden"  # type: ignore[attr-defined]  # one of ours
