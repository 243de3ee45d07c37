"""`unisono export` against a whole server."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.operator_desk import ADMIN_KEY, Desk, open_desk
from tests.unit.cli.commands import Outcome, run
from tests.unit.gateways.rest.test_acting import made, said
from unisono.cli.failing import Exit


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path / "data") as opened:
        yield opened


async def export(url: str, out: Path, *words: str) -> Outcome:
    asked = ("export", "--user", "alice", "--out", str(out), "--url", url, "--admin-key", ADMIN_KEY)
    return await asyncio.to_thread(run, *asked, *words)


def part_of(out: Path) -> Path:
    return out.with_name(out.name + ".part")


async def test_an_export_is_written_for_its_owner_alone(desk: Desk, tmp_path: Path) -> None:
    await said(desk, await made(desk, "bob"), "hello")
    out = tmp_path / "alice.jsonl"
    out.write_text("an older one")
    told = await export(desk.url, out)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert (told.code, told.out) == (0, f"Wrote {len(lines)} lines to {out}.\n")
    assert [line["message"]["content"]["text"] for line in lines if line["is"] == "message"] == ["hello"]
    assert out.stat().st_mode & 0o077 == 0
    assert (await export(desk.url, out, "--json")).json == {"lines": len(lines), "file": str(out)}


async def test_what_cannot_be_written_is_told(desk: Desk, tmp_path: Path) -> None:
    told = await export(desk.url, tmp_path / "nowhere" / "alice.jsonl")
    assert (told.code, "cannot write" in told.err) == (Exit.USAGE, True)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"is":"user","user":"alice","at":1}\n', "broke off"),
        (b'{"is":"user","user":"alice","at":1}\n{"is":"end","lines":2}\n', "broke off"),
        (b"", "broke off"),
        (None, "broke off"),
    ],
)
async def test_what_breaks_off_leaves_the_file_alone(tmp_path: Path, body: bytes | None, reason: str) -> None:
    """A part of an export must not pass for a whole one."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if body is None:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    out = tmp_path / "alice.jsonl"
    out.write_text("an older one")
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        told = await export(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", out)
    assert (told.code != 0, reason in told.err) == (True, True), told.err
    assert out.read_text() == "an older one"
    assert not part_of(out).exists()
