"""What I do on one device, all my others are told once, by name; the one that did it is not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.sdk.fake_server import FakeServer, Hush
from tests.sdk.test_against_server import House, house, until
from unisono_sdk import (
    Client,
    Conflict,
    Conversation,
    LimitReached,
    NotFound,
    Silence,
    Unacceptable,
    Unisono,
    Window,
    events,
)
from unisono_sdk.multi_device import ALIASES

__all__ = ["house"]

Act = Callable[[Conversation], Awaitable[object]]

OPERATIONS = [
    pytest.param(lambda talk: talk.pin(), "pinnedConversation"),
    pytest.param(lambda talk: talk.unpin(), "unpinnedConversation"),
    pytest.param(lambda talk: talk.mark("work"), "markConversation"),
    pytest.param(lambda talk: talk.unmark("old"), "unMarkConversation"),
    pytest.param(lambda talk: talk.silence_alerts("mentions"), "setSilentModeForConversation"),
    pytest.param(lambda talk: talk.unsilence_alerts(), "removeSilentModeForConversation"),
    pytest.param(lambda talk: talk.delete(), "deleteConversation"),
    pytest.param(lambda talk: talk.delete(with_history=True), "conversation_deleted_on_server"),
    pytest.param(lambda talk: talk.delete_history(), "history_deleted"),
    pytest.param(lambda talk: talk.delete_messages([talk.head]), "messages_deleted"),
    pytest.param(lambda talk: talk.set_member("ann", attributes={"nick": "A."}), "memberAttributesUpdate"),
]


def heard_by(client: Client) -> list[events.MultiDevice]:
    """Give what a client is told of its user's other sessions from now on."""
    told: list[events.MultiDevice] = []
    client.on("multi_device", told.append)
    return told


@pytest.mark.rows("E10", "E56", "E62", "E63", "E64", "E65", "E66", "E67", "E68", "E69", "E70", "E71", "E73")
@pytest.mark.parametrize(("act", "operation"), OPERATIONS)
async def test_each_other_session_of_mine_is_told_once_and_the_author_never(
    house: House, act: Act, operation: str
) -> None:
    one, two, three = [await house.login("ann") for _ in range(3)]
    bob = await house.login("bob")
    talk = await one.create(["bob"])
    await talk.mark("old")
    if operation == "unpinnedConversation":
        await talk.pin()
    if operation == "removeSilentModeForConversation":
        await talk.silence_alerts()
    # All are in step once each has this.
    await settled(talk, one, two, three, bob)
    mine, theirs, others = heard_by(one), heard_by(bob), [heard_by(two), heard_by(three)]
    await act(talk)
    await settled(talk, one, two, three, bob)
    assert (mine, theirs) == ([], [])
    for told in others:
        assert [(event.operation, event.by, event.conversation and event.conversation.id) for event in told] == [
            (operation, "ann", talk.id)
        ]
        assert told[0].alias == ("deleteRoaming" if operation in ALIASES else None)


async def test_a_silence_of_everything_is_told_to_my_other_sessions_and_to_who_logs_in_later(house: House) -> None:
    one, two = await house.login("ann"), await house.login("ann")
    talk = await one.create(["bob"])
    await settled(talk, one, two)
    mine, others = heard_by(one), heard_by(two)
    seen = two.events()
    night = Window(start="22:00", end="07:00", zone="Europe/Oslo")
    wanted = Silence(level="mentions", windows=(night,))
    await one.silence_all("mentions", windows=[night])
    assert (await until(seen, events.AllSilenceChanged)).silence == wanted
    assert await (await house.login("ann")).silence_of_all() == wanted
    await one.silence_all("mentions", windows=[night])
    await one.unsilence_all()
    assert (await until(seen, events.AllSilenceChanged)).silence is None
    assert await two.silence_of_all() is None
    with pytest.raises(Unacceptable):
        await one.silence_all(until=1)
    await settled(talk, one, two)
    assert mine == []
    assert [(event.operation, event.conversation) for event in others] == [
        ("setSilentModeForUser", None),
        ("all_unsilenced", None),
    ]


