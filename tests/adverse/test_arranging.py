"""Two users with two devices each do all that a user can do for themselves, at random, while links are cut.

What each device knows, and what the server says, is compared with a model; and each operation is told once to each
other device of its user, and never to the one that did it. `OPERATIONS` is the table of all of them.
"""

import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from tests.adverse.own_house import ADMIN_KEY, USERS, Device, House, NotNow, Scene, Thread, agree
from tests.adverse.own_house import Said as Message
from tests.support.fault_proxy import FaultProxy
from tests.support.figures import Report
from tests.support.server_process import ServerProcess
from unisono.domain import commands as c
from unisono.domain.ids import UserId
from unisono_sdk import Backoff, Conflict, Conversation, Forbidden, Silence, Unisono, UnisonoError, Window

pytestmark = pytest.mark.adverse

DEVICES_EACH = 2
GROUPS = 2
SHORT, FULL = 120, 4_000
"""Operations."""
SOON = Backoff(first_ms=5, cap_ms=50)
NIGHT = Window(start="22:00", end="07:00", days=("fri", "sat"), zone="Europe/Oslo")
SILENCES = (None, Silence(), Silence(level="mentions"), Silence(windows=(NIGHT,)))


async def say(scene: Scene) -> None:
    """Say something: it is on everybody's lists again. Directly, only whom the other hears from."""
    text = f"words {next(scene.house.numbers)}"
    if scene.chat == scene.house.direct and not scene.is_heard:
        with pytest.raises(Forbidden):
            await scene.talk.send(text)
        return
    scene.house.said[scene.chat][(await scene.talk.send(text)).seq] = Message(scene.user, text)
    for user in USERS:
        scene.house.mine[user, scene.chat].is_deleted = False


async def edit(scene: Scene) -> None:
    """Say something else instead."""
    seq = scene.one_of(scene.visible(mine=True), in_group=True)
    text = f"other words {next(scene.house.numbers)}"
    await (await scene.message(seq)).edit(text)
    scene.house.said[scene.chat][seq].text = text


async def recall(scene: Scene) -> None:
    """Take something back."""
    seq = scene.one_of(scene.visible(mine=True), in_group=True)
    await (await scene.message(seq)).recall()
    said = scene.house.said[scene.chat][seq]
    said.text = None
    said.reactions.clear()


async def react(scene: Scene) -> None:
    """Put a reaction, or take it away."""
    seq = scene.one_of(scene.visible(), in_group=True)
    reactions = scene.house.said[scene.chat][seq].reactions
    reactions ^= {scene.user}
    await (await scene.message(seq)).react("+", on=scene.user in reactions)


async def read(scene: Scene) -> None:
    """Read up to some message, or wish to come back to it."""
    seq = scene.pick(scene.visible())
    if seq is None:
        await scene.talk.mark_unread()
    else:
        await scene.talk.mark_read(seq)


async def pin(scene: Scene) -> None:
    """Pin, or no longer."""
    mine = scene.mine
    if mine.is_pinned:
        await scene.talk.unpin()
        mine.is_pinned = False
        scene.told("unpinnedConversation")
        return
    await scene.talk.pin()
    mine.is_pinned, mine.is_deleted = True, False
    scene.told("pinnedConversation")


async def mark(scene: Scene) -> None:
    """Put a mark or take it away."""
    name, mine = scene.house.chance.choice(("work", "home", "tea")), scene.mine
    if name in mine.marks:
        await scene.talk.unmark(name)
        mine.marks = tuple(each for each in mine.marks if each != name)
        scene.told("unMarkConversation")
        return
    await scene.talk.mark(name)
    mine.marks = (*mine.marks, name)
    scene.told("markConversation")


async def silence(scene: Scene) -> None:
    """Silence a conversation, for good or on a schedule, or lift it."""
    wanted, mine = scene.house.chance.choice(SILENCES), scene.mine
    if wanted is None:
        await scene.talk.unsilence_alerts()
    else:
        await scene.talk.silence_alerts(wanted.level, windows=wanted.windows)
    before, mine.silence = mine.silence, wanted
    if before != wanted:
        scene.told("removeSilentModeForConversation" if wanted is None else "setSilentModeForConversation")


