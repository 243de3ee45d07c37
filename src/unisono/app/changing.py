"""Changing commands: what each needs to see, and how it decides."""

from collections.abc import Callable
from functools import partial
from typing import Final

from msgspec import structs

from unisono.domain import (
    arranging,
    changes,
    contacts,
    finishing,
    members,
    membership,
    messages,
    objects,
    revisions,
    threads,
)
from unisono.domain import commands as c
from unisono.domain.contact_facts import Writing
from unisono.domain.conversation import Decide, Decision, Scope, Snapshot
from unisono.domain.ids import INTEGER_MAX, ConversationId, Seq, SessionId, UserId, thread_id
from unisono.domain.origin import Caused, Origin, origin_of
from unisono.domain.placement import Draft
from unisono.domain.quotas import Quotas
from unisono.domain.ties import EVERYBODY

Change = tuple[Scope, Decide]
NewId = Callable[[], ConversationId]


def change(user: UserId, command: c.Command, limits: Quotas, new_id: NewId) -> Change | None:
    """Give the scope and the decision of a command; None for one that changes no stream."""
    if isinstance(command, c.CreateConversation):
        return _creation(user, command, limits, new_id())
    for part in _PARTS:
        found = part(user, command, limits)
        if found is not None:
            return found
    return None


def present(decide: Decide) -> Decide:
    """Let a decision see that the caller is in the room."""
    return lambda snapshot: decide(structs.replace(snapshot, is_present=True))


def caused_by(session: SessionId, decide: Decide) -> Decide:
    """Let the facts that a decision leaves say which session it was."""

    def caused(snapshot: Snapshot) -> Decision:
        decision = decide(snapshot)
        if not any(isinstance(draft.fact, Caused) for draft in decision.drafts):
            return decision
        origin = origin_of(session)
        return structs.replace(decision, drafts=tuple(_with_origin(draft, origin) for draft in decision.drafts))

    return caused


def _with_origin(draft: Draft, origin: Origin) -> Draft:
    fact = draft.fact
    return structs.replace(draft, fact=structs.replace(fact, origin=origin)) if isinstance(fact, Caused) else draft


def by_operator(decide: Decide) -> Decide:
    """Let a decision see that it is the operator who does this."""
    return lambda snapshot: decide(structs.replace(snapshot, is_operator=True))


def where(writing: Writing, decide: Decide) -> Decide:
    """Let a decision see who may write to a user."""
    if writing == "anyone":
        return decide
    return lambda snapshot: decide(structs.replace(snapshot, writing=writing))


def _creation(user: UserId, command: c.CreateConversation, limits: Quotas, new_id: ConversationId) -> Change:
    founders = membership.members_to_be(user, command)
    unique_of = (command.of, founders) if membership.is_unique(command) else None
    others = tuple(founder for founder in founders if founder != user)
    scope = Scope(
        users=(user, *others), all_members=True, sender=user, key=command.key, unique_of=unique_of, others=others
    )
    return scope, lambda snapshot: membership.create(snapshot, user, command, new_id, limits)


def _of_messages(user: UserId, command: c.Command, limits: Quotas) -> Change | None:
    match command:
        case c.SendMessage(conversation=conversation, key=key):
            scope = Scope(conversation=conversation, users=(user,), sender=user, key=key, speaks=True)
            return scope, lambda snapshot: messages.send(snapshot, user, command, limits)
        case c.TellTyping(conversation=conversation):
            scope = Scope(conversation=conversation, users=(user,), speaks=True)
            return scope, partial(messages.typing, user=user, command=command)
        case c.EditMessage(conversation=conversation, message=message):
            scope = Scope(conversation=conversation, users=(user,), message=message, hiders=True, speaks=True)
            return scope, lambda snapshot: revisions.edit(snapshot, user, command, limits)
        case c.RecallMessage(conversation=conversation, message=message):
            scope = Scope(conversation=conversation, users=(user,), message=message)
            return scope, lambda snapshot: revisions.recall(snapshot, user, command, limits)
        case c.React(conversation=conversation, message=message):
            scope = Scope(conversation=conversation, users=(user,), message=message, speaks=True)
            return scope, lambda snapshot: revisions.react(snapshot, user, command, limits)
        case c.MarkRead(conversation=conversation, seq=seq):
            scope = Scope(conversation=conversation, users=(user,), read_to=seq)
            return scope, partial(messages.mark_read, reader=user, command=command)
        case c.MarkDelivered(conversation=conversation, seq=seq):
            scope = Scope(conversation=conversation, users=(user,), read_to=seq, mark="delivered")
            return scope, partial(messages.mark_delivered, receiver=user, command=command)
        case c.MarkUnread(conversation=conversation):
            return _about(conversation, user), partial(messages.mark_unread, reader=user)
        case _:
            return None


def _of_members(user: UserId, command: c.Command, limits: Quotas) -> Change | None:
    match command:
        case c.AddMembers(conversation=conversation, users=users):
            scope = Scope(conversation=conversation, users=(user, *users), all_members=True, others=users)
            return scope, lambda snapshot: membership.add(snapshot, user, command, limits)
        case c.RemoveMembers(conversation=conversation, users=users):
            scope = Scope(conversation=conversation, users=(user, *users), all_members=True)
            return scope, lambda snapshot: membership.remove(snapshot, user, command)
        case c.Join(conversation=conversation):
            scope = Scope(conversation=conversation, users=(user,), all_members=True)
            return scope, lambda snapshot: membership.join(snapshot, user, limits)
        case c.Quit(conversation=conversation):
            scope = Scope(conversation=conversation, users=(user,), all_members=True)
            return scope, lambda snapshot: membership.quit_(snapshot, user)
        case _:
            return None


