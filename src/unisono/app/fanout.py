"""From committed facts to the links of this node, each stream in order and without holes.

Hints of one turn of the event loop are gathered, so that a burst costs one frame and one write per link. A stream that
the node follows is a `Channel`: how far it was delivered here, and to whom. Hints may be lost, repeated or reordered;
what is missing is read from the log. `sweep` reads it from the node's own checkpoint: a lost hint costs a sweep's time.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Sequence
from contextlib import closing, suppress
from typing import Final

from unisono.app.audience import Audience
from unisono.app.channel import Channel, light_prefix, lists_members, placed_of, runs, shared
from unisono.app.endings import fault_of
from unisono.app.heard import Heard
from unisono.app.hiding import as_committed, as_seen
from unisono.app.rosters import Rosters
from unisono.domain.delivery import Gap, Push, Stale, advance
from unisono.domain.errors import UnisonoError
from unisono.domain.facts import PlacedFact, SessionEnded
from unisono.domain.ids import (
    NO_SEQ,
    START,
    Checkpoint,
    Seq,
    StreamKey,
    UserId,
    conversation_of,
    user_of,
    user_stream,
)
from unisono.ports.directory import Directory
from unisono.ports.log import Log, MovedStream
from unisono.ports.telemetry import Telemetry

CHANNELS_LIMIT: Final = 50_000
"""Conversations followed at a time; beyond it the longest silent one is dropped and loaded again at its next fact.

