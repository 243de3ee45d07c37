"""What a client hears after its login: what it missed, as its subprotocol has it, and which messages changed."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from unisono.domain import commands as c
from unisono.domain.answers import Facts, HistoryEntry, Missed, Moved, Unread, UnreadConversation
from unisono.domain.errors import RemoteFault
from unisono.domain.facts import MessageRecalled, MessageRevised
from unisono.domain.ids import Checkpoint, ConversationId, Instant, Seq, StreamKey, conversation_of
from unisono.gateways.leancloud.link import Push
from unisono.gateways.leancloud.peer import Peer
from unisono.gateways.leancloud.telling import NOBODY, made, put_body
from unisono.wire.leancloud.envelope import push
from unisono.wire.leancloud.objects import number_of
from unisono.wire.leancloud.places import id_of
from unisono.wire.leancloud.realtime_pb2 import (
    PatchItem,
    SessionCommand,
    UnreadTuple,
    direct,
    modify,
    patch,
    unread,
)
from unisono.wire.leancloud.subprotocols import CatchUp

COUNTED_AT_ONCE: Final = 50
COUNTED_MAX: Final = 500
"""Conversations whose counts are told; of the rest the client hears when something is said there."""
MISSED_CONVERSATIONS: Final = 50
MISSED_OF_EACH: Final = 20
"""The newest messages of each; the rest stays in history."""

TAKES_PATCHES: Final = 1
"""The bit of `configBitmap` that says so."""
CHANGED_CONVERSATIONS: Final = 50
"""Conversations that moved since the last login in which changed messages are looked for."""
CHANGED_FACTS: Final = 200
"""The last facts of each among which they are."""
PATCHES_AT_ONCE: Final = 50


async def catch_up(peer: Peer, said: SessionCommand, how: CatchUp, since: Checkpoint | None) -> None:
    """Tell a client what it missed. `since` is what its last login had reached, for one that comes back.

    Raises:
        UnisonoError: It could not be found out; the client may ask for all of it.
    """
    if how == "counts":
        await _tell_counts(peer)
    else:
        await _tell_messages(peer)
    if since is not None and said.configBitmap & TAKES_PATCHES and said.lastPatchTime > 0:
        await _tell_patches(peer, since, Instant(said.lastPatchTime))


async def _tell_counts(peer: Peer) -> None:
    after: ConversationId | None = None
    for _ in range(COUNTED_MAX // COUNTED_AT_ONCE):
        page = await peer.ask(c.GetUnread(after=after, limit=COUNTED_AT_ONCE))
        if not isinstance(page, Unread):
            return
        counted = [await _counted(peer, waiting) for waiting in page.conversations]
        told = [each for each in counted if each is not None]
        if told:
            command = push(unread, None, NOBODY, peer.now())
            command.unreadMessage.convs.extend(told)
            command.unreadMessage.notifTime = peer.now()
            peer.link.send([made(command)])
        if (after := page.next) is None:
            return


async def _counted(peer: Peer, waiting: UnreadConversation) -> UnreadTuple | None:
    """Say what waits in a conversation; None where nothing does but what is told behind this, and counted then."""
    conversation, last = waiting.conversation, waiting.last
    count = waiting.unread - peer.link.count_waiting(conversation, waiting.head)
    if count <= 0:
        return None
    telling = peer.station.telling
    kind = await telling.kind_of(conversation)
    told = UnreadTuple(cid=await telling.cid_of(conversation), unread=count)
    if kind is not None:
        told.convType = number_of(kind)
    if waiting.mentions:
        told.mentioned = True
    if last is not None:
        message = last.message
        told.mid = id_of(conversation, last.seq, last.at, message.key)
        told.timestamp, told.sender = last.at, message.sender
        if message.revised_at is not None:
            told.patchTimestamp = message.revised_at
        put_body(told, message)
    return told


async def _tell_messages(peer: Peer) -> None:
    page = await peer.ask(c.GetMissed(limit=MISSED_CONVERSATIONS, each=MISSED_OF_EACH))
    missed = page.conversations if isinstance(page, Missed) else ()
    entries = [(each.conversation, entry) for each in missed for entry in each.messages]
    for conversation, entry in sorted(entries, key=lambda each: each[1].at):
        # What waits for the link comes by itself.
        if not peer.link.has_waiting(conversation, entry.seq) and entry.message.sender != peer.user:
            peer.link.send([await _offline(peer, conversation, entry)])


async def _offline(peer: Peer, conversation: ConversationId, entry: HistoryEntry) -> Push:
    command = push(direct, None, NOBODY, peer.now())
    command.directMessage.CopyFrom(await peer.station.telling.message(conversation, entry))
    command.directMessage.offline = True
    return made(command)


async def _tell_patches(peer: Peer, since: Checkpoint, after: Instant) -> None:
    moved = await peer.ask(c.Sync(checkpoint=since, limit=CHANGED_CONVERSATIONS))
    items: list[PatchItem] = []
    for head in moved.heads if isinstance(moved, Moved) else ():
        if (conversation := conversation_of(head.stream)) is not None:
            # One that was left, or whose beginning is gone, by now.
            with suppress(RemoteFault):
                changed = await _changed(peer, head.stream, head.seq, after)
                items += await _items(peer, conversation, changed)
    for start in range(0, len(items), PATCHES_AT_ONCE):
        command = push(patch, modify, NOBODY, peer.now())
        command.patchMessage.patches.extend(items[start : start + PATCHES_AT_ONCE])
        peer.link.send([made(command)])


async def _changed(peer: Peer, stream: StreamKey, head: Seq, after: Instant) -> Sequence[Seq]:
    first = Seq(max(0, head - CHANGED_FACTS))
    found = await peer.ask(c.ReadStream(stream, after=first, limit=CHANGED_FACTS))
    facts = found.facts if isinstance(found, Facts) else ()
    changes = (each.fact for each in facts if each.at > after)
    return sorted({fact.message for fact in changes if isinstance(fact, MessageRevised | MessageRecalled)})


async def _items(peer: Peer, conversation: ConversationId, seqs: Iterable[Seq]) -> list[PatchItem]:
    telling = peer.station.telling
    entries = [await telling.entry(conversation, seq) for seq in seqs]
    return [await telling.patch_item(conversation, entry) for entry in entries if entry is not None]
