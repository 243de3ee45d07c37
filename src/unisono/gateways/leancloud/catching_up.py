"""What a client hears after its login: what it missed, as its subprotocol has it, and which messages changed."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

from msgspec import structs

from unisono.domain import commands as c
from unisono.domain.answers import (
    Facts,
    HistoryEntry,
    Missed,
    MissedConversation,
    Moved,
    SeqFact,
    StartOver,
    StreamHead,
    Unread,
    UnreadConversation,
)
from unisono.domain.facts import MessageRecalled, MessageRevised, ReadMarkMoved
from unisono.domain.ids import NO_SEQ, ConversationId, Instant, Seq, StreamKey, conversation_of, user_stream
from unisono.gateways.leancloud.peer import Peer
from unisono.gateways.leancloud.saying import NOBODY, made, put_body
from unisono.gateways.leancloud.tokens import SKEW_MS, Reached
from unisono.wire.leancloud.envelope import push
from unisono.wire.leancloud.objects import number_of
from unisono.wire.leancloud.places import id_of, is_hidden
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
"""Conversations that are looked at; of the rest the client hears when something is said there."""
LAST_BYTES: Final = 4_096
"""A last message that is larger is left out of the count of its conversation: its text waits in history."""
MISSED_CONVERSATIONS: Final = 50
MISSED_OF_EACH: Final = 20
"""The newest messages of each; the rest stays in history."""
FRAME_BYTES: Final = 128 * 1024
"""What a frame has at most, but for one large item: the client has to read it before the next is made."""

MOVED_AT_ONCE: Final = 100
"""Conversations that moved since the last login, in each of which changed messages are looked for."""
CHANGES_AT_ONCE: Final = 500
READ_FACTS: Final = 20_000
"""The last facts of a user among which conversations that were read elsewhere are looked for: whatever time a client
names, it is read no further."""
WINDOW_FACTS: Final = 500
"""Facts read at a time, from the head back to where the client was here."""
PATCHES_AT_ONCE: Final = 50
LOOKED_AT_MAX: Final = 20_000
"""Conversations that moved, and changes in them, that are looked at for one login: a client may name any place."""

Item = TypeVar("Item", UnreadTuple, PatchItem)


async def catch_up(peer: Peer, said: SessionCommand, how: CatchUp) -> None:
    """Tell a client what it missed, and then that this was all: until it heard that, it is told again at each login.

    Raises:
        UnisonoError: It could not be found out; the client may ask for all of it.
    """
    token, heard_last = peer.token, Instant(said.lastUnreadNotifTime)
    since = token.told if said.st else None
    # Clients say the instant of the last frame that they heard: none before the last of these is to be later.
    at = heard_last if 0 < heard_last < token.login.at else token.login.at
    try:
        if how == "messages":
            await _tell_messages(peer)
        else:
            told = await _tell_counts(peer, at)
            if since is not None and heard_last > 0:
                await _tell_read(peer, at, told)
    finally:
        peer.link.forget_foretold_later()
    if since is not None and peer.link.takes_patches and said.lastPatchTime > 0:
        await _tell_patches(peer, since)
    if since is not None:
        await _send(peer, _counts((), Instant(token.login.at + 1), peer.now()))
    peer.token = structs.replace(token, told=token.login)


async def _tell_counts(peer: Peer, at: Instant) -> frozenset[ConversationId]:
    """Tell how much waits, and give of which conversations."""
    after: ConversationId | None = None
    told: set[ConversationId] = set()
    for _ in range(COUNTED_MAX // COUNTED_AT_ONCE):
        page = await peer.look_up(c.GetUnread(after=after, limit=COUNTED_AT_ONCE))
        if not isinstance(page, Unread):
            break
        counted = [(each.conversation, await _counted(peer, each)) for each in page.conversations]
        told |= {conversation for conversation, each in counted if each is not None}
        await _send_counts(peer, [each for _, each in counted if each is not None], at)
        if (after := page.next) is None:
            break
    return frozenset(told)


async def _send_counts(peer: Peer, counts: Sequence[UnreadTuple], at: Instant) -> None:
    for part in _parts(counts, COUNTED_AT_ONCE):
        await _send(peer, _counts(part, at, peer.now()))


def _counts(counts: Sequence[UnreadTuple], at: Instant, now: Instant) -> GenericCommand:
    command = push(unread, None, NOBODY, now)
    command.unreadMessage.convs.extend(counts)
    command.unreadMessage.notifTime = at
    return command


async def _tell_read(peer: Peer, since: Instant, told: frozenset[ConversationId]) -> None:
    """Tell what is left in conversations that were read elsewhere since, unless that was told."""
    own = user_stream(peer.user)
    begun = await peer.look_up(c.ReadStream(own, after=NO_SEQ, limit=1))
    if not isinstance(begun, Facts):
        return
    facts = await _facts_since(peer, own, begun.head, since, READ_FACTS)
    read = dict.fromkeys(each.fact.conversation for each in facts if isinstance(each.fact, ReadMarkMoved))
    moved = [each for each in read if each not in told and not is_hidden(each)]
    await _send_counts(peer, [await _left(peer, each) for each in moved], since)


async def _left(peer: Peer, conversation: ConversationId) -> UnreadTuple:
    page = await peer.look_up(c.GetUnread(conversation=conversation))
    waiting = page.conversations if isinstance(page, Unread) else ()
    counted = [await _counted(peer, each) for each in waiting]
    none = UnreadTuple(cid=await peer.station.telling.cid_of(conversation), unread=0)
    return next((each for each in counted if each is not None), none)


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
    if is_hidden(conversation):
        return None
    count = waiting.unread - peer.link.count_waiting(conversation, waiting.head)
    if count <= 0:
        return None
    # What is counted here and comes behind this is not to be counted by the client again.
    peer.link.note_foretold(conversation, NO_SEQ, waiting.head)
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
    left, looked_at = MISSED_CONVERSATIONS, 0
    while left > 0 and looked_at < COUNTED_MAX:
        page = await peer.look_up(c.GetMissed(after=after, limit=left, each=MISSED_OF_EACH))
        if not isinstance(page, Missed):
            return
        looked_at += len(page.conversations)
        entries: list[tuple[ConversationId, HistoryEntry]] = []
        for missed in page.conversations:
            new = await _new(peer, missed)
            left -= bool(new)
            entries += [(missed.conversation, entry) for entry in new]
        for conversation, entry in sorted(entries, key=lambda each: each[1].at):
            await _send(peer, await _offline(peer, conversation, entry))
        if (after := page.next) is None:
            return


async def _new(peer: Peer, missed: MissedConversation) -> Sequence[HistoryEntry]:
    """Give what no client of the user's acknowledged, without what waits for the link: that comes by itself."""
    conversation = missed.conversation
    if is_hidden(conversation):
        return ()
    places = await peer.station.node.parts.directory.places(conversation, [peer.user])
    has = max((place.delivered for place in places), default=NO_SEQ)
    new = [
        entry
        for entry in missed.messages
        if entry.seq > has and entry.message.sender != peer.user and not peer.link.has_waiting(conversation, entry.seq)
    ]
    if new:
        peer.link.note_foretold(conversation, Seq(new[0].seq - 1), new[-1].seq)
    return new


