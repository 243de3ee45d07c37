"""The slot policy by example: every preset, both sides of its limit, and who is told what."""

from collections.abc import Iterable

import msgspec
import pytest
from msgspec import structs

from unisono.domain.devices import (
    DEFAULT_PRESET,
    LEANCLOUD,
    PLATFORMS_MAX,
    PRESETS,
    DeviceRules,
    Login,
    Policy,
    Slot,
    admit,
    crowded_out,
    policy_by_tag,
)
from unisono.domain.errors import DeviceRefused
from unisono.domain.ids import DeviceId, Instant, Platform, SessionId, Tag


def login(session: str, device: str, platform: str = "web", *, at: int = 100, tag: str | None = None) -> Login:
    """Make a login of session `session`."""
    return Login(
        SessionId(session), DeviceId(device), Platform(platform), Instant(at), None if tag is None else Tag(tag)
    )


def lost(policy: Policy | str, held: Iterable[Login], newcomer: Login) -> set[tuple[str, str]]:
    """Give who loses, and how they are told."""
    chosen = PRESETS[policy] if isinstance(policy, str) else policy
    return {(str(loss.session), loss.reason) for loss in admit(chosen, tuple(held), newcomer)}


def devices_of(platform: str, count: int) -> list[Login]:
    """Make logins of so many devices of one platform, one after the other."""
    return [login(f"{platform}-{n}", f"{platform}-device-{n}", platform, at=n) for n in range(1, count + 1)]


# ------------------------------------------------------------------------------------------------ Easemob, the default


def test_the_default_is_four_devices_of_each_platform() -> None:
    assert DEFAULT_PRESET == "easemob"


@pytest.mark.rows("E11", "E17")
def test_four_devices_of_one_platform_stay() -> None:
    held: list[Login] = []
    for newcomer in devices_of("ios", 4):
        assert lost("easemob", held, newcomer) == set()
        held.append(newcomer)


@pytest.mark.rows("E16")
def test_the_fifth_device_displaces_the_one_that_logged_in_first() -> None:
    assert lost("easemob", devices_of("ios", 3), login("new", "new", "ios")) == set()
    assert lost("easemob", devices_of("ios", 4), login("new", "new", "ios")) == {("ios-1", "displaced")}


def test_who_logged_in_first_does_not_depend_on_the_order_of_the_list() -> None:
    assert lost("easemob", reversed(devices_of("ios", 4)), login("new", "new", "ios")) == {("ios-1", "displaced")}


@pytest.mark.rows("E12", "E18")
def test_another_platform_displaces_nobody() -> None:
    held = [*devices_of("ios", 4), *devices_of("android", 4)]
    assert lost("easemob", held, login("new", "new", "web")) == set()


@pytest.mark.rows("E15")
def test_single_login_displaces_the_device_of_the_same_platform_alone() -> None:
    held = [login("old", "a", "ios"), login("other", "b", "web")]
    assert lost("easemob-single", held, login("new", "c", "ios", at=200)) == {("old", "displaced")}


@pytest.mark.rows("E18")
def test_single_login_leaves_other_platforms_alone() -> None:
    assert lost("easemob-single", devices_of("ios", 1), login("new", "c", "android")) == set()


@pytest.mark.rows("X2")
def test_a_device_that_logs_in_again_displaces_nobody_not_even_itself() -> None:
    assert lost("easemob-single", [login("old", "a", "ios")], login("new", "a", "ios", at=200)) == set()
    assert lost("easemob", devices_of("ios", 4), login("new", "ios-device-2", "ios", at=200)) == set()


def test_all_sessions_of_a_displaced_device_end() -> None:
    held = [login("tab-1", "a", at=1), login("tab-2", "a", at=2)]
    assert lost("easemob-single", held, login("new", "b", at=3)) == {("tab-1", "displaced"), ("tab-2", "displaced")}


def test_a_device_is_as_old_as_its_latest_login() -> None:
    """A phone that just logged in again is not the one to go."""
    held = [*devices_of("ios", 4), login("again", "ios-device-1", "ios", at=50)]
    assert lost("easemob", held, login("new", "new", "ios")) == {("ios-2", "displaced")}


