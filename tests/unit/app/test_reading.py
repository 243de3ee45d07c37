"""What a user may read, and up to where."""

import msgspec
import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, an_app, group, text
from tests.unit.app.stage import users
from unisono.app.pages import PAGE_BYTES, STEP
from unisono.domain import commands as c
from unisono.domain.answers import Conversations, ConversationView, Facts, Gap, History, Missed, Moved, StartOver
from unisono.domain.ids import ConversationId, Epoch, SendKey, Seq, StreamKey, conversation_stream


async def history_of(present: Present, chat: ConversationId, **asked: int) -> list[str]:
    answer = await present.ask(c.GetHistory(conversation=chat, **asked))  # type: ignore[arg-type]
    assert isinstance(answer, History)
    return [entry.message.key for entry in answer.messages]


async def read(present: Present, stream: StreamKey, after: int = 0, limit: int = 100) -> Facts:
    answer = await present.ask(c.ReadStream(stream=stream, after=Seq(after), limit=limit))
    assert isinstance(answer, Facts)
    return answer


async def moved(present: Present, **asked: object) -> Moved:
    answer = await present.ask(c.Sync(**asked))  # type: ignore[arg-type]
    assert isinstance(answer, Moved)
    return answer


async def a_chat_bob_left(stage: AppStage) -> tuple[Present, Present, ConversationId]:
    """Let bob leave between two messages."""
    alice, bob = await stage.login("alice"), await stage.login("bob")
    chat = await group(alice, "bob")
    await alice.ask(text(chat, "before"))
    await bob.ask(c.Quit(conversation=chat))
    await alice.ask(text(chat, "after"))
    return alice, bob, chat


@pytest.mark.rows("L230", "L231", "L233")
@in_virtual_time
async def test_history_gives_the_newest_messages_in_rising_order() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        for number in range(30):
            await alice.ask(text(chat, str(number)))
        assert await history_of(alice, chat) == [str(number) for number in range(10, 30)]
        assert await history_of(alice, chat, limit=3) == ["27", "28", "29"]
        assert await history_of(alice, chat, before=4, limit=10) == ["0", "1"]
        assert await history_of(alice, chat, after=4, limit=2) == ["3", "4"]


@in_virtual_time
async def test_who_left_reads_up_to_there_and_no_further() -> None:
    async with an_app() as stage:
        alice, bob, chat = await a_chat_bob_left(stage)
        assert await history_of(bob, chat) == ["before"]
        assert await history_of(alice, chat) == ["before", "after"]
        stream = conversation_stream(chat)
        page = await read(bob, stream)
        assert [fact.seq for fact in page.facts] == [1, 2, 3]
        assert page.head == 3
        assert (await read(bob, stream, after=3)).facts == ()
        assert [head.seq for head in (await moved(bob)).heads if head.stream == stream] == [3]
        assert await bob.refused(c.GetConversation(conversation=chat)) == "not_found"


@pytest.mark.rows("L287")
@in_virtual_time
async def test_who_came_back_reads_what_was_said_meanwhile() -> None:
    async with an_app() as stage:
        alice, bob, chat = await a_chat_bob_left(stage)
        await alice.ask(c.AddMembers(conversation=chat, users=users("bob")))
        assert await history_of(bob, chat) == ["before", "after"]


@in_virtual_time
async def test_one_reads_ones_own_stream_and_nobody_elses() -> None:
    async with an_app() as stage:
        alice, _ = await stage.login("alice"), await stage.login("bob")
        assert len((await read(alice, StreamKey("u/alice"))).facts) == 1
        for stream in ("u/bob", "u/nobody-at-all", "x/alice", "alice"):
            assert await alice.refused(c.ReadStream(stream=StreamKey(stream), after=Seq(0))) == "not_found"


@in_virtual_time
async def test_streams_are_read_page_by_page() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        for number in range(5):
            await alice.ask(text(chat, str(number)))
        seqs, after = [], 0
        while True:
            page = await read(alice, conversation_stream(chat), after, limit=2)
            seqs += [fact.seq for fact in page.facts]
            after = seqs[-1]
            if after == page.head:
                break
        assert seqs == [1, 2, 3, 4, 5, 6]


