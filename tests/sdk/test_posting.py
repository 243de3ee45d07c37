"""HTTP as the SDK speaks it: what servers and proxies may answer, and what breaks."""

import asyncio

import pytest

from tests.sdk.conftest import within
from tests.sdk.scripted_http import Reply, ScriptedHttp, answer, scripted
from unisono_sdk.errors import InvalidArgument, ProtocolFault
from unisono_sdk.posting import Poster

LONG = b"x" * 70_000


def poster(http: ScriptedHttp, path: str = "/v1/poll", *, proxy: str | None = None, limit: int = 100_000) -> Poster:
    return Poster(f"http://127.0.0.1:{http.port}{path}", proxy=proxy, body_bytes=limit)


@pytest.mark.parametrize(
    ("reply", "body", "is_kept"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", b"{}", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", True),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nEnd: 1\r\n\r\n",
            b"abcde",
            True,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + LONG, LONG, True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it", b"all of it", False),
        (b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 1\r\n\r\n1", b"1", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n1", b"1", False),
    ],
)
async def test_every_form_of_an_answer_is_read_and_its_connection_kept_if_it_may_be(
    reply: bytes, body: bytes, is_kept: bool
) -> None:
    async with scripted(lambda _, __: reply) as http:
        asking = poster(http)
        for _ in range(2):
            assert (await within(asking.post("poll", b"{}"))).body == body
        assert http.connections == (1 if is_kept else 2)
        asking.abort()


@pytest.mark.parametrize(
    "reply",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n12345678901",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n12345678901",
    ],
)
async def test_what_is_no_http_or_too_large_is_a_fault_of_the_server(reply: bytes) -> None:
    async with scripted(lambda _, __: reply) as http:
        with pytest.raises(ProtocolFault):
            await within(poster(http, limit=10).post("poll", b"{}"))


@pytest.mark.parametrize("reply", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhalf"])
async def test_a_connection_that_breaks_is_told_and_the_next_question_makes_another(reply: Reply) -> None:
    replies = [reply, answer({})]
    async with scripted(lambda _, __: replies.pop(0)) as http:
        asking = poster(http)
        with pytest.raises(OSError):  # noqa: PT011  (which one is the kernel's choice)
            await within(asking.post("poll", b"{}"))
        assert (await within(asking.post("poll", b"{}"))).status == 200
        assert http.connections == 2
        asking.abort()


async def test_nobody_there_is_an_error_of_the_system() -> None:
    async with scripted(lambda _, __: None) as http:
        port = http.port
    with pytest.raises(ConnectionRefusedError):
        await within(Poster(f"http://127.0.0.1:{port}/v1/poll", proxy=None, body_bytes=10).post("open", b"{}"))


async def test_an_abort_ends_the_wait_for_an_answer() -> None:
    async with scripted(lambda _, __: b"HTTP/1.1 100 Continue\r\n\r\n") as http:
        asking = poster(http)
        waiting = asyncio.create_task(asking.post("poll", b"{}"))
        while not http.heads:
            await asyncio.sleep(0)
        asking.abort()
        with pytest.raises(OSError):  # noqa: PT011  (which one is the kernel's choice)
            await within(waiting)


async def test_a_question_that_was_given_up_leaves_no_connection_to_read_its_answer_from() -> None:
    replies = [b"HTTP/1.1 100 Continue\r\n\r\n", answer({"this": "one"})]
    async with scripted(lambda _, __: replies.pop(0)) as http:
        asking = poster(http)
        waiting = asyncio.create_task(asking.post("poll", b"{}"))
        while not http.heads:
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert (await within(asking.post("poll", b"{}"))).body == b'{"this": "one"}'
        asking.abort()


async def test_query_and_credentials_of_the_address_go_along() -> None:
    async with scripted(lambda _, __: answer({})) as http:
        url = f"http://ann:p%40ss@127.0.0.1:{http.port}/below/v1/poll?door=2"
        asking = Poster(url, proxy=None, body_bytes=100)
        await within(asking.post("open", b"{}"))
        asking.abort()
    first, *lines = http.heads[0].split("\r\n")
    assert first == "POST /below/v1/poll/open?door=2 HTTP/1.1"
    assert {f"Host: 127.0.0.1:{http.port}", "Authorization: Basic YW5uOnBAc3M="} <= set(lines)


async def test_an_http_proxy_is_asked_for_the_whole_address() -> None:
    async with scripted(lambda _, __: answer({})) as http:
        proxy = f"http://me:secret@127.0.0.1:{http.port}"
        asking = Poster("http://chat.example/v1/poll", proxy=proxy, body_bytes=100)
        await within(asking.post("open", b"{}"))
        asking.abort()
    assert http.heads[0].startswith("POST http://chat.example/v1/poll/open HTTP/1.1\r\nHost: chat.example\r\n")
    assert "Proxy-Authorization: Basic bWU6c2VjcmV0" in http.heads[0]


@pytest.mark.parametrize("reply", [answer({}, "403 Forbidden"), None, b"nonsense\r\n\r\n"])
async def test_a_proxy_that_lets_nothing_through_to_tls_is_as_nobody(reply: Reply) -> None:
    async with scripted(lambda _, __: reply) as http:
        proxy = f"http://me:secret@127.0.0.1:{http.port}"
        asking = Poster("https://chat.example/v1/poll", proxy=proxy, body_bytes=100)
        with pytest.raises(OSError):  # noqa: PT011  (which one is the kernel's choice)
            await within(asking.post("open", b"{}"))
    assert http.heads[0].startswith(
        "CONNECT chat.example:443 HTTP/1.1\r\nHost: chat.example:443\r\nProxy-Authorization: "
    )


def test_a_proxy_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        Poster("http://chat.example/v1/poll", proxy="socks5://127.0.0.1:1080", body_bytes=100)
