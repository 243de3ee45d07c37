"""One connection from its greeting to its end."""

import asyncio
import json

import msgspec
import pytest

from tests.unit.app.app_stage import calm, failing
from tests.unit.app.fanout_stage import settle
from tests.unit.gateways.websocket.door_stage import OPTIONS, PLENTY, Carrier, an_open_door, both, login, on_uvloop
from unisono.domain.errors import Unavailable
from unisono.domain.ids import SessionId
from unisono.domain.rates import Rate
from unisono.domain.told import ToldLater
from unisono.gateways.hosting.lobby import Pace

IN_A_HURRY = msgspec.structs.replace(OPTIONS, pace=Pace(greeting_s=0.5, requests_in_flight=8, strays=PLENTY))
FEW_STRAYS = msgspec.structs.replace(
    OPTIONS, frame_bytes=1 << 18, pace=Pace(greeting_s=60.0, requests_in_flight=8, strays=Rate(per_s=1, burst=9))
)
TWO_AT_A_TIME = msgspec.structs.replace(OPTIONS, pace=Pace(greeting_s=60.0, requests_in_flight=2, strays=PLENTY))


@both
@on_uvloop
async def test_a_login_is_welcomed_and_a_resume_carries_on(carrier: Carrier) -> None:
    async with an_open_door(carrier=carrier) as door:
        client = await door.connect()
        welcome = (await client.ask(login("alice")))["answer"]
        assert (welcome["kind"], welcome["user"]) == ("welcome", "alice")
        again = await door.connect()
        resume = {"op": "resume", "session": welcome["session"], "resume_token": welcome["resume_token"]}
        resumed = (await again.ask(resume))["answer"]
        assert (resumed["session"], resumed["fence"]) == (welcome["session"], welcome.get("fence", 0) + 1)
        bye, code = await client.last_words()
        assert (bye["code"], bye["advice"], code) == ("replaced", "stop", 4433)


@both
@on_uvloop
async def test_the_welcome_is_the_first_thing_a_client_reads(carrier: Carrier) -> None:
    async with an_open_door(carrier=carrier) as door:
        first = await (await door.connect()).login("alice", "a")

        async def happen_meanwhile(method: str) -> None:
            if method == "checkpoint":
                door.app.mood = calm
                await first.ask({"op": "create", "key": "k", "members": ["bob"]})
                await settle()

        second = await door.connect()
        door.app.mood = happen_meanwhile
        second.issue(login("alice", "b"))
        frames = [await second.next_frame() for _ in range(3)]
        assert [frame["is"] for frame in frames] == ["reply", "facts", "facts"]


@both
@on_uvloop
async def test_who_does_not_greet_in_time_is_told_so(carrier: Carrier) -> None:
    async with an_open_door(IN_A_HURRY, carrier=carrier) as door:
        client = await door.connect()
        bye, code = await client.last_words()
        assert (bye["code"], bye["advice"], code) == ("timeout", "reconnect", 4410)


@both
@on_uvloop
async def test_a_login_under_way_is_not_cut_off_by_the_greeting_deadline(carrier: Carrier) -> None:
    async with an_open_door(IN_A_HURRY, carrier=carrier) as door:

        async def dawdle(method: str) -> None:
            if method == "decide":
                door.app.mood = calm
                await door.counted("refusals", "timeout")

        door.app.mood = dawdle
        slow = await door.connect()
        request = slow.issue(login("alice"))
        silent = await door.connect()
        assert (await slow.answer(request))["is"] == "reply"
        await silent.closed()


@pytest.mark.parametrize("do", [{"op": "ping"}, {"op": "sessions"}, {"op": "logout"}])
@both
@on_uvloop
async def test_nothing_but_a_greeting_comes_first(do: dict[str, str], carrier: Carrier) -> None:
    async with an_open_door(carrier=carrier) as door:
        client = await door.connect()
        refusal = await client.ask(do)
        assert (refusal["is"], refusal["re"], refusal["code"]) == ("error", 1, "not_greeted")
        bye, code = await client.last_words()
        assert (bye["advice"], code) == ("log_in", 4420)