def test_a_lowered_limit_holds_from_the_next_login_on() -> None:
    lowered = Policy(slots=(Slot(key=("platform",), capacity=2),))
    expected = {("ios-1", "displaced"), ("ios-2", "displaced"), ("ios-3", "displaced")}
    assert lost(lowered, devices_of("ios", 4), login("new", "new", "ios")) == expected


# --------------------------------------------------------------------------------------------------- Turms, both ways


@pytest.mark.rows("T1")
def test_turms_ends_the_older_session_of_the_platform() -> None:
    assert lost("turms", [login("tab-1", "a")], login("tab-2", "b", at=200)) == {("tab-1", "displaced")}


@pytest.mark.rows("T1")
def test_turms_tells_a_tab_of_the_same_device_that_it_was_replaced() -> None:
    assert lost("turms", [login("tab-1", "a")], login("tab-2", "a", at=200)) == {("tab-1", "replaced")}


@pytest.mark.rows("T1")
def test_turms_may_refuse_the_newcomer_instead() -> None:
    with pytest.raises(DeviceRefused) as caught:
        admit(PRESETS["turms-keep"], [login("tab-1", "a")], login("tab-2", "b", at=200))
    assert dict(caught.value.numbers) == {"capacity": 1, "held": 1}


def test_turms_keeping_the_older_one_still_lets_a_device_take_over_from_itself() -> None:
    assert lost("turms-keep", [login("tab-1", "a")], login("tab-2", "a", at=200)) == {("tab-1", "replaced")}


def test_turms_keeping_the_older_one_does_not_touch_other_platforms() -> None:
    assert lost("turms-keep", [login("tab-1", "a", "ios")], login("tab-2", "b", "web", at=200)) == set()


@pytest.mark.rows("T2")
def test_of_many_tabs_that_log_in_one_after_the_other_exactly_one_has_the_session() -> None:
    for preset in ("turms", "turms-keep"):
        held: list[Login] = []
        for n in range(10):
            newcomer = login(f"tab-{n}", f"tab-device-{n}", at=n)
            try:
                gone = {loss.session for loss in admit(PRESETS[preset], held, newcomer)}
            except DeviceRefused:
                continue
            held = [other for other in held if other.session not in gone] + [newcomer]
            assert len(held) == 1
        assert len(held) == 1


# ---------------------------------------------------------------------------------------------------- LeanCloud's tag


@pytest.mark.rows("L268")
def test_the_same_tag_forces_the_earlier_login_off() -> None:
    held = [login("old", "a", "ios", tag="Mobile")]
    assert lost("leancloud", held, login("new", "b", "android", at=200, tag="Mobile")) == {("old", "displaced")}


@pytest.mark.rows("L269", "X6")
def test_different_tags_both_stay() -> None:
    assert lost("leancloud", [login("old", "a", tag="Mobile")], login("new", "b", tag="Web")) == set()


@pytest.mark.rows("L270")
def test_without_a_tag_nobody_is_forced_off() -> None:
    held = [login(f"old-{n}", f"d{n}", at=n) for n in range(50)]
    assert lost("leancloud", held, login("new", "b", at=200)) == set()
    assert lost("leancloud", [login("old", "a", tag="Web")], login("new", "b", at=200)) == set()
    assert lost("leancloud", held, login("new", "b", at=200, tag="Web")) == set()


@pytest.mark.rows("X5")
def test_with_tags_a_second_tab_of_the_same_device_displaces_the_older_one() -> None:
    assert lost("leancloud", [login("tab-1", "a", tag="Web")], login("tab-2", "a", at=200, tag="Web")) == {
        ("tab-1", "displaced")
    }


# ---------------------------------------------------------------------------------------------------- Sente, QQ groups


def test_sente_has_no_limit() -> None:
    held = [login(f"tab-{n}", f"d{n}", at=n) for n in range(200)]
    assert lost("sente", held, login("new", "b", at=300)) == set()


