"""The commands below `unisono services`. Each imports its module when it runs."""

from typing import Annotated, Final

import typer

from unisono.cli.options import AdminKey, AppName, AsJson, Config, Data, Url, User

services: Final = typer.Typer(
    help="Announce things to users who subscribe, or to all, as the operator.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Conversation = Annotated[str, typer.Argument(help="Id of the conversation.")]
Key = Annotated[str | None, typer.Option(help="Name of the request: repeating it does nothing twice.")]


@services.command("create")
def create(
    *,
    by: Annotated[str, typer.Option(help="User id in whose name things are announced; nobody needs to have it.")],
    for_all: Annotated[bool, typer.Option("--all", help="For every user, not for those who subscribe.")] = False,
    name: Annotated[str | None, typer.Option(help="Shown to people.")] = None,
    key: Key = None,
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Begin a conversation to announce things in."""
    from unisono.cli.announcing import create
    from unisono.cli.operating import operator_from

    create(operator_from(url, admin_key, app, data, config), by, name=name, key=key, for_all=for_all, as_json=as_json)


@services.command("announce")
def announce(
    *,
    conversation: Conversation,
    text: Annotated[str, typer.Argument(help="The message; - takes it from standard input.")],
    key: Key = None,
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say something to all who subscribe."""
    from unisono.cli.announcing import announce
    from unisono.cli.operating import operator_from

    announce(operator_from(url, admin_key, app, data, config), conversation, text, key=key, as_json=as_json)


@services.command("subscribe")
def subscribe(
    *,
    conversation: Conversation,
    user: User,
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a user a subscriber."""
    from unisono.cli.announcing import subscribe
    from unisono.cli.operating import operator_from

    subscribe(operator_from(url, admin_key, app, data, config), conversation, user, is_on=True, as_json=as_json)


@services.command("unsubscribe")
def unsubscribe(
    *,
    conversation: Conversation,
    user: User,
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a user a subscriber no more."""
    from unisono.cli.announcing import subscribe
    from unisono.cli.operating import operator_from

    subscribe(operator_from(url, admin_key, app, data, config), conversation, user, is_on=False, as_json=as_json)


@services.command("end")
def end(
    *,
    conversation: Conversation,
    is_sure: Annotated[bool, typer.Option("--yes", help="Do it: there is no way back.")] = False,
    url: Url = None,
    admin_key: AdminKey = None,
    app: AppName = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """End a conversation: nothing more is said there, and all subscribers leave.

    Waits until the last has left. Interrupted, the server goes on with it; asked again, this waits for the same.
    """
    from unisono.cli.announcing import end
    from unisono.cli.operating import operator_from

    end(operator_from(url, admin_key, app, data, config), conversation, is_sure=is_sure, as_json=as_json)
