"""What clients ask about conversations, through the door: every answer comes, and in an order they can live with."""

import asyncio
import json

import pytest

from tests.unit.gateways.leancloud.door_stage import a_hall
from unisono.gateways.leancloud.conversing import CONVERSING
from unisono.wire.leancloud import realtime_pb2 as pb

BODIES = {
    pb.conv: "convMessage",
    pb.blacklist: "blacklistMessage",
    pb.logs: "logsMessage",
    pb.patch: "patchMessage",
    pb.session: "sessionMessage",
    pb.report: "reportMessage",
}
ODD = {
    "convMessage": pb.ConvCommand(
        cid="x" * 65,
        m=["", "a\n", "b" * 65],
        cids=["", "\x00"],
        limit=-1,
        skip=-1,
        flag=-1,
        sort="-,-",
        next="\n",
        tempConv=True,
        tempConvTTL=-1,
        tempConvIds=[""],
        where=pb.JsonObjectMessage(data="{"),
        attr=pb.JsonObjectMessage(data="[]"),
    ),
    "blacklistMessage": pb.BlacklistCommand(srcCid="\n", toPids=["", "\n"], limit=-1, next="\n"),
    "logsMessage": pb.LogsCommand(cid="\n", limit=-1, t=-1, mid="\n", tt=-1, tmid="\n", lctype=0),
    "patchMessage": pb.PatchCommand(patches=[pb.PatchItem(cid="", mid="\n", timestamp=-1)]),
    "sessionMessage": pb.SessionCommand(sessionPeerIds=["", "\n", "x" * 65]),
    "reportMessage": pb.ReportCommand(type="\n", data="{"),
}


@pytest.mark.parametrize("is_odd", [False, True])
async def test_every_command_is_answered_whatever_it_says(is_odd: bool) -> None:
    async with a_hall() as hall:
        tom = await hall.open("tom")
        for cmd, op in CONVERSING:
            name = BODIES[cmd]
            body = ODD[name] if is_odd else type(ODD[name])()
            command = tom.command(cmd, op, **{name: body})
            answer = await tom.socket.ask(command)
            assert (answer.i, answer.peerId, answer.service) == (command.i, "tom", 2)
            if answer.cmd == pb.error:
                assert answer.errorMessage.code != 4200, (cmd, op, answer)
        assert not hall.app.telemetry.defects
        assert (await tom.conv(pb.query, "")).op == pb.results


@pytest.mark.rows("L148", "L149", "L150", "L151", "L155", "L156", "L157", "L161", "L162", "L163")
async def test_members_hear_who_came_and_who_left() -> None:
    async with a_hall() as hall:
        tom, jerry, mary = [await hall.open(user) for user in ("tom", "jerry", "mary")]
        cid = await tom.start("jerry")
        for peer in (tom, jerry):
            assert (await peer.told(pb.conv, pb.joined)).convMessage.initBy == "tom"
            assert list((await peer.told(pb.conv, pb.members_joined)).convMessage.m) == ["jerry", "tom"]
        await jerry.conv(pb.add, cid, m=["mary"])
        invited = await mary.told(pb.conv, pb.joined)
        assert (invited.convMessage.cid, invited.convMessage.initBy, invited.notificationType) == (cid, "jerry", 1)
        for peer in (tom, jerry, mary):
            told = (await peer.told(pb.conv, pb.members_joined)).convMessage
            assert (list(told.m), told.initBy) == (["mary"], "jerry")
        await jerry.conv(pb.remove, cid, m=["mary"])
        assert (await mary.told(pb.conv, pb.left)).convMessage.initBy == "jerry"
        for peer in (tom, jerry):
            told = (await peer.told(pb.conv, pb.members_left)).convMessage
            assert (list(told.m), told.initBy) == (["mary"], "jerry")
        found = json.loads((await mary.conv(pb.query, "", tempConvIds=[cid])).convMessage.results.data)
        assert [one["objectId"] for one in found] == [cid]
        await mary.socket.echo()
        assert mary.heard(pb.conv, pb.members_left) == []


async def test_an_answer_comes_first_then_what_it_brought_about_then_the_next_answer() -> None:
    """Or a client that joins again would be told that it left after it is in."""
    async with a_hall() as hall:
        tom, _ = await hall.open("tom"), await hall.open("jerry")
        cid = await tom.start("jerry")
        itself = pb.ConvCommand(cid=cid, m=["tom"])
        asked = [
            tom.socket.ask_later(tom.command(pb.conv, op, convMessage=itself))
            for _ in range(5)
            for op in (pb.remove, pb.add)
        ]
        await asyncio.gather(*asked)
        await tom.socket.echo()
        order = [(each.op, each.HasField("i")) for each in tom.socket.heard if each.cmd == pb.conv]
        beginning = [(pb.started, True), (pb.joined, False), (pb.members_joined, False)]
        one_round = [(pb.removed, True), (pb.left, False), (pb.added, True), *beginning[1:]]
        assert order == beginning + one_round * 5


async def test_a_change_is_told_to_the_others_and_a_patch_to_all_sessions_but_this_one() -> None:
    async with a_hall() as hall:
        tom, jerry = [await hall.open(user, configBitmap=1) for user in ("tom", "jerry")]
        cid = await tom.start("jerry")
        attr = pb.JsonObjectMessage(data='{"name":"tea","votes":{"__op":"Increment","amount":2}}')
        await tom.conv(pb.update, cid, attr=attr)
        told = (await jerry.told(pb.conv, pb.updated)).convMessage
        assert (told.cid, told.initBy, json.loads(told.attr.data)) == (cid, "tom", {"name": "tea", "votes": 2})
        sent = await tom.send(cid, "one")
        patch = pb.PatchItem(cid=cid, mid=sent.uid, timestamp=sent.t, data="two")
        answer = await tom.ask(pb.patch, pb.modify, patchMessage=pb.PatchCommand(patches=[patch]))
        (item,) = (await jerry.told(pb.patch, pb.modify)).patchMessage.patches
        assert (item.mid, item.data, item.patchTimestamp) == (sent.uid, "two", answer.patchMessage.lastPatchTime)
        await tom.socket.echo()
        assert tom.heard(pb.conv, pb.updated) == tom.heard(pb.patch) == []
