"""What long polling adds to the native protocol besides batches: who gets in, the end, too much, pages."""

import asyncio
import json

import aiohttp
import msgspec
import pytest

from tests.unit.app.fanout_stage import settle
from tests.unit.gateways.longpoll.poll_stage import FEW_STRAYS, PING, Poller, polling
from tests.unit.gateways.websocket.door_stage import LIMITS, an_open_door, login, on_uvloop
from unisono.domain.errors import Draining
from unisono.domain.ids import UserId

# ---- opening


@on_uvloop
async def test_a_login_comes_back_with_the_opening() -> None:
    async with an_open_door() as door, aiohttp.ClientSession() as http:
        opened = await Poller(door, http).open(login("alice"))
        assert (opened["batch"], opened["frames"][0]["answer"]["kind"]) == (1, "welcome")
        assert door.app.telemetry.counts["connections_opened", "longpoll"] == 1


@on_uvloop
async def test_without_frames_a_connection_is_opened_at_once_and_greets_later() -> None:
    async with polling() as poller:
        assert await poller.send(1, login("alice")) == (200, {"batch": 1})
        _, batch = await poller.poll(0)
        assert batch["frames"][0]["answer"]["user"] == "alice"


@on_uvloop
async def test_a_greeting_that_is_refused_ends_in_the_first_batch() -> None:
    async with an_open_door() as door, aiohttp.ClientSession() as http:
        opened = await Poller(door, http).open(login("forged"))
        assert [frame["is"] for frame in opened["frames"]] == ["error", "bye"]
        assert opened["close"]["code"] == 4402


@on_uvloop
async def test_no_two_connections_have_one_name() -> None:
    async with an_open_door() as door, aiohttp.ClientSession() as http:
        names = {(await Poller(door, http).open())["connection"] for _ in range(20)}
        assert len(names) == 20


# ---- the end


@on_uvloop
async def test_the_last_words_can_be_fetched_again_until_the_client_goes() -> None:
    async with polling(login("alice")) as poller:
        waiting = asyncio.create_task(poller.poll(1))
        await settle(50)
        assert await poller.door.registry.end_all(lambda: Draining(retry_after_ms=700), 10) == 0
        _, last = await waiting
        assert (last["frames"][-1]["code"], last["close"]["code"]) == ("draining", 1012)
        assert await poller.poll(1) == (200, last)
        assert await poller.send(2, PING) == (200, {"batch": 2})
        assert (await poller.ask("close", connection=poller.name))[0] == 204
        await settle(50)
        status, refusal = await poller.poll(1)
        assert (status, refusal["code"], refusal["retryable"]) == (404, "connection_unknown", False)


@on_uvloop
async def test_a_client_that_goes_leaves_a_detached_session_and_no_connection() -> None:
    async with polling(login("alice")) as poller:
        waiting = asyncio.create_task(poller.poll(1))
        await settle(50)
        assert (await poller.ask("close", connection=poller.name))[0] == 204
        _, last = await waiting
        assert (last["frames"], last["close"]["code"]) == ([], 1000)
        await poller.door.counted("connections_closed", "gone")
        (view,) = await poller.door.app.node.own_sessions.list_of(UserId("alice"))
        assert view.state == "detached"
        assert len(poller.door.registry) == 0


@on_uvloop
async def test_silence_is_told_and_then_the_connection_is_over() -> None:
    async with polling(login("alice")) as poller:
        for connection in poller.door.registry:
            connection.heard_at_s -= 44
            connection.end_if_silent(0)
            assert connection.ending is None, "a poll may wait for 25 s, and be away for 20"
            connection.heard_at_s -= 2
            connection.end_if_silent(0)
        _, last = await poller.poll(1)
        assert (last["frames"][-1]["code"], last["close"]["code"]) == ("timeout", 4410)


@pytest.mark.parametrize("what", ["send", "poll", "close"])
@on_uvloop
async def test_every_request_is_a_sign_of_life(what: str) -> None:
    async with polling(login("alice")) as poller:
        (connection,) = poller.door.registry
        before = connection.heard_at_s = connection.heard_at_s - 40
        match what:
            case "send":
                await poller.send(2, PING)
            case "poll":
                await poller.poll(1, wait_s=0)
            case _:
                await poller.ask("close", connection=poller.name)
        assert connection.heard_at_s > before


