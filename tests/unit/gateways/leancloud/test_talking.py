"""Messages: who gets them and with what, how far they came, and what a client hears of all that happens."""

import asyncio
import json

import pytest

from tests.unit.app.app_stage import Mood, Present
from tests.unit.gateways.leancloud.door_stage import Hall, a_hall
from tests.unit.gateways.websocket.door_stage import on_uvloop
from unisono.domain import commands as c
from unisono.domain.answers import History
from unisono.domain.facts import Content
from unisono.domain.ids import ConversationId, SendKey, Seq, UserId
from unisono.wire.leancloud import realtime_pb2 as pb

TYPED = '{"_lctext":"hi","_lctype":-1}'


@pytest.mark.rows("L109", "L110", "L111", "L112")
@pytest.mark.parametrize("body", [TYPED, "no json", b"\x00\xff bytes"])
@on_uvloop
async def test_a_message_reaches_all_sessions_of_the_members_but_the_one_that_said_it(body: str | bytes) -> None:
    async with a_hall() as hall:
        ann, bob = await hall.open("ann", deviceId="one"), await hall.open("bob")
        again = await hall.open("ann", deviceId="two")
        cid = await ann.start("bob")
        acked = await ann.send(cid, body, dt="d-1", mentionPids=["bob"], mentionAll=True)
        assert not acked.HasField("code")
        for other in (bob, again):
            said = (await other.told(pb.direct)).directMessage
            assert (said.cid, said.id, said.fromPeerId, said.timestamp) == (cid, acked.uid, "ann", acked.t)
            assert (said.binaryMsg if isinstance(body, bytes) else said.msg) == body
            assert (list(said.mentionPids), said.mentionAll, said.convType) == (["bob"], True, 1)
            assert not said.HasField("transient")
            assert not said.HasField("patchTimestamp")
        assert (await ann.send(cid, "next")).t >= acked.t
        await bob.told(pb.direct)
        assert ann.heard(pb.direct) == []


@on_uvloop
async def test_a_message_that_was_sent_before_under_its_own_id_is_said_once() -> None:
    async with a_hall() as hall:
        ann, bob = await hall.open("ann"), await hall.open("bob")
        cid = await ann.start("bob")
        first, second = await ann.send(cid, TYPED, dt="d-1"), await ann.send(cid, TYPED, dt="d-1")
        assert (first.uid, first.t) == (second.uid, second.t)
        await ann.send(cid, "end")
        assert [(await bob.told(pb.direct)).directMessage.msg for _ in range(2)] == [TYPED, "end"]


@pytest.mark.parametrize("is_followed", [True, False])
@on_uvloop
async def test_answers_come_before_what_they_bring_about_and_that_before_the_next_answer(is_followed: bool) -> None:
    async with a_hall() as hall:
        socket = await hall.connect()
        ann, bob = await socket.open("ann"), await socket.open("bob")
        cid = await ann.start("bob")
        if not is_followed:
            # As after a restart: the fan-out has to read first who is to hear of it.
            await hall.app.node.fanout.start()
            hall.app.mood = slow_to("audience")
        before = len(socket.heard)
        # All at once: the server alone decides what comes when.
        said = pb.ConvCommand(cid=cid, m=["bob"])
        removing, adding = (ann.command(pb.conv, pb.remove), bob.command(pb.conv, pb.add))
        for command in (removing, adding):
            command.convMessage.CopyFrom(said)
        await asyncio.gather(*(socket.ask_later(each) for each in (removing, adding, ann.direct(cid, TYPED))))
        await bob.told(pb.direct)
        order = [(each.peerId, each.cmd, each.op if each.HasField("op") else 0) for each in socket.heard[before:]]
        assert order.index(("ann", pb.conv, pb.removed)) < order.index(("ann", pb.conv, pb.members_left))
        assert order.index(("ann", pb.conv, pb.members_left)) < order.index(("ann", pb.ack, 0))
        assert order.index(("bob", pb.conv, pb.added)) < order.index(("bob", pb.conv, pb.joined))