@both
@on_uvloop
async def test_a_refused_login_is_told_by_its_id_and_ends_the_connection(carrier: Carrier) -> None:
    async with an_open_door(carrier=carrier) as door:
        client = await door.connect()
        refusal = await client.ask(login("forged"))
        assert refusal["code"] == "token_invalid"
        bye, code = await client.last_words()
        assert (bye["code"], bye["advice"], code) == ("token_invalid", "new_token", 4402)
        assert door.app.telemetry.counts["logins", "token_invalid"] == 1


@both
@on_uvloop
async def test_a_second_greeting_is_refused_and_the_session_goes_on(carrier: Carrier) -> None:
    async with an_open_door(carrier=carrier) as door:
        client = await (await door.connect()).login()
        assert (await client.ask(login("alice", "other")))["code"] == "already_greeted"
        assert (await client.ask({"op": "ping"}))["is"] == "reply"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('{"id": 9, "do": {"op": "never-heard-of"}}', "unsupported"),
        ('{"id": 9, "do": {"op": "send", "conversation": 5}}', "malformed"),
        ('{"id": 9, "do": {"op": "ping"}, "extra": 1}', "malformed"),
        ('{"id": 9}', "malformed"),
    ],
)
@both
@on_uvloop
async def test_a_bad_request_with_an_id_costs_one_answer(frame: str, code: str, carrier: Carrier) -> None:
    async with an_open_door(carrier=carrier) as door:
        client = await (await door.connect()).login()
        client.socket.send_text(frame)
        refusal = await client.answer(9)
        assert refusal["code"] == code
        assert (await client.ask({"op": "ping"}))["is"] == "reply"


@both
@on_uvloop
async def test_only_so_many_requests_are_worked_on_and_the_rest_waits_unread(carrier: Carrier) -> None:
    async with an_open_door(TWO_AT_A_TIME, carrier=carrier) as door:
        client = await (await door.connect()).login()
        gate = asyncio.Event()
        entered: list[str] = []

        async def hold(method: str) -> None:
            entered.append(method)
            await gate.wait()

        door.app.mood = hold
        requests = [client.issue({"op": "sessions"}) for _ in range(7)]
        while len(entered) < 2:
            await asyncio.sleep(0)
        await settle(500)
        assert entered == ["list_of", "list_of"]
        gate.set()
        answers: set[int] = set()
        while answers != set(requests):
            frame = await client.next_frame()
            answers |= {frame["re"]} if frame["is"] == "reply" else set()


@both
@on_uvloop
async def test_a_defect_costs_one_answer_and_no_secret(carrier: Carrier) -> None:
    async with an_open_door(carrier=carrier) as door:
        client = await (await door.connect()).login()

        async def break_down(method: str) -> None:
            raise ZeroDivisionError("secret of the house")

        door.app.mood = break_down
        refusal = await client.ask({"op": "sessions"})
        assert refusal["code"] == "internal"
        assert "secret" not in json.dumps(refusal)
        assert [name for name, _ in door.app.telemetry.defects] == ["command_failed"]
        door.app.mood = calm
        assert (await client.ask({"op": "sessions"}))["is"] == "reply"


@both
@on_uvloop
async def test_a_defect_in_a_login_costs_one_login(carrier: Carrier) -> None:
    async with an_open_door(carrier=carrier) as door:

        async def break_down(method: str) -> None:
            raise ZeroDivisionError("secret of the house")

        door.app.mood = break_down
        client = await door.connect()
        assert (await client.ask(login("alice")))["code"] == "internal"
        _, code = await client.last_words()
        assert code == 1011
        door.app.mood = calm
        await (await door.connect()).login()


