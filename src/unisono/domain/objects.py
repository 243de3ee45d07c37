"""What a user keeps for all sessions: small values under names, each with a revision.

A revision is the seq of the fact that set it, so it grows, and tells a session whether it knows the newest one.
"""

from typing import Final

import msgspec
from msgspec import structs

from unisono.domain.answers import Answer, Done, Placed
from unisono.domain.commands import DropObject, SetObject
from unisono.domain.conversation import Decision, Snapshot
from unisono.domain.errors import Conflict, KeyReused, LimitReached, TooLarge
from unisono.domain.facts import Fact, ObjectDropped, ObjectSet
from unisono.domain.ids import NO_SEQ, Json, UserId, user_stream
from unisono.domain.placement import Draft, Place
from unisono.domain.quotas import Quotas

ENTRY_BYTES: Final = 256
"""What each object counts besides its value, so that small ones are not without number."""


def size_of(value: Json) -> int:
    """Say how much a value counts."""
    return len(msgspec.json.encode(value)) + ENTRY_BYTES


def put(snapshot: Snapshot, user: UserId, command: SetObject, quotas: Quotas) -> Decision:
    """Keep a value under a name.

    Raises:
        TooLarge: Beyond `object_bytes`.
        LimitReached: All together would be beyond `objects_bytes`.
        Conflict: It has another revision than is expected.
        KeyReused: Something else came under the key.
    """
    if snapshot.earlier is not None:
        return _repeat(snapshot, snapshot.earlier, command)
    size = size_of(command.value)
    if size - ENTRY_BYTES > quotas.object_bytes:
        raise TooLarge(what="object", limit_bytes=quotas.object_bytes, bytes=size - ENTRY_BYTES)
    _check_expected(snapshot, command)
    shelf = snapshot.shelf
    total = shelf.total_bytes - shelf.bytes + size
    if total > quotas.objects_bytes:
        raise LimitReached(what="objects", limit_bytes=quotas.objects_bytes, bytes=total)
    return _decide(user, command, ObjectSet(command.name, command.key, command.value))


def drop(snapshot: Snapshot, user: UserId, command: DropObject) -> Decision:
    """Keep nothing under a name any more.

    Raises:
        Conflict: It has another revision than is expected.
        KeyReused: Something else came under the key.
    """
    if snapshot.earlier is not None:
        return _repeat(snapshot, snapshot.earlier, command)
    _check_expected(snapshot, command)
    if snapshot.shelf.revision == NO_SEQ:
        return Decision((), lambda _: Done())
    return _decide(user, command, ObjectDropped(command.name, command.key))


def superseded(fact: ObjectSet) -> ObjectSet:
    """Give what is left of a value when something else happened to its name."""
    return structs.replace(fact, value=None, is_superseded=True)


def _check_expected(snapshot: Snapshot, command: SetObject | DropObject) -> None:
    revision = snapshot.shelf.revision
    if command.expect is not None and command.expect != revision:
        raise Conflict(name=command.name, revision=revision)


def _decide(user: UserId, command: SetObject | DropObject, fact: Fact) -> Decision:
    draft = Draft(user_stream(user), fact, sender=user, key=command.key)
    return Decision((draft,), lambda places: _placed(places[0]))


def _repeat(snapshot: Snapshot, earlier: Place, command: SetObject | DropObject) -> Decision:
    fact = snapshot.earlier_fact
    made = ObjectSet if isinstance(command, SetObject) else ObjectDropped
    if not isinstance(fact, made) or fact.name != command.name:
        raise KeyReused()
    return Decision((), lambda _: _placed(earlier))


def _placed(place: Place) -> Answer:
    return Placed(place.stream, place.epoch, place.seq, place.at)
