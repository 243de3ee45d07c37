"""The router: clients ask where the socket is, and which hosts are whose, before they open anything."""

from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from msgspec import Struct

from unisono.gateways.hosting.address import Network, is_among
from unisono.gateways.leancloud.apps import Apps
from unisono.gateways.leancloud.http import Handler, answered

SOCKET_PATH: Final = "/leancloud"
GROUP: Final = "g0"
_HOSTS: Final = ("api_server", "engine_server", "stats_server", "push_server")


class RouteOptions(Struct, frozen=True):
    """Where the server is reached: `url` as the operator says, else as the client's own request shows.

    `ttl_s` is how long clients keep what they are told.
    """

    url: str | None
    trusted_proxies: tuple[Network, ...]
    ttl_s: int


class Router:
    """Answers the three questions that the generations of clients ask."""

    def __init__(self, apps: Apps, options: RouteOptions) -> None:
        self._apps: Final = apps
        self._options: Final = options

    def handlers(self) -> dict[str, Handler]:
        """Give what answers, by path."""
        return {"/v1/route": self._sockets, "/1/route": self._hosts_of_3, "/2/route": self._hosts}

    async def _sockets(self, request: web.Request) -> web.Response:
        """Say where the socket is. A client asks for a secure one by default, even where there is none."""
        self._check_app(request)
        scheme, place = place_of(request, self._options)
        is_secure = scheme == "https" and request.query.get("secure") != "false"
        socket = f"{'wss' if is_secure else 'ws'}://{place}{SOCKET_PATH}"
        ttl_s = self._options.ttl_s
        return answered({"groupId": GROUP, "server": socket, "secondary": socket, "ttl": ttl_s})

    async def _hosts(self, request: web.Request) -> web.Response:
        return self._told_hosts(request, "rtm_router_server")

    async def _hosts_of_3(self, request: web.Request) -> web.Response:
        return self._told_hosts(request, "push_router_server")

    def _told_hosts(self, request: web.Request, router: str) -> web.Response:
        self._check_app(request)
        # Clients put the scheme and the path in by themselves.
        host = place_of(request, self._options)[1].partition("/")[0]
        return answered({**dict.fromkeys((router, *_HOSTS), host), "ttl": self._options.ttl_s})

    def _check_app(self, request: web.Request) -> None:
        self._apps.get(request.query.get("appId", ""))


def place_of(request: web.Request, options: RouteOptions) -> tuple[str, str]:
    """Give scheme and place of this server as the client knows it."""
    if options.url is not None:
        url = urlsplit(options.url)
        return _plain(url.scheme), url.netloc + url.path.rstrip("/")
    is_proxied = is_among(request.remote or "", options.trusted_proxies)
    forwarded = request.headers.get(hdrs.X_FORWARDED_PROTO, "") if is_proxied else ""
    # The nearest proxy wrote the last one.
    scheme = forwarded.rpartition(",")[2].strip().lower() or request.scheme
    return _plain(scheme), request.host


def _plain(scheme: str) -> str:
    return "https" if scheme in {"https", "wss"} else "http"
