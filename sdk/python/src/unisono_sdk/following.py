"""What a client knows of its user's streams, over all links of its session."""

import asyncio
from collections.abc import Callable, Sequence

from unisono_sdk.answers import Welcome
from unisono_sdk.errors import Displaced
from unisono_sdk.events import Closed, Disconnect, Reconnect, Retry, Schedule, WasDisplaced
from unisono_sdk.hub import Hub
from unisono_sdk.loss import Loss
from unisono_sdk.options import Options
from unisono_sdk.origin import Origins
from unisono_sdk.parsing import Parsing
from unisono_sdk.passing import Passing
from unisono_sdk.places import Outcome, Position, Restart
from unisono_sdk.positions import Positions
from unisono_sdk.session import NetworkEvent
from unisono_sdk.state import SavedSession

Hears = Callable[[str, NetworkEvent], None]
FindSaved = Callable[[str], SavedSession | None]

NETWORK = {Disconnect: "disconnect", Schedule: "schedule", Retry: "retry", Reconnect: "reconnect"}


class Following:
    """Implements `session.Listener`.

    `hears` is told of the network before the client's own handlers are, `moved` after every change worth saving;
    `find_saved` gives what is known of a user from before.
    """

    def __init__(
        self,
        options: Options,
        hub: Hub,
        *,
        user: str | None,
        hears: Hears,
        moved: Callable[[], None],
        find_saved: FindSaved,
    ) -> None:
        self._options = options
        self._hears = hears
        self._moved = moved
        self._find_saved = find_saved
        self._waiting: dict[str, list[tuple[int, asyncio.Future[None]]]] = {}
        self._parsing: Parsing | None = None
        self.hub = hub
        self.user = user or ""
        self.positions: Positions | None = None
        self.loss: Loss | None = None
        self.origins = Origins()
        self.has_state = False
        """Whether it is known from before how far this user's streams were delivered here."""

    def tell(self, parsing: Parsing) -> None:
        """Set who tells the program."""
        self._parsing = parsing

    def listen(self) -> None:
        """Tell from now on what comes, beginning with what came already: the program has its client."""
        if self._parsing is not None:
            self._parsing.open()

    async def wait_delivered(self, stream: str, epoch: int, seq: int) -> None:
        """Wait until a fact was delivered here, or it is clear that it will not be."""
        at = Position(0, 0) if self.positions is None else self.positions[stream]
        if self.loss is not None or (at.epoch, at.seq) >= (epoch, seq):
            # Handlers that were started with the fact may have been started in this very turn of the loop.
            await asyncio.sleep(0)
            return
        waiting = self._waiting.setdefault(stream, [])
        entry = (seq, asyncio.get_running_loop().create_future())
        waiting.append(entry)
        try:
            await entry[1]
        finally:
            waiting.remove(entry)
            if not waiting:
                self._waiting.pop(stream, None)

    # ------------------------------------------------------------ Listener

    def welcomed(self, welcome: Welcome) -> Positions:
        """Give the positions to follow by: those of before, when they are this user's."""
        user = welcome.user or ""
        if self.positions is None or user != self.user:
            saved = self._find_saved(user)
            self.has_state = saved is not None and bool(saved.positions)
            self.positions = Positions(
                user,
                held_limit=self._options.limits.held_facts,
                known=saved.positions if saved else None,
                checkpoint=saved.checkpoint if saved else 0,
            )
        self.user = user
        if welcome.session is not None:
            self.origins.add(welcome.session)
        if self._parsing is not None:
            self._parsing.welcomed(welcome.seats)
        self._moved()
        return self.positions

    def passed(self, outcomes: Sequence[Outcome]) -> None:
        """Tell the program, then those who wait for a fact of theirs."""
        if self._parsing is not None:
            self._parsing.take(outcomes)
        for outcome in outcomes:
            if outcome.stream in self._waiting:
                self._release(outcome.stream, outcome.until if isinstance(outcome, Restart) else outcome.placed.seq)
        self._moved()

    def passing(self, passing: Passing) -> None:
        """Tell the program, if it has its client by now."""
        if self._parsing is not None:
            self._parsing.passing(passing)

    def network(self, event: NetworkEvent, *, is_client_back: bool) -> None:
        """Tell the `Unisono` object, then the client; of a return first the one, when the session is back the other."""
        name = NETWORK[type(event)]
        if not is_client_back:
            self._hears(name, event)
        if is_client_back or not isinstance(event, Reconnect):
            self.hub.emit(name, event)

    def ended(self, loss: Loss) -> None:
        """Tell why it is over."""
        self.loss = loss
        for stream in list(self._waiting):
            self._release(stream, None)
        if self._parsing is None:
            self._tell_end(loss)
        else:
            self._parsing.then(lambda: self._tell_end(loss))
        self._moved()

    def _tell_end(self, loss: Loss) -> None:
        if loss.code in Displaced.codes:
            self.hub.emit("displaced", WasDisplaced(newcomer=loss.newcomer))
        self.hub.emit("closed", Closed(code=loss.code, message=loss.message))
        self.hub.end()

    async def wait_room(self, count: int) -> None:
        """Wait until the program's iterators can take more, within the deadline for it."""
        await self.hub.wait_room(count, self._options.clock, self._options.limits.room_s)

    def _release(self, stream: str, up_to: int | None) -> None:
        for seq, waiting in list(self._waiting[stream]):
            if (up_to is None or seq <= up_to) and not waiting.done():
                waiting.set_result(None)
