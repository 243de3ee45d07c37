"""What was pushed and is read by now: the push service is told, so that phones show it no more.

The node that handed it over looks at every sweep whose streams moved. What it handed over is known to it alone, up to a
bound: after a crash nobody takes back what was shown before, and the next message in a conversation brings it up again.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from typing import Final

from unisono.app.handing import hand_over
from unisono.app.options import PushRules
from unisono.app.parts import Parts
from unisono.domain.ids import Checkpoint, ConversationId, Seq, UserId, user_of
from unisono.ports.push import PushService, ReadPush

SHOWN_MAX: Final = 100_000
"""Users of whom it is remembered what was pushed to them; beyond it, those told least recently are forgotten."""
CONVERSATIONS_MAX: Final = 100
"""Conversations of one user of which that is remembered: more are not in anybody's list of notices."""
MOVED_AT_ONCE: Final = 1_000
OVERLAP_S: Final = 2.0
"""How much of the log is looked at again: who is pushed to was looked for a moment before it is noted."""
WORTH_S: Final = 60.0
"""How long it is tried to tell of something that was read."""

Place = tuple[UserId, ConversationId]


class Withdrawing:
    """Remembers what was pushed, and tells when it was read."""

    def __init__(self, parts: Parts, rules: PushRules, service: PushService) -> None:
        self._parts = parts
        self._rules = rules
        self._service = service
        self._shown: OrderedDict[UserId, OrderedDict[ConversationId, Seq]] = OrderedDict()
        self._ends: deque[tuple[Checkpoint, float]] = deque()
        """The ends of the log at the last sweeps, and when that was, in seconds of the monotonic clock."""
        self._read: dict[Place, tuple[Seq, float]] = {}
        """What was read and is to be told, and when that was found, by the same clock."""

    def note(self, users: Iterable[UserId], conversation: ConversationId, seq: Seq) -> None:
        """Remember that a message is about to be pushed to users."""
        for user in users:
            shown = self._shown.setdefault(user, OrderedDict())
            shown[conversation] = seq
            shown.move_to_end(conversation)
            self._shown.move_to_end(user)
            if len(shown) > CONVERSATIONS_MAX:
                shown.popitem(last=False)
            if len(self._shown) > SHOWN_MAX:
                self._shown.popitem(last=False)

    async def sweep(self) -> None:
        """Find out what was read of what was pushed, and tell the service; what it did not take comes again.

        Raises:
            UnisonoError: The store is away; the next sweep does the rest.
        """
        now_s = self._parts.clock.monotonic_s()
        self._ends.append((await self._parts.log.checkpoint(), now_s))
        while len(self._ends) > 1 and self._ends[1][1] <= now_s - OVERLAP_S:
            self._ends.popleft()
        if self._shown:
            await self._find_out(self._ends[0][0])
        self._read = {place: told for place, told in self._read.items() if now_s - told[1] < WORTH_S}
        due = list(self._read.items())
        await hand_over(due, self._tell, size=self._rules.batch_max, at_once=self._rules.at_once)

    async def _find_out(self, since: Checkpoint) -> None:
        is_complete = False
        while not is_complete:
            moves = await self._parts.log.moved_in_app(since, MOVED_AT_ONCE)
            users = (user_of(moved.stream) for moved in moves.streams)
            await self._look_at([user for user in users if user is not None])
            since, is_complete = max(since, moves.checkpoint), moves.is_complete

    async def _look_at(self, users: Iterable[UserId]) -> None:
        now_s = self._parts.clock.monotonic_s()
        for user in users:
            for conversation, seq in list(self._shown.get(user, {}).items()):
                places = await self._parts.directory.places(conversation, (user,))
                if any(each.is_member and each.read < seq for each in places):
                    continue
                self._read[user, conversation] = (seq, now_s)
                self._forget(user, conversation, seq)

    def _forget(self, user: UserId, conversation: ConversationId, seq: Seq) -> None:
        shown = self._shown.get(user)
        # More may have been pushed since it was looked.
        if shown is not None and shown.get(conversation) == seq:
            del shown[conversation]
            if not shown:
                del self._shown[user]

    async def _tell(self, batch: Sequence[tuple[Place, tuple[Seq, float]]]) -> None:
        users = list(dict.fromkeys(user for (user, _), _ in batch))
        unread = await self._parts.due_pushes.unread(users)
        devices = {user: tuple(await self._parts.push_targets.of_user(user)) for user in users}
        pushes = [
            ReadPush(user, conversation, seq, unread.get(user, 0), devices[user])
            for (user, conversation), (seq, _) in batch
        ]
        if await self._service.hand_over_reads(pushes):
            for place, told in batch:
                if self._read.get(place) == told:
                    del self._read[place]
