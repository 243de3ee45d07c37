"""Edits, recalls and reactions: what becomes of a message after it was placed.

A message's fact carries its present content: an edit rewrites it, a recall empties it, and each leaves a fact of its
own that tells those who had read it before. So whoever reads later never sees what was recalled, and history is one
read. A `MessageRevised` that was superseded loses its content for the same reason.
"""

from typing import Final

from msgspec import structs

from unisono.domain.answers import Done, Placed
from unisono.domain.commands import EditMessage, React, RecallMessage
from unisono.domain.conversation import Conversation, Decision, Snapshot, Target
from unisono.domain.errors import Forbidden, LimitReached, NotFound
from unisono.domain.events import TransientMessage
from unisono.domain.facts import Content, Fact, MessagePlaced, MessageReacted, MessageRecalled, MessageRevised
from unisono.domain.ids import Instant, Seq, UserId, conversation_stream
from unisono.domain.messages import to_room
from unisono.domain.permitting import permit, permit_by
from unisono.domain.placement import Draft, Place, next_head
from unisono.domain.quotas import Quotas, check_content

EMPTY: Final = Content()
"""What is left of a recalled message."""


def edit(snapshot: Snapshot, editor: UserId, command: EditMessage, limits: Quotas) -> Decision:
    """Give a message another content. An edit that changes nothing leaves no fact, so repeating one is safe.

    Raises:
        NotFound: No such message, or the editor is no member.
        Forbidden: Not their own, recalled, or too old (`edit_window_s`).
        Invalid, TooLarge: Such a content cannot be a message.
    """
    conversation = permit(EditMessage, snapshot, editor)
    target = _target(snapshot)
    _check_own(snapshot, target, editor, limits.edit_window_s)
    if command.mention_all:
        permit_by("mention_all", snapshot, conversation, editor)
    check_content(command.content, limits)
    mentions = tuple(dict.fromkeys(command.mentions))
    wanted = structs.replace(
        target.message, content=command.content, mentions=mentions, mention_all=command.mention_all
    )
    if wanted == target.message:
        return _unchanged(conversation, target)
    fact = MessageRevised(
        message=command.message,
        by=editor,
        content=command.content,
        mentions=mentions,
        mention_all=command.mention_all,
    )
    return _changing(conversation, fact, target.hiders)


def recall(snapshot: Snapshot, caller: UserId, command: RecallMessage, limits: Quotas) -> Decision:
    """Take a message back: its content is gone for everybody, its place stays. Repeating it is no error.

    Raises:
        NotFound: No such message, or the caller is no member.
        Forbidden: Not their own, or too old (`recall_window_s`).
    """
    conversation = permit(RecallMessage, snapshot, caller)
    target = _target(snapshot)
    if target.message.is_recalled and (snapshot.is_operator or target.message.sender == caller):
        return _unchanged(conversation, target)
    _check_own(snapshot, target, caller, limits.recall_window_s)
    decision = _changing(conversation, MessageRecalled(message=command.message, by=caller))
    if not conversation.keeps_history:
        return decision
    # Who is in a room hears no facts of it.
    place = next_head(conversation.head, snapshot.now, decision.drafts[0].fact)
    event = TransientMessage(conversation.id, target.at, recalled(target.message, place.seq, place.at), target.seq)
    return structs.replace(decision, signals=(to_room(conversation.id, event, "high"),))


def react(snapshot: Snapshot, caller: UserId, command: React, limits: Quotas) -> Decision:
    """Put a reaction to a message, or take one's own away. What is so already leaves no fact.

    Raises:
        NotFound: No such message, or the caller is no member.
        Forbidden: The message was recalled.
        LimitReached: As many different reactions as a message may have (`reactions_per_message`).
    """
    conversation = permit(React, snapshot, caller)
    target = _target(snapshot)
    if target.message.is_recalled:
        raise Forbidden(reason="the message was recalled")
    users = target.reactions.get(command.reaction, frozenset())
    if (caller in users) == command.on:
        return Decision(drafts=(), answer=lambda _: Done())
    if command.on and not users and len(target.reactions) >= limits.reactions_per_message:
        raise LimitReached(what="reactions", limit=limits.reactions_per_message)
    fact = MessageReacted(message=command.message, by=caller, reaction=command.reaction, is_on=command.on)
    draft = Draft(stream=conversation_stream(conversation.id), fact=fact)
    return Decision(drafts=(draft,), answer=lambda _: Done())


def revised(message: MessagePlaced, fact: MessageRevised, place: Seq, at: Instant) -> MessagePlaced:
    """Give a message after an edit that stands at `place`."""
    return structs.replace(
        message,
        content=fact.content,
        mentions=fact.mentions,
        mention_all=fact.mention_all,
        revision=place,
        revised_at=at,
    )


def recalled(message: MessagePlaced, place: Seq | None, at: Instant | None) -> MessagePlaced:
    """Give what is left of a message after a recall that stands at `place`, if that may be told."""
    return MessagePlaced(
        sender=message.sender,
        key=message.key,
        content=EMPTY,
        receipt=message.receipt,
        revision=place,
        revised_at=at,
        is_recalled=True,
    )


def message_until(message: MessagePlaced, until: Seq | None) -> MessagePlaced:
    """Give a message as a reader sees it who sees nothing behind `until`: what became of it later is not theirs to see.

    What it said then is gone, so one that changed later looks recalled, whether it was edited or taken back.
    """
    if until is None or message.revision is None or message.revision <= until:
        return message
    return recalled(message, None, None)


def fact_until(fact: Fact, until: Seq | None) -> Fact:
    """Give a fact as a reader sees it who sees nothing behind `until`."""
    return message_until(fact, until) if isinstance(fact, MessagePlaced) else fact


def superseded(fact: MessageRevised) -> MessageRevised:
    """Give what is left of an edit when a later one, or a recall, took its place."""
    return structs.replace(fact, content=EMPTY, mentions=(), mention_all=False)


def _target(snapshot: Snapshot) -> Target:
    if snapshot.target is None:
        raise NotFound()
    return snapshot.target


def _check_own(snapshot: Snapshot, target: Target, caller: UserId, window_s: int) -> None:
    if target.message.sender != caller and not snapshot.is_operator:
        raise Forbidden(reason="another's message")
    if target.message.is_recalled:
        raise Forbidden(reason="the message was recalled")
    if window_s and not snapshot.is_operator and snapshot.now - target.at > window_s * 1000:
        raise Forbidden(reason="too late", limit_s=window_s)


def _unchanged(conversation: Conversation, target: Target) -> Decision:
    message, at = target.message, target.at
    stream, epoch = conversation_stream(conversation.id), conversation.head.epoch
    place = Placed(stream, epoch, message.revision or target.seq, message.revised_at or at)
    return Decision(drafts=(), answer=lambda _: place)


def _changing(
    conversation: Conversation, fact: MessageRevised | MessageRecalled, unseen_by: frozenset[UserId] = frozenset()
) -> Decision:
    draft = Draft(stream=conversation_stream(conversation.id), fact=fact, unseen_by=unseen_by)
    return Decision(drafts=(draft,), answer=lambda places: _placed(places[0]))


def _placed(place: Place) -> Placed:
    return Placed(stream=place.stream, epoch=place.epoch, seq=place.seq, at=place.at)