async def settled(talk: Conversation, author: Client, *others: Client) -> None:
    """Wait until clients have heard all that happened in a conversation, and to the user of the author."""
    said = (await author.conversation(talk.id).send("the end")).seq
    kept = await author.objects.set("the end", said)
    for client in (author, *others):
        own = f"u/{author.user}"
        async with asyncio.timeout(20):
            while client.positions[f"c/{talk.id}"].seq < said:
                await asyncio.sleep(0.01)
            while client.user == author.user and client.positions[own].seq < kept:
                await asyncio.sleep(0.01)


async def test_how_i_arranged_a_conversation_is_the_same_on_all_my_devices(house: House) -> None:
    phone, laptop = await house.login("ann"), await house.login("ann")
    seen = laptop.events()
    first, second = await phone.create(["bob"], unique=False), await phone.create(["cat"], unique=False)
    await first.pin()
    await second.pin()
    await first.mark("work")
    await first.mark("tea")
    await first.unmark("work")
    pins = [await until(seen, events.PinnedChanged) for _ in range(2)]
    assert [(event.conversation.id, event.is_pinned) for event in pins] == [(first.id, True), (second.id, True)]
    marks = [await until(seen, events.MarkChanged) for _ in range(3)]
    assert [(event.mark, event.is_on) for event in marks] == [("work", True), ("tea", True), ("work", False)]
    there = laptop.conversation(first.id)
    assert (there.is_pinned, there.marks) == (True, ("tea",))
    pinned_at = there.pinned_at
    await there.refresh()
    assert (there.pinned_at, there.marks) == (pinned_at, ("tea",))
    assert {talk.id async for talk in laptop.conversations(pinned=True)} == {first.id, second.id}
    assert [talk.id async for talk in laptop.conversations(mark="tea")] == [first.id]
    assert [talk.id async for talk in laptop.conversations(pinned=True, mark="tea")] == [first.id]
    assert [talk.id async for talk in laptop.conversations(mark="work")] == []
    await second.unpin()
    assert not (await until(seen, events.PinnedChanged)).is_pinned
    assert [talk.id async for talk in laptop.conversations(pinned=True, page=1)] == [first.id]
    await second.pin()
    listed = [talk.id async for talk in unpinning(laptop.conversations(pinned=True, page=1), second)]
    assert listed == [second.id, first.id], "each once, though the one that a page ended with was unpinned"
    await first.quit()
    await until(seen, events.Exited)
    assert (there.is_pinned, there.marks) == (False, ())
    assert [talk.id async for talk in laptop.conversations(pinned=True)] == []


async def unpinning(listed: AsyncIterator[Conversation], one: Conversation) -> AsyncIterator[Conversation]:
    """Go through conversations, and unpin one as soon as it came."""
    async for talk in listed:
        if talk.id == one.id:
            await one.unpin()
        yield talk


@pytest.mark.rows("X51")
async def test_a_silenced_conversation_is_muted_on_all_my_devices_while_the_silence_holds(house: House) -> None:
    phone, laptop = await house.login("ann"), await house.login("ann")
    bob = await house.login("bob")
    seen, told = laptop.events(), heard_by(laptop)
    talk = await phone.create(["bob"])
    await talk.silence_alerts()
    event = await until(seen, events.SilenceChanged)
    assert event.silence == Silence()
    there = laptop.conversation(talk.id)
    assert talk.is_muted
    assert there.is_muted
    assert (await there.refresh()).is_muted
    assert not (await bob.conversation(talk.id).refresh()).is_muted
    at_noon = Window(start="12:00", end="13:00", days=("mon",), zone="Europe/Oslo")
    await talk.silence_alerts("mentions", windows=[at_noon])
    assert (await until(seen, events.SilenceChanged)).silence == Silence(level="mentions", windows=(at_noon,))
    assert not (await there.refresh()).is_muted
    assert there.alert_silence == Silence(level="mentions", windows=(at_noon,))
    await talk.unsilence_alerts()
    assert (await until(seen, events.SilenceChanged)).silence is None
    assert [there.is_muted, talk.is_muted] == [False, False]
    assert [each.operation for each in told] == ["setSilentModeForConversation"] * 2 + [
        "removeSilentModeForConversation"
    ]
    with pytest.raises(Unacceptable):
        await talk.silence_alerts(until=1)
    with pytest.raises(Unacceptable):
        await talk.silence_alerts(windows=[Window(start="12:00", end="13:00", zone="Europe/Atlantis")])


