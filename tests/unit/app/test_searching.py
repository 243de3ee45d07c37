"""Searching: what is asked, and what is shown of what is found."""

import asyncio

import msgspec
import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, an_app, group, text
from tests.unit.app.test_housekeeping import a_running_app
from unisono.app.pages import PAGE_BYTES
from unisono.app.searching import MESSAGES_PER_TURN, Indexing
from unisono.domain import commands as c
from unisono.domain.answers import FoundMessages
from unisono.domain.errors import Unavailable
from unisono.domain.facts import Content
from unisono.domain.ids import ConversationId, NodeId, PageMark, SendKey
from unisono.domain.rates import Rate


async def search(present: Present, asked: str, **more: object) -> FoundMessages:
    answer = await present.ask(c.SearchMessages(asked, **more))  # type: ignore[arg-type]
    assert isinstance(answer, FoundMessages)
    return answer


async def indexed(stage: AppStage) -> None:
    await Indexing(stage.node.parts, stage.node.lease).sweep()


async def say(present: Present, chat: ConversationId, key: str, said: str) -> None:
    await present.ask(c.SendMessage(chat, SendKey(key), Content(text=said)))


def texts(page: FoundMessages) -> list[str | None]:
    return [found.message.content.text for found in page.messages]


@in_virtual_time
async def test_pages_follow_each_other_until_the_last() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        chats = [await group(alice, f"user{number}") for number in range(3)]
        for number in range(10):
            await say(alice, chats[number % 3], f"k{number}", f"tea {number}")
        await indexed(stage)
        found, after, pages = [], None, 0
        while pages == 0 or after is not None:
            page = await search(alice, "tea", limit=3, after=after)
            found += texts(page)
            after, pages = page.next, pages + 1
        assert (sorted(found, key=str), pages) == ([f"tea {number}" for number in range(10)], 4)
        assert len((await search(alice, "tea", conversation=chats[0])).messages) == 4


@in_virtual_time
async def test_the_lag_grows_while_the_index_is_behind_and_ends_with_it() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        indexing = Indexing(stage.node.parts, stage.node.lease)
        await say(alice, chat, "k", "tea")
        assert indexing.lag_s() == 0
        index, is_away = stage.store.search.index, True

        async def fail(node: NodeId, limit: int) -> bool:
            if is_away:
                raise Unavailable
            return await index(node, limit)

        stage.store.search.index = fail  # type: ignore[method-assign]
        for waited_s in (0, 7, 14):
            assert indexing.lag_s() == waited_s
            with pytest.raises(Unavailable):
                await indexing.sweep()
            await asyncio.sleep(7)
        is_away = False
        await indexing.sweep()
        assert (indexing.lag_s(), texts(await search(alice, "tea"))) == (0, ["tea"])


@in_virtual_time
async def test_large_messages_come_in_short_pages_and_none_is_left_out() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        for number in range(30):
            await say(alice, chat, f"k{number}", f"tea {number} " + "x" * 16_000)
        await indexed(stage)
        found, after, pages = 0, None, 0
        while pages == 0 or after is not None:
            page = await search(alice, "tea", limit=100, after=after)
            assert len(msgspec.json.encode(page)) < PAGE_BYTES + 2_000
            found, after, pages = found + len(page.messages), page.next, pages + 1
        assert (found, pages > 2) == (30, True)


@in_virtual_time
async def test_what_is_said_is_found_after_the_next_sweep_however_much_it_is() -> None:
    async with a_running_app(sweep_s=1.0) as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        for number in range(2 * MESSAGES_PER_TURN + 10):
            await alice.ask(text(chat, f"k{number}", "tea"))
        assert (await search(alice, "tea", limit=1)).messages == ()
        await asyncio.sleep(1.1)
        (newest,) = (await search(alice, "tea", limit=1)).messages
        assert newest.message.key == f"k{2 * MESSAGES_PER_TURN + 9}"


@in_virtual_time
async def test_a_search_counts_as_ten_requests() -> None:
    async with an_app(commands=Rate(per_s=1, burst=11)) as stage:
        alice = await stage.login("alice")
        await search(alice, "tea")
        await alice.ask(c.ListSessions())
        assert await alice.refused(c.ListSessions()) == "rate_limited"


@in_virtual_time
async def test_what_cannot_be_looked_for_is_refused() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        for wrong in ("?!", " ".join(map(str, range(21)))):
            assert await alice.refused(c.SearchMessages(wrong)) == "invalid"
        for mark in ("7/room", "7/x/room", "7/1", f"7/{'9' * 30}/room"):
            assert await alice.refused(c.SearchMessages("tea", after=PageMark(mark))) == "invalid"
