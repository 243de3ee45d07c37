"""A server that does what a test tells it: it answers by itself what the test does not take in hand."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import msgpack
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Frame = dict[str, Any]
Answer = Frame | None
Hook = Callable[["Peer", Frame], Answer]

DEADLINE_S = 10
LATER = "later"
"""A hook gives this to leave a request without an answer."""


class Refuse(Exception):
    """A hook raises this to refuse a request."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.frame = {"code": code, "message": code, **more}


class Hush(Exception):
    """A hook raises this to leave a request without an answer."""


class Peer:
    """One connection of the SDK."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.is_text = socket.subprotocol == "unisono.v1+json"
        self.session = ""

    async def push(self, frame: Frame) -> None:
        """Send a frame."""
        await self.raw(json.dumps(frame) if self.is_text else msgpack.packb(frame))

    async def raw(self, payload: str | bytes) -> None:
        """Send anything."""
        await self.socket.send(payload)

    async def bye(self, code: str, advice: str, close: int = 4000, **more: Any) -> None:
        """Say why, and close."""
        await self.push({"is": "bye", "code": code, "message": code, "advice": advice, **more})
        await self.socket.close(close)

    def cut(self) -> None:
        """Break the connection."""
        self.socket.transport.abort()


@dataclass
class FakeServer:
    """Streams of facts and a list of what was asked. `hooks[op]` takes an operation in hand."""

    port: int = 0
    user: str = "me"
    epoch: int = 1
    heartbeat_s: int = 100
    app_epoch: int = 1
    asked: list[Frame] = field(default_factory=list)
    hooks: dict[str, Hook] = field(default_factory=dict)
    streams: dict[str, list[Frame]] = field(default_factory=dict)
    checkpoint: int = 1
    moves: dict[str, int] = field(default_factory=dict)
    fence: int = 0
    logins: int = 0
    lives_on: Server | None = None
    peers: "asyncio.Queue[Peer]" = field(default_factory=lambda: asyncio.Queue(100))
    current: Peer | None = None
    keys: dict[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"ws://127.0.0.1:{self.port}"

    def ops(self, *without: str) -> list[str]:
        """Give what was asked."""
        return [asked["do"]["op"] for asked in self.asked if asked["do"]["op"] not in without]

    def requests(self, op: str) -> list[Frame]:
        """Give the requests of one operation."""
        return [asked["do"] for asked in self.asked if asked["do"]["op"] == op]

    def place(self, stream: str, *facts: Frame) -> Frame:
        """Place facts; give their delivery."""
        log = self.streams.setdefault(stream, [])
        placed: list[Frame] = [
            {"seq": len(log) + 1 + i, "at": 1000 + len(log) + i, "fact": fact} for i, fact in enumerate(facts)
        ]
        log.extend(placed)
        self.checkpoint += 1
        self.moves[stream] = self.checkpoint
        return self.delivery(stream, placed[0]["seq"], placed[-1]["seq"])

    def delivery(self, stream: str, first: int, last: int | None = None) -> Frame:
        """Give the delivery of facts."""
        facts = self.streams[stream][first - 1 : last or first]
        return {"is": "facts", "stream": stream, "epoch": self.epoch, "facts": facts, "checkpoint": self.checkpoint}

    def message(self, text: str, sender: str = "you", stream: str = "c/1") -> Frame:
        """Place a message; give its delivery."""
        key = f"{sender}:{len(self.streams.get(stream, []))}"
        return self.place(stream, {"kind": "message", "sender": sender, "key": key, "content": {"text": text}})

    async def peer(self) -> Peer:
        """Wait for the next connection."""
        async with asyncio.timeout(DEADLINE_S):
            return await self.peers.get()

    # ------------------------------------------------------------ running

    async def start(self) -> None:
        """Listen, on the same port as before."""
        self.lives_on = await serve(
            self._serve,
            "127.0.0.1",
            self.port,
            subprotocols=["unisono.v1+json", "unisono.v1+msgpack"],  # type: ignore[list-item]
            compression=None,
            ping_interval=None,
            close_timeout=0.5,
        )
        self.port = next(iter(self.lives_on.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Break all connections and listen no more."""
        assert self.lives_on is not None
        for socket in list(self.lives_on.connections):
            socket.transport.abort()
        self.lives_on.close()
        await self.lives_on.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _serve(self, socket: ServerConnection) -> None:
        peer = self.current = Peer(socket)
        self.peers.put_nowait(peer)
        try:
            async for payload in socket:
                request = json.loads(payload) if peer.is_text else msgpack.unpackb(payload)
                self.asked.append(request)
                await self._answer(peer, request)
        except ConnectionClosed:
            return

    async def _answer(self, peer: Peer, request: Frame) -> None:
        command = request["do"]
        hook = self.hooks.get(command["op"])
        try:
            answer = hook(peer, command) if hook else None
            answer = answer if answer is not None else getattr(self, "_" + command["op"])(peer, command)
        except Hush:
            return
        except Refuse as refusal:
            await peer.push({"is": "error", "re": request["id"], **refusal.frame})
            return
        await peer.push({"is": "reply", "re": request["id"], "answer": answer})
        if command["op"] == "send" and self.is_fresh_send:
            stream = answer["stream"]
            await peer.push(self.delivery(stream, answer["seq"]))

    is_fresh_send = True

    # ------------------------------------------------------------ answers

    def _unread(self, peer: Peer, command: Frame) -> Frame:
        return {"kind": "unread", "total": 0, "mentions": 0, "conversations": []}

    def _login(self, peer: Peer, command: Frame) -> Frame:
        self.logins += 1
        self.fence = 1
        peer.session = command["login"]
        self.place(
            "u/" + self.user,
            {
                "kind": "session_opened",
                "session": command["login"],
                "device": command["device"]["id"],
                "shown": {"platform": "python"},
            },
        )
        return self._welcome(command, command["login"]) | {"resume_token": "secret-" + command["login"]}

    def _resume(self, peer: Peer, command: Frame) -> Frame:
        self.fence = command["fence"]
        peer.session = command["session"]
        return self._welcome(command, command["session"])

    def _welcome(self, command: Frame, session: str) -> Frame:
        return {
            "kind": "welcome",
            "heartbeat_s": self.heartbeat_s,
            "server": "fake",
            "checkpoint": self.checkpoint,
            "epoch": self.app_epoch,
            "user": self.user,
            "session": session,
            "tab": command.get("tab"),
            "fence": self.fence,
        }

    def _ping(self, _: Peer, __: Frame) -> Frame:
        return {"kind": "pong", "checkpoint": self.checkpoint}

    def _sync(self, _: Peer, command: Frame) -> Frame:
        heads = [
            {"stream": stream, "epoch": self.epoch, "seq": len(log)}
            for stream, log in sorted(self.streams.items())
            if self.moves[stream] > command.get("checkpoint", 0)
        ]
        return {"kind": "moved", "heads": heads, "checkpoint": self.checkpoint}

    def _read(self, _: Peer, command: Frame) -> Frame:
        log, after = self.streams.get(command["stream"], []), command["after"]
        facts = log[after : after + command.get("limit", 100)]
        return {"kind": "facts", "stream": command["stream"], "epoch": self.epoch, "facts": facts, "head": len(log)}

    def _send(self, _: Peer, command: Frame) -> Frame:
        stream = "c/" + command["conversation"]
        if command["key"] not in self.keys:
            fact = {"kind": "message", "sender": self.user, "key": command["key"], "content": command["content"]}
            self.place(stream, fact)
            self.keys[command["key"]] = len(self.streams[stream])
        seq = self.keys[command["key"]]
        return {"kind": "placed", "stream": stream, "epoch": self.epoch, "seq": seq, "at": 1000}

    def _sessions(self, peer: Peer, _: Frame) -> Frame:
        view = {"device": "d", "shown": {"platform": "python"}, "state": "live", "opened_at": 1, "seen_at": 1}
        return {
            "kind": "sessions",
            "sessions": [{"session": "other", **view}, {"session": peer.session, **view, "is_this": True}],
        }

    def _logout(self, _: Peer, __: Frame) -> Frame:
        return {"kind": "done"}


@asynccontextmanager
async def fake_server(**more: Any) -> AsyncIterator[FakeServer]:
    """Run a server with one conversation that has one message."""
    server = FakeServer(**more)
    server.place("u/" + server.user, {"kind": "entered", "conversation": "1", "seq": 1, "by": server.user})
    server.place("c/1", {"kind": "created", "by": server.user, "of": "group", "members": [server.user, "you"]})
    async with server:
        yield server
