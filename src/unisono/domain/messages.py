"""Decisions about messages and how far they are read."""

from msgspec import structs

from unisono.domain import marks
from unisono.domain.answers import Done, Passed, Placed, ReadMark
from unisono.domain.commands import MarkDelivered, MarkRead, MarkUnread, SendMessage, TellTyping
from unisono.domain.conversation import Conversation, Decision, Snapshot
from unisono.domain.errors import Invalid
from unisono.domain.events import DEFAULT_PRIORITY, Priority, Signal, TransientMessage, Typing
from unisono.domain.facts import DeliveredTo, MarkedUnread, MessagePlaced, ReadBy, ReadMarkMoved
from unisono.domain.ids import (
    ConversationId,
    Instant,
    Seq,
    UserId,
    conversation_stream,
    user_stream,
)
from unisono.domain.marks import Passed as PassedBy
from unisono.domain.permitting import permit, permit_by
from unisono.domain.placement import Draft, Place, check_key, next_head
from unisono.domain.quotas import Quotas, check_content, check_push


def send(snapshot: Snapshot, sender: UserId, command: SendMessage, limits: Quotas) -> Decision:
    """Place a message at the end of its conversation.

    Repeating a key yields its first place, also for a sender who left since: the message was accepted then. In a room
    it goes to who is there, at its place where the room keeps it, without one where not.
    """
    earlier = snapshot.earlier
    if earlier is not None:
        return Decision(drafts=(), answer=lambda _: _placed(earlier))
    conversation = permit(SendMessage, snapshot, sender)
    check_key(command.key)
    if command.mention_all:
        permit_by("mention_all", snapshot, conversation, sender)
    check_content(command.content, limits)
    fact = _message(sender, command, conversation.head.seq, limits)
    if not conversation.lists_members:
        return _said_in_room(snapshot.now, conversation, fact, command)
    if command.transient:
        return _passing(snapshot.now, conversation.id, fact)
    draft = Draft(stream=conversation_stream(conversation.id), fact=fact, sender=sender, key=command.key)
    return Decision(drafts=(draft,), answer=lambda places: _placed(places[0]))


def _message(sender: UserId, command: SendMessage, head: Seq, limits: Quotas) -> MessagePlaced:
    if command.reply_to is not None and not 1 <= command.reply_to <= head:
        raise Invalid(field="reply_to", reason="no such place", value=command.reply_to)
    check_push(command.push, limits)
    return MessagePlaced(
        sender=sender,
        key=command.key,
        content=command.content,
        mentions=tuple(dict.fromkeys(command.mentions)),
        mention_all=command.mention_all,
        reply_to=command.reply_to,
        receipt=command.receipt,
        push=command.push,
    )


def _passing(now: Instant, conversation: ConversationId, message: MessagePlaced) -> Decision:
    signal = Signal(conversation_stream(conversation), TransientMessage(conversation, now, message))
    return Decision(drafts=(), answer=lambda _: Passed(now), signals=(signal,))


def _said_in_room(now: Instant, room: Conversation, message: MessagePlaced, command: SendMessage) -> Decision:
    # Nobody is told of receipts in a room, so nobody is asked for any.
    message = structs.replace(message, receipt=False)
    if not room.keeps_history or command.transient:
        signal = to_room(room.id, TransientMessage(room.id, now, message), command.priority)
        return Decision(drafts=(), answer=lambda _: Passed(now), signals=(signal,))
    head = next_head(room.head, now, message)
    signal = to_room(room.id, TransientMessage(room.id, head.at, message, head.seq), command.priority)
    draft = Draft(conversation_stream(room.id), message, sender=message.sender, key=message.key)
    return Decision(drafts=(draft,), answer=lambda places: _placed(places[0]), signals=(signal,))


def to_room(room: ConversationId, message: TransientMessage, priority: Priority = DEFAULT_PRIORITY) -> Signal:
    """Give the signal that shows a message to whoever is in a room."""
    return Signal(conversation_stream(room), message, priority, in_room=room)


def typing(snapshot: Snapshot, user: UserId, command: TellTyping) -> Decision:
    """Tell the others that a member writes; the user's own sessions know it (row X50)."""
    conversation = permit(TellTyping, snapshot, user)
    event = Typing(conversation.id, user, command.is_typing)
    in_room = None if conversation.lists_members else conversation.id
    signal = Signal(conversation_stream(conversation.id), event, "low", not_to=user, in_room=in_room)
    return Decision(drafts=(), answer=lambda _: Done(), signals=(signal,))


def mark_read(snapshot: Snapshot, reader: UserId, command: MarkRead) -> Decision:
    """Move the reader's mark, for all their sessions. A mark that would not move leaves no fact."""
    conversation = permit(MarkRead, snapshot, reader)
    member, head = snapshot.memberships[reader], conversation.head
    passed = snapshot.passed or PassedBy(head.messages)
    new = marks.moved(member.read, command.seq, head.seq)
    if new == member.read and not member.is_marked_unread:
        same = ReadMark(conversation=conversation.id, seq=new, unread=member.unread(head))
        return Decision(drafts=(), answer=lambda _: same)
    unread = marks.unread(head.messages, passed.messages, passed.own)
    answer = ReadMark(conversation=conversation.id, seq=new, unread=unread)
    fact = ReadMarkMoved(conversation.id, new, head.seq, unread=unread, mentions=passed.mentions)
    mark = ReadBy(conversation.id, new, reader, after=max(member.read, member.since))
    told = tuple(Draft(user_stream(asker), mark) for asker in passed.askers)
    return Decision(drafts=(Draft(stream=user_stream(reader), fact=fact), *told), answer=lambda _: answer)


def mark_delivered(snapshot: Snapshot, receiver: UserId, command: MarkDelivered) -> Decision:
    """Tell senders who asked for it that a device of the receiver has their messages. Only the first one tells.

    The mark is kept also where nobody asked: a client that is sent what it missed is not sent the same again.
    """
    conversation = permit(MarkDelivered, snapshot, receiver)
    passed = snapshot.passed or PassedBy(0)
    member = snapshot.memberships[receiver]
    new = marks.moved(member.delivered, command.seq, conversation.head.seq)
    mark = DeliveredTo(conversation.id, new, receiver, after=max(member.delivered, member.since))
    told = tuple(Draft(user_stream(asker), mark) for asker in passed.askers)
    return Decision(drafts=told, answer=lambda _: Done(), delivered=None if new == member.delivered else mark)


def mark_unread(snapshot: Snapshot, reader: UserId) -> Decision:
    """Note the reader's wish to come back to a conversation. Repeating it leaves no fact."""
    conversation = permit(MarkUnread, snapshot, reader)
    if snapshot.memberships[reader].is_marked_unread:
        return Decision(drafts=(), answer=lambda _: Done())
    draft = Draft(stream=user_stream(reader), fact=MarkedUnread(conversation.id))
    return Decision(drafts=(draft,), answer=lambda _: Done())


def _placed(place: Place) -> Placed:
    return Placed(stream=place.stream, epoch=place.epoch, seq=place.seq, at=place.at)