@pytest.mark.rows("L263")
def test_qq_a_second_pc_forces_the_first_off() -> None:
    assert lost("qq", [login("old", "a", "pc")], login("new", "b", "windows", at=200)) == {("old", "displaced")}


@pytest.mark.rows("L264")
def test_qq_a_second_phone_forces_the_first_off() -> None:
    assert lost("qq", [login("old", "a", "ios")], login("new", "b", "android", at=200)) == {("old", "displaced")}


@pytest.mark.rows("L265")
@pytest.mark.parametrize(("first", "second"), [("web", "pc"), ("pc", "web")])
def test_qq_web_and_pc_exclude_each_other(first: str, second: str) -> None:
    assert lost("qq", [login("old", "a", first)], login("new", "b", second, at=200)) == {("old", "displaced")}


@pytest.mark.rows("L266")
@pytest.mark.parametrize("desktop", ["pc", "web"])
def test_qq_a_phone_and_a_desktop_both_stay(desktop: str) -> None:
    assert lost("qq", [login("old", "a", "ios")], login("new", "b", desktop, at=200)) == set()
    assert lost("qq", [login("old", "a", desktop)], login("new", "b", "ios", at=200)) == set()


def test_a_platform_of_no_group_is_not_counted() -> None:
    assert lost("qq", devices_of("watch", 9), login("new", "b", "watch")) == set()


# ------------------------------------------------------------------------------------------------ policies of one's own


def test_a_slot_may_span_everything() -> None:
    policy = Policy(slots=(Slot(key=("app",), capacity=2),))
    held = [login("a", "a", "ios", at=1), login("b", "b", "web", at=2)]
    assert lost(policy, held, login("c", "c", "pc", at=3)) == {("a", "displaced")}


def test_a_slot_may_limit_the_sessions_of_one_device() -> None:
    policy = Policy(slots=(Slot(key=("device",), capacity=2, counts="sessions"),))
    held = [login("a", "x", at=1), login("b", "x", at=2), login("c", "y", at=3)]
    assert lost(policy, held, login("d", "x", at=4)) == {("a", "replaced")}
    assert lost(policy, held, login("d", "y", at=4)) == set()


def test_a_key_may_have_parts_that_must_all_agree() -> None:
    policy = Policy(slots=(Slot(key=("platform", "tag"), capacity=1),))
    held = [login("a", "a", "ios", tag="x", at=1), login("b", "b", "ios", tag="y", at=2), login("c", "c", "ios", at=3)]
    assert lost(policy, held, login("n", "n", "ios", tag="x", at=4)) == {("a", "displaced")}
    assert lost(policy, held, login("n", "n", "web", tag="x", at=4)) == set()
    assert lost(policy, held, login("n", "n", "ios", at=4)) == set()


def test_own_sessions_yield_before_those_of_others() -> None:
    policy = Policy(slots=(Slot(key=("app",), capacity=3, counts="sessions"),))
    held = [login("other", "b", at=1), login("own-1", "a", at=2), login("own-2", "a", at=3)]
    assert lost(policy, held, login("new", "a", at=4)) == {("own-1", "replaced")}


def test_what_own_sessions_do_not_free_others_must() -> None:
    policy = Policy(slots=(Slot(key=("app",), capacity=1, counts="sessions"),))
    held = [login("other", "b", at=1), login("own", "a", at=2)]
    assert lost(policy, held, login("new", "a", at=3)) == {("own", "replaced"), ("other", "displaced")}


def test_a_loss_in_one_slot_counts_in_the_next() -> None:
    policy = Policy(slots=(Slot(key=("platform",), capacity=1), Slot(key=("app",), capacity=2)))
    held = [login("ios", "a", "ios", at=1), login("web", "b", "web", at=2)]
    assert lost(policy, held, login("new", "c", "web", at=3)) == {("web", "displaced")}


def test_nobody_loses_in_vain_whatever_the_order_of_the_slots() -> None:
    """The wide slot, asked first, used to displace the phone although the narrow one then made room for both."""
    policy = Policy(slots=(Slot(key=("app",), capacity=2), Slot(key=("platform",), capacity=1)))
    held = [login("ios", "a", "ios", at=1), login("web", "b", "web", at=2)]
    assert lost(policy, held, login("new", "c", "web", at=3)) == {("web", "displaced")}


