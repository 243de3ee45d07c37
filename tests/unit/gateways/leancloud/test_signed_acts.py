"""What takes a signature is done with one alone."""

from typing import Any

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.gateways.leancloud.clients import MASTER_KEY, Client, clients
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.signing import signature_of


def signed(client: Client, *parts: str) -> dict[str, Any]:
    """Give the fields of a signature as LeanCloud documents it."""
    text = ":".join(("an-app", client.user, *parts))
    return {"t": client.now(), "n": "nonce", "s": signature_of(text, MASTER_KEY)}


def around(client: Client, *parts: str, action: str = "") -> tuple[str, ...]:
    return (*parts, str(client.now()), "nonce", *([action] if action else []))


@pytest.mark.rows("L256")
@in_virtual_time
async def test_creating_adding_and_removing_take_signatures() -> None:
    async with clients("tom", "jerry", signed=("conversations",)) as (tom, jerry):
        begin = {"m": ["tom", "jerry"]}
        assert await tom.refused(tom.conv(pb.start, **begin)) == 4302
        proof = signed(tom, *around(tom, "jerry", "tom"))
        cid = (await tom.conv(pb.start, **begin, **proof)).cid
        assert await tom.refused(tom.conv(pb.add, cid=cid, m=["mary"], **proof)) == 4302
        adding = signed(tom, *around(tom, cid, "mary", action="invite"))
        await tom.conv(pb.add, cid=cid, m=["mary"], **adding)
        assert await tom.refused(tom.conv(pb.remove, cid=cid, m=["mary"], **adding)) == 4302
        await tom.conv(pb.remove, cid=cid, m=["mary"], **signed(tom, *around(tom, cid, "mary", action="kick")))
        await jerry.conv(pb.remove, cid=cid, m=["jerry"])
        assert (await tom.find({}))[0]["m"] == ["tom"]


@in_virtual_time
async def test_blocking_takes_signatures() -> None:
    async with clients("tom", signed=("blocks",)) as (tom,):
        cid = await tom.start("jerry")
        for op, action in (
            (pb.block, "conversation-block-clients"),
            (pb.unblock, "conversation-unblock-clients"),
        ):
            assert await tom.refused(tom.blacklist(op, srcCid=cid, toPids=["jerry"])) == 4546
            proof = signed(tom, *around(tom, cid, "jerry", action=action))
            assert list((await tom.blacklist(op, srcCid=cid, toPids=["jerry"], **proof)).allowedPids) == ["jerry"]
