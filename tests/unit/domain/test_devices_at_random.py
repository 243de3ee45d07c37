"""The slot policy by its promises, for any policy and any sessions held."""

from hypothesis import given
from hypothesis import strategies as st

from unisono.domain.devices import Login, Policy, Slot, admit
from unisono.domain.errors import DeviceRefused
from unisono.domain.ids import DeviceId, Instant, Platform, SessionId, Tag

PLATFORMS = ("web", "pc", "ios", "watch")
GROUPS = {"desktop": (Platform("web"), Platform("pc")), "phone": (Platform("ios"),)}

slots = st.builds(
    Slot,
    key=st.lists(st.sampled_from(("app", "platform", "group", "tag", "device")), max_size=2).map(tuple),
    capacity=st.integers(1, 4),
    counts=st.sampled_from(("devices", "sessions")),
    loser=st.sampled_from(("oldest", "newcomer")),
    same_device=st.sampled_from(("replaced", "like_others")),
)
policies = st.builds(Policy, slots=st.lists(slots, max_size=3).map(tuple), groups=st.just(GROUPS))
logins = st.builds(
    Login,
    session=st.uuids().map(lambda uuid: SessionId(uuid.hex)),
    device=st.sampled_from("abcde").map(DeviceId),
    platform=st.sampled_from(PLATFORMS).map(Platform),
    opened_at=st.integers(0, 5).map(Instant),
    tag=st.none() | st.sampled_from("xy").map(Tag),
)
held_sets = st.lists(logins, max_size=12, unique_by=lambda login: login.session)


def place(slot: Slot, login: Login) -> tuple[str, ...] | None:
    """Say where a login counts; written apart from the code under test."""
    group = next((name for name, platforms in GROUPS.items() if login.platform in platforms), None)
    parts = {"app": "", "platform": login.platform, "group": group, "tag": login.tag, "device": login.device}
    chosen = tuple(parts[key] for key in slot.key)
    return None if None in chosen else tuple(str(part) for part in chosen)


def fits(policy: Policy, stay: list[Login], newcomer: Login) -> bool:
    """Say if no slot that the newcomer has a place in is above its capacity."""
    for slot in policy.slots:
        mine = place(slot, newcomer)
        if mine is None:
            continue
        sharing = [login for login in (*stay, newcomer) if place(slot, login) == mine]
        holders = len({login.device for login in sharing}) if slot.counts == "devices" else len(sharing)
        if holders > slot.capacity:
            return False
    return True


def outcome(policy: Policy, held: list[Login], newcomer: Login) -> tuple[list[Login], list[Login]] | None:
    """Give who stays and who goes; None when the newcomer is refused."""
    try:
        losses = {loss.session for loss in admit(policy, held, newcomer)}
    except DeviceRefused:
        return None
    return [login for login in held if login.session not in losses], [
        login for login in held if login.session in losses
    ]


@given(policies, held_sets, logins)
def test_no_slot_is_above_its_capacity_after_a_login(policy: Policy, held: list[Login], newcomer: Login) -> None:
    result = outcome(policy, held, newcomer)
    if result is not None:
        assert fits(policy, result[0], newcomer)


@given(policies, held_sets, logins)
def test_each_loss_is_needed(policy: Policy, held: list[Login], newcomer: Login) -> None:
    result = outcome(policy, held, newcomer)
    if result is not None:
        stay, gone = result
        assert all(not fits(policy, [*stay, login], newcomer) for login in gone)


@given(policies, held_sets, logins)
def test_a_device_never_displaces_itself(policy: Policy, held: list[Login], newcomer: Login) -> None:
    """It may replace its own sessions, quietly; to be displaced by itself a slot must say `like_others`."""
    if any(slot.same_device == "like_others" for slot in policy.slots):
        return
    own = {login.session for login in held if login.device == newcomer.device}
    try:
        losses = admit(policy, held, newcomer)
    except DeviceRefused:
        return
    assert all(loss.reason == "replaced" for loss in losses if loss.session in own)
    assert all(loss.reason == "displaced" for loss in losses if loss.session not in own)


@given(policies, held_sets, logins)
def test_only_held_sessions_lose_and_each_once(policy: Policy, held: list[Login], newcomer: Login) -> None:
    try:
        losses = admit(policy, held, newcomer)
    except DeviceRefused:
        return
    sessions = [loss.session for loss in losses]
    assert len(set(sessions)) == len(sessions)
    assert set(sessions) <= {login.session for login in held}


@given(policies, held_sets, logins)
def test_a_newcomer_is_refused_only_by_a_full_slot_that_keeps_its_holders(
    policy: Policy, held: list[Login], newcomer: Login
) -> None:
    if outcome(policy, held, newcomer) is None:
        keeping = Policy(tuple(slot for slot in policy.slots if slot.loser == "newcomer"), groups=GROUPS)
        assert keeping.slots
        assert not fits(keeping, held, newcomer)


@given(policies, held_sets, logins)
def test_a_login_that_fits_costs_nobody_anything(policy: Policy, held: list[Login], newcomer: Login) -> None:
    if fits(policy, held, newcomer):
        assert admit(policy, held, newcomer) == ()


@given(policies, held_sets, logins)
def test_the_order_of_the_held_sessions_does_not_matter(policy: Policy, held: list[Login], newcomer: Login) -> None:
    shuffled = sorted(held, key=lambda login: login.session, reverse=True)
    first, second = outcome(policy, held, newcomer), outcome(policy, shuffled, newcomer)
    assert (first is None) == (second is None)
    if first is not None and second is not None:
        assert {login.session for login in first[1]} == {login.session for login in second[1]}


@given(policies, st.lists(logins, max_size=15, unique_by=lambda login: login.session))
def test_a_history_of_logins_never_rises_above_any_limit(policy: Policy, newcomers: list[Login]) -> None:
    held: list[Login] = []
    for newcomer in newcomers:
        result = outcome(policy, held, newcomer)
        if result is not None:
            held = [*result[0], newcomer]
        for login in held:
            others = [other for other in held if other is not login]
            assert fits(policy, others, login)
