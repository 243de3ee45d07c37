"""Decisions about what a conversation is: its name, its attributes, how it is joined, and its rules."""

from collections.abc import Sequence

from msgspec import structs

from unisono.domain import attributes
from unisono.domain.answers import Answer
from unisono.domain.commands import UpdateConversation
from unisono.domain.conversation import Conversation, Decision, Snapshot
from unisono.domain.errors import Forbidden, Invalid, KeyReused
from unisono.domain.facts import ConversationChanged
from unisono.domain.ids import Instant, UserId, conversation_stream
from unisono.domain.kinds import KINDS
from unisono.domain.membership import view
from unisono.domain.permission import Standing
from unisono.domain.permitting import permit, standing_now
from unisono.domain.placement import Draft, Place, check_key, next_head
from unisono.domain.quotas import Quotas, check_attributes
from unisono.domain.thread_telling import told_of_name


def update(snapshot: Snapshot, caller: UserId, command: UpdateConversation, limits: Quotas) -> Decision:
    """Change a conversation. What is so already leaves no fact; the answer is the conversation, without its members.

    Repeating a key changes nothing: the answer is the conversation as it is by then.

    Raises:
        NotFound: The caller is no member.
        Forbidden: The rules ask for a higher role; how it is joined and its rules are the owner's alone.
        Invalid: The kind does not leave it to anybody, or no such path or key can be.
        TooLarge: More attributes than a conversation may have.
        KeyReused: Something else came under the key.
    """
    conversation = permit(UpdateConversation, snapshot, caller)
    own = snapshot.memberships.get(caller)
    if snapshot.earlier is not None:
        if not isinstance(snapshot.earlier_fact, ConversationChanged):
            raise KeyReused()
        return _unchanged(snapshot, conversation, caller)
    if command.key is not None:
        check_key(command.key)
    if command.joining is not None or command.rules is not None:
        _check_owner(snapshot, conversation, caller, command)
    fact = _difference(conversation, caller, command)
    new = changed(conversation, fact, conversation.updated_at)
    check_attributes(new.attributes, limits)
    if new == conversation:
        return _unchanged(snapshot, conversation, caller)

    def answer(places: Sequence[Place]) -> Answer:
        place = places[0]
        head = next_head(conversation.head, place.at, fact)
        return view(structs.replace(new, head=head, updated_at=place.at), caller, own, now=place.at)

    sender = None if command.key is None else caller
    draft = Draft(conversation_stream(conversation.id), fact, sender=sender, key=command.key)
    return Decision(drafts=(draft, *told_of_name(conversation, fact)), answer=answer)


def changed(conversation: Conversation, fact: ConversationChanged, at: Instant) -> Conversation:
    """Give a conversation after a change at an instant.

    Raises:
        Invalid: The fact names paths that cannot be.
    """
    name = conversation.name if fact.name is None else fact.name or None
    return structs.replace(
        conversation,
        name=name,
        attributes=attributes.changed(conversation.attributes, fact.set, fact.unset),
        joining=fact.joining or conversation.joining,
        rules=fact.rules or conversation.rules,
        updated_at=at,
    )


def _unchanged(snapshot: Snapshot, conversation: Conversation, caller: UserId) -> Decision:
    same = view(conversation, caller, snapshot.memberships.get(caller), now=snapshot.now)
    return Decision(drafts=(), answer=lambda _: same)


def _difference(conversation: Conversation, caller: UserId, command: UpdateConversation) -> ConversationChanged:
    """Give what a command changes, of name, joining and rules what differs."""
    name, put = command.name, command.set or {}
    if command.amend:
        attributes.check_apart((*command.unset, *put, *command.amend))
        put = {**put, **attributes.amended(conversation.attributes, command.amend)}
    return ConversationChanged(
        by=caller,
        name=None if (name or None) == conversation.name else name,
        set=put or None,
        unset=command.unset,
        joining=None if command.joining == conversation.joining else command.joining,
        rules=None if command.rules == conversation.rules else command.rules,
    )


def _check_owner(snapshot: Snapshot, conversation: Conversation, caller: UserId, command: UpdateConversation) -> None:
    kind = KINDS[conversation.of]
    if command.joining not in {None, conversation.joining} and kind.joining != "choice":
        raise Invalid(field="joining", reason=f"a {conversation.of} conversation is always {kind.joining}")
    if command.rules is not None and not kind.has_owner:
        raise Invalid(field="rules", reason=f"a {conversation.of} conversation has no owner")
    if standing_now(snapshot, conversation, caller) not in {Standing.OWNER, Standing.OPERATOR}:
        raise Forbidden(reason="only the owner changes how it is joined and its rules")
