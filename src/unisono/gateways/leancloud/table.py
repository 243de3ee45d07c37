"""Which command is carried out by what."""

from collections.abc import Mapping
from typing import Final

from unisono.gateways.leancloud import messages
from unisono.gateways.leancloud.asking import Handler
from unisono.gateways.leancloud.conversing import CONVERSING
from unisono.wire.leancloud import realtime_pb2 as pb

Operation = tuple[pb.CommandType, pb.OpType | None]

HANDLERS: Final[Mapping[Operation, Handler]] = {
    **CONVERSING,
    (pb.direct, None): messages.leave_will,
    (pb.ack, None): messages.ack,
    (pb.read, None): messages.read,
    **CONVERSING,
}


def operation_of(command: pb.GenericCommand) -> Operation:
    """Say what a command asks for."""
    return command.cmd, command.op if command.HasField("op") else None
