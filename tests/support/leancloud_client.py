"""LeanCloud's side of a socket: several clients on one connection, and what the server told each of them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, Self

from tests.support.raw_socket import BINARY, TEXT, RawSocket
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.frames import decode, encode
from unisono.wire.leancloud.subprotocols import DIALECTS

PATIENCE_S: Final = 20.0
APP: Final = "an-app"
PATCHES: Final = 1

Wanted = Callable[[pb.GenericCommand], bool]


class LeanCloudSocket:
    """One connection. What came without a serial is in `pushed`, in order."""

    def __init__(self, subprotocol: str) -> None:
        self.dialect = DIALECTS[subprotocol]
        self.pushed: list[pb.GenericCommand] = []
        self.heard: list[pb.GenericCommand] = []
        """All that came, in order."""
        self._answers: dict[int, asyncio.Future[pb.GenericCommand]] = {}
        self._stir = asyncio.Event()
        self._serial = 0
        self.raw: RawSocket

    @classmethod
    async def connect(
        cls, port: int, subprotocol: str = "lc.protobuf2.3", path: str = "/", *, in_url: bool = False, **headers: str
    ) -> Self:
        """Shake hands."""
        socket = cls(subprotocol)
        if in_url:
            path = f"{path}?subprotocol={subprotocol}"
        offered = None if in_url else subprotocol
        socket.raw = await RawSocket.connect(port, path, subprotocol=offered, headers=headers, on_frame=socket._take)
        return socket

    def _take(self, opcode: int, payload: bytes) -> None:
        assert opcode == (TEXT if self.dialect.is_text else BINARY)
        command = decode(payload.decode() if self.dialect.is_text else payload, self.dialect)
        self.heard.append(command)
        if command.HasField("i"):
            answer = self._answers.pop(command.i, None)
            if answer is not None:
                answer.set_result(command)
        else:
            self.pushed.append(command)
        self._stir.set()

    def say(self, command: pb.GenericCommand) -> None:
        """Send a command as it is."""
        frame = encode(command, self.dialect)
        if isinstance(frame, str):
            self.raw.send_text(frame)
        else:
            self.raw.send_frame(BINARY, frame)

    def ask_later(self, command: pb.GenericCommand) -> "asyncio.Future[pb.GenericCommand]":
        """Send a command under the next serial, and give what will be its answer."""
        self._serial += 1
        command.i = self._serial
        answer: asyncio.Future[pb.GenericCommand] = asyncio.get_running_loop().create_future()
        self._answers[command.i] = answer
        self.say(command)
        return answer

    async def ask(self, command: pb.GenericCommand) -> pb.GenericCommand:
        """Send a command and give its answer."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.ask_later(command)

    async def wait_for(self, wanted: Wanted) -> pb.GenericCommand:
        """Give the first push that is wanted, and take it out."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for index, command in enumerate(self.pushed):
                    if wanted(command):
                        return self.pushed.pop(index)
                self._stir.clear()
                await self._stir.wait()

    async def wait_until_heard(self) -> None:
        """Wait until something more comes."""
        async with asyncio.timeout(PATIENCE_S):
            self._stir.clear()
            await self._stir.wait()

    async def closed(self) -> int | None:
        """Wait for the close; give its code."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.raw.closed

    async def try_open(self, peer: str, app: str = APP, **said: Any) -> pb.GenericCommand:
        """Log in, or be refused."""
        said.setdefault("ua", "test/1")
        command = pb.GenericCommand(cmd=pb.session, op=pb.open, appId=app, sessionMessage=pb.SessionCommand(**said))
        if peer:
            command.peerId = peer
        return await self.ask(command)

    async def open(self, peer: str, app: str = APP, **said: Any) -> "LeanCloudPeer":
        """Log in."""
        opened = await self.try_open(peer, app, **said)
        assert (opened.cmd, opened.op) == (pb.session, pb.opened), opened
        return LeanCloudPeer(self, opened.peerId, opened.sessionMessage)

    async def echo(self) -> None:
        """Have it answered that all before was carried out."""
        answer = await self.ask(pb.GenericCommand(cmd=pb.echo))
        assert answer.cmd == pb.echo


