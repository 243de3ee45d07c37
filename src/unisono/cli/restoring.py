"""`unisono restored`: the operator says what no program can see."""

from unisono.cli.failing import Failure
from unisono.cli.printing import console, print_json
from unisono.domain.errors import UnisonoError
from unisono.server import begin_logs_anew
from unisono.settings import Settings


def say_restored(settings: Settings, *, as_json: bool) -> None:
    """Let the logs of all apps begin anew.

    Raises:
        Failure: There is no database, it cannot be reached, or a server uses the file.
    """
    try:
        epochs = begin_logs_anew(settings)
    except (OSError, UnisonoError) as problem:
        raise Failure(f"the store cannot be opened: {problem}", hint="with SQLite, stop the server first") from None
    if not epochs:
        raise Failure(f"there is no database in {settings.data_dir}", hint="name its directory with --data")
    if as_json:
        print_json({"epoch": epochs.get(settings.app), "apps": dict(epochs)})
        return
    for app, epoch in epochs.items():
        which = "" if app == settings.app else f" of {app}"
        console().print(f"The log{which} goes on under epoch {epoch}; clients start over.")