async def _offline(peer: Peer, conversation: ConversationId, entry: HistoryEntry) -> GenericCommand:
    command = push(direct, None, NOBODY, peer.now())
    command.directMessage.CopyFrom(await peer.station.telling.message(conversation, entry))
    command.directMessage.offline = True
    return command


async def _tell_patches(peer: Peer, since: Reached) -> None:
    after, left = Instant(max(0, since.at - SKEW_MS)), LOOKED_AT_MAX
    last: StreamKey | None = None
    while True:
        moved = await peer.look_up(c.Sync(checkpoint=since.checkpoint, after=last, limit=MOVED_AT_ONCE))
        if not isinstance(moved, Moved):
            return
        for head in moved.heads:
            left -= 1 + await _tell_changed(peer, head, after, left)
            if left <= 0:
                return
        if (last := moved.next) is None:
            return


async def _tell_changed(peer: Peer, head: StreamHead, after: Instant, limit: int) -> int:
    """Tell which messages of a conversation changed later than an instant, as far as the client may see them.

    Look at `limit` changes, or a page more, and give at how many it was.
    """
    conversation = conversation_of(head.stream)
    if conversation is None or is_hidden(conversation):
        return 0
    changes = await _changes(peer, conversation, head.seq, after, limit)
    seqs = sorted({each.fact.message for each in changes if isinstance(each.fact, MessageRevised | MessageRecalled)})
    for some in (seqs[first : first + PATCHES_AT_ONCE] for first in range(0, len(seqs), PATCHES_AT_ONCE)):
        for part in _parts(await _items(peer, conversation, some, head.seq), PATCHES_AT_ONCE):
            command = push(patch, modify, NOBODY, peer.now())
            command.patchMessage.patches.extend(part)
            await _send(peer, command)
    return len(changes)


async def _changes(
    peer: Peer, conversation: ConversationId, head: Seq, since: Instant, limit: int
) -> Sequence[SeqFact]:
    """Give the changes of messages up to the head."""
    found: list[SeqFact] = []
    after = NO_SEQ
    while True:
        # Who left is looked for nothing.
        await peer.link.wait_for_room()
        page = await peer.station.node.parts.log.changes(conversation, since, after, CHANGES_AT_ONCE)
        found += [each for each in page if each.seq <= head]
        if len(page) < CHANGES_AT_ONCE or page[-1].seq > head or len(found) >= limit:
            return found
        # Those of one millisecond may be on two pages.
        after, since = page[-1].seq, Instant(page[-1].at - 1)


async def _facts_since(peer: Peer, stream: StreamKey, head: Seq, since: Instant, limit: int) -> Sequence[SeqFact]:
    """Give the facts after an instant among the last ones of a stream, from its head back."""
    found: list[SeqFact] = []
    first, until = max(NO_SEQ, head - limit), head
    while until > first:
        after = Seq(max(first, until - WINDOW_FACTS))
        window = await _window(peer, stream, after, until)
        found[:0] = [each for each in window if each.at > since]
        if not window or window[0].at <= since:
            break
        until = after
    return found


async def _window(peer: Peer, stream: StreamKey, after: Seq, until: Seq) -> Sequence[SeqFact]:
    """Read the facts between two places, page by page: of large ones one of ours has room for few."""
    found: list[SeqFact] = []
    while after < until:
        page = await peer.look_up(c.ReadStream(stream, after=after, limit=until - after))
        if isinstance(page, StartOver):
            # Those before are gone.
            after = Seq(max(after + 1, page.first - 1))
            continue
        if not isinstance(page, Facts) or not page.facts:
            break
        found += page.facts
        after = page.facts[-1].seq
    return found


async def _items(peer: Peer, conversation: ConversationId, seqs: Iterable[Seq], head: Seq) -> list[PatchItem]:
    """Give messages as they are now, but for those that changed again behind the head: the link brings that."""
    telling = peer.station.telling
    entries = [await telling.entry(conversation, seq, peer.user) for seq in seqs]
    known = (entry for entry in entries if entry is not None and (entry.message.revision or NO_SEQ) <= head)
    return [await telling.patch_item(conversation, entry) for entry in known]
