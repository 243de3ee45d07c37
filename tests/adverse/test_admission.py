"""Who gets in, how often, and what becomes of those who only stand in the door: limits on both sides of the edge."""

import asyncio
import json
import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.crowd import gathered
from tests.support.follower import Frame
from tests.support.raw_socket import HandshakeRefusedError, RawSocket, upgrade
from tests.support.server_process import ServerProcess
from tests.support.virtual_client import RefusedError

pytestmark = pytest.mark.adverse

GREETING_S = 0.5
HEARTBEAT_S = 1
VANISH_ROUNDS = 60
VANISH_LINKS = 30
RESET_AT_CLOSE = struct.pack("ii", 1, 0)
ADMIN_KEY = "an admin key of the tests, long enough"
ADMIN = f'[admin]\nkeys = ["{ADMIN_KEY}"]\n'


async def frames_until_close(socket: RawSocket, timeout_s: float = 10.0) -> list[Frame]:
    """Give all frames that came until the end."""
    async with asyncio.timeout(timeout_s):
        await socket.closed
    return [json.loads(socket.frames.get_nowait()[1]) for _ in range(socket.frames.qsize())]


async def refused(port: int, headers: Mapping[str, str] | None = None) -> HandshakeRefusedError:
    """Try to connect, and give how it was refused."""
    with pytest.raises(HandshakeRefusedError) as refusal:
        await RawSocket.connect(port, headers=headers)
    return refusal.value


def login(user: str, number: int = 1) -> str:
    """Write a login."""
    do = {"op": "login", "login": f"login-of-{user}-{number}", "user": user}
    return json.dumps({"id": 1, "do": do | {"device": {"id": f"d{number}", "platform": "web"}}})


