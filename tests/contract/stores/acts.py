"""What users do to a store, decided by the domain as the use cases do it."""

import hashlib
from collections.abc import Sequence
from typing import Any, Protocol

from unisono.domain import announcing, changes, finishing, members, membership, messages, revisions, subscribing
from unisono.domain.answers import ConversationView, Done, Placed
from unisono.domain.commands import (
    AddMembers,
    CreateConversation,
    EditMessage,
    GetHistory,
    MarkDelivered,
    MarkRead,
    React,
    RecallMessage,
    RemoveMembers,
    Restrict,
    SendMessage,
    SetLevel,
    SetMember,
    UpdateConversation,
)
from unisono.domain.conversation import Decision, Scope, Snapshot
from unisono.domain.devices import PRESETS, Login, Policy, Slot, admit
from unisono.domain.facts import Content, ConversationKind, Label, Level, Reach, Restriction
from unisono.domain.ids import (
    OPERATOR,
    START,
    Checkpoint,
    ConversationId,
    DeviceId,
    Instant,
    NodeId,
    Platform,
    SendKey,
    Seq,
    SessionId,
    StreamKey,
    UserId,
    conversation_stream,
)
from unisono.domain.quotas import Quotas
from unisono.ports.calls import Calls
from unisono.ports.claims import Claims
from unisono.ports.contacts import Contacts
from unisono.ports.directory import Directory, HistoryPage
from unisono.ports.due_pushes import DuePushes
from unisono.ports.erasures import Erasures
from unisono.ports.files import FileRecords
from unisono.ports.kept_events import KeptEvents
from unisono.ports.log import Committed, Log
from unisono.ports.policy import Policies
from unisono.ports.push_targets import PushTargets
from unisono.ports.requests import Requests
from unisono.ports.search import Search
from unisono.ports.seats import Seats
from unisono.ports.sessions import Ending, SessionDecision, SessionRecord, Sessions, SessionsCommitted
from unisono.ports.threads import Threads
from unisono.ports.traces import Traces
from unisono.ports.wills import Wills

QUOTAS = Quotas()
ANN, BOB, CIM, DAN = (UserId(name) for name in ("ann", "bob", "cim", "dan"))
ROOM = ConversationId("0" * 24)


class AnyStore(Protocol):
    """A store, whatever it is made of."""

    @property
    def log(self) -> Log: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def seats(self) -> Seats: ...
    @property
    def requests(self) -> Requests: ...
    @property
    def kept_events(self) -> KeptEvents: ...
    @property
    def claims(self) -> Claims: ...
    @property
    def calls(self) -> Calls: ...
    @property
    def wills(self) -> Wills: ...
    @property
    def search(self) -> Search: ...
    @property
    def traces(self) -> Traces: ...
    @property
    def threads(self) -> Threads: ...
    @property
    def contacts(self) -> Contacts: ...
    @property
    def due_pushes(self) -> DuePushes: ...
    @property
    def push_targets(self) -> PushTargets: ...
    @property
    def policies(self) -> Policies: ...
    @property
    def erasures(self) -> Erasures: ...
    @property
    def files(self) -> FileRecords: ...
    async def healthy(self) -> bool: ...
    async def close(self) -> None: ...


def conversation_id(number: int) -> ConversationId:
    return ConversationId(f"{number:024x}")


async def create(
    store: AnyStore,
    creator: UserId,
    *members: UserId,
    room: ConversationId = ROOM,
    key: str = "create",
    of: ConversationKind = "group",
    unique: bool | None = False,
    keeps_history: bool = False,
) -> Committed:
    command = CreateConversation(
        SendKey(f"{key}-{room}"), of, members, "name", {"a": 1}, unique, keeps_history=keeps_history
    )
    asked = membership.members_to_be(creator, command)
    scope = Scope(
        users=(creator,),
        all_members=True,
        sender=creator,
        key=command.key,
        unique_of=(of, asked) if membership.is_unique(command) else None,
    )
    return await store.log.transact(scope, lambda snapshot: membership.create(snapshot, creator, command, room, QUOTAS))


def view_of(committed: Committed) -> ConversationView:
    assert isinstance(committed.answer, ConversationView)
    return committed.answer


async def send(
    store: AnyStore,
    sender: UserId,
    key: str,
    text: str = "hello",
    room: ConversationId = ROOM,
    *,
    mentions: Sequence[UserId] = (),
    mention_all: bool = False,
    receipt: bool = False,
    of_type: int = -1,
) -> Placed:
    content = Content(of_type, text)
    command = SendMessage(
        room, SendKey(key), content, mentions=tuple(mentions), mention_all=mention_all, receipt=receipt
    )
    scope = Scope(conversation=room, users=(sender,), sender=sender, key=command.key)
    committed = await store.log.transact(scope, lambda snapshot: messages.send(snapshot, sender, command, QUOTAS))
    assert isinstance(committed.answer, Placed)
    return committed.answer


