"""Contacts with a real server: each session of both users hears of everything, by the same name, with who did it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest

from tests.sdk.test_against_server import SOON, House, house, transport, until
from tests.support.contact_model import ContactModel
from tests.support.fault_proxy import FaultProxy
from tests.support.server_here import serving
from unisono.domain import commands as c
from unisono.domain.ids import UserId
from unisono_sdk import Client, Conflict, ContactView, Device, Forbidden, NotFound, Unacceptable, Unisono, events
from unisono_sdk.contact_facts import ContactFact
from unisono_sdk.errors import Refused

__all__ = ["house", "transport"]

NAMES = {fact.kind for fact in ContactFact.__args__}
ContactEvent = (
    events.ContactInvited
    | events.ContactAgreed
    | events.ContactDeclined
    | events.ContactRemoved
    | events.RemarkSet
    | events.UsersBlocked
    | events.UsersUnblocked
    | events.WritingSet
)


class Listener:
    """What handlers of one session were told, by the name of the event."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.told: list[tuple[str, ContactEvent]] = []
        self._came = asyncio.Event()
        for name in NAMES:
            client.on(name, partial(self._hear, name))

    def _hear(self, name: str, event: ContactEvent) -> None:
        self.told.append((name, event))
        self._came.set()

    async def count(self, count: int) -> list[tuple[str, ContactEvent]]:
        """Wait until so many have come."""
        async with asyncio.timeout(20):
            while len(self.told) < count:
                self._came.clear()
                await self._came.wait()
        return self.told


@pytest.mark.rows("E7", "E33", "E47", "E48", "E49", "E50", "E51")
async def test_what_is_done_on_one_device_is_told_to_all_devices_of_both(house: House) -> None:
    """Devices in a browser and others alike; `by` is me on all of mine, and the other on theirs."""
    phone = await house.login("ann", device=Device(platform="ios"))
    browser = await house.login("ann", device=Device(platform="web"))
    bob = await house.login("bob", device=Device(platform="android"))
    page = await house.login("bob", device=Device(platform="web"))
    hearing = [Listener(client) for client in (phone, browser, bob, page)]
    await bob.contacts.invite("ann", "me")
    await phone.contacts.accept("bob")
    await browser.contacts.remark("bob", "Bobby")
    await page.contacts.remove("ann")
    await phone.contacts.invite("bob")
    await page.contacts.decline("ann")
    await bob.contacts.invite("ann")
    await bob.contacts.remove("ann")
    await browser.contacts.block("bob", "cat")
    await phone.contacts.unblock("cat")
    both = [
        ("contact_invited", "bob"),
        ("contact_agreed", "ann"),
        ("contact_removed", "bob"),
        ("contact_invited", "ann"),
        ("contact_declined", "bob"),
        ("contact_invited", "bob"),
        ("contact_removed", "bob"),
    ]
    mine = [*both[:2], ("remark_set", "ann"), *both[2:], ("users_blocked", "ann"), ("users_unblocked", "ann")]
    for listener in hearing:
        expected = mine if listener.client.user == "ann" else both
        heard = await listener.count(len(expected))
        assert [(name, event.by) for name, event in heard] == expected
        others = {
            event.user
            for _, event in heard
            if not isinstance(event, events.UsersBlocked | events.UsersUnblocked | events.WritingSet)
        }
        assert others == {"ann", "bob"} - {listener.client.user}
    assert [one.user for one in await phone.contacts.blocked()] == ["bob"]


@pytest.mark.rows("E33", "E47", "E52")
async def test_what_i_do_to_a_group_on_one_device_is_told_to_my_others(house: House) -> None:
    one, two = await house.login("ann", device=Device(platform="ios")), await house.login("ann")
    happened = two.events()
    group = await one.create(["bob"], name="Tea", unique=False)
    entered = await until(happened, events.Entered)
    assert (entered.by, entered.conversation.id) == ("ann", group.id)
    await group.add("cat")
    joined = await until(happened, events.MembersJoined)
    assert (joined.by, joined.users) == ("ann", ("cat",))
    await group.set_name("Coffee")
    assert (await until(happened, events.Changed)).by == "ann"
    await group.remove("cat")
    assert (await until(happened, events.MembersLeft)).by == "ann"


