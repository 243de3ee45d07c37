"""What LeanCloud's clients hear of facts and events.

A fact becomes the same frames for all who see it, but for whom each is, so they are made once on a node and kept as
long as its links may still ask. What a fact does not say itself (of which kind its conversation is, when the message
was said that it changes) is looked up.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Final

from msgspec import structs

from unisono.domain.answers import HistoryEntry
from unisono.domain.attributes import PREFIX
from unisono.domain.commands import GetHistory
from unisono.domain.events import Event, PutOut, TransientMessage
from unisono.domain.facts import (
    ConversationChanged,
    ConversationCreated,
    ConversationEnded,
    ConversationKind,
    DeliveredTo,
    Fact,
    MemberChanged,
    MembersJoined,
    MembersLeft,
    MembersRestricted,
    MessagePlaced,
    MessageRecalled,
    MessageRevised,
    PlacedFact,
    ReadBy,
    ReadMarkMoved,
    Role,
)
from unisono.domain.ids import ConversationId, Instant, Json, Seq, UserId, conversation_of, user_of
from unisono.domain.kinds import KINDS
from unisono.domain.revisions import EMPTY
from unisono.gateways.leancloud.making import Making
from unisono.gateways.leancloud.parcels import Push
from unisono.gateways.leancloud.saying import NOBODY, Said, direct_of, made, push_of, put_body, said_in
from unisono.ports.clock import Clock
from unisono.ports.directory import Directory
from unisono.wire.leancloud.envelope import push
from unisono.wire.leancloud.objects import written
from unisono.wire.leancloud.places import cid_of, id_of, is_hidden, iso_of
from unisono.wire.leancloud.realtime_pb2 import (
    DirectCommand,
    GenericCommand,
    OpType,
    PatchItem,
    UnreadTuple,
    blocked,
    conv,
    joined,
    left,
    member_info_changed,
    members_blocked,
    members_joined,
    members_left,
    members_shutuped,
    members_unblocked,
    members_unshutuped,
    modify,
    patch,
    rcp,
    shutuped,
    unblocked,
    unread,
    unshutuped,
    updated,
)

KINDS_LIMIT: Final = 100_000
"""Conversations whose kind is remembered: it never changes."""
RECEIPTS_AT_ONCE: Final = 100
"""The newest messages that one mark tells of: of those before them, the client asks."""

ROLE_NAMES: Final[Mapping[Role, str]] = {"owner": "Owner", "manager": "Manager", "member": "Member"}

_RESTRICTED: Final = {
    ("blocked", True): (blocked, members_blocked),
    ("blocked", False): (unblocked, members_unblocked),
    ("silenced", True): (shutuped, members_shutuped),
    ("silenced", False): (unshutuped, members_unshutuped),
}


Pushes = AsyncIterator[Push]


class Telling:
    """Says what the clients of one app hear."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._kinds: OrderedDict[ConversationId, ConversationKind] = OrderedDict()
        self._kept = Making()

    def at_once(self, what: PlacedFact | Event) -> Sequence[Push] | None:
        """Give the frames of a message, or of what was told before; None where that takes look-ups."""
        if isinstance(what, PutOut):
            return None
        key = _key(what)
        if key is None:
            return ()
        if (kept := self._kept.find(key)) is not None:
            return kept
        said = said_in(what)
        if said is None or said.is_change or (kind := self._kinds.get(said.conversation)) is None:
            return None
        try:
            pushes = (push_of(said, kind),)
        except Exception:  # noqa: BLE001  (who waits for the frames instead hears of the defect, and nobody else)
            return None
        self._kept.keep(key, pushes)
        return pushes

    async def of(self, what: PlacedFact | Event) -> Sequence[Push]:
        """Give the frames of a fact or an event, in their order.

        Raises:
            Unavailable: The store does not answer.
        """
        if isinstance(what, PutOut):
            # Each has its own time, which the event does not say.
            return (_About(await self.cid_of(what.conversation), self._clock.now()).to_all(left, NOBODY),)
        key = _key(what)
        if key is None:
            return ()
        return await self._kept.get(key, lambda: self._made(what))

    async def _made(self, what: PlacedFact | Event) -> Sequence[Push]:
        commands = self._of_fact(what) if isinstance(what, PlacedFact) else self._of_event(what)
        return tuple([each async for each in commands])

    async def kind_of(self, conversation: ConversationId) -> ConversationKind | None:
        """Say of which kind a conversation is; None where there is none.

        Raises:
            Unavailable: The store does not answer.
        """
        if (known := self._kinds.get(conversation)) is not None:
            return known
        found = await self._directory.find(conversation, None)
        return None if found is None else self._note_kind(conversation, found.conversation.of)

    def _note_kind(self, conversation: ConversationId, kind: ConversationKind) -> ConversationKind:
        self._kinds[conversation] = kind
        if len(self._kinds) > KINDS_LIMIT:
            self._kinds.popitem(last=False)
        return kind

    async def cid_of(self, conversation: ConversationId) -> str:
        """Give the id by which clients know a conversation.

        Raises:
            Unavailable: The store does not answer.
        """
        return cid_of(conversation, is_temporary=await self.kind_of(conversation) == "temporary")

    async def message(self, conversation: ConversationId, entry: HistoryEntry) -> DirectCommand:
        """Give a message as clients get it.

        Raises:
            Unavailable: The store does not answer.
        """
        said = Said(conversation, entry.at, entry.message, entry.seq)
        return direct_of(said, await self.kind_of(conversation))

    async def _of_event(self, event: Event) -> Pushes:
        said = said_in(event)
        if said is not None and said.is_change and said.seq is not None:
            async for each in self._of_change(said.conversation, said.seq, said.message.revised_at or said.at):
                yield each
        elif said is not None:
            yield push_of(said, await self.kind_of(said.conversation))

    async def _of_fact(self, placed: PlacedFact) -> Pushes:
        conversation = conversation_of(placed.stream)
        if conversation is None:
            async for each in self._of_user(placed):
                yield each
            return
        said = said_in(placed)
        if said is not None:
            yield push_of(said, await self.kind_of(conversation))
            return
        match placed.fact:
            case MessageRevised(message=seq) | MessageRecalled(message=seq):
                async for each in self._of_change(conversation, seq, placed.at):
                    yield each
            case _:
                async for each in self._of_members(conversation, placed):
                    yield each

    async def _of_change(self, conversation: ConversationId, seq: Seq, at: Instant) -> Pushes:
        entry = await self.entry(conversation, seq)
        if entry is None:
            return
        command = push(patch, modify, NOBODY, at)
        command.patchMessage.patches.append(await self.patch_item(conversation, entry))
        yield structs.replace(made(command), is_patch=True)

    async def patch_item(self, conversation: ConversationId, entry: HistoryEntry) -> PatchItem:
        """Give a message that changed, as it is now.

        Raises:
            Unavailable: The store does not answer.
        """
        message = entry.message
        item = PatchItem(
            cid=await self.cid_of(conversation),
            mid=id_of(conversation, entry.seq, entry.at, message.key),
            timestamp=entry.at,
            recall=message.is_recalled,
            patchTimestamp=message.revised_at,
            mentionAll=message.mention_all or None,
            mentionPids=message.mentions,
            sender=message.sender,
        )
        put_body(item, message)
        return item

    async def _of_members(self, conversation: ConversationId, placed: PlacedFact) -> Pushes:
        at, fact = placed.at, placed.fact
        if isinstance(fact, ConversationCreated):
            self._note_kind(conversation, fact.of)
        kind = await self.kind_of(conversation)
        if kind is None or not KINDS[kind].lists_members:
            return
        about = _About(await self.cid_of(conversation), at)
        match fact:
            case ConversationCreated(members=users, by=by) | MembersJoined(users=users, by=by):
                yield about.to(users, joined, by, is_kept=True)
                yield about.to_all(members_joined, by, users)
            case MembersLeft(users=users, by=by):
                yield about.to(users, left, by, is_kept=True)
                yield about.to_others(users, members_left, by, users)
            case ConversationEnded(by=by):
                yield about.to_all(left, by or NOBODY)
            case ConversationChanged(by=by):
                command = about.command(updated, by)
                command.convMessage.attr.data = attributes_text(fact)
                yield made(command, but=frozenset({by}))
            case MemberChanged(user=user, by=by, role=role) if role is not None:
                command = about.command(member_info_changed, by)
                command.convMessage.info.pid, command.convMessage.info.role = user, ROLE_NAMES[role]
                yield made(command)
            case MembersRestricted(users=users, by=by, what=what, is_on=is_on):
                to_them, to_all = _RESTRICTED[what, is_on]
                yield about.to(users, to_them, by)
                yield about.to_others(users if what == "blocked" else (), to_all, by, users)
            case _:
                pass

    async def _of_user(self, placed: PlacedFact) -> Pushes:
        match placed.fact:
            case ReadMarkMoved(conversation=conversation, unread=count):
                command = push(unread, None, NOBODY, placed.at)
                command.unreadMessage.convs.append(UnreadTuple(cid=await self.cid_of(conversation), unread=count))
                command.unreadMessage.notifTime = placed.at
                yield made(command)
            case DeliveredTo() | ReadBy() as mark:
                for each in await self._receipts(placed, mark):
                    yield each
            case _:
                pass

    async def _receipts(self, placed: PlacedFact, mark: DeliveredTo | ReadBy) -> Sequence[Push]:
        """Tell a sender of each message of theirs that asked for it and is newly got, or read, by a user."""
        conversation, is_read = mark.conversation, isinstance(mark, ReadBy)
        before = Seq(mark.seq + 1)
        asked = GetHistory(conversation, after=mark.after, before=before, limit=RECEIPTS_AT_ONCE, direction="older")
        page = await self._directory.history(asked, reader=NOBODY)
        sender, cid = user_of(placed.stream), await self.cid_of(conversation)
        found = []
        for entry in page.messages:
            if entry.message.sender == sender and entry.message.receipt:
                command = push(rcp, None, NOBODY, placed.at)
                told = command.rcpMessage
                told.id = id_of(conversation, entry.seq, entry.at, entry.message.key)
                told.cid, told.t = cid, placed.at
                told.sender = mark.user
                if is_read:
                    told.read = True
                found.append(made(command))
        return found

    async def entry(self, conversation: ConversationId, seq: Seq, reader: UserId = NOBODY) -> HistoryEntry | None:
        """Give a message as it is now; None where none stands there, or the reader deleted it.

        Raises:
            Unavailable: The store does not answer.
        """
        asked = GetHistory(conversation, after=Seq(seq - 1), before=Seq(seq + 1), limit=1)
        page = await self._directory.history(asked, reader=reader)
        return page.messages[0] if page.messages else None


