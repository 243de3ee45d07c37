"""LeanCloud's conversations and messages, read into what can be brought along, and what of them cannot."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from unisono.domain.commands.conversation import Name
from unisono.domain.errors import Malformed
from unisono.domain.ids import (
    OPERATOR,
    ConversationId,
    ConversationIdIn,
    Instant,
    InstantIn,
    Json,
    UserId,
    UserIdIn,
    is_user_id,
)
from unisono.domain.importing import ImportedConversation, MessageId
from unisono.wire.json_values import check_value

Fields = Mapping[str, object]
Code = Literal[
    "acl",
    "attribute_value",
    "bad_id",
    "bad_name",
    "bad_role",
    "bad_sender",
    "bad_time",
    "member_name",
    "no_creator",
    "not_found_there",
    "not_told_there",
    "to_one_user",
    "too_large",
    "unreadable",
]
CODES: Final[Mapping[str, str]] = {
    "acl": "who may read or write it in the console's tables: there is no such thing here",
    "attribute_name": "an attribute without a name, or with a dot in it, was left out",
    "attribute_value": "an attribute that not every reader keeps was left out",
    "attributes_too_large": "its attributes were left out: they are too large, or nested too deeply",
    "bad_id": "the id of the conversation or message is missing or cannot be one",
    "bad_name": "its name was left out: it is too long, or holds what no name can",
    "bad_role": "a role that is none of LeanCloud's",
    "bad_sender": "the message names no sender that can be a user",
    "bad_time": "the time is missing or cannot be one",
    "blocked_here": "a member who is blocked in it here does not come back",
    "changed_here": "it was changed here since: it stays as it is",
    "content_invalid": "the message says nothing, or has the type 0",
    "content_too_large": "the message is larger than quotas.message_bytes",
    "conversation_over": "its time is up, or it was ended here",
    "conversation_unknown": "the conversation is not here",
    "from_the_future": "its time has not come yet",
    "kind_without": "a role, restriction or subscription where its kind has none here",
    "member_name": "a member's name that can be no user's was left out",
    "mute_of_stranger": "who muted it is no member",
    "no_creator": "nobody is named who made it: it is the operator's",
    "not_found_there": "LeanCloud does not have the conversation any more",
    "not_told_there": "LeanCloud does not tell this of this application",
    "other_kind": "there is another one of this id here",
    "out_of_order": "it is older than what stands in the conversation already",
    "owner_restricted": "the owner is silenced or blocked there: here nobody can",
    "refused": "the server could not keep it",
    "role_of_stranger": "a role of somebody who is no member",
    "second_owner": "it has its owner: this one is a manager",
    "to_one_user": "what a service said to one user alone",
    "too_large": "it says more than one request may",
    "unique_taken": "another one is the one of these members: it is here, but not unique",
    "user_erased": "the user was erased here: they do not come again by it, nor does what they said",
    "unreadable": "the line is no JSON object",
}
"""All reasons, the server's among them, in words."""

TTL_DEFAULT_S: Final = 86_400
BODY_MAX_BYTES: Final = 500_000
"""What a message says at most: a request has 1 MiB. LeanCloud's own limit is 5 KB."""
MENTIONS_MAX: Final = 1_000
VALUES_MAX: Final = 7_000
"""Values of a conversation: a request has 8192."""
_TEMPORARY: Final = "_tmp:"
_COLUMNS: Final = frozenset(
    {
        *("objectId", "createdAt", "updatedAt", "ACL", "className", "__type", "name", "m", "mu", "c", "lm"),
        *("tr", "sys", "unique", "uniqueId", "temp", "ttl", "conv_type", "muted", "joined", "joinedAt"),
        *("msg", "bin", "msg_from", "msg_mid", "msg_timestamp", "patch_timestamp", "mention_all", "mention_pids"),
    }
)
_PUBLIC: Final = {"*": {"read": True, "write": True}}
T = TypeVar("T")


class Note(Struct, frozen=True, omit_defaults=True):
    """What was not taken over, or not as it was."""

    code: str
    conversation: str = ""
    id: str = ""
    user: str = ""


class Unusable(Exception):
    """Something cannot be brought along at all."""

    def __init__(self, note: Note) -> None:
        super().__init__(note.code)
        self.note: Final = note


class Said(Struct, frozen=True, array_like=True):
    """A message, as the server takes it; `to` names whom a service said it to alone."""

    id: str
    at: Instant
    sender: UserId
    body: str
    is_binary: bool = False
    mentions: tuple[UserId, ...] = ()
    mention_all: bool = False
    to: str = ""

    def asked(self) -> dict[str, object]:
        """Give what the server is asked with."""
        asked: dict[str, object] = {"id": self.id, "at": self.at, "sender": self.sender, "body": self.body}
        if self.is_binary:
            asked["is_binary"] = True
        if self.mentions:
            asked["mentions"] = self.mentions
        if self.mention_all:
            asked["mention_all"] = True
        return asked


