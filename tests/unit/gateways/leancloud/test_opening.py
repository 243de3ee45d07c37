"""The handshake, and how sessions begin, come back and end."""

import asyncio

import aiohttp
import pytest
from msgspec import structs

from tests.support.leancloud_client import LeanCloudSocket
from tests.support.raw_socket import BINARY, TEXT, HandshakeRefusedError, RawSocket
from tests.unit.app.app_stage import calm, failing
from tests.unit.gateways.leancloud.door_stage import MASTER_KEY, a_hall
from tests.unit.gateways.websocket.door_stage import OPTIONS, on_uvloop
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView, Placed
from unisono.domain.errors import Draining
from unisono.domain.facts import Content
from unisono.domain.ids import SendKey, SessionId, UserId
from unisono.gateways.leancloud import talk
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.signing import Proof, login_text, signature_of
from unisono.wire.leancloud.subprotocols import DIALECTS


@pytest.mark.parametrize("subprotocol", DIALECTS)
@pytest.mark.parametrize("path", ["/", "/leancloud"])
@on_uvloop
async def test_a_client_of_each_generation_gets_in_and_out(subprotocol: str, path: str) -> None:
    async with a_hall() as hall:
        socket = await hall.connect(subprotocol, path)
        assert socket.raw.headers["sec-websocket-protocol"] == subprotocol
        ann = await socket.open("ann")
        assert ann.name == "ann"
        assert ann.token
        assert ann.ttl_s > 86_400
        await socket.echo()
        await ann.close()
        assert (await socket.ask(ann.command(pb.logs))).errorMessage.code == 4105


@on_uvloop
async def test_a_mini_program_names_its_subprotocol_in_the_url() -> None:
    async with a_hall() as hall:
        socket = await LeanCloudSocket.connect(hall.port, "lc.proto2base64.3", in_url=True)
        assert "sec-websocket-protocol" not in socket.raw.headers
        await socket.open("ann")
        socket.raw.abort()


@pytest.mark.parametrize(
    ("path", "subprotocol", "headers", "status"),
    [
        ("/", None, {}, 400),
        ("/leancloud", "lc.protobuf9.3", {}, 400),
        ("/", "unisono.v1+json", {}, 400),
        ("/?subprotocol=lc.protobuf9.3", None, {}, 400),
        ("/", "lc.protobuf2.3", {"Origin": "https://evil.example"}, 403),
    ],
)
@on_uvloop
async def test_a_handshake_that_nobody_understands_or_wants_is_refused(
    path: str, subprotocol: str | None, headers: dict[str, str], status: int
) -> None:
    async with a_hall() as hall:
        with pytest.raises(HandshakeRefusedError) as refused:
            await RawSocket.connect(hall.port, path, subprotocol=subprotocol, headers=headers)
        assert refused.value.status == status


@on_uvloop
async def test_a_page_of_an_origin_that_may_gets_in() -> None:
    async with a_hall() as hall:
        await (await hall.connect(Origin="https://app.example")).open("ann")


@on_uvloop
async def test_what_is_no_client_of_an_app_is_refused_and_stays_connected() -> None:
    async with a_hall() as hall:
        socket = await hall.connect()
        before = await socket.ask(pb.GenericCommand(cmd=pb.logs))
        assert (before.errorMessage.code, before.errorMessage.reason) == (4105, "SESSION_REQUIRED")
        for app, peer, code in (("nobodys", "ann", 4100), ("an-app", "a" * 65, 4103), ("an-app", "a\nb", 4103)):
            refused = await socket.try_open(peer, app)
            assert (refused.cmd, refused.errorMessage.code) == (pb.error, code)
        for tag in ("\0", "t" * 65):
            assert (await socket.try_open("ann", tag=tag)).errorMessage.code == 4301
        await socket.open("a" * 64, deviceId="\0" * 100, ua="\n")


@on_uvloop
async def test_a_client_without_a_name_gets_one() -> None:
    async with a_hall() as hall:
        socket = await hall.connect()
        first, second = await socket.open(""), await socket.open("")
        assert first.name != second.name


@pytest.mark.rows("L251", "L260")
@on_uvloop
async def test_where_logins_are_signed_the_first_needs_a_signature_and_a_return_none() -> None:
    async with a_hall(signed=("logins",)) as hall:
        socket = await hall.connect()
        refused = await socket.try_open("ann")
        assert (refused.errorMessage.code, refused.errorMessage.reason) == (4102, "SIGNATURE_FAILED")
        proof = Proof(hall.app.clock.now(), "nonce", "")
        signature = signature_of(login_text("an-app", UserId("ann"), proof), MASTER_KEY)
        ann = await socket.open("ann", t=proof.timestamp, n="nonce", s=signature, deviceId="one")
        socket.raw.abort()
        again = await (await hall.connect()).open("ann", r=True, st=ann.token)
        assert again.token.split(".")[:2] == ann.token.split(".")[:2]
        bare = await (await hall.connect()).try_open("ann", r=True)
        assert bare.errorMessage.code == 4102


