"""How long to wait before coming back. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Delays that double from `first_ms` up to `cap_ms`.

    `jitter` is the share of a delay that chance decides, 0 to 1: at 0.5 a delay of 4,000 ms becomes 2,000 to 4,000 ms,
    so that thousands of clients do not return in the same moment. At 0 the delays are exactly 1000, 2000, 4000 …
    """

    first_ms: int = 1000
    cap_ms: int = 30_000
    jitter: float = 0.5

    def delay_ms(self, attempt: int, chance: float) -> int:
        """Give the delay before an attempt (from 0) by a chance between 0 and 1."""
        # 2 ** 62 ms is beyond every cap; a larger power would only cost memory.
        whole = min(self.cap_ms, self.first_ms << min(attempt, 62))
        return round(whole * (1 - self.jitter * chance))

    def soon_ms(self, attempt: int, chance: float) -> int:
        """Give the delay when the server asks to come back at once: the first time only what spreads the crowd."""
        if attempt > 0:
            return self.delay_ms(attempt, chance)
        return round(self.first_ms * self.jitter * chance)

    def later_ms(self, attempt: int, chance: float, asked_ms: int | None) -> int:
        """Give the delay when the server says how long to stay away: not less than that, and spread."""
        usual = self.delay_ms(attempt, chance)
        if asked_ms is None:
            return usual
        return max(usual, asked_ms + round(self.first_ms * self.jitter * chance))
