"""What a fact changes in the tables beside the log: `conversations` and `members` are what the log adds up to."""

import hashlib
from collections.abc import Sequence

import msgspec
from msgspec import structs

from unisono.domain import roll
from unisono.domain.arrangement import AllSilenced, AllUnsilenced, Arrangement
from unisono.domain.changes import changed
from unisono.domain.contact_facts import ContactFact
from unisono.domain.conversation import unique_members
from unisono.domain.facts import (
    ConversationChanged,
    ConversationCreated,
    ConversationEnded,
    ConversationEntered,
    ConversationExited,
    ConversationKind,
    DeliveredTo,
    Fact,
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
    ReadMarkMoved,
)
from unisono.domain.ids import ConversationId, Seq, UserId, conversation_stream, user_of
from unisono.domain.kinds import KINDS
from unisono.domain.revisions import recalled, revised, superseded
from unisono.domain.thread_facts import ThreadEnded, ThreadMade
from unisono.stores.sql.arranging import arrange, silence_all
from unisono.stores.sql.attributes import describe
from unisono.stores.sql.book import Book
from unisono.stores.sql.contact_project import project_ties
from unisono.stores.sql.entries import ConversationEntry, StreamEntry, view
from unisono.stores.sql.indexing import renew
from unisono.stores.sql.objects import project_object
from unisono.stores.sql.thread_project import count_thread, find_parent, note_departure


def unique_key(of: ConversationKind, members: Sequence[UserId]) -> str:
    """Name the one conversation of a kind and exactly these members."""
    return hashlib.sha256(msgspec.json.encode((of, unique_members(members)))).hexdigest()


def project(book: Book, stream: StreamEntry, fact: Fact) -> None:
    """Bring the tables up to a fact that was just put at the head of its stream."""
    match fact:
        case MessagePlaced():
            _said(book, stream, fact)
        case ConversationCreated():
            _created(book, stream, fact)
        case MembersJoined():
            _joined(book, stream, fact)
        case MembersLeft():
            _left(book, stream, fact)
        case MessageRevised() | MessageRecalled():
            _changed(book, stream, fact)
        case MessageReacted():
            _reacted(book, stream, fact)
        case ConversationChanged():
            _renewed(book, stream, fact)
        case ReadMarkMoved():
            _read(book, user_of(stream.key), fact.conversation, fact.seq)
        case DeliveredTo():
            note_delivered(book, fact)
        case MarkedUnread():
            _marked_unread(book, user_of(stream.key), fact.conversation)
        case _:
            _project_roll(book, stream, fact)


def _project_roll(book: Book, stream: StreamEntry, fact: Fact) -> None:
    match fact:
        case MemberChanged():
            _member_changed(book, stream, fact)
        case MembersRestricted():
            _restricted(book, stream, fact)
        case ConversationEnded():
            _ended(book, stream)
        case LevelSet():
            _level(book, user_of(stream.key), fact)
        case ObjectSet() | ObjectDropped():
            project_object(book, book.statements.objects, stream, fact)
        case ConversationEntered() | ConversationExited():
            _subscribed(book, user_of(stream.key), fact)
        case _ if isinstance(fact, Arrangement):
            arrange(book, user_of(stream.key), fact, stream.head.at)
        case AllSilenced() | AllUnsilenced():
            silence_all(book, book.statements.silences, user_of(stream.key), fact)
        case _ if isinstance(fact, ContactFact):
            project_ties(book, stream, fact)
        case ThreadMade() | ThreadEnded():
            count_thread(book, stream, 1 if isinstance(fact, ThreadMade) else -1)
        case _:
            # Sessions have their own tables.
            pass