async def silence_all(scene: Scene) -> None:
    """Silence all conversations, or lift that."""
    wanted, client = scene.house.chance.choice(SILENCES), scene.author.client
    if wanted is None:
        await client.unsilence_all()
    else:
        await client.silence_all(wanted.level, windows=wanted.windows)
    before, scene.house.silence[scene.user] = scene.house.silence[scene.user], wanted
    if before != wanted:
        scene.told("all_unsilenced" if wanted is None else "setSilentModeForUser", "")


async def set_level(scene: Scene) -> None:
    """Want to be alerted of more or of less."""
    scene.mine.level = scene.house.chance.choice(("all", "mentions", "none"))
    await scene.talk.set_level(scene.mine.level)


async def delete(scene: Scene) -> None:
    """Delete the whole, with its history or without it."""
    mine = scene.mine
    if mine.is_deleted:
        raise NotNow()
    with_history = scene.house.chance.random() < 0.3
    await scene.talk.delete(with_history=with_history)
    mine.is_deleted, mine.is_pinned = True, False
    if with_history:
        mine.cleared = max([mine.cleared, *scene.house.said[scene.chat]])
    scene.told("conversation_deleted_on_server" if with_history else "deleteConversation")


async def delete_history(scene: Scene) -> None:
    """Delete what was said up to a point."""
    mine = scene.mine
    seq = scene.one_of([seq for seq in scene.house.said[scene.chat] if seq > mine.cleared])
    await scene.talk.delete_history(seq)
    mine.cleared = seq
    scene.told("history_deleted")


async def delete_messages(scene: Scene) -> None:
    """Delete some messages here and there, perhaps again."""
    said, mine = [*scene.house.said[scene.chat]], scene.mine
    chosen = set(scene.house.chance.sample(said, min(len(said), 3)))
    if not chosen:
        raise NotNow()
    await scene.talk.delete_messages(sorted(chosen))
    seen = {seq for seq in chosen if mine.sees(seq)}
    mine.chosen |= seen
    if seen:
        scene.told("messages_deleted")


async def rename_me(scene: Scene) -> None:
    """Take another nickname in a group."""
    if scene.chat not in scene.house.groups:
        raise NotNow()
    scene.mine.nick = f"nick {next(scene.house.numbers)}"
    await scene.talk.set_member(scene.user, attributes={"nick": scene.mine.nick})
    scene.told("memberAttributesUpdate")


async def draft(scene: Scene) -> None:
    """Go on with a draft as it is by now, give it up, or run into what another device has made of it."""
    name = f"draft/{scene.chat}"
    _, revision = scene.house.objects[scene.user].get(name, (None, 0))
    match scene.house.chance.randrange(4):
        case 0 if revision:
            await scene.talk.drop_unsent(expect=revision)
            scene.dropped(name)
        case 1:
            with pytest.raises(Conflict):
                await scene.talk.keep_unsent("too late", expect=revision + 1)
        case _:
            text = f"begun {next(scene.house.numbers)}"
            scene.wrote(name, text, await scene.talk.keep_unsent(text, expect=revision))


async def keep(scene: Scene) -> None:
    """Keep something under a name, or no longer."""
    name, objects = scene.house.chance.choice(("colour", "size")), scene.author.client.objects
    if name in scene.house.objects[scene.user] and scene.house.chance.random() < 0.3:
        await objects.drop(name)
        scene.dropped(name)
        return
    value = {"number": next(scene.house.numbers)}
    scene.wrote(name, value, await objects.set(name, value))


async def meet(scene: Scene) -> None:
    """Do something about being contacts; what comes of it is what the model says."""
    other, contacts = UserId(scene.other), scene.author.client.contacts
    note = scene.house.chance.choice((None, f"note {next(scene.house.numbers)}"))
    command, act = scene.house.chance.choice(
        (
            (c.InviteContact(other, note), partial(contacts.invite, other, note)),
            (c.AcceptContact(other), partial(contacts.accept, other)),
            (c.DeclineContact(other), partial(contacts.decline, other)),
            (c.RemoveContact(other), partial(contacts.remove, other)),
            (c.RemarkContact(other, note), partial(contacts.remark, other, note)),
            (c.BlockUsers((other,)), partial(contacts.block, other)),
            (c.UnblockUsers((other,)), partial(contacts.unblock, other)),
        )
    )
    try:
        await act()
        came = "done"
    except UnisonoError as fault:
        came = fault.code
    assert came == scene.house.contacts.do(scene.user, command), command
    scene.house.told[f"{type(command).__name__}: {came}"] += 1


