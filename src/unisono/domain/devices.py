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

SlotKey = Literal["app", "platform", "group", "tag", "device"]


class Slot(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One limit. `capacity` holders may share what `key` gives.

    - `key`: everything (`app`), the platform, its group (of `groups`), the tag, or the device. A login without a group
      or tag is not counted in such a slot.
    - `counts`: devices (all sessions of a device are one holder) or sessions.
    - `loser`: the holder that logged in first, or the newcomer, who is then refused.
    - `same_device`: what an earlier session of the newcomer's own device meets when sessions are counted: it is
      `replaced` quietly and before anybody else, or counted `like_others` (LeanCloud tags, row X5).
    - `platforms`: those whose logins are counted alone; None: all.
    """

    key: tuple[SlotKey, ...]
    capacity: Annotated[int, Meta(ge=1, le=10_000)]
    counts: Literal["devices", "sessions"] = "devices"
    loser: Literal["oldest", "newcomer"] = "oldest"
    same_device: Literal["replaced", "like_others"] = "replaced"
    platforms: Annotated[tuple[Platform, ...], Meta(min_length=1)] | None = None


class Policy(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The slots of an app, and which platforms form a group."""

    slots: tuple[Slot, ...] = ()
    groups: Mapping[str, tuple[Platform, ...]] = {}


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

PRESETS: Final[Mapping[str, Policy]] = {
    "easemob": Policy(slots=(Slot(key=("platform",), capacity=4),)),
    "easemob-single": Policy(slots=(Slot(key=("platform",), capacity=1),)),
    "turms": Policy(slots=(Slot(key=("platform",), capacity=1, counts="sessions"),)),
    "turms-keep": Policy(slots=(Slot(key=("platform",), capacity=1, counts="sessions", loser="newcomer"),)),
    "leancloud": Policy(slots=(Slot(key=("tag",), capacity=1, counts="sessions", same_device="like_others"),)),
    "sente": Policy(),
    "qq": Policy(slots=(Slot(key=("group",), capacity=1),), groups={"desktop": DESKTOPS, "phone": PHONES}),
}
DEFAULT_PRESET: Final = "easemob"

_BY_TAG: Final = Slot(key=("tag",), capacity=1, counts="sessions")


def policy_by_tag(policy: Policy, platform: Platform, *, is_returning: bool) -> Policy:
    """Give the limits of a platform of LeanCloud's clients: one session per tag, and what an app's policy says of it.

    A device replaces itself quietly; a client that `is_returning`, by itself, takes no tag from another device. The
    slots that hold besides are those that name the platform, in `platforms` or in the groups they are kept by.
    """
    by_tag = structs.replace(_BY_TAG, loser="newcomer") if is_returning else _BY_TAG
    return Policy((by_tag, *(slot for slot in policy.slots if _names(slot, policy, platform))), policy.groups)


def _names(slot: Slot, policy: Policy, platform: Platform) -> bool:
    if slot.platforms is not None:
        return platform in slot.platforms
    return "group" in slot.key and any(platform in platforms for platforms in policy.groups.values())


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
        (slot, [login for login in by_age if _place_in(slot, policy, login) == mine])
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
