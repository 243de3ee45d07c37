"""Decisions about who belongs to a conversation.

Each change is a fact of the conversation, seen by its members, and one of each concerned user's own stream, so that
sessions which were away, or were just removed, learn of it too.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

from unisono.domain.answers import Answer, ConversationView, HistoryEntry
from unisono.domain.answers import Membership as MembershipAnswer
from unisono.domain.commands import TTL_DEFAULT_S, AddMembers, CreateConversation, Join, Quit, RemoveMembers
from unisono.domain.conversation import Conversation, Decision, Snapshot, standing, unique_members
from unisono.domain.conversation import Membership as Member
from unisono.domain.errors import Forbidden, Invalid, NotFound
from unisono.domain.facts import (
    ConversationCreated,
    ConversationEntered,
    ConversationExited,
    ConversationMade,
    Joining,
    MemberChanged,
    MembersJoined,
    MembersLeft,
    Role,
    Rules,
)
from unisono.domain.ids import (
    NO_SEQ,
    ConversationId,
    Instant,
    Seq,
    UserId,
    conversation_stream,
    user_stream,
)
from unisono.domain.kinds import KINDS
from unisono.domain.permission import RANKS, rank_of
from unisono.domain.permitting import check_willing, permit, standing_now
from unisono.domain.placement import Draft, Place
from unisono.domain.quotas import Quotas, check_attributes, check_member_count
from unisono.domain.subscribing import subscribe, unsubscribe
from unisono.domain.thread_facts import Parent


def members_to_be(creator: UserId, command: CreateConversation) -> tuple[UserId, ...]:
    """Give the members a new conversation would have, in lookup order.

    Raises:
        Invalid: A direct conversation with any number but two, or members of a room.
        Forbidden: The operator alone creates such.
    """
    kind = KINDS[command.of]
    if kind.writers == "operator":
        raise Forbidden(reason=f"a {command.of} conversation is the operator's to create")
    if not kind.lists_members:
        if command.members:
            raise Invalid(field="members", reason=f"a {command.of} lists no members", count=len(command.members))
        return ()
    members = unique_members((creator, *command.members))
    if command.of == "thread":
        raise Invalid(field="of", reason="a thread begins under a message: `create_thread`")
    if command.of == "direct" and len(members) != 2:
        raise Invalid(field="members", reason="a direct conversation has two members", count=len(members))
    return members


def create(
    snapshot: Snapshot, creator: UserId, command: CreateConversation, new_id: ConversationId, limits: Quotas
) -> Decision:
    """Begin a conversation, or give back the one that the same key or, with `unique`, the same members made before."""
    known = _known(snapshot, creator)
    if known is not None:
        return Decision(drafts=(), answer=lambda _: known)
    members = members_to_be(creator, command)
    check_willing(snapshot, creator, members, is_direct=command.of == "direct")
    check_member_count(len(members), limits)
    check_attributes(command.attributes, limits)
    created = ConversationCreated(
        by=creator,
        of=command.of,
        members=members,
        name=command.name or None,
        attributes=command.attributes,
        # One that is over is still in the way of another unique one until it has been ended.
        is_unique=is_unique(command) and snapshot.unique is None,
        joining=joining_of(command),
        rules=rules_of(command),
        expires_at=expiry_of(command, snapshot.now),
        keeps_history=keeps_history(command),
    )
    first = Draft(stream=conversation_stream(new_id), fact=created)
    if not members:
        made = Draft(user_stream(creator), ConversationMade(new_id, command.of), sender=creator, key=command.key)
        return Decision(drafts=(first, made), answer=view_of_new(new_id, created))
    entries = tuple(_entry(new_id, Seq(1), user, creator) for user in members if user != creator)
    # The creator's own entry remembers the key: repeating the command finds the conversation through it.
    own = Draft(
        stream=user_stream(creator),
        fact=ConversationEntered(conversation=new_id, seq=Seq(1), by=creator),
        sender=creator,
        key=command.key,
    )
    return Decision(drafts=(first, own, *entries), answer=view_of_new(new_id, created))


def is_unique(command: CreateConversation) -> bool:
    """Say if the command asks for the one conversation of its members, as its kind has it unless it says so.

    Raises:
        Invalid: Of a kind that is never unique.
    """
    unique = KINDS[command.of].unique
    if unique == "never" and command.unique:
        raise Invalid(field="unique", reason=f"a {command.of} is not told by its members")
    if unique == "asked":
        return command.unique is True
    return unique == "always" or (unique == "choice" and command.unique is not False)


def joining_of(command: CreateConversation) -> Joining:
    """Give how a conversation is joined, as its kind has it unless the command says so.

    Raises:
        Invalid: The kind does not leave it to its creator.
    """
    of = KINDS[command.of].joining
    if of == "choice":
        return command.joining or "invited"
    if command.joining not in {None, of}:
        raise Invalid(field="joining", reason=f"a {command.of} conversation is always {of}")
    return of


def rules_of(command: CreateConversation) -> Rules:
    """Give the rules of a conversation.

    Raises:
        Invalid: The kind knows no roles.
    """
    if command.rules is not None and not KINDS[command.of].has_owner:
        raise Invalid(field="rules", reason=f"a {command.of} conversation has no owner")
    return command.rules or Rules()


def expiry_of(command: CreateConversation, now: Instant) -> Instant | None:
    """Give when a conversation that begins now is to end.

    Raises:
        Invalid: A time for a kind that does not end by itself.
    """
    if KINDS[command.of].expires:
        return Instant(now + (command.ttl_s or TTL_DEFAULT_S) * 1000)
    if command.ttl_s is not None:
        raise Invalid(field="ttl_s", reason=f"a {command.of} does not end by itself")
    return None


def keeps_history(command: CreateConversation) -> bool:
    """Say if the command asks for a room that keeps what is said in it.

    Raises:
        Invalid: It asks so of a kind that keeps it anyway.
    """
    if command.keeps_history and KINDS[command.of].history != "choice":
        raise Invalid(field="keeps_history", reason=f"a {command.of} conversation keeps its history anyway")
    return command.keeps_history


def add(snapshot: Snapshot, caller: UserId, command: AddMembers, limits: Quotas) -> Decision:
    """Make users members; those who are already stay so and are told nothing.

    Raises:
        Forbidden: Somebody who blocks the caller is among them; or as `permit` says.
    """
    conversation = permit(AddMembers, snapshot, caller)
    users = _absent(snapshot, command.users)
    check_willing(snapshot, caller, users)
    return _joining(snapshot, conversation, caller, users, limits)


def join(snapshot: Snapshot, caller: UserId, limits: Quotas) -> Decision:
    """Make the caller a member."""
    conversation = permit(Join, snapshot, caller)
    if not conversation.lists_members:
        return subscribe(snapshot, conversation, caller, by=caller)
    return _joining(snapshot, conversation, caller, _absent(snapshot, (caller,)), limits)


def remove(snapshot: Snapshot, caller: UserId, command: RemoveMembers) -> Decision:
    """Make members leave; those who are none already are passed over."""
    conversation = permit(RemoveMembers, snapshot, caller)
    check_above(conversation, snapshot, caller, [user for user in command.users if user != caller])
    return _leaving(snapshot, conversation, caller, command.users)


def quit_(snapshot: Snapshot, caller: UserId) -> Decision:
    """Make the caller leave. Repeating it is no error."""
    conversation = permit(Quit, snapshot, caller)
    if not conversation.lists_members:
        return unsubscribe(snapshot, conversation, caller, by=caller)
    return _leaving(snapshot, conversation, caller, (caller,))


def _joining(
    snapshot: Snapshot, conversation: Conversation, by: UserId, users: tuple[UserId, ...], limits: Quotas
) -> Decision:
    current = members_in(snapshot)
    if not users:
        return _unchanged(conversation.id, current)
    _check_not_blocked(snapshot, users)
    check_member_count(conversation.member_count + len(users), limits)
    at = Seq(conversation.head.seq + 1)
    fact = Draft(stream=conversation_stream(conversation.id), fact=MembersJoined(users=users, by=by))
    entries = tuple(_entry(conversation.id, at, user, by, conversation.parent) for user in users)
    # Whoever comes to where nobody is left has nobody above them.
    is_orphaned = not current and KINDS[conversation.of].has_owner
    owner = (succession(conversation.id, users[0], by),) if is_orphaned else ()
    return Decision((fact, *owner, *entries), _membership_answer(conversation.id, (*current, *users)))


def _leaving(snapshot: Snapshot, conversation: Conversation, by: UserId, asked: Iterable[UserId]) -> Decision:
    current = members_in(snapshot)
    asked, members = dict.fromkeys(asked), frozenset(current)
    users = tuple(user for user in asked if user in members)
    # Who is a member no more, learns no more who is: also when a quit is repeated much later.
    stays = snapshot.is_operator or (by in members and by not in asked)
    shown = tuple(user for user in current if user not in asked) if stays else ()
    if not users:
        return _unchanged(conversation.id, shown)
    drafts = departure(snapshot, conversation, users, by=by, at=Seq(conversation.head.seq + 1))
    return Decision(drafts, _membership_answer(conversation.id, shown))


def departure(
    snapshot: Snapshot, conversation: Conversation, users: Collection[UserId], *, by: UserId, at: Seq
) -> tuple[Draft, ...]:
    """Give what is placed when members leave at a seq: also who is the owner then, if it was one of them."""
    left = Draft(stream=conversation_stream(conversation.id), fact=MembersLeft(users=tuple(users), by=by))
    exits = tuple(
        Draft(user_stream(user), ConversationExited(conversation.id, at, by, conversation.parent)) for user in users
    )
    remaining = [member for member in snapshot.memberships.values() if member.is_member and member.user not in users]
    is_orphaned = any(snapshot.memberships[user].role == "owner" for user in users)
    heir = min(remaining, key=_seniority, default=None) if is_orphaned else None
    return (left, *exits) if heir is None else (left, succession(conversation.id, heir.user, by), *exits)


def _seniority(member: Member) -> tuple[bool, Seq, UserId]:
    return member.role != "manager", member.since, member.user


def succession(conversation: ConversationId, user: UserId, by: UserId) -> Draft:
    """Give what is placed to make a member the owner."""
    return Draft(conversation_stream(conversation), MemberChanged(user=user, by=by, role="owner"))


def check_above(conversation: Conversation, snapshot: Snapshot, caller: UserId, users: Iterable[UserId]) -> None:
    """Let a caller act on users who are none of those above them, nor a manager beside them.

    Raises:
        Forbidden: One of them is.
    """
    mine = rank_of(standing_now(snapshot, conversation, caller))
    for user in users:
        theirs = rank_of(standing(conversation, user, snapshot.memberships.get(user)))
        if theirs > 0 and theirs >= mine:
            raise Forbidden(reason="not above them", user=user)


def _check_not_blocked(snapshot: Snapshot, users: Iterable[UserId]) -> None:
    for user in users:
        member = snapshot.memberships.get(user)
        if member is not None and member.is_blocked(snapshot.now):
            raise Forbidden(reason="blocked", user=user)


def _known(snapshot: Snapshot, creator: UserId) -> ConversationView | None:
    """Give the conversation that was there before, as the creator may see it."""
    conversation = snapshot.unique if snapshot.earlier is None else snapshot.conversation
    if conversation is None or (snapshot.earlier is None and conversation.is_over(snapshot.now)):
        return None
    if not conversation.lists_members:
        return view(conversation, creator, None, now=snapshot.now)
    own = snapshot.memberships.get(creator)
    if own is None or not own.is_member:
        raise NotFound()
    return view(conversation, creator, own, members_in(snapshot), now=snapshot.now)


def view(
    conversation: Conversation,
    reader: UserId,
    own: Member | None,
    members: Sequence[UserId] = (),
    *,
    now: Instant,
    last: HistoryEntry | None = None,
) -> ConversationView:
    """Show a conversation to a member as it is now, or an open one to anybody."""
    status = standing(conversation, reader, own)
    return ConversationView(
        conversation=conversation.id,
        of=conversation.of,
        creator=conversation.creator,
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
        epoch=conversation.head.epoch,
        head=conversation.head.seq,
        read=NO_SEQ if own is None else own.read,
        name=conversation.name,
        attributes=conversation.attributes,
        members=tuple(members),
        unique=conversation.is_unique,
        unread=0 if own is None else own.unread(conversation.head),
        is_marked_unread=own is not None and own.is_marked_unread,
        count=conversation.member_count,
        role=None if (rank := rank_of(status)) < 0 else RANKS[rank],
        level="all" if own is None else own.level,
        joining=conversation.joining,
        rules=conversation.rules,
        expires_at=conversation.expires_at,
        keeps_history=conversation.keeps_history,
        last_message_at=conversation.head.said_at,
        last=last,
        pinned_at=None if own is None else own.pinned_at,
        marks=() if own is None else own.marks,
        silence=None if own is None else own.silence,
        is_muted=own is not None and own.level_at(now) == "none",
        parent=conversation.parent,
    )


def view_of_new(conversation: ConversationId, fact: ConversationCreated) -> Callable[[Sequence[Place]], Answer]:
    """Give the answer to a creation, as its creator sees it."""

    def answer(places: Sequence[Place]) -> Answer:
        at = places[0].at
        return ConversationView(
            conversation=conversation,
            of=fact.of,
            creator=fact.by,
            created_at=at,
            updated_at=at,
            epoch=places[0].epoch,
            head=Seq(1),
            read=NO_SEQ,
            name=fact.name,
            attributes=fact.attributes,
            members=fact.members,
            is_new=True,
            unique=fact.is_unique,
            count=len(fact.members),
            role=_role_of_creator(fact),
            joining=fact.joining,
            rules=fact.rules,
            expires_at=fact.expires_at,
            keeps_history=fact.keeps_history,
            parent=fact.parent,
        )

    return answer


def _role_of_creator(fact: ConversationCreated) -> Role | None:
    if KINDS[fact.of].has_owner:
        return "owner"
    return "member" if fact.members else None


def _membership_answer(
    conversation: ConversationId, members: tuple[UserId, ...]
) -> Callable[[Sequence[Place]], Answer]:
    answer = MembershipAnswer(conversation=conversation, members=members)
    return lambda _: answer


def _unchanged(conversation: ConversationId, members: tuple[UserId, ...]) -> Decision:
    return Decision(drafts=(), answer=_membership_answer(conversation, members))


def _entry(conversation: ConversationId, seq: Seq, user: UserId, by: UserId, parent: Parent | None = None) -> Draft:
    return Draft(user_stream(user), ConversationEntered(conversation, seq, by, parent))


def members_in(snapshot: Snapshot) -> tuple[UserId, ...]:
    """Give who of those that a decision sees are members now."""
    return tuple(user for user, membership in snapshot.memberships.items() if membership.is_member)


def _absent(snapshot: Snapshot, users: Iterable[UserId]) -> tuple[UserId, ...]:
    present = set(members_in(snapshot))
    return tuple(user for user in dict.fromkeys(users) if user not in present)
