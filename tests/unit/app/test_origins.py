"""Facts say which session caused them, whichever way its command took; what nobody's session did says nothing."""

from tests.unit.app.app_stage import AppStage, Present, an_app, group, text
from tests.unit.app.test_granting import permit
from unisono.domain import commands as c
from unisono.domain.answers import Unread
from unisono.domain.facts import DeliveredTo, MessagePlaced, ReadBy, SessionEnded, SessionOpened
from unisono.domain.ids import OPERATOR, ConversationId, SendKey, UserId
from unisono.domain.origin import Caused, Origin, origin_of

ALICE, BOB = UserId("alice"), UserId("bob")
WITHOUT = MessagePlaced | DeliveredTo | ReadBy | SessionOpened | SessionEnded


def origins(stage: AppStage) -> list[Origin | None]:
    """Give the origins of all facts that have one or could have one."""
    found: list[Origin | None] = []
    for stream in stage.store.log._state.streams.values():
        for placed in stream.facts:
            if isinstance(placed.fact, Caused):
                found.append(placed.fact.origin)
            else:
                assert isinstance(placed.fact, WITHOUT)
    return found


async def everything(alice: Present, bob: Present) -> ConversationId:
    """Have a session of alice leave facts by each way that commands take."""
    chat = await group(alice, "bob")
    message = await bob.ask(text(chat))
    assert message is not None
    await alice.ask(c.MarkAllRead((chat,)))
    await bob.ask(text(chat, "later"))
    assert isinstance(await alice.ask(c.MarkAllRead()), Unread)
    await alice.ask(c.SetLevel(chat, "none"))
    return chat


async def test_what_a_session_does_says_that_it_was_this_one() -> None:
    async with an_app() as stage:
        alice, bob = await stage.login("alice", "a"), await stage.login("bob")
        await everything(alice, bob)
        found = origins(stage)
        assert len(found) == 6, "created, two times entered, two marks, a level"
        assert set(found) == {origin_of(alice.session)}


async def test_what_takes_a_grant_says_it_too() -> None:
    async with an_app(granted=frozenset({"create"})) as stage:
        alice = await stage.login("alice", "a")
        grant = permit(stage, "new", "create", None, BOB, user="alice")
        await alice.ask(c.CreateConversation(SendKey("new"), members=(BOB,), grant=grant))
        assert set(origins(stage)) == {origin_of(alice.session)}


async def test_what_is_done_on_behalf_or_by_the_operator_was_no_session() -> None:
    async with an_app() as stage:
        executor = stage.node.executor
        await executor.on_behalf(ALICE, c.CreateConversation(SendKey("new"), members=(BOB,)))
        (chat,) = stage.store.log._state.conversations
        await executor.on_behalf(BOB, text(chat))
        await executor.on_behalf(ALICE, c.MarkAllRead())
        await executor.for_operator(OPERATOR, c.UpdateConversation(chat, name="ours"))
        found = origins(stage)
        assert len(found) == 5
        assert set(found) == {None}
