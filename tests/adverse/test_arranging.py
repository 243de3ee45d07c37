"""Two users with two devices each arrange their conversations at random while links are cut: all of theirs agree.

What each device knows, and what the server says, is compared with a model; and each operation is told once to each
other device of its user, and never to the one that did it.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.fault_proxy import FaultProxy
from tests.support.figures import Report
from tests.support.server_process import ServerProcess
from unisono_sdk import Backoff, Client, Conversation, Silence, Unisono, events

pytestmark = pytest.mark.adverse

USERS = ("ann", "bob")
DEVICES_EACH = 2
CHATS = 3
SHORT, FULL = 120, 2_000
"""Operations."""
PATIENCE_S = 30
SOON = Backoff(first_ms=5, cap_ms=50)
Told = Counter[tuple[str, str]]


@dataclass
class Model:
    """How one user has one conversation."""

    is_pinned: bool = False
    marks: tuple[str, ...] = ()
    silence: Silence | None = None
    cleared: int = 0
    chosen: set[int] = field(default_factory=set)
    is_deleted: bool = False
    nick: str | None = None


class Device:
    """A client behind a proxy of its own, and what it was told of its user's other device."""

    def __init__(self, client: Client, proxy: FaultProxy) -> None:
        self.client = client
        self.proxy = proxy
        self.told: Told = Counter()
        self.expected: Told = Counter()
        client.on("multi_device", self._hear)

    def _hear(self, event: events.MultiDevice) -> None:
        assert event.conversation is not None
        self.told[event.operation, event.conversation.id] += 1


@dataclass
class House:
    """Who lives there, and what has been said."""

    devices: dict[str, list[Device]]
    chats: list[str]
    chance: random.Random
    said: dict[str, list[int]] = field(default_factory=dict)
    models: dict[tuple[str, str], Model] = field(default_factory=dict)
    changes: int = 0

    async def step(self) -> None:
        """Let somebody do something, perhaps over a link that has just been cut."""
        user, chat = self.chance.choice(USERS), self.chance.choice(self.chats)
        author = self.chance.choice(self.devices[user])
        if self.chance.random() < 0.2:
            self.chance.choice(self.devices[user]).proxy.cut_all()
        talk = author.client.conversation(chat)
        operation = await self.chance.choice(ACTS)(self, talk, self.models[user, chat])
        if operation is not None:
            self.changes += 1
            for other in self.devices[user]:
                if other is not author:
                    other.expected[operation, chat] += 1


Act = Callable[[House, Conversation, Model], Awaitable[str | None]]


async def say(house: House, talk: Conversation, _: Model) -> None:
    """Say something: it is on everybody's lists again."""
    house.said[talk.id].append((await talk.send("something")).seq)
    for user in USERS:
        house.models[user, talk.id].is_deleted = False


async def pin(_: House, talk: Conversation, model: Model) -> str | None:
    """Pin, or no longer."""
    if model.is_pinned:
        await talk.unpin()
        model.is_pinned = False
        return "unpinnedConversation"
    await talk.pin()
    model.is_pinned, model.is_deleted = True, False
    return "pinnedConversation"


async def mark(house: House, talk: Conversation, model: Model) -> str | None:
    """Put a mark or take it away."""
    name = house.chance.choice(("work", "home", "tea"))
    if name in model.marks:
        await talk.unmark(name)
        model.marks = tuple(each for each in model.marks if each != name)
        return "unMarkConversation"
    await talk.mark(name)
    model.marks = (*model.marks, name)
    return "markConversation"


async def silence(house: House, talk: Conversation, model: Model) -> str | None:
    """Silence, or lift it."""
    wanted = house.chance.choice((None, Silence(), Silence(level="mentions")))
    if wanted is None:
        await talk.unsilence_alerts()
    else:
        await talk.silence_alerts(wanted.level)
    before, model.silence = model.silence, wanted
    if before == wanted:
        return None
    return "removeSilentModeForConversation" if wanted is None else "setSilentModeForConversation"


