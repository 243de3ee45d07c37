"""Reading settings: which source wins, what stops the start and how that is told, keys that make themselves."""

import stat
import threading
from pathlib import Path

import pytest

from unisono.config import ConfigError, keys_of, load, with_generated_secrets
from unisono.domain.devices import Policy, Slot
from unisono.secret import Secret
from unisono.settings import Settings

LONG = "0123456789" * 4


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_without_anything_the_defaults_hold() -> None:
    assert load() == Settings()


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path / "u.toml", '[server]\nhost = "127.0.0.2"\nport = 1\ndrain_s = 3\n')
    settings = load(file, {"UNISONO_SERVER__PORT": "2", "UNISONO_APP": "shop"}, {"server.port": 3, "server.host": None})
    assert settings.server.port == 3
    assert settings.server.host == "127.0.0.2"
    assert settings.server.drain_s == 3
    assert settings.app == "shop"


def test_the_environment_gives_numbers_truths_lists_and_tables() -> None:
    settings = load(
        None,
        {
            "UNISONO_METRICS__ENABLED": "false",
            "UNISONO_RATES__COMMANDS_PER_S": "2.5",
            "UNISONO_SERVER__ORIGINS": "https://a.example, https://b.example:8443",
            "UNISONO_SERVER__TRUSTED_PROXIES": '["10.0.0.0/8"]',
            "UNISONO_SESSIONS__POLICY": '{"slots":[{"key":["app"],"capacity":3}]}',
            "UNISONO_DATA_DIR": "/srv/unisono",
            "HOME": "/root",
        },
    )
    assert settings.metrics.enabled is False
    assert settings.rates.commands_per_s == 2.5
    assert settings.server.origins == ("https://a.example", "https://b.example:8443")
    assert settings.server.trusted_proxies == ("10.0.0.0/8",)
    assert settings.sessions.policy == Policy(slots=(Slot(key=("app",), capacity=3),))
    assert settings.data_dir == Path("/srv/unisono")


