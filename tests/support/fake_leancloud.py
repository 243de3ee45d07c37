"""LeanCloud's REST API as far as an import asks it, by its documentation: paging, counts, and what goes wrong."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Json = dict[str, Any]
LISTS = {"silenced": "permanent-silenceds", "blocked": "blacklists", "subscriber": "subscribers"}
LISTED_MAX = 10
"""A page of these, however many are asked for."""
APP_ID, MASTER_KEY = "app-id-of-the-tests-gzGzoHsz", "master-key-of-the-tests"


class FakeLeanCloud:
    """An application there. `trouble` is answered first, one status after the other."""

    def __init__(self, messages: Sequence[Json], unread: dict[tuple[str, str], int] | None = None) -> None:
        self.messages = list(messages)
        self.unread = unread or {}
        self.listed: dict[tuple[str, str], list[str]] = {}
        """What is told of a conversation (`member-infos`, `permanent-silenceds`, `blacklists`, `subscribers`)."""
        self.declined: set[str] = set()
        """What of it is not switched on."""
        self.odd: dict[str, int] = {}
        """Conversations of which nothing is listed: with which status that is said."""
        self.trouble: list[int] = []
        self.asked: Counter[str] = Counter()
        self.url = ""
        self.sends_to: str | None = None
        """Where a request is sent to once, instead of an answer."""

    def tell(self, roles: Iterable[Json], standing: Iterable[Json]) -> None:
        """Tell what rows and lines of an export say."""
        for info in roles:
            self.listed.setdefault((info["cid"], "member-infos"), []).append(f"{info['clientId']}:{info['role']}")
        for line in standing:
            self.listed.setdefault((line["conversation"], LISTS[line["is"]]), []).append(line["client"])

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked[request.path] += 1
        if self.sends_to is not None:
            place, self.sends_to = self.sends_to, None
            return web.Response(status=302, headers={"Location": place + request.path_qs})
        if self.trouble:
            return web.json_response({"code": 1, "error": "trouble"}, status=self.trouble.pop(0))
        if request.headers.get("X-LC-Id") != APP_ID or request.headers.get("X-LC-Key") != f"{MASTER_KEY},master":
            return web.json_response({"code": 401, "error": "Unauthorized."}, status=401)
        *_, kind, name, what = request.path.split("/")
        if what == "unread-count":
            return web.json_response({"count": self._count(name, request.query.get("conv_id"))})
        if what != "messages":
            return self._list(name, what, request)
        return self._page(kind, name, request)

    def _list(self, name: str, what: str, request: web.Request) -> web.Response:
        if what in self.declined:
            return web.json_response({"code": 4544, "error": "BLACKLIST_FEATURE_DISABLED"}, status=403)
        if name in self.odd:
            return web.json_response({"code": 4303, "error": "INVALID_CONVERSATION"}, status=self.odd[name])
        users, query = self.listed.get((name, what), []), request.query
        if what == "subscribers":
            first = users.index(query["client_id"]) + 1 if "client_id" in query else 0
            page = users[first : first + int(query.get("limit", "50"))]
            return web.json_response([{"timestamp": 1, "subscriber": user, "conv_id": name} for user in page])
        if what == "member-infos":
            first = int(query.get("skip", "0"))
            infos = [user.partition(":") for user in users[first : first + LISTED_MAX]]
            return web.json_response({"results": [{"clientId": user, "role": role} for user, _, role in infos]})
        first = int(query.get("next", "0"))
        told: Json = {"client_ids": users[first : first + LISTED_MAX]}
        if first + LISTED_MAX < len(users):
            told["next"] = str(first + LISTED_MAX)
        return web.json_response(told)

    def _count(self, user: str, conversation: str | None) -> int:
        return sum(count for (of, who), count in self.unread.items() if who == user and conversation in (None, of))

    def _page(self, kind: str, name: str, request: web.Request) -> web.Response:
        expected = {"room": "chatrooms", "news": "service-conversations"}.get(name.partition("-")[0], kind)
        found = [each for each in self.messages if each["conv-id"] == name]
        if kind != expected or not found:
            return web.json_response({"code": 4303, "error": "not found"}, status=404)
        found.sort(key=_place, reverse=True)
        query = request.query
        if "timestamp" in query:
            before = (int(query["timestamp"]), query["msgid"])
            found = [each for each in found if _place(each) < before]
        if "till_timestamp" in query:
            till = (int(query["till_timestamp"]), query["till_msgid"])
            found = [each for each in found if _place(each) > till]
        return web.json_response(found[: int(query["limit"])])


def _place(message: Json) -> tuple[int, str]:
    return message["timestamp"], message["msg-id"]


@asynccontextmanager
async def fake_leancloud(
    messages: Sequence[Json], unread: dict[tuple[str, str], int] | None = None
) -> AsyncIterator[FakeLeanCloud]:
    """Serve it on a free port."""
    fake = FakeLeanCloud(messages, unread)
    application = web.Application()
    application.router.add_get("/1.2/rtm/{rest:.*}", fake._answer)
    async with TestServer(application) as server:
        fake.url = str(server.make_url("/")).rstrip("/")
        yield fake