async def test_who_does_not_greet_in_time_is_told_and_closed(data: Path) -> None:
    async with ServerProcess(data, config=f"[limits]\ngreeting_s = {GREETING_S}\n") as server:
        begun_s = time.monotonic()
        socket = await RawSocket.connect(server.port)
        *_, bye = await frames_until_close(socket)
        assert GREETING_S <= time.monotonic() - begun_s < GREETING_S + 2
        assert (bye["is"], bye["code"], socket.close_code) == ("bye", "timeout", 4410)
        greeted = await RawSocket.connect(server.port)
        greeted.send_text(login("ann"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2 * GREETING_S):
                await greeted.closed
        greeted.abort()
        server.assert_clean_log()


async def test_who_falls_silent_is_closed_and_who_pings_is_not(data: Path) -> None:
    async with ServerProcess(data, config=f"[limits]\nheartbeat_s = {HEARTBEAT_S}\n") as server:
        silent = await RawSocket.connect(server.port)
        silent.send_text(login("ann"))
        async with gathered(server.port) as crowd:
            (pinging,) = crowd.add("bob")
            await crowd.wait_live()
            *_, bye = await frames_until_close(silent)
            assert (bye["code"], silent.close_code) == ("timeout", 4410)
            assert pinging.is_live
            assert pinging.resumes == 0


async def test_connections_of_one_address_are_limited_and_the_next_is_let_in_when_one_goes(data: Path) -> None:
    async with ServerProcess(data, config="[limits]\nconnections_per_address = 3\n") as server:
        sockets = [await RawSocket.connect(server.port) for _ in range(3)]
        refusal = await refused(server.port)
        assert (refusal.status, json.loads(refusal.body)["code"]) == (429, "rate_limited")
        sockets[0].close()
        await sockets[0].closed
        async with asyncio.timeout(5):
            while True:
                try:
                    sockets[0] = await RawSocket.connect(server.port)
                    break
                except HandshakeRefusedError:
                    continue
        for socket in sockets:
            socket.abort()


async def test_connections_of_the_node_are_limited(data: Path) -> None:
    async with ServerProcess(data, config="[limits]\nconnections = 2\n") as server:
        sockets = [await RawSocket.connect(server.port) for _ in range(2)]
        refusal = await refused(server.port)
        assert (refusal.status, json.loads(refusal.body)["code"]) == (503, "overloaded")
        assert int(refusal.headers["retry-after"]) >= 1
        for socket in sockets:
            socket.abort()


async def test_new_connections_a_second_are_limited_and_told_when_to_come(data: Path) -> None:
    async with ServerProcess(data, config="[limits]\nhandshakes_per_s = 5\n") as server:
        begun_s = time.monotonic()
        outcomes = await asyncio.gather(*(RawSocket.connect(server.port) for _ in range(40)), return_exceptions=True)
        took_s = time.monotonic() - begun_s
        refusals = [outcome for outcome in outcomes if isinstance(outcome, HandshakeRefusedError)]
        opened = [outcome for outcome in outcomes if isinstance(outcome, RawSocket)]
        assert len(opened) + len(refusals) == 40
        assert 5 <= len(opened) <= 5 + 5 * took_s + 1
        assert {refusal.status for refusal in refusals} == {429}
        assert all(int(refusal.headers["retry-after"]) >= 1 for refusal in refusals)
        for socket in opened:
            socket.abort()


async def test_commands_of_one_user_are_limited_over_all_sessions_and_others_are_not(data: Path) -> None:
    async with (
        ServerProcess(data, config="[rates]\ncommands_per_s = 1\ncommands_burst = 10\n") as server,
        gathered(server.port) as crowd,
    ):
        one, other = crowd.add("ann", 2, follows=False)
        (bob,) = crowd.add("bob", follows=False)
        await crowd.wait_live()
        outcomes = await asyncio.gather(
            *(client.ask({"op": "sessions"}) for client in (one, other) for _ in range(10)), return_exceptions=True
        )
        refusals = [outcome for outcome in outcomes if isinstance(outcome, RefusedError)]
        assert 8 <= len(refusals) <= 10
        assert {refusal.code for refusal in refusals} == {"rate_limited"}
        assert all(refusal.frame["retryable"] and refusal.frame["retry_after_ms"] > 0 for refusal in refusals)
        assert (await bob.ask({"op": "sessions"}))["kind"] == "sessions"
        assert one.is_live, "a refused command costs the command alone"


async def test_logins_of_one_address_are_limited(data: Path) -> None:
    async with ServerProcess(data, config="[rates]\nlogins_per_s = 0.1\nlogins_burst = 3\n") as server:
        codes = []
        for number in range(5):
            socket = await RawSocket.connect(server.port)
            socket.send_text(login("ann", number))
            _, payload = await socket.frames.get()
            codes.append(json.loads(payload).get("code"))
            socket.abort()
        assert codes == [None, None, None, "rate_limited", "rate_limited"]


async def test_resumes_of_one_address_are_limited(data: Path) -> None:
    async with ServerProcess(data, config="[rates]\nresumes_per_s = 0.1\nresumes_burst = 3\n") as server:
        codes = []
        for number in range(5):
            socket = await RawSocket.connect(server.port)
            guess = {"op": "resume", "session": f"guess number {number}", "resume_token": "x" * 32}
            socket.send_text(json.dumps({"id": 1, "do": guess}))
            _, payload = await socket.frames.get()
            codes.append(json.loads(payload)["code"])
            socket.abort()
        assert codes == ["session_unknown"] * 3 + ["rate_limited"] * 2


async def test_one_address_cannot_take_the_handshakes_of_all(data: Path) -> None:
    """One address used to be able to: with 100 of its handshakes a second nobody else was let in."""
    config = "[limits]\nhandshakes_per_s = 40\n[rates]\nhandshakes_per_s = 5\nhandshakes_burst = 20\n"
    config += '[server]\ntrusted_proxies = ["127.0.0.0/8"]\n'
    async with ServerProcess(data, config=config) as server:

        async def connect(address: str) -> RawSocket:
            return await RawSocket.connect(server.port, headers={"X-Forwarded-For": address})

        greedy = await asyncio.gather(*(connect(f"2001:db8::{n:x}") for n in range(100)), return_exceptions=True)
        others = [await connect(f"198.51.100.{number}") for number in range(10)]
        opened = [link for link in greedy if isinstance(link, RawSocket)]
        assert 20 <= len(opened) < 40
        for link in (*opened, *others):
            link.abort()


async def test_who_vanishes_in_the_middle_of_its_handshake_is_no_error(data: Path) -> None:
    """Links that broke while they were made used to be told as errors of the server, each with a line of the log."""
    async with ServerProcess(data) as server:
        loop = asyncio.get_running_loop()
        for round_ in range(VANISH_ROUNDS):
            links = [socket.socket() for _ in range(VANISH_LINKS)]
            for link in links:
                link.setblocking(False)
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
                await loop.sock_connect(link, ("127.0.0.1", server.port))
            for link in links:
                link.send(upgrade(server.port))
            await asyncio.sleep(0.0005 * (round_ % 10))
            for link in links:
                link.close()
        (await RawSocket.connect(server.port)).abort()
        server.assert_clean_log()


async def test_a_body_that_does_not_come_is_not_awaited_for_ever(data: Path) -> None:
    async with ServerProcess(data, config=f"{ADMIN}[limits]\ngreeting_s = {GREETING_S}\n") as server:
        for key, status in ((ADMIN_KEY, b"408"), ("another key", b"401")):
            begun_s = time.monotonic()
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            head = "POST /v1/revocations HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: 99"
            writer.write(f"{head}\r\nAuthorization: Bearer {key}\r\n\r\n{{".encode())
            async with asyncio.timeout(10):
                heard = await reader.read()
            assert heard.startswith(b"HTTP/1.1 " + status)
            assert time.monotonic() - begun_s < 3 * GREETING_S + 2
            writer.close()
        server.assert_clean_log()


async def test_pages_of_foreign_origins_may_not_connect(data: Path) -> None:
    foreign = (
        "https://chat.example:8443",
        "http://chat.example",
        "https://evil.example",
        "http://127.0.0.1:1",
        "null",
        "https://chat.example.evil.example",
    )
    async with ServerProcess(data, config='[server]\norigins = ["https://chat.example"]\n') as server:
        for headers in ({}, {"Origin": f"http://127.0.0.1:{server.port}"}, {"Origin": "https://chat.example"}):
            socket = await RawSocket.connect(server.port, headers=headers)
            assert socket.headers["sec-websocket-protocol"] == "unisono.v1+json", headers
            socket.abort()
        for origin in foreign:
            refusal = await refused(server.port, {"Origin": origin})
            assert (refusal.status, json.loads(refusal.body)["code"]) == (403, "origin_refused"), origin
