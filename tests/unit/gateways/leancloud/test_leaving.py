"""How clients leave, what their tokens are good for afterwards, and what is counted of what they say."""

from typing import Any

import pytest
from msgspec import structs

from tests.support.leancloud_client import LeanCloudPeer
from tests.unit.app.app_stage import calm
from tests.unit.app.fanout_stage import settle
from tests.unit.gateways.leancloud.door_stage import Hall, a_hall
from tests.unit.gateways.websocket.door_stage import OPTIONS, on_uvloop
from unisono.app import succession
from unisono.app.own_sessions import OwnSessions
from unisono.domain.errors import Unavailable
from unisono.domain.ids import DeviceId, SessionId, UserId
from unisono.domain.rates import Rate
from unisono.wire.leancloud import realtime_pb2 as pb

STRAYS = 8
FEW_STRAYS = structs.replace(OPTIONS, pace=structs.replace(OPTIONS.pace, strays=Rate(per_s=0.001, burst=STRAYS)))


async def run_out(hall: Hall, peer: LeanCloudPeer) -> None:
    """Have a session run out."""
    peer.socket.raw.abort()
    await hall.app.node.own_sessions.end_session(UserId(peer.name), SessionId(peer.token.split(".")[0]), "expired")


@pytest.mark.parametrize("is_kicked", [True, False])
@on_uvloop
async def test_who_was_put_out_does_not_come_back_by_the_token_of_a_session_before(is_kicked: bool) -> None:
    """Each session that had run out let its client in by its own token, whatever became of those after it."""
    async with a_hall() as hall:
        peers = [await hall.open("ann", deviceId="one")]
        for _ in range(2):
            await run_out(hall, peers[-1])
            peers.append(await hall.open("ann", r=True, st=peers[-1].token))
        if is_kicked:
            await hall.app.node.own_sessions.end_all(UserId("ann"), "closed")
        else:
            await peers[-1].close()
        socket = await hall.connect()
        for peer in peers:
            refused = await socket.try_open("ann", r=True, st=peer.token)
            assert refused.errorMessage.code == 4115
        assert await hall.app.node.own_sessions.list_of(UserId("ann")) == []
        # What is opened after that, with whatever proof is asked for, has a token that is good.
        new = await hall.open("ann", deviceId="one")
        await run_out(hall, new)
        await hall.open("ann", r=True, st=new.token)


@on_uvloop
async def test_a_token_from_before_very_many_sessions_is_none_any_more() -> None:
    async with a_hall() as hall:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(succession, "FOLLOWERS_MAX", 2)
            peers = [await hall.open("ann", deviceId="one")]
            for _ in range(2):
                await run_out(hall, peers[-1])
                peers.append(await hall.open("ann", r=True, st=peers[-1].token))
            socket = await hall.connect()
            await socket.open("ann", r=True, st=peers[0].token)
            (last,) = await hall.app.node.own_sessions.list_of(UserId("ann"))
            await hall.app.node.own_sessions.end_session(UserId("ann"), last.session, "expired")
            assert (await socket.try_open("ann", r=True, st=peers[0].token)).errorMessage.code == 4112
            await socket.open("ann", r=True, st=peers[1].token)


@on_uvloop
async def test_a_kick_in_the_moment_of_a_return_is_told() -> None:
    async with a_hall() as hall:
        ann = await hall.open("ann", deviceId="one")
        await run_out(hall, ann)
        await hall.open("ann", r=True, st=ann.token)

        async def mood(method: str) -> None:
            if method == "is_revoked":
                hall.app.mood = calm
                await hall.app.node.own_sessions.end_all(UserId("ann"), "closed")

        hall.app.mood = mood
        refused = await (await hall.connect()).try_open("ann", r=True, st=ann.token)
        assert refused.errorMessage.code == 4115
        assert await hall.app.node.own_sessions.list_of(UserId("ann")) == []