def _about(room: ConversationId, *users: UserId) -> Scope:
    return Scope(conversation=room, users=users, all_members=True)


async def add(store: AnyStore, by: UserId, *users: UserId, room: ConversationId = ROOM) -> Committed:
    command = AddMembers(room, users)
    return await store.log.transact(_about(room, by, *users), lambda seen: membership.add(seen, by, command, QUOTAS))


async def remove(store: AnyStore, by: UserId, *users: UserId, room: ConversationId = ROOM) -> Committed:
    command = RemoveMembers(room, users)
    return await store.log.transact(_about(room, by, *users), lambda seen: membership.remove(seen, by, command))


async def join(store: AnyStore, user: UserId, room: ConversationId = ROOM) -> Committed:
    return await store.log.transact(_about(room, user), lambda seen: membership.join(seen, user, QUOTAS))


async def quit_(store: AnyStore, user: UserId, room: ConversationId = ROOM) -> Committed:
    return await store.log.transact(_about(room, user), lambda seen: membership.quit_(seen, user))


async def update(store: AnyStore, user: UserId, room: ConversationId = ROOM, **change: Any) -> Committed:
    command = UpdateConversation(room, **change)
    scope = Scope(conversation=room, users=(user,), sender=None if command.key is None else user, key=command.key)
    return await store.log.transact(scope, lambda seen: changes.update(seen, user, command, QUOTAS))


async def set_member(
    store: AnyStore, by: UserId, user: UserId, room: ConversationId = ROOM, **change: Any
) -> Committed:
    command = SetMember(room, user, **change)
    scope = Scope(conversation=room, users=(by, user))
    return await store.log.transact(scope, lambda seen: members.set_member(seen, by, command, QUOTAS))


async def restrict(
    store: AnyStore, by: UserId, *users: UserId, what: Restriction, room: ConversationId = ROOM, **more: Any
) -> Committed:
    command = Restrict(room, users, what, **more)
    return await store.log.transact(_about(room, by, *users), lambda seen: members.restrict(seen, by, command))


async def found(store: AnyStore, *, room: ConversationId = ROOM, audience: Reach = "subscribers") -> Committed:
    command = announcing.Founding(SendKey(f"found-{room}"), ANN, audience)
    scope = Scope(users=(ANN,), sender=ANN, key=command.key)
    return await store.log.transact(scope, lambda seen: announcing.found(seen, command, room, QUOTAS))


async def announce(store: AnyStore, key: str, text: str = "hello", room: ConversationId = ROOM) -> Committed:
    command = announcing.Announcement(SendKey(key), Content(text=text))
    scope = Scope(conversation=room, sender=OPERATOR, key=command.key)
    return await store.log.transact(scope, lambda seen: announcing.announce(seen, command, QUOTAS))


async def enroll(store: AnyStore, user: UserId, first_at: Instant, room: ConversationId = ROOM) -> Committed:
    scope = Scope(conversation=room, users=(user,))
    return await store.log.transact(scope, lambda seen: subscribing.enroll(seen, user, first_at=first_at))


async def dissolve(store: AnyStore, by: UserId, room: ConversationId = ROOM) -> Committed:
    return await store.log.transact(_about(room, by), lambda seen: finishing.dissolve(seen, by))


async def expire(store: AnyStore, *users: UserId, room: ConversationId = ROOM) -> Committed:
    return await store.log.transact(_about(room, *users), finishing.expire)


async def close(store: AnyStore, room: ConversationId = ROOM) -> Committed:
    return await store.log.transact(_about(room), finishing.close)


async def set_level(store: AnyStore, user: UserId, level: Level, room: ConversationId = ROOM) -> Committed:
    command = SetLevel(room, level)
    scope = Scope(conversation=room, users=(user,))
    return await store.log.transact(scope, lambda seen: members.set_level(seen, user, command))


async def mark_read(store: AnyStore, user: UserId, seq: int, room: ConversationId = ROOM) -> Committed:
    command = MarkRead(room, Seq(seq))
    scope = Scope(conversation=room, users=(user,), read_to=command.seq)
    return await store.log.transact(scope, lambda snapshot: messages.mark_read(snapshot, user, command))


async def mark_delivered(store: AnyStore, user: UserId, seq: int, room: ConversationId = ROOM) -> Committed:
    command = MarkDelivered(room, Seq(seq))
    scope = Scope(conversation=room, users=(user,), read_to=command.seq, mark="delivered")
    return await store.log.transact(scope, lambda snapshot: messages.mark_delivered(snapshot, user, command))


async def mark_unread(store: AnyStore, user: UserId, room: ConversationId = ROOM) -> Committed:
    scope = Scope(conversation=room, users=(user,))
    return await store.log.transact(scope, lambda snapshot: messages.mark_unread(snapshot, user))


