"""What a client hears after its login: what it missed, as its subprotocol has it, and which messages changed."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final, TypeVar

from unisono.domain import commands as c
from unisono.domain.answers import Facts, HistoryEntry, Missed, Moved, Unread, UnreadConversation
from unisono.domain.errors import RemoteFault
from unisono.domain.facts import MessageRecalled, MessageRevised
from unisono.domain.ids import Checkpoint, ConversationId, Instant, Seq, StreamKey, conversation_of
from unisono.gateways.leancloud.peer import Peer
from unisono.gateways.leancloud.telling import NOBODY, made, put_body
from unisono.wire.leancloud.envelope import push
from unisono.wire.leancloud.objects import number_of
from unisono.wire.leancloud.places import id_of
from unisono.wire.leancloud.realtime_pb2 import (
    GenericCommand,
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
LAST_BYTES: Final = 4_096
"""A last message that is larger is left out of the count of its conversation: its text waits in history."""
MISSED_CONVERSATIONS: Final = 50
MISSED_OF_EACH: Final = 20
"""The newest messages of each; the rest stays in history."""
FRAME_BYTES: Final = 128 * 1024
"""What a frame has at most, but for one large item: the client has to read it before the next is made."""

TAKES_PATCHES: Final = 1
"""The bit of `configBitmap` that says so."""
CHANGED_CONVERSATIONS: Final = 50
"""Conversations that moved since the last login in which changed messages are looked for."""
CHANGED_FACTS: Final = 200
"""The last facts of each among which they are."""
PATCHES_AT_ONCE: Final = 50

Item = TypeVar("Item", UnreadTuple, PatchItem)


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
        page = await peer.look_up(c.GetUnread(after=after, limit=COUNTED_AT_ONCE))
        if not isinstance(page, Unread):
            return
        counted = [await _counted(peer, waiting) for waiting in page.conversations]
        for part in _parts([each for each in counted if each is not None], COUNTED_AT_ONCE):
            command = push(unread, None, NOBODY, peer.now())
            command.unreadMessage.convs.extend(part)
            command.unreadMessage.notifTime = peer.now()
            await _send(peer, command)
        if (after := page.next) is None:
            return


def _parts(items: Iterable[Item], limit: int) -> Iterator[Sequence[Item]]:
    """Split what is told into what one frame has room for: `limit` at most, fewer of large ones, one at least."""
    part: list[Item] = []
    size = 0
    for item in items:
        size += item.ByteSize()
        if part and (size > FRAME_BYTES or len(part) == limit):
            yield part
            part, size = [], item.ByteSize()
        part.append(item)
    if part:
        yield part


async def _send(peer: Peer, command: GenericCommand) -> None:
    """Queue a frame once the client has read most of those before it."""
    await peer.link.wait_for_room()
    peer.link.send([made(command)])


async def _counted(peer: Peer, waiting: UnreadConversation) -> UnreadTuple | None:
    """Say what waits in a conversation; None where nothing does but what is told behind this, and counted then."""
    conversation = waiting.conversation
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
    if waiting.last is not None:
        _put_last(told, conversation, waiting.last)
    return told


def _put_last(told: UnreadTuple, conversation: ConversationId, last: HistoryEntry) -> None:
    """Put in the newest message; of a large one only when it was said, because clients take text and id together."""
    message = last.message
    told.timestamp = last.at
    put_body(told, message)
    if told.ByteSize() > LAST_BYTES:
        told.ClearField("data")
        told.ClearField("binaryMsg")
        return
    told.mid, told.sender = id_of(conversation, last.seq, last.at, message.key), message.sender
    if message.revised_at is not None:
        told.patchTimestamp = message.revised_at


async def _tell_messages(peer: Peer) -> None:
    after: ConversationId | None = None
    left = MISSED_CONVERSATIONS
    while left > 0:
        page = await peer.look_up(c.GetMissed(after=after, limit=left, each=MISSED_OF_EACH))
        if not isinstance(page, Missed):
            return
        left -= len(page.conversations)
        entries = [(each.conversation, entry) for each in page.conversations for entry in each.messages]
        for conversation, entry in sorted(entries, key=lambda each: each[1].at):
            # What waits for the link comes by itself.
            if not peer.link.has_waiting(conversation, entry.seq) and entry.message.sender != peer.user:
                await _send(peer, await _offline(peer, conversation, entry))
        if (after := page.next) is None:
            return


async def _offline(peer: Peer, conversation: ConversationId, entry: HistoryEntry) -> GenericCommand:
    command = push(direct, None, NOBODY, peer.now())
    command.directMessage.CopyFrom(await peer.station.telling.message(conversation, entry))
    command.directMessage.offline = True
    return command


async def _tell_patches(peer: Peer, since: Checkpoint, after: Instant) -> None:
    moved = await peer.look_up(c.Sync(checkpoint=since, limit=CHANGED_CONVERSATIONS))
    items: list[PatchItem] = []
    for head in moved.heads if isinstance(moved, Moved) else ():
        if (conversation := conversation_of(head.stream)) is not None:
            # One that was left, or whose beginning is gone, by now.
            with suppress(RemoteFault):
                changed = await _changed(peer, head.stream, head.seq, after)
                items += await _items(peer, conversation, changed)
    for part in _parts(items, PATCHES_AT_ONCE):
        command = push(patch, modify, NOBODY, peer.now())
        command.patchMessage.patches.extend(part)
        await _send(peer, command)


async def _changed(peer: Peer, stream: StreamKey, head: Seq, after: Instant) -> Sequence[Seq]:
    first = Seq(max(0, head - CHANGED_FACTS))
    found = await peer.look_up(c.ReadStream(stream, after=first, limit=CHANGED_FACTS))
    facts = found.facts if isinstance(found, Facts) else ()
    changes = (each.fact for each in facts if each.at > after)
    return sorted({fact.message for fact in changes if isinstance(fact, MessageRevised | MessageRecalled)})


async def _items(peer: Peer, conversation: ConversationId, seqs: Iterable[Seq]) -> list[PatchItem]:
    telling = peer.station.telling
    entries = [await telling.entry(conversation, seq) for seq in seqs]
    return [await telling.patch_item(conversation, entry) for entry in entries if entry is not None]
