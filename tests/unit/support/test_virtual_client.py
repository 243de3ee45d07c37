"""The virtual client against a small server that breaks promises on purpose: the judge must see each through it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import pytest
from aiohttp import WSMsgType, web

from tests.support.follower import Frame, logged
from tests.support.judge import Fault, Verdict, judge
from tests.support.raw_socket import HandshakeRefusedError, RawSocket
from tests.support.virtual_client import DisconnectedError, Manner, RefusedError, VirtualClient

STREAM = "c/a"
SENDS = 40


@dataclass
class Broken:
    """What the little server does wrong; every count is "each n-th", 0 is never."""

    loses_hint: int = 0
    repeats_hint: int = 0
    cuts_after: int = 0
    forgets_ack: int = 0
    forgets_key: int = 0
    skips_in_read: int = 0
    farewell: Frame | None = None
    retry_after_ms: int | None = None


@dataclass
class LittleServer:
    """One conversation, in memory, of whoever logs in."""

    broken: Broken
    facts: list[Frame] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    sockets: set[web.WebSocketResponse] = field(default_factory=set)
    requests: int = 0
    logins: int = 0

    def __post_init__(self) -> None:
        self.place({"kind": "created", "members": ["ann", "bob"]})

    def place(self, fact: Frame) -> int:
        """Add a fact."""
        seq = len(self.facts) + 1
        self.facts.append({"seq": seq, "at": seq, "fact": fact})
        return seq

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection."""
        socket = web.WebSocketResponse(protocols=("unisono.v1+json",))
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self.answer(socket, json.loads(message.data))
        self.sockets.discard(socket)
        return socket

    async def answer(self, socket: web.WebSocketResponse, request: Frame) -> None:
        """Answer one request."""
        do, broken = request["do"], self.broken
        self.requests += 1
        if broken.farewell is not None:
            await socket.send_json({"is": "bye"} | broken.farewell)
            await socket.close(code=4432)
            return
        if broken.cuts_after and self.requests % broken.cuts_after == 0:
            assert socket._req is not None
            assert socket._req.transport is not None
            socket._req.transport.abort()
            return
        if broken.retry_after_ms is not None and do["op"] == "send" and self.requests % 3 == 0:
            refusal = {"is": "error", "code": "rate_limited", "retryable": True, "retry_after_ms": 1}
            await socket.send_json(refusal | {"re": request["id"]})
            return
        answer = await getattr(self, f"do_{do['op']}")(socket, do)
        if answer is not None:
            await socket.send_json({"is": "reply", "re": request["id"], "answer": answer})

    async def do_login(self, socket: web.WebSocketResponse, do: Frame) -> Frame:
        self.logins += 1
        return await self.do_resume(socket, do) | {"resume_token": "secret", "session": do["login"]}

    async def do_resume(self, socket: web.WebSocketResponse, do: Frame) -> Frame:
        self.sockets.add(socket)
        welcome = {"kind": "welcome", "heartbeat_s": 20, "checkpoint": len(self.facts), "epoch": 1}
        return welcome | {"session": do.get("session")}

    async def do_sync(self, socket: web.WebSocketResponse, do: Frame) -> Frame:
        heads = [{"stream": STREAM, "epoch": 1, "seq": len(self.facts)}]
        is_behind = do["checkpoint"] < len(self.facts)
        return {"kind": "moved", "heads": heads if is_behind else [], "checkpoint": len(self.facts)}

    async def do_read(self, socket: web.WebSocketResponse, do: Frame) -> Frame:
        facts = self.facts[do["after"] :][:7]
        if self.broken.skips_in_read:
            facts = [fact for fact in facts if fact["seq"] % self.broken.skips_in_read]
        return {"kind": "facts", "stream": STREAM, "epoch": 1, "facts": facts, "head": len(self.facts)}

    async def do_ping(self, socket: web.WebSocketResponse, do: Frame) -> Frame:
        return {"kind": "pong", "checkpoint": len(self.facts)}

    async def do_send(self, socket: web.WebSocketResponse, do: Frame) -> Frame | None:
        broken, key = self.broken, do["key"]
        if key not in self.places or (broken.forgets_key and len(self.facts) % broken.forgets_key == 0):
            message = {"kind": "message", "sender": "ann", "key": key, "content": do["content"]}
            self.places[key] = self.place(message)
            await self.push(self.facts[-1])
        if broken.forgets_ack and self.requests % broken.forgets_ack == 0:
            socket._req.transport.abort()  # type: ignore[union-attr]
            return None
        seq = self.places[key]
        return {"kind": "placed", "stream": STREAM, "epoch": 1, "seq": seq, "at": seq}

    async def push(self, fact: Frame) -> None:
        """Hint everybody, or nobody, or twice."""
        broken, seq = self.broken, fact["seq"]
        if broken.loses_hint and seq % broken.loses_hint == 0:
            return
        times = 2 if broken.repeats_hint and seq % broken.repeats_hint == 0 else 1
        for socket in tuple(self.sockets) * times:
            frame = {"is": "facts", "stream": STREAM, "epoch": 1, "facts": [fact], "checkpoint": seq}
            try:
                await socket.send_json(frame)
            except ConnectionError:
                self.sockets.discard(socket)