def _of_rule(user: UserId, command: c.Command, limits: Quotas) -> Change | None:
    match command:
        case c.UpdateConversation(conversation=conversation, key=key):
            sender = None if key is None else user
            scope = Scope(conversation=conversation, users=(user,), sender=sender, key=key)
            return scope, partial(changes.update, caller=user, command=command, limits=limits)
        case c.SetMember(conversation=conversation, user=other):
            scope = Scope(conversation=conversation, users=(user, other))
            return scope, partial(members.set_member, caller=user, command=command, limits=limits)
        case c.Restrict(conversation=conversation, users=users, what=what):
            # Whoever is blocked leaves, and who stays may have to take over.
            scope = Scope(conversation=conversation, users=(user, *users), all_members=what == "blocked")
            return scope, partial(members.restrict, caller=user, command=command)
        case c.Dissolve(conversation=conversation):
            scope = Scope(conversation=conversation, users=(user,), all_members=True)
            return scope, lambda snapshot: finishing.dissolve(snapshot, user)
        case c.SetLevel(conversation=conversation):
            return _about(conversation, user), partial(members.set_level, user=user, command=command)
        case _:
            return None


def _of_objects(user: UserId, command: c.Command, limits: Quotas) -> Change | None:
    match command:
        case c.SetObject(name=name, key=key):
            scope = Scope(sender=user, key=key, object=name)
            return scope, lambda snapshot: objects.put(snapshot, user, command, limits)
        case c.DropObject(name=name, key=key):
            scope = Scope(sender=user, key=key, object=name)
            return scope, lambda snapshot: objects.drop(snapshot, user, command)
        case _:
            return None


def _of_arrangement(user: UserId, command: c.Command, _: Quotas) -> Change | None:
    match command:
        case c.PinConversation(conversation=conversation):
            scope = Scope(conversation=conversation, users=(user,), pinned=True)
            return scope, partial(arranging.pin, user=user)
        case c.UnpinConversation(conversation=conversation):
            return _about(conversation, user), partial(arranging.unpin, user=user)
        case c.MarkConversation(conversation=conversation):
            return _about(conversation, user), partial(arranging.mark, user=user, command=command)
        case c.UnmarkConversation(conversation=conversation):
            return _about(conversation, user), partial(arranging.unmark, user=user, command=command)
        case c.SilenceConversation(conversation=conversation):
            return _about(conversation, user), partial(arranging.silence, user=user, command=command)
        case c.UnsilenceConversation(conversation=conversation):
            return _about(conversation, user), partial(arranging.unsilence, user=user)
        case c.SilenceAll():
            scope = Scope(sender=user, silence_of=user)
            return scope, partial(arranging.silence_all, user=user, command=command)
        case c.UnsilenceAll():
            return Scope(sender=user, silence_of=user), partial(arranging.unsilence_all, user=user)
        case c.DeleteConversation(conversation=conversation):
            scope = Scope(conversation=conversation, users=(user,), read_to=Seq(INTEGER_MAX))
            return scope, partial(arranging.delete, user=user, command=command)
        case c.DeleteHistory(conversation=conversation, up_to=seq):
            scope = Scope(conversation=conversation, users=(user,), read_to=seq)
            return scope, partial(arranging.delete_history, user=user, command=command)
        case c.DeleteMessages(conversation=conversation, messages=chosen):
            scope = Scope(conversation=conversation, users=(user,), chosen=chosen)
            return scope, partial(arranging.delete_messages, user=user, command=command)
        case _:
            return None


def _of_contacts(user: UserId, command: c.Command, limits: Quotas) -> Change | None:
    match command:
        case c.InviteContact(user=other):
            scope = _between(user, other, is_tallied=True)
            return scope, partial(contacts.invite, user=user, command=command, limits=limits)
        case c.AcceptContact(user=other):
            scope = _between(user, other, is_tallied=True)
            return scope, partial(contacts.accept, user=user, command=command, limits=limits)
        case c.DeclineContact(user=other):
            return _between(user, other), partial(contacts.decline, user=user, command=command)
        case c.RemoveContact(user=other):
            return _between(user, other), partial(contacts.remove, user=user, command=command)
        case c.RemarkContact(user=other):
            return _between(user, other), partial(contacts.remark, user=user, command=command)
        case c.BlockUsers(users=users):
            scope = Scope(users=(user,), others=users, ties_change=True, tallied=(user,))
            return scope, partial(contacts.block, user=user, command=command, limits=limits)
        case c.UnblockUsers(users=users):
            scope = Scope(users=(user,), others=users, ties_change=True)
            return scope, partial(contacts.unblock, user=user, command=command)
        case c.SetWriting():
            return Scope(users=(user,), others=(EVERYBODY,)), partial(contacts.set_writing, user=user, command=command)
        case _:
            return None


def _of_threads(user: UserId, command: c.Command, limits: Quotas) -> Change | None:
    match command:
        case c.CreateThread(conversation=group, message=message):
            thread = thread_id(group, message)
            scope = Scope(conversation=thread, users=(user,), all_members=True, beneath=message)
            return scope, partial(threads.create, creator=user, command=command, limits=limits)
        case _:
            return None


def _between(user: UserId, other: UserId, *, is_tallied: bool = False) -> Scope:
    both = (user, other)
    return Scope(users=both, others=(other,), ties_change=True, tallied=both if is_tallied else ())


def _about(conversation: ConversationId, user: UserId) -> Scope:
    return Scope(conversation=conversation, users=(user,))


_PARTS: Final = (_of_messages, _of_members, _of_rule, _of_objects, _of_arrangement, _of_contacts, _of_threads)