async def test_each_refusal_is_an_error_of_its_own(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    with pytest.raises(NotFound):
        await ann.contacts.accept("bob")
    await ann.contacts.invite("bob")
    assert [(one.user, one.state) for one in await ann.contacts.sent()] == [("bob", "invited")]
    assert [one.user for one in await bob.contacts.requests()] == ["ann"]
    await bob.contacts.accept("ann")
    with pytest.raises(Conflict):
        await bob.contacts.decline("ann")
    with pytest.raises(NotFound):
        await ann.contacts.remark("cat", "?")
    chat = await bob.direct("ann")
    await ann.contacts.block("bob")
    for refused in (chat.send("hi"), chat.typing(), bob.create(["ann", "cat"])):
        with pytest.raises(Forbidden):
            await refused
    await bob.contacts.block("cat")
    with pytest.raises(Forbidden):
        await bob.contacts.invite("cat")
    seen = await bob.contacts.get("ann")
    assert seen == ContactView(user="ann", state="friend", since=seen.since if seen else 0)


@pytest.fixture
async def windy(tmp_path: Path) -> AsyncIterator[tuple[FaultProxy, list[Client]]]:
    """Lend two users with two sessions each, whose links come through a proxy that cuts."""
    limits = {"UNISONO_QUOTAS__INVITATIONS_PER_USER": "1", "UNISONO_RATES__COMMANDS_PER_S": "1000"}
    async with (
        serving(tmp_path / "data", **limits) as server,
        FaultProxy(int(server.url.rpartition(":")[2])) as proxy,
        AsyncExitStack() as stack,
    ):
        clients = []
        for user in ("ann", "ann", "bob", "bob"):
            entrance = await stack.enter_async_context(Unisono(f"ws://127.0.0.1:{proxy.port}", backoff=SOON))
            clients.append(await entrance.login(user=user))
        yield proxy, clients


async def do(client: Client, command: c.Command) -> str:
    """Carry out what the model is asked, and give the code of its refusal, or that it was done."""
    contacts = client.contacts
    try:
        match command:
            case c.InviteContact(user=other, message=message):
                await contacts.invite(other, message)
            case c.AcceptContact(user=other):
                await contacts.accept(other)
            case c.DeclineContact(user=other):
                await contacts.decline(other)
            case c.RemoveContact(user=other):
                await contacts.remove(other)
            case c.RemarkContact(user=other, remark=remark):
                await contacts.remark(other, remark)
            case c.BlockUsers(users=users):
                await contacts.block(*users)
            case c.UnblockUsers(users=users):
                await contacts.unblock(*users)
            case _:
                raise AssertionError(command)
    except Refused as refused:
        return refused.code
    return "done"


def anything(chance: Random, other: UserId) -> c.Command:
    text = chance.choice((None, "hello", "it is me"))
    kinds = (
        c.InviteContact(other, text),
        c.InviteContact(other, text),
        c.AcceptContact(other),
        c.DeclineContact(other),
        c.RemoveContact(other),
        c.RemarkContact(other, text),
        c.BlockUsers((other,)),
        c.UnblockUsers((other,)),
    )
    return chance.choice(kinds)


Known = dict[str, tuple[str, bool, str | None]]


async def told_by(listener: Listener, expected: Known) -> None:
    """Wait until what a session was told adds up to what is expected, for as long as it takes to come."""
    async with asyncio.timeout(20):
        while known(listener) != expected:
            await listener.count(len(listener.told) + 1)


def known(listener: Listener) -> Known:
    """Say what others are to a user by what one of their sessions was told, and by nothing else."""
    states: dict[str, str] = {}
    blocked: set[str] = set()
    remarks: dict[str, str | None] = {}
    for _, event in listener.told:
        match event:
            case events.ContactInvited(user=user, by=by):
                states[user] = "invited" if by == listener.client.user else "asked"
            case events.ContactAgreed(user=user):
                states[user] = "friend"
            case events.ContactDeclined(user=user) | events.ContactRemoved(user=user):
                states.pop(user, None)
                remarks.pop(user, None)
            case events.RemarkSet(user=user, remark=remark):
                remarks[user] = remark
            case events.UsersBlocked(users=users):
                blocked.update(users)
                states = {user: state for user, state in states.items() if user not in users or state != "asked"}
            case events.UsersUnblocked(users=users):
                blocked.difference_update(users)
    return {user: (states.get(user, "none"), user in blocked, remarks.get(user)) for user in {*states, *blocked}}


def lasting(told: tuple[str, ContactEvent]) -> tuple[str, ContactEvent]:
    """Give what a session hears late, too: what an invitation says may be gone by then."""
    name, event = told
    return name, replace(event, message=None) if isinstance(event, events.ContactInvited) else event


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(2, 12))])
async def test_all_at_random_from_two_sessions_each_through_losses_ends_the_same_everywhere(
    windy: tuple[FaultProxy, list[Client]], seed: int
) -> None:
    """What the model says comes of each, and in the end each session was told what the server and the model say."""
    proxy, clients = windy
    chance, model = Random(seed), ContactModel(limit=1)
    hearing = [Listener(client) for client in clients]
    for _ in range(60 if seed == 1 else 400):
        if chance.random() < 0.1:
            proxy.cut_one()
        client = chance.choice(clients)
        command = anything(chance, UserId("bob" if client.user == "ann" else "ann"))
        assert await do(client, command) == model.do(client.user, command), command
    for listener in hearing:
        listed = {
            user: (state, is_blocked, remark)
            for user, (state, is_blocked, remark, _) in model.seen_by(listener.client.user).items()
        }
        await told_by(listener, listed)
        contacts = listener.client.contacts
        asked = [*await contacts.list(), *await contacts.requests(), *await contacts.sent(), *await contacts.blocked()]
        assert {one.user: (one.state, one.is_blocked, one.remark) for one in asked} == listed
    first, second, third, fourth = (list(map(lasting, listener.told)) for listener in hearing)
    assert first == second
    assert third == fourth


