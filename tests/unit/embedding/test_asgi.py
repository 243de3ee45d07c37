"""The server within a web application: the guide's shop under uvicorn, Django beside it, who reads too slowly."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvicorn
from aiohttp.test_utils import make_mocked_request

from tests.docs.pages import examples
from unisono.gateways.asgi.scope import AsgiOpening
from unisono_sdk import Transport, Unisono, events

PAGE = "docs/guide/embedding.md"
both = pytest.mark.parametrize("transport", ["websocket", "longpoll"])


def program(word: str) -> dict[str, Any]:
    """Give the names of the example that has a word."""
    (example,) = [each for each in examples(PAGE, "python") if f"import {word}" in each.text]
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(example.text, example.place, "exec"), names)
    return names


@asynccontextmanager
async def served(application: Any) -> AsyncIterator[str]:
    """Serve an application with uvicorn on a free port; give where."""
    config = uvicorn.Config(application, port=0, ws="websockets-sansio", lifespan="on", log_level="warning")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            assert not task.done()
            await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@pytest.mark.rows("S16")
@both
async def test_the_shop_tells_a_cart_to_all_tabs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport: Transport
) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = [each for each in examples(PAGE, "python") if "import FastAPI" in each.text]
    assert len([line for line in example.text.splitlines() if line.strip()]) <= 30
    async with served(program("FastAPI")["shop"]) as address, aiohttp.ClientSession() as http:
        url = f"ws://{address}/unisono/v1/connect"
        async with Unisono(url, transport=transport) as one, Unisono(url, transport=transport) as two:
            tabs = [await each.login(token="secret-of-ann") for each in (one, two)]
            assert {tab.user for tab in tabs} == {"ann"}
            assert {tab.transport for tab in tabs} == {transport}
            heard = [tab.events() for tab in tabs]
            async with http.post(f"http://{address}/cart/ann/tea") as answer:
                assert await answer.json() == {"items": 1, "told": 2}
            async with asyncio.timeout(10):
                for each in heard:
                    told = await anext(each)
                    assert isinstance(told, events.Told)
                    assert (told.name, told.data) == ("cart", {"items": ["tea"]})
            chat = await tabs[0].create(unique=False)
            await chat.send("x" * 30_000)
            assert [len(message.text or "") for message in await chat.history()] == [30_000]


async def test_it_stands_beside_django(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings  # type: ignore[import-untyped]  # it has no types
    from django.http import HttpResponse  # type: ignore[import-untyped]  # as above
    from django.urls import path  # type: ignore[import-untyped]  # as above

    async def hello(_: object) -> HttpResponse:
        return HttpResponse("hello")

    monkeypatch.chdir(tmp_path)
    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="of the tests", ROOT_URLCONF=(path("hello", hello),))
    async with served(program("get_asgi_application")["application"]) as address, aiohttp.ClientSession() as http:
        async with http.get(f"http://{address}/hello") as answer:
            assert await answer.text() == "hello"
        async with Unisono(f"ws://{address}/unisono/v1/connect") as unisono:
            ann = await unisono.login(user="ann")
            assert [view.session for view in await ann.sessions()] == [ann.session]


async def test_what_is_not_for_us_is_refused_and_a_server_that_does_not_run_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = program("FastAPI")
    async with served(names["shop"]) as address, aiohttp.ClientSession() as http:
        base = f"http://{address}/unisono"
        for path, method, status in (
            ("/v1/nothing", "GET", 404),
            ("/v1/poll/nothing", "POST", 404),
            ("/v1/poll/open", "GET", 405),
            ("/v1/users", "GET", 404),
        ):
            async with http.request(method, base + path) as answer:
                assert (answer.status, (await answer.json())["code"] != "") == (status, True), path
        async with http.post(f"{base}/v1/poll/open", data=b"{") as answer:
            assert (answer.status, (await answer.json())["code"]) == (400, "malformed")
        async with http.options(f"{base}/v1/poll/open") as answer:
            assert answer.status == 204
        foreign = {"Origin": "https://evil.example"}
        async with http.post(f"{base}/v1/poll/open", data=b"{}", headers=foreign) as answer:
            assert (answer.status, (await answer.json())["code"]) == (403, "origin_refused")
        refused: tuple[tuple[str, dict[str, str], tuple[str, ...]], ...] = (
            (base + "/v1/connect", foreign, ()),
            (base + "/v1/other", {}, ()),
            (base + "/v1/connect", {}, ("x",)),
        )
        for url, headers, protocols in refused:
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await http.ws_connect(url, headers=headers, protocols=protocols)
        await names["unisono"].__aexit__()
        with pytest.raises(aiohttp.WSServerHandshakeError) as away:
            await http.ws_connect(f"{base}/v1/connect")
        assert away.value.status == 503
        async with http.post(f"{base}/v1/poll/open", data=b"{}") as answer:
            assert (answer.status, (await answer.json())["code"]) == (503, "draining")


async def test_a_connection_ends_as_on_our_own_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with served(program("FastAPI")["shop"]) as address, aiohttp.ClientSession() as http:
        url = f"http://{address}/unisono/v1/connect"
        for sent, code in ((b"{}", 1007), (json.dumps({"id": 1, "do": {"op": "ping"}}).encode(), 4420)):
            async with http.ws_connect(url) as socket:
                await socket.send_str(sent.decode())
                frames = [message async for message in socket]
                assert json.loads(frames[-1].data)["is"] == "bye"
                assert socket.close_code == code
        async with http.ws_connect(url, max_msg_size=0) as socket:
            await socket.send_str("x" * (1 << 20) + "x")
            frames = [message async for message in socket]
            assert (json.loads(frames[-1].data)["code"], socket.close_code) == ("too_large", 1009)
        async with http.ws_connect(url, protocols=["unisono.v1+msgpack"]) as socket:
            assert socket.protocol == "unisono.v1+msgpack"
            await socket.send_str("{}")
            assert [message async for message in socket]
            assert socket.close_code == 1007


async def test_a_peer_that_does_not_read_costs_no_more_than_its_outbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ASGI server that takes nothing is one whose peer reads nothing."""
    monkeypatch.chdir(tmp_path)
    unisono = program("FastAPI")["unisono"]
    stuck = asyncio.Event()
    sent: list[dict[str, Any]] = []
    said: asyncio.Queue[dict[str, Any]] = asyncio.Queue(10)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if sum(each["type"] == "websocket.send" for each in sent) > 1:
            await stuck.wait()

    login = {"op": "login", "device": {"id": "d", "platform": "web"}, "login": "login-one", "token": "secret-of-ann"}
    said.put_nowait({"type": "websocket.connect"})
    said.put_nowait({"type": "websocket.receive", "text": json.dumps({"id": 1, "do": login})})
    scope = {
        "type": "websocket",
        "path": "/v1/connect",
        "headers": [(b"host", b"shop"), (b"cookie", b"a=b; session=x")],
        "query_string": b"a=1&a=2",
        "client": ("192.0.2.1", 5),
    }
    async with unisono, asyncio.timeout(20):
        serving = asyncio.create_task(unisono.asgi(scope, said.get, send))
        while not await unisono.sessions("ann"):
            await asyncio.sleep(0.01)
        for number in range(200):
            await unisono.tell("ann", "cart", "x" * 16_000, priority="high")
            if number % 20 == 0:
                await asyncio.sleep(0.01)
        node = unisono.node
        (attached,) = list(node.audience)
        assert attached.link.queued_bytes() < 2 * (1 << 20)
        assert [each["type"] for each in sent[:2]] == ["websocket.accept", "websocket.send"]
        said.put_nowait({"type": "websocket.disconnect", "code": 1006})
        stuck.set()
        await serving
        assert not node.audience.users()


@pytest.mark.parametrize(
    "line",
    [
        'consent={"x":1}; session=abc',
        "flag; session=abc",
        "n@me=1; x[y]=1; session=abc",
        "path=/; session=abc",
        "Expires=Wed, 01 Jan 2020 00:00:00 GMT;session=abc;",
        "a=b=c; =x; ;; session=first; session=abc",
        r'a="q\054r"; b="un; session="abc"',
    ],
)
async def test_an_odd_cookie_costs_no_other_at_either_door(line: str) -> None:
    """The first one that the standard library did not like used to lose all of them, so nobody was signed in."""
    headers = [(b"host", b"shop"), (b"cookie", line.encode())]
    mounted = AsgiOpening({"type": "http", "path": "/", "headers": headers})
    assert mounted.cookies["session"] == "abc"
    assert mounted.cookies == dict(make_mocked_request("GET", "/", {"Cookie": line}).cookies)
