"""The steps of an import, each of which goes on where it was interrupted."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from unisono.cli.leancloud.files import Export
from unisono.cli.leancloud.pulling import DONE, LeanCloud, pull_messages, pull_unread
from unisono.cli.leancloud.records import Note, Said, Unusable, conversation_of, message_of
from unisono.cli.leancloud.spool import Place, Spool
from unisono.cli.leancloud.standing import Asking, keep_roles, keep_standing
from unisono.cli.operating import Operator, patiently
from unisono.domain.ids import is_user_id
from unisono.domain.importing import ImportedConversation

VALUES_MAX: Final = 3_000
"""Values that one request brings, about. The server takes 8192, and reads these in some 20 ms: others wait for that."""
BYTES_MAX: Final = 250_000
"""What they say, at most: the server takes 1 MiB."""
STANDING_MAX: Final = 800
"""Roles, restrictions and subscriptions that one request brings: each is an object of two values."""
CONVERSATIONS_MAX: Final = 300
"""Conversations that one request names: their read marks are a transaction each."""
KEPT_EVERY: Final = 5_000
DEADLINE_S: Final = 45.0
"""The server gives up by itself after 30 s."""
_PATH: Final = ("imports", "leancloud")


class Bar(Protocol):
    """Shows how far a step is."""

    def begin(self, step: str, total: int, unit: str, done: int = 0) -> None:
        """Begin a step."""

    def reach(self, done: int) -> None:
        """Say how far it is."""


class Sources(Struct, frozen=True):
    """Where everything comes from.

    `there` is asked for messages, and, if wished, for unread counts and what users are in conversations.
    """

    conversations: tuple[Path, ...]
    messages: tuple[Path, ...] = ()
    unread: tuple[Path, ...] = ()
    roles: tuple[Path, ...] = ()
    standing: tuple[Path, ...] = ()
    there: LeanCloud | None = None
    asks_unread: bool = False
    asks_standing: bool = False


def bring(operator: Operator, sources: Sources, spool: Spool, bar: Bar) -> None:
    """Take all the steps.

    Raises:
        Failure: A file cannot be read, LeanCloud or the server refuses or does not answer; run again, it goes on.
    """
    for path in sources.conversations:
        _bring_conversations(operator, path, spool, bar)
    for path in sources.roles:
        _read(path, "roles", spool, bar, keep_roles)
    for path in sources.standing:
        _read(path, "standing", spool, bar, keep_standing)
    for path in sources.messages:
        _read(path, "messages", spool, bar, _messages)
    for path in sources.unread:
        _read(path, "unread counts", spool, bar, _unread)
    if sources.there is not None:
        _pull(operator, sources.there, spool, bar)
        if sources.asks_unread:
            _pull_unread(sources.there, spool, bar)
        if sources.asks_standing:
            _pull_standing(sources.there, spool, bar)
    _bring_standing(operator, spool, bar)
    _bring_messages(operator, spool, bar)
    _bring_reading(operator, spool, bar)


def ask(operator: Operator, what: str, **body: object) -> dict[str, Any]:
    """Ask the server for one operation of the import; while it is busy, again: it takes each thing once."""
    return patiently(lambda: operator.ask("POST", *_PATH, what, body=body, deadline_s=DEADLINE_S))


def _bring_conversations(operator: Operator, path: Path, spool: Spool, bar: Bar) -> None:
    with Export(path) as export:
        name = f"conversations of {export.stamp}"
        passed = done = spool.number(name)
        bar.begin(f"Conversations of {path.name}", export.size_bytes, "bytes")
        batch: list[ImportedConversation] = []
        notes: list[Note] = []
        values = seen = 0
        for fields in export.objects():
            seen += 1
            if seen <= passed:
                continue
            record = _record(fields, notes)
            if record is not None:
                batch.append(record)
                values += _weight(record)
            if values >= VALUES_MAX or len(batch) == CONVERSATIONS_MAX:
                _send_conversations(operator, spool, batch, notes, (name, seen))
                done, values = seen, 0
                bar.reach(export.read_bytes)
        if batch or notes or seen > done:
            _send_conversations(operator, spool, batch, notes, (name, seen))
        bar.reach(export.size_bytes)


def _record(fields: dict[str, object] | None, notes: list[Note]) -> ImportedConversation | None:
    if fields is None:
        notes.append(Note("unreadable"))
        return None
    try:
        record, more = conversation_of(fields)
    except Unusable as unusable:
        notes.append(unusable.note)
        return None
    notes += more
    return record


def _weight(record: ImportedConversation) -> int:
    said = msgspec.json.encode(record)
    return max(10 + said.count(b","), len(said) * VALUES_MAX // BYTES_MAX)


def _send_conversations(
    operator: Operator, spool: Spool, batch: list[ImportedConversation], notes: list[Note], place: tuple[str, int]
) -> None:
    answer = ask(operator, "conversations", conversations=batch) if batch else {}
    with spool:
        for what in ("new", "changed", "same"):
            spool.count_up(what, answer.get(what, 0))
        spool.know(
            ((record.conversation, record.of) for record in batch),
            ((user, record.conversation) for record in batch for user in record.members),
        )
        spool.note([*notes, *_not_taken(answer)])
        spool.note_number(*place)
    batch.clear()
    notes.clear()


def _not_taken(answer: dict[str, Any]) -> Iterator[Note]:
    return (msgspec.convert(each, Note) for each in answer.get("not_taken", ()))


Keep = Callable[[Spool, Sequence[dict[str, object]]], None]


def _read(path: Path, what: str, spool: Spool, bar: Bar, keep: Keep) -> None:
    with Export(path) as export:
        name = f"{what} of {export.stamp}"
        passed, seen = spool.number(name), 0
        bar.begin(f"{what.capitalize()} of {path.name}", export.size_bytes, "bytes")
        batch: list[dict[str, object]] = []
        for fields in export.objects():
            seen += 1
            if seen > passed:
                # What is no object is noted like one that says nothing.
                batch.append(fields or {})
            if len(batch) == KEPT_EVERY:
                _keep(spool, batch, keep, (name, seen))
                bar.reach(export.read_bytes)
        _keep(spool, batch, keep, (name, seen))
        bar.reach(export.size_bytes)


def _keep(spool: Spool, batch: list[dict[str, object]], keep: Keep, place: tuple[str, int]) -> None:
    with spool:
        keep(spool, batch)
        spool.note_number(*place)
    batch.clear()


def _messages(spool: Spool, batch: Sequence[dict[str, object]]) -> None:
    said: list[tuple[str, Said]] = []
    notes: list[Note] = []
    for fields in batch:
        try:
            said.append(message_of(fields))
        except Unusable as unusable:
            notes.append(unusable.note if fields else Note("unreadable"))
    spool.keep(said)
    spool.note(notes)


def _unread(spool: Spool, batch: Sequence[dict[str, object]]) -> None:
    counts: list[tuple[str, str, int]] = []
    for fields in batch:
        name, user, count = fields.get("conversation"), fields.get("client"), fields.get("count")
        if isinstance(name, str) and isinstance(user, str) and isinstance(count, int) and is_user_id(user):
            counts.append((name.removeprefix("_tmp:"), user, max(0, count)))
        else:
            spool.note([Note("unreadable")])
    spool.keep_unread(counts)


def _pull(operator: Operator, there: LeanCloud, spool: Spool, bar: Bar) -> None:
    bar.begin("Asking for messages", spool.count_conversations(), "conversations")
    after, done = "", 0

    def told() -> None:
        bar.reach(done)

    while page := spool.conversations(after):
        open_ones = [each for each in page if each[2] != DONE]
        ends = _ends(operator, [name for name, _, _ in open_ones])
        for each in page:
            after = each[0]
            if each[2] != DONE:
                pull_messages(there, spool, each, ends.get(after), told)
            done += 1
            bar.reach(done)


def _ends(operator: Operator, names: Sequence[str]) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for start in range(0, len(names), CONVERSATIONS_MAX):
        answer = ask(operator, "ends", conversations=names[start : start + CONVERSATIONS_MAX])
        found |= {end["conversation"]: (end["id"], end["at"]) for end in answer["ends"] if "id" in end}
    return found


def _pull_unread(there: LeanCloud, spool: Spool, bar: Bar) -> None:
    done = spool.number("users asked about")
    bar.begin("Asking what is unread", spool.count_users(), "users", done)
    for index, user in enumerate(_users(spool)):
        if index >= done:
            pull_unread(there, spool, user)
            with spool:
                spool.note_number("users asked about", index + 1)
            bar.reach(index + 1)


def _pull_standing(there: LeanCloud, spool: Spool, bar: Bar) -> None:
    bar.begin("Asking for roles and blocks", spool.count_conversations(), "conversations")
    asking, after, done = Asking(there, spool), "", 0
    while page := spool.conversations(after):
        for name, kind, _ in page:
            asking.ask_about(name, kind)
            after, done = name, done + 1
            bar.reach(done)


def _bring_standing(operator: Operator, spool: Spool, bar: Bar) -> None:
    total, done = spool.count_standing(), spool.number("standing sent")
    if not total:
        return
    bar.begin("Roles and restrictions", total, "entries", done)
    while page := spool.standing(done, STANDING_MAX):
        parts: dict[str, list[dict[str, str]]] = {}
        for name, user, what in page:
            parts.setdefault(name, []).append({"user": user, "what": what})
        listed = [{"conversation": name, "standing": standing} for name, standing in parts.items()]
        answer = ask(operator, "standing", parts=listed)
        done += len(page)
        with spool:
            spool.count_up("standing_placed", answer["placed"])
            spool.count_up("standing_known", answer["known"])
            spool.note(_not_taken(answer))
            spool.note_number("standing sent", done)
        bar.reach(done)


def _users(spool: Spool) -> Iterator[str]:
    after = ""
    while page := spool.users(after):
        yield from page
        after = page[-1]


def _bring_messages(operator: Operator, spool: Spool, bar: Bar) -> None:
    done = spool.number("sent")
    bar.begin("Messages to the server", spool.count_messages(), "messages", done)
    for batch in _batches(_said(spool)):
        notes = [Note("to_one_user", name, each.id) for name, each in batch if _is_private(spool, name, each)]
        private = {(note.conversation, note.id) for note in notes}
        parts: dict[str, list[dict[str, object]]] = {}
        for name, each in batch:
            if (name, each.id) not in private:
                parts.setdefault(name, []).append(each.asked())
        listed = [{"conversation": name, "messages": messages} for name, messages in parts.items()]
        answer = ask(operator, "messages", parts=listed) if listed else {}
        name, last = batch[-1]
        done += len(batch)
        with spool:
            for what in ("placed", "known"):
                spool.count_up(what, answer.get(what, 0))
            spool.note([*notes, *_not_taken(answer)])
            spool.note_mark((name, last.at, last.id))
            spool.note_number("sent", done)
        bar.reach(done)


def _is_private(spool: Spool, name: str, said: Said) -> bool:
    return bool(said.to) and spool.kind_of(name) == "service"


def _said(spool: Spool) -> Iterator[tuple[str, Said]]:
    place: Place = spool.mark
    while page := spool.messages(place):
        yield from page
        name, last = page[-1]
        place = (name, last.at, last.id)


def _batches(said: Iterable[tuple[str, Said]]) -> Iterator[list[tuple[str, Said]]]:
    batch: list[tuple[str, Said]] = []
    values = size = 0
    for pair in said:
        batch.append(pair)
        # An object and what is in it, a part of the request around it, and who is called.
        values += 9 + len(pair[1].mentions)
        size += len(pair[1].body.encode()) + 200
        if values >= VALUES_MAX or size >= BYTES_MAX:
            yield batch
            batch, values, size = [], 0, 0
    if batch:
        yield batch


def _bring_reading(operator: Operator, spool: Spool, bar: Bar) -> None:
    after, done = "", spool.number("settled")
    bar.begin("Read marks", spool.count_conversations(), "conversations", done)
    seen = 0
    while page := spool.talked_in(after):
        for start in range(0, len(page), CONVERSATIONS_MAX):
            names = page[start : start + CONVERSATIONS_MAX]
            seen += len(names)
            if seen <= done:
                continue
            parts = [{"conversation": name, "unread": spool.unread(name)} for name in names]
            answer = ask(operator, "reading", parts=parts)
            with spool:
                spool.count_up("moved", answer["moved"])
                spool.note_number("settled", seen)
            bar.reach(seen)
        after = page[-1]
