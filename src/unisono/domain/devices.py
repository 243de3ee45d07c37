"""The slot policy: who is admitted, who is displaced. Data, not code.

A policy is a list of slots. A login takes a place in every slot that applies to it; a slot that is full either makes
its oldest holder lose or refuses the newcomer. Presets give the known behaviours of rows Q1, T1, E11 to E18, L263 to
L270 and S10.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final, Literal, assert_never

from msgspec import Meta, Struct, structs

from unisono.domain.errors import DeviceRefused
from unisono.domain.ids import DeviceId, Instant, Platform, SessionId, Tag

PLATFORMS_MAX: Final = 100
"""Groups of platforms, and platforms that a slot names or gives a capacity of its own."""
SLOTS_MAX: Final = 20

SlotKey = Literal["app", "platform", "group", "tag", "device"]
Capacity = Annotated[int, Meta(ge=1, le=10_000)]
Capacities = Annotated[Mapping[Platform, Capacity], Meta(max_length=PLATFORMS_MAX)]


class Slot(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One limit. `capacity` holders may share what `key` gives.

    - `key`: everything (`app`), the platform, its group (of `groups`), the tag, or the device. A login without a group
      or tag is not counted in such a slot.
    - `counts`: devices (all sessions of a device are one holder) or sessions.
    - `loser`: the holder that logged in first, or the newcomer, who is then refused.
    - `same_device`: what an earlier session of the newcomer's own device meets when sessions are counted: it is
      `replaced` quietly and before anybody else, or counted `like_others` (LeanCloud tags, row X5).
    - `platforms`: those whose logins are counted alone; None: all.
    - `capacities`: of some platforms another capacity, where `key` has the platform.
    """

    key: Annotated[tuple[SlotKey, ...], Meta(max_length=5)]
    capacity: Capacity
    counts: Literal["devices", "sessions"] = "devices"
    loser: Literal["oldest", "newcomer"] = "oldest"
    same_device: Literal["replaced", "like_others"] = "replaced"
    platforms: Annotated[tuple[Platform, ...], Meta(min_length=1, max_length=PLATFORMS_MAX)] | None = None
    capacities: Capacities = {}

    def of(self, platform: Platform) -> "Slot":
        """Give the slot as it is for the logins of a platform."""
        capacity = self.capacities.get(platform, self.capacity)
        return self if capacity == self.capacity else structs.replace(self, capacity=capacity)


