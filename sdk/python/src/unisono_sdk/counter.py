"""Where requests and sends are handed in: what waits for the link, what is repeated, what fails."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from unisono_sdk.answers import Answer, Placed
from unisono_sdk.clock import Clock
from unisono_sdk.commands import Command, MarkDelivered, SendMessage
from unisono_sdk.errors import LinkDown, ProtocolFault, TimedOut, Unavailable, UnisonoError
from unisono_sdk.facts import MessagePlaced
from unisono_sdk.following import Following
from unisono_sdk.hub import Hub, Spawn
from unisono_sdk.options import Options
from unisono_sdk.origin import Origins
from unisono_sdk.outbox import Outbox
from unisono_sdk.plugin import Plugins
from unisono_sdk.providers import GrantProvider, give, request_for
from unisono_sdk.session import Session

SLOW_CONSUMER: Final = "slow_consumer"


class Counter:
    """Implements `desk.Desk` on a session."""

    def __init__(
        self,
        options: Options,
        session: Session,
        following: Following,
        *,
        key_prefix: str,
        spawn: Spawn,
        grants: GrantProvider | None = None,
    ) -> None:
        self._options = options
        self._session = session
        self._following = following
        self._outbox = Outbox(options.limits.outbox)
        self._key_prefix = key_prefix
        self._keys = 0
        self._delivered: dict[str, int] = {}
        self._spawn = spawn
        self._grants = grants
        self.hub: Hub = following.hub
        self.plugins: Plugins = options.plugins
        self.origins: Origins = following.origins
        self._find: Callable[[str], object] = lambda _: None

    def know(self, find: Callable[[str], object]) -> None:
        """Set who keeps the conversations."""
        self._find = find

    def known(self, conversation: str) -> object:
        """Give the object of a conversation."""
        return self._find(conversation)

    @property
    def user(self) -> str:
        """Whose counter it is."""
        return self._following.user

    @property
    def waiting_sends(self) -> int:
        """Count the sends without an answer."""
        return len(self._outbox)

    def new_key(self) -> str:
        """Make a key for a send or a creation; never the same again."""
        self._keys += 1
        return f"{self._key_prefix}{self._keys}"

    def is_own(self, said: MessagePlaced) -> bool:
        """Say if this client sent a message."""
        return said.sender == self.user and self.is_own_key(said.key)

    def is_own_key(self, key: str) -> bool:
        """Say if this client made a key."""
        return key.startswith(self._key_prefix)

    async def request(self, command: Command) -> Answer:
        """Ask, and after a loss of the link ask again: every command is safe to repeat.

        Raises:
            Refused: The server said no.
            TimedOut: There was no answer within `Limits.request_s`.
            LinkDown: The link is down and the client is `fail_fast`.
            ClientClosed: The client is over.
            Exception: Whatever the program's grant provider raises.
        """
        deadline = self._options.clock.deadline(self._options.limits.request_s)
        try:
            async with deadline:
                return await self._ask(command, slow_repeats=self._options.limits.slow_repeats)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise TimedOut(f"no answer to {command.op} in {self._options.limits.request_s} s") from None

    async def request_once(self, command: Command, within_s: float | None = None) -> Answer:
        """Ask on the link there is; an answer may take `within_s`, where not `Limits.request_s`.

        Raises:
            Refused: The server said no.
            TimedOut: There was no answer within `Limits.request_s`.
            LinkDown: The link was lost before the answer.
            ClientClosed: The client is over.
        """
        limit_s = self._options.limits.request_s if within_s is None else within_s
        try:
            async with self._options.clock.deadline(limit_s):
                return await (await self._session.wait_link()).request(command)
        except TimeoutError:
            raise TimedOut(f"no answer to {command.op} in {limit_s} s") from None

    async def request_now(self, command: Command) -> Answer:
        """Ask, if there is a link now: for what nobody wants to hear later.

        Raises:
            Refused: The server said no.
            LinkDown: There is no link, or it was lost before the answer.
            TimedOut, ClientClosed: As of `request_once`.
        """
        if not self._session.is_live:
            raise LinkDown("there is no connection now")
        return await self.request_once(command)

    def note_delivered(self, conversation: str, seq: int) -> None:
        """Have the server told, soon and once for what comes together, what this device has."""
        is_new = not self._delivered
        self._delivered[conversation] = max(seq, self._delivered.get(conversation, 0))
        if is_new:
            self._spawn(self._tell_delivered())

    async def _tell_delivered(self) -> None:
        await asyncio.sleep(0)
        while self._delivered:
            conversation, seq = next(iter(self._delivered.items()))
            # Whoever could not be told keeps what they know: the next message tells again.
            with suppress(UnisonoError):
                await self.request(MarkDelivered(conversation=conversation, seq=seq))
            if self._delivered.get(conversation) == seq:
                del self._delivered[conversation]

    def now_ms(self) -> int:
        """Give the time of day."""
        return self._options.clock.now_ms()

    def monotonic_s(self) -> float:
        """Give the time that only goes forward, in seconds."""
        return self._options.clock.monotonic_s()

    async def place(self, command: SendMessage) -> Placed:
        """Send a message; see `Conversation.send`."""
        if self._options.fail_fast and not self._session.is_live:
            raise LinkDown("there is no connection now")
        try:
            async with (
                self._options.clock.deadline(self._options.limits.send_s),
                self._outbox.turn(command.conversation),
            ):
                placed = await self._place(command)
        except TimeoutError:
            raise TimedOut(f"not sent in {self._options.limits.send_s} s; its key is {command.key}") from None
        await self._wait_own_fact(placed)
        return placed

    async def _place(self, command: SendMessage) -> Placed:
        put_off = 0
        while True:
            try:
                answer = await self._ask(command)
            except Unavailable as refusal:
                if not refusal.retryable or put_off >= self._options.limits.send_repeats:
                    raise
                await _wait_put_off(refusal, put_off, self._options)
                put_off += 1
            else:
                if not isinstance(answer, Placed):
                    raise ProtocolFault(f"a send was answered with {answer.kind}")
                return answer

    async def _ask(self, command: Command, *, slow_repeats: int | None = None) -> Answer:
        self._following.listen()
        too_slow = 0
        while True:
            link = await self._session.wait_link()
            asked = await self._granted(command)
            try:
                return await link.request(asked)
            except LinkDown:
                if self._options.fail_fast:
                    raise
                await link.wait_over()
                too_slow += link.loss is not None and link.loss.code == SLOW_CONSUMER
                if slow_repeats is not None and too_slow > slow_repeats and link.loss is not None:
                    raise link.loss.error from None

    async def _granted(self, command: Command) -> Command:
        """Put in a grant, where one may be needed and the program has a function that gives some."""
        needed = None if self._grants is None else request_for(command, self.user)
        if self._grants is None or needed is None:
            return command
        grant = await give(self._grants, needed, self._options.clock, self._options.limits.grant_s)
        return replace(command, grant=grant)  # type: ignore[call-arg]  # those that one is needed for have it

    async def _wait_own_fact(self, placed: Placed) -> None:
        """Let the message come by first, where it comes soon: then its handlers ran before its sender goes on."""
        clock: Clock = self._options.clock
        try:
            async with clock.deadline(self._options.limits.own_fact_s):
                await self._following.wait_delivered(placed.stream, placed.epoch, placed.seq)
        except TimeoutError:
            return


async def _wait_put_off(refusal: Unavailable, put_off: int, options: Options) -> None:
    delay_ms = options.backoff.delay_ms(put_off, options.chance())
    if refusal.retry_after_ms is not None:
        delay_ms = refusal.retry_after_ms
    await options.clock.sleep(delay_ms / 1000)
