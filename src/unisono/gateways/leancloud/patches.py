"""What becomes of a message after it was sent: `patch/modify`, an edit or a recall."""

from typing import Final

from unisono.domain import commands as c
from unisono.domain.answers import Placed
from unisono.domain.ids import Instant, UserId
from unisono.gateways.leancloud.asking import Asker, Refused
from unisono.gateways.leancloud.bidding import ask, called, named
from unisono.gateways.leancloud.seeking import find_seq
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.bodies import content_of
from unisono.wire.leancloud.codes import ERRORS
from unisono.wire.leancloud.envelope import reply
from unisono.wire.leancloud.realtime_pb2 import GenericCommand

NO_MESSAGE: Final = 4404
FAULTS: Final = {
    "not_found": NO_MESSAGE,
    "forbidden: another's message": 4403,
    "forbidden: the message was recalled": NO_MESSAGE,
    "forbidden: silenced": 4563,
}
EDIT_FAULTS: Final = {**FAULTS, "forbidden": 4406}
RECALL_FAULTS: Final = {**FAULTS, "forbidden": 4407}
"""All other reasons are that it is too late, or that the conversation is of a kind where nothing is changed."""


async def modify(asker: Asker, command: GenericCommand) -> GenericCommand:
    """Edit or recall messages, one after the other; a refusal leaves those before it done."""
    at = asker.now()
    for item in command.patchMessage.patches:
        with called(RECALL_FAULTS if item.recall else EDIT_FAULTS):
            at = await _patch(asker, item)
    answer = reply(command, pb.modified, asker.user, asker.now())
    answer.patchMessage.lastPatchTime = at
    return answer


async def _patch(asker: Asker, item: pb.PatchItem) -> Instant:
    conversation = named(item.cid)
    seq = await find_seq(asker, conversation, item.mid, item.timestamp)
    if seq is None:
        raise Refused(ERRORS[NO_MESSAGE])
    if item.recall:
        return (await ask(asker, c.RecallMessage(conversation, seq), Placed)).at
    change = c.EditMessage(
        conversation,
        seq,
        content_of(item.binaryMsg or item.data),
        tuple(UserId(user) for user in item.mentionPids),
        mention_all=item.mentionAll,
    )
    return (await ask(asker, change, Placed)).at
