"""One client of a connection: a session of ours."""

import asyncio

from unisono.app.caller import Caller
from unisono.domain import commands as c
from unisono.domain.answers import Answer, Placed
from unisono.domain.errors import RateLimited
from unisono.domain.ids import Instant, SendKey, StreamKey, UserId, conversation_stream, user_stream
from unisono.gateways.leancloud.apps import App
from unisono.gateways.leancloud.link import PeerLink
from unisono.gateways.leancloud.station import Station
from unisono.gateways.leancloud.tokens import Token


class Peer:
    """A session and its link. Implements `asking.Asker`."""

    def __init__(self, station: Station, user: UserId, caller: Caller, link: PeerLink, token: Token) -> None:
        """Make it of a session that is live. `token` is what the client comes back with."""
        self.user = user
        self.caller = caller
        self.link = link
        self.station = station
        self.token = token
        self.is_leaving = False
        """It ends by its own wish, which it is not told of."""
        self.asked = 0
        """Commands of ours that it asked so far, each of which its user's rate counts."""
        self._touched: set[StreamKey] = set()

    @property
    def app(self) -> App:
        """Give the app that it belongs to."""
        return self.station.app

    async def ask(self, command: c.Command) -> Answer:
        """Carry out a command as this session."""
        self.asked += 1
        self._touched.add(user_stream(self.user))
        if (conversation := getattr(command, "conversation", None)) is not None:
            self._touched.add(conversation_stream(conversation))
        exchange = Hearing()
        work = self.station.node.executor.start(self.caller, command, exchange)
        if work is not None:
            await work
        try:
            answer = await exchange.outcome
        except RateLimited:
            # Refused before it was counted.
            self.asked -= 1
            raise
        # The link waits for the answer to be told, so what is noted here was not handed to it yet.
        if isinstance(answer, Placed):
            self.link.note_own((answer.stream, answer.seq))
        return answer

    async def look_up(self, command: c.Command) -> Answer:
        """Read what the client is to be told and did not ask for: it costs nothing of what the user may ask.

        Raises:
            UnisonoError: It could not be read.
        """
        return await self.station.node.executor.on_behalf(self.user, command)

    def now(self) -> Instant:
        """Give the time of day."""
        return self.station.node.parts.clock.now()

    def new_key(self) -> SendKey:
        """Give a key that nothing was sent under before."""
        return SendKey(self.station.node.parts.entropy.secret())

    def take_touched(self) -> frozenset[StreamKey]:
        """Give the streams that were asked about since the last time."""
        touched, self._touched = frozenset(self._touched), set()
        return touched


class Hearing:
    """Waits for the answer of one command. Implements `app.execute.Exchange`."""

    def __init__(self) -> None:
        self.outcome: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def acknowledge(self, answer: Answer) -> None:
        """Take the answer."""
        if not self.outcome.done():
            self.outcome.set_result(answer)

    def over(self, problem: Exception | None) -> None:
        """Take what went wrong, if anything did and nothing was answered."""
        if problem is not None and not self.outcome.done():
            self.outcome.set_exception(problem)
