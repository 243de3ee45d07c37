"""Two users with two devices each, what they share and what each keeps to themselves; and whether all devices agree."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import aiohttp

from tests.support.contact_model import ContactModel
from tests.support.fault_proxy import FaultProxy
from unisono_sdk import Client, Conversation, Message, Silence, events
from unisono_sdk.facts import Json

USERS = ("ann", "bob")
PATIENCE_S = 30
ADMIN_KEY = "admin-key-of-the-tests-0123456789"
CONTACTS_MAX = 1_000
Told = Counter[tuple[str, str]]
Kept = dict[str, tuple[Json, int]]
ABOUT_BOTH = (
    "contact_invited",
    "contact_agreed",
    "contact_declined",
    "contact_removed",
    "remark_set",
    "users_blocked",
    "users_unblocked",
    "writing_set",
    "thread_made",
    "thread_renamed",
    "thread_ended",
)
"""Events of which all devices of a user hear the same ones, the one that caused it, too."""


class NotNow(Exception):
    """An operation has nothing to act on in this scene."""


@dataclass
class Mine:
    """How one user has one conversation."""

    is_pinned: bool = False
    marks: tuple[str, ...] = ()
    silence: Silence | None = None
    level: str = "all"
    cleared: int = 0
    chosen: set[int] = field(default_factory=set)
    """What the user deleted of the rest, one by one."""
    is_deleted: bool = False
    nick: str | None = None

    def sees(self, seq: int) -> bool:
        """Say if the user has not deleted a message for themselves."""
        return seq > self.cleared and seq not in self.chosen


@dataclass
class Thread:
    """A thread under a message."""

    begun_by: str
    name: str
    members: set[str]
    is_over: bool = False


@dataclass
class Said:
    """A message: what it says by now, None once it was recalled, and who reacted to it."""

    by: str
    text: str | None
    reactions: set[str] = field(default_factory=set)


class Device:
    """A client behind a proxy of its own, and what it was told."""

    def __init__(self, client: Client, proxy: FaultProxy) -> None:
        self.client = client
        self.proxy = proxy
        self.told: Told = Counter()
        self.expected: Told = Counter()
        self.shared: Counter[str] = Counter()
        self.kept: dict[str, list[int | None]] = {}
        """Revisions of objects, drafts among them, that this one was told of; None where nothing was kept any more."""
        client.on("multi_device", self._hear)
        client.on("object", self._hear_kept)
        for name in ABOUT_BOTH:
            client.on(name, self._counted(name))

    def _hear(self, event: events.MultiDevice) -> None:
        self.told[event.operation, "" if event.conversation is None else event.conversation.id] += 1

    def _hear_kept(self, event: events.ObjectChanged) -> None:
        self.kept.setdefault(event.name, []).append(None if event.is_dropped else event.revision)

    def _counted(self, name: str) -> Callable[[object], None]:
        def count(_: object) -> None:
            self.shared[name] += 1

        return count


@dataclass
class House:
    """Who lives there, and what is so."""

    devices: dict[str, list[Device]]
    groups: list[str]
    direct: str
    chance: random.Random
    http: aiohttp.ClientSession
    server_url: str
    writing: str = "anyone"
    contacts: ContactModel = field(default_factory=lambda: ContactModel(CONTACTS_MAX))
    said: dict[str, dict[int, Said]] = field(default_factory=dict)
    threads: dict[tuple[str, int], Thread] = field(default_factory=dict)
    mine: dict[tuple[str, str], Mine] = field(default_factory=dict)
    silence: dict[str, Silence | None] = field(default_factory=dict)
    writing_to: dict[str, str] = field(default_factory=lambda: dict.fromkeys(USERS, "anyone"))
    """Whom each user lets write to them; `writing` is whom the operator does."""
    objects: dict[str, Kept] = field(default_factory=dict)
    made: dict[tuple[str, str], list[tuple[int | None, Device]]] = field(default_factory=dict)
    """Which device made which revision of an object of a user's, or dropped it (None)."""
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    told: Counter[str] = field(default_factory=Counter)
    came_about: Counter[str] = field(default_factory=Counter)
    """How often each operation was carried out."""

    def __post_init__(self) -> None:
        """Begin with nothing said."""
        self.said = {chat: {} for chat in self.chats}
        self.mine = {(user, chat): Mine() for user in USERS for chat in self.chats}
        self.silence = dict.fromkeys(USERS)
        self.objects = {user: {} for user in USERS}

    @property
    def chats(self) -> list[str]:
        """Give all conversations but threads."""
        return [*self.groups, self.direct]

    @property
    def everybody(self) -> list[tuple[str, Device]]:
        """Give all devices, each with its user."""
        return [(user, device) for user in USERS for device in self.devices[user]]

    async def say_writing(self, writing: str) -> None:
        """Have the operator say who may write to a user directly."""
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        async with self.http.put(f"{self.server_url}/v1/policy", json={"writing": writing}, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
        self.writing = writing

    def scene(self) -> "Scene":
        """Choose who does something, on which device and where; perhaps a link is cut just then."""
        user = self.chance.choice(USERS)
        if self.chance.random() < 0.2:
            self.chance.choice(self.devices[user]).proxy.cut_all()
        return Scene(self, user, self.chance.choice(self.devices[user]), self.chance.choice(self.chats))


@dataclass
class Scene:
    """One user at one device, with one conversation before them."""

    house: House
    user: str
    author: Device
    chat: str

    @property
    def other(self) -> str:
        """Give the other user."""
        return USERS[1 - USERS.index(self.user)]

    @property
    def talk(self) -> Conversation:
        """Give the conversation as the device has it."""
        return self.author.client.conversation(self.chat)

    @property
    def mine(self) -> Mine:
        """Give how the user has the conversation."""
        return self.house.mine[self.user, self.chat]

    @property
    def is_heard(self) -> bool:
        """Say if the other user hears from this one directly."""
        tie = self.house.contacts.seen_by(self.other).get(self.user, ("none", False, None, None))
        is_open = (self.house.writing, self.house.writing_to[self.other]) == ("anyone", "anyone")
        return not tie[1] and (is_open or tie[0] == "friend")

    def told(self, operation: str, about: str | None = None) -> None:
        """Expect each other device of the user, and no device besides, to be told once."""
        self.house.told[operation] += 1
        for device in self.house.devices[self.user]:
            if device is not self.author:
                device.expected[operation, self.chat if about is None else about] += 1

    def wrote(self, name: str, value: Json, revision: int) -> None:
        """Note what the user keeps under a name."""
        self.house.told["object"] += 1
        self.house.objects[self.user][name] = (value, revision)
        self.house.made.setdefault((self.user, name), []).append((revision, self.author))

    def dropped(self, name: str) -> None:
        """Note that the user keeps nothing under a name any more."""
        self.house.told["object dropped"] += 1
        del self.house.objects[self.user][name]
        self.house.made[self.user, name].append((None, self.author))

    def visible(self, *, mine: bool = False) -> list[int]:
        """List messages of the chat that the user sees and that were not recalled; with `mine`, only their own."""
        return [
            seq
            for seq, said in self.house.said[self.chat].items()
            if self.mine.sees(seq) and said.text is not None and (not mine or said.by == self.user)
        ]

    def pick(self, seqs: list[int]) -> int | None:
        """Choose one, if there is any."""
        return self.house.chance.choice(seqs) if seqs else None

    def one_of(self, seqs: list[int], *, in_group: bool = False) -> int:
        """Choose one.

        Raises:
            NotNow: There is none, or this is no group where it has to be one.
        """
        if not seqs or (in_group and self.chat not in self.house.groups):
            raise NotNow()
        return self.house.chance.choice(seqs)

    async def message(self, seq: int) -> Message:
        """Give a message as the device sees it."""
        return (await self.talk.history(before=seq + 1, limit=1)).messages[0]


async def agree(house: House) -> None:
    """Wait until each device was told all, and compare what all know with the model and with one another."""
    async with asyncio.timeout(PATIENCE_S):
        for user, device in house.everybody:
            while device.told.total() < device.expected.total() or not _has_kept(house, user, device):
                await asyncio.sleep(0.01)
            await _compare_conversations(house, user, device.client)
            await _compare_rest(house, user, device.client)
        for first, second in house.devices.values():
            while first.shared != second.shared:
                await asyncio.sleep(0.01)
    for user, device in house.everybody:
        assert device.told == device.expected
        for name, revisions in device.kept.items():
            written = [revision for revision in revisions if revision is not None]
            assert written == sorted(set(written)), "told twice, or out of order"
            assert not {*written} & {revision for revision, by in house.made[user, name] if by is device}, "an echo"
            assert revisions.count(None) == _drops(house.made[user, name], device)


def _has_kept(house: House, user: str, device: Device) -> bool:
    """Say if a device was told the last of each object that another device changed, and whenever one was dropped."""
    for (owner, name), made in house.made.items():
        told, (last, by) = device.kept.get(name, []), made[-1]
        is_told = by is device or told[-1:] == [last]
        if owner == user and not (is_told and told.count(None) == _drops(made, device)):
            return False
    return True


def _drops(made: Sequence[tuple[int | None, Device]], device: Device) -> int:
    """Count how often another device dropped an object."""
    return sum(revision is None and by is not device for revision, by in made)


async def _compare_conversations(house: House, user: str, client: Client) -> None:
    listed = [talk.id async for talk in client.conversations()]
    assert set(listed) == {chat for chat in house.chats if not house.mine[user, chat].is_deleted}
    for chat in house.chats:
        talk, mine = client.conversation(chat), house.mine[user, chat]
        wanted = (mine.is_pinned, mine.marks, mine.silence, mine.level)
        while (talk.is_pinned, talk.marks, talk.alert_silence, talk.level) != wanted:
            await asyncio.sleep(0.01)
        knew = (talk.pinned_at, talk.unread, talk.is_marked_unread)
        await talk.refresh()
        assert (talk.is_pinned, talk.marks, talk.alert_silence, talk.level) == wanted
        assert (talk.pinned_at, talk.unread, talk.is_marked_unread) == knew
        seen = {message.seq: message for message in (await talk.history(1000)).messages}
        said = {seq: each for seq, each in house.said[chat].items() if mine.sees(seq)}
        assert {seq: message.text for seq, message in seen.items()} == {seq: each.text for seq, each in said.items()}
        reacted = {seq: sum(each.count for each in message.reactions) for seq, message in seen.items()}
        assert reacted == {seq: len(each.reactions) for seq, each in said.items()}
        members = [member async for member in talk.roll() if member.user == user]
        assert [(member.attributes or {}).get("nick") for member in members] == [mine.nick]


async def _compare_rest(house: House, user: str, client: Client) -> None:
    assert await client.silence_of_all() == house.silence[user]
    assert await client.contacts.writing() == house.writing_to[user]
    kept = {each.name: (each.value, each.revision) for each in await client.objects.list()}
    assert kept == house.objects[user]
    other = USERS[1 - USERS.index(user)]
    tie = await client.contacts.get(other)
    seen = {} if tie is None else {other: (tie.state, tie.is_blocked, tie.remark, tie.message)}
    assert seen == house.contacts.seen_by(user)
    joined = {each.id: each.name async for each in client.threads()}
    assert joined == {
        f"{chat}~{seq}": each.name
        for (chat, seq), each in house.threads.items()
        if user in each.members and not each.is_over
    }
