"""What commands do without a server: say, mint, explain, and fail in an orderly way."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.time_and_chance import NOON
from tests.unit.cli.commands import run
from tests.unit.identity.keysmith import EC_KEY, credential, pem
from unisono import __version__
from unisono.cli.banner import Ink, Scene, banner
from unisono.cli.durations import seconds_of
from unisono.cli.failing import MEANINGS, Exit, Failure, of_code
from unisono.cli.printing import moment, safe
from unisono.cli.sources import server_url
from unisono.clock import SystemClock
from unisono.config import load, with_generated_secrets
from unisono.domain.ids import Instant, UserId
from unisono.identity.audiences import Audience
from unisono.identity.granted import SignedGrants
from unisono.identity.keys import SharedSecret
from unisono.identity.signed import SignedTokens
from unisono.secret import Secret
from unisono.settings import Database, Identity, Jwt, Server, Sessions, Settings


def test_the_version_is_told() -> None:
    assert run("version").out == f"unisono {__version__}\n"
    assert run("version", "--json").json == {"version": __version__}


def test_help_tells_every_command_and_the_exit_codes() -> None:
    told = run("--help")
    assert told.code == 0
    for command in (
        "serve",
        "token",
        "grant",
        "sessions",
        "chat",
        "send",
        "history",
        "search",
        "config",
        "check-config",
        "restored",
        "version",
    ):
        assert f"\n  {command} " in told.out
    assert "Exit codes" in told.out


def test_help_imports_neither_the_server_nor_what_draws() -> None:
    """Help used to take half a second: rich and the server were imported to say how to start it."""
    script = (
        "import sys, io; sys.argv = ['unisono', '--help']; sys.stdout = io.StringIO()\n"
        "from unisono.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'aiohttp', 'sqlalchemy', 'jwt', 'rich', 'asyncio', 'msgspec', 'cryptography'} & set(sys.modules)\n"
        "sys.stderr.write(' '.join(sorted(heavy)))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stderr == ""


@pytest.mark.rows("L260")
async def test_a_grant_made_here_is_one_the_server_takes(tmp_path: Path) -> None:
    words = ("grant", "--user", "alice", "--data", str(tmp_path))
    add = ("--act", "add", "--conversation", "c1", "--member", "bob", "--member", "cat")
    made, shown = run(*words, *add), run(*words, *add, "--ttl", "10m", "--json").json
    settings = with_generated_secrets(load(None, {}, {"data_dir": tmp_path}))
    assert settings.identity.jwt.secret is not None
    grants, now = (
        SignedGrants(Audience(settings.identity.jwt), SharedSecret(settings.identity.jwt.secret)),
        SystemClock().now(),
    )
    for text, ttl_ms in ((made.out.strip(), 60_000), (shown["grant"], 600_000)):
        grant = await grants.read(text, now)
        assert (grant.user, grant.act, grant.conversation) == ("alice", "add", "c1")
        assert grant.members == {UserId("bob"), UserId("cat")}
        assert now + ttl_ms - 10_000 < grant.expires_at <= now + ttl_ms
        assert grant.nonce
    assert (shown["user"], shown["act"], shown["members"]) == ("alice", "add", ["bob", "cat"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--act", "delete", "--conversation", "c1"), "no such act"),
        (("--act", "join"), "--conversation says which"),
        (("--act", "create", "--conversation", "c1"), "--conversation says which"),
        (("--act", "create", "--ttl", "11m"), "at most"),
        (("--act", "create", "--ttl", "soon"), "--ttl"),
        (("--act", "create", "--user", ""), "not a user id"),
    ],
)
def test_a_grant_that_cannot_be_meant_is_wrong_usage(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    refused = run("grant", "--user", "alice", "--data", str(tmp_path), *words)
    assert (refused.code, refused.out) == (Exit.USAGE, "")
    assert told in refused.err


async def test_a_token_made_here_is_one_the_server_takes(tmp_path: Path) -> None:
    made = run("token", "--user", "alice", "--device-type", "ios", "--ttl", "15m", "--data", str(tmp_path))
    assert made.code == 0
    settings = with_generated_secrets(load(None, {}, {"data_dir": tmp_path}))
    jwt = settings.identity.jwt
    assert jwt.secret is not None
    now = SystemClock().now()
    principal = await SignedTokens(Audience(jwt), SharedSecret(jwt.secret)).authenticate(
        credential(made.out.strip()), now
    )
    assert (principal.user, principal.platform) == ("alice", "ios")
    assert principal.expires_at is not None
    assert abs(principal.expires_at - now - (15 * 60 + jwt.leeway_s) * 1000) < 60_000


def test_a_token_is_told_in_json_for_scripts(tmp_path: Path) -> None:
    told = run("token", "--user", "alice", "--json", "--data", str(tmp_path)).json
    assert told["user"] == "alice"
    assert told["token"].count(".") == 2
    assert told["expires_at"] > NOON - 10**11


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["token"], Exit.USAGE, "Missing option '--user'"),
        (["token", "--user", "alice", "--ttl", "soon"], Exit.USAGE, "`soon` is no duration"),
        (["token", "--user", "x" * 65], Exit.USAGE, "not a user id"),
        (["sesions"], Exit.USAGE, "Did you mean 'sessions'"),
        (["serve", "--port", "x"], Exit.USAGE, "'x' is not a valid int"),
        (["serve", "--port", "99999"], Exit.CONFIGURATION, "`server.port`: Expected `int` <= 65535"),
        (["serve", "--dev", "--host", "0.0.0.0"], Exit.CONFIGURATION, "needs server.host = '127.0.0.1'"),
        (["config", "--config", "/no/such.toml"], Exit.CONFIGURATION, "cannot read /no/such.toml"),
        (["sessions", "list", "--user", "alice"], Exit.NOT_LET_IN, "no admin key"),
        (["sessions", "list", "--user", "a", "--admin-key", "k", "--url", "nowhere"], Exit.USAGE, "no URL"),
    ],
)
def test_what_cannot_be_done_is_told_with_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run(*words)
    assert outcome.code == code
    assert told in outcome.err
    assert outcome.out == ""
    assert "Traceback" not in outcome.err


def test_a_server_with_public_keys_makes_no_token(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(pem(EC_KEY))
    (tmp_path / "u.toml").write_text(
        f'[identity.jwt]\nalgorithms = ["ES256"]\npublic_key_file = "{tmp_path}/key.pem"\n', encoding="utf-8"
    )
    words = ("--config", str(tmp_path / "u.toml"), "--data", str(tmp_path))
    refused = run("token", "--user", "alice", *words)
    assert (refused.code, "signed elsewhere" in refused.err) == (Exit.CONFIGURATION, True)
    assert run("check-config", *words).code == 0


@pytest.mark.parametrize(
    "text",
    [
        '[identity]\nkind = "callable"\ncallable = "no.such:function"\n',
        '[identity.jwt]\nalgorithms = ["RS256"]\npublic_key_file = "/no/such.pem"\n',
        "[nothing]\n",
    ],
)
def test_a_configuration_that_could_not_start_is_found_before(tmp_path: Path, text: str) -> None:
    (tmp_path / "u.toml").write_text(text, encoding="utf-8")
    assert run("check-config", "--config", str(tmp_path / "u.toml")).code == Exit.CONFIGURATION


def test_settings_are_shown_as_toml_that_gives_the_same_settings(tmp_path: Path) -> None:
    file = tmp_path / "u.toml"
    file.write_text('app = "shop"\n[sessions]\npolicy = {slots = [{key = ["app"], capacity = 3}]}\n', encoding="utf-8")
    shown = tmp_path / "shown.toml"
    shown.write_text(run("config", "--config", str(file)).out, encoding="utf-8")
    assert load(shown) == load(file)


def test_settings_are_shown_without_their_secrets() -> None:
    environment = {"UNISONO_ADMIN__KEYS": "k" * 40, "UNISONO_DATABASE__URL": "postgresql://me:hunter2@db/x"}
    as_toml, as_json = run("config", environment=environment), run("config", "--json", environment=environment)
    for shown in (as_toml, as_json):
        assert "***" in shown.out
        assert "kkk" not in shown.out
        assert "hunter2" not in shown.out
    assert as_json.json["admin"]["keys"] == ["***"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("1.5h", 5400), ("15m", 900), ("7d", 604_800), (" 2 min ", 120)]
)
def test_durations_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "0", "0s", "1w", "1e9", "m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        seconds_of(text)


def test_every_exit_code_has_its_meaning() -> None:
    assert set(MEANINGS) == set(Exit)
    assert of_code("token_expired", "x").exit == Exit.NOT_LET_IN
    assert of_code("not_found", "x").exit == Exit.NOT_FOUND
    assert of_code("overloaded", "x").exit == Exit.FAILED


def test_the_server_is_found_by_option_settings_or_default() -> None:
    assert server_url("http://a/", Settings()) == "http://a"
    assert server_url(None, Settings()) == "http://127.0.0.1:8080"
    assert server_url(None, Settings(server=Server(host="::", port=1))) == "http://[::1]:1"
    assert server_url(None, Settings(server=Server(host="::1", port=1))) == "http://[::1]:1"
    assert server_url(None, Settings(server=Server(host="0.0.0.0", port=1))) == "http://127.0.0.1:1"
    assert server_url(None, Settings(server=Server(advertised_url="https://chat.example/"))) == "https://chat.example"


def test_times_are_told_as_people_do() -> None:
    now = Instant(NOON)
    told = [moment(now - ms, now) for ms in (0, 10_000, 120_000, 7_200_000, 172_800_000)]
    assert told == ["just now", "10 s ago", "2 min ago", "2 h ago", "2 d ago"]
    assert moment(now - 30 * 86_400_000, now).startswith("2026-12-1")


def test_names_of_other_people_are_no_commands_to_the_terminal() -> None:
    assert safe("a\x1b[2Jb\nc\x9b") == "a�[2Jb�c�"


# ---------------------------------------------------------------- the banner

PLAIN = Ink(is_on=False)
URL = "http://127.0.0.1:8080"


def test_the_banner_says_where_it_is_and_what_to_do_next() -> None:
    text = banner(URL, Settings(identity=Identity(kind="dev")), Scene(program="unisono"), PLAIN)
    assert f"is up at {URL}" in text
    assert "  unisono chat --user alice --to bob\n" in text
    assert "  unisono sessions list --user alice\n" in text
    assert "4 per platform" in text
    assert "\x1b" not in text


def test_the_banner_is_loud_in_development_mode_only() -> None:
    assert "DEVELOPMENT MODE" in banner(URL, Settings(identity=Identity(kind="dev")), Scene(program="u"), PLAIN)
    assert "DEVELOPMENT" not in banner(URL, Settings(), Scene(program="u"), PLAIN)


def test_the_commands_of_the_banner_find_this_very_server() -> None:
    settings = Settings(identity=Identity(jwt=Jwt(secret=Secret("x" * 32))))
    scene = Scene(program="unisono", data=Path("/srv/my data"), config=Path("u.toml"))
    text = banner("http://127.0.0.1:9", settings, scene, PLAIN)
    assert "unisono token --user alice --config u.toml --data '/srv/my data'\n" in text
    assert "unisono chat --user alice --to bob --url http://127.0.0.1:9 --config u.toml --data '/srv/my data'\n" in text


def test_the_banner_tells_store_logins_and_policy() -> None:
    settings = Settings(
        database=Database(url=Secret("postgresql://me:hunter2@db/x")),
        identity=Identity(kind="callable", callable="m:f"),
        sessions=Sessions(policy="sente"),
    )
    text = banner(URL, settings, Scene(program="u"), Ink(is_on=True))
    assert "PostgreSQL" in text
    assert "by m:f" in text
    assert "sente: as many as you like" in text
    assert "hunter2" not in text


def test_a_failure_is_red_on_a_terminal_and_plain_elsewhere() -> None:
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    plain, coloured = io.StringIO(), Terminal()
    failure = Failure("it failed", hint="do this")
    failure.show(plain)
    failure.show(coloured)
    assert plain.getvalue() == "unisono: it failed\n  do this\n"
    assert "\x1b[31munisono: it failed\x1b[0m\n" in coloured.getvalue()


def test_the_operator_says_that_an_older_copy_was_put_back(tmp_path: Path) -> None:
    nothing = run("restored", "--data", str(tmp_path))
    assert (nothing.code, list(tmp_path.iterdir())) == (Exit.FAILED, [])
    assert "there is no database" in nothing.err
    (tmp_path / "default.sqlite3").touch()
    first = run("restored", "--data", str(tmp_path), "--json").json["epoch"]
    (tmp_path / "shop.sqlite3").touch()
    apps = '[{"id": "a", "name": "shop", "key": "0123456789abcdef", "master_key": "fedcba9876543210"}]'
    both = run("restored", "--data", str(tmp_path), "--json", environment={"UNISONO_LEANCLOUD__APPS": apps}).json
    assert set(both["apps"]) == {"default", "shop"}
    assert both["epoch"] == both["apps"]["default"] > first
    first = both["epoch"]
    second = run("restored", "--data", str(tmp_path))
    assert int(second.out.partition("under epoch ")[2].partition(";")[0]) > first
    (tmp_path / "default.sqlite3").write_bytes(b"no database at all" * 100)
    broken = run("restored", "--data", str(tmp_path))
    assert broken.code == Exit.FAILED
    assert "the store cannot be opened" in broken.err
