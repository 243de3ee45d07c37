"""Messages as clients name them: by conversation, id and time."""

from unisono.domain import commands as c
from unisono.domain.answers import History
from unisono.domain.commands.base import PAGE_MAX
from unisono.domain.ids import ConversationId, Instant, Seq
from unisono.gateways.leancloud.asking import Asker
from unisono.gateways.leancloud.bidding import ask
from unisono.wire.leancloud.places import id_of, instant_of, seq_in, seq_of


async def find_seq(asker: Asker, conversation: ConversationId, mid: str, timestamp: int) -> Seq | None:
    """Give the place of a message; None where the id does not go with the conversation and the time.

    The id says it, unless LeanCloud gave it: then it is among those of that millisecond.

    Raises:
        NotFound: The conversation is none that the client may read.
    """
    at = instant_of(timestamp)
    if at is None or not mid:
        return None
    seq = seq_of(mid, conversation, at)
    if seq is not None:
        return seq
    asked = c.GetHistory(
        conversation, after_at=Instant(at - 1), before_at=Instant(at + 1), limit=PAGE_MAX, direction="newer"
    )
    found = await ask(asker, asked, History)
    named = (one.seq for one in found.messages if id_of(conversation, one.seq, one.at, one.message.key) == mid)
    return next(named, None)


async def find_named(asker: Asker, conversation: ConversationId, mid: str) -> Seq | None:
    """Give the place of a message by its id alone; None where it is not that of a message of the conversation.

    Raises:
        NotFound: The conversation is none that the client may read.
    """
    seq = seq_in(mid)
    if seq is None:
        return None
    asked = c.GetHistory(conversation, after=Seq(seq - 1), before=Seq(seq + 1), limit=1)
    found = await ask(asker, asked, History)
    named = (one.seq for one in found.messages if id_of(conversation, one.seq, one.at, one.message.key) == mid)
    return next(named, None)