@pytest.mark.rows("L267", "L268", "L269", "L270", "L271", "Q8")
@on_uvloop
async def test_one_device_holds_a_tag_and_the_older_one_is_told() -> None:
    async with a_hall() as hall:
        old = await hall.open("ann", tag="Mobile", deviceId="one")
        other = await hall.open("ann", tag="Web", deviceId="two")
        plain = [await hall.open("ann", deviceId=f"plain-{each}") for each in range(6)]
        same = [await hall.open("ann", tag="default", deviceId=f"default-{each}") for each in range(2)]
        new = await hall.open("ann", tag="Mobile", deviceId="three")
        bye = await old.told(pb.session, pb.closed)
        assert (bye.sessionMessage.code, bye.sessionMessage.reason) == (4111, "SESSION_CONFLICT")
        assert (await old.socket.ask(old.command(pb.logs))).errorMessage.code == 4105
        for stays in (other, *plain, *same, new):
            assert stays.heard(pb.session) == []
            await stays.start("bob")
        # The one that was kicked comes back by itself with its old token: it is not let in, nor told to try without.
        zombie = await old.socket.try_open("ann", r=True, st=old.token)
        assert zombie.errorMessage.code == 4111
        # And one that comes back without a token takes nothing from who holds the tag now.
        refused = await old.socket.try_open("ann", r=True, tag="Mobile", deviceId="one")
        assert refused.errorMessage.code == 4111
        assert new.heard(pb.session) == []


@on_uvloop
async def test_a_device_that_logs_in_again_under_its_tag_is_told_nothing() -> None:
    async with a_hall() as hall:
        old = await hall.open("ann", tag="Mobile", deviceId="one")
        new = await hall.open("ann", tag="Mobile", deviceId="one")
        await new.start("bob")
        assert old.heard(pb.session) == []
        assert (await old.socket.ask(old.command(pb.logs))).errorMessage.code == 4105


@pytest.mark.rows("X37")
@on_uvloop
async def test_a_client_comes_back_by_its_token_as_the_same_session() -> None:
    async with a_hall() as hall:
        ann = await hall.open("ann", tag="Mobile", deviceId="one")
        cid = await ann.start("bob")
        ann.socket.raw.abort()
        again = await hall.open("ann", r=True, st=ann.token)
        once_more = await hall.open("ann", r=True, st=ann.token)
        sessions = await hall.app.node.own_sessions.list_of(UserId("ann"))
        assert [(each.device, each.tag, each.state) for each in sessions] == [("one", "Mobile", "live")]
        assert not (await once_more.send(cid, "here")).HasField("code")
        assert again.heard(pb.session) == []


@on_uvloop
async def test_a_session_that_ran_out_comes_back_as_another_of_its_device_and_tag() -> None:
    async with a_hall() as hall:
        ann = await hall.open("ann", tag="Mobile", deviceId="one", ua="js/5")
        ann.socket.raw.abort()
        await hall.app.node.own_sessions.end_session(UserId("ann"), SessionId(ann.token.split(".")[0]), "expired")
        again = await hall.open("ann", r=True, st=ann.token)
        (session,) = await hall.app.node.own_sessions.list_of(UserId("ann"))
        assert (session.device, session.tag, session.shown.label) == ("one", "Mobile", "js/5")
        assert session.session == again.token.split(".")[0] != ann.token.split(".")[0]
        # Its answer may have been lost: the old token is good for another try, and brings the same session.
        once_more = await hall.open("ann", r=True, st=ann.token)
        (session,) = await hall.app.node.own_sessions.list_of(UserId("ann"))
        assert session.session == again.token.split(".")[0] == once_more.token.split(".")[0]


@on_uvloop
async def test_a_session_that_was_closed_stays_closed_and_an_unknown_one_is_told_to_try_again() -> None:
    async with a_hall() as hall:
        socket = await hall.connect()
        ann = await socket.open("ann")
        await ann.close()
        closed = await socket.try_open("ann", r=True, st=ann.token)
        assert (closed.errorMessage.code, closed.errorMessage.reason) == (4115, "KICKED_BY_APP")
        bob = await socket.open("bob")
        for st in ("nonsense", "a.b.c", "\0.\0", "\0", f"{bob.token.split('.')[0]}.wrong.1", "." * 500):
            unknown = await socket.try_open("bob", r=True, st=st)
            assert (unknown.errorMessage.code, unknown.errorMessage.reason) == (4112, "SESSION_TOKEN_EXPIRED")
        foreign = await socket.try_open("eve", r=True, st=bob.token)
        assert foreign.errorMessage.code == 4112