async def edit(
    store: AnyStore, user: UserId, seq: int, text: str, room: ConversationId = ROOM, *, of_type: int = -1
) -> Committed:
    command = EditMessage(room, Seq(seq), Content(of_type, text))
    scope = Scope(conversation=room, users=(user,), message=command.message, hiders=True)
    return await store.log.transact(scope, lambda seen: revisions.edit(seen, user, command, QUOTAS))


async def recall(store: AnyStore, user: UserId, seq: int, room: ConversationId = ROOM) -> Committed:
    command = RecallMessage(room, Seq(seq))
    scope = Scope(conversation=room, users=(user,), message=command.message)
    return await store.log.transact(scope, lambda seen: revisions.recall(seen, user, command, QUOTAS))


async def react(
    store: AnyStore, user: UserId, seq: int, reaction: str, *, on: bool = True, room: ConversationId = ROOM
) -> Committed:
    command = React(room, Seq(seq), reaction, on)
    scope = Scope(conversation=room, users=(user,), message=command.message)
    return await store.log.transact(scope, lambda seen: revisions.react(seen, user, command, QUOTAS))


async def history(
    store: AnyStore, reader: UserId = ANN, room: ConversationId = ROOM, *, until: int | None = None, **asked: Any
) -> HistoryPage:
    command = GetHistory(room, **asked)
    return await store.directory.history(command, reader=reader, until=None if until is None else Seq(until))


async def look(store: AnyStore, scope: Scope) -> Snapshot:
    """Give the snapshot of a scope, changing nothing."""
    seen: list[Snapshot] = []

    def decide(snapshot: Snapshot) -> Decision:
        seen.append(snapshot)
        return Decision((), lambda _: Done())

    await store.log.transact(scope, decide)
    return seen[-1]


async def seqs(store: AnyStore, stream: StreamKey | None = None) -> list[int]:
    """Read a stream to its end, a page at a time."""
    stream = stream or conversation_stream(ROOM)
    found: list[int] = []
    while True:
        page = await store.log.read(stream, Seq(found[-1] if found else 0), 100)
        found += [fact.seq for fact in page.facts]
        if not page.facts or found[-1] == page.head:
            return found


async def moved(store: AnyStore, user: UserId, checkpoint: Checkpoint = START, limit: int = 100) -> dict[str, int]:
    """Sync to the end; give the heads."""
    heads: dict[str, int] = {}
    after: StreamKey | None = None
    while True:
        page = await store.log.moved(user, checkpoint, after, limit)
        assert len(page.heads) <= limit
        assert [head.stream for head in page.heads] == sorted(head.stream for head in page.heads)
        heads.update({head.stream: head.seq for head in page.heads})
        after = page.next
        if after is None:
            return heads


def digest(secret: str = "secret") -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def record(
    session: str,
    user: UserId = ANN,
    device: str | None = None,
    *,
    at: Instant,
    platform: str = "web",
    node: NodeId | None = None,
    credential: str | None = None,
    expires_at: Instant | None = None,
    secret: str = "secret",
) -> SessionRecord:
    return SessionRecord(
        session=SessionId(session),
        user=user,
        device=DeviceId(device or f"device-of-{session}"),
        shown=Label(Platform(platform), "a label", "info"),
        opened_at=at,
        seen_at=at,
        resume_hash=digest(secret),
        node=node,
        credential=credential,
        credential_expires_at=expires_at,
        address="192.0.2.1",
    )


async def open_session(store: AnyStore, wanted: SessionRecord) -> SessionsCommitted:
    """Open a session beside all others."""
    return await store.sessions.decide(wanted.user, lambda now, held: SessionDecision(opens=wanted))


async def held(store: AnyStore, session: str = "one") -> SessionRecord:
    return next(one for one in await store.sessions.list_of(ANN) if one.session == session)


async def log_in(store: AnyStore, wanted: SessionRecord, policy: Policy = PRESETS["easemob"]) -> SessionsCommitted:
    """Open a session as far as the device policy allows."""

    def held_as(one: SessionRecord) -> Login:
        return Login(one.session, one.device, one.shown.platform, one.opened_at, one.tag)

    def decide(now: Instant, held: Sequence[SessionRecord]) -> SessionDecision:
        if any(one.session == wanted.session for one in held):
            return SessionDecision(opens=wanted)
        losses = admit(policy, [held_as(one) for one in held], held_as(wanted))
        ends = tuple(Ending(loss.session, loss.reason, wanted.shown) for loss in losses)
        return SessionDecision(ends=ends, opens=wanted)

    return await store.sessions.decide(wanted.user, decide)


async def end_session(store: AnyStore, user: UserId, session: str) -> SessionsCommitted:
    return await store.sessions.decide(
        user, lambda now, held: SessionDecision(ends=(Ending(SessionId(session), "closed"),))
    )


def limit_of(capacity: int) -> Policy:
    return Policy(slots=(Slot(key=("app",), capacity=capacity),))
