"""A node of a simulation: executes what clients ask, and follows the log through hints that may not come."""

from collections.abc import Callable, Sequence
from typing import Protocol, cast

from tests.sim.log import Log, Sessions, seen_by
from tests.sim.weather import Bus, Link, Sky
from unisono.domain import commands as c
from unisono.domain import membership, messages
from unisono.domain.answers import Answer, Done, Facts, Moved, SeqFact
from unisono.domain.conversation import Decide, Scope, standing
from unisono.domain.delivery import Gap, Push, Stale
from unisono.domain.devices import Login
from unisono.domain.errors import NotFound, SessionUnknown, UnisonoError
from unisono.domain.facts import PlacedFact, SessionEnded
from unisono.domain.ids import (
    NO_SEQ,
    Checkpoint,
    Fence,
    Seq,
    SessionId,
    StreamKey,
    UserId,
    conversation_of,
    user_of,
)
from unisono.domain.permission import check
from unisono.domain.quotas import Quotas

Advance = Callable[[Seq, Seq, Seq], Push | Stale | Gap]
PAGE = 3
"""Streams in a page of a sync."""


class Client(Protocol):
    """What a node knows of the other end of a link."""

    def welcomed(self, link: Link, checkpoint: Checkpoint) -> None:
        """Hear that the session is live."""

    def refused(self, link: Link) -> None:
        """Hear that it is not."""

    def delivered(self, link: Link, facts: Sequence[PlacedFact], checkpoint: Checkpoint) -> None:
        """Take facts of a stream."""

    def answered(self, link: Link, command: c.Command, answer: Answer | UnisonoError) -> None:
        """Take the answer to a command."""


class Attached:
    """A session on its link."""

    def __init__(self, user: UserId, session: SessionId, fence: Fence, link: Link, client: Client) -> None:
        self.user = user
        self.session = session
        self.fence = fence
        self.link = link
        self.client = client


class Channel:
    """A followed stream: how far it was delivered here, and to whom."""

    def __init__(self, delivered: Seq, members: set[UserId]) -> None:
        self.delivered = delivered
        self.members = members
        self.is_reading = False


