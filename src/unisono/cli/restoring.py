"""`unisono restored`: the operator says what no program can see."""

from unisono.cli.failing import Failure
from unisono.cli.printing import console, print_json
from unisono.domain.errors import UnisonoError
from unisono.server import begin_log_anew
from unisono.settings import Settings


def say_restored(settings: Settings, *, as_json: bool) -> None:
    """Let the log begin anew.

    Raises:
        Failure: There is no database, it cannot be reached, or a server uses the file.
    """
    if settings.database.url is None and not (settings.data_dir / f"{settings.app}.sqlite3").exists():
        raise Failure(f"there is no database in {settings.data_dir}", hint="name its directory with --data")
    try:
        epoch = begin_log_anew(settings)
    except (OSError, UnisonoError) as problem:
        raise Failure(f"the store cannot be opened: {problem}", hint="with SQLite, stop the server first") from None
    if as_json:
        print_json({"epoch": epoch})
    else:
        console().print(f"The log goes on under epoch {epoch}; clients start over.")