def conversation_of(fields: Fields) -> tuple[ImportedConversation, list[Note]]:
    """Read a row of `_Conversation`.

    Raises:
        Unusable: It has no id, or no time.
    """
    given = fields.get("objectId")
    is_temporary = fields.get("temp") is True or (isinstance(given, str) and given.startswith(_TEMPORARY))
    name = name_of(given)
    if name is None:
        raise Unusable(Note("bad_id", conversation=shown(given)))
    created_at = time_of(fields.get("createdAt"))
    if created_at is None:
        raise Unusable(Note("bad_time", conversation=name))
    notes: list[Note] = []
    members, muted = (_users(fields.get(key), name, notes) for key in ("m", "mu"))
    creator = fields.get("c")
    if not _is_user(creator):
        notes.append(Note("no_creator", conversation=name))
    if fields.get("ACL") not in (None, _PUBLIC):
        notes.append(Note("acl", conversation=name))
    ttl = fields.get("ttl")
    ttl_s = ttl if isinstance(ttl, int | float) and 0 < ttl <= 10**9 else TTL_DEFAULT_S
    title = _fit(fields.get("name"), Name)
    if title is None and fields.get("name") not in (None, ""):
        notes.append(Note("bad_name", conversation=name))
    record = ImportedConversation(
        conversation=name,
        of="service" if fields.get("sys") is True else _kind(fields, is_temporary=is_temporary),
        creator=UserId(str(creator)) if _is_user(creator) else OPERATOR,
        created_at=created_at,
        updated_at=time_of(fields.get("updatedAt")) or created_at,
        members=members,
        muted=muted,
        name=title,
        attributes=_attributes(fields, name, notes),
        is_unique=fields.get("unique") is True,
        expires_at=Instant(created_at + int(ttl_s * 1000)) if is_temporary else None,
    )
    said = msgspec.json.encode(record)
    if len(said) > BODY_MAX_BYTES or said.count(b",") > VALUES_MAX:
        raise Unusable(Note("too_large", conversation=name))
    return record, notes


def _kind(fields: Fields, *, is_temporary: bool) -> Literal["group", "room", "temporary"]:
    if fields.get("tr") is True:
        return "room"
    return "temporary" if is_temporary else "group"


_MESSAGE_ID: Final = ("msg-id", "msgId", "msg_id", "id")
_MESSAGE_TIME: Final = ("timestamp", "createdAt")


def message_of(fields: Fields, conversation: str | None = None) -> tuple[str, Said]:
    """Read a message of the history, and of which conversation it is.

    Raises:
        Unusable: It has no id, time or sender.
    """
    where = conversation or _first(fields, "conv-id", "convId", "conv_id", "cid")
    name = name_of(where)
    given = _first(fields, *_MESSAGE_ID)
    identity = _fit(given, MessageId)
    if name is None or identity is None:
        raise Unusable(Note("bad_id", conversation=shown(where), id=shown(given)))
    at = time_of(_first(fields, *_MESSAGE_TIME))
    if at is None:
        raise Unusable(Note("bad_time", conversation=name, id=identity))
    sender = _first(fields, "from", "fromPeerId")
    if not _is_user(sender):
        raise Unusable(Note("bad_sender", conversation=name, id=identity))
    data, to = _first(fields, "data", "msg"), fields.get("to")
    mentions = _first(fields, "mention-pids", "mentionPids", "mention_pids")
    said = Said(
        identity,
        at,
        UserId(str(sender)),
        data if isinstance(data, str) else "" if data is None else msgspec.json.encode(data).decode(),
        is_binary=fields.get("bin") is True,
        mentions=tuple(UserId(str(user)) for user in mentions if _is_user(user)) if isinstance(mentions, list) else (),
        mention_all=_first(fields, "mention-all", "mentionAll", "mention_all") is True,
        to=to if isinstance(to, str) and to not in ("", where) else "",
    )
    if len(said.body.encode()) > BODY_MAX_BYTES or len(said.mentions) > MENTIONS_MAX:
        raise Unusable(Note("too_large", conversation=name, id=identity))
    return name, said


def place_of(fields: Fields) -> tuple[str, Instant] | None:
    """Give id and time of a message, whatever else is wrong with it; None where one of them is."""
    identity, at = _fit(_first(fields, *_MESSAGE_ID), MessageId), time_of(_first(fields, *_MESSAGE_TIME))
    return None if identity is None or at is None else (identity, at)


def time_of(value: object) -> Instant | None:
    """Read a time: milliseconds, a text of ISO 8601, or LeanCloud's `{"__type": "Date", "iso": ...}`."""
    if isinstance(value, dict):
        value = value.get("iso")
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        value = round(moment.timestamp() * 1000)
    at = int(value) if isinstance(value, float) and value.is_integer() else value
    return _fit(at, InstantIn) if not isinstance(at, bool) else None


def _attributes(fields: Fields, name: str, notes: list[Note]) -> dict[str, Json] | None:
    kept: dict[str, Json] = {}
    for key, value in fields.items():
        if key in _COLUMNS:
            continue
        try:
            check_value(value, key)
        except Malformed:
            notes.append(Note("attribute_value", conversation=name, id=key))
        else:
            kept[key] = value
    return kept or None


def name_of(given: object) -> ConversationId | None:
    """Read the id of a conversation; None where it cannot be one."""
    return _fit(given.removeprefix(_TEMPORARY) if isinstance(given, str) else given, ConversationIdIn)


def _users(given: object, conversation: str, notes: list[Note]) -> tuple[UserId, ...]:
    listed: Iterable[object] = given if isinstance(given, list) else ()
    users: dict[UserId, None] = {}
    for user in listed:
        if _is_user(user):
            users[UserId(str(user))] = None
        else:
            notes.append(Note("member_name", conversation=conversation, user=shown(user)))
    return tuple(users)


def _is_user(given: object) -> bool:
    return _fit(given, UserIdIn) is not None and is_user_id(str(given))


def _first(fields: Fields, *names: str) -> object:
    return next((fields[name] for name in names if name in fields), None)


def _fit(value: object, kind: type[T]) -> T | None:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None


def shown(value: object) -> str:
    """Give a value as it is told of."""
    return str(value)[:64]