def test_room_made_by_another_slot_is_room() -> None:
    """A slot that keeps its holders, asked first, used to refuse although the next slot made room in it."""
    keep = Slot(key=("app",), capacity=2, loser="newcomer")
    policy = Policy(slots=(keep, Slot(key=("platform",), capacity=1)))
    held = [login("ios", "a", "ios", at=1), login("web", "b", "web", at=2)]
    assert lost(policy, held, login("new", "c", "web", at=3)) == {("web", "displaced")}
    with pytest.raises(DeviceRefused):
        admit(policy, held, login("new", "c", "pc", at=3))


def test_a_loss_needed_by_any_slot_stays() -> None:
    policy = Policy(slots=(Slot(key=("app",), capacity=2, counts="sessions"), Slot(key=("tag",), capacity=1)))
    held = [login("a", "a", at=1), login("b", "b", at=2), login("c", "c", at=3, tag="x")]
    assert lost(policy, held, login("new", "d", at=4, tag="x")) == {("a", "displaced"), ("c", "displaced")}


@pytest.mark.parametrize("capacity", [0, 10_001])
def test_a_capacity_out_of_range_is_no_policy(capacity: int) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"key": ["platform"], "capacity": capacity}, Slot)


def test_an_unknown_key_is_no_policy() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"slots": [{"key": ["colour"], "capacity": 1}]}, Policy)


# ---------------------------------------------------------------------------------------------- of some platforms alone


def test_a_slot_may_be_for_some_platforms_alone() -> None:
    policy = Policy(slots=(Slot(key=("app",), capacity=1, platforms=(Platform("ios"), Platform("android"))),))
    held = [login("a", "a", "ios", at=1), login("b", "b", "web", at=2)]
    assert lost(policy, held, login("c", "c", "android", at=3)) == {("a", "displaced")}
    assert lost(policy, held, login("c", "c", "web", at=3)) == set()


def test_a_slot_for_no_platform_is_none() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"key": ["app"], "capacity": 1, "platforms": []}, Slot)


@pytest.mark.rows("L263")
def test_leanclouds_clients_have_one_session_per_tag_and_a_returning_one_takes_none() -> None:
    held = [login("a", "a", "leancloud", tag="x", at=1), login("b", "b", "leancloud", at=2)]
    again, newcomer = login("n", "a", "leancloud", tag="x", at=3), login("n", "n", "leancloud", tag="x", at=3)
    policy = policy_by_tag(PRESETS["easemob-single"], LEANCLOUD, is_returning=False)
    assert lost(policy, held, newcomer) == {("a", "displaced")}
    assert lost(policy, held, again) == {("a", "replaced")}
    returning = policy_by_tag(PRESETS["easemob-single"], LEANCLOUD, is_returning=True)
    assert lost(returning, held, again) == {("a", "replaced")}
    with pytest.raises(DeviceRefused):
        admit(returning, held, newcomer)


def test_slots_that_name_the_platform_hold_beside_its_tags() -> None:
    by_platform = Slot(key=("platform",), capacity=1)
    named = Slot(key=("platform",), capacity=2, platforms=(LEANCLOUD, Platform("web")))
    others = Slot(key=("app",), capacity=1, platforms=(Platform("web"),))
    by_group = Slot(key=("group",), capacity=3)
    groups = {"phone": (Platform("ios"), LEANCLOUD), "desktop": (Platform("web"),)}
    policy = policy_by_tag(Policy((by_platform, named, others, by_group), groups), LEANCLOUD, is_returning=False)
    assert policy.slots[1:] == (named, by_group)
    assert policy.groups == groups
    without = {"phone": (Platform("ios"),)}
    assert len(policy_by_tag(Policy((by_group,), without), LEANCLOUD, is_returning=False).slots) == 1
    held = [login("a", "a", "leancloud", at=1), login("b", "b", "ios", at=2), login("c", "c", "android", at=3)]
    assert lost(policy, [*held, login("d", "d", "leancloud", at=4)], login("n", "n", "leancloud", at=5)) == {
        ("a", "displaced")
    }


