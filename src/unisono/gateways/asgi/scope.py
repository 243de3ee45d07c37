"""What an ASGI server says of a request (asgi.readthedocs.io, specs 2.x and 3.0)."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from functools import cached_property
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Headers:
    """Implements `hosting.opening.Headers`."""

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep them, by their names in lower case."""
        self._values: Final[dict[str, list[str]]] = {}
        for name, value in pairs:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))

    def get(self, key: str, /) -> str | None:
        """Give the first value of a header."""
        return self._values.get(key.lower(), [None])[0]

    def getall(self, key: str, default: tuple[()], /) -> Sequence[str]:
        """Give all values of a header."""
        return self._values.get(key.lower(), default)

    def items(self) -> Iterable[tuple[str, str]]:
        """Give names and values."""
        return [(name, value) for name, values in self._values.items() for value in values]


class AsgiOpening:
    """Implements `hosting.opening.Opening` for an ASGI scope."""

    def __init__(self, scope: Scope) -> None:
        """Read a scope of a WebSocket, or of an HTTP request."""
        self._scope: Final = scope
        self.headers: Final = Headers(scope["headers"])

    @cached_property
    def query(self) -> Mapping[str, str]:
        """Give what stands behind the question mark."""
        text = self._scope.get("query_string", b"").decode("latin-1")
        return dict(reversed(parse_qsl(text, keep_blank_values=True)))

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """Give its cookies. Each stands for itself: a consent banner's odd one costs no other (RFC 6265, 5.4)."""
        found, decode = {}, SimpleCookie().value_decode
        for pair in ";".join(self.headers.getall("cookie", ())).split(";"):
            name, _, value = pair.partition("=")
            if name.strip():
                found[name.strip()] = decode(value.strip())[0]
        return found

    @property
    def host(self) -> str:
        """Give the host that was asked for."""
        return self.headers.get("host") or ""

    @property
    def path(self) -> str:
        """Give the path, as the client asked for it."""
        return str(self._scope["path"])

    @property
    def remote(self) -> str | None:
        """Give the address of the peer, where the server knows it."""
        client = self._scope.get("client")
        return None if client is None else str(client[0])


def path_within(scope: Scope) -> str:
    """Give the path below the place where the application is mounted.

    Newer servers and frameworks leave the place in the path, older ones do not (ASGI 2.4: `root_path`).
    """
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    return path[len(root) :] if root and path.startswith(root + "/") else path
