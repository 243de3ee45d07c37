"""LeanCloud's clients and native ones on one running server: they are the same users in the same conversations."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.support.leancloud_client import LeanCloudSocket
from tests.support.raw_socket import HandshakeRefusedError, RawSocket
from tests.support.server_process import TEST_CONFIG, ServerProcess
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono_sdk import Client, Unisono, events

APPS = """
[[leancloud.apps]]
id = "an-app"
key = "0123456789abcdef-app"
master_key = "0123456789abcdef-master"

[[leancloud.apps]]
id = "another-app"
name = "other"
key = "0123456789abcdef-app-2"
master_key = "0123456789abcdef-master-2"
"""


class Town:
    """A server, and the clients on it."""

    def __init__(self, server: ServerProcess, stack: AsyncExitStack) -> None:
        self.server = server
        self._stack = stack

    async def native(self, user: str, tag: str | None = None) -> Client:
        """Log a user in natively."""
        unisono = await self._stack.enter_async_context(Unisono(f"ws://127.0.0.1:{self.server.port}"))
        return await unisono.login(user=user, tag=tag)

    async def socket(self, subprotocol: str = "lc.protobuf2.3") -> LeanCloudSocket:
        """Connect as LeanCloud's clients do."""
        socket = await LeanCloudSocket.connect(self.server.port, subprotocol)
        self._stack.callback(socket.raw.abort)
        return socket


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """Lend a running server with two apps of LeanCloud's."""
    async with ServerProcess(tmp_path / "data", config=TEST_CONFIG + APPS) as server, AsyncExitStack() as stack:
        yield Town(server, stack)
        await stack.aclose()
        server.assert_clean_log()


@pytest.mark.rows("L21", "L22", "L102", "L165", "L166")
async def test_one_user_on_both_kinds_of_clients_is_one_user(town: Town) -> None:
    laptop, bob = await town.native("ann"), await town.native("bob")
    socket = await town.socket("lc.proto2base64.3")
    phone = await socket.open("ann")
    inbox, bobs = laptop.messages(), bob.messages()
    cid = await phone.start("bob")
    sent = await phone.send(cid, json.dumps({"_lctext": "from the phone", "_lctype": -1}), r=True)
    for native in (inbox, bobs):
        message = await anext(native)
        assert (message.text, message.sender, message.conversation.id) == ("from the phone", "ann", cid)
        assert message.at == sent.t
    conversation = bob.conversation(cid)
    await conversation.mark_read()
    assert (await phone.told(pb.rcp)).rcpMessage.id == sent.uid
    await conversation.send("from bob")
    said = (await phone.told(pb.direct)).directMessage
    assert (json.loads(said.msg)["_lctext"], said.fromPeerId) == ("from bob", "bob")
    message = await anext(inbox)
    await laptop.conversation(cid).mark_read(message.seq)
    assert (await phone.told(pb.unread)).unreadMessage.convs[0].unread == 0
    await laptop.conversation(cid).send("from the laptop")
    assert json.loads((await phone.told(pb.direct)).directMessage.msg)["_lctext"] == "from the laptop"
    (other,) = await laptop.other_sessions()
    await laptop.close_session(other.session)
    bye = (await phone.told(pb.session, pb.closed)).sessionMessage
    assert (bye.code, bye.reason) == (4115, "KICKED_BY_APP")


@pytest.mark.rows("L268", "L271")
async def test_a_tag_is_taken_from_whichever_kind_of_client_has_it(town: Town) -> None:
    native = await town.native("ann", tag="Mobile")
    ended = native.events()
    socket = await town.socket()
    await socket.open("ann", tag="Mobile", deviceId="phone")
    async with asyncio.timeout(20):
        async for event in ended:
            if isinstance(event, events.WasDisplaced):
                break
    assert native.is_closed


async def test_apps_have_nothing_to_do_with_each_other(town: Town) -> None:
    socket = await town.socket()
    here, there = await socket.open("ann"), await socket.open("bob", app="another-app")
    cid = await here.start("bob")
    await here.send(cid, "secret")
    await socket.echo()
    assert there.heard(pb.direct) == []
    assert (await there.send(cid, "knock")).code == 4401
    assert (await socket.try_open("eve", app="no-app")).errorMessage.reason == "APP_NOT_AVAILABLE"


async def test_a_server_without_such_apps_has_no_such_door(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path / "data") as server:
        with pytest.raises(HandshakeRefusedError) as refused:
            # At the root there may be a page.
            await RawSocket.connect(server.port, "/leancloud", subprotocol="lc.protobuf2.3")
        assert refused.value.status == 404


@pytest.mark.rows("L107")
async def test_what_a_client_acknowledged_does_not_come_again_after_a_restart(town: Town) -> None:
    """Only of what asked for a receipt was it known: the rest came again, as if it were new."""
    ann = await (await town.socket()).open("ann")
    cid = await ann.start("bob", "carl")
    sent = []
    for each in range(3):
        sent.append(await ann.send(cid, f"{each}"))
        # What is acknowledged is named by its time, in whole milliseconds.
        await asyncio.sleep(0.005)
    bob = await (await town.socket("lc.protobuf2.1")).open("bob")
    came = [(await bob.told(pb.direct)).directMessage.msg for _ in sent]
    assert came == ["0", "1", "2"]
    bob.acknowledge(cid, sent[1].t, sent[0].t)
    await bob.socket.echo()
    await town.server.kill()
    await town.server.start()
    for name, missing in (("bob", ["2"]), ("carl", ["0", "1", "2"])):
        back = await (await town.socket("lc.protobuf2.1")).open(name)
        assert [(await back.told(pb.direct)).directMessage.msg for _ in missing] == missing
        await back.socket.echo()
        assert back.heard(pb.direct) == []


async def test_a_client_of_another_app_takes_nobodys_name_on_a_connection(town: Town) -> None:
    """A client of another app by the same name used to log out the one that was there, and to be taken for it."""
    socket = await town.socket()
    ann = await socket.open("ann")
    refused = await socket.try_open("ann", app="another-app")
    assert (refused.errorMessage.code, refused.errorMessage.reason) == (4100, "APP_NOT_AVAILABLE")
    assert await ann.start("bob")
    other = await (await town.socket()).open("ann", app="another-app")
    assert await other.start("bob")
    await ann.socket.echo()
    assert ann.heard(pb.session) == []