class Policy(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The slots of an app, and which platforms form a group."""

    slots: Annotated[tuple[Slot, ...], Meta(max_length=SLOTS_MAX)] = ()
    groups: Annotated[Mapping[str, tuple[Platform, ...]], Meta(max_length=PLATFORMS_MAX)] = {}


class Login(Struct, frozen=True):
    """What the policy needs to know of a login, held or wanted."""

    session: SessionId
    device: DeviceId
    platform: Platform
    opened_at: Instant
    tag: Tag | None = None


class Loss(Struct, frozen=True):
    """A session that loses its place, and how it is told."""

    session: SessionId
    reason: Literal["displaced", "replaced"]


def _platforms(*names: str) -> tuple[Platform, ...]:
    return tuple(Platform(name) for name in names)


DESKTOPS: Final = _platforms("web", "pc", "windows", "macos", "linux")
PHONES: Final = _platforms("ios", "android", "phone")

_MULTI: Final = Policy(slots=(Slot(key=("platform",), capacity=4),))
_SINGLE: Final = Policy(slots=(Slot(key=("platform",), capacity=1),))

PRESETS: Final[Mapping[str, Policy]] = {
    "multi": _MULTI,
    "single": _SINGLE,
    "easemob": _MULTI,
    "easemob-single": _SINGLE,
    "turms": Policy(slots=(Slot(key=("platform",), capacity=1, counts="sessions"),)),
    "turms-keep": Policy(slots=(Slot(key=("platform",), capacity=1, counts="sessions", loser="newcomer"),)),
    "leancloud": Policy(slots=(Slot(key=("tag",), capacity=1, counts="sessions", same_device="like_others"),)),
    "sente": Policy(),
    "qq": Policy(slots=(Slot(key=("group",), capacity=1),), groups={"desktop": DESKTOPS, "phone": PHONES}),
}
DEFAULT_PRESET: Final = "easemob"

LEANCLOUD: Final = Platform("leancloud")
"""The platform of clients that say no other, and are counted by tag (`policy_by_tag`)."""

_BY_TAG: Final = Slot(key=("tag",), capacity=1, counts="sessions")


def policy_by_tag(policy: Policy, platform: Platform, *, is_returning: bool) -> Policy:
    """Give the limits of a platform of LeanCloud's clients: one session per tag, and what an app's policy says of it.

    A device replaces itself quietly; a client that `is_returning`, by itself, takes no tag from another device. The
    slots that hold besides are those that name the platform: in `platforms`, in `capacities`, or in the groups they are
    kept by.
    """
    by_tag = structs.replace(_BY_TAG, loser="newcomer") if is_returning else _BY_TAG
    return Policy((by_tag, *(slot for slot in policy.slots if _names(slot, policy, platform))), policy.groups)


def _names(slot: Slot, policy: Policy, platform: Platform) -> bool:
    if slot.platforms is not None:
        return platform in slot.platforms
    return platform in slot.capacities or (
        "group" in slot.key and any(platform in platforms for platforms in policy.groups.values())
    )


class DeviceRules(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A policy as operators say it: the name of a preset or a table of slots, and how many each slot holds.

    `capacity` replaces that of each slot, `capacities` that of some platforms in each slot by platform.
    """

    policy: str | Policy = DEFAULT_PRESET
    capacity: Capacity | None = None
    capacities: Capacities = {}

    def problem(self) -> str | None:
        """Say what keeps these from being rules, or None: no such preset, capacities of no platform or of too many."""
        if isinstance(self.policy, str) and self.policy not in PRESETS:
            return f"no preset `{self.policy}`; there are: {', '.join(PRESETS)}"
        by_platform = ["platform" in slot.key for slot in self._named.slots]
        if self.capacities and not any(by_platform):
            return "capacities need a policy with slots by `platform`"
        has_some = [bool(slot.capacities) for slot in self._named.slots]
        if any(some and not by for some, by in zip(has_some, by_platform, strict=True)):
            return "capacities need a slot with `platform` in its key"
        if any(len(slot.capacities) > PLATFORMS_MAX for slot in self.slots().slots):
            return f"a slot may have the capacities of {PLATFORMS_MAX} platforms, those for all slots included"
        return None

    @property
    def _named(self) -> Policy:
        return PRESETS[self.policy] if isinstance(self.policy, str) else self.policy

    def slots(self) -> Policy:
        """Give the slots that hold."""
        policy = self._named
        return Policy(tuple(self._filled(slot) for slot in policy.slots), policy.groups)

    def _filled(self, slot: Slot) -> Slot:
        if self.capacity is not None:
            slot = structs.replace(slot, capacity=self.capacity)
        if self.capacities and "platform" in slot.key:
            slot = structs.replace(slot, capacities={**slot.capacities, **self.capacities})
        return slot


def crowded_out(policy: Policy, held: Iterable[Login]) -> tuple[SessionId, ...]:
    """List the sessions of one user that would not be there, had the policy held at each login; in that order.

    They stay until the user logs in the next time where they are counted.
    """
    stay: list[Login] = []
    gone: list[SessionId] = []
    for login in sorted(held, key=_age):
        limits = policy_by_tag(policy, LEANCLOUD, is_returning=False) if login.platform == LEANCLOUD else policy
        try:
            losses = {loss.session for loss in admit(limits, stay, login)}
        except DeviceRefused:
            gone.append(login.session)
            continue
        gone += [other.session for other in stay if other.session in losses]
        stay = [*(other for other in stay if other.session not in losses), login]
    return tuple(gone)


def admit(policy: Policy, held: Sequence[Login], newcomer: Login) -> tuple[Loss, ...]:
    """Decide which held sessions end so that the newcomer has its place in every slot.

    `held` are the sessions of the same user that are not over. After the losses are ended and the newcomer is added, no
    slot that the newcomer has a place in holds more than its capacity, and each loss is needed for that. A device never
    displaces itself, except where a slot counts it `like_others`.

    Raises:
        DeviceRefused: A slot is full and its policy keeps the older ones; then nobody loses.
    """
    shared = _shared(policy, held, newcomer)
    losses: dict[SessionId, Loss] = {}
    # A slot that keeps its holders is asked last: the room that the others make may do.
    for slot, rivals in sorted(shared, key=lambda each: each[0].loser == "newcomer"):
        left = [login for login in rivals if login.session not in losses]
        losses.update((loss.session, loss) for loss in _losses(slot, left, newcomer))
    return _needed(shared, losses, newcomer)


def _shared(policy: Policy, held: Iterable[Login], newcomer: Login) -> list[tuple[Slot, list[Login]]]:
    """Give each slot that applies to the newcomer, with the held sessions in the same place, the oldest first."""
    by_age = sorted(held, key=_age)
    places = ((slot, _place_in(slot, policy, newcomer)) for slot in policy.slots)
    return [
        (slot.of(newcomer.platform), [login for login in by_age if _place_in(slot, policy, login) == mine])
        for slot, mine in places
        if mine is not None
    ]


def _needed(
    shared: Sequence[tuple[Slot, list[Login]]], losses: Mapping[SessionId, Loss], newcomer: Login
) -> tuple[Loss, ...]:
    """Leave out losses that the losses of another slot made needless, those of the latest logins first."""
    if len(shared) < 2:
        return tuple(losses.values())
    needed = dict(losses)
    by_age = sorted({login.session: login for _, rivals in shared for login in rivals}.values(), key=_age)
    for login in reversed(by_age):
        if (loss := needed.pop(login.session, None)) is not None and not _fits(shared, needed, newcomer):
            needed[login.session] = loss
    return tuple(loss for session, loss in losses.items() if session in needed)


def _fits(shared: Sequence[tuple[Slot, list[Login]]], losses: Mapping[SessionId, Loss], newcomer: Login) -> bool:
    for slot, rivals in shared:
        stay = [login for login in (*rivals, newcomer) if login.session not in losses]
        count = len({login.device for login in stay}) if slot.counts == "devices" else len(stay)
        if count > slot.capacity:
            return False
    return True


def _age(login: Login) -> tuple[Instant, SessionId]:
    return login.opened_at, login.session


def _losses(slot: Slot, by_age: Sequence[Login], newcomer: Login) -> Iterable[Loss]:
    if slot.counts == "devices":
        return _device_losses(slot, by_age, newcomer)
    return _session_losses(slot, by_age, newcomer)


def _device_losses(slot: Slot, by_age: Sequence[Login], newcomer: Login) -> Iterable[Loss]:
    # A device is as old as its latest login: a phone that just logged in again is not the one to go.
    latest = {login.device: login.opened_at for login in by_age if login.device != newcomer.device}
    excess = len(latest) + 1 - slot.capacity
    if excess <= 0:
        return ()
    _refuse_if_kept(slot, len(latest))
    leaving = set(sorted(latest, key=lambda device: (latest[device], device))[:excess])
    return tuple(Loss(login.session, "displaced") for login in by_age if login.device in leaving)


def _session_losses(slot: Slot, by_age: Sequence[Login], newcomer: Login) -> Iterable[Loss]:
    yields = slot.same_device == "replaced"
    own = [login for login in by_age if yields and login.device == newcomer.device]
    others = [login for login in by_age if not yields or login.device != newcomer.device]
    excess = len(by_age) + 1 - slot.capacity
    if excess <= 0:
        return ()
    replaced = tuple(Loss(login.session, "replaced") for login in own[:excess])
    left = excess - len(replaced)
    if left == 0:
        return replaced
    _refuse_if_kept(slot, len(by_age))
    return replaced + tuple(Loss(login.session, "displaced") for login in others[:left])


def _refuse_if_kept(slot: Slot, held: int) -> None:
    if slot.loser == "newcomer":
        raise DeviceRefused(capacity=slot.capacity, held=held)


def _place_in(slot: Slot, policy: Policy, login: Login) -> tuple[str, ...] | None:
    """Name the place a login takes in a slot, or None when the slot does not apply to it."""
    if slot.platforms is not None and login.platform not in slot.platforms:
        return None
    place: list[str] = []
    for key in slot.key:
        part = _part(key, policy, login)
        if part is None:
            return None
        place.append(part)
    return tuple(place)


def _part(key: SlotKey, policy: Policy, login: Login) -> str | None:
    match key:
        case "app":
            return ""
        case "platform":
            return login.platform
        case "tag":
            return login.tag
        case "device":
            return login.device
        case "group":
            return next((name for name, platforms in policy.groups.items() if login.platform in platforms), None)
        case _:
            assert_never(key)
