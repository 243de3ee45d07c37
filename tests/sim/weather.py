"""Time and chance of a simulation: one queue of events, one source of randomness, one trace. Same seed, same trace."""

import heapq
from collections.abc import Callable
from random import Random
from typing import Final

from msgspec import Struct

Action = Callable[[], None]


class Weather(Struct, frozen=True):
    """How hostile the network is: shares from 0 to 1, delays in ticks, pauses as means."""

    drop: float = 0.2
    repeat: float = 0.2
    delay_max: int = 40
    bus_delay_max: int = 120
    cut_every: int = 40
    node_restart_every: int = 1_500
    client_restart_every: int = 300
    logout_every: int = 1_500
    expiry_every: int = 2_500
    sweep_every: int = 150


CALM: Final = Weather(drop=0.0, repeat=0.0, delay_max=3, bus_delay_max=3)


class Sky:
    """The clock, the dice and the diary."""

    def __init__(self, seed: int, weather: Weather) -> None:
        self.random: Final = Random(seed)
        self.weather = weather
        self.now = 0
        self.is_stormy = True
        self.trace: list[str] = []
        self._queue: list[tuple[int, int, Action]] = []
        self._count = 0

    def after(self, ticks: int, action: Action) -> None:
        """Have something happen so many ticks from now."""
        self._count += 1
        heapq.heappush(self._queue, (self.now + ticks, self._count, action))

    def now_and_then(self, mean: int, action: Action) -> None:
        """Have something happen again and again while the storm lasts."""

        def turn() -> None:
            if self.is_stormy:
                action()
                self.now_and_then(mean, action)

        self.after(1 + self.random.randrange(2 * mean), turn)

    def every(self, ticks: int, action: Action) -> None:
        """Have something happen for ever."""

        def turn() -> None:
            action()
            self.every(ticks, action)

        self.after(ticks, turn)

    def delay(self) -> int:
        """Draw the time one message takes."""
        return self.random.randint(1, self.weather.delay_max)

    def note(self, line: str) -> None:
        """Write a line of the diary."""
        self.trace.append(f"{self.now} {line}")

    def run(self, until: int, check: Action) -> None:
        """Let things happen, and check after each of them."""
        while self._queue and self._queue[0][0] <= until:
            self.now, _, action = heapq.heappop(self._queue)
            action()
            check()
        self.now = until

    def calm_down(self) -> None:
        """End the storm: from now on nothing is lost any more."""
        self.is_stormy = False
        self.weather = CALM


class Bus:
    """Carries hints to every node: drops, repeats, delays and so reorders them."""

    def __init__(self, sky: Sky) -> None:
        self._sky = sky
        self._listeners: list[Callable[[object], None]] = []

    def subscribe(self, listener: Callable[[object], None]) -> None:
        """Have a listener told."""
        self._listeners.append(listener)

    def publish(self, hint: object) -> None:
        """Tell everybody, perhaps."""
        sky = self._sky
        for listener in self._listeners:
            copies = 0 if sky.random.random() < sky.weather.drop else 1
            copies += sky.random.random() < sky.weather.repeat
            for _ in range(copies):
                sky.after(sky.random.randint(1, sky.weather.bus_delay_max), lambda hear=listener: hear(hint))  # type: ignore[misc]


class Link:
    """A connection: messages in order each way, until it is cut; what is under way then is lost.

    The two ends learn of a cut at different times.
    """

    def __init__(self, sky: Sky) -> None:
        self._sky = sky
        self._arrival = [0, 0]
        self.is_open = True
        self.on_cut: list[Action] = []

    def carry(self, way: int, action: Action) -> None:
        """Bring one message to one end (0: the node, 1: the client)."""
        sky = self._sky
        at = self._arrival[way] = max(self._arrival[way] + 1, sky.now + sky.delay())
        sky.after(at - sky.now, lambda: action() if self.is_open else None)

    def cut(self) -> None:
        """Lose the connection."""
        if self.is_open:
            self.is_open = False
            for learn in self.on_cut:
                self._sky.after(self._sky.delay(), learn)
