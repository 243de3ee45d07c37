"""Figures: what a benchmark found, what it is compared with, and whether that is as good as we want."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Final, Literal

from msgspec import Struct, structs

Reading = Mapping[str, float]
"""What one run of one contender showed."""

QUIET_SHARE: Final = 0.15
"""Cores that everything else in the machine may use before a run counts as disturbed."""


class Figure(Struct, frozen=True):
    """One line of the table and of `latest.json`.

    `ratio` is `value` divided by the value of `compared_with`. `is_met` is None where no goal was set. `note` says what
    a reader must know, such as disturbed runs.
    """

    name: str
    value: float
    unit: str
    compared_with: str | None = None
    ratio: float | None = None
    goal: str | None = None
    is_met: bool | None = None
    note: str | None = None


class Goal(Struct, frozen=True):
    """A bound that the value or the ratio of a figure keeps."""

    of: Literal["value", "ratio"]
    bound: Literal["at most", "at least", "below"]
    limit: float

    def is_met_by(self, figure: Figure) -> bool:
        """Say if the figure keeps the bound. One without the ratio asked for does not."""
        actual = figure.value if self.of == "value" else figure.ratio
        if actual is None:
            return False
        if self.bound == "at least":
            return actual >= self.limit
        return actual < self.limit if self.bound == "below" else actual <= self.limit

    def __str__(self) -> str:
        """Say it as the table shows it."""
        return f"{self.of} {self.bound} {self.limit:g}"


def judged(figure: Figure, goal: Goal) -> Figure:
    """Give the figure with its goal, and whether it is met."""
    return structs.replace(figure, goal=str(goal), is_met=goal.is_met_by(figure))


def compared(figure: Figure, other: str, value: float) -> Figure:
    """Give the figure with what it is compared with. Nothing can be compared with zero."""
    return structs.replace(figure, compared_with=other, ratio=figure.value / value if value else None)


class Series:
    """The readings of one contender."""

    def __init__(self, name: str) -> None:
        """Begin with no reading."""
        self.name: Final = name
        self._readings: list[Reading] = []

    def add(self, reading: Reading) -> None:
        """Keep a reading."""
        self._readings.append(reading)

    @property
    def quiet(self) -> Sequence[Reading]:
        """The readings that nothing else in the machine disturbed."""
        return [reading for reading in self._readings if disturbance(reading) <= QUIET_SHARE]

    @property
    def counted(self) -> Sequence[Reading]:
        """The quiet readings; when there are none, all, for want of better ones."""
        return self.quiet or self._readings

    def median(self, key: str) -> float:
        """Give the median of a value over the readings that count.

        Raises:
            ValueError: There is no reading.
        """
        if not self._readings:
            raise ValueError(f"{self.name}: nothing was measured")
        return median(reading[key] for reading in self.counted)

    def note(self) -> str | None:
        """Say which runs were left out, or that disturbed ones had to be counted."""
        left_out = len(self._readings) - len(self.quiet)
        if left_out == 0:
            return None
        if not self.quiet:
            return f"all {left_out} runs disturbed"
        return f"{left_out} of {len(self._readings)} runs disturbed, left out"


def noted(figure: Figure, series: Series) -> Figure:
    """Give the figure with what is to be said about the readings it was made from."""
    return structs.replace(figure, note=series.note())


def disturbance(reading: Reading) -> float:
    """Give the largest share of a core that others used during a reading."""
    return max((share for key, share in reading.items() if key.endswith("other_cpu_share")), default=0.0)


Run = Callable[[], Iterable[tuple[str, Reading]]]
"""Measures once; gives readings, each with the name of the series it belongs to."""


def take_turns(runs: Mapping[str, Run], *, repeats: int, extra: int = 1) -> dict[str, Series]:
    """Run contenders in turns, since shared machines drift, until each has `repeats` quiet readings.

    At most `extra` further turns are spent on those that were disturbed now and then; on a machine that is never quiet
    they would only take time.
    """
    found: dict[str, Series] = {}
    made_by: dict[str, set[str]] = {name: set() for name in runs}
    for turn in range(repeats + extra):
        for name, run in runs.items():
            quiet = [len(found[series].quiet) for series in made_by[name]]
            if turn >= repeats and not 0 < min(quiet, default=0) < repeats:
                continue
            for series, reading in run():
                made_by[name].add(series)
                found.setdefault(series, Series(series)).add(reading)
    return found
