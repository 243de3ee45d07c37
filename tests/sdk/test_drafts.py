"""A message on its way: what it says of itself, and that sending it again places it once."""

import asyncio
from collections.abc import Callable

import pytest

from tests.sdk.conftest import within
from tests.sdk.fake_server import FakeServer, Frame, Hush, Peer
from tests.sdk.test_against_server import House, house, until
from unisono_sdk import InvalidArgument, LinkDown, Status, Unisono, events

__all__ = ["house"]

Connect = Callable[..., Unisono]


@pytest.mark.rows("L114", "L115", "L116", "L86", "L87", "L88")
async def test_a_draft_tells_how_far_it_came(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    told, conversation = ann.events(), await ann.direct("bob")
    draft = conversation.draft("hello", receipt=True)
    assert str(draft.status) == Status.NONE
    sending = asyncio.create_task(draft.send())
    await asyncio.sleep(0)
    assert str(draft.status) == Status.SENDING
    with pytest.raises(InvalidArgument):
        await draft.send()
    message = await within(sending)
    receipt = await until(told, events.Receipt)
    assert receipt.message is message is draft.message
    assert (draft.status, message.status) == (Status.DELIVERED, Status.DELIVERED)
    assert message.delivered_at is not None
    assert (await draft.send()) is message
    assert len(await conversation.history()) == 1
    (received,) = (await bob.conversation(conversation.id).history()).messages
    assert received.status is Status.NONE


@pytest.mark.rows("L115")
async def test_a_draft_that_failed_is_sent_again_under_its_key(server: FakeServer, connect: Connect) -> None:
    keys: list[str] = []

    def take(peer: Peer, command: Frame) -> None:
        del peer
        keys.append(str(command["key"]))
        if len(keys) == 1:
            raise Hush

    server.hooks["send"] = take
    async with connect(fail_fast=True) as unisono:
        client = await unisono.login(user="me")
        draft = client.conversation("1").draft("hello")
        told, sending = client.events(), asyncio.create_task(draft.send())
        while not keys:
            await asyncio.sleep(0)
        await server.stop()
        with pytest.raises(LinkDown):
            await within(sending)
        assert (str(draft.status), type(draft.error)) == ("failed", LinkDown)
        await until(told, events.Schedule)
        await server.start()
        assert client.retry()
        await until(told, events.Reconnect)
        message = await within(draft.send())
        assert (str(draft.status), draft.error, message.key) == ("sent", None, draft.key)
    assert keys == [draft.key] * 2
