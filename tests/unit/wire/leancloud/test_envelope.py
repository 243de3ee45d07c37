"""What every frame to a client has around what it says."""

from unisono.domain.ids import Instant, UserId
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.codes import ERRORS
from unisono.wire.leancloud.envelope import push, refusal, reply

ANN, NOW = UserId("ann"), Instant(1_763_726_400_123)


def test_a_reply_repeats_command_and_serial() -> None:
    request = pb.GenericCommand(cmd=pb.conv, op=pb.start, i=2, peerId="other", appId="app")
    expected = pb.GenericCommand(cmd=pb.conv, op=pb.started, i=2, peerId="ann", service=2, serverTs=NOW)
    assert reply(request, pb.started, ANN, NOW) == expected
    assert not reply(request, None, ANN, NOW).HasField("op")


def test_a_push_has_no_serial() -> None:
    told = push(pb.conv, pb.members_joined, ANN, NOW)
    assert told == pb.GenericCommand(cmd=pb.conv, op=pb.members_joined, peerId="ann", service=2, serverTs=NOW)
    assert not told.HasField("i")
    assert not told.HasField("notificationType")


def test_a_push_that_is_kept_says_so() -> None:
    assert push(pb.conv, pb.joined, ANN, NOW, is_kept=True).notificationType == 1


def test_a_refusal_names_its_error_exactly() -> None:
    error = refusal(3, ERRORS[4303], NOW, ANN, detail="not_found")
    assert (error.cmd, error.i, error.peerId, error.service, error.serverTs) == (pb.error, 3, "ann", 2, NOW)
    expected = pb.ErrorCommand(code=4303, reason="CONVERSATION_NOT_FOUND", detail="not_found")
    assert error.errorMessage == expected


def test_a_refusal_before_a_login_names_nobody() -> None:
    error = refusal(1, ERRORS[4102], NOW)
    assert not error.HasField("peerId")
    assert not error.errorMessage.HasField("detail")
