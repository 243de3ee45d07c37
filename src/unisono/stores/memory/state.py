"""What the fake remembers, in plain dictionaries."""

from collections.abc import Callable, Mapping

from msgspec import Struct, structs

from unisono.domain import roll
from unisono.domain.arrangement import AllSilenced, AllUnsilenced, Arrangement
from unisono.domain.changes import changed
from unisono.domain.conversation import Conversation, Membership, Target, unique_members
from unisono.domain.errors import Draining
from unisono.domain.facts import (
    ConversationChanged,
    ConversationCreated,
    ConversationEnded,
    ConversationEntered,
    ConversationExited,
    ConversationKind,
    DeliveredTo,
    LevelSet,
    MarkedUnread,
    MemberChanged,
    MembersJoined,
    MembersLeft,
    MembersRestricted,
    MessagePlaced,
    MessageReacted,
    MessageRecalled,
    MessageRevised,
    ObjectDropped,
    ObjectSet,
    PlacedFact,
    ReadMarkMoved,
)
from unisono.domain.ids import (
    Checkpoint,
    ConversationId,
    DeviceId,
    Epoch,
    Instant,
    SendKey,
    Seq,
    SessionId,
    StreamKey,
    TabId,
    UserId,
    conversation_of,
    conversation_stream,
    user_of,
)
from unisono.domain.kinds import KINDS
from unisono.domain.marks import Passed
from unisono.domain.placement import Draft, Head, Place, next_head
from unisono.domain.policy import PolicyChange
from unisono.domain.pushing import is_called
from unisono.domain.revisions import recalled, revised, superseded
from unisono.domain.silence import Silence
from unisono.domain.thread_facts import ThreadEnded, ThreadMade
from unisono.ports.erasures import Erasure
from unisono.ports.push_targets import PushTarget
from unisono.stores.memory import hiding
from unisono.stores.memory.arranging import arrange, silence_all
from unisono.stores.memory.beginning import begun
from unisono.stores.memory.call_state import CallState
from unisono.stores.memory.objects import supersede
from unisono.stores.memory.records import Duty, KeptTarget, LeftWill, Remembered
from unisono.stores.memory.thread_state import ThreadState
from unisono.stores.memory.ties import Ties, project_ties

UniqueKey = tuple[ConversationKind, tuple[UserId, ...]]


class Stream(Struct):
    """One stream: its head, all its facts, and the places of its send keys."""

    head: Head
    facts: list[PlacedFact] = []
    places: dict[tuple[UserId, SendKey], PlacedFact] = {}