async def delete(house: House, talk: Conversation, model: Model) -> str | None:
    """Delete the whole, with its history or without it."""
    if model.is_deleted:
        return None
    with_history = house.chance.random() < 0.3
    await talk.delete(with_history=with_history)
    model.is_deleted, model.is_pinned = True, False
    if not with_history:
        return "deleteConversation"
    model.cleared = max([model.cleared, *house.said[talk.id]])
    return "conversation_deleted_on_server"


async def delete_history(house: House, talk: Conversation, model: Model) -> str | None:
    """Delete some of what was said."""
    left = [seq for seq in house.said[talk.id] if seq > model.cleared]
    if not left:
        return None
    model.cleared = house.chance.choice(left)
    await talk.delete_history(model.cleared)
    return "history_deleted"


async def delete_messages(house: House, talk: Conversation, model: Model) -> str | None:
    """Delete some messages here and there, perhaps again."""
    said = house.said[talk.id]
    chosen = set(house.chance.sample(said, min(len(said), 3)))
    if not chosen:
        return None
    await talk.delete_messages(sorted(chosen))
    new = {seq for seq in chosen if seq > model.cleared} - model.chosen
    model.chosen |= new
    return "messages_deleted" if new else None


async def rename(house: House, talk: Conversation, model: Model) -> str | None:
    """Take another nickname."""
    model.nick = f"nick {house.changes}"
    await talk.set_member(talk.user, attributes={"nick": model.nick})
    return "memberAttributesUpdate"


ACTS: Sequence[Act] = (say, say, pin, mark, silence, delete, delete_history, delete_messages, rename)


async def agree(house: House) -> None:
    """Wait until each device was told all, and compare what all know."""
    everybody = [(user, device) for user in USERS for device in house.devices[user]]
    async with asyncio.timeout(PATIENCE_S):
        for _, device in everybody:
            while device.told.total() < device.expected.total():
                await asyncio.sleep(0.01)
        for user, device in everybody:
            await compare(house, user, device.client)
    for _, device in everybody:
        assert device.told == device.expected


async def compare(house: House, user: str, client: Client) -> None:
    """Compare what a device knows by itself, and what it is told by the server, with the model."""
    listed = [talk.id async for talk in client.conversations()]
    assert set(listed) == {chat for chat in house.chats if not house.models[user, chat].is_deleted}
    for chat in house.chats:
        talk, model = client.conversation(chat), house.models[user, chat]
        wanted = (model.is_pinned, model.marks, model.silence)
        while (talk.is_pinned, talk.marks, talk.alert_silence) != wanted:
            await asyncio.sleep(0.01)
        pinned_at = talk.pinned_at
        await talk.refresh()
        assert (talk.is_pinned, talk.marks, talk.alert_silence, talk.pinned_at) == (*wanted, pinned_at)
        seen = [message.seq for message in (await talk.history(1000)).messages]
        assert seen == [seq for seq in house.said[chat] if seq > model.cleared and seq not in model.chosen][-1000:]
        mine = [member async for member in talk.roll() if member.user == user]
        assert [(member.attributes or {}).get("nick") for member in mine] == [model.nick]


@pytest.mark.rows("E10", "E73", "X51", "X53")
async def test_whatever_is_arranged_all_devices_of_a_user_agree(data: Path, is_full: bool, report: Report) -> None:
    async with ServerProcess(data) as server, AsyncExitStack() as stack:
        devices: dict[str, list[Device]] = {}
        for user in USERS:
            for _ in range(DEVICES_EACH):
                proxy = await stack.enter_async_context(FaultProxy(server.port))
                unisono = await stack.enter_async_context(Unisono(f"ws://127.0.0.1:{proxy.port}", backoff=SOON))
                devices.setdefault(user, []).append(Device(await unisono.login(user=user), proxy))
        first = devices[USERS[0]][0].client
        chats = [(await first.create([USERS[1]], unique=False)).id for _ in range(CHATS)]
        house = House(devices, chats, random.Random(7))
        house.said = {chat: [] for chat in chats}
        house.models = {(user, chat): Model() for user in USERS for chat in chats}
        for step in range(FULL if is_full else SHORT):
            await house.step()
            if step % 40 == 39:
                await agree(house)
        await agree(house)
        report(f"{house.changes} operations, each told once to each other device of its user, and never to its own")
        assert house.changes > SHORT / 3
    server.assert_clean_log()
