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

SHOWN_MAX: Final = 500_000
"""Notices that are remembered, one for each conversation of a user: 0.4 KiB where they share nothing, 190 MiB in all.

Beyond it, who was told least recently is the first of whom the oldest is forgotten.
"""
CONVERSATIONS_MAX: Final = 100
"""Notices of one user that are remembered: more are not in anybody's list."""
READ_MAX: Final = 100_000
"""What was read and is to be told. Beyond it, what was found first is given up."""
MOVED_AT_ONCE: Final = 1_000
PLACES_AT_ONCE: Final = 1_000
"""Notices that are looked at in one read."""
OVERLAP_S: Final = 2.0
"""How much of the log is looked at again: who is pushed to was looked for a moment before it is noted."""
WORTH_S: Final = 60.0
"""How long it is tried to tell of something that was read."""

Notice = tuple[ConversationId, Seq]
_Place = tuple[UserId, ConversationId]


class Notices:
    """What was pushed and is not known to be read, as far as it is remembered.

    All who were told of one message share its notice; those of a user are a tuple: both take less room than anything
    that could be changed, and most users have few.
    """

    def __init__(self) -> None:
        self._of: OrderedDict[UserId, tuple[Notice, ...]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        """Count all notices."""
        return self._count

    def of(self, user: UserId) -> tuple[Notice, ...]:
        """Give those of a user, the oldest first."""
        return self._of.get(user, ())

    def add(self, user: UserId, notice: Notice) -> None:
        """Remember one, in place of an earlier one of the conversation; forget the oldest of what is too much."""
        others = [each for each in self.of(user) if each[0] != notice[0]]
        self._put(user, (*others, notice)[-CONVERSATIONS_MAX:])
        self._of.move_to_end(user)
        while self._count > SHOWN_MAX:
            least = next(iter(self._of))
            self._put(least, self._of[least][1:])

    def drop(self, user: UserId, notice: Notice) -> None:
        """Forget one of a user's, unless more of its conversation was shown since."""
        self._put(user, tuple(each for each in self.of(user) if each != notice))

    def _put(self, user: UserId, notices: tuple[Notice, ...]) -> None:
        self._count += len(notices) - len(self.of(user))
        if notices:
            self._of[user] = notices
        else:
            self._of.pop(user, None)


class Withdrawing:
    """Remembers what was pushed, and tells when it was read."""

    def __init__(self, parts: Parts, rules: PushRules, service: PushService) -> None:
        self._parts = parts
        self._rules = rules
        self._service = service
        self._shown = Notices()
        self._ends: deque[tuple[Checkpoint, float]] = deque()
        """The ends of the log at the last sweeps, and when that was, in seconds of the monotonic clock."""
        self._read: OrderedDict[_Place, tuple[Seq, float]] = OrderedDict()
        """What was read and is to be told, and when that was found, by the same clock: the first found first."""

    def note(self, users: Iterable[UserId], conversation: ConversationId, seq: Seq) -> None:
        """Remember that a message is about to be pushed to users."""
        notice = (conversation, seq)
        for user in users:
            self._shown.add(user, notice)

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
        while self._read and now_s - next(iter(self._read.values()))[1] >= WORTH_S:
            self._read.popitem(last=False)
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
        shown = [(user, *notice) for user in users for notice in self._shown.of(user)]
        for start in range(0, len(shown), PLACES_AT_ONCE):
            part = shown[start : start + PLACES_AT_ONCE]
            waiting = await self._parts.due_pushes.waiting(part)
            for user, conversation, seq in part:
                # Who is no member any more has nothing left to read.
                if (user, conversation, seq) not in waiting:
                    self._note_read(user, (conversation, seq))

    def _note_read(self, user: UserId, notice: Notice) -> None:
        conversation, seq = notice
        self._shown.drop(user, notice)
        self._read[user, conversation] = (seq, self._parts.clock.monotonic_s())
        self._read.move_to_end((user, conversation))
        if len(self._read) > READ_MAX:
            self._read.popitem(last=False)

    async def _tell(self, batch: Sequence[tuple[_Place, tuple[Seq, float]]]) -> None:
        users = list(dict.fromkeys(user for (user, _), _ in batch))
        unread = await self._parts.due_pushes.unread(users)
        devices = await self._parts.push_targets.of_users(users)
        pushes = [
            ReadPush(user, conversation, seq, unread.get(user, 0), tuple(devices.get(user, ())))
            for (user, conversation), (seq, _) in batch
        ]
        if await self._service.hand_over_reads(pushes):
            for place, told in batch:
                if self._read.get(place) == told:
                    del self._read[place]
