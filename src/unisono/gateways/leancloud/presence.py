"""Who is there, and what clients report of themselves: `session/query`, `report/upload`."""

from typing import Final

from unisono.domain import commands as c
from unisono.domain.answers import Presences
from unisono.domain.ids import UserId
from unisono.gateways.leancloud.asking import Asker
from unisono.gateways.leancloud.bidding import ask
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.envelope import reply
from unisono.wire.leancloud.realtime_pb2 import GenericCommand

ASKED_MAX: Final = 20
"""Users in a question; those behind are passed over, as LeanCloud did."""


async def online(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Say who of some users is online, as far as the client may know."""
    asked = tuple(UserId(user) for user in command.sessionMessage.sessionPeerIds[:ASKED_MAX])
    answer = reply(command, pb.query_result, asker.user, asker.now())
    answer.sessionMessage.SetInParent()
    if asked:
        found = await ask(asker, c.AskPresence(asked), Presences)
        answer.sessionMessage.onlineSessionPeerIds.extend(
            each.user for each in found.presences if each.state == "online"
        )
    return answer


async def upload(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Take note of a report of the client's, of which nothing is kept."""
    return reply(command, pb.uploaded, asker.user, asker.now())
