"""A thousand devices of one user log in at once: the limit holds at every instant, and every loser is told by whom."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.support.crowd import Crowd, gathered, read_stream
from tests.support.figures import Report
from tests.support.follower import Frame
from tests.support.server_process import TEST_CONFIG, ServerProcess
from tests.support.virtual_client import VirtualClient

pytestmark = pytest.mark.adverse

LOGINS_SHORT = 200
LOGINS_FULL = 1000
LIMIT = 3
HIGHER = 5
SMALL_RACES = 20
RACE_TIMEOUT_S = 90.0


def limited(capacity: int) -> str:
    """Give settings with a limit of devices per platform."""
    return TEST_CONFIG + f'\n[sessions]\npolicy = "easemob"\ncapacity = {capacity}\n'


@dataclass
class Told:
    """What the user's own stream says of the race."""

    most_open: int = 0
    logins: int = 0
    left: dict[str, str] = field(default_factory=dict)
    displaced_by: dict[str, str] = field(default_factory=dict)
    """Label of a displaced device: label of the newcomer whose login follows in the stream."""


def replayed(facts: Sequence[Frame]) -> Told:
    """Count the devices that were open after each fact, and see who displaced whom."""
    told, losers = Told(), list[str]()
    labels: dict[str, str] = {}
    for fact in (placed["fact"] for placed in facts):
        if fact["kind"] == "session_opened":
            told.logins += 1
            told.left[fact["session"]] = fact["device"]
            labels[fact["session"]] = fact["shown"]["label"]
            told.displaced_by |= dict.fromkeys(losers, fact["shown"]["label"])
            losers.clear()
        elif fact["kind"] == "session_ended":
            del told.left[fact["session"]]
            losers.append(labels[fact["session"]])
        told.most_open = max(told.most_open, len(set(told.left.values())))
    return told


async def race(crowd: Crowd, user: str, logins: int, limit: int) -> list[VirtualClient]:
    """Have that many devices log in at once, until each is live or has lost."""
    clients = crowd.add(user, logins, follows=False)
    for client in clients:
        client.info = f"info of {client.name}"
    await crowd.wait_until(
        lambda: (
            sum(client.ended_by is not None for client in clients) == logins - limit
            and sum(client.is_live for client in clients) == limit
        ),
        RACE_TIMEOUT_S,
    )
    return clients


@pytest.mark.rows("E13", "E16", "E39", "E42")
@pytest.mark.timeout(300)
async def test_the_device_limit_holds_at_every_instant(data: Path, is_full: bool, report: Report) -> None:
    logins = LOGINS_FULL if is_full else LOGINS_SHORT
    async with ServerProcess(data, config=limited(LIMIT)) as server, gathered(server.port, seed=3) as crowd:
        clients = await race(crowd, "ann", logins, LIMIT)
        stayed = [client for client in clients if client.is_live]
        listed = (await stayed[0].ask({"op": "sessions"}))["sessions"]
        told = replayed(await read_stream(stayed[0], "u/ann"))
        server.assert_clean_log()
    report(f"{told.logins} logins at once, at most {told.most_open} devices open, {len(listed)} left")
    assert (told.most_open, told.logins) == (LIMIT, logins)
    assert {view["session"] for view in listed} == set(told.left) == {client.session for client in stayed}
    for loser in clients:
        if loser.ended_by is not None:
            label = loser.ended_by["newcomer"]["label"]
            assert (loser.ended_by["code"], loser.ended_by["advice"]) == ("displaced", "stop")
            assert loser.ended_by["newcomer"]["info"] == f"info of {label}"
            assert label == told.displaced_by[loser.name]


async def test_a_login_that_lost_before_it_was_welcomed_is_told_so(data: Path) -> None:
    """It used to stay live: the fact of its end was delivered before its link was there to hear of it."""
    async with ServerProcess(data, config=limited(LIMIT)) as server, gathered(server.port, seed=3) as crowd:
        for turn in range(SMALL_RACES):
            await race(crowd, f"user{turn}", 20, LIMIT)
        server.assert_clean_log()


