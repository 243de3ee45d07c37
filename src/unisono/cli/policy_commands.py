"""The commands below `unisono policy`. Each imports its module when it runs."""

from typing import Annotated, Final

import typer

from unisono.cli.options import AdminKey, AppName, AsJson, Config, Data, Url

policy: Final = typer.Typer(
    help="See and change how many devices users may have and who may write to them, while the server runs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@policy.command("show")
def show(
    *,
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what holds, and whether it was said here or stands in the settings."""
    from unisono.cli.operating import operator_from
    from unisono.cli.policy import show

    show(operator_from(url, admin_key, app, data, config), as_json=as_json)


@policy.command("set")
def change(
    *,
    preset: Annotated[
        str | None, typer.Option(help="Device policy by name: single, multi, …; --capacity and --platform put in.")
    ] = None,
    slots: Annotated[
        str | None,
        typer.Option(help="Device policy as JSON, with `slots` and `groups`; - takes it from standard input."),
    ] = None,
    capacity: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="How many each slot holds, devices per platform for example.")
    ] = None,
    platform: Annotated[
        list[str] | None, typer.Option("--platform", help="The same of one platform, as ios=2; several times.")
    ] = None,
    writing: Annotated[str | None, typer.Option(help="Who may write to a user directly: anyone, contacts.")] = None,
    as_in_settings: Annotated[
        list[str] | None, typer.Option("--as-in-settings", help="Take back what was said of: devices, writing.")
    ] = None,
    expect: Annotated[
        int | None, typer.Option(min=0, help="Change only this revision; else the one that holds now.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="Why; kept with the change.")] = None,
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing, and show the sessions that would be over the limits.")
    ] = False,
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Change it, on all nodes from the next login on. Nobody who is logged in is ended by it."""
    from unisono.cli.operating import operator_from
    from unisono.cli.policy import Wishes, change, try_out

    operator = operator_from(url, admin_key, app, data, config)
    wishes = Wishes(preset, slots, capacity, tuple(platform or ()), writing, tuple(as_in_settings or ()))
    if is_dry_run:
        try_out(operator, wishes, as_json=as_json)
    else:
        change(operator, wishes, expect=expect, note=note, as_json=as_json)


@policy.command("log")
def log(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many changes at most.")] = 20,
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show who changed it, when, from where, and from what to what; the newest first."""
    from unisono.cli.operating import operator_from
    from unisono.cli.policy import log

    log(operator_from(url, admin_key, app, data, config), limit, as_json=as_json)