@pytest.mark.rows("E4")
@in_virtual_time
async def test_who_comes_back_learns_which_streams_moved() -> None:
    async with an_app() as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        quiet, busy = await group(alice, "bob", "carol"), await group(alice, "bob")
        known = (await moved(bob)).checkpoint
        assert (await moved(bob, checkpoint=known)).heads == ()
        await alice.ask(text(busy))
        await alice.ask(text(await group(alice, "dave")))
        heads = (await moved(bob, checkpoint=known)).heads
        assert [(head.stream, head.seq) for head in heads] == [(conversation_stream(busy), 2)]
        assert conversation_stream(quiet) in {head.stream for head in (await moved(bob)).heads}


@in_virtual_time
async def test_conversations_are_listed_page_by_page() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        made = [await group(alice, name) for name in ("bob", "carol", "dave")]
        seen: list[ConversationId] = []
        after = None
        while True:
            page = await alice.ask(c.ListConversations(after=after, limit=2))
            assert isinstance(page, Conversations)
            seen += [view.conversation for view in page.conversations]
            if (after := page.next) is None:
                break
        assert seen == sorted(made)


async def listed(present: Present, limit: int) -> list[list[ConversationId]]:
    """List conversations page by page."""
    pages: list[list[ConversationId]] = []
    after = None
    while True:
        page = await present.ask(c.ListConversations(after=after, limit=limit))
        assert isinstance(page, Conversations)
        assert len(msgspec.json.encode(page)) < PAGE_BYTES + 2_000
        pages.append([view.conversation for view in page.conversations])
        if (after := page.next) is None:
            return pages


@in_virtual_time
async def test_a_list_of_conversations_ends_where_it_is_complete() -> None:
    """A list that filled its last page used to be followed by an empty one."""
    async with an_app() as stage:
        alice = await stage.login("alice")
        made = sorted([await group(alice, f"user{number}") for number in range(STEP + 3)])
        assert await listed(alice, len(made)) == await listed(alice, 1000) == [made]
        assert await listed(alice, len(made) - 1) == [made[:-1], made[-1:]]


@in_virtual_time
async def test_conversations_that_say_much_come_in_short_pages_and_none_is_left_out() -> None:
    """A page of them made one frame of up to 16 MB, which ended the connection of whoever asked."""
    async with an_app() as stage:
        alice = await stage.login("alice")
        made = []
        for number in range(30):
            new = c.CreateConversation(key=SendKey(f"k{number}"), attributes={"about": "x" * 16_000}, unique=False)
            answer = await alice.ask(new)
            assert isinstance(answer, ConversationView)
            made.append(answer.conversation)
        pages = await listed(alice, 100)
        assert [len(page) for page in pages] == [8, 8, 8, 6]
        assert [found for page in pages for found in page] == sorted(made)


@in_virtual_time
async def test_a_member_sees_a_conversation_with_its_members_and_the_own_mark() -> None:
    async with an_app() as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        chat = await group(alice, "bob")
        await alice.ask(text(chat))
        await bob.ask(c.MarkRead(conversation=chat, seq=Seq(2)))
        for present, mark in ((alice, 0), (bob, 2)):
            view = await present.ask(c.GetConversation(conversation=chat))
            assert isinstance(view, ConversationView)
            assert set(view.members) == set(users("alice", "bob"))
            assert (view.head, view.read, view.creator) == (2, mark, "alice")


@in_virtual_time
async def test_a_position_that_cannot_be_continued_is_told_so_with_the_range_to_fetch() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        stream = conversation_stream(await group(alice, "bob"))

        epoch = alice.welcome.epoch

        async def asked(after: int, epoch: int) -> object:
            return await alice.ask(c.ReadStream(stream=stream, after=Seq(after), epoch=Epoch(epoch)))

        assert isinstance(await asked(0, epoch), Facts)
        assert isinstance(await asked(1, epoch), Facts)
        assert await asked(2, epoch) == StartOver(stream, epoch, Seq(1), Seq(1), "ahead")
        assert await asked(1, epoch - 1) == StartOver(stream, epoch, Seq(1), Seq(1), "epoch_changed")


