"""The Python client with the real server: what users do together, on several devices, through losses and crashes.

By WebSocket and by long polling.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from tests.support.server_here import serving
from tests.support.server_process import ServerProcess
from unisono_sdk import (
    Backoff,
    Client,
    Content,
    Conversation,
    Device,
    EventIterator,
    FileState,
    Label,
    Message,
    NotFound,
    Refused,
    Rules,
    Transport,
    Unisono,
    events,
)

T = TypeVar("T")
SOON = Backoff(first_ms=20, cap_ms=200)


async def within(work: Awaitable[T]) -> T:
    """Wait, but not for ever."""
    async with asyncio.timeout(20):
        return await work


class House:
    """Users with clients on one server, each client a device of its own."""

    def __init__(self, port: int, stack: AsyncExitStack, transport: Transport = "auto") -> None:
        self.port = port
        self._stack = stack
        self._transport: Transport = transport

    def entrance(self, **more: Any) -> Unisono:
        """Make one for another program."""
        return Unisono(f"ws://127.0.0.1:{self.port}", transport=self._transport, **more)

    async def login(self, user: str, **more: Any) -> Client:
        """Log a user in on a new device."""
        device, tag, tab = more.pop("device", None), more.pop("tag", None), more.pop("tab", None)
        handlers, bodies = more.pop("handlers", None), more.pop("bodies", ())
        unisono = await self._stack.enter_async_context(self.entrance(backoff=SOON, **more))
        unisono.register(*bodies)
        return await unisono.login(user=user, device=device, tag=tag, tab=tab, handlers=handlers)


class MortalHouse(House):
    """One whose server is a process, which can be killed and started anew."""

    def __init__(self, server: ServerProcess, stack: AsyncExitStack, transport: Transport) -> None:
        super().__init__(server.port, stack, transport)
        self.server = server


@pytest.fixture(params=["websocket", "longpoll"])
def transport(request: pytest.FixtureRequest) -> Transport:
    """Say how clients connect."""
    return cast("Transport", request.param)


@pytest.fixture
async def house(tmp_path: Path, transport: Transport) -> AsyncIterator[House]:
    """Lend a running server and an easy way in."""
    async with serving(tmp_path / "data") as server, AsyncExitStack() as stack:
        yield House(server.port, stack, transport)


@pytest.fixture
async def mortal_house(tmp_path: Path, transport: Transport) -> AsyncIterator[MortalHouse]:
    """Lend one for who kills or restarts it."""
    async with ServerProcess(tmp_path / "data") as server, AsyncExitStack() as stack:
        yield MortalHouse(server, stack, transport)
        await stack.aclose()
        server.assert_clean_log()


async def texts(messages: EventIterator[Message], count: int) -> list[str]:
    """Give the texts of the next messages."""
    return [(await within(anext(messages))).text or "" for _ in range(count)]


async def until(happened: EventIterator[Any], kind: type[T]) -> T:
    """Give the next event of a kind."""
    while True:
        event = await within(anext(happened))
        if isinstance(event, kind):
            return event


@pytest.mark.parametrize("codec", ["json", "msgpack"])
@pytest.mark.rows("L20", "L21", "L22", "L31", "L34", "L35", "L36", "L38", "L165", "L166")
async def test_tom_and_jerry_talk_and_a_group_does_the_same(house: House, codec: str) -> None:
    tom, jerry = await house.login("tom", codec=codec), await house.login("jerry")
    mary = await house.login("mary")
    inbox, marys, toms = jerry.messages(), mary.messages(), tom.messages()
    pair = await tom.create(["jerry"], name="Tom & Jerry")
    assert (set(pair.members), pair.name) == ({"tom", "jerry"}, "Tom & Jerry")
    assert (len(pair.members), await pair.count()) == (2, 2)
    sent = await pair.send("Jerry, get up!")
    received = await within(anext(inbox))
    assert (received.text, received.sender, received.seq, received.at) == (sent.text, "tom", sent.seq, sent.at)
    assert (received.conversation.id, received.is_mine, received.key) == (pair.id, False, sent.key)

    @mary.on("message")
    async def reply(message: Message) -> None:
        if message.text == "all here?":
            await message.conversation.send("mary is")

    group = await tom.create(["jerry", "mary", "bob"], attributes={"topic": {"x": [1, None]}})
    await group.send(Content(type=7, text="all here?", attributes={"a": 1}, data={"b": [1.5, "c"]}))
    first = await within(anext(inbox))
    assert first.content == Content(type=7, text="all here?", attributes={"a": 1}, data={"b": [1.5, "c"]})
    assert await texts(inbox, 1) == ["mary is"]
    assert await texts(marys, 2) == ["all here?", "mary is"]
    assert await texts(toms, 3) == ["Jerry, get up!", "all here?", "mary is"]


@pytest.mark.rows("E32", "X20", "S2", "S7", "S8")
async def test_each_session_gets_a_message_once_and_mine_are_marked(house: House) -> None:
    phone, laptop = await house.login("ann"), await house.login("ann")
    heard: list[Message] = []
    phone.on("message", heard.append)
    other = laptop.messages()
    conversation = await phone.direct("bob")
    sent = await conversation.send("from the phone")
    got = await within(anext(other))
    assert heard == [sent]
    assert (got.is_mine, got.is_from_here, sent.is_from_here) == (True, False, True)
    assert phone.tab != laptop.tab
    assert phone.session != laptop.session
    assert [view.session for view in await phone.other_sessions()] == [laptop.session]
    assert (await phone.other_sessions())[0].device == laptop.device.id


@pytest.mark.rows("L143", "L144", "L145", "L146", "L147", "L148", "L149", "L150", "L151", "L152")
@pytest.mark.rows("L153", "L154", "L155", "L156", "L157", "L159", "L160", "L161", "L162", "L163", "E49", "E50")
async def test_members_come_and_go_and_everybody_hears_it_right(house: House) -> None:
    tom, jerry, mary = [await house.login(user) for user in ("tom", "jerry", "mary")]
    told = {client.user: client.events() for client in (tom, jerry, mary)}
    here: list[str] = []
    group = await tom.create(["jerry", "bob"], unique=False, joining="open", rules=Rules(remove="member"))
    group.on("members_joined", lambda event: here.append("joined"))
    group.on("members_left", lambda event: here.append("left"))

    added = await jerry.conversation(group.id).add("mary")
    assert (set(added.members[:3]), added.members[3:]) == ({"tom", "jerry", "bob"}, ("mary",))
    entered = await until(told["mary"], events.Entered)
    assert (entered.by, entered.is_invited, entered.conversation.id) == ("jerry", True, group.id)
    for user in ("tom", "jerry"):
        joined = await until(told[user], events.MembersJoined)
        assert (joined.users, joined.by, joined.conversation.id) == (("mary",), "jerry", group.id)

    removed = await mary.conversation(group.id).remove("jerry")
    assert "jerry" not in removed.members
    exited = await until(told["jerry"], events.Exited)
    assert (exited.by, exited.is_kicked) == ("mary", True)
    left = await until(told["tom"], events.MembersLeft)
    assert (left.users, left.by) == (("jerry",), "mary")
    assert (await until(told["mary"], events.MembersLeft)).users == ("jerry",)

    again = await jerry.conversation(group.id).join()
    assert again.members[-1] == "jerry"
    assert (await until(told["tom"], events.MembersJoined)).by == "jerry"
    assert "tom" not in (await group.quit()).members
    assert not (await until(told["tom"], events.Exited)).is_kicked
    assert group.members == ()
    assert here == ["joined", "left", "joined"]
    inbox = mary.messages()
    await jerry.conversation(group.id).send("after")
    assert await texts(inbox, 1) == ["after"]


@pytest.mark.rows("L37", "E4", "L162")
async def test_who_was_away_gets_what_was_missed_once(house: House, tmp_path: Path) -> None:
    state = FileState(tmp_path / "william.json")
    tom = await house.login("tom")
    async with house.entrance(state=state) as unisono:
        william = await unisono.login(user="william")
        session, happened = william.session, william.events()
        group = await tom.create(["william"], unique=False)
        await until(happened, events.Entered)
    await group.send("one")
    other = await tom.create(["william", "bob"], unique=False)
    await other.send("two")
    await other.remove("william")
    await other.send("not for william")
    await other.add("william")
    await other.send("three")
    async with house.entrance(state=state) as unisono:
        william = await unisono.login(user="william")
        inbox = william.messages()
        assert sorted(await texts(inbox, 3)) == ["one", "three", "two"]
        assert william.session == session
        await group.send("now")
        assert await texts(inbox, 1) == ["now"]
    async with house.entrance() as unisono:
        newcomer = await unisono.login(user="william")
        inbox = newcomer.messages()
        await group.send("later")
        assert await texts(inbox, 1) == ["later"]
        page = await newcomer.conversation(group.id).history()
        assert [message.text for message in page] == ["one", "now", "later"]


async def test_history_goes_back_page_by_page(house: House) -> None:
    ann = await house.login("ann")
    conversation = await ann.direct("bob")
    for number in range(5):
        await conversation.send(str(number))
    pages = conversation.messages_iterator(page=2)
    found = [await pages.next() for _ in range(4)]
    assert [[message.text for message in page] for page in found] == [["3", "4"], ["1", "2"], ["0"], []]
    assert [page.done for page in found] == [False, False, True, True]
    assert [len(page) async for page in conversation.messages_iterator(page=3)] == [3, 2]
    after = await conversation.history(2, after=3)
    assert ([message.seq for message in after], after.done) == ([4, 5], False)
    assert [each.id async for each in ann.conversations(page=1)] == [conversation.id]
    assert (await ann.direct("bob")) is conversation
    with pytest.raises(NotFound):
        await ann.conversation("nowhere").history()


async def test_a_read_mark_moves_on_all_sessions(house: House) -> None:
    phone, laptop = await house.login("ann"), await house.login("ann")
    happened = laptop.events()
    conversation = await phone.direct("bob")
    await conversation.send("x")
    assert await conversation.mark_read() == 2
    moved = await until(happened, events.ReadMoved)
    assert (moved.seq, moved.conversation.read) == (2, 2)
    assert await conversation.mark_read(1) == 2


@pytest.mark.rows("X57", "E11", "E16", "E42")
async def test_the_oldest_of_five_devices_is_displaced_and_stays_away(house: House) -> None:
    clients = [await house.login("ann", device=Device(label=f"device {number}")) for number in range(4)]
    happened = clients[0].events()
    again = await house.login("ann", device=Device(id=clients[1].device.id), tag="second")
    assert not any(client.is_closed for client in (*clients[2:], again))
    await house.login("ann", device=Device(label="fifth", info='{"build":7}'))
    displaced = await until(happened, events.WasDisplaced)
    assert displaced.newcomer == Label(platform="python", label="fifth", info='{"build":7}')
    assert (await until(happened, events.Closed)).code == "displaced"
    assert clients[0].is_closed


@pytest.mark.rows("L250")
async def test_sessions_and_devices_can_be_closed(house: House) -> None:
    first, second, third = [await house.login("ann") for _ in range(3)]
    told, gone = second.events(), third.events()
    await first.close_session(second.session)
    assert (await until(told, events.Closed)).code == "session_closed"
    await first.close_device(third.device.id)
    assert (await until(gone, events.Closed)).code == "session_closed"
    assert await first.other_sessions() == []
    await first.logout()
    assert first.is_closed
    last = await house.login("ann")
    assert [view.session for view in await last.sessions()] == [last.session]


@pytest.mark.rows("L40", "L43")
async def test_several_users_side_by_side_with_names_up_to_64_characters(house: House) -> None:
    async with house.entrance() as unisono:
        long, short = await asyncio.gather(unisono.login(user="x" * 64), unisono.login(user="ä/ 日"))
        assert (long.is_live, short.is_live, long.user, short.user) == (True, True, "x" * 64, "ä/ 日")
        inbox = short.messages()
        await (await long.direct("ä/ 日")).send("hi")
        assert await texts(inbox, 1) == ["hi"]
        with pytest.raises(Refused):
            await unisono.login(user="x" * 65)


async def test_a_server_that_is_killed_again_and_again_loses_and_doubles_nothing(mortal_house: MortalHouse) -> None:
    ann, bob = await mortal_house.login("ann"), await mortal_house.login("bob", codec="msgpack")
    inbox, own = bob.messages(), ann.messages()
    lanes = [await ann.direct("bob"), await ann.create(["bob"], unique=False)]
    sends: list[asyncio.Task[Message]] = []
    async with asyncio.TaskGroup() as tasks:
        for turn in range(4):
            for number in range(25):
                lane = lanes[number % 2]
                sends.append(tasks.create_task(lane.send(f"{turn}.{number}")))
            await within(sends[turn * 25])
            await mortal_house.server.kill()
            await mortal_house.server.start()
    placed = [send.result() for send in sends]
    for client_inbox in (inbox, own):
        heard = [await within(anext(client_inbox)) for _ in placed]
        for lane in lanes:
            mine = [message.text for message in placed if message.conversation.id == lane.id]
            assert [message.text for message in heard if message.conversation.id == lane.id] == mine
            assert [message.text for message in await lane.history(100)] == mine
    await _nothing_more(lanes[0], inbox)


async def _nothing_more(lane: Conversation, inbox: EventIterator[Message]) -> None:
    await lane.send("last")
    assert await texts(inbox, 1) == ["last"]


async def test_a_drained_server_is_left_and_found_again(mortal_house: MortalHouse) -> None:
    ann = await mortal_house.login("ann")
    happened, session = ann.events(), ann.session
    await mortal_house.server.terminate()
    assert (await until(happened, events.Disconnect)).code == "draining"
    await mortal_house.server.start()
    await until(happened, events.Reconnect)
    assert ann.session == session
    assert len(await ann.sessions()) == 1


async def test_a_client_that_was_ahead_of_an_older_copy_starts_over(mortal_house: MortalHouse) -> None:
    """It goes on with what is true, and says of each stream from where to read it anew."""
    ann, bob = await mortal_house.login("ann"), await mortal_house.login("bob")
    inbox, happened = bob.messages(), bob.events()
    lane = await ann.direct("bob")
    await lane.send("kept")
    data, copy = mortal_house.server.data, mortal_house.server.data.with_name("copy")
    connection = sqlite3.connect(data / "default.sqlite3")
    connection.execute("VACUUM INTO ?", (str(copy),))
    connection.close()
    gone = await ann.create(["bob"], unique=False)
    for text in ("lost 1", "lost 2"):
        await lane.send(text)
    assert await texts(inbox, 3) == ["kept", "lost 1", "lost 2"]
    await mortal_house.server.terminate()
    copy.rename(data / "default.sqlite3")
    await mortal_house.server.start()
    told = [await until(happened, events.StartOver) for _ in range(3)]
    reasons = {start_over.stream: start_over.reason for start_over in told}
    assert reasons.pop(f"c/{gone.id}") == "gone"
    assert set(reasons.values()) == {"epoch_changed"}
    assert f"c/{lane.id}" in reasons
    sent = ["true 1", "true 2", "true 3"]
    for text in sent:
        await lane.send(text)
    assert await texts(inbox, 3) == sent
    here = bob.conversation(lane.id)
    assert [message.text for message in await here.history(10)] == ["kept", *sent]
