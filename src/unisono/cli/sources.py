"""Where commands find settings, the server and its keys."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from unisono.cli.failing import Exit, Failure
from unisono.config import ADMIN_KEY_FILE, TOKEN_KEY_FILE, ConfigError, load, with_generated_secrets
from unisono.settings import Settings

_ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104  (recognised, not bound)


def settings_from(config: Path | None, overrides: Mapping[str, object]) -> Settings:
    """Read the settings: file, environment, command line.

    Raises:
        Failure: They cannot be used.
    """
    try:
        return load(config, os.environ, overrides)
    except ConfigError as problem:
        raise Failure(str(problem), exit_code=Exit.CONFIGURATION) from None


def with_secrets(settings: Settings) -> Settings:
    """Put in the generated keys, making them where they are missing.

    Raises:
        Failure: The data directory cannot be used.
    """
    try:
        return with_generated_secrets(settings)
    except ConfigError as problem:
        raise Failure(str(problem), exit_code=Exit.CONFIGURATION) from None


def server_url(url: str | None, settings: Settings) -> str:
    """Give the URL of the server: as told, else as the settings say."""
    if url is not None:
        return url.rstrip("/")
    server = settings.server
    if server.advertised_url is not None:
        return server.advertised_url.rstrip("/")
    host = _ANY_ADDRESS.get(server.host, f"[{server.host}]" if ":" in server.host else server.host)
    return f"http://{host}:{server.port}"


def admin_key(given: str | None, settings: Settings) -> str:
    """Give the admin key: as told, else from the settings, else from the data directory.

    Raises:
        Failure: There is none.
    """
    if given:
        return given
    if settings.admin.keys:
        return settings.admin.keys[0].reveal()
    if (settings.data_dir / ADMIN_KEY_FILE).exists():
        return with_secrets(settings).admin.keys[0].reveal()
    raise Failure(
        f"no admin key: {settings.data_dir / ADMIN_KEY_FILE} does not exist",
        exit_code=Exit.NOT_LET_IN,
        hint="start the server once, name its data directory with --data, or set UNISONO_ADMIN_KEY",
    )


def can_sign(settings: Settings) -> bool:
    """Say if tokens can be made here without making a key first."""
    return settings.identity.jwt.secret is not None or (settings.data_dir / TOKEN_KEY_FILE).exists()
