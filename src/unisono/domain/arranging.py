"""Decisions about how a user arranges their conversations: theirs alone, and the same on all their sessions.

What they decide is kept with the user's membership, and ends with it.
"""

from typing import Final

from msgspec import structs

from unisono.domain.answers import Done
from unisono.domain.arrangement import (
    AllSilenced,
    AllUnsilenced,
    Arrangement,
    ConversationDeleted,
    ConversationMarked,
    ConversationPinned,
    ConversationSilenced,
    ConversationUnmarked,
    ConversationUnpinned,
    ConversationUnsilenced,
    HistoryDeleted,
    MessagesDeleted,
)
from unisono.domain.commands import (
    DeleteConversation,
    DeleteHistory,
    DeleteMessages,
    MarkConversation,
    MarkRead,
    PinConversation,
    SilenceAll,
    SilenceConversation,
    UnmarkConversation,
    UnpinConversation,
    UnsilenceConversation,
)
from unisono.domain.conversation import Decision, Membership, Snapshot
from unisono.domain.errors import Invalid, LimitReached, NotFound
from unisono.domain.facts import Fact, ReadMarkMoved
from unisono.domain.ids import NO_SEQ, Instant, Seq, UserId, user_stream
from unisono.domain.messages import mark_read
from unisono.domain.permitting import permit
from unisono.domain.placement import Draft
from unisono.domain.pushing import is_called
from unisono.domain.silence import Silence, find_zone

PINNED_MAX: Final = 100
"""Conversations of a user that are pinned: a list of them fits a page."""
MARKS_MAX: Final = 20
"""Marks of a user to one conversation."""
DELETED_MAX: Final = 10_000
"""Messages that a user deleted one by one, in all conversations; those of a history deleted since count no more."""


def pin(snapshot: Snapshot, user: UserId) -> Decision:
    """Pin a conversation. One that is pinned stays as it is.

    Raises:
        NotFound: The user is no member.
        LimitReached: As many are pinned as may be.
    """
    conversation = permit(PinConversation, snapshot, user)
    if snapshot.memberships[user].pinned_at is not None:
        return _done()
    if snapshot.pinned >= PINNED_MAX:
        raise LimitReached(what="pinned", limit=PINNED_MAX)
    return _done(user, ConversationPinned(conversation.id))


def unpin(snapshot: Snapshot, user: UserId) -> Decision:
    """Pin a conversation no more.

    Raises:
        NotFound: The user is no member.
    """
    conversation = permit(UnpinConversation, snapshot, user)
    if snapshot.memberships[user].pinned_at is None:
        return _done()
    return _done(user, ConversationUnpinned(conversation.id))


def mark(snapshot: Snapshot, user: UserId, command: MarkConversation) -> Decision:
    """Put a mark to a conversation. One that it has changes nothing.

    Raises:
        NotFound: The user is no member.
        LimitReached: It has as many as it may.
    """
    conversation = permit(MarkConversation, snapshot, user)
    marks = snapshot.memberships[user].marks
    if command.mark in marks:
        return _done()
    if len(marks) >= MARKS_MAX:
        raise LimitReached(what="marks", limit=MARKS_MAX)
    return _done(user, ConversationMarked(conversation.id, command.mark))


def unmark(snapshot: Snapshot, user: UserId, command: UnmarkConversation) -> Decision:
    """Take a mark from a conversation.

    Raises:
        NotFound: The user is no member.
    """
    conversation = permit(UnmarkConversation, snapshot, user)
    if command.mark not in snapshot.memberships[user].marks:
        return _done()
    return _done(user, ConversationUnmarked(conversation.id, command.mark))


def silence(snapshot: Snapshot, user: UserId, command: SilenceConversation) -> Decision:
    """Silence a conversation. One that is so already leaves no fact.

    Raises:
        NotFound: The user is no member.
        Invalid: It would be over already, or names a zone that there is not.
    """
    conversation = permit(SilenceConversation, snapshot, user)
    wanted = Silence(command.level, command.until, command.windows)
    if snapshot.memberships[user].silence == wanted:
        return _done()
    _check(wanted, snapshot.now)
    return _done(user, ConversationSilenced(conversation.id, wanted))


def _check(silence: Silence, now: Instant) -> None:
    """Let a silence through that can hold at some time from now on."""
    if silence.until is not None and silence.until <= now:
        raise Invalid(field="until", reason="over already")
    for window in silence.windows:
        if find_zone(window.zone) is None:
            raise Invalid(field="zone", reason="no such time zone", name=window.zone)


def unsilence(snapshot: Snapshot, user: UserId) -> Decision:
    """Lift a silence; also one whose time is up, so that nothing of it is left.

    Raises:
        NotFound: The user is no member.
    """
    conversation = permit(UnsilenceConversation, snapshot, user)
    if snapshot.memberships[user].silence is None:
        return _done()
    return _done(user, ConversationUnsilenced(conversation.id))


