"""All commands of clients about conversations and what was said in them, by what they say in their envelope."""

from collections.abc import Mapping
from typing import Final

from unisono.gateways.leancloud import conversations, finding, history, members, patches, presence, restricting
from unisono.gateways.leancloud.asking import Handler
from unisono.wire.leancloud import realtime_pb2 as pb

CONVERSING: Final[Mapping[tuple[pb.CommandType, pb.OpType | None], Handler]] = {
    (pb.conv, pb.start): conversations.start,
    (pb.conv, pb.update): conversations.update,
    (pb.conv, pb.mute): conversations.mute,
    (pb.conv, pb.unmute): conversations.unmute,
    (pb.conv, pb.add): members.add,
    (pb.conv, pb.remove): members.remove,
    (pb.conv, pb.is_member): members.is_member,
    (pb.conv, pb.members): members.members,
    (pb.conv, pb.count): members.count,
    (pb.conv, pb.member_info_update): members.member_info_update,
    (pb.conv, pb.query): finding.query,
    (pb.conv, pb.max_read): history.max_read,
    (pb.conv, pb.add_shutup): restricting.add_shutup,
    (pb.conv, pb.remove_shutup): restricting.remove_shutup,
    (pb.conv, pb.query_shutup): restricting.query_shutup,
    (pb.conv, pb.check_shutup): restricting.check_shutup,
    (pb.blacklist, pb.block): restricting.block,
    (pb.blacklist, pb.unblock): restricting.unblock,
    (pb.blacklist, pb.query): restricting.query_blocked,
    (pb.blacklist, pb.check_block): restricting.check_block,
    (pb.logs, None): history.logs,
    (pb.patch, pb.modify): patches.modify,
    (pb.session, pb.query): presence.online,
    (pb.report, pb.upload): presence.upload,
}
