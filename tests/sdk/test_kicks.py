"""Who has to go for another device, and never fights back: with the real server, and a clock that is moved."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.sdk.conftest import within
from tests.sdk.manual_clock import ManualClock
from tests.support.fault_proxy import FaultProxy
from tests.support.server_here import serving
from unisono.domain.devices import DeviceRules
from unisono.domain.facts import SessionEnded, SessionOpened
from unisono.domain.ids import Seq, SessionId, UserId, user_stream
from unisono.domain.policy import Proposal, Said
from unisono.server import Running
from unisono_sdk import Client, ClientClosed, Device, Label, Unisono, events

MINUTE_S = 60
MINUTES = 10
TURNS_PER_MINUTE = 4


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path / "data") as running:
        yield running


class Program:
    """One that comes back by itself whenever its connection is lost, by a network that may fail."""

    def __init__(self, unisono: Unisono, proxy: FaultProxy, clock: ManualClock, name: str) -> None:
        self.unisono = unisono
        self.proxy = proxy
        self.clock = clock
        self.device = Device(id=name, platform="web", label=name, info=f'{{"name": "{name}"}}')
        self.ends: list[events.WasDisplaced | events.Closed] = []
        self.is_lost, self.is_back = asyncio.Event(), asyncio.Event()

    async def login(self, tag: str | None = None) -> Client:
        client = await within(self.unisono.login(user="ann", device=self.device, tag=tag))
        client.on("displaced", self.ends.append)
        client.on("closed", self.ends.append)
        client.on("schedule", lambda _: self.is_lost.set())
        client.on("reconnect", lambda _: self.is_back.set())
        return client

    async def lose_connection(self) -> None:
        """Cut it, and wait until the program has noticed."""
        self.is_lost.clear()
        self.proxy.cut_all()
        await within(self.is_lost.wait())

    async def come_back(self) -> None:
        """Let time pass until it is back."""
        self.is_back.clear()
        self.clock.advance(MINUTE_S)
        await within(self.is_back.wait())


@pytest.fixture
async def programs(server: Running) -> AsyncIterator[list[Program]]:
    """Lend two, where one device of a platform may be logged in."""
    await server.node.governing.change(Proposal(Said(DeviceRules("single")), by="the test"))
    async with AsyncExitStack() as stack:
        made = []
        for name in ("old", "new"):
            proxy, clock = await stack.enter_async_context(FaultProxy(server.port)), ManualClock()
            unisono = await stack.enter_async_context(Unisono(f"ws://127.0.0.1:{proxy.port}", clock=clock))
            made.append(Program(unisono, proxy, clock, name))
        yield made


async def told(server: Running) -> list[str]:
    """Give who logged in and who was displaced, as the user's stream has it."""
    page = await server.node.parts.log.read(user_stream(UserId("ann")), Seq(0), 100)
    story = []
    for fact in (placed.fact for placed in page.facts):
        match fact:
            case SessionOpened(shown=shown):
                story.append(f"{shown.label} in")
            case SessionEnded(device=device, reason=reason):
                story.append(f"{device} {reason}")
    return story


@pytest.mark.rows("D9", "E15", "E41", "E42")
@pytest.mark.parametrize("is_away", [False, True], ids=["there", "away"])
async def test_of_two_that_come_back_by_themselves_one_is_kicked_once_and_stays_out(
    server: Running, programs: list[Program], is_away: bool
) -> None:
    """Ten minutes, in which both networks fail each minute."""
    old, new = programs
    loser = await old.login()
    if is_away:
        await old.lose_connection()
    winner = await new.login()
    if is_away:
        old.clock.advance(MINUTE_S)
    async with asyncio.timeout(10):
        while len(old.ends) < 2:
            await asyncio.sleep(0)
    for _ in range(MINUTES):
        await new.lose_connection()
        old.proxy.cut_all()
        await new.come_back()
        for _ in range(TURNS_PER_MINUTE):
            old.clock.advance(MINUTE_S / TURNS_PER_MINUTE)
            assert not old.unisono.retry()
    displaced, closed = old.ends
    assert displaced == events.WasDisplaced(newcomer=Label(platform="web", label="new", info='{"name": "new"}'))
    assert isinstance(closed, events.Closed)
    assert closed.code == "displaced"
    with pytest.raises(ClientClosed):
        await loser.sessions()
    # A device never kicks itself, and neither does who comes back.
    await new.login(tag="once more")
    assert await told(server) == ["old in", "old displaced", "new in", "new in"]
    assert [session.device for session in await winner.sessions()] == ["new", "new"]
    assert new.ends == []


@pytest.mark.rows("D9")
async def test_only_a_person_who_logs_in_again_takes_the_place_back(server: Running, programs: list[Program]) -> None:
    """The control: what counts the kicks sees a second one where there is one."""
    old, new = programs
    await old.login()
    await new.login()
    async with asyncio.timeout(10):
        while len(old.ends) < 2:
            await asyncio.sleep(0)
    await old.login()
    assert (await told(server))[-2:] == ["new displaced", "old in"]


@pytest.mark.rows("E25", "E27")
async def test_with_random_ids_and_a_limit_of_four_the_fifth_tab_kicks_the_first(server: Running) -> None:
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(Unisono(server.url, fixed_device_id=False))
        ends: list[tuple[int, events.WasDisplaced]] = []
        tabs: list[Client] = []

        def note(number: int, event: events.WasDisplaced) -> None:
            ends.append((number, event))

        for number in range(5):
            device = Device(platform="web", label=f"tab {number}")
            # A tab of its own is a login of its own: by its tag, or in another program.
            tabs.append(await within(browser.login(user="ann", tag=f"tab {number}", device=device)))
            tabs[-1].on("displaced", partial(note, number))
            assert len(await tabs[-1].sessions()) == min(number + 1, 4)
        async with asyncio.timeout(10):
            while not ends:
                await asyncio.sleep(0)
        assert ends == [(0, events.WasDisplaced(newcomer=Label(platform="web", label="tab 4")))]
        left = await tabs[4].sessions()
        assert {session.device for session in left} == {tab.device.id for tab in tabs[1:]}
        assert len({tab.device.id for tab in tabs}) == 5


@pytest.mark.rows("E24", "E26")
async def test_with_a_fixed_id_ten_tabs_are_one_device(server: Running) -> None:
    async with Unisono(server.url) as browser:
        tabs = [
            await within(browser.login(user="ann", tag=f"tab {number}", device=Device(platform="web")))
            for number in range(10)
        ]
        assert len(await tabs[9].sessions()) == 10
        assert len({tab.device.id for tab in tabs}) == 1


async def test_who_is_closed_and_the_others_are_told_why(server: Running) -> None:
    async with Unisono(server.url, fixed_device_id=False) as ann:
        here, lost = await within(ann.login(user="ann")), await within(ann.login(user="ann", tag="lost"))
        heard, last = here.events(), lost.events()
        user, session = UserId("ann"), (await lost.sessions())[1].session
        await server.node.own_sessions.end_session(user, SessionId(session), "closed", "this phone was lost")
        async for event in last:
            if isinstance(event, events.Closed):
                assert event.message.endswith("why=this phone was lost")
        async for event in heard:
            if isinstance(event, events.SessionEnded):
                assert (event.reason, event.why) == ("closed", "this phone was lost")
                break