class State:
    """Everything of one app."""

    def __init__(self, epoch: Epoch) -> None:
        self.epoch = epoch
        self.streams: dict[StreamKey, Stream] = {}
        self.conversations: dict[ConversationId, Conversation] = {}
        self.members: dict[ConversationId, dict[UserId, Membership]] = {}
        self.unique: dict[UniqueKey, ConversationId] = {}
        self.reactions: dict[tuple[ConversationId, Seq], dict[str, dict[UserId, None]]] = {}
        self.requests: dict[str, Remembered] = {}
        self.seats: dict[SessionId, dict[TabId, ConversationId]] = {}
        self.wills: dict[SessionId, LeftWill] = {}
        self.talk = CallState()
        self.policy: list[PolicyChange] = []
        self.threads = ThreadState()
        self.duties: dict[str, Duty] = {}
        self.push_targets: dict[tuple[UserId, DeviceId], KeptTarget] = {}
        self.erasures: dict[UserId, Erasure] = {}
        self.ties: Ties = {}
        self.silences: dict[UserId, Silence] = {}
        self.hidden: hiding.Hidden = {}
        self.position = 0
        self.is_closed = False

    def check_open(self) -> None:
        """Refuse work after the end.

        Raises:
            Draining: The store was closed.
        """
        if self.is_closed:
            raise Draining()

    def drop_targets(self, is_gone: Callable[[KeptTarget], bool]) -> None:
        """Forget push targets."""
        self.push_targets = {key: kept for key, kept in self.push_targets.items() if not is_gone(kept)}

    def targets_of(self, user: UserId) -> list[PushTarget]:
        """List a user's push targets, by device."""
        return [self.push_targets[key].target for key in sorted(self.push_targets) if key[0] == user]

    def stream(self, key: StreamKey) -> Stream:
        """Give a stream; one that nothing happened in is empty."""
        return self.streams.get(key) or self._empty()

    def _empty(self) -> Stream:
        return Stream(head=Head(self.epoch))

    def conversation(self, conversation: ConversationId | None) -> Conversation | None:
        """Give a conversation with its present head."""
        found = None if conversation is None else self.conversations.get(conversation)
        return None if found is None else structs.replace(found, head=self.stream(StreamKey(f"c/{found.id}")).head)

    def memberships(self, conversation: ConversationId) -> Mapping[UserId, Membership]:
        """Give all memberships, current and former."""
        return self.members.get(conversation, {})

    def is_in(self, conversation: ConversationId, user: UserId) -> bool:
        """Say if a user is a member now; of a thread, by its own list alone."""
        member = self.memberships(conversation).get(user)
        return member is not None and member.is_member

    def is_outside(self, conversation: Conversation, user: UserId) -> bool:
        """Say of a thread if a user is not in the group that it is under."""
        return conversation.parent is not None and not self.is_in(conversation.parent.conversation, user)

    def roster(self, conversation: ConversationId) -> list[Membership]:
        """Give the current memberships in the order of joining."""
        current = [member for member in self.memberships(conversation).values() if member.is_member]
        return sorted(current, key=lambda member: (member.since, member.user))

    def place(self, draft: Draft, now: Instant) -> tuple[Place, PlacedFact | None]:
        """Place a draft, or give the place its key has already."""
        stream = self.streams.setdefault(draft.stream, self._empty())
        named = None if draft.key is None or draft.sender is None else (draft.sender, draft.key)
        if named is not None and (earlier := stream.places.get(named)) is not None:
            return place_of(earlier), None
        head = stream.head = next_head(stream.head, now if draft.at is None else draft.at, draft.fact)
        position = Checkpoint(self.position)
        fact = PlacedFact(draft.stream, head.epoch, head.seq, head.at, position, draft.fact, draft.unseen_by)
        stream.facts.append(fact)
        if named is not None:
            stream.places[named] = fact
        self._project(fact)
        return Place(draft.stream, head.epoch, head.seq, head.at), fact

    def _project(self, placed: PlacedFact) -> None:
        conversation, fact = conversation_of(placed.stream), placed.fact
        match fact:
            case MessagePlaced(sender=sender) if conversation is not None:
                members = self.members.get(conversation, {})
                if sender in members or KINDS[self.conversations[conversation].of].members == "unlisted":
                    members[sender] = roll.heard(members.get(sender), sender)
            case ConversationCreated() if conversation is not None:
                self._create(conversation, placed, fact)
            case MembersJoined(users=users) if conversation is not None:
                self._regroup(conversation, placed, joined=users)
            case MembersLeft(users=users) if conversation is not None:
                self._regroup(conversation, placed, left=users)
            case ConversationEnded() if conversation is not None:
                self._end(conversation, placed)
            case ConversationChanged() if conversation is not None:
                self.conversations[conversation] = changed(self.conversations[conversation], fact, placed.at)
            case MessageRevised() | MessageRecalled() | MessageReacted() if conversation is not None:
                self._revise(conversation, placed, fact)
            case ReadMarkMoved():
                self._read(user_of(placed.stream), fact)
            case DeliveredTo():
                self.note_delivered(fact)
            case MarkedUnread():
                self._mark_unread(user_of(placed.stream), fact)
            case _:
                self._project_roll(placed)

    def _project_roll(self, placed: PlacedFact) -> None:
        conversation, fact = conversation_of(placed.stream), placed.fact
        match fact:
            case MemberChanged() | MembersRestricted() if conversation is not None:
                self._change_members(conversation, fact, placed.at)
            case LevelSet():
                self._set_level(user_of(placed.stream), fact)
            case ObjectSet() | ObjectDropped():
                supersede(self.stream(placed.stream).facts, fact)
            case ThreadMade() | ThreadEnded() if conversation is not None:
                entry, change = self.conversations[conversation], 1 if isinstance(fact, ThreadMade) else -1
                self.conversations[conversation] = structs.replace(entry, threads=entry.threads + change)
            case ConversationEntered() | ConversationExited():
                self._subscribe(user_of(placed.stream), fact)
            case _ if isinstance(fact, Arrangement):
                arrange(self.members.get(fact.conversation, {}), user_of(placed.stream), fact, placed.at)
                hiding.hide(self.hidden, user_of(placed.stream), fact)
            case AllSilenced() | AllUnsilenced():
                silence_all(self.silences, user_of(placed.stream), fact)
            case _:
                project_ties(self.ties, self.stream(placed.stream).facts, placed)

    def _create(self, conversation: ConversationId, placed: PlacedFact, fact: ConversationCreated) -> None:
        self.conversations[conversation] = begun(conversation, placed.at, fact)
        self.members[conversation] = {user: roll.founded(fact, user, placed.seq) for user in fact.members}
        if fact.is_unique:
            self.unique[fact.of, unique_members(fact.members)] = conversation

    def _regroup(
        self,
        conversation: ConversationId,
        placed: PlacedFact,
        *,
        joined: tuple[UserId, ...] = (),
        left: tuple[UserId, ...] = (),
    ) -> None:
        members = self.members[conversation]
        before = len(self.roster(conversation))
        for user in joined:
            old = members.get(user)
            if old is None or not old.is_member:
                members[user] = roll.joined(old, user, placed.seq, self.messages_up_to(conversation, placed.seq))
        for user in left:
            old = members.get(user)
            if old is not None and old.is_member:
                members[user] = roll.left(old, placed.seq)
                self._note_departure(conversation, user)
        self._count(conversation, before, placed.at)

    def _note_departure(self, conversation: ConversationId, user: UserId | None) -> None:
        if self.conversations[conversation].threads:
            self.threads.note(conversation, user)

    def _end(self, conversation: ConversationId, placed: PlacedFact) -> None:
        entry = self.conversations[conversation]
        self._note_departure(conversation, None)
        later = placed.at if KINDS[entry.of].members == "subscribed" and entry.member_count else None
        if KINDS[entry.of].members != "subscribed":
            self._regroup(conversation, placed, left=tuple(member.user for member in self.roster(conversation)))
            entry = self.conversations[conversation]
        self.conversations[conversation] = structs.replace(entry, expires_at=later, joining="invited", audience=None)

    def _change_members(
        self, conversation: ConversationId, fact: MemberChanged | MembersRestricted, at: Instant
    ) -> None:
        members = self.members[conversation]
        if isinstance(fact, MembersRestricted):
            for user in fact.users:
                members[user] = roll.restricted(members.get(user), user, fact)
        elif (old := members.get(fact.user)) is not None and old.is_member:
            members[fact.user] = roll.changed(old, fact)
            self._count(conversation, len(self.roster(conversation)), at)

    def _set_level(self, user: UserId | None, fact: LevelSet) -> None:
        members = self.members.get(fact.conversation, {})
        if user is not None and (old := members.get(user)) is not None:
            members[user] = structs.replace(old, level=fact.level)

    def _subscribe(self, user: UserId | None, fact: ConversationEntered | ConversationExited) -> None:
        entry = self.conversations[fact.conversation]
        if user is None or KINDS[entry.of].members != "subscribed":
            return
        members, seq = self.members[fact.conversation], fact.seq
        if isinstance(fact, ConversationEntered):
            passed = self.messages_up_to(fact.conversation, Seq(seq - 1))
            members[user] = roll.joined(members.get(user), user, seq, passed)
        else:
            members[user] = roll.left(members[user], seq)
        count = entry.member_count + (1 if isinstance(fact, ConversationEntered) else -1)
        until = entry.expires_at if count else None
        self.conversations[fact.conversation] = structs.replace(entry, member_count=count, expires_at=until)

    def _count(self, conversation: ConversationId, before: int, at: Instant) -> None:
        entry, count = self.conversations[conversation], len(self.roster(conversation))
        is_unique = entry.is_unique and count == before
        self.conversations[conversation] = structs.replace(
            entry, member_count=count, updated_at=at, is_unique=is_unique
        )
        if entry.is_unique and not is_unique:
            self.unique = {key: kept for key, kept in self.unique.items() if kept != conversation}

    def target(self, conversation: ConversationId, seq: Seq, *, asks_hiders: bool = False) -> Target | None:
        """Give a message with its reactions, and who deleted it where that is asked."""
        placed = next((placed for placed in self.kept(conversation) if placed.seq == seq), None)
        if placed is None or not isinstance(placed.fact, MessagePlaced):
            return None
        given = self.reactions.get((conversation, seq), {})
        reactions = {each: frozenset(users) for each, users in given.items() if users}
        hiders = hiding.hiders(self.hidden, conversation, [seq]) if asks_hiders else {}
        return Target(seq, placed.at, placed.fact, reactions, frozenset(hiders.get(seq, ())))

    def _revise(
        self, conversation: ConversationId, placed: PlacedFact, fact: MessageRevised | MessageRecalled | MessageReacted
    ) -> None:
        found = self.target(conversation, fact.message)
        if found is None:
            return
        if isinstance(fact, MessageReacted):
            users = self.reactions.setdefault((conversation, fact.message), {}).setdefault(fact.reaction, {})
            if fact.is_on:
                users[fact.by] = None
            else:
                users.pop(fact.by, None)
            return
        facts, old = self.stream(conversation_stream(conversation)).facts, found.message
        if old.revision is not None and isinstance(last := facts[old.revision - 1].fact, MessageRevised):
            facts[old.revision - 1] = structs.replace(facts[old.revision - 1], fact=superseded(last))
        seq, at = placed.seq, placed.at
        new = revised(old, fact, seq, at) if isinstance(fact, MessageRevised) else recalled(old, seq, at)
        facts[fact.message - 1] = structs.replace(facts[fact.message - 1], fact=new)
        if isinstance(fact, MessageRecalled):
            self.reactions.pop((conversation, fact.message), None)

    def trim(self, conversation: ConversationId, before: Instant, limit: int) -> int:
        """Hide the oldest facts of a conversation, up to a limit; give how many. Their places in the list stay."""
        stream, members = self.stream(conversation_stream(conversation)), self.members[conversation]
        old = [placed for placed in stream.facts[stream.head.trimmed :] if placed.at < before][:limit]
        said = [(placed.seq, placed.fact) for placed in old if isinstance(placed.fact, MessagePlaced)]
        hiding.trim(self.hidden, conversation, members, {seq: message.sender for seq, message in said})
        for seq, message in said:
            stream.places.pop((message.sender, message.key), None)
            self.reactions.pop((conversation, seq), None)
            member = members.get(message.sender)
            if member is not None and member.is_member and seq > max(member.read, member.since):
                members[message.sender] = structs.replace(member, own=member.own - 1)
        if old:
            gone = self.messages_up_to(conversation, old[-1].seq)
            stream.head = structs.replace(stream.head, trimmed=old[-1].seq, gone=gone)
        return len(old)

    def kept(self, conversation: ConversationId) -> list[PlacedFact]:
        """Give the facts of a conversation that are kept."""
        stream = self.stream(conversation_stream(conversation))
        return stream.facts[stream.head.trimmed :]

    def messages_up_to(self, conversation: ConversationId, seq: Seq) -> int:
        """Count the messages up to a place, those that are gone among them."""
        facts = self.stream(conversation_stream(conversation)).facts
        return sum(isinstance(placed.fact, MessagePlaced) for placed in facts[:seq])

    def passed(self, conversation: ConversationId, seq: Seq, user: UserId) -> Passed:
        """Count what lies before and behind a place, for a reader."""
        later = [(placed.seq, placed.fact) for placed in self.kept(conversation) if placed.seq > seq]
        messages = [(at, fact) for at, fact in later if isinstance(fact, MessagePlaced)]
        hidden = self.hidden.get((conversation, user), ())
        own = sum(fact.sender == user or at in hidden for at, fact in messages)
        calls = sum(is_called(fact, user) and fact.sender != user and at not in hidden for at, fact in messages)
        gone = self.stream(conversation_stream(conversation)).head.gone
        return Passed(max(self.messages_up_to(conversation, seq), gone), own, calls)

    def _read(self, user: UserId | None, fact: ReadMarkMoved) -> None:
        members = self.members.get(fact.conversation, {})
        old = None if user is None else members.get(user)
        if old is not None and old.is_member:
            passed = self.passed(fact.conversation, max(fact.seq, old.since), old.user)
            read = max(old.read, fact.seq)
            members[old.user] = structs.replace(
                old, read=read, passed=passed.messages, own=passed.own, is_marked_unread=False
            )

    def askers(self, conversation: ConversationId, after: Seq, until: Seq, receiver: UserId) -> tuple[UserId, ...]:
        """Give who asked to hear of messages behind one place and up to another."""
        facts = [placed.fact for placed in self.kept(conversation) if after < placed.seq <= until]
        asked = {fact.sender for fact in facts if isinstance(fact, MessagePlaced) and fact.receipt}
        return tuple(sorted(asked - {receiver}))

    def note_delivered(self, fact: DeliveredTo) -> None:
        """Move the mark of a member who has messages by now; never back."""
        members = self.members.get(fact.conversation, {})
        old = members.get(fact.user)
        if old is not None and old.is_member:
            members[fact.user] = structs.replace(old, delivered=max(old.delivered, fact.seq))

    def _mark_unread(self, user: UserId | None, fact: MarkedUnread) -> None:
        members = self.members.get(fact.conversation, {})
        old = None if user is None else members.get(user)
        if old is not None and old.is_member:
            members[old.user] = structs.replace(old, is_marked_unread=True)


def place_of(placed: PlacedFact) -> Place:
    """Give the place of a fact that stood there before."""
    return Place(placed.stream, placed.epoch, placed.seq, placed.at, is_repeat=True)
