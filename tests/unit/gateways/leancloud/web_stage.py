"""A whole server with an app of LeanCloud's, asked over HTTP."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.operator_desk import Desk, open_desk

APP, KEY, MASTER = "AbC-9Nh9j0Va", "app-key-of-the-tests", "master-key-of-the-tests"
APPS = json.dumps([{"id": APP, "key": KEY, "master_key": MASTER}])
Json = Any


class Asking:
    """An app's own server, or a client without a socket."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: object = None,
        query: Mapping[str, str] | None = None,
    ) -> tuple[int, Json, Mapping[str, str]]:
        """Ask; give status, JSON and headers."""
        url = self.desk.url + path
        async with self.desk.http.request(method, url, headers=headers, json=body, params=query) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None, answer.headers

    async def master(self, method: str, path: str, body: object = None, **query: object) -> Json:
        """Ask with the master key; give what is answered, or the number of the refusal."""
        headers = {"X-LC-Id": APP, "X-LC-Key": f"{MASTER},master"}
        said = {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()}
        status, told, _ = await self.request(method, path, headers=headers, body=body, query=said)
        return told if status < 400 else told["code"]


def signed(key: str, at: int, suffix: str = "") -> str:
    """Sign as LeanCloud's storage SDK does."""
    return f"{hashlib.md5(f'{at}{key}'.encode()).hexdigest()},{at}{suffix}"


@asynccontextmanager
async def opened(data: Path, **environment: str) -> AsyncIterator[Asking]:
    """Serve an app."""
    async with open_desk(data, **{"UNISONO_LEANCLOUD__APPS": APPS, **environment}) as desk:
        yield Asking(desk)
