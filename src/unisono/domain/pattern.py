"""Regular expressions without surprises: one small grammar, found in linear time, alike in every store.

A pattern is read into a program of at most `STATES_MAX` instructions. Finding it in a text looks at each character once
and takes all ways through the program at the same time, so no pattern can make it slow; what was found out about a
character is remembered.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct

from unisono.domain.errors import Invalid
from unisono.domain.pattern_reader import Choice, Edge, Letter, Node, PatternReader, Repeat, Row, text_of

STATES_MAX: Final = 500
REMEMBERED_MAX: Final = 20_000
"""Steps remembered of one pattern, and places of the states they lead to: a few MB at most."""
KEPT_MAX: Final = 32
"""Patterns kept for the next who asks with them."""


class Fork(Struct, frozen=True):
    """An instruction: go on at both places."""

    first: int
    second: int


class Found(Struct, frozen=True):
    """An instruction: it is there."""


Instruction = Letter | Edge | Fork | Found


class _State(dict[str, "_State"]):
    """Places in the program, and the states that characters lead to, as far as they were asked for."""

    __slots__ = ("is_found", "is_found_at_end", "pattern", "places")

    def __init__(self, pattern: "Pattern", places: frozenset[int], *, is_start: bool = False) -> None:
        self.pattern = pattern
        self.places = places
        self.is_found = pattern.has_end(places)
        self.is_found_at_end = pattern.has_end(pattern.reach(places, is_start=is_start, is_end=True))

    def __missing__(self, char: str) -> "_State":
        following = self[char] = self.pattern.step(self.places, char)
        return following


class Pattern:
    """A pattern ready to be looked for. Threads may share it. `text` is the same pattern for PostgreSQL."""

    def __init__(self, node: Node) -> None:
        self.text: Final = text_of(node)
        self._program: list[Instruction] = []
        self._emit(node)
        self._program.append(Found())
        self._anew: Final = self.reach((0,))
        self._steps = 0
        self._forget()

    def is_in(self, text: str) -> bool:
        """Say if the pattern is anywhere in a text. Takes time in proportion to the text's length."""
        state = self._start
        if state.is_found:
            return True
        for char in text:
            state = state[char]
            if state.is_found:
                return True
        return state.is_found_at_end

    def has_end(self, places: frozenset[int]) -> bool:
        """Say if one of these places is the end of the program."""
        return len(self._program) - 1 in places

    def step(self, places: frozenset[int], char: str) -> _State:
        """Give the state after a character. It may as well begin here."""
        taken = [at + 1 for at in places if isinstance(one := self._program[at], Letter) and one.takes(char)]
        following = self.reach(taken) | self._anew
        self._steps += 1
        if self._steps > REMEMBERED_MAX:
            self._forget()
        if following not in self._states:
            self._steps += len(following)
            self._states[following] = _State(self, following)
        return self._states[following]

    def _forget(self) -> None:
        self._steps = 0
        self._states: dict[frozenset[int], _State] = {}
        self._start = _State(self, self.reach((0,), is_start=True), is_start=True)

    def reach(self, places: Iterable[int], *, is_start: bool = False, is_end: bool = False) -> frozenset[int]:
        """Give all places that are reached from some without a character."""
        waiting, seen = list(places), set[int]()
        while waiting:
            at = waiting.pop()
            if at in seen:
                continue
            seen.add(at)
            match self._program[at]:
                case Fork(first=first, second=second):
                    waiting += (first, second)
                case Edge(at="^") if is_start:
                    waiting.append(at + 1)
                case Edge(at="$") if is_end:
                    waiting.append(at + 1)
                case _:
                    pass
        return frozenset(at for at in seen if not isinstance(self._program[at], Fork))

    def _emit(self, node: Node) -> None:
        if len(self._program) > STATES_MAX:
            raise Invalid(field="pattern", reason="too large", limit=STATES_MAX)
        match node:
            case Row(parts=parts):
                for part in parts:
                    self._emit(part)
            case Choice(options=options):
                self._emit_choice(options)
            case Repeat(part=part, least=least, most=most):
                for _ in range(least):
                    self._emit(part)
                if most is None:
                    self._emit_loop(part)
                else:
                    self._emit_optional(part, most - least)
            case _:
                self._program.append(node)

    def _fork(self) -> int:
        """Leave room for a fork, and give its place."""
        self._program.append(Found())
        return len(self._program) - 1

    def _emit_choice(self, options: Sequence[Node]) -> None:
        ends = []
        for option in options[:-1]:
            fork = self._fork()
            self._emit(option)
            ends.append(self._fork())
            self._program[fork] = Fork(fork + 1, len(self._program))
        self._emit(options[-1])
        for end in ends:
            self._program[end] = Fork(len(self._program), len(self._program))

    def _emit_loop(self, part: Node) -> None:
        fork = self._fork()
        self._emit(part)
        self._program.append(Fork(fork, fork))
        self._program[fork] = Fork(fork + 1, len(self._program))

    def _emit_optional(self, part: Node, times: int) -> None:
        forks = []
        for _ in range(times):
            forks.append(self._fork())
            self._emit(part)
        for fork in forks:
            self._program[fork] = Fork(fork + 1, len(self._program))


@lru_cache(KEPT_MAX)
def pattern(text: str, *, ignore_case: bool = False) -> Pattern:
    r"""Read a pattern.

    Letters stand for themselves; `.` for any character but a line break; `[a-z]`, `[^a-z]`; `\d \w \s` and `\D \W
    \S`, of ASCII; `\n \t \r \f \v \xhh \uhhhh`; `\` before what is neither letter nor digit; `^` and `$`, of
    the text; `( )`, `(?: )`, `|`, `* + ? {2} {2,} {2,5}`. There is nothing that looks back or ahead.

    Raises:
        Invalid: Another grammar, or larger than it may be.
    """
    return Pattern(PatternReader(text, ignore_case=ignore_case).whole())
