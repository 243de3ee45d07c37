"""The commands and their options. Each imports its module when it runs."""

from pathlib import Path
from typing import Annotated, Final

import typer

from unisono import __version__
from unisono.cli.import_commands import imports
from unisono.cli.options import AdminKey, AppName, AsJson, Config, Data, Device, DeviceType, Token, Url, User
from unisono.cli.policy_commands import policy
from unisono.cli.services import services

program: Final = typer.Typer(
    name="unisono",
    help="A realtime messaging server you host yourself: one user, many live sessions, everything in step.",
    epilog="Exit codes: 0 done, 1 refused, 2 wrong usage, 3 configuration, 4 server not reached, 5 not let in,"
    " 6 not found.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Help drawn by rich takes 240 ms more.
    rich_markup_mode=None,
)
sessions: Final = typer.Typer(
    help="See and end the sessions of a user, as the operator.", no_args_is_help=True, rich_markup_mode=None
)
program.add_typer(sessions, name="sessions")
program.add_typer(services, name="services")
program.add_typer(policy, name="policy")
program.add_typer(imports, name="import")


@program.command()
def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.", show_default="8080")] = None,
    data: Data = None,
    config: Config = None,
    dev: Annotated[bool, typer.Option("--dev", help="Let everybody on this machine in, without a token.")] = False,
    json_logs: Annotated[bool, typer.Option("--json-logs", help="Write log lines as JSON.")] = False,
) -> None:
    """Run the server."""
    from unisono.cli.banner import Scene, program_name
    from unisono.cli.serving import serve
    from unisono.cli.sources import settings_from, with_secrets

    overrides = {
        "server.host": host,
        "server.port": port,
        "data_dir": data,
        "identity.kind": "dev" if dev else None,
        "log.format": "json" if json_logs else None,
    }
    settings = with_secrets(settings_from(config, overrides))
    serve(settings, Scene(program=program_name(), data=data, config=config))


def _seconds(ttl: str) -> float:
    from unisono.cli.durations import seconds_of

    try:
        return seconds_of(ttl)
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="--ttl") from None