@pytest.mark.rows("L148", "L149", "L150", "L151", "L155", "L156", "L157", "L161", "L162", "L163")
@on_uvloop
async def test_who_comes_and_goes_is_told_to_whom_it_concerns() -> None:
    async with a_hall() as hall:
        ann, bob, carl = [await hall.open(name) for name in ("ann", "bob", "carl")]
        cid = await ann.start("bob")
        for member in (ann, bob):
            joined = await member.told(pb.conv, pb.joined)
            assert (joined.convMessage.cid, joined.convMessage.initBy, joined.notificationType) == (cid, "ann", 1)
            assert joined.serverTs > 0
            all_joined = await member.told(pb.conv, pb.members_joined)
            assert sorted(all_joined.convMessage.m) == ["ann", "bob"]
            assert not all_joined.HasField("notificationType")
        await ann.conv(pb.add, cid, m=["carl"])
        assert (await carl.told(pb.conv, pb.joined)).convMessage.initBy == "ann"
        for member in (ann, bob, carl):
            assert list((await member.told(pb.conv, pb.members_joined)).convMessage.m) == ["carl"]
        await ann.conv(pb.remove, cid, m=["carl"])
        left = (await carl.told(pb.conv, pb.left)).convMessage
        assert (left.initBy, left.udate[-1]) == ("ann", "Z")
        for member in (ann, bob):
            gone = (await member.told(pb.conv, pb.members_left)).convMessage
            assert (list(gone.m), gone.initBy) == (["carl"], "ann")
        assert carl.heard(pb.conv, pb.members_left) == []


@on_uvloop
async def test_changes_of_a_conversation_its_roles_and_lists_are_told() -> None:
    async with a_hall() as hall:
        ann, bob, carl = [await hall.open(name) for name in ("ann", "bob", "carl")]
        cid = await ann.start("bob", "carl")
        attr = pb.JsonObjectMessage(data=json.dumps({"name": "new", "topic.of": 3}))
        await ann.conv(pb.update, cid, attr=attr)
        changed = (await bob.told(pb.conv, pb.updated)).convMessage
        assert (json.loads(changed.attr.data), changed.initBy) == ({"name": "new", "topic.of": 3}, "ann")
        info = pb.ConvMemberInfo(pid="bob", role="Manager")
        await ann.conv(pb.member_info_update, cid, targetClientId="bob", info=info)
        for member in (ann, bob, carl):
            told = (await member.told(pb.conv, pb.member_info_changed)).convMessage
            assert (told.info.pid, told.info.role, told.initBy) == ("bob", "Manager", "ann")
        await ann.conv(pb.add_shutup, cid, m=["carl"])
        assert (await carl.told(pb.conv, pb.shutuped)).convMessage.initBy == "ann"
        for member in (ann, bob, carl):
            assert list((await member.told(pb.conv, pb.members_shutuped)).convMessage.m) == ["carl"]
        assert (await carl.send(cid, TYPED)).code == 4563
        await ann.conv(pb.remove_shutup, cid, m=["carl"])
        await carl.told(pb.conv, pb.unshutuped)
        await ann.ask(pb.blacklist, pb.block, blacklistMessage=pb.BlacklistCommand(srcCid=cid, toPids=["carl"]))
        assert (await carl.told(pb.conv, pb.blocked)).convMessage.initBy == "ann"
        await carl.told(pb.conv, pb.left)
        for member in (ann, bob):
            assert list((await member.told(pb.conv, pb.members_blocked)).convMessage.m) == ["carl"]
        assert ann.heard(pb.conv, pb.updated) == []
        assert (await carl.send(cid, TYPED)).code == 4401