@pytest.mark.rows("E14")
async def test_a_limit_that_is_higher_is_seen_to_be_exceeded(data: Path) -> None:
    """The control: what counts the open devices must notice when there are more."""
    async with ServerProcess(data, config=limited(HIGHER)) as server, gathered(server.port, seed=3) as crowd:
        clients = await race(crowd, "ann", 20, HIGHER)
        stayed = next(client for client in clients if client.is_live)
        assert replayed(await read_stream(stayed, "u/ann")).most_open == HIGHER > LIMIT


def has_resumed(client: VirtualClient, times: int) -> bool:
    """Say if a client came back that often."""
    return client.resumes == times


@pytest.mark.rows("E15", "E18")
async def test_a_resume_never_kicks_and_a_login_kicks_only_on_its_platform(data: Path) -> None:
    async with ServerProcess(data, config=limited(1)) as server, gathered(server.port) as crowd:
        (phone,) = crowd.add("ann", platform="ios")
        (first,) = crowd.add("ann")
        await crowd.wait_live()
        for turn in range(1, 4):
            for client in (phone, first):
                client.cut()
                await client.wait_until(partial(has_resumed, client, turn))
        await crowd.wait_live()
        (second,) = crowd.add("ann")
        await second.wait_live()
        await first.wait_until(lambda: first.ended_by is not None)
        assert first.ended_by is not None
        assert (first.ended_by["code"], first.ended_by["newcomer"]["label"]) == ("displaced", second.name)
        assert phone.is_live
        listed = (await phone.ask({"op": "sessions"}))["sessions"]
        assert {view["session"] for view in listed} == {phone.session, second.session}
        assert replayed(await read_stream(phone, "u/ann")).logins == 3, "a resume is no login"


@pytest.mark.rows("E1", "E11", "E12", "E16", "E17")
async def test_by_default_four_devices_of_a_platform_stay_and_the_fifth_displaces_the_first(data: Path) -> None:
    async with ServerProcess(data) as server, gathered(server.port) as crowd:
        for platform in ("web", "web", "web", "web", "ios"):
            (newcomer,) = crowd.add("ann", platform=platform)
            await newcomer.wait_live()
        assert all(client.is_live for client in crowd.clients)
        (fifth,) = crowd.add("ann", platform="web")
        await fifth.wait_live()
        first, *others = crowd.clients
        await first.wait_until(lambda: first.ended_by is not None)
        assert all(client.is_live for client in others)


@pytest.mark.rows("T1", "T2", "T3", "T29")
@pytest.mark.parametrize(("preset", "told"), [("turms", {"displaced"}), ("turms-keep", {"device_refused"})])
async def test_one_session_per_kind_of_device_leaves_exactly_one_of_many(
    data: Path, preset: str, told: set[str]
) -> None:
    config = TEST_CONFIG + f'\n[sessions]\npolicy = "{preset}"\n'
    async with ServerProcess(data, config=config) as server, gathered(server.port) as crowd:
        clients = await race(crowd, "ann", 20, 1)
        assert {client.ended_by["code"] for client in clients if client.ended_by is not None} == told
        (phone,) = crowd.add("ann", platform="android")
        await phone.wait_live()
        stayed = [client for client in crowd.clients if client.is_live]
        assert len(stayed) == 2
        listed = (await phone.ask({"op": "sessions"}))["sessions"]
        assert {view["session"] for view in listed} == {client.session for client in stayed}


@pytest.mark.rows("E24", "E26")
async def test_sessions_of_one_device_use_one_place_and_never_displace_each_other(data: Path) -> None:
    async with ServerProcess(data, config=limited(2)) as server, gathered(server.port) as crowd:
        (other,) = crowd.add("ann")
        await other.wait_live()
        tabs = crowd.add("ann", 10, device="one browser")
        await crowd.wait_live()
        assert all(client.is_live for client in (other, *tabs))
        assert len((await other.ask({"op": "sessions"}))["sessions"]) == 11