MONDAY_NOON = 1_795_435_200_000
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("window", "hours"),
    [
        (Window(start="11:00", end="12:00"), {-1}),
        (Window(start="12:00", end="14:00"), {0, 1}),
        (Window(start="22:00", end="02:00"), {-14, -13, -12, -11, 10, 11, 12, 13}),
        (Window(start="22:00", end="02:00", days=("mon",)), {10, 11, 12, 13}),
        (Window(start="22:00", end="02:00", days=("sun",)), {-14, -13, -12, -11}),
        (Window(start="13:00", end="14:00", zone="Europe/Oslo"), {0}),
        (Window(start="13:00", end="14:00", zone="Europe/Atlantis"), {1}),
        (Window(start="08:00", end="08:00", days=("mon",)), set(range(-4, 14))),
    ],
)
def test_a_window_holds_in_its_hours(window: Window, hours: set[int]) -> None:
    found = {hour for hour in range(-14, 14) if window.holds(MONDAY_NOON + hour * HOUR)}
    assert found == hours
    silence = Silence(until=MONDAY_NOON, windows=(window,))
    assert {hour for hour in range(-14, 14) if silence.holds(MONDAY_NOON + hour * HOUR)} == {h for h in hours if h < 0}


@pytest.mark.rows("X53")
async def test_what_i_delete_is_gone_on_all_my_devices_and_others_keep_it(house: House) -> None:
    phone, laptop, bob = await house.login("ann"), await house.login("ann"), await house.login("bob")
    seen = laptop.events()
    talk = await phone.create(["bob"])
    there, his = laptop.conversation(talk.id), bob.conversation(talk.id)
    sent = [await his.send(f"message {number}") for number in range(4)]
    await talk.delete_history(sent[1].seq)
    assert (await until(seen, events.HistoryDeleted)).seq == sent[1].seq
    for mine in (talk, there):
        page = await mine.history()
        assert [message.text for message in page.messages] == ["message 2", "message 3"]
    assert [message.text for message in (await there.history(after=0, limit=1)).messages] == ["message 2"]
    assert (await there.refresh()).unread == 2
    assert len((await his.history()).messages) == 4
    await talk.delete(with_history=True)
    assert (await until(seen, events.Deleted)).with_history
    assert [one.id async for one in laptop.conversations()] == []
    assert [one.id for one in await laptop.query().find()] == []
    assert (await there.history()).messages == ()
    assert (await laptop.unread()).messages == 0
    assert there.last_message is None
    assert [one.id async for one in bob.conversations()] == [talk.id]
    await his.send("back again")
    assert [one.id async for one in laptop.conversations()] == [talk.id]
    assert [message.text for message in (await there.history()).messages] == ["back again"]
    await talk.delete()
    await talk.pin()
    assert [one.id async for one in laptop.conversations(pinned=True)] == [talk.id]
    assert [message.text for message in (await there.history()).messages] == ["back again"]


async def test_what_i_have_begun_to_write_is_on_all_my_devices(house: House) -> None:
    phone, laptop, bob = await house.login("ann"), await house.login("ann"), await house.login("bob")
    seen, mine = laptop.events(), list[events.DraftChanged]()
    phone.on("draft", mine.append)
    bob.on("draft", mine.append)
    talk = await phone.create(["bob"])
    there = laptop.conversation(talk.id)
    assert await there.unsent() is None
    first = await talk.keep_unsent("Shall we", expect=0)
    event = await until(seen, events.DraftChanged)
    assert (event.conversation.id, event.value, event.revision) == (talk.id, "Shall we", first)
    assert (await there.keep_unsent({"text": "Shall we meet?"}, expect=first)) > first
    with pytest.raises(Conflict):
        await talk.keep_unsent("Shall we not", expect=first)
    kept = await talk.unsent()
    assert kept is not None
    assert kept.value == {"text": "Shall we meet?"}
    async with asyncio.timeout(10):
        while not mine:
            await asyncio.sleep(0.01)
    assert [event.value for event in mine] == [kept.value]
    await talk.drop_unsent(expect=kept.revision)
    assert (await until(seen, events.DraftChanged)).value is None
    assert await there.unsent() is None


