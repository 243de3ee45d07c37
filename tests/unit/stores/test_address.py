"""Nobody is shown a password, and nobody waits for minutes."""

import asyncio
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.support.time_and_chance import ManualClock
from tests.unit.cli.commands import run
from unisono.cli.failing import Exit
from unisono.domain.errors import Unavailable
from unisono.stores.sql import StoreOptions, open_store
from unisono.stores.sql.address import PATIENCE, Address
from unisono.stores.sql.postgres import PostgresDriver

SECRET = "open-sesame"
NOWHERE = "127.0.0.1:1"
UNREADABLE = (
    f"postgresql//ann:{SECRET}@{NOWHERE}/db",
    f"postgres://ann:{SECRET}%zz@{NOWHERE}/db",
    f"postgresql://ann:{SECRET}/{SECRET}@{NOWHERE}/db",
    f"postgresql://ann:{SECRET}@{SECRET}@{NOWHERE}/db",
    f"postgresql://ann:{SECRET}@127.0.0.1:{SECRET}/db",
    f"postgresql://[{SECRET}/db",
    f"password={SECRET} host='",
    f"pasword={SECRET} host=127.0.0.1 port=1",
)
READABLE = (
    f"postgresql://ann:{SECRET}@{NOWHERE}/db",
    f"postgresql://ann:{SECRET}?{SECRET}@{NOWHERE}/db",
    f"postgresql://ann:{SECRET.replace('-', '%2D')}@{NOWHERE}/db",
    f"postgresql://ann@{NOWHERE}/db?password={SECRET}",
    f"host=127.0.0.1 port=1 user=ann password={SECRET}",
    f"postgresql://ann:{SECRET}@nowhere.invalid/db",
    f"postgresql://ann:{SECRET}@{NOWHERE}/db?sslmode={SECRET}",
)


@pytest.mark.parametrize("url", [*UNREADABLE, *READABLE])
def test_a_password_is_in_no_error_and_in_nothing_printed(url: str, tmp_path: Path) -> None:
    """The driver repeats an address that it cannot read, password and all, and so did the start that failed."""
    options = StoreOptions(app="test", url=url)
    with pytest.raises(Unavailable) as refused:
        asyncio.run(open_store(options, ManualClock()))
    told = "".join(traceback.format_exception(refused.value)) + repr(refused.value) + repr(options)
    for words in (("config",), ("restored",)):
        outcome = run(*words, "--config", str(configured(url, tmp_path)))
        assert outcome.code in {Exit.DONE, Exit.FAILED}
        told += outcome.out + outcome.err
    assert_silent(told)


@pytest.mark.parametrize("url", [UNREADABLE[1], READABLE[0]])
def test_a_server_that_cannot_start_keeps_the_password_to_itself(url: str, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "unisono",
        "serve",
        "--dev",
        "--port",
        "0",
        "--config",
        str(configured(url, tmp_path)),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == Exit.FAILED
    assert "the store cannot be opened" in ran.stderr
    assert_silent(ran.stdout + ran.stderr)


def configured(url: str, folder: Path) -> Path:
    config = folder / "unisono.toml"
    quoted = url.replace("'", "x")
    config.write_text(f'data_dir = "{folder}"\n[database]\nurl = "{quoted}"\n')
    return config


def assert_silent(told: str) -> None:
    for part in (SECRET, SECRET.replace("-", "%2D")):
        assert part not in told


@pytest.mark.parametrize("url", UNREADABLE)
def test_an_address_that_cannot_be_meant_is_refused_with_a_hint(url: str) -> None:
    with pytest.raises(Unavailable, match="%XX"):
        Address(url)


@pytest.mark.parametrize("url", READABLE)
def test_an_address_shows_nothing_of_itself(url: str) -> None:
    address = Address(url)
    assert SECRET not in repr(address)
    password = conninfo_to_dict(url)["password"]
    assert SECRET not in address.hide_secrets(f"cannot read {url} nor {password}")


def test_a_server_that_vanished_is_given_up_within_seconds(postgres_dsn: str) -> None:
    """The system's own patience with a host that does not answer is two hours, and 15 minutes for what was sent."""
    driver = PostgresDriver(StoreOptions(app="test", url=postgres_dsn))
    driver.prepare()
    connection = driver._connect()
    used = connection.info.get_parameters()
    assert {name: used[name] for name in PATIENCE} == {name: str(value) for name, value in PATIENCE.items()}
    connection.close()


def test_what_the_address_says_itself_holds() -> None:
    options = conninfo_to_dict(Address(f"postgresql://{NOWHERE}/db?connect_timeout=2&keepalives_idle=60").text)
    assert (options["connect_timeout"], options["keepalives_idle"]) == ("2", "60")
    assert options["tcp_user_timeout"] == str(PATIENCE["tcp_user_timeout"])


def test_several_servers_may_stand_in_an_address() -> None:
    options = conninfo_to_dict(Address("postgresql://ann:x@one:5432,two:5433/db?target_session_attrs=read-write").text)
    assert (options["host"], options["port"]) == ("one,two", "5432,5433")
