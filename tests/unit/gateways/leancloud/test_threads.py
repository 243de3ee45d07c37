"""Threads, which LeanCloud's clients do not know: nothing of them is told, found, counted or reached."""

from pathlib import Path

from tests.unit.gateways.leancloud.door_stage import Hall, a_hall
from tests.unit.gateways.leancloud.test_catching_up import ANN, BOB, conversations, counts, say
from tests.unit.gateways.leancloud.test_rest import GROUPS, ROOT, ids, made
from tests.unit.gateways.leancloud.web_stage import opened
from tests.unit.gateways.websocket.door_stage import on_uvloop
from unisono.domain import commands as c
from unisono.domain.ids import ConversationId, SendKey, Seq, thread_id
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.places import conversation_of


def test_no_client_can_name_one() -> None:
    assert conversation_of("group") == "group"
    assert conversation_of("group~2") is None


async def thread_of(hall: Hall, group: ConversationId) -> ConversationId:
    """Have both be in the thread under the first message, and Ann say something there."""
    act = hall.app.node.executor.on_behalf
    await act(ANN, c.CreateThread(group, Seq(2), "side"))
    thread = thread_id(group, Seq(2))
    await act(BOB, c.Join(thread))
    await say(hall, thread, 1, "in the thread")
    return thread


@on_uvloop
async def test_who_logs_in_is_told_of_what_waits_but_in_threads() -> None:
    async with a_hall() as hall:
        (group,) = await conversations(hall, 1, "one", "two")
        await thread_of(hall, group)
        bob = await (await hall.connect()).open("bob")
        await bob.socket.echo()
        assert counts(bob) == {group: 2}
        pat = await (await hall.connect("lc.protobuf2.1")).open("bob")
        await pat.socket.echo()
        assert {each.directMessage.cid for each in pat.heard(pb.direct)} == {group}


@on_uvloop
async def test_who_is_here_hears_nothing_of_threads() -> None:
    async with a_hall() as hall:
        (group,) = await conversations(hall, 1, "one")
        bob = await (await hall.connect()).open("bob")
        await bob.socket.echo()
        before = len(bob.heard(pb.direct)) + len(bob.heard(pb.conv)) + len(bob.heard(pb.unread))
        thread = await thread_of(hall, group)
        act = hall.app.node.executor.on_behalf
        await act(ANN, c.UpdateConversation(thread, name="aside", key=SendKey("n")))
        await act(BOB, c.MarkRead(thread, Seq(9)))
        await act(BOB, c.Quit(thread))
        await act(ANN, c.Dissolve(thread))
        await bob.socket.echo()
        assert len(bob.heard(pb.direct)) + len(bob.heard(pb.conv)) + len(bob.heard(pb.unread)) == before
        await say(hall, group, 9, "all of you")
        await bob.socket.echo()
        assert [each.directMessage.cid for each in bob.heard(pb.direct)][-1:] == [group]


async def test_an_apps_server_finds_and_counts_none(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        group = await made(asking)
        said = {"from_client": "ann", "message": "one"}
        await asking.master("POST", f"{GROUPS}/{group}/messages", said)
        async with await asking.desk.login("ann") as ann, await asking.desk.login("bob", "d2") as bob:
            begun = await ann.ask("create_thread", conversation=group, message=2)
            thread = begun["answer"]["conversation"]
            await bob.ask("join", conversation=thread)
            await ann.ask("send", conversation=thread, key="k", content={"text": "aside"})
        assert await ids(asking, GROUPS) == [group]
        assert await asking.master("GET", f"{ROOT}/clients/bob/unread-count") == {"count": 1}
        spoken = await asking.master("GET", f"{ROOT}/clients/ann/messages")
        assert [each["data"] for each in spoken] == ["one"]
        told = await asking.master("GET", "/1.1/rtm/notifications", client_id="bob", notification_type="permanent")
        assert [notice["cid"] for notice in told["notifications"]] == [group]
        for method, body in (("POST", said), ("GET", None)):
            unknown = await asking.master(method, f"{GROUPS}/nowhere/messages", body)
            assert await asking.master(method, f"{GROUPS}/{thread}/messages", body) == unknown == 4303
