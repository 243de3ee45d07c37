"""One payload for several clients, each of which finds its own name in it; and messages that LeanCloud named."""

import pytest

from unisono.domain.ids import ConversationId, Instant, SendKey, Seq, UserId
from unisono.wire.leancloud.frames import address_of, addressed, decode, encode, payload_of
from unisono.wire.leancloud.places import id_of, mid_of
from unisono.wire.leancloud.realtime_pb2 import DirectCommand, GenericCommand, direct
from unisono.wire.leancloud.subprotocols import DIALECTS

ROOM, AT = ConversationId("5f3a1c9e7b2d4a6c8e0f1a2b"), Instant(1_760_000_000_000)


@pytest.mark.parametrize("dialect", ["lc.protobuf2.3", "lc.proto2base64.3"])
def test_a_payload_becomes_the_frame_of_each_client(dialect: str) -> None:
    chosen = DIALECTS[dialect]
    said = GenericCommand(cmd=direct, serverTs=AT, directMessage=DirectCommand(msg="hi", patchTimestamp=0))
    payload = payload_of(said)
    for name in ("ann", "Björn 🐧"):
        frame = addressed(payload, address_of(UserId(name)), chosen)
        wanted = GenericCommand(cmd=direct, peerId=name, serverTs=AT, directMessage=DirectCommand(msg="hi"))
        assert decode(frame, chosen) == wanted
        assert type(frame) is type(encode(wanted, chosen))


def test_a_message_keeps_the_id_that_leancloud_gave_it() -> None:
    assert id_of(ROOM, Seq(7), AT, SendKey("lc:wVHE7cK7SIyIzfNQ1kRbGQ")) == "wVHE7cK7SIyIzfNQ1kRbGQ"
    assert id_of(ROOM, Seq(7), AT, SendKey("mine")) == mid_of(ROOM, Seq(7), AT)
