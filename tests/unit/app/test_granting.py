"""Commands that take a grant: asked for where the operator says so, and used up by what they did."""

import asyncio

import pytest

from tests.unit.app.app_stage import AppStage, Present, Wiring, an_app, failing, group, text
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView, Done, Membership
from unisono.domain.errors import GrantUsed
from unisono.domain.grants import Grant, GrantedAct
from unisono.domain.ids import ConversationId, Instant, SendKey, UserId

ALL: frozenset[GrantedAct] = frozenset({"create", "add", "remove", "join"})
ANN, BOB, CAT = UserId("ann"), UserId("bob"), UserId("cat")


def permit(
    stage: AppStage,
    name: str,
    act: GrantedAct,
    conversation: ConversationId | None = None,
    *members: UserId,
    nonce: str | None = None,
    user: str = "ann",
) -> str:
    """Grant something; give the text of the grant."""
    end = Instant(stage.clock.now() + 60_000)
    stage.permits.granted[name] = Grant(UserId(user), act, end, conversation, frozenset(members), nonce)
    return name


async def begun(stage: AppStage, ann: Present, *members: UserId) -> ConversationId:
    """Begin a group with a grant."""
    given = permit(stage, f"new {members}", "create", None, *members)
    answer = await ann.ask(c.CreateConversation(SendKey(f"new {members}"), members=members, grant=given))
    assert isinstance(answer, ConversationView)
    return answer.conversation


@pytest.mark.rows("L252")
async def test_where_none_is_asked_for_none_is_looked_at() -> None:
    async with an_app() as stage:
        ann = await stage.login("ann")
        room = await group(ann, "bob")
        assert isinstance(await ann.ask(c.AddMembers(room, (CAT,), grant="forged")), Membership)


@pytest.mark.rows("L251", "L252")
async def test_only_the_acts_that_the_operator_names_take_a_grant() -> None:
    async with an_app(granted=frozenset({"add"})) as stage:
        ann = await stage.login("ann")
        room = await group(ann, "bob")
        assert await ann.refused(c.AddMembers(room, (CAT,))) == "grant_missing"
        assert isinstance(await ann.ask(c.RemoveMembers(room, (BOB,))), Membership)


@pytest.mark.rows("L251")
async def test_without_a_grant_nothing_is_done_and_nothing_told_of_what_exists() -> None:
    async with an_app(granted=ALL) as stage:
        ann = await stage.login("ann")
        room = await begun(stage, ann, BOB)
        for there in (room, ConversationId("nowhere")):
            for command in (
                c.AddMembers(there, (CAT,)),
                c.RemoveMembers(there, (BOB,)),
                c.Restrict(there, (BOB,), "blocked"),
                c.Join(there),
                c.EnterRoom(there),
            ):
                assert await ann.refused(command) == "grant_missing"
        assert await ann.refused(c.CreateConversation(SendKey("k"), members=(BOB,))) == "grant_missing"
        assert await ann.refused(c.AddMembers(room, (CAT,), grant="forged")) == "grant_invalid"
        view = await ann.ask(c.GetConversation(room))
        assert isinstance(view, ConversationView)
        assert view.members == ("ann", "bob")


@pytest.mark.rows("L251")
async def test_a_grant_lets_its_command_through_and_no_other() -> None:
    async with an_app(granted=ALL) as stage:
        ann = await stage.login("ann")
        room = await begun(stage, ann, BOB)
        given = permit(stage, "g", "add", room, CAT)
        assert await ann.refused(c.AddMembers(room, (UserId("eve"),), grant=given)) == "grant_invalid"
        assert await ann.refused(c.RemoveMembers(room, (CAT,), grant=given)) == "grant_invalid"
        bob = await stage.login("bob")
        assert await bob.refused(c.AddMembers(room, (CAT,), grant=given)) == "grant_invalid"
        answer = await ann.ask(c.AddMembers(room, (CAT,), grant=given))
        assert answer == Membership(room, (ANN, BOB, CAT))
        assert "MembersJoined" in {type(placed.fact).__name__ for placed in ann.link.facts}