@on_uvloop
async def test_a_session_that_the_user_ends_elsewhere_is_told_and_its_neighbour_is_not() -> None:
    async with a_hall() as hall:
        socket = await hall.connect()
        ann, bob = await socket.open("ann"), await socket.open("bob")
        native = await hall.app.login("ann", "laptop")
        await native.ask(c.CloseSession(SessionId(ann.token.split(".")[0])))
        bye = await ann.told(pb.session, pb.closed)
        assert (bye.sessionMessage.code, bye.sessionMessage.reason) == (4115, "KICKED_BY_APP")
        assert bob.heard(pb.session) == []
        await bob.start("carl")


@on_uvloop
async def test_without_a_name_a_command_is_of_the_client_that_logged_in_first() -> None:
    async with a_hall() as hall:
        socket = await hall.connect()
        await socket.open("ann")
        await socket.open("bob")
        conv = pb.ConvCommand(m=["eve"])
        started = await socket.ask(pb.GenericCommand(cmd=pb.conv, op=pb.start, convMessage=conv))
        assert (started.op, started.peerId) == (pb.started, "ann")
        unknown = await socket.ask(pb.GenericCommand(cmd=pb.conv, op=pb.start, peerId="carl", convMessage=conv))
        assert unknown.errorMessage.code == 4105


@pytest.mark.parametrize("is_return", [True, False])
@on_uvloop
async def test_who_logs_in_again_stays_the_first(is_return: bool) -> None:
    """What came without a name after that was carried out as the next client."""
    async with a_hall() as hall:
        socket = await hall.connect()
        ann = await socket.open("ann")
        await socket.open("bob")
        await socket.open("ann", r=is_return, st=ann.token if is_return else "")
        conv = pb.ConvCommand(m=["eve"])
        started = await socket.ask(pb.GenericCommand(cmd=pb.conv, op=pb.start, convMessage=conv))
        assert (started.op, started.peerId) == (pb.started, "ann")


@on_uvloop
async def test_a_client_that_logs_in_twice_on_a_connection_has_one_session() -> None:
    async with a_hall() as hall:
        socket = await hall.connect()
        await socket.open("ann", deviceId="one")
        second = await socket.open("ann", deviceId="two")
        (session,) = await hall.app.node.own_sessions.list_of(UserId("ann"))
        assert session.device == "two"
        again = await socket.open("ann", r=True, st=second.token)
        await again.start("bob")
        assert again.heard(pb.session) == []


@on_uvloop
async def test_a_connection_has_so_many_clients_and_no_more() -> None:
    async with a_hall() as hall:
        socket = await hall.connect()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(talk, "CLIENTS_MAX", 2)
            await socket.open("ann")
            bob = await socket.open("bob")
            assert (await socket.try_open("eve")).errorMessage.code == 4318
            await socket.open("ann")
            await bob.close()
            await socket.open("eve")


@on_uvloop
async def test_a_token_is_given_again_before_requests_over_rest() -> None:
    async with a_hall() as hall:
        ann = await hall.open("ann")
        answer = await ann.ask(pb.session, pb.refresh, sessionMessage=pb.SessionCommand(st=ann.token))
        assert answer.op == pb.refreshed
        assert (answer.sessionMessage.st, answer.sessionMessage.stTtl) == (ann.token, ann.ttl_s)


@on_uvloop
async def test_a_client_of_live_query_logs_in_without_a_session() -> None:
    async with a_hall() as hall:
        socket = await hall.connect()
        command = pb.GenericCommand(cmd=pb.login, appId="an-app", installationId="a-subscription", service=1)
        answer = await socket.ask(command)
        assert (answer.cmd, answer.installationId, answer.service) == (pb.loggedin, "a-subscription", 1)
        command.cmd = pb.logout
        assert (await socket.ask(command)).cmd == pb.loggedout


@pytest.mark.rows("L288")
@on_uvloop
async def test_a_node_that_goes_tells_its_clients_to_look_for_another() -> None:
    async with a_hall() as hall:
        ann = await hall.open("ann")
        left = await hall.registry.end_all(lambda: Draining(retry_after_ms=500), 10)
        assert left == 0
        await ann.socket.wait_for(lambda each: each.cmd == pb.goaway)
        assert await ann.socket.closed() == 4200