@pytest.mark.rows("L100", "L101", "L102")
@on_uvloop
async def test_marks_go_to_the_sender_and_the_count_to_the_readers_other_clients() -> None:
    async with a_hall() as hall:
        ann, bob = await hall.open("ann"), await hall.open("bob", deviceId="one")
        other = await hall.open("bob", deviceId="two")
        cid = await ann.start("bob")
        acks = [await ann.send(cid, TYPED, r=True) for _ in range(2)]
        silent = await ann.send(cid, TYPED)
        for _ in range(3):
            await bob.told(pb.direct)
        bob.acknowledge(cid, acks[0].t, acks[0].t)
        bob.acknowledge(cid, silent.t)
        got = [(await ann.told(pb.rcp)).rcpMessage for _ in acks]
        assert {each.id for each in got} == {each.uid for each in acks}
        assert {(each.cid, each.sender, each.read) for each in got} == {(cid, "bob", False)}
        assert all(each.t > 0 for each in got)
        bob.read(cid, silent.t)
        read = [(await ann.told(pb.rcp)).rcpMessage for _ in acks]
        assert {(each.id, each.read) for each in read} == {(each.uid, True) for each in acks}
        counted = (await other.told(pb.unread)).unreadMessage
        assert [(each.cid, each.unread) for each in counted.convs] == [(cid, 0)]
        assert counted.notifTime > 0
        # What was told is not told again with the next mark.
        last = await ann.send(cid, TYPED, r=True)
        bob.acknowledge(cid, last.t)
        assert (await ann.told(pb.rcp)).rcpMessage.id == last.uid
        await ann.socket.echo()
        assert ann.heard(pb.rcp) == []


@on_uvloop
async def test_a_message_is_acknowledged_by_its_id_alone() -> None:
    """As native clients do; nothing used to come of it."""
    async with a_hall() as hall:
        ann, bob = await hall.open("ann"), await hall.open("bob")
        cid, other = await ann.start("bob"), await ann.start("bob", "carl")
        sent = await ann.send(cid, TYPED, r=True)
        for where, mid in ((other, sent.uid), (cid, "nonsense"), (cid, sent.uid[:-1] + "9"), (cid, "")):
            bob.socket.say(bob.command(pb.ack, ackMessage=pb.AckCommand(cid=where, mid=mid)))
        await bob.socket.echo()
        assert ann.heard(pb.rcp) == []
        bob.socket.say(bob.command(pb.ack, ackMessage=pb.AckCommand(cid=cid, mid=sent.uid)))
        assert (await ann.told(pb.rcp)).rcpMessage.id == sent.uid


@pytest.mark.rows("L108")
@on_uvloop
async def test_a_client_that_was_away_hears_how_much_waits() -> None:
    async with a_hall() as hall:
        ann = await hall.open("ann")
        cid, other = await ann.start("bob"), await ann.start("bob", "carl")
        await ann.send(cid, TYPED, mentionPids=["bob"])
        last = await ann.send(cid, b"bytes")
        bob = await hall.open("bob")
        told = (await bob.told(pb.unread)).unreadMessage
        (waiting,) = told.convs
        assert (waiting.cid, waiting.unread, waiting.mid, waiting.timestamp) == (cid, 2, last.uid, last.t)
        assert (waiting.sender, waiting.binaryMsg, waiting.mentioned, waiting.convType) == ("ann", b"bytes", True, 1)
        assert told.notifTime > 0
        assert bob.heard(pb.direct) == []
        assert other != cid
        bob.read(cid, last.t)
        await bob.socket.echo()
        assert (await hall.open("bob", deviceId="two")).heard(pb.unread) == []


@pytest.mark.rows("L104", "L105", "L106", "L107")
@on_uvloop
async def test_a_client_that_wants_it_gets_the_newest_of_what_it_missed() -> None:
    async with a_hall() as hall:
        ann = await hall.open("ann")
        cids = [await ann.start("bob"), await ann.start("bob", "carl")]
        sent = {cid: [(await ann.send(cid, f"{each}")).uid for each in range(30)] for cid in cids}
        bob = await (await hall.connect("lc.protobuf2.1")).open("bob")
        came = [(await bob.told(pb.direct)).directMessage for _ in range(40)]
        assert all(each.offline for each in came)
        for cid in cids:
            assert [each.id for each in came if each.cid == cid] == sent[cid][-20:]
        await bob.socket.echo()
        assert bob.heard(pb.direct) == []
        assert bob.heard(pb.unread) == []


@on_uvloop
async def test_a_recall_in_a_room_reaches_who_is_there_as_one() -> None:
    """It used to come as a message without content."""
    async with a_hall() as hall:
        ann, bob = await hall.open("ann"), await hall.open("bob", configBitmap=1)
        room = await ann.start(transient=True)
        await bob.ask(pb.conv, pb.add, convMessage=pb.ConvCommand(cid=room, m=["bob"]))
        sent = await ann.send(room, TYPED)
        said = (await bob.told(pb.direct)).directMessage
        assert (said.id, said.timestamp) == (sent.uid, sent.t)
        recall = pb.PatchItem(cid=room, mid=sent.uid, timestamp=sent.t, recall=True)
        await ann.ask(pb.patch, pb.modify, patchMessage=pb.PatchCommand(patches=[recall]))
        (patch,) = (await bob.told(pb.patch, pb.modify)).patchMessage.patches
        assert (patch.cid, patch.mid, patch.recall, patch.data) == (room, sent.uid, True, '{"_lctype":-127}')
        assert bob.heard(pb.direct) == []


