"""What a door looks at of the request that opens a connection, whoever reads it: our own port, or an ASGI server."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol


class Headers(Protocol):
    """Headers by their names, in whatever case."""

    def get(self, key: str, /) -> str | None:
        """Give the first value of a header."""

    def getall(self, key: str, default: tuple[()], /) -> Sequence[str]:
        """Give all values of a header."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Give names and values."""


class Opening(Protocol):
    """A request that opens a connection, or one of those that make it up. `remote` is who holds the socket."""

    @property
    def headers(self) -> Headers:
        """Give its headers."""

    @property
    def query(self) -> Mapping[str, str]:
        """Give what stands behind the question mark."""

    @property
    def cookies(self) -> Mapping[str, str]:
        """Give its cookies."""

    @property
    def host(self) -> str:
        """Give the host that was asked for, with the port where one is named."""

    @property
    def path(self) -> str:
        """Give the path."""

    @property
    def remote(self) -> str | None:
        """Give the address of the peer, or of the proxy before it."""
