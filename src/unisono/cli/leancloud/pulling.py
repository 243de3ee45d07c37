"""Asking LeanCloud's REST API for what was said, with the master key, no faster than it likes.

A page has the newest messages first; the next begins behind its oldest. Each page is kept before the next is asked for,
so that an import which ends in between goes on from there.
"""

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from typing import Final

from unisono.cli.failing import Exit, Failure
from unisono.cli.leancloud.records import Note, Unusable, message_of, place_of
from unisono.cli.leancloud.spool import Spool
from unisono.clock import SystemEntropy
from unisono.settings import is_loopback_host

PAGE_MAX: Final = 1_000
DEADLINE_S: Final = 30.0
TRIES_MAX: Final = 8
PAUSE_FIRST_S: Final = 1.0
PAUSE_MAX_S: Final = 60.0
TOO_MANY: Final = 429
GONE: Final = 404
DECLINED: Final = frozenset({400, 403})
"""What LeanCloud says to a question about something that an application has not switched on, or has in another form."""
SWITCHED_OFF: Final = frozenset({4544})
"""Codes that say the former: no conversation of the application has it."""
REFUSAL_BYTES: Final = 16_384
DONE: Final = "done"
_PATHS: Final[Mapping[str, str]] = {"room": "chatrooms", "service": "service-conversations"}


class Declined(Exception):
    """LeanCloud answers, but not this question: of this conversation, or (`is_switched_off`) of none."""

    def __init__(self, reason: str, *, is_switched_off: bool) -> None:
        super().__init__(reason)
        self.reason: Final = reason
        self.is_switched_off: Final = is_switched_off


class LeanCloud:
    """An application there. At most `rate_per_s` requests are made."""

    def __init__(self, url: str, app_id: str, master_key: str, *, rate_per_s: float) -> None:
        if not _may_be_told(url):
            raise Failure(f"`{url}` is no URL of LeanCloud", exit_code=Exit.USAGE, hint="https://….lncldglobal.com")
        self._url: Final = url.rstrip("/")
        self._headers: Final = {"X-LC-Id": app_id, "X-LC-Key": f"{master_key},master"}
        self._step_s: Final = 1 / rate_per_s
        self._next_s = 0.0
        self._pause: Final = threading.Event()
        """Never set: to wait for it is to rest, and Ctrl-C ends that at once."""
        self._entropy: Final = SystemEntropy()
        self._open: Final = _opener().open

    def ask(self, *path: str, **query: str | int) -> object | None:
        """Ask for something; None for what is not there. Asks again, later and later, while it is too much.

        Raises:
            Failure: It is refused, or there was no answer so often.
        """
        return self._ask(path, query, may_decline=False)

    def ask_if_told(self, *path: str, **query: str | int) -> object | None:
        """Ask for what an application may not have switched on.

        Raises:
            Declined: It is not told.
            Failure: As for `ask`.
        """
        return self._ask(path, query, may_decline=True)

    def _ask(self, path: Sequence[str], query: Mapping[str, str | int], *, may_decline: bool) -> object | None:
        url = f"{self._url}/1.2/rtm/" + "/".join(urllib.parse.quote(part, safe="") for part in path)
        url += "?" + urllib.parse.urlencode(query) if query else ""
        reason = ""
        for attempt in range(TRIES_MAX):
            self._wait(attempt)
            try:
                request = urllib.request.Request(url, headers=self._headers)  # noqa: S310  (http and https only, above)
                with self._open(request, timeout=DEADLINE_S) as answer:
                    found: object = json.load(answer)
                    return found
            except urllib.error.HTTPError as refusal:
                with refusal:
                    reason = f"{refusal.code} {refusal.reason}"
                    if refusal.code == GONE:
                        return None
                    if may_decline and refusal.code in DECLINED:
                        raise Declined(reason, is_switched_off=_is_switched_off(refusal)) from None
                    if refusal.code != TOO_MANY and refusal.code < 500:
                        hint = "look at the URL, the app id and the master key; no redirect is followed"
                        raise Failure(f"LeanCloud refuses: {reason}", hint=hint) from None
            except (OSError, ValueError, HTTPException) as problem:
                reason = str(getattr(problem, "reason", problem))
        hint = "run the same command again: it goes on from here"
        raise Failure(f"no answer from {self._url}: {reason}", exit_code=Exit.UNREACHABLE, hint=hint)

    def _wait(self, attempt: int) -> None:
        if attempt:
            pause_s = min(PAUSE_MAX_S, PAUSE_FIRST_S * 2 ** (attempt - 1))
            self._pause.wait(pause_s * (0.5 + self._entropy.fraction() / 2))
        now_s = time.monotonic()
        self._pause.wait(max(0.0, self._next_s - now_s))
        self._next_s = max(now_s, self._next_s) + self._step_s


