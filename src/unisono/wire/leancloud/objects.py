"""A conversation as the JSON object that LeanCloud's clients know it by: a row of their table `_Conversation`.

Attributes stand beside the columns. A client keeps what it was told before of a column that is missing, and forgets
attributes that are; so all attributes are written always, and of columns those that can be told.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from unisono.domain.answers import ConversationView, HistoryEntry
from unisono.domain.conversation import Conversation
from unisono.domain.errors import Invalid, Malformed
from unisono.domain.facts import ConversationKind
from unisono.domain.ids import ConversationId, Instant, Json, UserId
from unisono.domain.kinds import KINDS
from unisono.wire.json_values import check_value
from unisono.wire.leancloud.bodies import text_of
from unisono.wire.leancloud.places import cid_of, id_of, iso_of
from unisono.wire.weight import check_weight

Fields = dict[str, Json]

COLUMNS: Final = frozenset(
    {
        *("objectId", "createdAt", "updatedAt", "name", "m", "c", "mu", "lm", "tr", "sys", "unique", "uniqueId"),
        *("conv_type", "temp", "ttl", "muted"),
    }
)
"""What says something of its own, so no attribute can have this name."""

_NUMBERS: Final[dict[ConversationKind, int]] = {"direct": 1, "group": 1, "room": 2, "service": 3, "temporary": 4}
_FIELDS: Final = msgspec.json.Decoder(Fields)


def read_fields(text: str, field: str = "data") -> Fields:
    """Read a JSON object that a client sent beside other things, such as what is to be changed.

    Raises:
        Invalid: It is none, or holds what not every reader keeps.
    """
    try:
        check_weight(text, is_text=True)
        fields = _FIELDS.decode(text)
        check_value(fields, field)
    except (Malformed, msgspec.MsgspecError, RecursionError, ValueError):
        raise Invalid(field=field, reason="not a JSON object that every reader keeps") from None
    return fields


def written(value: Json) -> str:
    """Write a value as JSON text."""
    return msgspec.json.encode(value).decode()


def date_of(at: Instant) -> Fields:
    """Write a time as a value of an object."""
    return {"__type": "Date", "iso": iso_of(at)}


def number_of(kind: ConversationKind) -> int:
    """Give the number by which native clients know a kind of conversation."""
    return _NUMBERS[kind]


def conversation_cid(view: ConversationView) -> str:
    """Give the id by which clients know a conversation."""
    return cid_of(view.conversation, is_temporary=view.of == "temporary")


def object_of(
    view: ConversationView, now: Instant, *, muted: Sequence[UserId] = (), is_compact: bool = False
) -> Fields:
    """Write a conversation. `muted`: members who want no alerts; `is_compact`: without its members.

    Clients take it from `muted` whether they muted it themselves, and not from `mu`.
    """
    attributes = {name: value for name, value in (view.attributes or {}).items() if name not in COLUMNS}
    columns: Fields = {
        "objectId": conversation_cid(view),
        "createdAt": iso_of(view.created_at),
        "updatedAt": iso_of(view.updated_at),
        "c": view.creator,
        "mu": list(muted),
        "conv_type": number_of(view.of),
    }
    if view.level == "none":
        columns["muted"] = True
    if view.unique:
        columns["unique"], columns["uniqueId"] = True, conversation_cid(view)
    if view.name is not None:
        columns["name"] = view.name
    if KINDS[view.of].lists_members:
        columns["m"] = [] if is_compact else list(view.members)
    if view.last_message_at is not None:
        columns["lm"] = date_of(view.last_message_at)
    last = {} if view.last is None else _last(view.conversation, view.last)
    return {**attributes, **columns, **_of_kind(view, now), **last}


def left_object_of(conversation: Conversation) -> Fields:
    """Write a conversation for who left it: what it is, and nothing of what became of it since."""
    return {
        "objectId": cid_of(conversation.id, is_temporary=conversation.of == "temporary"),
        "createdAt": iso_of(conversation.created_at),
        "updatedAt": iso_of(conversation.created_at),
        "c": conversation.creator,
        "m": [],
        "mu": [],
        "conv_type": number_of(conversation.of),
    }


def _of_kind(view: ConversationView, now: Instant) -> Fields:
    match view.of:
        case "room":
            return {"tr": True}
        case "service":
            return {"sys": True, "joined": view.role is not None}
        case "temporary":
            return {"temp": True, "ttl": seconds_left(view, now)}
        case _:
            return {}


def seconds_left(view: ConversationView, now: Instant) -> int:
    """Say how long a conversation will be there yet, in seconds, rounded up; 0 for one that is over."""
    return 0 if view.expires_at is None else max(0, -((now - view.expires_at) // 1000))


def _last(conversation: ConversationId, entry: HistoryEntry) -> Fields:
    message = entry.message
    text, is_base64 = text_of(message)
    last: Fields = {
        "msg": text,
        "msg_from": message.sender,
        "msg_mid": id_of(conversation, entry.seq, entry.at, message.key),
        "msg_timestamp": entry.at,
    }
    if is_base64:
        last["bin"] = True
    if message.revised_at is not None:
        last["patch_timestamp"] = message.revised_at
    if message.mention_all:
        last["mention_all"] = True
    if message.mentions:
        last["mention_pids"] = list(message.mentions)
    return last