The stream of a user is followed as long as the user has a link here.
"""
MEMBERS_LIMIT: Final = 1_000_000
"""Members of all followed conversations together, at about 120 bytes each; beyond it, likewise."""
READ_PAGE: Final = 500
HOLD_S: Final = 0.002
"""How long facts for many wait while more are committed. A burst of 16 to 1,000 links left in two halves without."""
MANY: Final = 64
"""Members or links from which on facts are for many."""
DELIVERY_BYTES: Final = 256 * 1024
"""Facts of one stream that leave at once."""
CATCHING_UP_LIMIT: Final = 32
"""Streams read from the log at a time."""
SWEEP_PAGE: Final = 1000
TRIES_MAX: Final = 3
"""Defects in a row while a stream is read, after which sweeps do not wait for it."""
FAILURES_LIMIT: Final = 10_000
"""Streams that are remembered for it."""


class Fanout:
    """Delivers the facts of one app to the links of this node."""

    def __init__(self, log: Log, directory: Directory, audience: Audience, telemetry: Telemetry) -> None:
        self._log, self._directory = log, directory
        self._audience = audience
        self._telemetry = telemetry
        self._channels: dict[StreamKey, Channel] = {}
        self._conversations: OrderedDict[StreamKey, Channel] = OrderedDict()
        self._gathered: dict[StreamKey, list[PlacedFact]] = {}
        self._behind: dict[StreamKey, Channel] = {}
        self._heard = Heard()
        self._rosters = Rosters(audience)
        self._members = 0
        self._failures: dict[StreamKey, int] = {}
        self._hold: asyncio.TimerHandle | None = None
        self._wake = asyncio.Event()
        self._settled = asyncio.Condition()
        self._beginnings = 0
        self.checkpoint: Checkpoint = START

    def hint(self, facts: Sequence[PlacedFact]) -> None:
        """Take facts from the bus; they are delivered in the next turn of the loop."""
        gathered = self._gathered
        if facts and (not gathered or self._hold is not None):
            asyncio.get_running_loop().call_soon(self._flush)
        for fact in facts:
            if (waiting := gathered.get(fact.stream)) is None:
                gathered[fact.stream] = [fact]
            else:
                waiting.append(fact)

    def members_of(self, stream: StreamKey) -> Collection[UserId] | None:
        """Give who sees a stream, or None when it is not followed here. Do not keep it: it changes."""
        channel = self._channels.get(stream)
        return channel.members if channel is not None and channel.is_loaded else None

    def count_streams(self) -> int:
        """Give how many streams are followed."""
        return len(self._channels)

    async def wait_until_passed_on(self, streams: Collection[StreamKey], limit_s: float) -> None:
        """Wait, for so long at most, until what hints told of some streams so far has reached the links here."""
        gathered = self._gathered
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while gathered is self._gathered and not gathered.keys().isdisjoint(streams):  # noqa: ASYNC110  (a turn or two of the loop)
                    await asyncio.sleep(0 if self._hold is None else HOLD_S)
                async with self._settled:
                    await self._settled.wait_for(lambda: not any(stream in self._behind for stream in streams))

    async def start(self) -> None:
        """Begin at the end of the log: no link is here yet, or all are being ended, that lacks anything before it."""
        self._beginnings += 1
        for channel in list(self._channels.values()):
            self._forget(channel)
        await self._notify()
        self.checkpoint = await self._log.checkpoint()

    def greet(self, user: UserId, after: Seq) -> None:
        """Follow the stream of a user whose first link here comes now: nobody here lacks what is up to `after`."""
        stream = user_stream(user)
        if stream not in self._channels:
            self._follow(stream).begin(after)

    def part(self, user: UserId) -> None:
        """Follow the stream of a user no longer, if the last link here has gone. What is being read is read on."""
        channel = self._channels.get(user_stream(user))
        if channel is not None and not channel.is_behind and not self._audience.links_of(user):
            self._forget(channel)

    async def run(self) -> None:
        """Read what hints left out, until cancelled."""
        limit = asyncio.Semaphore(CATCHING_UP_LIMIT)
        async with asyncio.TaskGroup() as readers:
            while True:
                await self._wake.wait()
                self._wake.clear()
                for channel in [channel for channel in self._behind.values() if not channel.is_reading]:
                    channel.is_reading = True
                    await limit.acquire()
                    readers.create_task(self._catch_up(channel)).add_done_callback(lambda _: limit.release())

    async def sweep(self) -> None:
        """Deliver what was committed since the last sweep and no hint told of; then move the checkpoint.

        Raises:
            Unavailable: The store is away; the checkpoint stays, and the next sweep begins where this one did.
        """
        self._rosters.forget_stale()
        # The node's own checkpoint moves at the end: a stream of a later page is loaded as of what it moved after.
        reached, is_complete, beginning = self.checkpoint, False, self._beginnings
        while not is_complete:
            moves = await self._log.moved_in_app(reached, SWEEP_PAGE)
            lagging = [(channel, moved.head) for moved in moves.streams if (channel := self._lagging(moved))]
            await self._wait_until_read(lagging)
            if any(channel.delivered < head and not self._is_given_up(channel) for channel, head in lagging):
                return
            reached, is_complete = max(reached, moves.checkpoint), moves.is_complete
        # Where all began anew meanwhile, it was another log whose end this is.
        if beginning == self._beginnings:
            self.checkpoint = reached

    async def _wait_until_read(self, lagging: Sequence[tuple[Channel, Seq]]) -> None:
        """Wait until each stream was read so far, or could not be. A busy one may be behind again by then."""
        async with self._settled:
            await self._settled.wait_for(
                lambda: not any(channel.is_behind and channel.delivered < head for channel, head in lagging)
            )

    def _lagging(self, moved: MovedStream) -> Channel | None:
        channel = self._channels.get(moved.stream)
        if channel is None:
            # Who comes from now on has asked for what moved, or will.
            if self._is_unheard(moved.stream) or not self._audience.count_users():
                return None
            channel = self._follow(moved.stream)
        if channel.is_loaded and channel.delivered >= moved.head and channel.epoch == moved.epoch:
            return None
        self._fall_behind(channel, moved.head)
        return channel

    def _is_unheard(self, stream: StreamKey) -> bool:
        """Say if nobody here could lack anything of this stream: it is that of a user who is not here."""
        user = user_of(stream)
        return user is not None and not self._audience.links_of(user)

    def _flush(self) -> None:
        if not self._holds_on():
            self._pass_on()

    def _pass_on(self) -> None:
        gathered, self._gathered = self._gathered, {}
        # What several streams bring for a link leaves in one write.
        is_alone = len(gathered) == 1
        for stream, facts in gathered.items():
            try:
                self._take_hints(stream, facts, is_alone=is_alone)
            except Exception as defect:  # noqa: BLE001  (nobody calls a callback; a fact that cannot be written costs its stream)
                self._telemetry.defect("delivery_failed", defect, stream=stream)

    def _holds_on(self) -> bool:
        """Wait a little for what is being committed, where many links would be written to twice otherwise."""
        if self._log.is_busy and (self._hold is not None or self._is_for_many()):
            if self._hold is None:
                self._hold = asyncio.get_running_loop().call_later(HOLD_S, self._let_go)
            return True
        if self._hold is not None:
            self._hold.cancel()
            self._hold = None
        return False

    def _let_go(self) -> None:
        self._hold = None
        self._pass_on()

    def _is_for_many(self) -> bool:
        found = (channel for stream in self._gathered if (channel := self._channels.get(stream)) is not None)
        return any(
            len(channel.members) >= MANY or sum(map(len, self._rosters.of(channel).values())) >= MANY
            for channel in found
        )

    def _take_hints(self, stream: StreamKey, facts: list[PlacedFact], *, is_alone: bool) -> None:
        channel = self._channels.get(stream)
        if channel is None:
            if self._is_unheard(stream):
                return
            channel = self._follow(stream)
            # A hint that comes late may tell of the beginning of a stream that was delivered and forgotten since.
            if facts[0].seq == 1 and facts[0].checkpoint > self.checkpoint and lists_members(facts[0].fact):
                channel.begin(NO_SEQ)
        elif channel.of_user is None:
            self._conversations.move_to_end(stream)
        if channel.is_behind or channel.is_subscribed or not channel.is_loaded:
            self._leave_to_log(channel, facts)
        else:
            self._take(channel, facts, is_alone=is_alone)

    def _take(self, channel: Channel, facts: list[PlacedFact], *, is_alone: bool) -> None:
        """Deliver what follows on; whatever does not is left to the log."""
        split = runs(facts)
        for run in split:
            match advance(channel.delivered, run[0].seq, run[-1].seq):
                case Push(first):
                    new = run[first - run[0].seq :]
                    light = light_prefix(new, DELIVERY_BYTES)
                    self._deliver(channel, light, is_alone=is_alone and len(split) == 1)
                    if len(light) < len(new):
                        # Large facts go out page by page, so that who reads has a chance to.
                        self._leave_to_log(channel, facts)
                        return
                case Gap():
                    self._telemetry.count("gaps_read")
                    self._leave_to_log(channel, facts)
                    return
                case Stale():
                    pass

    def _leave_to_log(self, channel: Channel, facts: Sequence[PlacedFact]) -> None:
        self._fall_behind(channel, max(placed.seq for placed in facts))
        self._heard.note(channel, facts)

    def _deliver(self, channel: Channel, facts: Sequence[PlacedFact], *, is_alone: bool = False) -> None:
        for part in channel.pass_on(facts):
            with closing(as_seen(channel, part)) as seen:
                for each in seen:
                    self._push(channel, each, is_alone=is_alone and len(each) == len(facts))
        self._telemetry.count("facts_delivered", len(facts))
        self._weigh(channel)
        if channel.of_user is not None:
            self._end_sessions(facts)

    def _push(self, channel: Channel, facts: Sequence[PlacedFact], *, is_alone: bool) -> None:
        """Give facts to all links of users who are here, written once per encoder."""
        for encoder, links in self._rosters.of(channel).items():
            parcel = encoder.delivery(facts, self.checkpoint)
            if is_alone:
                for link in links:
                    link.push_at_once_nowait(parcel)
            else:
                for link in links:
                    link.push_nowait(parcel)

    def _end_sessions(self, facts: Sequence[PlacedFact]) -> None:
        for placed in facts:
            if isinstance(placed.fact, SessionEnded):
                attached = self._audience.find(placed.fact.session)
                if attached is not None:
                    attached.link.end(fault_of(placed.fact))

    def _follow(self, stream: StreamKey) -> Channel:
        channel = self._channels[stream] = Channel(stream)
        if channel.of_user is None:
            self._conversations[stream] = channel
            if len(self._conversations) > CHANNELS_LIMIT:
                self._forget_oldest(channel)
        return channel

    def _weigh(self, channel: Channel) -> None:
        if self._conversations.get(channel.stream) is not channel:
            return
        self._members += len(channel.members) - channel.weight
        channel.weight = len(channel.members)
        while self._members > MEMBERS_LIMIT and self._forget_oldest(channel):
            pass

    def _forget_oldest(self, kept: Channel) -> bool:
        """Forget the longest silent conversation but one, if there is any that is not being read."""
        oldest = next((held for held in self._conversations.values() if held is not kept and not held.is_behind), None)
        if oldest is not None:
            self._forget(oldest)
        return oldest is not None

    def _forget(self, channel: Channel) -> None:
        if self._channels.get(channel.stream) is channel:
            del self._channels[channel.stream]
            self._conversations.pop(channel.stream, None)
            self._members -= channel.weight
        self._rest(channel)

    def _rest(self, channel: Channel) -> None:
        """Note that nobody waits for a channel; another one of its stream may be behind by now."""
        channel.is_behind = False
        self._heard.drop(channel)
        if self._behind.get(channel.stream) is channel:
            del self._behind[channel.stream]

    def _fall_behind(self, channel: Channel, hinted: Seq) -> None:
        channel.hinted = max(channel.hinted, hinted)
        if not channel.is_behind:
            channel.is_behind = True
            self._behind[channel.stream] = channel
            self._wake.set()

    async def _catch_up(self, channel: Channel) -> None:
        try:
            await self._read_to_head(channel)
        except UnisonoError as fault:
            # The store is away. Forgotten, the channel is loaded again from the checkpoint by the next hint or sweep.
            self._forget(channel)
            self._telemetry.fault("catch_up_failed", code=fault.code)
        except Exception as defect:  # noqa: BLE001  (the task tree of a stream ends here; the others go on)
            self._forget(channel)
            self._note_failure(channel, defect)
        else:
            self._failures.pop(channel.stream, None)
        finally:
            channel.is_reading = False
            self._rest(channel)
            if channel.of_user is not None:
                self.part(channel.of_user)
            await self._notify()

    def _note_failure(self, channel: Channel, defect: Exception) -> None:
        if channel.stream not in self._failures:
            self._telemetry.defect("delivery_failed", defect, stream=channel.stream)
        if len(self._failures) >= FAILURES_LIMIT:
            self._failures.clear()
        self._failures[channel.stream] = self._failures.get(channel.stream, 0) + 1

    def _is_given_up(self, channel: Channel) -> bool:
        """Say if a stream cannot be read, whatever the weather: the sweep goes on without it."""
        return self._failures.get(channel.stream, 0) >= TRIES_MAX

    async def _read_to_head(self, channel: Channel) -> None:
        if not channel.is_loaded:
            channel.load(await self._directory.audience(channel.stream, self.checkpoint))
            self._weigh(channel)
        head = NO_SEQ
        while channel.delivered < max(channel.hinted, head) or head == NO_SEQ:
            hinted = channel.hinted
            page = await self._log.read(channel.stream, channel.delivered, READ_PAGE)
            read = [placed_of(page, fact) for fact in page.facts]
            facts = await as_committed(self._directory, read, self._heard.take(channel, read))
            if self._channels.get(channel.stream) is not channel:
                # All began anew: another channel of the stream goes on from there.
                return
            head = page.head
            if not facts:
                if hinted == channel.hinted:
                    return
                continue
            if channel.is_subscribed:
                await self._deliver_to_subscribers(channel, facts)
            else:
                self._deliver(channel, facts)
            await self._notify()

    async def _deliver_to_subscribers(self, channel: Channel, facts: Sequence[PlacedFact]) -> None:
        """Ask who of the users here sees the facts. Who comes meanwhile has asked for what moved since, or will."""
        conversation = conversation_of(channel.stream)
        places = [] if conversation is None else await self._directory.places(conversation, self._audience.users())
        for users, run in shared(facts, places):
            channel.ask(users)
            self._deliver(channel, run)

    async def _notify(self) -> None:
        async with self._settled:
            self._settled.notify_all()
