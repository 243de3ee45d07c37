"""Finding conversations: what is shown of what a query finds."""

import msgspec
import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import Present, an_app, group, text
from unisono.app.pages import PAGE_BYTES
from unisono.app.reading import SHOWN_AT_ONCE
from unisono.domain import commands as c
from unisono.domain import query as q
from unisono.domain.answers import ConversationView, FoundConversations
from unisono.domain.ids import SendKey
from unisono.domain.query import SortKey
from unisono.domain.rates import Rate
from unisono.ports import directory

BY_ID = (SortKey("id"),)


async def query(present: Present, **asked: object) -> FoundConversations:
    answer = await present.ask(c.FindConversations(**asked))  # type: ignore[arg-type]
    assert isinstance(answer, FoundConversations)
    return answer


@in_virtual_time
async def test_a_page_says_whether_there_are_more() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        made = [await group(alice, f"user{number}") for number in range(SHOWN_AT_ONCE + 5)]
        for limit in (SHOWN_AT_ONCE - 1, SHOWN_AT_ONCE, SHOWN_AT_ONCE + 1, len(made), 1000):
            page = await query(alice, sort=BY_ID, limit=limit)
            assert [view.conversation for view in page.conversations] == sorted(made)[:limit]
            assert page.has_more == (limit < len(made))
        assert await query(alice, skip=len(made)) == FoundConversations((), has_more=False)


@in_virtual_time
async def test_large_conversations_come_in_short_pages_and_none_is_left_out() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        made = []
        for number in range(30):
            new = c.CreateConversation(key=SendKey(f"k{number}"), attributes={"about": "x" * 16_000}, unique=False)
            answer = await alice.ask(new)
            assert isinstance(answer, ConversationView)
            made.append(answer.conversation)
        found: list[str] = []
        while True:
            page = await query(alice, sort=BY_ID, skip=len(found), limit=1000)
            assert len(msgspec.json.encode(page)) < PAGE_BYTES + 2_000
            found += [view.conversation for view in page.conversations]
            if not page.has_more:
                break
        assert found == sorted(made)


@in_virtual_time
async def test_of_many_members_no_conversation_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "MEMBERS_AT_ONCE", 5)
    async with an_app() as stage:
        alice = await stage.login("alice")
        sizes = [number % 4 + 1 for number in range(SHOWN_AT_ONCE * 2)]
        made = [await group(alice, *(f"user{number}-{each}" for each in range(n))) for number, n in enumerate(sizes)]
        page = await query(alice, sort=BY_ID, limit=1000)
        shown = {view.conversation: len(view.members) - 1 for view in page.conversations}
        assert [view.conversation for view in page.conversations] == sorted(made)
        assert [shown[one] for one in made] == sizes
        assert not page.has_more


@pytest.mark.rows("L209", "L210", "L211")
@in_virtual_time
async def test_a_compact_answer_has_no_members_and_one_with_the_last_message_has_it() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        chat = await group(alice, *(f"user{number}" for number in range(499)))
        await alice.ask(text(chat, "k1", "hello"))
        whole = await query(alice)
        assert len(whole.conversations[0].members) == 500
        assert whole.conversations[0].last is None
        compact = await query(alice, compact=True)
        assert compact.conversations[0].members == ()
        assert len(msgspec.json.encode(compact)) < len(msgspec.json.encode(whole)) / 10
        shown = await query(alice, compact=True, with_last=True)
        last = shown.conversations[0].last
        assert last is not None
        assert (last.seq, last.message.content.text) == (2, "hello")
        assert shown.conversations[0].last_message_at == last.at


@in_virtual_time
async def test_a_query_counts_as_ten_requests() -> None:
    async with an_app(commands=Rate(per_s=1, burst=11)) as stage:
        alice = await stage.login("alice")
        await query(alice)
        await alice.ask(c.ListSessions())
        assert await alice.refused(c.ListSessions()) == "rate_limited"


@in_virtual_time
async def test_a_query_that_means_nothing_is_refused() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        assert await alice.refused(c.FindConversations(where=q.Equal("colour", "red"))) == "invalid"
        assert await alice.refused(c.FindConversations(sort=(SortKey("members"),))) == "invalid"


@in_virtual_time
async def test_what_is_named_costs_one_request_for_ten() -> None:
    async with an_app(commands=Rate(per_s=1, burst=4)) as stage:
        alice = await stage.login("alice")
        for where in (q.Equal("id", "0" * 24), q.OneOf("id", tuple(str(number) for number in range(20)))):
            await alice.ask(c.FindConversations(where=where))
        assert await alice.refused(c.ListSessions()) == "rate_limited"
        assert await alice.refused(c.FindConversations(where=q.NotEqual("id", "0"))) == "rate_limited"
