"""Rooms: who is in one hears it once, who is not neither hears nor speaks, and who comes back soon is in it again."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import Present, Wiring, an_app, failing, group
from tests.unit.app.fanout_stage import settle
from unisono.app import rooms as rooms_module
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView, Count, Done, Passed, Placed
from unisono.domain.errors import UnisonoError
from unisono.domain.events import Event, Priority, TransientMessage, Typing
from unisono.domain.facts import Content
from unisono.domain.ids import ConversationId, SendKey, SessionId, TabId, UserId
from unisono.domain.seats import Seat

LEFT, RIGHT = TabId("left"), TabId("right")
UNKNOWN = ConversationId("0" * 24)


async def open_room(creator: Present, name: str = "stage") -> ConversationId:
    answer = await creator.ask(c.CreateConversation(key=SendKey(name), of="room", name=name))
    assert isinstance(answer, ConversationView)
    return answer.conversation


async def enter(room: ConversationId, *people: Present, tab: TabId | None = None) -> None:
    for present in people:
        assert await present.ask(c.EnterRoom(conversation=room, tab=tab)) == Done()


def say(
    room: ConversationId, words: str = "hi", priority: Priority = "normal", transient: bool = False
) -> c.SendMessage:
    return c.SendMessage(
        conversation=room, key=SendKey(words), content=Content(text=words), priority=priority, transient=transient
    )


def heard(present: Present) -> list[str | None]:
    events: list[Event] = present.link.events
    present.link.events = []
    return [event.message.content.text for event in events if isinstance(event, TransientMessage)]


async def people(present: Present, room: ConversationId) -> tuple[int, int | None]:
    answer = await present.ask(c.CountPeople(conversation=room))
    assert isinstance(answer, Count)
    return answer.users, answer.sessions


@pytest.mark.rows("L221", "X29", "X30")
@in_virtual_time
async def test_who_is_in_a_room_hears_it_once_and_nobody_else_does() -> None:
    async with an_app() as stage:
        ann, bob, cat = [await stage.login(name) for name in ("ann", "bob", "cat")]
        phone = await stage.login("ann", "phone")
        room = await open_room(ann)
        frames = [len(each.link.frames) for each in (ann, bob, cat, phone)]
        await enter(room, ann, bob)
        assert [len(each.link.frames) for each in (ann, bob, cat, phone)] == frames
        answer = await ann.ask(say(room))
        assert isinstance(answer, Passed)
        assert [heard(each) for each in (ann, bob, cat, phone)] == [["hi"], ["hi"], [], []]
        assert await bob.ask(c.LeaveRoom(conversation=room)) == Done()
        assert await bob.ask(c.LeaveRoom(conversation=room)) == Done()
        await ann.ask(say(room, "again"))
        assert [heard(each) for each in (ann, bob)] == [["again"], []]
        assert [len(each.link.frames) for each in (ann, bob, cat, phone)] == frames


@in_virtual_time
async def test_a_message_is_written_once_for_all_links_of_an_encoder() -> None:
    async with an_app() as stage:
        ann = await stage.login("ann")
        room = await open_room(ann)
        crowd = [await stage.login(f"user-{number}") for number in range(300)]
        await enter(room, ann, *crowd)
        await ann.ask(say(room))
        assert all(heard(each) == ["hi"] for each in crowd)
        assert len([event for event in stage.encoder.events if isinstance(event, TransientMessage)]) == 1
        assert stage.telemetry.counts["events_delivered", ""] == 301


@pytest.mark.rows("L33", "L216", "L217", "L226")
@in_virtual_time
async def test_more_people_than_a_group_may_have_get_in_and_are_counted_but_not_listed() -> None:
    async with an_app() as stage:
        ann = await stage.login("ann")
        room = await open_room(ann)
        for number in range(501):
            await enter(room, await stage.login(f"user-{number}"))
        assert await people(ann, room) == (501, 501)
        view = await ann.ask(c.GetConversation(conversation=room))
        assert isinstance(view, ConversationView)
        assert view.members == ()


@pytest.mark.rows("L227", "X32")
@in_virtual_time
async def test_people_are_counted_once_whatever_they_came_with() -> None:
    async with an_app() as stage:
        ann, phone, bob = await stage.login("ann"), await stage.login("ann", "phone"), await stage.login("bob")
        room = await open_room(ann)
        for number in range(5):
            await enter(room, ann, tab=TabId(f"tab-{number}"))
        await enter(room, phone, bob)
        assert await people(ann, room) == (2, 3)
        await bob.go()
        assert await people(ann, room) == (1, 2)
        members = await group(ann, "bob", "cat")
        assert await people(ann, members) == (3, None)
        assert await (await stage.login("dan")).refused(c.CountPeople(conversation=members)) == "not_found"
        assert await ann.refused(c.CountPeople(conversation=UNKNOWN)) == "not_found"


@in_virtual_time
async def test_a_count_is_a_second_old_at_most_and_never_older_than_my_own_coming(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with an_app() as here, an_app(Wiring(beside=here, name="there")) as there:
        ann, bob = await here.login("ann"), await there.login("bob")
        room = await open_room(ann)
        await enter(room, ann)
        assert await people(ann, room) == (1, 1)
        await enter(room, bob)
        assert await people(bob, room) == (2, 2)
        assert await people(ann, room) == (1, 1)
        await asyncio.sleep(1)
        assert await people(ann, room) == (2, 2)
        await ann.ask(c.LeaveRoom(conversation=room))
        assert await people(ann, room) == (1, 1)
        monkeypatch.setattr(rooms_module, "COUNTS_LIMIT", 1)
        assert await people(ann, await open_room(ann, "other")) == (0, 0)


@pytest.mark.rows("L222", "X31", "D12")
@in_virtual_time
async def test_tabs_of_one_session_are_in_rooms_of_their_own() -> None:
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        first, second = await open_room(ann, "first"), await open_room(ann, "second")
        await enter(first, ann, tab=LEFT)
        await enter(second, ann, tab=RIGHT)
        await enter(first, bob)
        await ann.ask(say(second, "to the second"))
        assert (heard(ann), heard(bob)) == (["to the second"], [])
        await bob.ask(say(first, "to the first"))
        assert (heard(ann), heard(bob)) == (["to the first"], ["to the first"])
        # One tab is in one room: entering another leaves the first.
        await enter(second, bob)
        assert await bob.refused(say(first)) == "forbidden"
        await enter(second, ann, tab=LEFT)
        await bob.ask(say(second, "both tabs"))
        assert heard(ann) == ["both tabs"]
        await ann.ask(c.LeaveRoom(conversation=second, tab=LEFT))
        await bob.ask(say(second, "one tab"))
        assert heard(ann) == ["one tab"]
        await ann.ask(c.LeaveRoom(conversation=second, tab=RIGHT))
        await bob.ask(say(second, "none"))
        assert heard(ann) == []


@in_virtual_time
async def test_who_is_not_in_a_room_cannot_speak_there() -> None:
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        room = await open_room(ann)
        await enter(room, bob)
        for command in (say(room), say(room, transient=True), c.TellTyping(conversation=room)):
            assert await ann.refused(command) == "forbidden"
        assert heard(bob) == []
        members = await group(ann, "cat")
        assert await ann.refused(c.EnterRoom(conversation=members)) == "forbidden"
        assert await ann.refused(c.LeaveRoom(conversation=members)) == "forbidden"
        assert await bob.refused(c.EnterRoom(conversation=members)) == "not_found"
        assert await bob.refused(c.EnterRoom(conversation=UNKNOWN)) == "not_found"


@in_virtual_time
async def test_typing_in_a_room_is_told_to_the_others_there() -> None:
    async with an_app() as stage:
        ann, phone, bob = await stage.login("ann"), await stage.login("ann", "phone"), await stage.login("bob")
        room = await open_room(ann)
        await enter(room, ann, phone, bob)
        await ann.ask(c.TellTyping(conversation=room))
        assert bob.link.events == [Typing(room, UserId("ann"), is_typing=True)]
        assert ann.link.events == phone.link.events == []


@pytest.mark.rows("L69", "L70", "L71", "L72", "L73")
@in_virtual_time
async def test_a_congested_link_is_spared_low_ones_first_and_high_ones_last() -> None:
    levels: tuple[Priority, ...] = ("low", "normal", "high")
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        room = await open_room(ann)
        await enter(room, ann, bob)
        for too_full in range(4):
            bob.link.too_full_for = frozenset(levels[:too_full])
            for priority in levels:
                await ann.ask(say(room, priority, priority))
            assert heard(bob) == list(levels[too_full:])
            assert heard(ann) == list(levels)
        assert stage.telemetry.counts["events_dropped", "congested"] == 6


@pytest.mark.rows("X49")
@in_virtual_time
async def test_all_tabs_of_a_session_miss_the_same_messages() -> None:
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        room = await open_room(ann)
        await enter(room, ann)
        for tab in (LEFT, RIGHT):
            await enter(room, bob, tab=tab)
        bob.link.too_full_for = frozenset({"low"})
        for priority in ("low", "high"):
            await ann.ask(say(room, priority, priority))
        assert heard(bob) == ["high"]


@pytest.mark.rows("L75")
@in_virtual_time
async def test_a_priority_means_nothing_in_an_ordinary_conversation() -> None:
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        chat = await group(ann, "bob")
        bob.link.too_full_for = frozenset({"low", "normal", "high"})
        before = len(bob.link.facts)
        for priority in ("low", "high"):
            assert isinstance(await ann.ask(say(chat, priority, priority)), Placed)
        await settle()
        assert len(bob.link.facts) == before + 2
        bob.link.too_full_for = frozenset({"low"})
        await ann.ask(say(chat, "passing", "low", transient=True))
        assert heard(bob) == ["passing"]


@pytest.mark.rows("L218", "L223", "L224", "X33", "X34")
@in_virtual_time
async def test_a_session_that_was_lost_is_in_its_rooms_again_for_half_an_hour() -> None:
    async with an_app(detach_window_s=86_400.0, lease_ttl_s=86_400.0) as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        room, other = await open_room(ann), await open_room(ann, "other")
        await enter(room, ann, bob)
        await enter(other, bob, tab=RIGHT)
        assert bob.welcome.seats == ()
        await bob.go()
        await ann.ask(say(room, "while bob is away"))
        await asyncio.sleep(1799)
        back = await stage.resume(bob)
        assert back.welcome.seats == (Seat(room), Seat(other, RIGHT))
        await settle()
        assert heard(back) == []
        await ann.ask(say(room, "bob is back"))
        assert heard(back) == ["bob is back"]
        assert isinstance(await back.ask(say(other, "me too")), Passed)
        # The half hour counts from the last loss, not from entering.
        await back.go()
        await asyncio.sleep(1801)
        late = await stage.resume(bob)
        assert late.welcome.seats == ()
        assert await late.refused(say(room)) == "forbidden"
        await late.go()
        assert (await stage.resume(bob)).welcome.seats == ()


@pytest.mark.rows("X33")
@in_virtual_time
async def test_a_session_comes_back_to_its_rooms_on_another_node_and_while_its_old_link_still_seems_alive() -> None:
    async with an_app() as here, an_app(Wiring(beside=here, name="there")) as there:
        ann, bob = await here.login("ann"), await here.login("bob")
        room = await open_room(ann)
        await enter(room, ann, bob)
        taken = await here.resume(bob)
        await ann.ask(say(room, "one"))
        assert (heard(bob), heard(taken)) == ([], ["one"])
        await bob.go()
        await ann.ask(say(room, "two"))
        assert heard(taken) == ["two"]
        await taken.go()
        moved = await there.resume(bob)
        assert moved.welcome.seats == (Seat(room),)
        await ann.ask(say(room, "three"))
        assert heard(moved) == ["three"]
        assert await people(moved, room) == (2, 2)
        assert len(here.node.rooms.links_in(room)) == 1


@in_virtual_time
async def test_a_repeated_login_is_in_its_rooms_and_a_new_one_in_none() -> None:
    async with an_app() as stage:
        ann = await stage.login("ann")
        room = await open_room(ann)
        await enter(room, ann)
        again = await stage.login("ann", fence=5)
        assert again.session == ann.session
        assert again.welcome.seats == (Seat(room),)
        assert (await stage.login("ann", "phone")).welcome.seats == ()
        await stage.end(again)
        await again.go()
        assert len(stage.node.rooms) == 0


@in_virtual_time
async def test_a_link_that_is_gone_leaves_nothing_behind_and_one_that_fails_to_come_back_neither() -> None:
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        room = await open_room(ann)
        await enter(room, ann, bob)
        for tab in (LEFT, RIGHT):
            await enter(room, bob, tab=tab)
        await bob.go()
        await bob.go()
        assert len(stage.node.rooms.links_in(room)) == 1
        stage.mood = failing("checkpoint")
        with pytest.raises(UnisonoError):
            await stage.resume(bob)
        assert len(stage.node.rooms.links_in(room)) == 1
        stage.mood = failing()
        await ann.go()
        assert len(stage.node.rooms) == 0


@in_virtual_time
async def test_who_leaves_while_they_enter_is_in_the_room_when_they_come_back() -> None:
    async with an_app() as stage:
        ann = await stage.login("ann")
        room = await open_room(ann)
        release = asyncio.Event()

        async def slow(method: str) -> None:
            if method == "take":
                await release.wait()

        stage.mood = slow
        entering = asyncio.create_task(ann.ask(c.EnterRoom(conversation=room)))
        await settle()
        await ann.go()
        release.set()
        assert await entering == Done()
        assert len(stage.node.rooms) == 0
        assert (await stage.resume(ann)).welcome.seats == (Seat(room),)
        assert len(stage.node.rooms.links_in(room)) == 1


@in_virtual_time
async def test_who_asks_to_leave_right_after_entering_is_out_in_the_end() -> None:
    """The second request used to overtake the first: it was carried out, and yet they stayed in."""
    async with an_app() as stage:
        ann = await stage.login("ann")
        room = await open_room(ann)
        commands = c.EnterRoom(conversation=room), c.LeaveRoom(conversation=room), c.EnterRoom(conversation=room)
        for asked, is_in in ((commands[:2], False), (commands, True)):
            asking = [asyncio.create_task(ann.ask(command)) for command in asked]
            assert await asyncio.gather(*asking) == [Done()] * len(asked)
            assert stage.node.rooms.is_in(ann.session, room) is is_in
            assert await stage.store.seats.of_session(ann.session) == ([Seat(room)] if is_in else [])


@in_virtual_time
async def test_a_session_has_so_many_seats_and_none_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms_module, "SEATS_PER_SESSION", 2)
    async with an_app() as stage:
        ann = await stage.login("ann")
        room = await open_room(ann)
        for tab in (LEFT, RIGHT):
            await enter(room, ann, tab=tab)
        assert await ann.refused(c.EnterRoom(conversation=room)) == "limit_reached"
        await stage.end(ann)
        assert await ann.refused(c.EnterRoom(conversation=room, tab=LEFT)) == "session_unknown"
        assert await stage.store.seats.of_session(SessionId(ann.session)) == []
