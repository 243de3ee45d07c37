"""From facts to events: what happened, told in the words of a program, with its conversation in step."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from unisono_sdk import events, facts
from unisono_sdk.answers import Gap, MissedConversation, UnreadConversation
from unisono_sdk.arrangement import Arrangement
from unisono_sdk.call_book import CallBook
from unisono_sdk.call_frames import CallChanged, CallSignalled
from unisono_sdk.changes import of_arranging, of_change, of_draft, of_ruling
from unisono_sdk.conversation import Conversation
from unisono_sdk.desk import Desk
from unisono_sdk.drafting import conversation_of as draft_of
from unisono_sdk.facts import SeqFact
from unisono_sdk.message import Message
from unisono_sdk.multi_device import ALIASES, conversation_of, operation_of, origin_of
from unisono_sdk.own_changes import tell_of_mine
from unisono_sdk.passing import Asked, Passing, Presence, PutOut, TabsChanged, Told, ToldLater, TransientMessage, Typing
from unisono_sdk.places import Deliver, Outcome, Restart
from unisono_sdk.room import Rooms
from unisono_sdk.tabs import SeatView
from unisono_sdk.thread_events import tell_of_threads

EARLY_LIMIT: Final = 10_000
"""Outcomes held before the program has its client; past it they are told without waiting."""

OTHER_PLACES: Final = frozenset({"epoch_changed", "ahead", "gone"})
"""Why a stream starts over so that what was known by its places is known no more."""


class Dispatch:
    """Keeps the conversations that were spoken of, and tells the hub what happens in them.

    Until `open` is called, outcomes are held: a program that logs in gets its client first and what was missed then.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        remembered: int,
        presence: Callable[[Presence], None],
        told: Callable[[Told | ToldLater | Asked], None],
        rooms: Rooms,
        calls: CallBook,
        recount: Callable[[Conversation], object],
        find_last: Callable[[Conversation], object],
    ) -> None:
        self._desk = desk
        self._recount, self._find_last = recount, find_last
        self._presence = presence
        self._told = told
        self._rooms = rooms
        self._calls = calls
        self._remembered = remembered
        self._conversations: OrderedDict[str, Conversation] = OrderedDict()
        self._early: list[Outcome | Passing] | None = []

    def conversation(self, conversation: str) -> Conversation:
        """Give the object of a conversation."""
        known = self._conversations.get(conversation)
        if known is None:
            known = self._conversations[conversation] = Conversation(self._desk, conversation)
            self._desk.plugins.decorate("on_conversation", known)
            if len(self._conversations) > self._remembered:
                self._conversations.popitem(last=False)
        else:
            self._conversations.move_to_end(conversation)
        return known

    def welcomed(self, seats: tuple[SeatView, ...]) -> None:
        """Take note of the rooms that the session is in."""
        self._rooms.welcomed(seats, self.conversation)
        self._calls.welcomed()

    def open(self) -> None:
        """Tell what was held, and everything at once from now on. Calling it again changes nothing."""
        early, self._early = self._early, None
        for held in early or ():
            if isinstance(held, Deliver | Restart):
                self.take((held,))
            else:
                self.passing(held)

    def take(self, outcomes: Iterable[Outcome]) -> None:
        """Tell what happened."""
        for outcome in outcomes:
            if self._early is not None:
                self._early.append(outcome)
            elif isinstance(outcome, Restart):
                self._restart(outcome)
            else:
                self._fact(outcome)
        if self._early is not None and len(self._early) > EARLY_LIMIT:
            self.open()

    def passing(self, passing: Passing) -> None:
        """Tell what passes by."""
        if self._early is not None:
            if len(self._early) < EARLY_LIMIT:
                self._early.append(passing)
            return
        match passing:
            case TransientMessage():
                self._transient(passing)
            case Typing(conversation=key, user=user, is_typing=is_typing):
                typing = events.Typing(conversation=self.conversation(key), user=user, is_typing=is_typing)
                self._desk.hub.emit("typing", typing, conversation=key)
            case Presence():
                self._presence(passing)
            case Told() | ToldLater() | Asked():
                self._told(passing)
            case TabsChanged():
                self._desk.hub.emit("tabs", passing)
            case CallChanged(call=view):
                self._calls.take(view)
            case CallSignalled():
                self._calls.signalled(passing)
            case PutOut(conversation=key):
                self._rooms.put_out(self.conversation(key))
            case _:
                pass

    def _transient(self, passing: TransientMessage) -> None:
        hub, conversation = self._desk.hub, self.conversation(passing.conversation)
        in_room, said = self._rooms.message(conversation, passing), passing.message
        if said.is_recalled and passing.seq is not None:
            gone = events.Recalled(conversation=conversation, seq=passing.seq, at=said.revised_at or passing.at)
            hub.emit("recalled", gone, conversation=conversation.id)
        elif in_room is not None:
            hub.emit("room_message", in_room, conversation=conversation.id)
        else:
            transient = conversation.transient(passing.at, passing.message)
            hub.emit("transient", transient, conversation=conversation.id)

    def _restart(self, restart: Restart) -> None:
        conversation = self.conversation(restart.stream[2:]) if restart.stream.startswith("c/") else None
        if conversation is not None and restart.reason in OTHER_PLACES:
            conversation.begin_anew()
        if conversation is not None and restart.reason in {*OTHER_PLACES, "trimmed"}:
            self._recount(conversation)
        elif conversation is None:
            for known in self._conversations.values():
                known.waiting.doubt()
        self._start_over(conversation, restart.stream, restart, restart.reason)

    def _start_over(self, of: Conversation | None, stream: str, gap: Restart | Gap, reason: str) -> None:
        event = events.StartOver(conversation=of, stream=stream, first=gap.first, until=gap.until, reason=reason)
        self._desk.hub.emit("start_over", event, conversation=None if of is None else of.id)

    def _fact(self, deliver: Deliver) -> None:
        placed = deliver.placed
        self._tell_fact(deliver, placed)
        self._tell_operation(deliver.stream, placed)

    def _tell_fact(self, deliver: Deliver, placed: SeqFact) -> None:
        if isinstance(placed.fact, facts.UnknownFact):
            event = events.NewFact(stream=deliver.stream, seq=placed.seq, at=placed.at, fact=placed.fact)
            self._desk.hub.emit("unknown_fact", event)
        elif isinstance(placed.fact, facts.CallEnded):
            self._calls.ended(placed.fact, placed.at)
        elif deliver.stream.startswith("c/"):
            self._of_conversation(self.conversation(deliver.stream[2:]), placed)
        else:
            self._of_user(placed)

    def _tell_operation(self, stream: str, placed: SeqFact) -> None:
        """Tell what another session of mine did, after the events of its own: the client is in step by then."""
        fact, user = placed.fact, self._desk.user
        operation = operation_of(fact, user)
        if operation is None or origin_of(fact) in self._desk.origins:
            return
        if isinstance(fact, facts.UnknownFact) and stream != f"u/{user}":
            return
        key = conversation_of(fact, stream)
        conversation = None if key is None else self.conversation(key)
        event = events.MultiDevice(
            operation=operation,
            alias=ALIASES.get(operation),
            conversation=conversation,
            by=user,
            at=placed.at,
            fact=fact,
        )
        self._desk.hub.emit("multi_device", event, conversation=key)

    def _of_conversation(self, conversation: Conversation, placed: SeqFact) -> None:
        hub, key, at = self._desk.hub, conversation.id, placed.at
        conversation.head = max(conversation.head, placed.seq)
        match placed.fact:
            case facts.MessagePlaced() as said:
                if conversation.told.comes(placed.seq):
                    message = conversation.message(placed.seq, at, said)
                    conversation.newest.placed(message)
                    self._message(message)
            case facts.ConversationCreated() as fact:
                conversation.began(fact)
                hub.emit("created", events.Created(conversation=conversation, by=fact.by, at=at), conversation=key)
            case facts.MembersJoined(users=users, by=by):
                present = conversation.members
                conversation.members = (*present, *(user for user in users if user not in present))
                if self._desk.user in users:
                    conversation.waiting.joined(placed.seq)
                joined = events.MembersJoined(conversation=conversation, users=users, by=by, at=at)
                hub.emit("members_joined", joined, conversation=key)
            case facts.MembersLeft(users=users, by=by):
                conversation.members = tuple(user for user in conversation.members if user not in users)
                if self._desk.user not in users:
                    left = events.MembersLeft(conversation=conversation, users=users, by=by, at=at)
                    hub.emit("members_left", left, conversation=key)
            case facts.ConversationEnded(reason=reason, by=ended_by):
                conversation.ended()
                ended = events.Ended(conversation=conversation, reason=reason, by=ended_by, at=at)
                hub.emit("ended", ended, conversation=key)
            case facts.ConversationChanged() | facts.MemberChanged() | facts.MembersRestricted() as fact:
                self._ruled(conversation, fact, at)
            case facts.MessageRevised() | facts.MessageRecalled() | facts.MessageReacted() as fact:
                if not isinstance(fact, facts.MessageReacted):
                    conversation.newest.changed(fact, placed.seq, at)
                self._changed(conversation, fact, at)
            case fact:
                tell_of_threads(hub, conversation, fact, at, find=self.conversation)

    def _message(self, message: Message) -> None:
        conversation = message.conversation
        if not message.is_mine:
            conversation.waiting.came(message.seq, calls_me=message.mentions_me)
            if message.said.receipt:
                self._desk.note_delivered(conversation.id, message.seq)
        elif message.said.receipt and message.is_from_here:
            # `send` gives this very message, and so do its receipts.
            message = conversation.sent.keep(message)
        self._desk.hub.emit("message", message, conversation=conversation.id)

    def _changed(
        self,
        conversation: Conversation,
        fact: facts.MessageRevised | facts.MessageRecalled | facts.MessageReacted,
        at: int,
    ) -> None:
        name, event = of_change(conversation, fact, at)
        self._desk.hub.emit(name, event, conversation=conversation.id)
        if isinstance(event, events.Reacted) or event.seq <= conversation.read or event.by == self._desk.user:
            return
        # Whom it called before is not told, so whoever may have been called asks.
        calls_me = isinstance(event, events.Edited) and (event.mention_all or self._desk.user in event.mentions)
        if calls_me or conversation.unread_mentions:
            self._recount(conversation)

    def nothing_waits(self, conversation: Conversation, as_of: int) -> None:
        """Take over that nothing up to a place waits."""
        conversation.waiting.counted(0, mentions=0, as_of=as_of, read=conversation.read)
        self.unread(conversation)

    def missed(self, missed: MissedConversation) -> None:
        """Tell messages that waited for me, but for those that came meanwhile."""
        conversation, gap = self.conversation(missed.conversation), missed.gap
        if gap is not None:
            self._start_over(conversation, f"c/{conversation.id}", gap, "capped")
        for entry in missed.messages:
            if conversation.told.waited(entry.seq):
                conversation.head = max(conversation.head, entry.seq)
                message = conversation.read_message(entry)
                conversation.newest.came(message)
                self._message(message)

    def _ruled(
        self,
        conversation: Conversation,
        fact: facts.ConversationChanged | facts.MemberChanged | facts.MembersRestricted,
        at: int,
    ) -> None:
        match fact:
            case facts.ConversationChanged():
                conversation.renewed(fact, at)
            case facts.MemberChanged(user=user, role=role) if role is not None and user == self._desk.user:
                conversation.role = role
            case _:
                pass
        name, event = of_ruling(conversation, fact, at)
        self._desk.hub.emit(name, event, conversation=conversation.id)

    def _of_user(self, placed: SeqFact) -> None:
        hub, at = self._desk.hub, placed.at
        match placed.fact:
            case facts.ConversationEntered(conversation=key, by=by, parent=parent):
                self._entered(self.conversation(key).begun_under(parent), by, at)
            case facts.ConversationExited(conversation=key, by=by):
                self._exited(self.conversation(key), by, at)
            case facts.ConversationMade(conversation=key, of=of):
                conversation = self.conversation(key)
                conversation.of, conversation.creator = of, self._desk.user
                made = events.Created(conversation=conversation, by=self._desk.user, at=at)
                hub.emit("created", made, conversation=key)
            case facts.ReadMarkMoved() as fact:
                self._read(fact, at)
            case facts.DeliveredTo() | facts.ReadBy() as fact:
                self._receipt(fact, at)
            case facts.LevelSet(conversation=key, level=level):
                conversation = self.conversation(key)
                conversation.level = level
                hub.emit("level", events.LevelSet(conversation=conversation, level=level, at=at), conversation=key)
            case facts.MarkedUnread(conversation=key):
                self.conversation(key).waiting.mark(is_marked=True)
                self.unread(self.conversation(key))
            case facts.ObjectSet() | facts.ObjectDropped() as fact:
                self._kept(fact, placed)
            case fact if isinstance(fact, Arrangement):
                self._arranged(self.conversation(fact.conversation), fact, at)
            case facts.SessionOpened(session=session, device=device, shown=shown, tag=tag):
                opened = events.SessionOpened(session=session, device=device, shown=shown, tag=tag, at=at)
                hub.emit("session_opened", opened)
            case facts.SessionEnded(session=session, device=device, reason=reason, newcomer=by, why=why):
                ended = events.SessionEnded(session=session, device=device, reason=reason, newcomer=by, at=at, why=why)
                hub.emit("session_ended", ended)
            case fact:
                tell_of_mine(hub, fact, at)

    def _arranged(self, conversation: Conversation, fact: Arrangement, at: int) -> None:
        conversation.arranged(fact, at)
        if fact.kind == "messages_deleted" and conversation.newest.is_lost:
            self._find_last(conversation)
        name, event = of_arranging(conversation, fact, at)
        self._desk.hub.emit(name, event, conversation=conversation.id)

    def _kept(self, fact: facts.ObjectSet | facts.ObjectDropped, placed: SeqFact) -> None:
        value, is_dropped = (fact.value, False) if isinstance(fact, facts.ObjectSet) else (None, True)
        if self._desk.is_own_key(fact.key) or (isinstance(fact, facts.ObjectSet) and fact.is_superseded):
            return
        event = events.ObjectChanged(
            name=fact.name, value=value, revision=placed.seq, is_dropped=is_dropped, at=placed.at
        )
        self._desk.hub.emit("object", event)
        if (key := draft_of(fact.name)) is not None:
            self._desk.hub.emit("draft", of_draft(self.conversation(key), event), conversation=key)

    def _read(self, fact: facts.ReadMarkMoved, at: int) -> None:
        conversation = self.conversation(fact.conversation)
        conversation.read = max(conversation.read, fact.seq)
        conversation.waiting.counted(fact.unread, mentions=fact.mentions, as_of=fact.head, read=fact.seq)
        conversation.waiting.mark(is_marked=False)
        event = events.ReadMoved(conversation=conversation, seq=fact.seq, at=at)
        self._desk.hub.emit("read", event, conversation=conversation.id)
        self.unread(conversation)

    def count(self, waiting: UnreadConversation) -> None:
        """Take over what the server counted, and tell it."""
        conversation = self.conversation(waiting.conversation)
        conversation.reached(waiting.head, waiting.read)
        conversation.waiting.counted(
            waiting.unread,
            mentions=waiting.mentions,
            as_of=waiting.head,
            read=waiting.read,
            is_marked=waiting.is_marked_unread,
        )
        entry = waiting.last
        last = None if entry is None else conversation.message(entry.seq, entry.at, entry.message)
        if last is not None:
            conversation.newest.came(last)
        self.unread(conversation, last)

    def _receipt(self, fact: facts.DeliveredTo | facts.ReadBy, at: int) -> None:
        conversation, is_read = self.conversation(fact.conversation), isinstance(fact, facts.ReadBy)
        messages = conversation.sent.told(fact.user, fact.seq, at, is_read=is_read)
        for message in messages or (None,):
            seq = fact.seq if message is None else message.seq
            event = events.Receipt(
                conversation=conversation, message=message, seq=seq, user=fact.user, is_read=is_read, at=at
            )
            self._desk.hub.emit("receipt", event, conversation=conversation.id)

    def unread(self, conversation: Conversation, last: Message | None = None) -> None:
        """Tell how much waits in a conversation."""
        event = events.Unread(
            conversation=conversation, unread=conversation.unread, mentions=conversation.unread_mentions, last=last
        )
        self._desk.hub.emit("unread", event, conversation=conversation.id)

    def _entered(self, conversation: Conversation, by: str, at: int) -> None:
        conversation.role = conversation.role or "member"
        is_invited = by != self._desk.user
        event = events.Entered(conversation=conversation, by=by, at=at, is_invited=is_invited)
        self._desk.hub.emit("entered", event, conversation=conversation.id)
        if is_invited:
            self._desk.hub.call("invited", event, conversation=conversation.id)

    def _exited(self, conversation: Conversation, by: str | None, at: int) -> None:
        conversation.role = None
        conversation.forget_arrangement()
        conversation.waiting.mark(is_marked=False)
        is_kicked = by not in {None, self._desk.user}
        event = events.Exited(conversation=conversation, by=by, at=at, is_kicked=is_kicked)
        self._desk.hub.emit("exited", event, conversation=conversation.id)
        if is_kicked:
            self._desk.hub.call("kicked", event, conversation=conversation.id)
