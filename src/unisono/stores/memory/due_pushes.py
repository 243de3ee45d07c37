"""The due pushes port in memory."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from unisono.domain.facts import MessagePlaced
from unisono.domain.ids import NO_SEQ, Checkpoint, NodeId, UserId, conversation_of
from unisono.ports.due_pushes import Absent, AbsentPage, DueMark, DueMessage, DuePage, Shown, Window
from unisono.stores.memory.directory import MemoryDirectory
from unisono.stores.memory.records import Duty
from unisono.stores.memory.sessions import MemorySessions
from unisono.stores.memory.state import State

DUTY = "push"


class MemoryDuePushes:
    """Implements `ports.due_pushes.DuePushes`."""

    def __init__(self, state: State, sessions: MemorySessions, directory: MemoryDirectory) -> None:
        self._state = state
        self._sessions = sessions
        self._directory = directory

    async def hold(self, node: NodeId) -> Checkpoint | None:
        """Take the work if nobody has it."""
        self._state.check_open()
        held = self._state.duties.get(DUTY)
        if held is not None and held.node != node and self._sessions.is_leased(held.node):
            return None
        reached = Checkpoint(self._state.position)
        if held is not None and held.reached <= reached:
            reached = held.reached
        self._state.duties[DUTY] = Duty(node, reached)
        return reached

    async def advance(self, node: NodeId, reached: Checkpoint) -> bool:
        """Move the place."""
        self._state.check_open()
        held = self._state.duties.get(DUTY)
        if held is None or held.node != node:
            return False
        self._state.duties[DUTY] = Duty(node, reached)
        return True

    async def messages(self, window: Window, after: DueMark | None, limit: int) -> DuePage:
        """Read messages by conversation; the mark says how many were read."""
        self._state.check_open()
        due = self._due(window)
        start = 0 if after is None else after.pos
        end = start + limit
        return DuePage(tuple(due[start:end]), DueMark(end, 0, NO_SEQ) if len(due) > end else None)

    def _due(self, window: Window) -> list[DueMessage]:
        found = []
        for key, stream in self._state.streams.items():
            entry = self._state.conversation(conversation_of(key))
            if entry is None:
                continue
            for placed in stream.facts[stream.head.trimmed :]:
                fact, is_in = placed.fact, window.since < placed.checkpoint <= window.until
                if is_in and placed.at >= window.oldest and isinstance(fact, MessagePlaced) and not fact.is_recalled:
                    due = DueMessage(entry.id, entry.of, entry.name, placed.epoch, placed.seq, placed.at, fact)
                    found.append(due)
        return found

    async def absent(self, message: DueMessage, after: UserId | None, limit: int) -> AbsentPage:
        """Read members who are not there."""
        self._state.check_open()
        found = []
        for member in sorted(self._state.roster(message.conversation), key=lambda member: member.user):
            is_hidden = message.seq in self._state.hidden.get((message.conversation, member.user), ())
            is_reader = member.since <= message.seq and member.read < message.seq and not is_hidden
            is_other = member.user != message.message.sender and member.user > (after or "")
            if is_reader and is_other and member.level != "none" and not await self._is_live(member.user):
                targets = tuple(self._state.targets_of(member.user))
                of_all = self._state.silences.get(member.user)
                found.append(Absent(member.user, member.level, targets, member.silence, of_all))
        page = tuple(found[:limit])
        return AbsentPage(page, page[-1].user if len(page) == limit else None)

    async def unread(self, users: Sequence[UserId]) -> Mapping[UserId, int]:
        """Count what waits."""
        counts = {user: (await self._directory.unread(user, None, 1)).total for user in users}
        return {user: count for user, count in counts.items() if count}

    async def waiting(self, shown: Sequence[Shown]) -> AbstractSet[Shown]:
        """Look up who is on the roster."""
        self._state.check_open()
        return {
            (user, conversation, seq)
            for user, conversation, seq in shown
            for member in self._state.roster(conversation)
            if member.user == user and member.read < seq and seq not in self._state.hidden.get((conversation, user), ())
        }

    async def _is_live(self, user: UserId) -> bool:
        return any(record.node is not None for record in await self._sessions.list_of(user))
