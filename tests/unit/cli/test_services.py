"""`unisono services` against a whole server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.operator_desk import ADMIN_KEY, Desk, open_desk
from tests.unit.cli.commands import Outcome, run
from unisono.app import expiring
from unisono.cli import announcing
from unisono.cli.failing import Exit


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(announcing, "LOOK_EVERY_S", 0.02)
    async with open_desk(tmp_path, UNISONO_SESSIONS__SWEEP_S="0.05") as opened:
        yield opened


async def services(desk: Desk, *words: str, stdin: str = "") -> Outcome:
    return await asyncio.to_thread(run, "services", *words, "--url", desk.url, "--admin-key", ADMIN_KEY, stdin=stdin)


async def test_something_is_announced_to_who_subscribes(desk: Desk) -> None:
    made = await services(desk, "create", "--by", "news", "--name", "News", "--key", "k")
    news = made.out.strip()
    assert (await services(desk, "create", "--by", "news", "--key", "k", "--json")).json == {
        "conversation": news,
        "is_new": False,
    }
    assert (await services(desk, "subscribe", news, "--user", "alice")).out == "alice subscribes now.\n"
    assert (await services(desk, "subscribe", news, "--user", "bob")).code == 0
    assert (await services(desk, "unsubscribe", news, "--user", "bob")).out == "bob subscribes no more.\n"
    assert (await services(desk, "announce", news, "Hi", "--key", "a")).out == "Announced as message 2.\n"
    assert (await services(desk, "announce", news, "Hi", "--key", "a", "--json")).json["seq"] == 2
    assert (await services(desk, "announce", news, "-", stdin="from a file")).out == "Announced as message 3.\n"
    async with await desk.login("alice") as alice, await desk.login("bob") as bob:
        seen = (await alice.ask("history", conversation=news))["answer"]["messages"]
        assert [entry["message"]["content"]["text"] for entry in seen] == ["Hi", "from a file"]
        assert (await alice.ask("conversation", conversation=news))["answer"]["name"] == "News"
        assert (await bob.ask("unread"))["answer"]["total"] == 0


async def test_what_is_for_all_is_so_for_who_never_subscribed(desk: Desk) -> None:
    news = (await services(desk, "create", "--by", "news", "--all")).out.strip()
    await services(desk, "announce", news, "Hi")
    async with await desk.login("alice") as alice, asyncio.timeout(10):
        while (await alice.ask("history", conversation=news))["is"] != "reply":
            await asyncio.sleep(0)


async def test_it_is_over_when_the_command_returns(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiring, "EXITS_PER_TURN", 2)
    news = (await services(desk, "create", "--by", "news")).out.strip()
    for number in range(5):
        await desk.ask("PUT", f"/v1/services/{news}/subscribers/user{number}")
    refused = await services(desk, "end", news)
    assert (refused.code, "--yes" in refused.err) == (Exit.USAGE, True)
    assert (await services(desk, "end", news, "--yes")).out.startswith("Ended")
    assert (await services(desk, "end", news, "--yes", "--json")).json == {"conversation": news, "subscribers": 0}
    refused = await services(desk, "announce", news, "more")
    assert (refused.code, "over" in refused.err) == (Exit.FAILED, True)
    assert (await services(desk, "end", "0" * 24, "--yes")).code == Exit.NOT_FOUND