def _created(book: Book, stream: StreamEntry, fact: ConversationCreated) -> None:
    head = stream.head
    stream.conversation = ConversationEntry(
        of=fact.of,
        creator=fact.by,
        created_at=head.at,
        updated_at=head.at,
        name=fact.name,
        attributes=fact.attributes,
        unique_key=unique_key(fact.of, fact.members) if fact.is_unique else None,
        member_count=len(set(fact.members)),
        joining=fact.joining,
        rules=fact.rules,
        expires_at=fact.expires_at,
        audience=fact.audience,
        oldest_at=head.at,
        keeps_history=fact.keeps_history,
        parent=find_parent(book, fact.parent),
    )
    describe(book, stream, is_new=True)
    stream.has_all_members = True
    book.change(stream)
    for user in fact.members:
        book.join(stream, roll.founded(fact, user, head.seq))


def _joined(book: Book, stream: StreamEntry, fact: MembersJoined) -> None:
    count = 0
    for user in dict.fromkeys(fact.users):
        earlier = book.member(stream, user)
        if earlier is None or earlier.until is not None:
            count += 1
            book.join(stream, roll.joined(earlier, user, stream.head.seq, stream.head.messages))
    _regroup(book, stream, count)


def _left(book: Book, stream: StreamEntry, fact: MembersLeft) -> None:
    count = 0
    for user in dict.fromkeys(fact.users):
        earlier = book.member(stream, user)
        if earlier is not None and earlier.until is None:
            count -= 1
            book.join(stream, roll.left(earlier, stream.head.seq), until_pos=stream.pos)
            note_departure(book, stream, user)
    _regroup(book, stream, count)


def _subscribed(book: Book, user: UserId | None, fact: ConversationEntered | ConversationExited) -> None:
    """Keep who subscribes. Of all other kinds the conversation's own facts tell, and this repeats it to the user."""
    talk = book.stream(conversation_stream(fact.conversation))
    if user is None or talk is None or talk.conversation is None or KINDS[talk.conversation.of].members != "subscribed":
        return
    earlier, at = book.member(talk, user), fact.seq
    if isinstance(fact, ConversationEntered):
        passed = book.messages_up_to(talk, Seq(at - 1))
        book.join(talk, roll.joined(earlier, user, at, passed))
        talk.conversation.member_count += 1
    elif earlier is not None:
        book.join(talk, roll.left(earlier, at), until_pos=talk.pos)
        talk.conversation.member_count -= 1
        if not talk.conversation.member_count:
            talk.conversation.expires_at = None
    book.change(talk)


def _ended(book: Book, stream: StreamEntry) -> None:
    entry = stream.conversation
    if entry is None:
        return
    entry.expires_at, entry.joining, entry.audience = None, "invited", None
    if KINDS[entry.of].members == "subscribed":
        # Any number: they go some at a time, and until the last one has gone it is found among those that are over.
        entry.expires_at = stream.head.at if entry.member_count else None
        book.change(stream)
        return
    note_departure(book, stream, None)
    members = book.roster(stream)
    for member in members:
        book.join(stream, roll.left(member, stream.head.seq), until_pos=stream.pos)
    _regroup(book, stream, -len(members))


def _regroup(book: Book, stream: StreamEntry, change: int) -> None:
    """Keep count, and end the uniqueness of a conversation whose members are others now."""
    entry = stream.conversation
    if entry is None:
        return
    entry.member_count += change
    entry.updated_at = stream.head.at
    if change:
        book.forget_unique(entry)
    book.change(stream)


def _said(book: Book, stream: StreamEntry, fact: MessagePlaced) -> None:
    """Keep a sender's own message from counting as unread to them, and note whom it calls.

    Who speaks in a room is known there from then on: what they said is found when they are erased.
    """
    member = book.member(stream, fact.sender)
    if member is not None or _is_room(stream):
        heard = roll.heard(member, fact.sender)
        if heard != member:
            book.join(stream, heard)
    _call(book, stream, stream.head.seq, fact.sender, fact)
    if fact.receipt:
        book.ask_receipt(stream, stream.head.seq, fact.sender)


def _is_room(stream: StreamEntry) -> bool:
    return stream.conversation is not None and KINDS[stream.conversation.of].members == "unlisted"


