"""A token bucket, with time as an argument."""

from typing import Annotated

from msgspec import Meta, Struct


class Rate(Struct, frozen=True, forbid_unknown_fields=True):
    """So many per second in the long run, and `burst` at once."""

    per_s: Annotated[float, Meta(gt=0, le=1_000_000)]
    burst: Annotated[int, Meta(ge=1, le=1_000_000)]


class Bucket(Struct):
    """What is left of a rate, as of a moment."""

    tokens: float
    at_s: float


def full(rate: Rate, now_s: float) -> Bucket:
    """Give a bucket nobody has taken from."""
    return Bucket(tokens=float(rate.burst), at_s=now_s)


def take(bucket: Bucket, rate: Rate, now_s: float, amount: float = 1.0) -> float:
    """Take an amount and give 0.0, or take nothing and give the seconds after which there will be enough.

    More than a whole burst counts as one: else it would never pass.
    """
    wanted = min(amount, float(rate.burst))
    bucket.tokens = min(float(rate.burst), bucket.tokens + (now_s - bucket.at_s) * rate.per_s)
    bucket.at_s = now_s
    if bucket.tokens >= wanted:
        bucket.tokens -= wanted
        return 0.0
    return (wanted - bucket.tokens) / rate.per_s