async def missed(present: Present, **asked: object) -> Missed:
    answer = await present.ask(c.GetMissed(**asked))  # type: ignore[arg-type]
    assert isinstance(answer, Missed)
    return answer


@pytest.mark.rows("L104", "L105", "L106", "X25")
@in_virtual_time
async def test_the_newest_twenty_that_wait_in_each_conversation_come_with_a_mark_where_older_ones_are_left_out() -> (
    None
):
    async with an_app() as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        chats = sorted([await group(alice, "bob", f"guest{number}") for number in range(3)])
        for number in range(20):
            await alice.ask(text(chats[0], f"a{number}"))
        for number in range(30):
            await alice.ask(text(chats[1], f"b{number}"))
        await alice.ask(text(chats[2], "c"))
        await bob.ask(c.MarkRead(conversation=chats[2], seq=Seq(2)))
        first, second = (await missed(bob)).conversations
        assert (first.conversation, second.conversation) == (chats[0], chats[1])
        assert [entry.message.key for entry in first.messages] == [f"a{number}" for number in range(20)]
        assert first.gap is None
        assert [entry.message.key for entry in second.messages] == [f"b{number}" for number in range(10, 30)]
        assert second.gap == Gap(Seq(1), Seq(11))
        assert (await missed(alice)).conversations == ()
        page = await missed(bob, limit=1, each=2)
        assert ([each.conversation for each in page.conversations], page.next) == ([chats[0]], chats[0])
        page = await missed(bob, limit=1, each=2, after=page.next)
        assert [entry.message.key for entry in page.conversations[0].messages] == ["b28", "b29"]


@in_virtual_time
async def test_what_was_said_before_i_came_did_not_wait_for_me() -> None:
    async with an_app() as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        chat = await group(alice, "carol")
        await alice.ask(text(chat, "before"))
        await alice.ask(c.AddMembers(conversation=chat, users=users("bob")))
        await alice.ask(text(chat, "after"))
        (waiting,) = (await missed(bob)).conversations
        assert [entry.message.key for entry in waiting.messages] == ["after"]
        assert waiting.gap is None


@in_virtual_time
async def test_large_messages_make_small_pages_of_what_waits() -> None:
    async with an_app() as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        chats = [await group(alice, "bob", f"guest{number}") for number in range(4)]
        for chat in chats:
            await alice.ask(text(chat, "large", "x" * (PAGE_BYTES // 3)))
        seen, page = [], await missed(bob)
        while True:
            assert len(msgspec.json.encode(page)) < 2 * PAGE_BYTES
            seen += [waiting.conversation for waiting in page.conversations]
            if page.next is None:
                break
            page = await missed(bob, after=page.next)
        assert seen == sorted(chats)


@in_virtual_time
async def test_a_page_of_pinned_ones_does_not_begin_anew_by_itself() -> None:
    """It did when the conversation that the page before ended with was unpinned meanwhile, on another device."""
    async with an_app() as stage:
        alice = await stage.login("alice")
        chats = [await group(alice, f"bob{number}") for number in range(4)]
        for chat in chats:
            await alice.ask(c.PinConversation(chat))

        async def page(after: ConversationId | None = None) -> list[ConversationId]:
            answer = await alice.ask(c.ListConversations(after=after, limit=2, pinned=True))
            assert isinstance(answer, Conversations)
            return [view.conversation for view in answer.conversations]

        first = await page()
        assert {*first, *await page(first[-1])} == set(chats)
        await alice.ask(c.UnpinConversation(first[-1]))
        assert await alice.refused(c.ListConversations(after=first[-1], limit=2, pinned=True)) == "invalid"
