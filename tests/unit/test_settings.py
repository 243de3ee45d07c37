"""Settings: defaults that hold, combinations that cannot be meant, secrets that stay secret."""

import copy
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from unisono.cli.configuration import describe
from unisono.config import ConfigError, load
from unisono.domain.devices import PRESETS, Login, Policy, Slot, admit
from unisono.domain.ids import DeviceId, Instant, Platform, SessionId
from unisono.secret import Secret
from unisono.settings import Jwt, Rates, Sessions, Settings, is_loopback_host, is_same_origin

LONG = "x" * 32


def login(number: int, platform: str = "ios") -> Login:
    return Login(
        session=SessionId(f"s{number}"),
        device=DeviceId(f"d{number}"),
        platform=Platform(platform),
        opened_at=Instant(number),
    )


def losers(sessions: Sessions, held: int) -> list[str]:
    rivals = [login(number) for number in range(held)]
    return [loss.session for loss in admit(sessions.device_policy(), rivals, login(held))]


@pytest.mark.rows("E11")
def test_by_default_four_devices_of_a_platform_stay() -> None:
    assert Sessions().device_policy() == PRESETS["easemob"]
    assert losers(Sessions(), held=3) == []
    assert losers(Sessions(), held=4) == ["s0"]


@pytest.mark.rows("E2")
def test_an_operator_who_leaves_several_devices_off_gets_single_login() -> None:
    assert losers(Sessions(policy="easemob-single"), held=1) == ["s0"]


@pytest.mark.rows("E13")
def test_an_operator_changes_the_number_per_platform_for_later_logins() -> None:
    changed = load(None, {"UNISONO_SESSIONS__CAPACITY": "6"}).sessions
    assert losers(changed, held=5) == []
    assert losers(changed, held=6) == ["s0"]


def test_a_policy_of_ones_own_replaces_the_presets() -> None:
    own = Policy(slots=(Slot(key=("app",), capacity=2, loser="newcomer"),))
    assert Sessions(policy=own).device_policy() == own
    assert Sessions(policy=own, capacity=5).device_policy().slots[0] == Slot(key=("app",), capacity=5, loser="newcomer")


def test_a_preset_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no preset `nope`; there are: multi, single, easemob"):
        Sessions(policy="nope")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"algorithms": ("HS256", "RS256")}, "mixed"),
        ({"algorithms": ("RS256",)}, "needed"),
        ({"algorithms": ("RS256",), "secret": Secret(LONG)}, "HS256"),
        ({"public_key_file": Path("k")}, "RS256"),
        ({"algorithms": ("RS256",), "public_key_file": Path("k"), "jwks_file": Path("j")}, "only one"),
        ({"secret": Secret("short")}, "32 bytes"),
    ],
)
def test_keys_and_algorithms_that_do_not_belong_together_are_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Jwt(**given)


def test_belief_is_for_this_machine_only() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "chat.example"):
        with pytest.raises(msgspec.ValidationError, match="127.0.0.1"):
            msgspec.convert({"identity": {"kind": "dev"}, "server": {"host": host}}, Settings)
    assert msgspec.convert({"identity": {"kind": "dev"}}, Settings).identity.kind == "dev"


def test_a_function_needs_its_name() -> None:
    with pytest.raises(msgspec.ValidationError, match="module:function"):
        msgspec.convert({"identity": {"kind": "callable"}}, Settings)


def test_a_secret_shows_in_no_form_of_text() -> None:
    secret = Secret("hunter2")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>20}", str([secret]), str({"key": secret})]
    assert not any("hunter2" in text for text in shown)
    assert secret.reveal() == "hunter2"


def test_secrets_compare_by_what_they_hide() -> None:
    assert Secret("a") == Secret("a") == copy.copy(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_described_settings_show_no_secret_at_any_depth() -> None:
    settings = load(
        None,
        {
            "UNISONO_ADMIN__KEYS": "admin-" + LONG,
            "UNISONO_IDENTITY__JWT__SECRET": "token-" + LONG,
            "UNISONO_DATABASE__URL": "postgresql://me:hunter2@db/chat",
        },
    )
    text = repr(describe(settings)) + repr(settings)
    assert LONG not in text
    assert "hunter2" not in text
    assert text.count("***") == 6


def test_every_setting_says_what_it_means_and_numbers_say_their_range() -> None:
    from tools.reference import configuration

    rows = [line.split(" | ") for line in configuration().splitlines() if line.startswith("| `")]
    settings = [row for row in rows if len(row) > 3 or not row[0].strip("| `").startswith(tuple(PRESETS))]
    assert len(settings) > 50
    for row in settings:
        if len(row) == 2:
            continue
        assert row[-1].strip(" |"), f"{row[0]} has no meaning"
        assert not row[1].endswith(("integer", "number")), f"{row[0]} has no range"


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080", True),
        ("https://chat.example", "chat.example", True),
        ("https://chat.example:443", "chat.example", True),
        ("https://chat.example", "chat.example:443", True),
        ("http://[::1]:8080", "[::1]:8080", True),
        ("https://chat.example", "chat.example:8443", False),
        ("https://evil.example", "chat.example", False),
        ("https://chat.example.evil.example", "chat.example", False),
        ("null", "chat.example", False),
        ("", "", False),
        ("file://", "", False),
        ("http://[", "[", False),
        ("http://a:x", "a:x", False),
    ],
)
def test_a_page_of_this_server_is_known_by_host_and_port(origin: str, host: str, same: bool) -> None:
    assert is_same_origin(origin, host) is same


def test_loopback_hosts_are_those_nobody_else_reaches() -> None:
    assert all(map(is_loopback_host, ("127.0.0.1", "127.1.2.3", "::1", "localhost")))
    assert not any(map(is_loopback_host, ("0.0.0.0", "::", "", "127.example", "10.0.0.1")))


@pytest.mark.parametrize(
    "chosen",
    [{"limits.outbox_bytes": 393_215}, {"quotas.message_bytes": 500_000}, {"limits.frame_bytes": 69_631}],
)
def test_limits_that_would_let_nobody_read_what_was_said_stop_the_start(chosen: dict[str, int]) -> None:
    """A conversation with a message larger than an outbox used to end the link of everybody who read it."""
    with pytest.raises(ConfigError, match="must be at least"):
        load(overrides=chosen)


def test_limits_that_just_suffice_are_taken() -> None:
    assert load(overrides={"limits.outbox_bytes": 393_216, "limits.frame_bytes": 69_632}).limits.frame_bytes == 69_632


LIMIT_ROWS = re.findall(
    r"^\| `(\w+)\.(\w+)`(?:, `_burst`)? \| ([\d,]+)(?: s)?(?:, ([\d,]+))? \|",
    (Path(__file__).parents[2] / "docs/guide/operate.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


@pytest.mark.parametrize(("table", "name", "value", "burst"), LIMIT_ROWS)
def test_the_guide_tells_the_defaults_of_the_limits(table: str, name: str, value: str, burst: str) -> None:
    section = getattr(Settings(), table)
    assert float(value.replace(",", "")) == getattr(section, name)
    if burst:
        assert int(burst.replace(",", "")) == getattr(section, name.replace("_per_s", "_burst"))


def test_the_guide_tells_of_every_rate() -> None:
    rates = {name for name in Rates.__struct_fields__ if name.endswith("_per_s")}
    assert {name for table, name, _, _ in LIMIT_ROWS if table == "rates"} == rates
    assert len(LIMIT_ROWS) == 14
