"""One user on four devices, others beside, and anything that people do: all devices end up seeing the same, rightly.

What each device knows by itself (its counts, and what it was told of messages) and what it reads from the history is
compared with a model of a page. Devices are closed and come back; people come and go.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.adverse.little_chat import LittleChat
from tests.support.figures import Report
from tests.support.server_process import ServerProcess
from unisono_sdk import Client, Conversation, Message, Unisono, events

pytestmark = pytest.mark.adverse

DEVICES = 4
CHATS = 2
SHORT, FULL = (15, 100), (1000, 400)
"""Lives, and steps in each."""
PATIENCE_S = 20
T = TypeVar("T")

devices = st.integers(0, DEVICES - 1)
chats = st.integers(0, CHATS - 1)
some = st.integers(0, 1 << 16)
flags = st.booleans()


class Device:
    """A client of the one user, and what it was told of messages so far."""

    def __init__(self, unisono: Unisono, user: str) -> None:
        self._unisono = unisono
        self._user = user
        self.told: dict[tuple[str, int], str | None] = {}
        self.client: Client

    async def open(self) -> None:
        """Log in, or come back."""
        self.client = await self._unisono.login(
            user=self._user,
            handlers={"message": self._message, "edited": self._edited, "recalled": self._recalled},
        )

    def _message(self, message: Message) -> None:
        assert (message.conversation.id, message.seq) not in self.told, "told twice"
        self.told[message.conversation.id, message.seq] = message.text

    def _edited(self, event: events.Edited) -> None:
        # Superseded by a later edit, an edit has nothing left: that one tells.
        if event.content.text is not None:
            self.told[event.conversation.id, event.seq] = event.content.text

    def _recalled(self, event: events.Recalled) -> None:
        self.told[event.conversation.id, event.seq] = None


class House:
    """What lasts over many lives: the server, and the loop that all of it runs in."""

    def __init__(self, runner: asyncio.Runner, server: ServerProcess) -> None:
        self.runner = runner
        self.server = server
        self.numbers = itertools.count()
        self.steps = 0

    def run(self, work: Awaitable[T]) -> T:
        """Do something in the loop."""

        async def in_time() -> T:
            async with asyncio.timeout(PATIENCE_S * 2):
                return await work

        return self.runner.run(in_time())


class Lives(RuleBasedStateMachine):
    """One life: ann, who owns the chats, and bob with four devices."""

    house: ClassVar[House]

    @initialize()
    def begin(self) -> None:
        """Let everybody log in, and two chats begin."""
        self.house.run(self._begin())

    async def _begin(self) -> None:
        number = next(self.house.numbers)
        self.names = (f"ann-{number}", f"bob-{number}")
        self.stack = AsyncExitStack()
        url = f"ws://127.0.0.1:{self.house.server.port}"
        self.ann = await (await self.stack.enter_async_context(Unisono(url))).login(user=self.names[0])
        self.devices = [
            Device(await self.stack.enter_async_context(Unisono(url)), self.names[1]) for _ in range(DEVICES)
        ]
        for device in self.devices:
            await device.open()
        self.chats = [await self.ann.create([self.names[1]], unique=False) for _ in range(CHATS)]
        self.models = [LittleChat(self.names[1]) for _ in range(CHATS)]
        self.count = 0

    def teardown(self) -> None:
        """Leave."""
        if hasattr(self, "stack"):
            self.house.run(self.stack.aclose())

    def do(self, work: Awaitable[T]) -> T:
        """Take a step."""
        self.house.steps += 1
        return self.house.run(work)

    def of(self, device: int, chat: int) -> Conversation:
        """Give a chat as one of bob's devices has it."""
        return self.devices[device].client.conversation(self.chats[chat].id)

    @rule(chat=chats, calls=flags, calls_all=flags)
    def ann_says(self, chat: int, calls: bool, calls_all: bool) -> None:
        """Say something to bob, or to all, or to nobody in particular."""
        self.count += 1
        mentions = [self.names[1]] if calls else []
        said = self.do(self.chats[chat].send(str(self.count), mentions=mentions, mention_all=calls_all))
        self.models[chat].say(said.seq, self.names[0], str(self.count), calls=calls or calls_all)

    @rule(chat=chats, device=devices)
    def bob_says(self, chat: int, device: int) -> None:
        """Answer from one of the devices."""
        if self.models[chat].is_in:
            self.count += 1
            said = self.do(self.of(device, chat).send(str(self.count)))
            self.models[chat].say(said.seq, self.names[1], str(self.count))

    @rule(chat=chats, which=some, calls=flags)
    def ann_edits(self, chat: int, which: int, calls: bool) -> None:
        """Say something else instead."""
        seq = self.models[chat].pick(which, self.names[0])
        if seq is not None:
            self.count += 1
            mentions = [self.names[1]] if calls else []
            self.do(self.ann_has(chat, seq).edit(str(self.count), mentions=mentions))
            self.models[chat].edit(seq, str(self.count), calls=calls)

    @rule(chat=chats, which=some)
    def ann_recalls(self, chat: int, which: int) -> None:
        """Take something back."""
        seq = self.models[chat].pick(which, self.names[0])
        if seq is not None:
            self.do(self.ann_has(chat, seq).recall())
            self.models[chat].recall(seq)

    @rule(chat=chats, which=some, on=flags, by_bob=flags)
    def somebody_reacts(self, chat: int, which: int, on: bool, by_bob: bool) -> None:
        """Put a reaction, or take it away."""
        seq = self.models[chat].pick(which, None)
        if seq is not None and (self.models[chat].is_in or not by_bob):
            client = self.devices[which % DEVICES].client if by_bob else self.ann
            message = self._message(client, chat, seq)
            self.do(message.react("+", on=on))
            self.models[chat].react(seq, self.names[int(by_bob)], on=on)

    @rule(chat=chats, device=devices, which=some)
    def bob_reads(self, chat: int, device: int, which: int) -> None:
        """Read up to some message, perhaps one read long ago."""
        seq = self.models[chat].pick(which, None, recalled=True)
        if self.models[chat].is_in and seq is not None:
            self.do(self.of(device, chat).mark_read(seq))
            self.models[chat].read(seq)

    @rule(device=devices)
    def bob_reads_all(self, device: int) -> None:
        """Be done with everything."""
        self.do(self.devices[device].client.mark_all_read())
        for model in self.models:
            model.read_all()

    @rule(chat=chats, device=devices)
    def bob_wants_to_come_back(self, chat: int, device: int) -> None:
        """Mark as unread."""
        if self.models[chat].is_in:
            self.do(self.of(device, chat).mark_unread())
            self.models[chat].is_marked = True

    @rule(chat=chats)
    def bob_comes_or_goes(self, chat: int) -> None:
        """Remove bob, or bring him back."""
        if self.models[chat].is_in:
            self.do(self.chats[chat].remove(self.names[1]))
            self.models[chat].leave()
        else:
            self.do(self.chats[chat].add(self.names[1]))
            self.models[chat].join(self.do(self._head(chat)))

    @rule(device=devices)
    def a_device_goes_and_comes_back(self, device: int) -> None:
        """Close one, and open it again: it resumes."""

        async def turn() -> None:
            await self.devices[device].client.close()
            await self.devices[device].open()

        self.do(turn())

    @rule()
    def all_agree(self) -> None:
        """Wait until all devices know what they should, and see that they do."""
        self.do(self._agree())

    def ann_has(self, chat: int, seq: int) -> Message:
        """Give one of ann's messages."""
        return self._message(self.ann, chat, seq)

    def _message(self, client: Client, chat: int, seq: int) -> Message:
        conversation = client.conversation(self.chats[chat].id)
        return self.do(conversation.history(before=seq + 1, limit=1)).messages[0]

    async def _head(self, chat: int) -> int:
        return (await self.chats[chat].refresh()).head

    async def _agree(self) -> None:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + PATIENCE_S
        while (found := self._differences()) and loop.time() < until_s:
            await asyncio.sleep(0.002)
        assert not found
        for device, (chat, model) in itertools.product(self.devices, zip(self.chats, self.models, strict=True)):
            if model.is_in:
                page = await device.client.conversation(chat.id).history(limit=1000)
                assert [(message.seq, message.text) for message in page] == model.history()
                assert {
                    message.seq: sum(each.count for each in message.reactions) for message in page if message.reactions
                } == model.reacted()
        for device in self.devices:
            total = await device.client.unread()
            assert total.messages == sum(model.unread for model in self.models)
            assert total.mentions == sum(model.mentions for model in self.models)

    def _differences(self) -> list[Any]:
        found: list[Any] = []
        for number, (chat, model) in itertools.product(
            range(DEVICES), enumerate(self.models) if hasattr(self, "models") else ()
        ):
            if not model.is_in:
                continue
            view = self.of(number, chat)
            knows = (view.unread, view.unread_mentions, view.is_marked_unread)
            if knows != model.waiting():
                found.append((number, chat, "waiting", knows, model.waiting()))
            told = self.devices[number].told
            seen = [(seq, told.get((view.id, seq), "never told")) for seq, _ in model.history(since=True)]
            if seen != model.history(since=True):
                found.append((number, chat, "told", seen, model.history(since=True)))
        return found


@contextmanager
def a_house(data: Path) -> Iterator[House]:
    """Lend a server in a loop."""
    with asyncio.Runner() as runner:
        server = ServerProcess(data)
        runner.run(server.__aenter__())
        try:
            yield House(runner, server)
            server.assert_clean_log()
        finally:
            runner.run(server.__aexit__(None, None, None))


@pytest.mark.rows("X20", "X21", "X22", "X25", "E3", "E6", "L102")
def test_four_devices_see_the_same_whatever_happens(data: Path, is_full: bool, report: Report) -> None:
    lives, steps = FULL if is_full else SHORT
    with a_house(data) as house:
        Lives.house = house
        run_state_machine_as_test(
            Lives,
            settings=settings(
                max_examples=lives,
                stateful_step_count=steps,
                derandomize=True,
                database=None,
                deadline=None,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            ),
        )
        report(f"{house.steps} steps in {next(house.numbers)} lives; {DEVICES} devices always came to the same")
