"""The Python client: who is there, with the real server."""

import asyncio
from pathlib import Path

import pytest

from tests.sdk.test_against_server import SOON, House, house, until, within
from tests.support.server_process import TEST_CONFIG, ServerProcess
from unisono_sdk import FileState, LimitReached, Unisono, events

__all__ = ["house"]

QUICK = TEST_CONFIG + "\n[presence]\ngrace_s = 1.0\ncheck_s = 1.0\n[sessions]\nlease_ttl_s = 2.0\nsweep_s = 0.2\n"


@pytest.mark.parametrize("codec", ["json", "msgpack"])
async def test_who_is_watched_is_told_of_on_all_platforms(house: House, codec: str) -> None:
    ann, bob = await house.login("ann", codec=codec), await house.login("bob")
    await ann.direct("bob")
    happened = ann.events()
    (there,) = await ann.watch("bob")
    assert (there.user, there.is_online, there.platforms, there.seen_at) == ("bob", True, ("python",), None)
    assert ann.watched == {"bob": there}
    await bob.logout()
    went = await until(happened, events.Presence)
    assert (went.user, went.state, went.platforms) == ("bob", "offline", ())
    assert went.seen_at is not None
    assert list(await ann.presence("bob", "stranger")) == [went, events.Presence(user="stranger", state="offline")]
    await ann.unwatch("bob")
    assert ann.watched == {}
    with pytest.raises(LimitReached):
        await ann.watch(*(f"user-{number}" for number in range(201)))


@pytest.mark.rows("X12", "X13")
async def test_a_page_that_is_loaded_again_is_the_same_session_and_shows_nothing(house: House, tmp_path: Path) -> None:
    url = f"ws://127.0.0.1:{house.port}"
    ann = await house.login("ann")
    await ann.direct("bob")
    heard: list[events.Presence] = []
    async with Unisono(url, state=FileState(tmp_path / "bob.json")) as page:
        bob = await page.login(user="bob")
        first = bob.session, bob.device.id, bob.tab
        ann.on("presence", heard.append)
        await ann.watch("bob")
    async with Unisono(url, state=FileState(tmp_path / "bob.json")) as page:
        bob = await page.login(user="bob")
        assert (bob.session, bob.device.id) == first[:2]
        assert bob.tab != first[2]
        await asyncio.sleep(0.5)
        assert heard == []
        assert (await ann.presence("bob"))[0].is_online


async def test_nobody_stays_online_after_a_crash_and_watching_goes_on(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path / "data", config=QUICK) as server:
        url = f"ws://127.0.0.1:{server.port}"
        async with Unisono(url, backoff=SOON) as anns, Unisono(url, backoff=SOON, fail_fast=True) as bobs:
            ann, bob = await anns.login(user="ann"), await bobs.login(user="bob")
            await ann.direct("bob")
            await ann.watch("bob")
            happened = ann.events()
            await server.kill()
            await bob.close()
            await server.start()
            went = await until(happened, events.Presence)
            assert (went.user, went.state) == ("bob", "offline")
            again = await bobs.login(user="bob")
            came = await until(happened, events.Presence)
            assert (came.user, came.state, came.platforms) == ("bob", "online", ("python",))
            await within(again.logout())
        server.assert_clean_log()