@program.command()
def token(
    *,
    user: User,
    device_type: Annotated[
        str | None, typer.Option("--device-type", help="Fix the platform, whatever the client says.")
    ] = None,
    ttl: Annotated[str, typer.Option(help="How long it is good: 90, 15m, 8h, 7d.")] = "24h",
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a token for a user."""
    from unisono.cli.printing import print_json
    from unisono.cli.sources import settings_from
    from unisono.cli.tokens import new_token

    ttl_s = _seconds(ttl)
    settings = settings_from(config, {"data_dir": data})
    minted = new_token(settings, user, ttl_s=ttl_s, platform=device_type, app=app)
    if as_json:
        print_json(minted)
    else:
        typer.echo(minted.token)


@program.command()
def grant(
    *,
    user: User,
    act: Annotated[str, typer.Option(help="What it lets the user do: create, add, remove, join.")],
    conversation: Annotated[str | None, typer.Option(help="Id of the conversation; none to create one.")] = None,
    member: Annotated[
        list[str] | None, typer.Option("--member", help="Whom to add or remove, or create it with; several times.")
    ] = None,
    ttl: Annotated[str, typer.Option(help="How long it is good: 30, 5m; 10m at most.")] = "1m",
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a grant for a user, as your own server does, to try one in development. It is good once."""
    from unisono.cli.printing import print_json
    from unisono.cli.sources import settings_from
    from unisono.cli.tokens import new_grant

    ttl_s = _seconds(ttl)
    settings = settings_from(config, {"data_dir": data})
    minted = new_grant(settings, user, act, ttl_s=ttl_s, conversation=conversation, members=member or [], app=app)
    if as_json:
        print_json(minted)
    else:
        typer.echo(minted.grant)


@program.command()
def chat(
    *,
    user: User,
    to: Annotated[list[str], typer.Option("--to", help="With whom; several times for a group.")],
    device: Device = None,
    device_type: DeviceType = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Talk with somebody in the terminal."""
    from unisono.cli.failing import client_needed
    from unisono.cli.sources import settings_from

    with client_needed():
        from unisono.cli.chat import run_chat
        from unisono.cli.reaching import reach_from

    settings = settings_from(config, {"data_dir": data})
    reach = reach_from(settings, url=url, user=user, token=token, device=device, platform=device_type)
    run_chat(reach, to)


@program.command()
def send(
    *,
    user: User,
    to: Annotated[str, typer.Option("--to", help="To whom.")],
    text: Annotated[str, typer.Argument(help="The message; - takes it from standard input.")],
    key: Annotated[str | None, typer.Option(help="Name of the send: repeating it sends nothing twice.")] = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Send one message."""
    from unisono.cli.failing import client_needed
    from unisono.cli.sources import settings_from

    with client_needed():
        from unisono.cli.letters import send
        from unisono.cli.reaching import reach_from

    reach = reach_from(settings_from(config, {"data_dir": data}), url=url, user=user, token=token)
    send(reach, to, text, key=key, as_json=as_json)


@program.command()
def history(
    *,
    user: User,
    other: Annotated[str, typer.Option("--with", help="With whom.")],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many messages at most.")] = 20,
    before: Annotated[int | None, typer.Option(help="Only messages before this number.")] = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show the messages with somebody, the oldest first."""
    from unisono.cli.failing import client_needed
    from unisono.cli.sources import settings_from

    with client_needed():
        from unisono.cli.letters import history
        from unisono.cli.reaching import reach_from

    reach = reach_from(settings_from(config, {"data_dir": data}), url=url, user=user, token=token)
    history(reach, other, limit=limit, before=before, as_json=as_json)


@program.command()
def search(
    *,
    user: User,
    text: Annotated[str, typer.Argument(help="Words that the messages have, in any order.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many messages at most.")] = 20,
    after: Annotated[str | None, typer.Option(help="`next` of the page before, as --json tells it.")] = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Find messages in all conversations of a user, the newest first."""
    from unisono.cli.failing import client_needed
    from unisono.cli.sources import settings_from

    with client_needed():
        from unisono.cli.letters import search
        from unisono.cli.reaching import reach_from

    reach = reach_from(settings_from(config, {"data_dir": data}), url=url, user=user, token=token)
    search(reach, text, limit=limit, after=after, as_json=as_json)


@sessions.command("list")
def list_sessions(
    *,
    user: User,
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show the sessions of a user that are not over, by device, with the tabs that share them."""
    from unisono.cli.operating import operator_from
    from unisono.cli.session_tree import list_sessions

    operator = operator_from(url, admin_key, app, data, config)
    list_sessions(operator, user, as_json=as_json)


@sessions.command("watch")
def watch_sessions(
    *,
    user: User,
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show the sessions of a user with their tabs, and anew each time they change, until Ctrl-C."""
    from unisono.cli.operating import operator_from
    from unisono.cli.tree_watching import watch_sessions

    operator = operator_from(url, admin_key, app, data, config)
    watch_sessions(operator, user, as_json=as_json)


@sessions.command("close")
def close_sessions(
    *,
    user: User,
    session: Annotated[str | None, typer.Option(help="End this session.")] = None,
    tab: Annotated[str | None, typer.Option(help="Have this tab of the session go, and the session stay.")] = None,
    device: Annotated[str | None, typer.Option(help="End all sessions of this device.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="End all sessions of the user.")] = False,
    why: Annotated[str | None, typer.Option(help="What is said to who is logged in there.")] = None,
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """End sessions of a user, or one tab: that alone, with its token."""
    from unisono.cli.operating import operator_from
    from unisono.cli.session_tree import close_sessions

    operator = operator_from(url, admin_key, app, data, config)
    node = {"session": session, "tab": tab, "device": device}
    close_sessions(operator, user, node, everything=everything, why=why, as_json=as_json)


@sessions.command("tell")
def tell_sessions(
    *,
    user: User,
    name: Annotated[str, typer.Argument(help="What it is, by the application's own name.")],
    said: Annotated[str, typer.Argument(metavar="[DATA]", help="JSON; - takes it from standard input.")] = "null",
    platform: Annotated[str | None, typer.Option(help="The sessions on this platform alone.")] = None,
    device: Annotated[str | None, typer.Option(help="Those of this device.")] = None,
    session: Annotated[str | None, typer.Option(help="This session.")] = None,
    tab: Annotated[str | None, typer.Option(help="This tab of the session.")] = None,
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Tell something to sessions of a user: who has a connection now hears it."""
    from unisono.cli.operating import operator_from
    from unisono.cli.telling import tell

    to = {"platform": platform, "device": device, "session": session, "tab": tab}
    tell(operator_from(url, admin_key, app, data, config), user, name, said, to=to, as_json=as_json)


@program.command()
def export(
    *,
    user: User,
    out: Annotated[Path, typer.Option("--out", help="The file to write; one that is there is replaced.")],
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write all that is kept of a user into a file, as the operator: a JSON object in each line."""
    from unisono.cli.exporting import export_user
    from unisono.cli.operating import operator_from

    operator = operator_from(url, admin_key, app, data, config)
    export_user(operator, user, out, as_json=as_json)


@program.command()
def erase(
    *,
    user: User,
    is_sure: Annotated[bool, typer.Option("--yes", help="Do it: there is no way back.")] = False,
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Erase a user, as the operator: take back what they said, and let nobody in under their name.

    Waits until it is over. Interrupted, the server goes on with it; asked again, this waits for the same.
    """
    from unisono.cli.erasing import erase_user
    from unisono.cli.operating import operator_from

    operator = operator_from(url, admin_key, app, data, config)
    erase_user(operator, user, is_sure=is_sure, as_json=as_json)


@program.command()
def restored(*, data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Say that an older copy of the log was put back.

    Clients then drop what they hold and start over. A start finds out by itself about a database that was put back from
    a backup; this is for what it cannot see, a snapshot of a whole disk or machine.
    """
    from unisono.cli.restoring import say_restored
    from unisono.cli.sources import settings_from

    say_restored(settings_from(config, {"data_dir": data}), as_json=as_json)


@program.command("config")
def show_config(*, data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Show all settings as they hold.

    Those that differ from their default are bold; secrets are shown as ***.
    """
    from unisono.cli.configuration import show_config
    from unisono.cli.sources import settings_from

    show_config(settings_from(config, {"data_dir": data}), as_json=as_json)


@program.command("check-config")
def check_config(*, data: Data = None, config: Config = None) -> None:
    """Say if the server could start with this configuration."""
    from unisono.cli.configuration import check_config
    from unisono.cli.sources import settings_from

    check_config(settings_from(config, {"data_dir": data}))


@program.command()
def version(*, as_json: AsJson = False) -> None:
    """Tell the version."""
    from unisono.cli.printing import print_json

    if as_json:
        print_json({"version": __version__})
    else:
        typer.echo(f"unisono {__version__}")
