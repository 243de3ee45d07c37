"""Decisions about single members: what role they have, what is known of them, what they want, and what they may not."""

from collections.abc import Sequence

from msgspec import structs

from unisono.domain.answers import Answer, Done
from unisono.domain.commands import Restrict, SetLevel, SetMember
from unisono.domain.conversation import Conversation, Decision, Snapshot
from unisono.domain.errors import Forbidden, Invalid, NotFound
from unisono.domain.events import Eviction
from unisono.domain.facts import LevelSet, MemberChanged, MembersRestricted
from unisono.domain.ids import ConversationId, Instant, Seq, UserId, conversation_stream, user_stream
from unisono.domain.kinds import KINDS
from unisono.domain.membership import check_above, departure
from unisono.domain.permitting import permit
from unisono.domain.placement import Draft, Place
from unisono.domain.quotas import Quotas, check_attributes
from unisono.domain.roll import FOR_EVER, restricted_until


def set_member(snapshot: Snapshot, caller: UserId, command: SetMember, limits: Quotas) -> Decision:
    """Give a member another role, or other attributes. What is so already leaves no fact.

    The owner alone gives roles; who makes another the owner is a manager from then on. Attributes are set by the
    member, or by somebody above them.

    Raises:
        NotFound: The caller, or the user, is no member.
        Forbidden: Not theirs to change.
        TooLarge: More attributes than a member may have.
    """
    conversation = permit(SetMember, snapshot, caller)
    member = snapshot.memberships.get(command.user)
    if member is None or not member.is_member:
        raise NotFound()
    role = None if command.role == member.role else command.role
    if role is not None:
        _check_owner(conversation, snapshot, caller, command.user)
    attributes = command.attributes
    if attributes is not None:
        check_attributes(attributes, limits)
        if caller != command.user:
            if snapshot.memberships[caller].role == "member":
                raise Forbidden(reason="another's attributes")
            check_above(conversation, snapshot, caller, (command.user,))
    if attributes == (member.attributes or {}):
        attributes = None
    if role is None and attributes is None:
        return _done()
    changed = [MemberChanged(user=command.user, by=caller, role=role, attributes=attributes)]
    if role == "owner":
        changed.append(MemberChanged(user=caller, by=caller, role="manager"))
    return _done(*(Draft(conversation_stream(conversation.id), fact) for fact in changed))


def _check_owner(conversation: Conversation, snapshot: Snapshot, caller: UserId, user: UserId) -> None:
    if not KINDS[conversation.of].has_owner:
        raise Forbidden(reason=f"a {conversation.of} conversation has no owner")
    if snapshot.memberships[caller].role != "owner":
        raise Forbidden(reason="only the owner gives roles")
    if caller == user:
        raise Forbidden(reason="an owner hands over by making another the owner")


def restrict(snapshot: Snapshot, caller: UserId, command: Restrict) -> Decision:
    """Block or silence users, or let them again. Members who are blocked leave; who is so already is passed over.

    Raises:
        NotFound: The caller is no member.
        Forbidden: The rules ask for a higher role, or one of the users is not below the caller.
        Invalid: A time for letting them again.
    """
    conversation = permit(Restrict, snapshot, caller)
    if command.for_s is not None and not command.on:
        raise Invalid(field="for_s", reason="only for a restriction")
    check_above(conversation, snapshot, caller, command.users)
    until = None if command.for_s is None else Instant(snapshot.now + command.for_s * 1000)
    users = tuple(user for user in dict.fromkeys(command.users) if not _is_so(snapshot, user, command, until))
    if not users:
        return _done()
    fact = MembersRestricted(users=users, by=caller, what=command.what, is_on=command.on, until=until)
    drafts = [Draft(conversation_stream(conversation.id), fact)]
    if command.what == "blocked" and command.on:
        present = [user for user in users if (each := snapshot.memberships.get(user)) is not None and each.is_member]
        if present:
            drafts += departure(snapshot, conversation, present, by=caller, at=Seq(conversation.head.seq + 2))
    if conversation.lists_members:
        return _done(*drafts)
    return structs.replace(_done(*drafts), signals=_evictions(fact, conversation.id))


def _evictions(fact: MembersRestricted, room: ConversationId) -> tuple[Eviction, ...]:
    """Put those who are blocked out of a room."""
    return (Eviction(room, fact.users),) if fact.what == "blocked" and fact.is_on else ()


def _is_so(snapshot: Snapshot, user: UserId, command: Restrict, until: Instant | None) -> bool:
    member = snapshot.memberships.get(user)
    old = None if member is None else restricted_until(member, command.what)
    if command.on:
        return old == (FOR_EVER if until is None else until)
    return old is None or old <= snapshot.now


def set_level(snapshot: Snapshot, user: UserId, command: SetLevel) -> Decision:
    """Note of which messages a user wants to be alerted. What is so already leaves no fact.

    Raises:
        NotFound: The user is no member.
    """
    conversation = permit(SetLevel, snapshot, user)
    if snapshot.memberships[user].level == command.level:
        return _done()
    return _done(Draft(user_stream(user), LevelSet(conversation=conversation.id, level=command.level)))


def _done(*drafts: Draft) -> Decision:
    def answer(_: Sequence[Place]) -> Answer:
        return Done()

    return Decision(drafts=drafts, answer=answer)