def _is_switched_off(refusal: urllib.error.HTTPError) -> bool:
    try:
        told: object = json.loads(refusal.read(REFUSAL_BYTES))
    except (OSError, ValueError, HTTPException):
        return False
    return isinstance(told, dict) and told.get("code") in SWITCHED_OFF


def _may_be_told(url: str) -> bool:
    """Say if the master key may go there: through TLS, or to this machine itself."""
    parts = urllib.parse.urlsplit(url)
    is_here = parts.scheme == "http" and is_loopback_host(parts.hostname or "")
    return bool(parts.hostname) and (parts.scheme == "https" or is_here)


def _opener() -> urllib.request.OpenerDirector:
    """Make what opens URLs and follows no redirect: it would take the master key along, wherever it leads."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        *(urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler),
        *(urllib.request.HTTPDefaultErrorHandler, urllib.request.HTTPErrorProcessor),
    ):
        opener.add_handler(handler())
    return opener


End = tuple[str, int]
"""The id and the time of a message."""
Pulled = tuple[str, str, str | None]
"""A conversation, its kind, and how far it was pulled."""


def pull_messages(
    there: LeanCloud, spool: Spool, conversation: Pulled, known: End | None, told: Callable[[], None]
) -> None:
    """Keep the messages of a conversation, but for those up to the `known` one; tell of each page.

    Raises:
        Failure: LeanCloud refuses, or does not answer, or with what nobody can read.
    """
    name, kind, state = conversation
    place = place_of_conversation(name, kind)
    query: dict[str, str | int] = {"limit": PAGE_MAX}
    if known is not None:
        query |= {"till_msgid": known[0], "till_timestamp": known[1]}
    if state is not None:
        query |= json.loads(state)
    while True:
        page = there.ask(path_of(kind), place, "messages", **query)
        if not isinstance(page, list):
            with spool:
                spool.note([Note("not_found_there", conversation=name)])
                spool.note_state(name, DONE)
            return
        oldest = _keep(spool, name, page)
        if len(page) >= PAGE_MAX and oldest is None:
            hint = "none of a whole page of them has an id and a time, so there is no way to those before"
            raise Failure(f"cannot read the messages of {name}", hint=hint)
        if len(page) < PAGE_MAX or oldest is None or oldest == (query.get("msgid"), query.get("timestamp")):
            with spool:
                spool.note_state(name, DONE)
            told()
            return
        query |= {"msgid": oldest[0], "timestamp": oldest[1]}
        with spool:
            spool.note_state(name, json.dumps({"msgid": oldest[0], "timestamp": oldest[1]}))
        told()


def _keep(spool: Spool, name: str, page: list[object]) -> End | None:
    said, notes = [], []
    for fields in page:
        try:
            said.append(message_of(fields if isinstance(fields, dict) else {}, name))
        except Unusable as unusable:
            notes.append(unusable.note)
    with spool:
        spool.keep(said)
        spool.note(notes)
    return next(filter(None, map(_end_of, reversed(page))), None)


def _end_of(fields: object) -> End | None:
    """Say where a message stands, also one that is of no use."""
    return place_of(fields) if isinstance(fields, dict) else None


def pull_unread(there: LeanCloud, spool: Spool, user: str) -> None:
    """Keep how many messages wait for a user: where none do at all, one question is enough.

    Raises:
        Failure: LeanCloud refuses, or does not answer.
    """
    if not _count(there.ask("clients", user, "unread-count")):
        return
    counts = []
    for name in spool.conversations_of(user):
        place = place_of_conversation(name, spool.kind_of(name))
        counts.append((name, user, _count(there.ask("clients", user, "unread-count", conv_id=place))))
    with spool:
        spool.keep_unread(each for each in counts if each[2])


def path_of(kind: str) -> str:
    """Give where conversations of a kind are asked for."""
    return _PATHS.get(kind, "conversations")


def place_of_conversation(name: str, kind: str | None) -> str:
    """Give the id by which LeanCloud knows a conversation."""
    return f"_tmp:{name}" if kind == "temporary" else name


def _count(answer: object) -> int:
    count = answer.get("count") if isinstance(answer, dict) else None
    return count if isinstance(count, int) and count > 0 else 0
