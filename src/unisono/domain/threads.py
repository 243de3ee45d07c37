"""Decisions about threads: conversations under the messages of a group.

A thread's members are members of the group, and each comes by themselves. What they may do is decided as for all other
conversations (`permitting`), over what they are in the group now; that somebody left the group, or that it is over, is
noted in its threads a little later (`follow_out`, `follow_end`).
"""

from typing import Final

from msgspec import structs

from unisono.domain.answers import Done
from unisono.domain.commands import CreateThread
from unisono.domain.conversation import Conversation, Decision, Snapshot
from unisono.domain.errors import Forbidden, Invalid, LimitReached, NotFound
from unisono.domain.facts import (
    ConversationCreated,
    ConversationEnded,
    ConversationEntered,
    ConversationExited,
    MembersLeft,
)
from unisono.domain.finishing import end
from unisono.domain.ids import (
    OPAQUE_ID_MAX_CHARS,
    Seq,
    UserId,
    conversation_stream,
    thread_id,
    user_stream,
)
from unisono.domain.membership import members_in, view, view_of_new
from unisono.domain.permitting import permit
from unisono.domain.placement import Draft
from unisono.domain.quotas import Quotas
from unisono.domain.thread_facts import Parent, ThreadMade

_NOTHING: Final = Decision((), lambda _: Done())


def create(snapshot: Snapshot, creator: UserId, command: CreateThread, limits: Quotas) -> Decision:
    """Begin the thread under a message, with the caller as its first member, or show them the one that is there.

    Of two who begin it at the same time both get the same, so repeating it is safe. Whoever did not begin it joins it
    by `Join`.

    Raises:
        NotFound: The caller is not in the group, or no such message is there, or no longer.
        Forbidden: It is not a group's, the caller may not speak in the group, or the thread is over already.
        LimitReached: The group has as many threads as it may.
        Invalid: The group's id leaves no room for that of a thread.
    """
    in_group = structs.replace(snapshot, conversation=snapshot.parent, memberships=snapshot.above, above={})
    group = permit(CreateThread, in_group, creator)
    thread = snapshot.conversation
    if thread is None:
        return _begin(snapshot, group, creator, command, limits)
    if thread.parent is None or thread.is_over(snapshot.now):
        raise Forbidden(reason="the thread is over")
    own = snapshot.memberships.get(creator)
    known = view(thread, creator, own, members_in(snapshot), now=snapshot.now)
    return Decision((), lambda _: known)


def _begin(snapshot: Snapshot, group: Conversation, creator: UserId, command: CreateThread, limits: Quotas) -> Decision:
    if snapshot.target is None or snapshot.target.message.is_recalled:
        raise NotFound()
    if group.threads >= limits.threads_per_group:
        raise LimitReached(what="threads", limit=limits.threads_per_group)
    new, name = thread_id(group.id, command.message), command.name or None
    if len(new) > OPAQUE_ID_MAX_CHARS:
        raise Invalid(field="conversation", reason="its id leaves no room for that of a thread")
    parent = Parent(group.id, command.message)
    created = ConversationCreated(by=creator, of="thread", members=(creator,), name=name, joining="open", parent=parent)
    drafts = (
        Draft(conversation_stream(new), created),
        Draft(user_stream(creator), ConversationEntered(new, Seq(1), creator, parent)),
        Draft(conversation_stream(group.id), ThreadMade(command.message, new, creator, name)),
    )
    return Decision(drafts, view_of_new(new, created))


def follow_out(snapshot: Snapshot, user: UserId) -> Decision:
    """Make who left the group leave a thread, too. Who is back in the group by now, or left the thread, is let be."""
    thread, own, above = snapshot.conversation, snapshot.memberships.get(user), snapshot.above.get(user)
    is_above = above is not None and above.is_member
    if thread is None or own is None or not own.is_member or is_above:
        return _NOTHING
    left = Draft(conversation_stream(thread.id), MembersLeft(users=(user,), by=user))
    exited = ConversationExited(thread.id, Seq(thread.head.seq + 1), parent=thread.parent)
    return Decision((left, Draft(user_stream(user), exited)), lambda _: Done())


def follow_end(snapshot: Snapshot) -> Decision:
    """End a thread whose group is over. One that is over is let be."""
    thread = snapshot.conversation
    if thread is None or thread.is_over(snapshot.now):
        return _NOTHING
    return end(snapshot, thread, ConversationEnded(reason="dissolved"))
