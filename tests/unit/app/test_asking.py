"""Requests of sessions to the program, and of the program to sessions: one answer, in time, over nodes."""

import asyncio
from typing import cast

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, Wiring, an_app
from unisono.app.asking import WAITING_LIMIT
from unisono.domain import commands as c
from unisono.domain.answers import Done
from unisono.domain.errors import NoAnswer, NotFound, Overloaded, Refused
from unisono.domain.ids import Json, UserId
from unisono.domain.rates import Rate
from unisono.domain.told import Answered, Asked
from unisono.embedding.handlers import Handlers
from unisono.ports.program import Asker

ALICE = UserId("alice")


def wiring(**answers: object) -> Wiring:
    handlers = Handlers()
    for name, function in answers.items():
        handlers.put_answers(name, function)  # type: ignore[arg-type]  # they are what it takes
    return Wiring(program=handlers)


async def twice(asker: Asker, data: Json) -> Json:
    return [asker.user, cast("int", data) * 2]


async def never(asker: Asker, data: Json) -> Json:
    await asyncio.Event().wait()
    return asker, data


async def no(_: Asker, __: Json) -> Json:
    raise Refused(reason="not today")


async def broken(_: Asker, __: Json) -> Json:
    raise ValueError("a secret of the program")


async def huge(_: Asker, __: Json) -> Json:
    return "x" * 20_000


async def unreadable(_: Asker, __: Json) -> Json:
    return object()


async def vast(_: Asker, __: Json) -> Json:
    return {"n": [2**60]}


async def late(_: Asker, __: Json) -> Json:
    raise TimeoutError


async def roll_back(_: Asker, __: Json) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(1.0)


PROGRAM = {"twice": twice, "never": never, "no": no, "broken": broken, "huge": huge, "unreadable": unreadable}
PROGRAM |= {"late": late, "vast": vast}


@in_virtual_time
async def test_a_function_of_the_program_answers() -> None:
    async with an_app(wiring(**PROGRAM)) as stage:
        alice = await stage.login("alice")
        assert await alice.ask(c.Ask("twice", 21)) == Answered(["alice", 42])
        names = (*(name for name in PROGRAM if name != "twice"), "none")
        refused = {name: await alice.refused(c.Ask(name, 1)) for name in names}
        assert refused == {
            "never": "no_answer",
            "no": "refused",
            "broken": "handler_failed",
            "huge": "too_large",
            "unreadable": "handler_failed",
            "late": "handler_failed",
            "vast": "handler_failed",
            "none": "no_handler",
        }
        assert await alice.refused(c.Ask("twice", "x" * 20_000)) == "too_large"
    async with an_app() as stage:
        assert await (await stage.login("alice")).refused(c.Ask("twice", 1)) == "no_handler"


@in_virtual_time
async def test_who_asks_too_much_is_told_to_wait_and_may_say_other_things_meanwhile() -> None:
    async with an_app(wiring(**PROGRAM), asks=Rate(per_s=1.0, burst=2)) as stage:
        alice = await stage.login("alice")
        for _ in range(2):
            await alice.ask(c.Ask("twice", 1))
        assert await alice.refused(c.Ask("twice", 1)) == "rate_limited"
        await alice.ask(c.Ping())
        await asyncio.sleep(1.0)
        await alice.ask(c.Ask("twice", 1))


@in_virtual_time
async def test_nobody_waits_for_the_answer_to_a_connection_that_is_gone() -> None:
    """Its end would be held up for a minute otherwise, and its session could not be resumed elsewhere."""
    async with an_app(wiring(**PROGRAM)) as stage:
        alice = await stage.login("alice")
        asking = asyncio.ensure_future(alice.refused(c.Ask("never", timeout_s=60)))
        await asyncio.sleep(1.0)
        questions = stage.node.asking.questions
        other = type(alice.caller.fence)(alice.caller.fence + 1)
        questions.give_up(alice.session, other)
        await asyncio.sleep(1.0)
        assert not asking.done()
        questions.give_up(alice.session, alice.caller.fence)
        async with asyncio.timeout(1.0):
            assert await asking == "no_answer"