class Node:
    """One of several that share the log."""

    def __init__(self, name: str, sky: Sky, log: Log, sessions: Sessions, *, bus: Bus, advance: Advance) -> None:
        self.name = name
        self._sky, self._log, self._sessions, self._bus, self._advance = sky, log, sessions, bus, advance
        self._channels: dict[StreamKey, Channel] = {}
        self._attached: dict[SessionId, Attached] = {}
        self._run = 0
        self.checkpoint = log.checkpoint
        bus.subscribe(lambda hint: self._hear(cast("list[PlacedFact]", hint)))

    def restart(self) -> None:
        """Forget everything and cut all links."""
        self._sky.note(f"{self.name} restarts")
        self._run += 1
        for attached in list(self._attached.values()):
            self._leave(attached)
            attached.link.cut()
        self._channels.clear()
        self.checkpoint = self._log.checkpoint

    # ------------------------------------------------------------------------------------------------- greeting

    def log_in(self, user: UserId, login: Login, link: Link, client: Client) -> None:
        """Open a session and put it on its link."""
        if login.session in self._sessions.held or login.session in self._sessions.over:
            self.resume(user, login.session, link, client)
            return
        try:
            facts = self._sessions.log_in(user, login)
        except UnisonoError:
            self._sky.note(f"{login.session} is refused")
            link.carry(1, lambda: client.refused(link))
            return
        self._attach(user, login.session, self._sessions.held[login.session].fence, link, client)
        self._publish(facts)

    def resume(self, user: UserId, session: SessionId, link: Link, client: Client) -> None:
        """Carry on a session, or say that it is over."""
        fence = self._sessions.attach(session)
        if fence is None:
            link.carry(1, lambda: client.refused(link))
            return
        self._attach(user, session, fence, link, client)

    def _attach(self, user: UserId, session: SessionId, fence: Fence, link: Link, client: Client) -> None:
        older = self._attached.get(session)
        if older is not None:
            older.link.cut()
        attached = self._attached[session] = Attached(user, session, fence, link, client)
        link.on_cut.append(lambda: self._leave(attached))
        checkpoint = self._log.checkpoint
        self._sky.note(f"{self.name} carries {session} with fence {fence} from {checkpoint}")
        link.carry(1, lambda: client.welcomed(link, checkpoint))

    def _leave(self, attached: Attached) -> None:
        if self._attached.get(attached.session) is attached:
            del self._attached[attached.session]
            self._sessions.detach(attached.session, attached.fence)

    # ------------------------------------------------------------------------------------------------- commands

    def ask(self, user: UserId, session: SessionId, link: Link, client: Client, command: c.Command) -> None:
        """Carry out a command: commit, acknowledge, publish."""
        answer: Answer | UnisonoError
        facts: Sequence[PlacedFact] = ()
        try:
            answer, facts = self._execute(user, session, command)
        except UnisonoError as fault:
            answer = fault
        link.carry(1, lambda: client.answered(link, command, answer))
        self._publish(facts)

    def _execute(self, user: UserId, session: SessionId, command: c.Command) -> tuple[Answer, Sequence[PlacedFact]]:
        match command:
            case c.Sync(checkpoint=checkpoint, after=after):
                return self._moved(user, checkpoint, after), ()
            case c.ReadStream():
                return self._read(user, command), ()
            case c.Logout():
                return Done(), self._sessions.end(session, "logged_out")
            case _:
                return self._log.transact(*_transaction(user, command))

    def _moved(self, user: UserId, checkpoint: Checkpoint, after: StreamKey | None) -> Moved:
        heads = [head for head in self._log.moved(user, checkpoint) if after is None or head.stream > after]
        following = heads[PAGE - 1].stream if len(heads) > PAGE else None
        return Moved(tuple(heads[:PAGE]), self._log.checkpoint, following)

    def _read(self, user: UserId, command: c.ReadStream) -> Facts:
        conversation = conversation_of(command.stream)
        until = None
        if conversation is None:
            if user_of(command.stream) != user:
                raise NotFound()
        else:
            mine = self._log.members.get(conversation, {}).get(user)
            about = self._log.conversations[conversation]
            check(c.ReadStream, standing(about, user, mine), about.about)
            until = mine.until if mine is not None else None
        facts = self._log.read(command.stream, command.after, command.limit, until)
        head = self._log.head(command.stream)
        found = tuple(SeqFact(placed.seq, placed.at, placed.fact) for placed in facts)
        return Facts(command.stream, head.epoch, found, head.seq if until is None else until)

    # -------------------------------------------------------------------------------------------------- fan-out

    def _publish(self, facts: Sequence[PlacedFact]) -> None:
        for placed in facts:
            self._bus.publish([placed])

    def _hear(self, hint: list[PlacedFact]) -> None:
        channel = self._channel(hint[0].stream)
        if channel.is_reading:
            return
        match self._advance(channel.delivered, hint[0].seq, hint[-1].seq):
            case Push(first):
                self._deliver(channel, [placed for placed in hint if placed.seq >= first])
            case Gap():
                channel.is_reading = True
                run = self._run
                self._sky.after(self._sky.delay(), lambda: self._read_gap(hint[0].stream, run))
            case Stale():
                pass

    def _read_gap(self, stream: StreamKey, run: int) -> None:
        channel = self._channels.get(stream)
        if run == self._run and channel is not None:
            channel.is_reading = False
            self._deliver(channel, self._log.read(stream, channel.delivered, 10_000))

    def sweep(self) -> None:
        """Deliver what hints did not tell of, then move the checkpoint."""
        for stream in list(self._log.streams):
            if self._log.streams[stream][-1].checkpoint > self.checkpoint:
                channel = self._channel(stream)
                self._deliver(channel, self._log.read(stream, channel.delivered, 10_000))
        self.checkpoint = self._log.checkpoint

    def _channel(self, stream: StreamKey) -> Channel:
        if stream not in self._channels:
            owner = user_of(stream)
            after, members = self._log.as_of(stream, self.checkpoint)
            self._channels[stream] = Channel(after, members if owner is None else {owner})
        return self._channels[stream]

    def _deliver(self, channel: Channel, facts: Sequence[PlacedFact]) -> None:
        for placed in facts:
            after = seen_by(channel.members, placed.fact)
            for attached in list(self._attached.values()):
                if attached.user in channel.members | after:
                    self._push(attached, placed)
            channel.members = after
            channel.delivered = max(channel.delivered, placed.seq) if facts else NO_SEQ
            self._end_session(placed)

    def _push(self, attached: Attached, placed: PlacedFact) -> None:
        link, client, checkpoint = attached.link, attached.client, self.checkpoint
        link.carry(1, lambda: client.delivered(link, [placed], checkpoint))

    def _end_session(self, placed: PlacedFact) -> None:
        if not isinstance(placed.fact, SessionEnded):
            return
        attached = self._attached.pop(placed.fact.session, None)
        if attached is not None:
            link = attached.link
            link.carry(1, lambda: attached.client.refused(link))


def _transaction(user: UserId, command: c.Command) -> tuple[Scope, Decide]:
    quotas = Quotas()
    match command:
        case c.SendMessage(conversation=conversation, key=key):
            scope = Scope(conversation, (user,), sender=user, key=key)
            return scope, lambda snapshot: messages.send(snapshot, user, command, quotas)
        case c.MarkRead(conversation=conversation):
            return Scope(conversation, (user,)), lambda snapshot: messages.mark_read(snapshot, user, command)
        case c.AddMembers(conversation=conversation):
            return Scope(conversation), lambda snapshot: membership.add(snapshot, user, command, quotas)
        case c.Quit(conversation=conversation):
            return Scope(conversation), lambda snapshot: membership.quit_(snapshot, user)
        case _:
            raise SessionUnknown()