def test_variables_of_the_command_line_are_no_settings() -> None:
    own = ("UNISONO_CONFIG", "UNISONO_ADMIN_KEY", "UNISONO_URL", "UNISONO_TOKEN")
    assert load(None, dict.fromkeys(own, "x")) == Settings()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[server]\nprot = 1", "unknown setting `server.prot` in {file}; did you mean `server.port`?"),
        ("port = 1", "unknown setting `port` in {file}; did you mean `server.port`?"),
        ("[servr]\nport = 1", "unknown setting `servr.port` in {file}; did you mean `server.port`?"),
        ("[zzz]", "unknown setting `zzz` in {file}"),
        ("server = 1", "`server` is a table of settings, not a value"),
        ("[server]\nport = 99999", "`server.port`: Expected `int` <= 65535"),
        ("[server]\nport = 'x'", "`server.port`: Expected `int`, got `str`"),
        ("[log]\nlevel = 'loud'", "`log.level`: Invalid enum value 'loud'"),
        ("[server]\norigins = ['chat.example']", "`server.origins[0]`: Expected `str` matching regex"),
        ("[sessions]\npolicy = 'nope'", "`sessions`: no preset `nope`; there are: multi, single, easemob"),
        ("[identity.jwt]\nsecret = 1", "`identity.jwt.secret`: expected text, got int"),
        ("[admin]\nkeys = ['short']", "`admin`: an admin key is shorter than 32 characters"),
        ("[identity.jwt]\nsecret_file = '/no/such/file'", "cannot read /no/such/file for `identity.jwt.secret_file`"),
        ("x x", "{file} is not TOML"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    file = written(tmp_path / "u.toml", text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(caught.value).startswith(told.format(file=file))


def test_an_unknown_variable_is_told_too() -> None:
    with pytest.raises(
        ConfigError, match="unknown setting `server.prot` in the environment; did you mean `server.port`"
    ):
        load(None, {"UNISONO_SERVER__PROT": "1"})


def test_a_broken_list_in_a_variable_is_told() -> None:
    with pytest.raises(ConfigError, match="`server.origins` is not JSON"):
        load(None, {"UNISONO_SERVER__ORIGINS": "[1"})


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read .*none.toml: No such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not TOML"):
        load(tmp_path / "bytes.toml")


def test_secrets_stand_in_files_of_their_own(tmp_path: Path) -> None:
    token = written(tmp_path / "token", f"  {LONG}\n")
    admins = written(tmp_path / "admins", f"{LONG}1\n{LONG}2\n")
    file = written(tmp_path / "u.toml", f'[identity.jwt]\nsecret_file = "{token}"\n[admin]\nkeys_file = "{admins}"\n')
    settings = load(file)
    assert settings.identity.jwt.secret == Secret(LONG)
    assert settings.admin.keys == (Secret(LONG + "1"), Secret(LONG + "2"))


def test_a_secret_may_begin_like_json() -> None:
    assert load(None, {"UNISONO_IDENTITY__JWT__SECRET": "[" + LONG}).identity.jwt.secret == Secret("[" + LONG)


def test_no_message_quotes_a_secret() -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, {"UNISONO_IDENTITY__JWT__SECRET": "hunter2", "UNISONO_ADMIN__KEYS": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_missing_keys_make_themselves_once_and_for_their_owner_only(tmp_path: Path) -> None:
    blank = load(None, {"UNISONO_DATA_DIR": str(tmp_path / "deep" / "data")})
    first = with_generated_secrets(blank)
    assert with_generated_secrets(blank) == first
    assert first.identity.jwt.secret is not None
    assert len(first.admin.keys[0].reveal()) >= 43
    files = sorted((tmp_path / "deep" / "data").iterdir())
    assert [file.name for file in files] == ["admin.key", "files.key", "token.key"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_keys_that_were_given_are_not_made(tmp_path: Path) -> None:
    environment = {
        "UNISONO_DATA_DIR": str(tmp_path / "data"),
        "UNISONO_ADMIN__KEYS": LONG,
        "UNISONO_FILES__SECRET": LONG,
        "UNISONO_IDENTITY__JWT__SECRET": LONG,
    }
    settings = load(None, environment)
    assert with_generated_secrets(settings) == settings
    assert not (tmp_path / "data").exists()


def test_a_server_with_public_keys_or_a_function_makes_no_token_key(tmp_path: Path) -> None:
    for more in (
        {"UNISONO_IDENTITY__JWT__ALGORITHMS": "RS256", "UNISONO_IDENTITY__JWT__PUBLIC_KEY_FILE": "k.pem"},
        {"UNISONO_IDENTITY__KIND": "callable", "UNISONO_IDENTITY__CALLABLE": "m:f"},
    ):
        with_generated_secrets(load(None, {"UNISONO_DATA_DIR": str(tmp_path), **more}))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["admin.key", "files.key"]


def test_two_processes_that_start_at_once_get_the_same_keys(tmp_path: Path) -> None:
    blank, start = load(None, {"UNISONO_DATA_DIR": str(tmp_path)}), threading.Barrier(8)
    made: list[Settings] = []

    def begin() -> None:
        start.wait(10)
        made.append(with_generated_secrets(blank))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(made) == 8
    assert all(settings == made[0] for settings in made)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["admin.key", "files.key", "token.key"]


def test_a_key_file_that_was_emptied_stops_the_start(tmp_path: Path) -> None:
    written(tmp_path / "admin.key", "\n")
    with pytest.raises(ConfigError, match="less than 32 bytes; delete it"):
        with_generated_secrets(load(None, {"UNISONO_DATA_DIR": str(tmp_path)}))


def test_a_data_directory_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    in_the_way = written(tmp_path / "data", "")
    with pytest.raises(ConfigError, match="cannot write .*admin.key"):
        with_generated_secrets(load(None, {"UNISONO_DATA_DIR": str(in_the_way)}))


def test_each_setting_can_be_named_in_the_environment() -> None:
    names = [key for key, _ in keys_of()]
    assert len(names) == len(set(names)) > 50
    assert {"server.port", "identity.jwt.secret_file", "quotas.message_bytes", "admin.keys_file"} <= set(names)
    assert all(name == name.lower() and "__" not in name for name in names)
