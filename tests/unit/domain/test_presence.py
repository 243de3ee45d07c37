"""What sessions add up to for who watches."""

import pytest

from unisono.domain.events import Presence
from unisono.domain.ids import Instant, Platform, UserId
from unisono.domain.presence import NEVER_SEEN, Seen, Sighting, Verdict, judge, unseen

ANN = UserId("ann")
WEB, IOS = Platform("web"), Platform("ios")
GRACE_MS = 15_000
NOW = Instant(1_000_000)


def at(before_ms: int) -> Instant:
    return Instant(NOW - before_ms)


def verdict(*sessions: Sighting, last: Instant | None = None) -> Verdict:
    return judge(ANN, Seen(sessions, last), NOW, GRACE_MS)


@pytest.mark.rows("X12", "X13")
@pytest.mark.parametrize(
    ("sessions", "platforms", "until"),
    [
        ((Sighting(WEB),), (WEB,), None),
        ((Sighting(WEB), Sighting(WEB), Sighting(IOS)), (IOS, WEB), None),
        ((Sighting(WEB, at(14_999)),), (WEB,), NOW + 1),
        ((Sighting(WEB, at(1_000)), Sighting(WEB, at(20_000))), (WEB,), NOW + 14_000),
        ((Sighting(WEB), Sighting(IOS, at(5_000))), (IOS, WEB), NOW + 10_000),
        ((Sighting(WEB), Sighting(IOS, at(15_000))), (WEB,), None),
        # Another node's clock may be ahead: its loss is no later than now.
        ((Sighting(WEB, at(-60_000)),), (WEB,), NOW + 15_000),
    ],
)
def test_a_live_session_or_one_lost_a_moment_ago_makes_its_user_online(
    sessions: tuple[Sighting, ...], platforms: tuple[Platform, ...], until: int | None
) -> None:
    assert verdict(*sessions, last=at(9)) == Verdict(
        Presence(ANN, "online", platforms), None if until is None else Instant(until)
    )


def test_without_them_a_user_is_offline_since_the_latest_that_is_known() -> None:
    assert verdict(Sighting(WEB, at(15_000)), Sighting(IOS, at(90_000)), last=at(40_000)) == Verdict(
        Presence(ANN, "offline", seen_at=at(15_000))
    )
    assert verdict(Sighting(WEB, at(90_000)), last=at(40_000)).presence.seen_at == at(40_000)
    assert verdict(last=at(1)).presence == Presence(ANN, "offline", seen_at=at(1))


def test_who_was_never_there_looks_like_one_whom_nobody_may_see() -> None:
    assert judge(ANN, NEVER_SEEN, NOW, GRACE_MS) == Verdict(unseen(ANN))