@on_uvloop
async def test_a_node_that_goes_down_lets_nobody_in_but_those_who_are_there_speak_on() -> None:
    async with polling(login("alice")) as poller:
        poller.door.admission.close()
        status, refusal = await poller.ask("open")
        assert (status, refusal["code"]) == (503, "draining")
        assert (await poller.send(2, PING))[0] == 200


# ---- bad frames


@pytest.mark.parametrize("frame", ["{}", '{"id": 0}', '{"id": "9"}', '{"do": {"op": "ping"}}', "null", "[]", "7"])
@on_uvloop
async def test_a_frame_without_an_id_ends_the_connection(frame: str) -> None:
    async with polling(login("alice")) as poller:
        body = f'{{"connection": "{poller.name}", "batch": 2, "frames": [{frame}]}}'.encode()
        assert (await poller.post("send", body)).status == 200
        frames, after = await poller.fetch(1, 1)
        while frames[-1]["is"] != "bye":
            frames += (await poller.fetch(after, 1))[0]
            after += 1
        told = [frame for frame in frames if frame["is"] != "facts"]
        assert [(frame["is"], frame["code"]) for frame in told] == [("error", "malformed"), ("bye", "malformed")]


@on_uvloop
async def test_a_bad_frame_among_good_ones_costs_one_answer() -> None:
    async with polling(login("alice")) as poller:
        bodies = ['{"id": 7, "do": {"op": "ping"}}', '{"id": 8, "do": {"op": "x"}}', '{"id": 9, "do": {"op": "ping"}}']
        body = f'{{"connection": "{poller.name}", "batch": 2, "frames": [{", ".join(bodies)}]}}'.encode()
        assert (await poller.post("send", body)).status == 200
        frames, _ = await poller.fetch(1, 3)
        assert {frame["re"]: frame["is"] for frame in frames if "re" in frame} == {7: "reply", 8: "error", 9: "reply"}


@pytest.mark.parametrize("what", ["open", "send", "poll", "close"])
@on_uvloop
async def test_a_body_that_is_something_else_is_refused_and_costs_the_connection_nothing(what: str) -> None:
    async with polling(login("alice")) as poller:
        for body in (b"", b"nonsense", b"[]", b'{"connection": 5}', b'{"unknown": 1}', b"\xff\xfe", b"[" * 8000):
            answer = await poller.post(what, body)
            assert (answer.status, json.loads(answer.body)["code"]) == (400, "malformed"), body
        assert (await poller.send(2, PING))[0] == 200


# ---- too much


@pytest.mark.parametrize("what", ["repeated batches", "empty batches", "repeated polls", "polls for nothing"])
@on_uvloop
async def test_too_many_requests_that_bring_nothing_end_the_connection(what: str) -> None:
    async with polling(login("alice"), options=FEW_STRAYS) as poller:
        await poller.send(2, {"op": "sessions"})
        await poller.poll(1)
        for at in range(10):
            match what:
                case "repeated batches":
                    await poller.send(1, PING)
                case "empty batches":
                    await poller.send(3 + at)
                case "repeated polls":
                    await poller.poll(1)
                case _:
                    await poller.poll(2, wait_s=0)
        assert poller.door.app.telemetry.counts["limits_hit", "rates.strays_per_s"] == 1
        await poller.door.counted("connections_closed", "rate_limited")


@pytest.mark.parametrize(("size", "is_taken"), [(4096, True), (4097, False)])
@on_uvloop
async def test_a_frame_may_be_so_large_and_no_larger(size: int, is_taken: bool) -> None:
    async with polling(login("alice")) as poller:
        frame = '{"id": 5, "do": {"op": "ping"' + " " * (size - 31) + "}}"
        assert len(frame) == size
        body = f'{{"connection": "{poller.name}", "batch": 2, "frames": [{frame}]}}'.encode()
        answer = await poller.post("send", body)
        assert answer.status == (200 if is_taken else 413)
        assert (await poller.send(3 if is_taken else 2, PING))[0] == 200


