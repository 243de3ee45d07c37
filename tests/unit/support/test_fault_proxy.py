"""The bad network does what it is told."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.fault_proxy import FaultProxy, Faults


@pytest.fixture
async def echo_port() -> AsyncIterator[int]:
    """Serve an echo."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def said(port: int, words: bytes) -> bytes:
    """Say something, and give what came back before the end or before all of it was there."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = b""
    try:
        writer.write(words)
        await writer.drain()
        while len(heard) < len(words) and (chunk := await reader.read(65536)):
            heard += chunk
    except OSError:
        pass
    finally:
        writer.close()
    return heard


async def test_a_good_day_changes_nothing(echo_port: int) -> None:
    async with FaultProxy(echo_port) as proxy:
        assert await said(proxy.port, b"hello" * 50_000) == b"hello" * 50_000
        assert proxy.cuts == 0


async def test_a_trickle_brings_everything_in_small_chunks(echo_port: int) -> None:
    async with FaultProxy(echo_port, faults=Faults(chunk_bytes=1, delay_s=(0, 0.001))) as proxy:
        assert await said(proxy.port, b"hello") == b"hello"


async def test_a_connection_is_cut_after_its_bytes(echo_port: int) -> None:
    async with FaultProxy(echo_port, seed=1, faults=Faults(cut_after_bytes=(1, 4000), chunk_bytes=64)) as proxy:
        for turn in range(1, 6):
            assert len(await said(proxy.port, b"x" * 10_000)) < 4000
            assert proxy.cuts == turn


async def test_cutting_all_ends_every_connection(echo_port: int) -> None:
    async with FaultProxy(echo_port) as proxy:
        links = [await asyncio.open_connection("127.0.0.1", proxy.port) for _ in range(3)]
        for reader, writer in links:
            writer.write(b"x")
            assert await reader.read(1) == b"x"
        assert proxy.cut_one()
        assert proxy.cut_all() >= 2
        for reader, writer in links:
            with pytest.raises(ConnectionResetError):
                await reader.readexactly(1)
            writer.close()
        assert proxy.cuts == 3


async def test_a_black_hole_swallows_and_then_lets_go(echo_port: int) -> None:
    async with FaultProxy(echo_port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        with proxy.black_hole():
            writer.write(b"lost?")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await reader.read(1)
        assert await reader.readexactly(5) == b"lost?"
        writer.close()


async def test_no_server_behind_it_is_a_reset() -> None:
    async with FaultProxy(1) as proxy:
        assert await said(proxy.port, b"anybody?") == b""