def silence_all(snapshot: Snapshot, user: UserId, command: SilenceAll) -> Decision:
    """Silence all conversations. What is so already leaves no fact.

    Raises:
        Invalid: It would be over already, or names a zone that there is not.
    """
    wanted = Silence(command.level, command.until, command.windows)
    if snapshot.silence == wanted:
        return _done()
    _check(wanted, snapshot.now)
    return _done(user, AllSilenced(wanted))


def unsilence_all(snapshot: Snapshot, user: UserId) -> Decision:
    """Lift the silence of all; also one whose time is up, so that nothing of it is left."""
    return _done() if snapshot.silence is None else _done(user, AllUnsilenced())


def delete(snapshot: Snapshot, user: UserId, command: DeleteConversation) -> Decision:
    """Take a conversation from a user's lists; all of it counts as read. What is so already leaves no fact.

    The scope asks to read to the end.

    Raises:
        NotFound: The user is no member.
    """
    conversation = permit(DeleteConversation, snapshot, user)
    member, head = snapshot.memberships[user], conversation.head
    is_cleared = not command.with_history or member.cleared >= head.seq
    if member.is_deleted(head) and is_cleared:
        return _done()
    fact = ConversationDeleted(conversation.id, head.messages, head.seq if command.with_history else None)
    return _read_and(fact, snapshot, user, head.seq)


def delete_history(snapshot: Snapshot, user: UserId, command: DeleteHistory) -> Decision:
    """Delete what was said up to a place, for a user alone; it counts as read. What is so already leaves no fact.

    The scope asks to read to that place.

    Raises:
        NotFound: The user is no member.
    """
    conversation = permit(DeleteHistory, snapshot, user)
    seq = min(command.up_to, conversation.head.seq)
    if seq <= snapshot.memberships[user].cleared:
        return _done()
    return _read_and(HistoryDeleted(conversation.id, seq), snapshot, user, seq)


def _read_and(fact: ConversationDeleted | HistoryDeleted, snapshot: Snapshot, user: UserId, seq: Seq) -> Decision:
    read = mark_read(snapshot, user, MarkRead(fact.conversation, seq))
    # First what is read: what is deleted one by one counts until then.
    return Decision((*read.drafts, Draft(user_stream(user), fact)), lambda _: Done())


def delete_messages(snapshot: Snapshot, user: UserId, command: DeleteMessages) -> Decision:
    """Delete chosen messages, for a user alone; none counts as unread any more. What is gone already is no fault.

    The scope asks about these messages.

    Raises:
        NotFound: The user is no member, or one of them is no message.
        LimitReached: The user deleted as many as may be.
    """
    conversation, chosen = permit(DeleteMessages, snapshot, user), snapshot.chosen
    member, head = snapshot.memberships[user], conversation.head
    gone = max(member.cleared, head.trimmed)
    left = tuple(seq for seq in sorted(set(command.messages)) if seq > gone and seq not in chosen.deleted)
    if not left:
        return _done()
    if not chosen.messages.keys() >= set(left):
        raise NotFound()
    if chosen.count + len(left) > DELETED_MAX:
        raise LimitReached(what="deleted messages", limit=DELETED_MAX)
    mark = max(member.read, member.since)
    unread = [one for seq in left if seq > mark and (one := chosen.messages[seq]).sender != user]
    fact = MessagesDeleted(conversation.id, left, len(unread))
    if not unread:
        return _done(user, fact)
    calls = chosen.calls - sum(is_called(one, user) for one in unread)
    waiting = member.unread(head) - len(unread)
    return _done(user, fact, ReadMarkMoved(conversation.id, member.read, head.seq, unread=waiting, mentions=calls))


def arranged(old: Membership, fact: Arrangement, at: Instant) -> Membership:
    """Give a user's place in a conversation after a fact of an instant."""
    match fact:
        case ConversationPinned():
            return structs.replace(old, pinned_at=at, deleted=None)
        case ConversationUnpinned():
            return structs.replace(old, pinned_at=None)
        case ConversationMarked(mark=name):
            return structs.replace(old, marks=(*old.marks, name))
        case ConversationUnmarked(mark=name):
            return structs.replace(old, marks=tuple(each for each in old.marks if each != name))
        case ConversationSilenced(silence=wanted):
            return structs.replace(old, silence=wanted)
        case ConversationUnsilenced():
            return structs.replace(old, silence=None)
        case ConversationDeleted(messages=messages, history_to=seq):
            cleared = max(old.cleared, seq or NO_SEQ)
            return structs.replace(old, deleted=messages, pinned_at=None, cleared=cleared)
        case MessagesDeleted(unread=unread):
            return structs.replace(old, own=old.own + unread, hides_some=True)
        case _:
            return structs.replace(old, cleared=max(old.cleared, fact.seq))


def _done(user: UserId | None = None, *facts: Fact) -> Decision:
    drafts = () if user is None else tuple(Draft(user_stream(user), fact) for fact in facts)
    return Decision(drafts, lambda _: Done())