class _About:
    """Makes what is said of a conversation at a time."""

    def __init__(self, cid: str, at: Instant) -> None:
        self._cid = cid
        self._at = at

    def command(self, op: OpType, by: UserId, *, is_kept: bool = False) -> GenericCommand:
        command = push(conv, op, NOBODY, self._at, is_kept=is_kept)
        said = command.convMessage
        said.cid, said.udate = self._cid, iso_of(self._at)
        if by != NOBODY:
            said.initBy = by
        return command

    def to(self, users: Sequence[UserId], op: OpType, by: UserId, *, is_kept: bool = False) -> Push:
        """Tell users of themselves."""
        return made(self.command(op, by, is_kept=is_kept), to=frozenset(users))

    def to_all(self, op: OpType, by: UserId, users: Iterable[UserId] = ()) -> Push:
        """Tell all who see it of users."""
        return self.to_others((), op, by, users)

    def to_others(self, but: Iterable[UserId], op: OpType, by: UserId, users: Iterable[UserId]) -> Push:
        """Tell all who see it, but some, of users."""
        command = self.command(op, by)
        command.convMessage.m.extend(users)
        return made(command, but=frozenset(but))


def attributes_text(fact: ConversationChanged) -> str:
    """Write what became of a conversation: what is gone is null. Clients take dotted names as paths."""
    changed: dict[str, Json] = {**dict.fromkeys(fact.unset), **(fact.set or {})}
    named = {path.removeprefix(PREFIX): value for path, value in changed.items()}
    if fact.name is not None:
        named["name"] = fact.name
    return written(named)


def _is_emptied(fact: Fact) -> bool:
    """Say if an edit says nothing: a later change tells of it, or it is not for who hears this.

    It stands at the place of the one that does say something, so nothing may be kept of either for the other.
    """
    return isinstance(fact, MessageRevised) and fact.content == EMPTY


def _key(what: PlacedFact | Event) -> object:
    """Name a fact or event among those of the moment; None for one that clients do not hear of."""
    if isinstance(what, PlacedFact):
        if is_hidden(conversation_of(what.stream) or getattr(what.fact, "conversation", None)):
            return None
        if _is_emptied(what.fact):
            return None
        # A message that is read after it was recalled is another fact: what it said is gone.
        revision = what.fact.revision if isinstance(what.fact, MessagePlaced) else None
        return what.stream, what.epoch, what.seq, revision
    if not isinstance(what, TransientMessage) or is_hidden(what.conversation):
        return None
    return what.conversation, what.at, what.message.sender, what.message.key, what.message.revision