async def test_what_cannot_be_arranged_says_why(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    talk = await ann.create(["cat"])
    with pytest.raises(NotFound):
        await bob.conversation(talk.id).pin()
    for number in range(20):
        await talk.mark(f"mark {number}")
    with pytest.raises(LimitReached) as refused:
        await talk.mark("one more")
    assert refused.value.numbers == {"what": "marks", "limit": 20}


@pytest.mark.rows("E72")
async def test_an_operation_that_nobody_knows_reaches_who_handles_what_is_left(server: FakeServer) -> None:
    async with Unisono(server.url) as unisono:
        client = await unisono.login(user="me")
        told = heard_by(client)
        peer = await server.peer()
        strange = {"kind": "folded", "conversation": "1", "origin": "another-one_"}
        await peer.push(server.place("u/me", strange))
        await peer.push(server.place("u/me", {"kind": "unfolded"}))
        await peer.push(server.place("c/1", {"kind": "folded by bob", "origin": "another-one_"}))
        await peer.push(server.place("u/me", {"kind": "pinned", "conversation": "1"}))
        async with asyncio.timeout(10):
            while not told or told[-1].operation != "pinnedConversation":
                await asyncio.sleep(0.01)
        assert [(event.operation, event.conversation and event.conversation.id) for event in told] == [
            ("folded", "1"),
            ("unfolded", None),
            ("pinnedConversation", "1"),
        ]


async def test_a_silence_of_mine_does_not_cover_a_later_one_of_another_device(server: FakeServer) -> None:
    """What I had asked for was noted when the answer was read, over what came right behind it."""
    async with Unisono(server.url, missed="nothing") as unisono:
        tom = await unisono.login(user="me")
        peer = await server.peer()
        talk = tom.conversation("1")

        def hush(*_: object) -> None:
            raise Hush

        for op in ("silence", "unsilence"):
            server.hooks[op] = hush
        for asking, theirs in (
            (talk.silence_alerts, {"level": "mentions"}),
            (talk.unsilence_alerts, {"level": "none"}),
        ):
            task = asyncio.ensure_future(asking())
            async with asyncio.timeout(10):
                while server.asked[-1]["do"]["op"] not in server.hooks:
                    await asyncio.sleep(0.01)
            fact = {"kind": "silenced", "conversation": "1", "silence": theirs}
            await peer.push(server.place("u/me", fact))
            await peer.push({"is": "reply", "re": server.asked.pop()["id"], "answer": {"kind": "done"}})
            await task
            assert talk.alert_silence == Silence(level=theirs["level"])


@pytest.mark.rows("E64", "X53")
async def test_messages_that_i_choose_are_gone_on_all_my_devices_and_others_keep_them(house: House) -> None:
    phone, laptop, bob = await house.login("ann"), await house.login("ann"), await house.login("bob")
    seen = laptop.events()
    talk = await phone.create(["bob"])
    there, his = laptop.conversation(talk.id), bob.conversation(talk.id)
    sent = [await his.send(f"message {number}") for number in range(4)]
    await talk.delete_messages([sent[3].seq, sent[1].seq])
    assert (await until(seen, events.MessagesDeleted)).seqs == (sent[1].seq, sent[3].seq)
    for mine in (talk, there):
        assert [message.text for message in (await mine.history()).messages] == ["message 0", "message 2"]
    assert (await there.refresh()).unread == 2
    assert (await laptop.unread()).messages == 2
    (found,) = await laptop.query().with_last_message().find()
    assert found.last_message is not None
    assert found.last_message.text == "message 2"
    await sent[1].edit("message 1, better said")
    late = await house.login("ann")
    assert [message.text for message in (await late.conversation(talk.id).history()).messages][-1] == "message 2"
    assert len((await his.history()).messages) == 4
    with pytest.raises(NotFound):
        await talk.delete_messages([sent[0].seq, 999])
    await talk.delete_messages([sent[1].seq])
    assert len((await talk.history()).messages) == 2
