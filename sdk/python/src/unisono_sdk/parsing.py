"""What came, on its way through plugins' hooks to whoever tells the program: one after the other."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from unisono_sdk.answers import MissedConversation, UnreadConversation
from unisono_sdk.conversation import Conversation
from unisono_sdk.dispatch import Dispatch
from unisono_sdk.facts import MessagePlaced, SeqFact
from unisono_sdk.hub import Spawn
from unisono_sdk.passing import Passing, TransientMessage
from unisono_sdk.places import Deliver, Outcome
from unisono_sdk.plugin import Plugins
from unisono_sdk.tabs import SeatView

Step = Outcome | Passing | Callable[[], None]


class Parsing:
    """Stands before a `Dispatch`. Without hooks everything goes on at once.

    `is_own` says which messages this client sent: those are as they were made.
    """

    def __init__(
        self, dispatch: Dispatch, plugins: Plugins, *, spawn: Spawn, is_own: Callable[[MessagePlaced], bool]
    ) -> None:
        self._dispatch: Final = dispatch
        self._plugins: Final = plugins
        self._spawn = spawn
        self._is_own = is_own
        self._waiting: deque[Step] = deque()

    def open(self) -> None:
        """Tell from now on what comes."""
        self._dispatch.open()

    def take(self, outcomes: Iterable[Outcome]) -> None:
        """Tell what happened."""
        if not self._plugins.has_hooks:
            self._dispatch.take(outcomes)
            return
        for outcome in outcomes:
            self._put(outcome)

    def welcomed(self, seats: tuple[SeatView, ...]) -> None:
        """Take note of the rooms that the session is in."""
        self.then(lambda: self._dispatch.welcomed(seats))

    async def count(self, waiting: UnreadConversation) -> None:
        """Take over what the server counted, and tell it."""
        last = waiting.last
        if last is not None and not self._is_own(last.message):
            waiting = replace(waiting, last=replace(last, message=await self._plugins.parse(last.message)))
        self._dispatch.count(waiting)

    def nothing_waits(self, conversation: Conversation, as_of: int) -> None:
        """Take over that nothing up to a place waits."""
        self._dispatch.nothing_waits(conversation, as_of)

    def found_last(self, conversation: Conversation) -> None:
        """Tell what was said last, now that it is known, with what waits."""
        self._dispatch.unread(conversation, conversation.last_message)

    async def missed(self, missed: MissedConversation) -> None:
        """Tell messages that wait for me."""
        messages = [
            entry if self._is_own(entry.message) else replace(entry, message=await self._plugins.parse(entry.message))
            for entry in missed.messages
        ]
        self._dispatch.missed(replace(missed, messages=tuple(messages)))

    def passing(self, passing: Passing) -> None:
        """Tell what passes by."""
        self._put(passing)

    def then(self, call: Callable[[], None]) -> None:
        """Do something after all that came before was told."""
        self._put(call)

    def _put(self, step: Step) -> None:
        if not self._waiting and not self._is_for_hooks(step):
            self._go_on(step)
            return
        self._waiting.append(step)
        if len(self._waiting) == 1:
            self._spawn(self._drain())

    def _is_for_hooks(self, step: Step) -> bool:
        match step:
            case Deliver(placed=SeqFact(fact=MessagePlaced() as said)) | TransientMessage(message=said):
                return self._plugins.has_hooks and not self._is_own(said)
            case _:
                return False

    async def _drain(self) -> None:
        while self._waiting:
            # It leaves the line when it was told, so that nothing overtakes it meanwhile.
            try:
                self._go_on(await self._parsed(self._waiting[0]))
            finally:
                self._waiting.popleft()

    async def _parsed(self, step: Step) -> Step:
        if not self._is_for_hooks(step):
            return step
        match step:
            case Deliver(placed=SeqFact(fact=MessagePlaced() as said) as placed):
                return replace(step, placed=replace(placed, fact=await self._plugins.parse(said)))
            case TransientMessage(message=said):
                return replace(step, message=await self._plugins.parse(said))
            case _:
                return step

    def _go_on(self, step: Step) -> None:
        if callable(step):
            step()
        elif isinstance(step, Outcome):
            self._dispatch.take((step,))
        else:
            self._dispatch.passing(step)