@in_virtual_time
async def test_so_many_questions_of_a_connection_are_answered_at_a_time() -> None:
    """Slow ones used to take all the places of a connection, and held up all that its session sent."""
    async with an_app(wiring(**PROGRAM), asks_at_once=2) as stage:
        alice, other = await stage.login("alice"), await stage.login("alice", "other")
        for _ in range(2):
            asked = [asyncio.ensure_future(alice.refused(c.Ask("never", timeout_s=10))) for _ in range(2)]
            await asyncio.sleep(1.0)
            assert await alice.refused(c.Ask("twice", 1)) == "overloaded"
            await other.ask(c.Ask("twice", 1))
            assert await asyncio.gather(*asked) == ["no_answer", "no_answer"]
        await alice.ask(c.Ask("twice", 1))


@in_virtual_time
async def test_one_that_is_cleaned_up_after_is_given_up_in_peace() -> None:
    """That its time was up already used to be an error, which broke off what else its connection had under way."""
    async with an_app(wiring(rolling=roll_back)) as stage:
        alice = await stage.login("alice")
        asked = asyncio.ensure_future(alice.refused(c.Ask("rolling", timeout_s=1)))
        await asyncio.sleep(1.2)
        stage.node.asking.questions.give_up(alice.session, alice.caller.fence)
        assert not asked.done()
        assert await asked == "no_answer"


async def question(present: Present) -> Asked:
    """Wait for what a session is asked."""
    while True:
        for event in present.link.events:
            if isinstance(event, Asked):
                present.link.events.remove(event)
                return event
        await asyncio.sleep(0.01)


def asking(stage: AppStage, present: Present, timeout_s: float = 5.0) -> "asyncio.Future[Json]":
    to = c.Address(session=present.session)
    return asyncio.ensure_future(stage.node.asking.inquiries.ask(ALICE, to, "where", {"n": 1}, timeout_s))


@in_virtual_time
async def test_a_session_answers_once_on_whichever_node() -> None:
    async with an_app() as here, an_app(Wiring(beside=here, name="there")) as there:
        alice, bob = await there.login("alice"), await there.login("bob")
        answer = asking(here, alice)
        asked = await question(alice)
        assert (asked.name, asked.data, asked.within_ms) == ("where", {"n": 1}, 5000)
        assert await bob.refused(c.ReplyTo(asked.id, "stolen")) == "not_found"
        assert await alice.ask(c.ReplyTo(asked.id, {"at": "home"})) == Done()
        assert await answer == {"at": "home"}
        assert await alice.refused(c.ReplyTo(asked.id, "again")) == "not_found"
        answer = asking(here, alice)
        await alice.ask(c.ReplyTo((await question(alice)).id, error="not now"))
        with pytest.raises(Refused, match="not now"):
            await answer


@in_virtual_time
async def test_what_comes_late_is_refused_and_what_cannot_come_is_not_waited_for() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        answer = asking(stage, alice, 2.0)
        asked = await question(alice)
        with pytest.raises(NoAnswer):
            await answer
        await asyncio.sleep(0.1)
        assert await alice.refused(c.ReplyTo(asked.id, "late")) == "not_found"
        await alice.go()
        with pytest.raises(NoAnswer):
            await asking(stage, alice)
        with pytest.raises(NotFound):
            await stage.node.asking.inquiries.ask(UserId("bob"), c.Address(session=alice.session), "where", None, 1.0)


@in_virtual_time
async def test_so_many_answers_are_waited_for_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert WAITING_LIMIT == 10_000
    monkeypatch.setattr("unisono.app.asking.WAITING_LIMIT", 2)
    monkeypatch.setattr("unisono.app.asking.KNOWN_LIMIT", 2)
    async with an_app() as stage:
        alice = await stage.login("alice")
        answers = [asking(stage, alice) for _ in range(2)]
        questions = [await question(alice) for _ in range(2)]
        with pytest.raises(Overloaded):
            await asking(stage, alice)
        for asked in questions:
            await alice.ask(c.ReplyTo(asked.id, 1))
        assert await asyncio.gather(*answers) == [1, 1]