@on_uvloop
async def test_edits_and_recalls_reach_the_others_and_those_who_come_back() -> None:
    async with a_hall() as hall:
        ann, bob = await hall.open("ann"), await hall.open("bob", configBitmap=1, lastPatchTime=1)
        cid = await ann.start("bob")
        first, second = await ann.send(cid, TYPED), await ann.send(cid, TYPED)
        bob.socket.raw.abort()
        await bob.socket.raw.closed
        other = await hall.open("bob", deviceId="two", configBitmap=187)
        old = await hall.open("bob", deviceId="three", configBitmap=186)
        new = '{"_lctext":"new","_lctype":-1}'
        edit = pb.PatchItem(cid=cid, mid=first.uid, timestamp=first.t, recall=False, data=new)
        await ann.ask(pb.patch, pb.modify, patchMessage=pb.PatchCommand(patches=[edit]))
        recall = pb.PatchItem(cid=cid, mid=second.uid, timestamp=second.t, recall=True)
        done = await ann.ask(pb.patch, pb.modify, patchMessage=pb.PatchCommand(patches=[recall]))
        live = [(await other.told(pb.patch, pb.modify)).patchMessage.patches[0] for _ in range(2)]
        assert [(each.mid, each.recall, each.data) for each in live] == [
            (first.uid, False, new),
            (second.uid, True, '{"_lctype":-127}'),
        ]
        assert {(each.cid, each.sender) for each in live} == {(cid, "ann")}
        assert live[1].patchTimestamp == done.patchMessage.lastPatchTime
        assert ann.heard(pb.patch) == []
        # Clients before 3.5 do not know what it is.
        await old.socket.echo()
        assert old.heard(pb.patch) == []
        back = await hall.open("bob", r=True, st=bob.token, configBitmap=1, lastPatchTime=first.t - 1)
        missed = (await back.told(pb.patch, pb.modify)).patchMessage.patches
        assert [(each.mid, each.data) for each in missed] == [(first.uid, new), (second.uid, '{"_lctype":-127}')]
        for said in ({"configBitmap": 0, "lastPatchTime": 1}, {"configBitmap": 1, "lastPatchTime": 0}):
            knows = await hall.open("bob", r=True, st=bob.token, **said)
            await knows.socket.echo()
            assert knows.heard(pb.patch) == []


@on_uvloop
async def test_a_transient_message_passes_by_and_a_will_waits() -> None:
    async with a_hall() as hall:
        ann, bob = await hall.open("ann"), await hall.open("bob")
        cid = await ann.start("bob")
        acked = await ann.send(cid, TYPED, transient=True)
        said = (await bob.told(pb.direct)).directMessage
        assert (said.id, said.transient, said.timestamp) == (acked.uid, True, acked.t)
        ann.socket.say(ann.direct(cid, "unanswered", transient=True))
        assert (await bob.told(pb.direct)).directMessage.msg == "unanswered"
        will = await ann.send(cid, "gone", will=True)
        assert will.uid
        assert await bob.history(cid) == []
        assert ann.heard(pb.direct) == []
        ann.socket.raw.abort()
        await ann.socket.raw.closed
        while not bob.heard(pb.direct):
            await asyncio.sleep(0.001)
            await hall.app.node.wills.sweep()
        assert (await bob.told(pb.direct)).directMessage.msg == "gone"


@on_uvloop
async def test_what_a_push_is_to_carry_is_kept_with_the_message() -> None:
    async with a_hall() as hall:
        ann = await hall.open("ann")
        native = await hall.app.login("bob", "laptop")
        cid = await ann.start("bob")
        await ann.send(cid, TYPED, pushData='{"alert":"look","badge":"Increment"}')
        await ann.send(cid, b"bytes", r=True)
        page = await native.ask(c.GetHistory(ConversationId(cid)))
        assert isinstance(page, History)
        assert page.messages[0].message.push == {"alert": "look", "badge": "Increment"}
        assert page.messages[1].message.receipt
        assert (await ann.send(cid, TYPED, pushData="[1]")).code == 4301


