"""Hooks: the program is asked before, told afterwards, and nothing of it holds up or breaks what others do."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import Wiring, an_app, execute, group
from unisono.app.hooks import HEARD_LIMIT, HOOK_S
from unisono.domain import commands as c
from unisono.domain.answers import Answer, ConversationView, History
from unisono.domain.errors import Refused
from unisono.domain.facts import Content
from unisono.domain.ids import ConversationId, SendKey, Seq, UserId
from unisono.embedding.handlers import Handlers
from unisono.ports.program import Act, Entering, Joining, Sending


def say(conversation: ConversationId, words: str) -> c.SendMessage:
    return c.SendMessage(conversation, SendKey(words), Content(text=words))


ODD: dict[str, object] = {
    "text": "fine",
    "number": Content(text=5),  # type: ignore[arg-type]
    "large": Content(data={"n": 2**60}),
    "bytes": Content(attributes={"b": [b"x"]}),
    "empty text": "",
}


class Ledger:
    """Notes what it is asked and told. A text of `no`, a device of `no` and so on is refused."""

    def __init__(self) -> None:
        self.handlers = Handlers()
        self.before: list[Act] = []
        self.after: list[Act] = []
        for act in (Entering, Sending, Joining):
            self.handlers.put_hook("before", act, self.asked)
            self.handlers.put_hook("after", act, self.told)

    async def asked(self, act: Act) -> Content | None:
        self.before.append(act)
        said = act.content.text or "" if isinstance(act, Sending) else ""
        if said == "no" or (isinstance(act, Entering) and act.device == "no"):
            raise Refused(reason="the ledger says no")
        if said == "broken":
            raise ValueError("a secret")
        if said == "slow":
            await asyncio.sleep(1.0)
        if said == "stuck":
            await asyncio.Event().wait()
        if said in ODD:
            return ODD[said]  # type: ignore[return-value]  # what a program gives by mistake
        return Content(text="fine") if said == "bad" else None

    async def told(self, act: Act) -> None:
        self.after.append(act)
        if isinstance(act, Sending) and act.content.text == "broken later":
            raise ValueError("a secret")


@in_virtual_time
async def test_the_program_lets_pass_refuses_and_says_something_else() -> None:
    ledger = Ledger()
    async with an_app(Wiring(program=ledger.handlers)) as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        await alice.ask(say(chat, "one"))
        await alice.ask(say(chat, "bad"))
        for said in ("no", "broken", "stuck"):
            assert await alice.refused(say(chat, said)) == "refused"
        history = await alice.ask(c.GetHistory(conversation=chat))
        assert isinstance(history, History)
        assert [entry.message.content.text for entry in history.messages] == ["one", "fine"]
        with pytest.raises(Refused, match="the ledger says no"):
            await stage.login("alice", "no")
        assert len(await stage.node.own_sessions.list_of(UserId("alice"))) == 1
        assert [type(act) for act in ledger.after] == [Entering, Sending, Sending]
        assert [act.seq for act in ledger.after if isinstance(act, Sending)] == [2, 3]
        assert stage.telemetry.defects
        assert HOOK_S == 5.0


@in_virtual_time
async def test_what_others_read_is_asked_about_however_it_is_said() -> None:
    """An edit and a will passed by: who was refused a text said another first, and edited that."""
    ledger = Ledger()
    async with an_app(Wiring(program=ledger.handlers)) as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        await alice.ask(say(chat, "one"))
        first = Seq(2)
        assert await alice.refused(c.EditMessage(chat, first, Content(text="no"))) == "refused"
        assert await alice.refused(c.LeaveWill(chat, SendKey("w"), Content(text="no"))) == "refused"
        await alice.ask(c.EditMessage(chat, first, Content(text="bad")))
        await alice.ask(c.LeaveWill(chat, SendKey("w"), Content(text="bad"), after_s=0))
        assert [(act.key, act.message, act.is_will) for act in ledger.before if isinstance(act, Sending)] == [
            ("one", None, False),
            (None, first, False),
            ("w", None, True),
            (None, first, False),
            ("w", None, True),
        ]
        assert [act.message for act in ledger.after if isinstance(act, Sending)] == [None, first]
        bob = await stage.login("bob")
        await alice.go()
        await stage.node.wills.sweep()
        history = await bob.ask(c.GetHistory(conversation=chat))
        assert isinstance(history, History)
        assert [entry.message.content.text for entry in history.messages] == ["fine", "fine"]


@in_virtual_time
async def test_what_not_everybody_could_read_is_refused_and_logged_with_who_gave_it() -> None:
    """An integer that browsers read as another was placed; a plain text was an internal fault, tried for ever."""
    ledger = Ledger()
    async with an_app(Wiring(program=ledger.handlers)) as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        for said in ODD:
            assert await alice.refused(say(chat, said)) == "refused"
        history = await alice.ask(c.GetHistory(conversation=chat))
        assert isinstance(history, History)
        assert history.messages == ()
        assert [name for name, *_ in stage.telemetry.defects] == ["hook_failed"] * len(ODD)
        assert all("Ledger.asked" in str(defect) for _, defect, *_ in stage.telemetry.defects)


@in_virtual_time
async def test_messages_of_a_session_keep_their_order_however_long_the_program_takes() -> None:
    ledger = Ledger()
    async with an_app(Wiring(program=ledger.handlers)) as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        answers: list[Answer] = []
        said = ("slow", "two", "three")
        work = [execute(stage.node, alice.caller, say(chat, words), answers.append) for words in said]
        await asyncio.gather(*work)
        history = await alice.ask(c.GetHistory(conversation=chat))
        assert isinstance(history, History)
        assert [entry.message.content.text for entry in history.messages] == list(said)


@in_virtual_time
async def test_who_joins_or_enters_by_themselves_is_asked_about() -> None:
    ledger = Ledger()
    async with an_app(Wiring(program=ledger.handlers)) as stage:
        alice, bob = await stage.login("alice", "a"), await stage.login("bob", "b")
        opened = await alice.ask(c.CreateConversation(key=SendKey("k"), of="group", unique=False, joining="open"))
        assert isinstance(opened, ConversationView)
        await bob.ask(c.Join(conversation=opened.conversation))
        room = await alice.ask(c.CreateConversation(key=SendKey("r"), of="room"))
        assert isinstance(room, ConversationView)
        await bob.ask(c.EnterRoom(conversation=room.conversation))
        await bob.ask(c.SendMessage(room.conversation, SendKey("s"), Content(text="in the room")))
        joins = [act for act in ledger.after if isinstance(act, Joining)]
        assert [(act.user, act.conversation) for act in joins] == [
            ("bob", opened.conversation),
            ("bob", room.conversation),
        ]
        (said,) = [act for act in ledger.after if isinstance(act, Sending)]
        assert (said.content.text, said.session) == ("in the room", bob.session)


@in_virtual_time
async def test_what_breaks_afterwards_costs_nobody_anything() -> None:
    ledger = Ledger()
    async with an_app(Wiring(program=ledger.handlers)) as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        await alice.ask(say(chat, "broken later"))
        await alice.ask(say(chat, "fine"))
        assert [act.content.text for act in ledger.after if isinstance(act, Sending)] == ["broken later", "fine"]
        assert HEARD_LIMIT == 1_000


@in_virtual_time
async def test_a_program_that_hears_too_slowly_hears_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unisono.app.hooks.HEARD_LIMIT", 2)
    ledger = Ledger()
    gate = asyncio.Event()

    async def wait(act: Act) -> None:
        del act
        await gate.wait()

    ledger.handlers.put_hook("after", Sending, wait)
    async with an_app(Wiring(program=ledger.handlers)) as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        for number in range(5):
            await alice.ask(say(chat, f"text {number}"))
        heard = [act for act in ledger.after if isinstance(act, Sending)]
        assert len(heard) == 1
        gate.set()
        await asyncio.sleep(0.1)
        assert len([act for act in ledger.after if isinstance(act, Sending)]) == 3