# --------------------------------------------------------------------------------------------- as operators say them


@pytest.mark.rows("E13")
def test_a_platform_may_have_a_number_of_its_own() -> None:
    policy = DeviceRules("multi", capacities={Platform("ios"): 2, Platform("web"): 6}).slots()
    assert lost(policy, devices_of("ios", 1), login("new", "new", "ios")) == set()
    assert lost(policy, devices_of("ios", 2), login("new", "new", "ios")) == {("ios-1", "displaced")}
    assert lost(policy, devices_of("web", 5), login("new", "new", "web")) == set()
    assert lost(policy, devices_of("web", 6), login("new", "new", "web")) == {("web-1", "displaced")}
    assert lost(policy, devices_of("android", 4), login("new", "new", "android")) == {("android-1", "displaced")}


def test_what_is_said_of_capacities_is_put_into_the_slots_they_are_for() -> None:
    by_both = Slot(key=("platform", "tag"), capacity=9, capacities={Platform("ios"): 1, Platform("web"): 2})
    rules = DeviceRules(Policy((by_both, Slot(key=("app",), capacity=9))), 5, {Platform("ios"): 3})
    assert rules.slots().slots == (
        Slot(key=("platform", "tag"), capacity=5, capacities={Platform("ios"): 3, Platform("web"): 2}),
        Slot(key=("app",), capacity=5),
    )
    assert DeviceRules().slots() == PRESETS[DEFAULT_PRESET] == PRESETS["multi"]


def test_capacities_of_platforms_are_for_slots_by_platform() -> None:
    ios = {Platform("ios"): 1}
    by_app = Slot(key=("app",), capacity=1, capacities=ios)
    assert DeviceRules("sente", capacities=ios).problem() == "capacities need a policy with slots by `platform`"
    assert DeviceRules(Policy((by_app,))).problem() == "capacities need a slot with `platform` in its key"
    assert str(DeviceRules("nope").problem()).startswith("no preset `nope`; there are: multi, single, ")
    assert DeviceRules("multi", capacities=ios).problem() is None
    some, others = ({Platform(f"{letter}{n}"): 1 for n in range(PLATFORMS_MAX)} for letter in "ab")
    full = DeviceRules(Policy((Slot(key=("platform",), capacity=1, capacities=some),)))
    assert full.problem() is None
    assert str(structs.replace(full, capacities=others).problem()).startswith("a slot may have the capacities of 100")


def test_a_capacity_for_leanclouds_clients_holds_beside_their_tags() -> None:
    policy = DeviceRules("multi", capacities={LEANCLOUD: 2}).slots()
    by_tag = policy_by_tag(policy, LEANCLOUD, is_returning=False)
    assert lost(by_tag, devices_of("leancloud", 2), login("new", "new", "leancloud")) == {("leancloud-1", "displaced")}
    assert len(policy_by_tag(PRESETS["multi"], LEANCLOUD, is_returning=False).slots) == 1


# ------------------------------------------------------------------------------------------ who would be over a limit


def test_who_would_be_over_a_limit_are_those_who_logged_in_first() -> None:
    held = [*devices_of("ios", 3), *devices_of("web", 1)]
    assert crowded_out(PRESETS["multi"], held) == ()
    assert crowded_out(PRESETS["single"], reversed(held)) == ("ios-1", "ios-2")
    assert crowded_out(DeviceRules("multi", capacities={Platform("ios"): 2}).slots(), held) == ("ios-1",)


def test_where_the_older_ones_are_kept_it_is_the_later_ones() -> None:
    assert crowded_out(PRESETS["turms-keep"], devices_of("ios", 3)) == ("ios-2", "ios-3")


def test_leanclouds_clients_are_over_the_limits_of_their_tags() -> None:
    held = [login(f"l{n}", f"d{n}", "leancloud", at=n, tag="x" if n < 3 else None) for n in range(1, 6)]
    assert crowded_out(PRESETS["single"], held) == ("l1",)