@on_uvloop
async def test_a_client_that_is_lost_keeps_its_session_for_a_while() -> None:
    async with a_hall() as hall:
        socket = await hall.connect()
        await socket.open("ann")
        await socket.open("bob")
        socket.raw.abort()
        await socket.raw.closed
        await hall.open("eve")
        for user in ("ann", "bob"):
            while (await hall.app.node.own_sessions.list_of(UserId(user)))[0].state == "live":
                await asyncio.sleep(0.001)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@on_uvloop
async def test_a_frame_of_the_other_form_closes_the_connection_with_its_code(opcode: int) -> None:
    async with a_hall() as hall:
        socket = await hall.connect("lc.protobuf2.3" if opcode == TEXT else "lc.proto2base64.3")
        socket.raw.send_frame(opcode, b"\x08\x0e")
        assert await socket.closed() == 4114


@pytest.mark.parametrize("path", ["/", "/leancloud"])
@on_uvloop
async def test_what_is_no_handshake_finds_nothing_there(path: str) -> None:
    async with a_hall() as hall, aiohttp.request("GET", f"http://127.0.0.1:{hall.port}{path}") as response:
        assert (response.status, (await response.json())["code"]) == (404, "not_found")


@on_uvloop
async def test_a_connection_that_nobody_logs_in_on_is_closed() -> None:
    async with a_hall() as hall:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(talk, "LOGIN_S", 0.5)
            late, live_query, ann = [await hall.connect() for _ in range(3)]
            await ann.open("ann")
            await live_query.ask(pb.GenericCommand(cmd=pb.login, installationId="one", service=1))
            assert await late.closed() == 4108
            await asyncio.sleep(0.6)
            await ann.echo()
            await live_query.echo()


@on_uvloop
async def test_a_silent_client_has_longer_than_a_native_one() -> None:
    async with a_hall() as hall:
        ann = await hall.open("ann")
        (connection,) = hall.registry
        connection.heard_at_s -= 399
        connection.end_if_silent(50)
        await ann.socket.echo()
        connection.heard_at_s -= 401
        connection.end_if_silent(50)
        assert await ann.socket.closed() == 4107


@on_uvloop
async def test_a_store_that_is_away_lets_nobody_in_and_cuts_off_who_cannot_be_told() -> None:
    async with a_hall() as hall:
        native, bob = await hall.app.login("ann", "laptop"), await hall.open("bob")
        made = await native.ask(c.CreateConversation(SendKey("made"), members=(UserId("bob"),)))
        assert isinstance(made, ConversationView)
        placed = await native.ask(c.SendMessage(made.conversation, SendKey("said"), Content(text="one")))
        assert isinstance(placed, Placed)
        await bob.told(pb.direct)
        hall.app.mood = failing("decide")
        refused = await (await hall.connect()).try_open("eve")
        assert (refused.errorMessage.code, refused.errorMessage.reason) == (4200, "INTERNAL_ERROR")
        returning = await hall.connect()
        returning.say(pb.GenericCommand(cmd=pb.session, op=pb.open, appId="an-app", peerId="eve", i=1))
        await returning.wait_until_heard()
        returning.pushed.clear()
        said = pb.SessionCommand(r=True)
        returning.say(pb.GenericCommand(cmd=pb.session, op=pb.open, appId="an-app", peerId="eve", sessionMessage=said))
        assert await returning.closed() == 4200
        # What an edited message was is looked up.
        hall.app.mood = failing("history")
        await native.ask(c.EditMessage(made.conversation, placed.seq, Content(text="two")))
        assert await bob.socket.closed() == 4200
        hall.app.mood = calm
        back = await hall.open("bob", r=True, st=bob.token, configBitmap=1, lastPatchTime=1)
        assert len((await back.told(pb.patch)).patchMessage.patches) == 1


@on_uvloop
async def test_a_client_that_reads_nothing_is_cut_off_and_costs_no_more_than_its_outbox() -> None:
    async with a_hall(structs.replace(OPTIONS, outbox_bytes=300_000)) as hall:
        socket = await LeanCloudSocket.connect(hall.port)
        await socket.open("bob")
        ann = await hall.open("ann")
        cid = await ann.start("bob")
        socket.raw.pause()
        while len(hall.registry) == 2:
            await ann.send(cid, "x" * 16_000)
        assert hall.app.telemetry.counts[("connections_closed", "slow_consumer")] == 1
        socket.raw.abort()
        await ann.send(cid, "still here")
