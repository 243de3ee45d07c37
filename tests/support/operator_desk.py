"""A whole server in this process, with an operator and clients that speak raw JSON frames."""

import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp

from tests.support.fresh_schema import lay
from unisono.config import load, with_generated_secrets
from unisono.server import Running, running
from unisono.settings import Settings

ADMIN_KEY = "admin-key-of-the-tests-0123456789"
TOKEN_SECRET = "token-secret-of-the-tests-0123456789"
Json = dict[str, Any]


class Desk:
    """An operator's and a peer's view of a running server."""

    def __init__(self, server: Running, http: aiohttp.ClientSession, settings: Settings, log: io.StringIO) -> None:
        self.server = server
        self.http = http
        self.settings = settings
        self.log = log

    @property
    def url(self) -> str:
        return self.server.url

    async def ask(
        self,
        method: str,
        path: str,
        *,
        key: str | None = ADMIN_KEY,
        json: object = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Json]:
        """Ask over REST; give the status and the JSON answered."""
        from yarl import URL

        sent = dict(headers or {})
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        url = URL(self.url + path, encoded=True)
        async with self.http.request(method, url, json=json, data=body, headers=sent) as answer:
            assert answer.content_type == "application/json", await answer.text()
            return answer.status, await answer.json()

    async def connect(self) -> "Peer":
        """Open a connection, before login."""
        return Peer(await self.http.ws_connect(f"{self.url}/v1/connect", protocols=["unisono.v1+json"]))

    async def login(self, user: str, device: str = "d1", *, token: str | None = None, **more: object) -> "Peer":
        """Open a session."""
        peer = await self.connect()
        who = {"token": token} if token is not None else {"user": user}
        shown = {"id": device, "platform": more.pop("platform", "web"), **more}
        login = f"login-{device}-{id(peer):x}"
        peer.welcome = (await peer.ask("login", device=shown, login=login, **who))["answer"]
        return peer


class Peer:
    """A client's end of a connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.welcome: Json = {}
        self._requests = 0

    @property
    def session(self) -> str:
        return str(self.welcome["session"])

    async def ask(self, op: str, **arguments: object) -> Json:
        """Send a request; give what answers it."""
        self._requests += 1
        await self.socket.send_json({"id": self._requests, "do": {"op": op, **arguments}})
        while True:
            frame: Json = await self.socket.receive_json()
            if frame.get("re") == self._requests or frame["is"] == "bye":
                return frame

    async def ended(self) -> tuple[int | None, Json | None]:
        """Wait for the end; give the close code and the last words."""
        bye: Json | None = None
        async for message in self.socket:
            frame = message.json()
            bye = frame if frame["is"] == "bye" else bye
        return self.socket.close_code, bye

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()


@asynccontextmanager
async def open_desk(data: Path, **environment: str) -> AsyncIterator[Desk]:
    """Serve on a free port, with belief unless the environment says otherwise."""
    lay(data)
    given = {
        "UNISONO_SERVER__PORT": "0",
        "UNISONO_DATA_DIR": str(data),
        "UNISONO_IDENTITY__KIND": "dev",
        "UNISONO_IDENTITY__JWT__SECRET": TOKEN_SECRET,
        "UNISONO_ADMIN__KEYS": f"another-key-0123456789-0123456789,{ADMIN_KEY}",
        "UNISONO_DATABASE__SYNCHRONOUS": "normal",
        **environment,
    }
    settings = with_generated_secrets(load(None, given))
    log = io.StringIO()
    async with running(settings, log_target=log) as server, aiohttp.ClientSession() as http:
        yield Desk(server, http, settings, log)
