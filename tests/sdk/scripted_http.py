"""A server that answers HTTP requests with what a test wrote for them, byte for byte."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

Reply = bytes | None
"""The bytes of an answer; None breaks the connection instead."""
Script = Callable[[str, bytes], Reply]


class ScriptedHttp:
    """`heads` and `bodies` are what was asked, in order; `connections` counts those that were made."""

    def __init__(self, script: Script) -> None:
        self.port = 0
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self._script = script
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until either side goes."""
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        with suppress(EOFError, OSError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lengths = [line for line in head.split("\r\n") if line.lower().startswith("content-length:")]
                body = await reader.readexactly(int(lengths[0].partition(":")[2])) if lengths else b""
                self.heads.append(head)
                self.bodies.append(body)
                reply = self._script(head.split(" ")[1], body)
                if reply is None:
                    break
                writer.write(reply)
                if b"connection: close" in reply.lower():
                    break
        writer.close()

    async def hang_up(self) -> None:
        """Break all connections."""
        for writer in self._open.values():
            writer.transport.abort()
        await asyncio.wait(self._open)


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[ScriptedHttp]:
    """Serve a script while inside."""
    http = ScriptedHttp(script)
    server = await asyncio.start_server(http.serve, "127.0.0.1", 0)
    http.port = server.sockets[0].getsockname()[1]
    try:
        yield http
    finally:
        server.close()
        for _ in range(10):  # whoever was accepted is served from one of the next turns on
            await asyncio.sleep(0)
        if http.connections:
            await http.hang_up()


def answer(told: object, status: str = "200 OK", *headers: str) -> bytes:
    """Write an answer as servers do."""
    body = json.dumps(told).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body