class LeanCloudPeer:
    """One client on a connection."""

    def __init__(self, socket: LeanCloudSocket, name: str, opened: pb.SessionCommand) -> None:
        self.socket = socket
        self.name = name
        self.token = opened.st
        self.ttl_s = opened.stTtl

    def command(self, cmd: pb.CommandType, op: pb.OpType | None = None, **parts: Any) -> pb.GenericCommand:
        """Begin a command of this client."""
        return pb.GenericCommand(cmd=cmd, op=op, peerId=self.name, **parts)

    async def ask(self, cmd: pb.CommandType, op: pb.OpType | None = None, **parts: Any) -> pb.GenericCommand:
        """Send a command and give its answer, which is this client's."""
        answer = await self.socket.ask(self.command(cmd, op, **parts))
        assert (answer.peerId, answer.service) == (self.name, 2)
        assert answer.serverTs > 0
        return answer

    async def start(self, *members: str, **said: Any) -> str:
        """Begin a conversation."""
        conv = pb.ConvCommand(m=[self.name, *members], **said)
        answer = await self.ask(pb.conv, pb.start, convMessage=conv)
        assert answer.op == pb.started, answer
        return answer.convMessage.cid

    async def conv(self, op: pb.OpType, cid: str, **said: Any) -> pb.GenericCommand:
        """Say something about a conversation."""
        return await self.ask(pb.conv, op, convMessage=pb.ConvCommand(cid=cid, **said))

    def direct(self, cid: str, body: str | bytes, **said: Any) -> pb.GenericCommand:
        """Give the command of a message."""
        priority = said.pop("priority", None)
        message = pb.DirectCommand(cid=cid, **said)
        if isinstance(body, bytes):
            message.binaryMsg = body
        else:
            message.msg = body
        return self.command(pb.direct, directMessage=message, priority=priority)

    async def send(self, cid: str, body: str | bytes, **said: Any) -> pb.AckCommand:
        """Send a message and give its acknowledgement."""
        answer = await self.socket.ask(self.direct(cid, body, **said))
        assert answer.cmd == pb.ack, answer
        return answer.ackMessage

    async def history(self, cid: str, **said: Any) -> Sequence[pb.LogItem]:
        """Read messages."""
        answer = await self.ask(pb.logs, logsMessage=pb.LogsCommand(cid=cid, **said))
        assert answer.cmd == pb.logs, answer
        return answer.logsMessage.logs

    def acknowledge(self, cid: str, until: int, since: int = 0) -> None:
        """Say that messages came."""
        self.socket.say(self.command(pb.ack, ackMessage=pb.AckCommand(cid=cid, fromts=since or until, tots=until)))

    def read(self, cid: str, at: int, mid: str | None = None) -> None:
        """Say that messages were read."""
        read = pb.ReadCommand(convs=[pb.ReadTuple(cid=cid, timestamp=at, mid=mid)])
        self.socket.say(self.command(pb.read, readMessage=read))

    async def close(self) -> None:
        """Log out."""
        answer = await self.ask(pb.session, pb.close)
        assert answer.op == pb.closed

    async def told(self, cmd: pb.CommandType, op: pb.OpType | None = None) -> pb.GenericCommand:
        """Give the next push of a kind to this client."""
        return await self.socket.wait_for(
            lambda each: each.peerId == self.name and each.cmd == cmd and (op is None or each.op == op)
        )

    def heard(self, cmd: pb.CommandType, op: pb.OpType | None = None) -> list[pb.GenericCommand]:
        """Give all that was pushed to this client of a kind and not taken yet."""
        return [
            each
            for each in self.socket.pushed
            if each.peerId == self.name and each.cmd == cmd and (op is None or each.op == op)
        ]
