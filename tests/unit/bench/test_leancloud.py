"""The frames that the load generator sends to the door of LeanCloud's clients, and the figures made of what came."""

import re
from collections.abc import Mapping

import pytest

from bench import leancloud
from bench.contenders import MESSAGE_BYTES
from bench.figures import Series
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.envelope import reply
from unisono.wire.leancloud.frames import decode, payload_of
from unisono.wire.leancloud.subprotocols import DIALECTS

MARKS = {"%D": "000017", "%u": "0123456789ab", "%n": "0000000042", "%v": "5" * 24, "%m": "~" * MESSAGE_BYTES}


def filled(template: str) -> bytes:
    """Put in what the load generator does."""
    frame = re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), template.encode())
    return re.sub(rb"%.", lambda found: b"%" if found[0] == b"%%" else MARKS[found[0].decode()].encode(), frame)


def read(template: str) -> pb.GenericCommand:
    return decode(filled(template), DIALECTS[leancloud.SUBPROTOCOL])


def test_what_is_put_into_a_frame_is_as_long_as_what_stood_there() -> None:
    said = read(leancloud.direct(leancloud.CONVERSATION)).directMessage
    assert (said.cid, said.msg) == (MARKS["%v"], f'{{"_lctext":"{MARKS["%m"]}","_lctype":-1}}')
    assert said.dt == MARKS["%u"] + MARKS["%D"] + MARKS["%n"]
    login = read(leancloud.login(*leancloud.USER))
    assert (login.cmd, login.op, login.peerId, login.appId) == (pb.session, pb.open, "u000017", leancloud.APP)


def test_an_acknowledgement_is_told_from_a_refusal() -> None:
    wanted, at = filled(leancloud.ACKNOWLEDGED), 1_764_000_000_000
    for acked, is_counted in (
        (pb.AckCommand(uid="m" * 22, t=at), True),
        (pb.AckCommand(code=4401, reason="no"), False),
    ):
        answer = reply(pb.GenericCommand(cmd=pb.ack, i=7), None, "u000017", at)  # type: ignore[arg-type]  # plain values
        answer.ackMessage.CopyFrom(acked)
        assert (wanted in payload_of(answer)) is is_counted


def test_each_figure_stands_beside_that_of_the_native_door() -> None:
    readings: Mapping[str, float] = {"replies_per_s": 100.0, "server_us_per_reply": 50.0, "latency_p50_us": 10.0}
    readings = {**readings, "server_us_per_delivery": 1.0}
    series: dict[str, Series] = {}
    for times, door in ((1.0, leancloud.NATIVE), (2.0, leancloud.LEANCLOUD)):
        names = [f"{door}/{room.name}/{window}" for room in leancloud.ROOMS for window in leancloud.IN_FLIGHT]
        for name in (*names, *(f"{door}/deliveries/{window}" for window in leancloud.WINDOWS)):
            series[name] = Series(name)
            series[name].add({key: value * times for key, value in readings.items()})
    figures = leancloud.figures_of(series, senders=64)
    assert len(figures) == 2 * (3 * len(leancloud.ROOMS) * len(leancloud.IN_FLIGHT) + len(leancloud.WINDOWS))
    assert [each.ratio for each in figures if each.compared_with] == [pytest.approx(2.0)] * (len(figures) // 2)
