"""The address of a PostgreSQL database: what nobody is shown of it, and how long a silent server is waited for."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from unisono.domain.errors import Unavailable

PATIENCE: Final[Mapping[str, str | int]] = {
    "application_name": "unisono",
    "connect_timeout": 5,
    # A host that vanished never says so: probes after 5 s of silence, given up after 3 without an answer, 2 s apart.
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""What holds where the address says nothing else. Seconds, the last one milliseconds."""
SECRETS: Final = ("password", "sslpassword")


class Address:
    """Where a database is, and as whom to go there."""

    def __init__(self, url: str) -> None:
        """Read it.

        Raises:
            Unavailable: It cannot be meant. The text does not repeat it: anything in it may be part of a password.
        """
        try:
            given = conninfo_to_dict(url)
            raw_password = urlsplit(url).password or ""
        except (psycopg.Error, ValueError):
            raise _unreadable() from None
        if _is_misread(given):
            raise _unreadable()
        self.text: Final = make_conninfo(url, **{name: value for name, value in PATIENCE.items() if name not in given})
        """What the driver is given: the address, and our patience."""
        named = [str(given[name]) for name in SECRETS if given.get(name)]
        # The longest first, or its end would be left over.
        self._secrets: Final = sorted({*named, raw_password, url} - {""}, key=len, reverse=True)

    def __repr__(self) -> str:
        """Show nothing."""
        return "Address(***)"

    def hide_secrets(self, text: str) -> str:
        """Give a text without what is secret in the address."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def _is_misread(given: Mapping[str, object]) -> bool:
    """Say if a password that is not percent-encoded was taken for a host, a port or the name of a database."""
    ports = str(given.get("port") or "0").split(",")
    places = f"{given.get('host', '')}{given.get('dbname', '')}{given.get('user', '')}"
    return not all(port.isdigit() for port in ports) or "@" in places


def _unreadable() -> Unavailable:
    return Unavailable(
        reason="database.url is not an address of PostgreSQL; special characters of a password are written as %XX"
    )