@both
@on_uvloop
async def test_a_fault_of_the_store_is_told_and_can_be_tried_again(carrier: Carrier) -> None:
    async with an_open_door(carrier=carrier) as door:
        client = await (await door.connect()).login()
        door.app.mood = failing("transact")
        refusal = await client.ask({"op": "create", "key": "k", "members": ["bob"]})
        assert (refusal["code"], refusal["retryable"]) == ("unavailable", True)
        door.app.mood = calm
        assert (await client.ask({"op": "create", "key": "k", "members": ["bob"]}))["is"] == "reply"


@both
@on_uvloop
async def test_what_is_told_in_the_moment_of_a_resume_comes_behind_what_waited(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with an_open_door(carrier=carrier) as door:
        first, client = await door.connect(), await door.connect()
        welcome = (await first.ask(login("alice", "a")))["answer"]
        assert (await client.ask(login("alice", "b")))["is"] == "reply"
        await client.ask({"op": "tell", "key": "early", "name": "cart", "keep_s": 60})
        kept, read, told = door.app.store.kept_events, asyncio.Event(), asyncio.Event()
        waiting = kept.waiting

        async def slow(session: SessionId, limit_bytes: int) -> ToldLater:
            found = await waiting(session, limit_bytes)
            read.set()
            await told.wait()
            return found

        monkeypatch.setattr(kept, "waiting", slow)
        again = await door.connect()
        resume = {"op": "resume", "session": welcome["session"], "resume_token": welcome["resume_token"]}
        assert (await again.ask(resume))["is"] == "reply"
        await read.wait()
        await client.ask({"op": "tell", "key": "late", "name": "cart", "keep_s": 60})
        told.set()
        heard: list[str] = []
        while len(heard) < 2:
            event = (await again.next_frame()).get("event", {})
            if event.get("kind") == "told_later":
                heard += [each["id"] for each in event["events"]]
            elif event.get("kind") == "told":
                heard.append(event["id"])
        assert heard == ["early", "late"]


@both
@on_uvloop
async def test_a_store_that_is_away_costs_who_comes_back_nothing(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each that resumed was dropped without a word when what waits for it could not be read."""
    monkeypatch.setattr("unisono.app.telling.BRING_AGAIN_S", (0.01,) * 1000)
    async with an_open_door(carrier=carrier) as door:
        first, client = await door.connect(), await door.connect()
        welcome = (await first.ask(login("alice", "a")))["answer"]
        assert (await client.ask(login("alice", "b")))["is"] == "reply"
        await client.ask({"op": "tell", "key": "k", "name": "cart", "keep_s": 60})
        kept, tries = door.app.store.kept_events, []
        waiting = kept.waiting

        async def away(session: SessionId, limit_bytes: int) -> ToldLater:
            tries.append(session)
            if len(tries) < 4:
                raise Unavailable()
            return await waiting(session, limit_bytes)

        monkeypatch.setattr(kept, "waiting", away)
        again = await door.connect()
        resume = {"op": "resume", "session": welcome["session"], "resume_token": welcome["resume_token"]}
        assert (await again.ask(resume))["is"] == "reply"
        assert (await again.ask({"op": "ping"}))["is"] == "reply"
        frame = await again.next_frame()
        while frame.get("event", {}).get("kind") != "told_later":
            frame = await again.next_frame()
        assert [each["id"] for each in frame["event"]["events"]] == ["k"]
        assert len(tries) == 4


@both
@on_uvloop
async def test_nothing_is_brought_any_more_to_who_is_gone(carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> None:
    tried, over = asyncio.Event(), asyncio.Event()

    async def away(*_: object) -> ToldLater:
        try:
            tried.set()
            await asyncio.Event().wait()
        finally:
            over.set()
        raise AssertionError

    async with an_open_door(carrier=carrier) as door:
        first = await door.connect()
        welcome = (await first.ask(login("alice", "a")))["answer"]
        monkeypatch.setattr(door.app.store.kept_events, "waiting", away)
        again = await door.connect()
        resume = {"op": "resume", "session": welcome["session"], "resume_token": welcome["resume_token"]}
        assert (await again.ask(resume))["is"] == "reply"
        async with asyncio.timeout(10):
            await tried.wait()
            again.issue({"op": "logout"})
            await over.wait()