@on_uvloop
async def test_a_body_may_be_so_large_and_no_larger() -> None:
    async with polling(login("alice")) as poller:
        body = json.dumps({"connection": poller.name, "after": 1, "wait_s": 0}).encode()
        assert (await poller.post("poll", body.ljust(2 * 4096))).status == 200
        answer = await poller.post("poll", body.ljust(2 * 4096 + 1))
        assert (answer.status, json.loads(answer.body)["code"]) == (413, "too_large")


@on_uvloop
async def test_one_address_has_so_many_connections_however_they_are_carried() -> None:
    async with polling(login("alice"), limits=msgspec.structs.replace(LIMITS, connections_per_address=1)) as poller:
        status, refusal = await poller.ask("open")
        assert (status, refusal["code"]) == (429, "rate_limited")
        await poller.ask("close", connection=poller.name)
        await poller.door.counted("connections_closed", "gone")
        await settle(50)
        assert (await poller.ask("open"))[0] == 200


@on_uvloop
async def test_a_socket_is_no_visitor_while_its_poll_waits_and_is_one_again_after_it() -> None:
    async with polling(login("alice")) as poller:
        admission = poller.door.admission
        assert admission.visitors == 1
        waiting = asyncio.create_task(poller.poll(1))
        await settle(50)
        assert admission.visitors == 0
        await poller.send(2, PING)
        await waiting
        assert admission.visitors == 2
        gone = asyncio.create_task(poller.poll(2))
        await settle(50)
        gone.cancel()
        await settle(50)
        assert admission.visitors == 1
        await poller.send(3, PING)
        await settle(50)
        assert admission.visitors == 1, "the socket of the poll that was cut is no visitor any more"


# ---- pages


@pytest.mark.parametrize("what", ["open", "send", "poll", "close"])
@on_uvloop
async def test_a_page_from_elsewhere_is_refused_whatever_it_knows(what: str) -> None:
    async with polling(login("alice")) as poller:
        known = json.dumps({"connection": poller.name, "batch": 2, "frames": []}).encode()
        answer = await poller.post(what, known, Origin="https://evil.example")
        assert (answer.status, json.loads(answer.body)["code"]) == (403, "origin_refused")
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert (await poller.send(2, PING))[0] == 200


@on_uvloop
async def test_a_page_that_may_reads_every_answer_and_none_is_kept() -> None:
    async with polling(login("alice")) as poller:
        for body in (b"{}", b"nonsense"):
            answer = await poller.post("open", body, Origin="https://app.example", Content_Type="text/plain")
            assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
            assert (answer.headers["Vary"], answer.headers["Cache-Control"]) == ("Origin", "no-store")
            assert "Access-Control-Allow-Credentials" not in answer.headers


@on_uvloop
async def test_a_browser_that_asks_first_is_told_what_a_page_may_send() -> None:
    async with an_open_door() as door, aiohttp.ClientSession() as http:
        poller = Poller(door, http)
        answer = await poller.post("poll", b"", method="OPTIONS", Origin="https://app.example")
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Methods"] == "POST"
        assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type"
        refused = await poller.post("poll", b"", method="OPTIONS", Origin="https://evil.example")
        assert (refused.status, "Access-Control-Allow-Origin" in refused.headers) == (403, False)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@on_uvloop
async def test_other_methods_are_told_which_there_are(method: str) -> None:
    async with an_open_door() as door, aiohttp.ClientSession() as http:
        answer = await Poller(door, http).post("poll", b"", method=method)
        assert answer.status == 405
        assert "POST" in answer.headers["Allow"]


@on_uvloop
async def test_a_defect_in_a_connection_costs_that_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async with polling(login("alice")) as poller:
        other = Poller(poller.door, poller.http)
        await other.open(login("bob"))

        async def break_down(*_: object) -> None:
            raise ZeroDivisionError("secret of the house")

        monkeypatch.setattr("unisono.app.node.Node.leave", break_down)
        await other.ask("close", connection=other.name)
        await settle(100)
        monkeypatch.undo()
        assert [name for name, _ in poller.door.app.telemetry.defects] == ["poll_failed"]
        assert (await other.poll(1))[0] == 404
        assert (await poller.send(2, PING))[0] == 200
