"""Files over HTTP on a whole server: what comes in whole is there, what goes out runs nowhere."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.operator_desk import Desk, Json, open_desk

PICTURE = bytes(range(256)) * 8


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path, UNISONO_QUOTAS__FILE_BYTES="5000000", UNISONO_LIMITS__GREETING_S="1") as opened:
        yield opened


async def asked(desk: Desk, name: str = "cat.png", mime: str = "image/png", size: int = 2048) -> Json:
    status, answer = await desk.ask("POST", "/v1/users/alice/files", json={"name": name, "type": mime, "size": size})
    assert status == 200, answer
    return answer


async def put(desk: Desk, place: Json, content: bytes = PICTURE) -> int:
    async with desk.http.put(desk.url + place["put"], data=io.BytesIO(content)) as answer:
        return answer.status


async def uploaded(desk: Desk, name: str = "cat.png", mime: str = "image/png", content: bytes = PICTURE) -> str:
    place = await asked(desk, name, mime, len(content))
    assert await put(desk, place, content) == 200
    return str(desk.url + place["url"])


def files(desk: Desk) -> list[Path]:
    return [path for path in (desk.settings.data_dir / "files").rglob("*") if path.is_file()]


async def test_an_image_is_shown_and_nothing_in_it_runs(desk: Desk) -> None:
    url = await uploaded(desk)
    assert url.endswith(".png")
    async with desk.http.get(url) as answer:
        assert (answer.status, await answer.read()) == (200, PICTURE)
        head = answer.headers
    assert (head["Content-Type"], head["Content-Disposition"].partition(";")[0]) == ("image/png", "inline")
    assert head["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in head["Content-Security-Policy"]
    assert "default-src 'none'" in head["Content-Security-Policy"]
    assert head["Access-Control-Allow-Origin"] == "*"
    async with desk.http.head(url) as answer:
        assert (answer.status, answer.headers["Content-Length"], await answer.read()) == (200, "2048", b"")
    async with desk.http.get(url, headers={"If-None-Match": head["ETag"]}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")


@pytest.mark.parametrize(
    ("name", "mime", "kept"),
    [
        ("page.html", "text/html", "application/octet-stream"),
        ("drawing.svg", "image/svg+xml", "application/octet-stream"),
        ("paper.pdf", "application/pdf", "application/pdf"),
        ('"; filename=evil.exe', "application/zip", "application/zip"),
    ],
)
async def test_what_is_no_picture_is_saved_not_opened(desk: Desk, name: str, mime: str, kept: str) -> None:
    url = await uploaded(desk, name, mime, b"<script>alert(1)</script>")
    async with desk.http.get(url) as answer:
        assert answer.headers["Content-Type"] == kept
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="')
        assert answer.headers["Content-Disposition"].count('"') == 2
        disposition = answer.content_disposition
    assert disposition is not None
    assert disposition.parameters["filename*" if "filename*" in disposition.parameters else "filename"] == name


@pytest.mark.parametrize(
    ("asked_for", "status", "first", "last"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=10-", 206, 10, 2048),
        ("bytes=-5", 206, 2043, 2048),
        ("bytes=2000-9999", 206, 2000, 2048),
        ("bytes=-9999", 206, 0, 2048),
        ("bytes=2048-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=9-3", 200, 0, 2048),
        ("bytes=0-1,4-5", 200, 0, 2048),
        ("bytes=-", 200, 0, 2048),
        ("lines=1-2", 200, 0, 2048),
    ],
)
async def test_a_part_is_given_where_one_is_asked_for(
    desk: Desk, asked_for: str, status: int, first: int, last: int
) -> None:
    url = await uploaded(desk)
    async with desk.http.get(url, headers={"Range": asked_for}) as answer:
        assert (answer.status, await answer.read()) == (status, PICTURE[first:last])
        told = {206: f"bytes {first}-{last - 1}/2048", 416: "bytes */2048"}.get(status)
        assert answer.headers.get("Content-Range") == told
        etag = answer.headers["ETag"]
    for known, expected in ((etag, status), ('"another"', 200)):
        async with desk.http.get(url, headers={"Range": asked_for, "If-Range": known}) as answer:
            assert answer.status == expected


async def test_pages_of_any_origin_may(desk: Desk) -> None:
    place = await asked(desk)
    asks = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}
    async with desk.http.options(desk.url + place["put"], headers=asks) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
        assert {"Content-Type", "Cache-Control"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    async with desk.http.put(desk.url + place["put"].replace("proof=", "proof=0"), data=b"x") as answer:
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (403, "*")
    async with desk.http.post(desk.url + place["put"], data=b"x") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, PUT")


async def test_a_file_of_many_parts_comes_out_as_it_went_in(desk: Desk) -> None:
    large = PICTURE * 2400
    url = await uploaded(desk, "film.mp4", "video/mp4", large)
    async with desk.http.get(url) as answer:
        assert await answer.read() == large
    empty = await uploaded(desk, "nothing", "text/plain", b"")
    assert "." not in empty.rpartition("/")[2]
    async with desk.http.get(empty) as answer:
        assert (answer.status, await answer.read()) == (200, b"")


async def test_more_than_was_said_is_refused_and_leaves_nothing(desk: Desk) -> None:
    place = await asked(desk, size=10)
    assert await put(desk, place, b"x" * 11) == 413

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000

    # One that does not say how much it sends is stopped where it is too much.
    async with desk.http.put(desk.url + place["put"], data=endless()) as answer:
        assert answer.status == 413
    assert files(desk) == []
    assert await put(desk, place, b"x" * 10) == 200
    assert await put(desk, place, b"x" * 10) == 200
    assert await put(desk, place, b"y" * 10) == 409


async def test_an_upload_that_breaks_off_or_stalls_leaves_nothing(desk: Desk) -> None:
    port = int(desk.url.rpartition(":")[2])
    for waits, place in ((False, await asked(desk)), (True, last := await asked(desk))):
        head = f"PUT {place['put']} HTTP/1.1\r\nHost: x\r\nContent-Length: 2048\r\n\r\n".encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + PICTURE[:1000])
        await writer.drain()
        if waits:
            assert b"408" in await asyncio.wait_for(reader.readline(), 10)
        writer.close()
        await writer.wait_closed()
    async with asyncio.timeout(5):
        while files(desk):
            await asyncio.sleep(0.01)
    async with desk.http.get(desk.url + last["url"]) as answer:
        assert answer.status == 404
    assert await put(desk, last) == 200


async def test_one_link_takes_one_body_at_a_time(desk: Desk) -> None:
    """It took any number, up to a disk full of drafts; now who sends twice is told to wait for the first."""
    place, go_on = await asked(desk), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield PICTURE[:1000]
        await go_on.wait()
        yield PICTURE[1000:]

    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(desk.http.put(desk.url + place["put"], data=slow()))
        async with asyncio.timeout(5):
            while not files(desk):
                await asyncio.sleep(0.01)
        async with desk.http.put(desk.url + place["put"], data=PICTURE) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
            assert (await answer.json())["retryable"] is True
        assert len(files(desk)) == 1
        go_on.set()
    assert first.result().status == 200
    assert await put(desk, place) == 200


async def test_no_path_is_made_of_what_a_client_says(desk: Desk) -> None:
    await uploaded(desk)
    place = await asked(desk)
    known = place["file"]
    for path in (
        "/files/default/../../../etc/passwd",
        "/files/default/..%2f..%2ftoken.key",
        f"/files/default/{known}/../../admin.key",
        f"/files/other/{known}",
        f"/files/..%2fdefault/{known}",
        f"/files/default/{known.upper()}G",
        f"/files/default/{known}",
    ):
        status, _ = await desk.ask("GET", path, key=None)
        assert status in {404, 403}, path
    status, refusal = await desk.ask("POST", "/v1/users/alice/files", json={"name": "../../x", "size": 1})
    assert (status, refusal["code"]) == (422, "invalid")


async def test_a_client_that_does_not_take_its_file_is_left(desk: Desk) -> None:
    large = PICTURE * 2400
    url = await uploaded(desk, "film.mp4", "video/mp4", large)
    # Left to itself the system may take as much as the file has for who does not read.
    taker = socket.socket()
    taker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    taker.connect(("127.0.0.1", int(desk.url.rpartition(":")[2])))
    reader, writer = await asyncio.open_connection(sock=taker, limit=1024)
    writer.write(f"GET {url.removeprefix(desk.url)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await asyncio.sleep(2)
    got = len(await drained(reader))
    assert got < len(large)
    writer.close()


async def drained(reader: asyncio.StreamReader) -> bytes:
    """Give what comes up to the end, however that is."""
    got = bytearray()
    with suppress(ConnectionError):
        while part := await reader.read(65536):
            got += part
    return bytes(got)


async def test_bytes_that_are_gone_are_not_found(desk: Desk) -> None:
    url = await uploaded(desk)
    (path,) = files(desk)
    path.unlink()
    async with desk.http.get(url) as answer:
        assert (answer.status, (await answer.json())["code"]) == (404, "not_found")
    status, _ = await desk.ask("DELETE", f"/v1/users/alice/files/{path.name}")
    assert status == 200
    status, _ = await desk.ask("DELETE", f"/v1/users/alice/files/{path.name}")
    assert status == 404


async def test_an_address_that_the_operator_told_is_in_the_links(tmp_path: Path) -> None:
    async with open_desk(
        tmp_path, UNISONO_SERVER__ADVERTISED_URL="https://chat.example/", UNISONO_FILES__LINKS="signed"
    ) as desk:
        place = await asked(desk)
        assert place["put"].startswith("https://chat.example/files/default/")
        here = {name: place[name].removeprefix("https://chat.example") for name in ("put", "url")}
        assert await put(desk, here) == 200
        async with desk.http.get(desk.url + here["url"]) as answer:
            assert await answer.read() == PICTURE
        async with desk.http.get(desk.url + here["url"].partition("?")[0]) as answer:
            assert answer.status == 403