@pytest.mark.parametrize("of_device", [True, False])
@on_uvloop
async def test_a_session_that_runs_out_in_the_moment_of_a_kick_is_over_too(of_device: bool) -> None:
    """The sweep of another node ended it between the two steps of the kick, and its client came back by its token."""
    async with a_hall() as hall:
        ann = await hall.open("ann", deviceId="one")

        async def mood(method: str) -> None:
            if method == "decide":
                hall.app.mood = calm
                await run_out(hall, ann)

        hall.app.mood = mood
        own = hall.app.node.own_sessions
        if of_device:
            await own.end_device(UserId("ann"), DeviceId("one"), "closed")
        else:
            await own.end_all(UserId("ann"), "closed")
        refused = await (await hall.connect()).try_open("ann", r=True, st=ann.token)
        assert refused.errorMessage.code == 4115
        assert await own.list_of(UserId("ann")) == []


@pytest.mark.parametrize("has_run_out", [True, False])
@on_uvloop
async def test_a_token_shown_by_another_leaves_its_owner_alone(has_run_out: bool) -> None:
    """The owner's client used to lose its link, and was told nothing."""
    async with a_hall() as hall:
        ann = await hall.open("ann")
        if has_run_out:
            await run_out(hall, ann)
        refused = await (await hall.connect()).try_open("eve", r=True, st=ann.token)
        assert refused.errorMessage.code == 4112
        sessions = await hall.app.node.own_sessions.list_of(UserId("ann"))
        assert [each.state for each in sessions] == ([] if has_run_out else ["live"])
        if not has_run_out:
            await ann.start("bob")


@on_uvloop
async def test_a_logout_is_not_refused_for_the_users_rate() -> None:
    """It used to be refused, and said to be done; the session stayed live for ever."""
    async with a_hall(commands=Rate(per_s=0.001, burst=1)) as hall:
        ann = await hall.open("ann", deviceId="one")
        while (await ann.ask(pb.conv, pb.start, convMessage=pb.ConvCommand(m=["bob"]))).cmd != pb.error:
            pass
        before = len(ann.socket.heard)
        await ann.close()
        again = await ann.socket.open("ann", deviceId="two")
        await ann.socket.open("ann", deviceId="three")
        assert [each.op for each in ann.socket.heard[before:]] == [pb.closed, pb.opened, pb.opened]
        (session,) = await hall.app.node.own_sessions.list_of(UserId("ann"))
        assert (session.device, session.state) == ("three", "live")
        refused = await (await hall.connect()).try_open("ann", r=True, st=again.token)
        assert refused.errorMessage.code == 4115


@pytest.mark.parametrize("is_replaced", [True, False])
@on_uvloop
async def test_a_logout_that_the_store_refuses_is_told_once_and_leaves_the_session_to_its_window(
    is_replaced: bool,
) -> None:
    async with a_hall() as hall:
        socket = await hall.connect()
        ann = await socket.open("ann", deviceId="one")

        async def refuse(*_: object) -> None:
            raise Unavailable()

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(OwnSessions, "end_session", refuse)
            if is_replaced:
                await socket.open("ann", deviceId="two")
            else:
                before = len(socket.heard)
                answer = await socket.ask(ann.command(pb.session, pb.close))
                await socket.echo()
                assert [each.cmd for each in socket.heard[before:]] == [pb.error, pb.echo]
                assert answer.errorMessage.code == 4200
                assert (await socket.ask(ann.command(pb.logs))).errorMessage.code == 4105
        states = {each.device: each.state for each in await hall.app.node.own_sessions.list_of(UserId("ann"))}
        assert states == {"one": "detached", **({"two": "live"} if is_replaced else {})}