@pytest.mark.parametrize(
    ("said", "code", "reason"),
    [
        ({"cid": "0" * 24}, 4401, "INVALID_MESSAGING_TARGET"),
        ({"cid": "_tmp:" + "0" * 24}, 4303, "CONVERSATION_NOT_FOUND"),
        ({"cid": ""}, 4401, "INVALID_MESSAGING_TARGET"),
        ({"body": "x" * 70_000}, 4109, "FRAME_TOO_LONG"),
        ({"mentionPids": [f"u{each}" for each in range(101)]}, 4301, "CONVERSATION_API_FAILED"),
    ],
)
@on_uvloop
async def test_a_message_that_is_refused_is_acknowledged_with_a_number(
    said: dict[str, object], code: int, reason: str
) -> None:
    async with a_hall() as hall:
        ann = await hall.open("ann")
        wanted = {"cid": await ann.start("bob"), "body": TYPED, **said}
        acked = await ann.send(**wanted)  # type: ignore[arg-type]  # made of what the case says
        assert (acked.code, acked.reason) == (code, reason)


@on_uvloop
async def test_native_sessions_and_clients_of_leancloud_see_one_another() -> None:
    async with a_hall() as hall:
        native = await hall.app.login("bob", "laptop")
        ann, bob = await hall.open("ann"), await hall.open("bob", deviceId="two")
        cid = await ann.start("bob")
        sent = await ann.send(cid, TYPED, r=True)
        await bob.told(pb.direct)
        content = Content(text="from native")
        await native.ask(c.SendMessage(ConversationId(cid), SendKey("native-1"), content, receipt=True))
        for each in (ann, bob):
            said = (await each.told(pb.direct)).directMessage
            assert (json.loads(said.msg), said.fromPeerId) == ({"_lctext": "from native", "_lctype": -1}, "bob")
        await native.ask(c.MarkRead(ConversationId(cid), Seq(2)))
        assert (await ann.told(pb.rcp)).rcpMessage.id == sent.uid
        assert (await bob.told(pb.unread)).unreadMessage.convs[0].unread == 0
        texts = [each.fact.content.text for each in native.link.facts if hasattr(each.fact, "content")]
        assert texts == ["hi", "from native"]
        await all_is_one(hall, native, cid)


def slow_to(method: str) -> Mood:
    """Make a method of the store take a while."""

    async def mood(called: str) -> None:
        if called == method:
            await asyncio.sleep(0.02)

    return mood


async def all_is_one(hall: Hall, native: Present, cid: str) -> None:
    """See to it that whoever reads finds the same."""
    ann = await hall.open("ann")
    read = await native.ask(c.GetHistory(ConversationId(cid)))
    assert isinstance(read, History)
    assert [each.timestamp for each in await ann.history(cid)] == [each.at for each in read.messages]
    assert [each.sender for each in await ann.history(cid)] == [each.message.sender for each in read.messages]
    assert {UserId(each.sender) for each in await ann.history(cid)} == {"ann", "bob"}


@on_uvloop
async def test_what_nobody_knows_is_refused_or_passed_over_and_never_closes() -> None:
    async with a_hall() as hall:
        ann = await hall.open("ann")
        for cmd, op in (
            (pb.room, pb.join),
            (pb.presence, None),
            (pb.pubsub, None),
            (pb.conv, pb.status),
            (pb.conv, None),
        ):
            refused = await ann.socket.ask(ann.command(cmd, op))
            assert (refused.cmd, refused.errorMessage.code, refused.peerId) == (pb.error, 4200, "")
            ann.socket.say(ann.command(cmd, op))
        ann.socket.say(ann.command(pb.ack, ackMessage=pb.AckCommand(cid="nowhere", tots=5)))
        ann.read("0" * 24, 5)
        ann.read("\n", 5)
        ann.socket.say(ann.direct("0" * 24, "x", transient=True))
        await ann.socket.echo()
        assert ann.socket.pushed == []
