"""What users were in conversations: roles, who may not speak or come, subscribers. From files, or asked of LeanCloud.

Who is silenced for some hours only LeanCloud does not tell.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, get_args

from unisono.cli.leancloud.files import Fields
from unisono.cli.leancloud.pulling import Declined, LeanCloud, path_of, place_of_conversation
from unisono.cli.leancloud.records import Note, name_of, shown
from unisono.cli.leancloud.spool import Spool, Standing
from unisono.domain.ids import is_user_id
from unisono.domain.imported_standing import Kept

ROLES: Final[Mapping[str, str | None]] = {"Owner": "owner", "Manager": "manager", "Member": None}
PAGE_MAX: Final = 100
PAGE_LEAST: Final = 10
"""What LeanCloud gives in a page of roles if nobody says how many: a shorter one is the last."""
SUBSCRIBERS_MAX: Final = 50
PAGES_MAX: Final = 100_000
Found = list[Standing]


def keep_roles(spool: Spool, batch: Sequence[Fields]) -> None:
    """Keep rows of the class `_ConversationMemberInfo`."""
    found: Found = []
    for fields in batch:
        _take_role(spool, found, name_of(fields.get("cid")), fields)
    spool.keep_standing(found)


def keep_standing(spool: Spool, batch: Sequence[Fields]) -> None:
    """Keep lines that say what a `client` is in a `conversation`."""
    found: Found = []
    for fields in batch:
        name, what = name_of(fields.get("conversation")), fields.get("is")
        if name is None or what not in get_args(Kept):
            spool.note([Note("unreadable")])
        else:
            _take(spool, found, (name, fields.get("client"), str(what)))
    spool.keep_standing(found)


def _take_role(spool: Spool, found: Found, name: str | None, fields: Mapping[str, object]) -> None:
    user, role = fields.get("clientId"), fields.get("role")
    if name is None:
        spool.note([Note("bad_id", conversation=shown(fields.get("cid")))])
    elif not isinstance(role, str) or role not in ROLES:
        spool.note([Note("bad_role", conversation=name, user=shown(user))])
    elif (what := ROLES[role]) is not None:
        _take(spool, found, (name, user, what))


def _take(spool: Spool, found: Found, given: tuple[str, object, str]) -> None:
    name, user, what = given
    if isinstance(user, str) and is_user_id(user):
        found.append((name, user, what))
    else:
        spool.note([Note("member_name", conversation=name, user=shown(user))])


class Asking:
    """Asks LeanCloud for it, one conversation after the other, each list of each until it was answered or refused.

    Of a list that the application has not switched on nothing more is asked, nor noted as asked.
    """

    def __init__(self, there: LeanCloud, spool: Spool) -> None:
        self._there = there
        self._spool = spool
        self._off: set[str] = set()

    def ask_about(self, name: str, kind: str) -> None:
        """Keep what is told about a conversation.

        Raises:
            Failure: LeanCloud refuses all, or does not answer.
        """
        for what, ask in self._lists(kind).items():
            if what in self._off or self._spool.has_asked(name, what):
                continue
            found: Found = []
            try:
                ask(found, name, (path_of(kind), place_of_conversation(name, kind), what))
            except Declined as declined:
                reason = f"{what}: {declined.reason}"
                if declined.is_switched_off:
                    self._off.add(what)
                    self._spool.note([Note("not_told_there", id=reason)])
                    continue
                self._spool.note([Note("not_told_there", conversation=name, id=reason)])
            with self._spool:
                self._spool.keep_standing(found)
                self._spool.note_asked(name, what)

    def _lists(self, kind: str) -> Mapping[str, Callable[[Found, str, tuple[str, ...]], None]]:
        if kind == "service":
            return {"subscribers": self._ask_subscribers}
        restrictions = {"permanent-silenceds": self._ask_silenced, "blacklists": self._ask_blocked}
        return {
            "group": {"member-infos": self._ask_roles, **restrictions},
            "room": restrictions,
        }.get(kind, {})

    def _ask_roles(self, found: Found, name: str, path: tuple[str, ...]) -> None:
        skip = 0
        for _ in range(PAGES_MAX):
            page = self._page(path, "results", limit=PAGE_MAX, skip=skip)
            for fields in page:
                _take_role(self._spool, found, name, fields if isinstance(fields, dict) else {})
            skip += len(page)
            if len(page) < PAGE_LEAST:
                return

    def _ask_silenced(self, found: Found, name: str, path: tuple[str, ...]) -> None:
        for user in self._users(path):
            _take(self._spool, found, (name, user, "silenced"))

    def _ask_blocked(self, found: Found, name: str, path: tuple[str, ...]) -> None:
        for user in self._users(path):
            _take(self._spool, found, (name, user, "blocked"))

    def _users(self, path: tuple[str, ...]) -> Iterator[object]:
        query: dict[str, str | int] = {"limit": PAGE_MAX}
        for _ in range(PAGES_MAX):
            answer = self._there.ask_if_told(*path, **query)
            if not isinstance(answer, dict):
                return
            listed, following = answer.get("client_ids"), answer.get("next")
            yield from listed if isinstance(listed, list) else ()
            if not following or not listed or str(following) == query.get("next"):
                return
            query["next"] = str(following)

    def _ask_subscribers(self, found: Found, name: str, path: tuple[str, ...]) -> None:
        query: dict[str, str | int] = {"limit": SUBSCRIBERS_MAX}
        while page := self._page(path, None, **query):
            users = [fields.get("subscriber") if isinstance(fields, dict) else None for fields in page]
            for user in users:
                _take(self._spool, found, (name, user, "subscriber"))
            if len(page) < SUBSCRIBERS_MAX or not isinstance(users[-1], str) or users[-1] == query.get("client_id"):
                return
            query["client_id"] = users[-1]

    def _page(self, path: tuple[str, ...], within: str | None, **query: str | int) -> list[object]:
        answer = self._there.ask_if_told(*path, **query)
        page = answer.get(within) if within is not None and isinstance(answer, dict) else answer
        return page if isinstance(page, list) else []
