"""`unisono import`: its commands and their options. Each imports its module when it runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from unisono.cli.options import AdminKey, AppName, AsJson, Config, Data, Url

imports: Final = typer.Typer(
    help="Bring along what an application had elsewhere, as the operator.", no_args_is_help=True, rich_markup_mode=None
)

Files = list[Path] | None
Infos = Annotated[
    Files, typer.Option("--member-infos", help="Export of the class _ConversationMemberInfo: who has which role.")
]
Standing = Annotated[
    Files, typer.Option("--standing", help="Who is silenced, blocked or subscribed where, as JSON Lines.")
]
PullStanding = Annotated[
    bool, typer.Option("--pull-standing", help="Ask for roles, who is silenced or blocked, and subscribers, too.")
]
Rate = Annotated[float, typer.Option(help="Requests to LeanCloud in a second.", min=0.01, max=1000)]
Work = Annotated[Path, typer.Option(help="Directory for what is remembered until the end.")]


@imports.command("leancloud")
def import_leancloud(
    *,
    conversations: Annotated[
        list[Path],
        typer.Option("--conversations", help="Export of the class _Conversation: JSON or JSON Lines, also .gz."),
    ],
    messages: Annotated[Files, typer.Option("--messages", help="Messages as JSON Lines, or .gz.")] = None,
    unread: Annotated[Files, typer.Option("--unread", help="What is unread, as JSON Lines.")] = None,
    member_infos: Infos = None,
    standing: Standing = None,
    pull: Annotated[
        str | None, typer.Option("--pull", help="API address of the application at LeanCloud, to ask for messages.")
    ] = None,
    app_id: Annotated[str | None, typer.Option("--app-id", envvar="LEANCLOUD_APP_ID", help="App id there.")] = None,
    master_key: Annotated[
        str | None, typer.Option("--master-key", envvar="LEANCLOUD_MASTER_KEY", help="Master key there.")
    ] = None,
    pull_unread: Annotated[bool, typer.Option("--pull-unread", help="Ask for what is unread, too.")] = False,
    pull_standing: PullStanding = False,
    rate: Rate = 10.0,
    work: Work = Path("import-leancloud"),
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Bring conversations and messages from LeanCloud to a running server, with ids, times, members, roles and mutes.

    Whatever interrupts it, the same command goes on. A second run changes nothing; a later one brings what is new.
    """
    from unisono.cli.leancloud.bringing import Sources
    from unisono.cli.leancloud.importing import import_leancloud
    from unisono.cli.leancloud.pulling import LeanCloud
    from unisono.cli.operating import operator_from

    if pull is not None and not (app_id and master_key):
        raise typer.BadParameter("--pull needs --app-id and --master-key", param_hint="--pull")
    if pull is None:
        _refuse_without_pull({"--pull-unread": pull_unread, "--pull-standing": pull_standing})
    there = None if pull is None else LeanCloud(pull, app_id or "", master_key or "", rate_per_s=rate)
    sources = Sources(
        tuple(conversations),
        tuple(messages or ()),
        tuple(unread or ()),
        tuple(member_infos or ()),
        tuple(standing or ()),
        there=there,
        asks_unread=pull_unread,
        asks_standing=pull_standing,
    )
    operator = operator_from(url, admin_key, app, data, config)
    import_leancloud(operator, sources, work, as_json=as_json)


def _refuse_without_pull(asked: Mapping[str, bool]) -> None:
    for name in filter(asked.get, asked):
        raise typer.BadParameter(f"{name} needs --pull", param_hint=name)


@imports.command("report")
def report_import(
    *,
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Count all conversations and messages of a server, with a hash to compare with another."""
    from unisono.cli.leancloud.importing import report_import
    from unisono.cli.operating import operator_from

    report_import(operator_from(url, admin_key, app, data, config), as_json=as_json)