async def thread(scene: Scene) -> None:
    """Begin a thread, or join, leave, rename or destroy one."""
    chance, threads = scene.house.chance, scene.house.threads
    seq = scene.one_of(scene.visible(), in_group=True)
    name, key = f"thread {next(scene.house.numbers)}", f"{scene.chat}~{seq}"
    known, there = threads.get((scene.chat, seq)), scene.author.client.conversation(key)
    if known is None:
        await scene.talk.create_thread(seq, name)
        threads[scene.chat, seq] = Thread(scene.user, name, {scene.user})
        scene.told("chatThreadCreate", key)
    elif known.is_over:
        with pytest.raises(Forbidden):
            await scene.talk.create_thread(seq, name)
    elif scene.user not in known.members:
        await there.join()
        known.members.add(scene.user)
        scene.told("chatThreadJoin", key)
    elif scene.user == known.begun_by and chance.random() < 0.6:
        await _rule(scene, there, known, name)
    else:
        await there.quit()
        known.members.remove(scene.user)
        scene.told("chatThreadLeave", key)


async def _rule(scene: Scene, there: Conversation, known: Thread, name: str) -> None:
    if scene.house.chance.random() < 0.6:
        await there.set_name(name)
        known.name = name
        scene.told("chatThreadNameUpdate", there.id)
    else:
        await there.dissolve()
        known.is_over = True
        scene.told("chatThreadDestroy", there.id)


async def set_writing(scene: Scene) -> None:
    """Say who may write to me directly."""
    writing = scene.house.chance.choice(("anyone", "contacts"))
    await scene.author.client.contacts.set_writing(writing)
    scene.house.writing_to[scene.user] = writing


async def say_writing(scene: Scene) -> None:
    """Have the operator say who may write to a user directly."""
    await scene.house.say_writing(scene.house.chance.choice(("anyone", "contacts")))


Operation = Callable[[Scene], Awaitable[None]]
OPERATIONS: Sequence[Operation] = (
    say,
    say,
    edit,
    recall,
    react,
    read,
    pin,
    mark,
    silence,
    silence_all,
    set_level,
    delete,
    delete_history,
    delete_messages,
    rename_me,
    draft,
    keep,
    meet,
    meet,
    thread,
    thread,
    set_writing,
    say_writing,
)

TRIES = 20
"""Scenes in which an operation may find something to act on."""


def in_rounds(chance: random.Random) -> Iterator[Operation]:
    """Give operations at random, each as often as it stands in the table before any comes again."""
    while True:
        yield from chance.sample(OPERATIONS, len(OPERATIONS))


async def carry_out(house: House, operation: Operation) -> None:
    """Do something in a scene where it can be done, and count it."""
    for _ in range(TRIES):
        with suppress(NotNow):
            await operation(house.scene())
            house.came_about[operation.__name__] += 1
            return


@pytest.mark.rows("E10", "E73", "X51", "X53")
@pytest.mark.timeout(900)
async def test_whatever_is_done_all_devices_of_a_user_agree(data: Path, is_full: bool, report: Report) -> None:
    environment = {"UNISONO_ADMIN__KEYS": ADMIN_KEY}
    async with ServerProcess(data, environment=environment) as server, AsyncExitStack() as stack:
        devices: dict[str, list[Device]] = {}
        for user in USERS * DEVICES_EACH:
            proxy = await stack.enter_async_context(FaultProxy(server.port))
            unisono = await stack.enter_async_context(Unisono(f"ws://127.0.0.1:{proxy.port}", backoff=SOON))
            devices.setdefault(user, []).append(Device(await unisono.login(user=user), proxy))
        first = devices[USERS[0]][0].client
        groups = [(await first.create([USERS[1]], unique=False)).id for _ in range(GROUPS)]
        house = House(
            devices,
            groups,
            (await first.direct(USERS[1])).id,
            random.Random(7),
            await stack.enter_async_context(aiohttp.ClientSession()),
            f"http://127.0.0.1:{server.port}",
        )
        steps, operations = FULL if is_full else SHORT, in_rounds(house.chance)
        for step in range(steps):
            await carry_out(house, next(operations))
            if step % 60 == 59:
                await agree(house)
        await agree(house)
        report(f"{house.told.total()} operations of {len(house.told)} kinds, each told once to each other device")
        floor = steps // len(OPERATIONS) // 2
        rare = {each.__name__ for each in OPERATIONS if house.came_about[each.__name__] < max(1, floor)}
        assert not rare, house.came_about
    server.assert_clean_log()
