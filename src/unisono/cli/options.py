"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path | None, typer.Option("--config", envvar="UNISONO_CONFIG", help="Settings in a TOML file.")]
Data = Annotated[Path | None, typer.Option("--data", help="Data directory of the server.", show_default="data")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
User = Annotated[str, typer.Option("--user", "-u", help="User id.")]
Url = Annotated[
    str | None, typer.Option("--url", envvar="UNISONO_URL", help="The server.", show_default="http://127.0.0.1:8080")
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token", envvar="UNISONO_TOKEN", help="Token of the user. Made from the data directory if left out."
    ),
]
Device = Annotated[str | None, typer.Option("--device", help="Name of the device to be; this machine if left out.")]
DeviceType = Annotated[
    str | None,
    typer.Option("--device-type", help="Platform of the device, as device limits count it.", show_default="cli"),
]
AppName = Annotated[
    str | None, typer.Option("--app", help="App that is meant, on a server of several.", show_default=False)
]
AdminKey = Annotated[
    str | None,
    typer.Option(
        "--admin-key", envvar="UNISONO_ADMIN_KEY", help="Admin key. Read from the data directory if left out."
    ),
]