def _call(book: Book, stream: StreamEntry, seq: Seq, sender: UserId, fact: MessagePlaced | MessageRevised) -> None:
    if users := called(fact):
        book.call(stream, seq, sender, users)


def called(fact: MessagePlaced | MessageRevised) -> tuple[str, ...]:
    """Give whom a message calls; everybody is the empty name."""
    return (*fact.mentions, "") if fact.mention_all else fact.mentions


def _changed(book: Book, stream: StreamEntry, fact: MessageRevised | MessageRecalled) -> None:
    """Rewrite a message, and take from an earlier edit what is no longer so."""
    message = book.fact(stream, fact.message)
    if not isinstance(message, MessagePlaced):
        return
    if message.revision is not None and isinstance(last := book.fact(stream, message.revision), MessageRevised):
        book.rewrite(stream, message.revision, superseded(last))
    seq, at = stream.head.seq, stream.head.at
    book.call_off(stream, fact.message, called(message))
    if isinstance(fact, MessageRevised):
        _call(book, stream, fact.message, message.sender, fact)
        new = revised(message, fact, seq, at)
    else:
        new = recalled(message, seq, at)
        book.run(book.statements.messages.drop_reactions, stream=stream.id, seq=fact.message)
    book.rewrite(stream, fact.message, new)
    renew(book, stream, fact.message, message, new)


def _reacted(book: Book, stream: StreamEntry, fact: MessageReacted) -> None:
    statement = book.statements.messages.add_reaction if fact.is_on else book.statements.messages.drop_reaction
    book.run(statement, stream=stream.id, seq=fact.message, reaction=fact.reaction, user_id=fact.by)


def _read(book: Book, user: UserId | None, conversation: ConversationId, seq: Seq) -> None:
    stream = book.stream(conversation_stream(conversation))
    member = None if stream is None or user is None else book.member(stream, user)
    if stream is not None and member is not None and member.until is None:
        passed, own = book.passed(stream, seq, member)
        mark = structs.replace(member, read=max(seq, member.read), passed=passed, own=own, is_marked_unread=False)
        book.join(stream, mark)


def note_delivered(book: Book, fact: DeliveredTo) -> None:
    """Move the mark of a member who has messages by now; never back."""
    stream = book.stream(conversation_stream(fact.conversation))
    member = None if stream is None else book.member(stream, fact.user)
    if stream is not None and member is not None and member.until is None and member.delivered < fact.seq:
        book.join(stream, msgspec.structs.replace(member, delivered=fact.seq))


def _marked_unread(book: Book, user: UserId | None, conversation: ConversationId) -> None:
    stream = book.stream(conversation_stream(conversation))
    member = None if stream is None or user is None else book.member(stream, user)
    if stream is not None and member is not None and member.until is None:
        book.join(stream, structs.replace(member, is_marked_unread=True))


def _renewed(book: Book, stream: StreamEntry, fact: ConversationChanged) -> None:
    entry = stream.conversation
    if entry is None:
        return
    new = changed(view(stream.key, stream.head, entry), fact, stream.head.at)
    has_other_values = new.attributes != entry.attributes
    entry.name, entry.attributes, entry.joining, entry.rules = new.name, new.attributes, new.joining, new.rules
    entry.updated_at = new.updated_at
    book.change(stream)
    if has_other_values:
        describe(book, stream)


def _member_changed(book: Book, stream: StreamEntry, fact: MemberChanged) -> None:
    member = book.member(stream, fact.user)
    if member is not None and member.is_member:
        book.join(stream, roll.changed(member, fact))
        _regroup(book, stream, 0)


def _restricted(book: Book, stream: StreamEntry, fact: MembersRestricted) -> None:
    for user in dict.fromkeys(fact.users):
        book.join(stream, roll.restricted(book.member(stream, user), user, fact))


def _level(book: Book, user: UserId | None, fact: LevelSet) -> None:
    stream = book.stream(conversation_stream(fact.conversation))
    member = None if stream is None or user is None else book.member(stream, user)
    if stream is not None and member is not None:
        book.join(stream, structs.replace(member, level=fact.level))