@pytest.mark.rows("E7", "E33")
async def test_i_say_who_may_write_to_me_and_all_my_devices_know(house: House) -> None:
    phone, laptop, bob = await house.login("ann"), await house.login("ann"), await house.login("bob")
    heard = laptop.events()
    chat, group = await bob.direct("ann"), await bob.create(["ann", "cat"], unique=False)
    assert await laptop.contacts.writing() == "anyone"
    await phone.contacts.set_writing("contacts")
    told = await until(heard, events.WritingSet)
    assert (told.writing, told.by) == ("contacts", "ann")
    assert await laptop.contacts.writing() == "contacts"
    for refused in (
        chat.send("hello"),
        bob.create(["ann", "dan"], unique=False),
        (await bob.create(["dan"], unique=False)).add("ann"),
        (await house.login("cat")).direct("ann"),
        bob.call("ann"),
    ):
        with pytest.raises(Forbidden):
            await refused
    await group.send("what goes on goes on")
    await phone.conversation(chat.id).send("I may")
    await bob.contacts.invite("ann")
    await phone.contacts.accept("bob")
    await chat.send("hello")
    assert await phone.contacts.blocked() == []
    await phone.contacts.remove("bob")
    with pytest.raises(Forbidden):
        await chat.send("still there?")
    await laptop.contacts.set_writing("anyone")
    await chat.send("hello again")
    with pytest.raises(Unacceptable):
        await phone.contacts.set_writing("nobody")