@asynccontextmanager
async def serving(server: LittleServer) -> AsyncIterator[int]:
    """Serve on a free port."""
    app = web.Application()
    app.router.add_get("/v1/connect", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def has_all(client: VirtualClient, server: LittleServer) -> bool:
    """Say if a client has come to the head."""
    return client.follower.seq(STREAM) >= len(server.facts)


async def run(broken: Broken, *, patience_s: float = 10.0) -> Verdict:
    """Have ann send on one session and everybody listen; give the judge's verdict."""
    server = LittleServer(broken)
    async with serving(server) as port, asyncio.TaskGroup() as group:
        clients = [
            VirtualClient(port, user, name=f"{user}/{number}", manner=Manner(doubt=0.2 if user == "ann" else 0))
            for user, number in (("ann", 1), ("ann", 2), ("bob", 1))
        ]
        for client in clients:
            group.create_task(client.run())
        for client in clients:
            await client.wait_live()
        for number in range(SENDS):
            clients[0].post("a", f"message {number}", f"k{number}")
        await clients[0].wait_until(lambda: not clients[0].unacknowledged)
        server.place({"kind": "read"})
        await server.push(server.facts[-1])
        for client in clients:
            with suppress(TimeoutError):
                await client.wait_until(partial(has_all, client, server), patience_s)
        for client in clients:
            client.stop()
    log = {STREAM: logged(server.facts)}
    return judge(log, [client.follower.log for client in clients], [ack for client in clients for ack in client.acks])


@pytest.mark.parametrize(
    "broken",
    [
        Broken(),
        Broken(loses_hint=3),
        Broken(repeats_hint=2),
        Broken(cuts_after=11),
        Broken(forgets_ack=7),
        Broken(retry_after_ms=1),
        Broken(loses_hint=5, repeats_hint=3, cuts_after=17, forgets_ack=13),
    ],
)
async def test_what_a_server_may_do_leaves_a_clean_history(broken: Broken) -> None:
    verdict = await run(broken)
    verdict.assert_clean()
    assert verdict.deliveries >= 3 * SENDS
    assert verdict.acknowledgements >= SENDS


async def test_a_server_that_forgets_keys_is_caught() -> None:
    verdict = await run(Broken(forgets_key=3, forgets_ack=7))
    assert Fault.DOUBLED in verdict.faults


async def test_a_server_that_hides_facts_is_caught() -> None:
    verdict = await run(Broken(loses_hint=5, skips_in_read=5), patience_s=0.3)
    assert Fault.LOST in verdict.faults


async def test_a_displaced_session_does_not_come_back() -> None:
    farewell = {"code": "displaced", "advice": "stop", "newcomer": {"platform": "web", "label": "other"}}
    server = LittleServer(Broken(farewell=farewell))
    async with serving(server) as port:
        client = VirtualClient(port, "ann", name="ann/1")
        await client.run()
    assert client.ended_by is not None
    assert client.ended_by["newcomer"]["label"] == "other"
    assert (server.requests, client.close_codes) == (1, [4432])
    with pytest.raises(RefusedError, match="displaced"):
        await client.wait_live()
    with pytest.raises(DisconnectedError):
        await client.ask({"op": "ping"})


async def test_a_session_comes_back_by_resuming() -> None:
    server = LittleServer(Broken())
    async with serving(server) as port, asyncio.TaskGroup() as group:
        client = VirtualClient(port, "ann", name="ann/1")
        group.create_task(client.run())
        await client.wait_live()
        assert await client.send("a", "hello", "k") == 2
        client.cut()
        await client.wait_until(lambda: client.resumes == 1)
        await client.wait_live()
        assert await client.send("a", "hello", "k") == 2
        assert (server.logins, client.logins) == (1, 1)
        client.stop()


async def test_a_handshake_that_is_refused_says_why() -> None:
    async with serving(LittleServer(Broken())) as port:
        with pytest.raises(HandshakeRefusedError, match="404"):
            await RawSocket.connect(port, "/nowhere")


async def test_a_paused_socket_takes_nothing() -> None:
    server = LittleServer(Broken())
    async with serving(server) as port:
        socket = await RawSocket.connect(port)
        socket.pause()
        socket.send_text(json.dumps({"id": 1, "do": {"op": "ping"}}))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await socket.frames.get()
        socket.resume()
        _, payload = await socket.frames.get()
        assert json.loads(payload)["answer"]["kind"] == "pong"
        socket.close()
        assert await socket.closed == 1000
