"""By which way a client connects: what is tried, in which order, and what is remembered."""

from pathlib import Path

import pytest

from tests.sdk.conftest import within
from tests.sdk.scripted_http import answer, scripted
from tests.support.http_proxy import HttpProxy
from tests.support.server_here import serving
from unisono_sdk import InvalidArgument, LinkDown, NotLetIn, Unisono
from unisono_sdk.options import poll_address
from unisono_sdk.ways import DEAF_LINKS, Ways


def test_the_websocket_goes_first_and_again_some_time_after_it_did_not_go() -> None:
    ways = Ways("auto", again_s=600)
    assert ways.order(0) == ("websocket", "longpoll")
    ways.note_open("longpoll", 0)
    assert ways.order(599) == ("longpoll", "websocket")
    ways.note_open("longpoll", 599)
    assert ways.order(600) == ("websocket", "longpoll"), "polls that go on do not put it off for ever"
    ways.note_open("longpoll", 600)
    ways.note_open("websocket", 700)
    assert ways.order(701) == ("websocket", "longpoll")


def test_websockets_that_open_and_hear_nothing_count_as_those_that_do_not_open() -> None:
    ways = Ways("auto", again_s=600)
    for _ in range(DEAF_LINKS):
        assert ways.order(0) == ("websocket", "longpoll")
        ways.note_open("websocket", 0)
        ways.note_end("websocket", 0, has_heard=False)
    assert ways.order(1) == ("longpoll", "websocket")


def test_one_that_heard_something_begins_the_count_anew_and_polls_count_nothing() -> None:
    ways = Ways("auto", again_s=600)
    for way, has_heard in (("websocket", False), ("websocket", True), ("websocket", False), ("longpoll", False)):
        ways.note_end("longpoll" if way == "longpoll" else "websocket", 0, has_heard=has_heard)
    assert ways.order(1) == ("websocket", "longpoll")


@pytest.mark.parametrize("way", ["websocket", "longpoll"])
def test_a_way_that_is_asked_for_is_the_only_one(way: str) -> None:
    ways = Ways("longpoll" if way == "longpoll" else "websocket", again_s=600)
    ways.note_open("longpoll", 0)
    assert ways.order(1) == (way,)


def test_another_transport_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        Unisono("ws://127.0.0.1:1", transport="carrier pigeon")  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize(
    ("url", "polled"),
    [
        ("ws://chat.example/v1/connect", "http://chat.example/v1/poll"),
        ("wss://chat.example:8443/chat/v1/connect?x=1", "https://chat.example:8443/chat/v1/poll?x=1"),
        ("ws://chat.example/elsewhere", None),
    ],
)
def test_long_polling_is_beside_the_websocket(url: str, polled: str | None) -> None:
    assert poll_address(url) == polled


async def test_where_a_proxy_knows_no_websocket_the_client_polls_and_remembers(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as server, HttpProxy(server.port) as proxy:
        async with Unisono(f"ws://127.0.0.1:{proxy.port}") as unisono:
            ann = await within(unisono.login(user="ann"))
            assert ann.transport == "longpoll"
            bob = await within(unisono.login(user="bob"))
            inbox = bob.messages()
            await (await ann.direct("bob")).send("through")
            assert (await within(anext(inbox))).text == "through"
        assert proxy.upgrades_refused == 1
        assert ann.transport is None


async def test_a_server_that_says_no_is_believed_and_not_asked_another_way() -> None:
    refusal = {"code": "origin_refused", "message": "no", "retryable": False, "numbers": {}}
    async with scripted(lambda _, __: answer(refusal, "403 Forbidden", "Connection: close")) as http:
        async with Unisono(f"ws://127.0.0.1:{http.port}") as unisono:
            with pytest.raises(NotLetIn):
                await within(unisono.login(user="ann"))
        assert [head.split(" ")[0] for head in http.heads] == ["GET"]


async def test_where_no_way_goes_the_first_one_says_why() -> None:
    async with scripted(lambda _, __: answer({}, "404 Not Found", "Connection: close")) as http:
        async with Unisono(f"ws://127.0.0.1:{http.port}") as unisono:
            with pytest.raises(LinkDown, match="refused with status 404"):
                await within(unisono.login(user="ann"))
        assert [head.split(" ")[:2] for head in http.heads] == [["GET", "/v1/connect"], ["POST", "/v1/poll/open"]]


@pytest.mark.parametrize("proxy", [None, "socks5://127.0.0.1:1"])
async def test_long_polling_alone_that_does_not_go_is_told(proxy: str | None) -> None:
    refusal = answer({"code": "not_found", "message": "no"}, "404 Not Found")
    async with (
        scripted(lambda _, __: refusal) as http,
        Unisono(f"ws://127.0.0.1:{http.port}", transport="longpoll", proxy=proxy) as unisono,
    ):
        with pytest.raises(LinkDown, match="long polling"):
            await within(unisono.login(user="ann"))
