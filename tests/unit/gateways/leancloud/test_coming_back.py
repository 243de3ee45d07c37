"""Who comes back is told all of it in the end, however often the telling is cut off, and who left is told nothing."""

import asyncio
from collections import Counter

import pytest

from tests.support.leancloud_client import LeanCloudPeer
from tests.unit.app.app_stage import calm, failing
from tests.unit.gateways.leancloud.door_stage import Hall, a_hall
from tests.unit.gateways.leancloud.test_catching_up import ANN, BOB, conversations, counts
from tests.unit.gateways.websocket.door_stage import on_uvloop
from unisono.domain import commands as c
from unisono.domain.facts import Content
from unisono.domain.ids import Checkpoint, ConversationId, Instant, Seq
from unisono.gateways.leancloud import catching_up
from unisono.gateways.leancloud.tokens import Reached, Token, read
from unisono.wire.leancloud import realtime_pb2 as pb


async def gone(peer: LeanCloudPeer) -> None:
    """Have a client lose its connection."""
    peer.socket.raw.abort()
    await peer.socket.raw.closed
    await asyncio.sleep(0.005)


async def edit(hall: Hall, conversation: ConversationId, text: str) -> None:
    await hall.app.node.executor.on_behalf(ANN, c.EditMessage(conversation, Seq(2), Content(text=text)))


async def back(hall: Hall, peer: LeanCloudPeer, subprotocol: str = "lc.protobuf2.3") -> LeanCloudPeer:
    """Come back as the SDK does: with the last token, and the last instants that it heard."""
    before = peer.socket.heard
    told = [each.unreadMessage.notifTime for each in before if each.cmd == pb.unread]
    return await (await hall.connect(subprotocol)).open(
        peer.name,
        configBitmap=1,
        r=True,
        st=peer.token,
        lastPatchTime=max(each.serverTs for each in before),
        lastUnreadNotifTime=told[-1] if told else 0,
    )


def patched(peer: LeanCloudPeer) -> list[str]:
    return [each.cid for told in peer.heard(pb.patch) for each in told.patchMessage.patches]


@pytest.mark.parametrize("subprotocol", ["lc.protobuf2.3", "lc.protobuf2.1"])
@on_uvloop
async def test_changes_of_an_absence_come_though_the_telling_was_cut_off(subprotocol: str) -> None:
    """The token named the new login before anything was told: what was recalled stayed readable for good."""
    async with a_hall() as hall:
        cids = await conversations(hall, 2, "one")
        bob = await (await hall.connect(subprotocol)).open("bob", configBitmap=1)
        await bob.socket.echo()
        await gone(bob)
        for cid in cids:
            await edit(hall, cid, "changed")
        hall.app.mood = failing("changes")
        for _ in range(2):
            bob = await back(hall, bob, subprotocol)
            assert await bob.socket.closed() == 4200
        hall.app.mood = calm
        bob = await back(hall, bob, subprotocol)
        await bob.socket.echo()
        assert sorted(patched(bob)) == sorted(cids)
        # What was told to its end is not told again: neither by the token of the login, nor by a new one.
        refreshed = await bob.ask(pb.session, pb.refresh)
        assert len(refreshed.sessionMessage.st) < len(bob.token)
        await gone(bob)
        hall.app.mood = failing("changes")
        bob = await back(hall, bob, subprotocol)
        await bob.socket.echo()
        assert patched(bob) == []


@on_uvloop
async def test_what_was_read_elsewhere_comes_though_the_telling_was_cut_off() -> None:
    """The counts before it named an instant behind it."""
    async with a_hall() as hall:
        cids = await conversations(hall, 2, "one", "two")
        bob = await hall.open("bob")
        await bob.socket.echo()
        await gone(bob)
        await hall.app.node.executor.on_behalf(BOB, c.MarkRead(cids[0], Seq(3)))
        await asyncio.sleep(0.005)
        hall.app.mood = failing("read")
        bob = await back(hall, bob)
        assert await bob.socket.closed() == 4200
        hall.app.mood = calm
        bob = await back(hall, bob)
        await bob.socket.echo()
        assert counts(bob) == {cids[0]: 0, cids[1]: 2}


@on_uvloop
async def test_nothing_is_looked_up_for_who_left() -> None:
    """Open and leave used to make the server look through all conversations that the client ever was in."""
    async with a_hall() as hall:
        await conversations(hall, 60, "one")
        bob = await hall.open("bob")
        calls: Counter[str] = Counter()

        async def slow(method: str) -> None:
            calls[method] += 1
            if method == "changes":
                await asyncio.sleep(0.01)

        hall.app.mood = slow
        socket = await hall.connect()
        session, secret, *_ = bob.token.split(".")
        await socket.open("bob", configBitmap=1, r=True, st=f"{session}.{secret}.1", lastPatchTime=1)
        while not calls["changes"]:
            await asyncio.sleep(0.001)
        socket.raw.abort()
        while len(hall.registry) > 1:
            await asyncio.sleep(0.01)
        assert calls["changes"] < 30


@on_uvloop
async def test_so_much_is_looked_at_for_one_login_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up, "CHANGES_AT_ONCE", 2)
    monkeypatch.setattr(catching_up, "LOOKED_AT_MAX", 10)
    async with a_hall() as hall:
        cids = await conversations(hall, 4, "one")
        bob = await hall.open("bob", configBitmap=1)
        await bob.socket.echo()
        await gone(bob)
        for cid in cids:
            for number in range(4):
                await edit(hall, cid, f"{number}")
        bob = await back(hall, bob)
        await bob.socket.echo()
        assert patched(bob) == sorted(cids)[:2]


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("s.x", Token("s", "x")),
        ("s.x.7", Token("s", "x", Reached(Checkpoint(7), Instant(0)), Reached(Checkpoint(7), Instant(0)))),
        ("s.x.7-5", Token("s", "x", Reached(Checkpoint(7), Instant(5)), Reached(Checkpoint(7), Instant(5)))),
        ("s.x.7-5.9-6", Token("s", "x", Reached(Checkpoint(7), Instant(5)), Reached(Checkpoint(9), Instant(6)))),
        ("s.x.-5.9-6", Token("s", "x")),
        ("s.x.7-5.9-6.more.", Token("s", "x", Reached(Checkpoint(7), Instant(5)), Reached(Checkpoint(9), Instant(6)))),
        (f"s.x.{'7' * 16}", Token("s", "x")),
        ("\0", Token("", "")),
    ],
)
def test_a_token_is_read_as_it_is_written(text: str, token: Token) -> None:
    assert read(text) == token
    assert read(str(token)) == token or token.told is None


def test_the_login_counts_once_its_client_heard_the_end() -> None:
    token = read("s.x.7-50.9-60")
    assert [token.reached(Instant(at)) for at in (0, 60, 61)] == [token.told, token.told, token.login]
    assert read("s.x").reached(Instant(61)) is None