async def test_leaving_takes_none_and_neither_does_the_operator() -> None:
    async with an_app(granted=ALL) as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        room = await begun(stage, ann, BOB)
        assert isinstance(await stage.node.executor.on_behalf(UserId("ann"), c.AddMembers(room, (CAT,))), Membership)
        done = await stage.node.executor.for_operator(UserId("root"), c.RemoveMembers(room, (CAT,)))
        assert done == Membership(room, (ANN, BOB))
        assert isinstance(await bob.ask(c.Quit(room)), Membership)


async def test_a_grant_opens_nothing_that_the_permissions_keep_shut() -> None:
    async with an_app(granted=ALL) as stage:
        ann, eve = await stage.login("ann"), await stage.login("eve")
        room = await begun(stage, ann, BOB)
        given = permit(stage, "g", "add", room, CAT, nonce="n", user="eve")
        assert await eve.refused(c.AddMembers(room, (CAT,), grant=given)) == "not_found"


@pytest.mark.rows("L251")
async def test_a_grant_with_a_nonce_is_good_once_on_all_nodes() -> None:
    async with an_app(granted=ALL) as stage, an_app(Wiring(beside=stage, name="other"), granted=ALL) as other:
        ann, elsewhere = await stage.login("ann"), await other.login("ann", "d2")
        room = await begun(stage, ann, BOB)
        command = c.AddMembers(room, (CAT,), grant=permit(stage, "g", "add", room, CAT, nonce="n"))
        other.permits.granted = stage.permits.granted
        for _ in range(1000):
            other.node.parts.entropy.secret()  # what two nodes draw is not the same
        outcomes = await asyncio.gather(
            ann.ask(command), elsewhere.ask(command), ann.ask(command), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["GrantUsed", "GrantUsed", "Membership"]
        await ann.ask(c.RemoveMembers(room, (CAT,), grant=permit(stage, "r", "remove", room, CAT)))
        assert await elsewhere.refused(command) == GrantUsed.code
        view = await ann.ask(c.GetConversation(room))
        assert isinstance(view, ConversationView)
        assert "cat" not in view.members


async def test_a_grant_without_a_nonce_is_good_until_its_end() -> None:
    async with an_app(granted=ALL) as stage:
        ann = await stage.login("ann")
        room = await begun(stage, ann, BOB)
        command = c.AddMembers(room, (CAT,), grant=permit(stage, "g", "add", room, CAT))
        assert await ann.ask(command) == await ann.ask(command)


async def test_a_refused_command_leaves_its_grant_good() -> None:
    async with an_app(granted=ALL) as stage:
        ann = await stage.login("ann")
        room = await begun(stage, ann, BOB)
        command = c.AddMembers(room, (CAT,), grant=permit(stage, "g", "add", room, CAT, nonce="n"))
        stage.mood = failing("transact")
        assert await ann.refused(command) == "unavailable"
        stage.mood = failing()
        assert isinstance(await ann.ask(command), Membership)


async def test_entering_a_room_takes_a_grant_once_too() -> None:
    async with an_app(granted=ALL) as stage:
        ann = await stage.login("ann")
        new = c.CreateConversation(SendKey("r"), of="room", grant=permit(stage, "new", "create"))
        made = await ann.ask(new)
        assert isinstance(made, ConversationView)
        given = permit(stage, "g", "join", made.conversation, nonce="n")
        assert isinstance(await ann.ask(c.EnterRoom(made.conversation, grant=given)), Done)
        await ann.ask(text(made.conversation))
        await ann.ask(c.LeaveRoom(made.conversation))
        assert await ann.refused(c.EnterRoom(made.conversation, grant=given)) == "grant_used"
        free = permit(stage, "free", "join", made.conversation)
        assert isinstance(await ann.ask(c.EnterRoom(made.conversation, grant=free)), Done)


async def test_a_unique_conversation_that_is_there_takes_a_grant_as_well() -> None:
    async with an_app(granted=ALL) as stage:
        ann = await stage.login("ann")
        room = await begun(stage, ann, BOB)
        assert await ann.refused(c.CreateConversation(SendKey("again"), members=(BOB,))) == "grant_missing"
        given = permit(stage, "again", "create", None, BOB, nonce="n")
        found = await ann.ask(c.CreateConversation(SendKey("again"), members=(BOB,), grant=given))
        assert isinstance(found, ConversationView)
        assert (found.conversation, found.is_new) == (room, False)