@pytest.mark.parametrize(
    "parts",
    [
        {"cmd": pb.session, "op": pb.open, "sessionMessage": pb.SessionCommand(tag="t" * 65)},
        {"cmd": pb.session, "op": pb.open, "appId": "nobodys", "sessionMessage": pb.SessionCommand()},
        {"cmd": pb.session, "op": pb.refresh, "sessionMessage": pb.SessionCommand()},
        {"cmd": pb.session, "op": pb.query, "sessionMessage": pb.SessionCommand()},
        {"cmd": pb.report, "op": pb.upload},
    ],
)
@on_uvloop
async def test_what_no_users_rate_counts_is_counted_for_the_connection(parts: dict[str, Any]) -> None:
    """A client could ask for nothing as often and as fast as it liked."""
    async with a_hall(FEW_STRAYS) as hall:
        bob = await hall.open("bob")
        for _ in range(STRAYS + 1):
            bob.socket.say(pb.GenericCommand(**{"peerId": "bob", "appId": "an-app", **parts}))
        assert await bob.socket.closed() == 4116


@on_uvloop
async def test_what_a_users_rate_counts_is_not_counted_for_the_connection() -> None:
    async with a_hall(FEW_STRAYS) as hall:
        bob = await hall.open("bob")
        asking = pb.SessionCommand(sessionPeerIds=["ann"])
        for _ in range(2 * STRAYS):
            assert (await bob.ask(pb.session, pb.query, sessionMessage=asking)).op == pb.query_result


@pytest.mark.parametrize("way", ["user", "device"])
@on_uvloop
async def test_a_kick_reaches_who_was_away_longer_than_the_window(way: str) -> None:
    """Their session had only run out, and the token of it let them in again."""
    async with a_hall() as hall:
        ann, bob = await hall.open("ann", deviceId="one"), await hall.open("bob", deviceId="one")
        for peer in (ann, bob):
            await run_out(hall, peer)
        own = hall.app.node.own_sessions
        if way == "user":
            await own.end_all(UserId("ann"), "closed")
        else:
            await own.end_device(UserId("ann"), DeviceId("another"), "closed")
            ann = await hall.open("ann", r=True, st=ann.token)
            await run_out(hall, ann)
            await own.end_device(UserId("ann"), DeviceId("one"), "closed")
        for _ in range(2):
            refused = await (await hall.connect()).try_open("ann", r=True, st=ann.token)
            assert (refused.errorMessage.code, refused.errorMessage.reason) == (4115, "KICKED_BY_APP")
        # As somebody new they may come, and others may come back.
        await hall.open("ann", deviceId="one")
        await hall.open("bob", r=True, st=bob.token)


@on_uvloop
async def test_a_kick_while_another_session_is_opened_for_one_that_ran_out_is_told() -> None:
    async with a_hall() as hall:
        ann = await hall.open("ann", deviceId="one")
        await run_out(hall, ann)
        calls: list[str] = []

        async def mood(method: str) -> None:
            calls.append(method)
            # When the new one is about to be opened: nobody is there yet whom the kick could end.
            if method == "decide" and calls.count("decide") == 1:
                hall.app.mood = calm
                await hall.app.node.own_sessions.end_all(UserId("ann"), "closed")

        hall.app.mood = mood
        refused = await (await hall.connect()).try_open("ann", r=True, st=ann.token)
        assert refused.errorMessage.code == 4115
        assert await hall.app.node.own_sessions.list_of(UserId("ann")) == []


@on_uvloop
async def test_what_came_for_a_login_that_failed_waits_no_more() -> None:
    """It was counted for ever, until the connection ended as one that reads too slowly."""
    async with a_hall(structs.replace(OPTIONS, outbox_bytes=20_000)) as hall:
        ann, socket = await hall.open("ann"), await hall.connect()
        cid = await ann.start("bob")

        async def mood(method: str) -> None:
            if method == "epoch":
                hall.app.mood = calm
                await ann.send(cid, "x" * 4_000)
                await settle()
                raise Unavailable()

        for _ in range(20):
            hall.app.mood = mood
            assert (await socket.try_open("bob")).errorMessage.code == 4200
        await socket.open("bob")
        await socket.echo()
