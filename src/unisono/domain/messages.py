"""Decisions about messages and how far they are read."""

from unisono.domain import marks
from unisono.domain.answers import Done, Passed, Placed, ReadMark
from unisono.domain.commands import MarkRead, SendMessage, TellTyping
from unisono.domain.conversation import Decision, Snapshot, permit
from unisono.domain.events import Signal, TransientMessage, Typing
from unisono.domain.facts import MessagePlaced, ReadMarkMoved
from unisono.domain.ids import Instant, Seq, UserId, conversation_stream, user_stream
from unisono.domain.placement import Draft, Place
from unisono.domain.quotas import Quotas, check_content


def send(snapshot: Snapshot, sender: UserId, command: SendMessage, limits: Quotas) -> Decision:
    """Place a message at the end of its conversation.

    Repeating a key yields its first place, also for a sender who left since: the message was accepted then.
    """
    earlier = snapshot.earlier
    if earlier is not None:
        return Decision(drafts=(), answer=lambda _: _placed(earlier))
    conversation = permit(SendMessage, snapshot, sender)
    check_content(command.content, limits)
    if command.transient:
        return _passing(snapshot.now, sender, command)
    fact = MessagePlaced(sender=sender, key=command.key, content=command.content)
    draft = Draft(stream=conversation_stream(conversation.id), fact=fact, sender=sender, key=command.key)
    return Decision(drafts=(draft,), answer=lambda places: _placed(places[0]))


def _passing(now: Instant, sender: UserId, command: SendMessage) -> Decision:
    event = TransientMessage(command.conversation, sender, command.key, now, command.content)
    signal = Signal(conversation_stream(command.conversation), event)
    return Decision(drafts=(), answer=lambda _: Passed(now), signals=(signal,))


def typing(snapshot: Snapshot, user: UserId, command: TellTyping) -> Decision:
    """Tell the others that a member writes; the user's own sessions know it (row X50)."""
    conversation = permit(TellTyping, snapshot, user)
    event = Typing(conversation.id, user, command.is_typing)
    signal = Signal(conversation_stream(conversation.id), event, "low", not_to=user)
    return Decision(drafts=(), answer=lambda _: Done(), signals=(signal,))


def mark_read(snapshot: Snapshot, reader: UserId, command: MarkRead) -> Decision:
    """Move the reader's mark, for all their sessions. A mark that would not move leaves no fact."""
    conversation = permit(MarkRead, snapshot, reader)
    old = snapshot.memberships[reader].read
    new = marks.moved(old, command.seq, conversation.head.seq)
    answer = ReadMark(conversation=conversation.id, seq=new)
    if new == old:
        return Decision(drafts=(), answer=lambda _: answer)
    fact = ReadMarkMoved(conversation=conversation.id, seq=Seq(new))
    return Decision(drafts=(Draft(stream=user_stream(reader), fact=fact),), answer=lambda _: answer)


def _placed(place: Place) -> Placed:
    return Placed(stream=place.stream, epoch=place.epoch, seq=place.seq, at=place.at)
