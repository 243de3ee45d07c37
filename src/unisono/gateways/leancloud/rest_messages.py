"""What is said, over HTTP: sending, announcing, history, edits and recalls."""

from typing import Final

import msgspec

from unisono.domain import commands as c
from unisono.domain.announcing import Announcement
from unisono.domain.answers import ConversationView, HistoryEntry, Passed, Placed
from unisono.domain.errors import Internal, Invalid
from unisono.domain.events import DEFAULT_PRIORITY, Priority
from unisono.domain.facts import ConversationKind
from unisono.domain.ids import ConversationId, Instant, Json, Seq, UserId
from unisono.gateways.leancloud.acting import Actor
from unisono.gateways.leancloud.bidding import ask, called, named
from unisono.gateways.leancloud.desk import Asked, Endpoint, flag_in, number_in, text_in, user_named, users_in
from unisono.gateways.leancloud.history import messages_of
from unisono.gateways.leancloud.http import HttpRefusal
from unisono.gateways.leancloud.messages import PRIORITIES, push_of
from unisono.gateways.leancloud.patches import EDIT_FAULTS, NO_MESSAGE, RECALL_FAULTS
from unisono.gateways.leancloud.refused import Refused
from unisono.gateways.leancloud.rest_conversations import FAMILIES, SERVICES, Family, find_one
from unisono.gateways.leancloud.seeking import find_seq
from unisono.wire.leancloud.bodies import content_of, text_of
from unisono.wire.leancloud.checking import checked
from unisono.wire.leancloud.codes import ERRORS
from unisono.wire.leancloud.places import cid_of, id_of, passing_mid
from unisono.wire.leancloud.realtime_pb2 import LogsCommand
from unisono.wire.leancloud.signing import Proof

DEFAULT_LIMIT: Final = 100
LIMIT_MAX: Final = 1000
TIME_MAX: Final = 2**53 - 1
NOWHERE: Final = {"not_found": 4401, "forbidden: silenced": 4563, "forbidden": 4308}
NAMED_PRIORITIES: Final[dict[str, Priority]] = {"high": "high", "normal": "normal", "low": "low"}

Body = dict[str, Json]


async def send(asked: Asked, sender: UserId, view: ConversationView) -> Json:
    """Send a message in a user's name, into a room as if they were there."""
    body = dict(asked.body)
    actor = Actor(asked.app, sender)
    command = c.SendMessage(
        view.conversation,
        actor.new_key(),
        content_of(_text(body)),
        transient=flag_in(body, "transient"),
        mentions=users_in(body, "mention_client_ids"),
        mention_all=flag_in(body, "mention_all"),
        push=_push(body),
        priority=_priority(body),
    )
    with called(NOWHERE):
        answer = await asked.app.node.executor.on_behalf(sender, checked(command), is_present=view.of == "room")
    match answer:
        case Placed(seq=seq, at=at):
            return _sent(id_of(view.conversation, seq, at, command.key), at)
        case Passed(at=at):
            return _sent(passing_mid(view.conversation, command.key, at), at)
        case _:
            raise Internal(reason="an answer of another kind")


async def announce(asked: Asked, view: ConversationView) -> Json:
    """Say something to all who subscribe."""
    body = dict(asked.body)
    key = Actor(asked.app).new_key()
    content, push = content_of(_text(body)), _push(body)
    checked(c.SendMessage(view.conversation, key, content, push=push))
    with called(NOWHERE):
        placed = await asked.app.node.announcing.announce(view.conversation, Announcement(key, content, push))
    return _sent(id_of(view.conversation, placed.seq, placed.at, key), placed.at)


def _sent(mid: str, at: Instant) -> Json:
    return {"msg-id": mid, "timestamp": at}


def _text(body: Body) -> str:
    """Give the message: text, or the object that it is JSON of."""
    message = body.get("message")
    if isinstance(message, dict):
        return msgspec.json.encode(message).decode()
    return text_in(body, "message")


def _push(body: Body) -> dict[str, Json] | None:
    push = body.get("push_data", body.get("push"))
    if push is None:
        return None
    return push_of(push if isinstance(push, str) else msgspec.json.encode(push).decode())


def _priority(body: Body) -> Priority:
    value = body.get("priority")
    if isinstance(value, int):
        return PRIORITIES.get(value, DEFAULT_PRIORITY)
    return NAMED_PRIORITIES.get(value, DEFAULT_PRIORITY) if isinstance(value, str) else DEFAULT_PRIORITY


async def _send(asked: Asked) -> Json:
    sender = user_named(asked.body.get("from_client"), "from_client")
    return await send(asked, sender, await find_one(asked, _family_of(asked)))


async def _announce(asked: Asked) -> Json:
    return await announce(asked, await find_one(asked, SERVICES))


async def _send_1_1(asked: Asked) -> Json:
    """Send as the first generation of servers does, which name the conversation in the body."""
    view = await _named_in_body(asked)
    if view.of == "service":
        return await announce(asked, view)
    return await send(asked, user_named(asked.body.get("from_peer"), "from_peer"), view)


async def _broadcast(asked: Asked) -> Json:
    view = await _named_in_body(asked)
    if view.of != "service":
        raise Refused(ERRORS[SERVICES.otherwise], f"a {view.of} conversation")
    return await announce(asked, view)


async def _named_in_body(asked: Asked) -> ConversationView:
    return await find_target(asked, text_in(asked.body, "conv_id"))


async def find_target(asked: Asked, cid: str) -> ConversationView:
    """Give the conversation that a request names beside its path.

    Raises:
        Refused: 4401. There is none.
    """
    conversation = named(cid)
    with called({"not_found": 4401}):
        return await ask(Actor(asked.app), c.GetConversation(conversation), ConversationView)


def _family_of(asked: Asked) -> Family:
    return next(family for prefix, family in FAMILIES.items() if asked.route.startswith(prefix + "/"))


async def _history(asked: Asked) -> Json:
    """Give messages, the newest first unless `reversed`."""
    return await history_for(asked, await _reader(asked), _family_of(asked))


async def history_for(asked: Asked, reader: Actor, family: Family) -> Json:
    """Give the messages of a conversation that a reader sees, as the query asks for them."""
    view = await find_one(asked, family)
    query = asked.query
    said = LogsCommand(
        limit=number_in(query, "limit", DEFAULT_LIMIT, most=LIMIT_MAX),
        t=number_in(query, "timestamp", 0, most=TIME_MAX),
        mid=query.get("msgid", ""),
        tt=number_in(query, "till_timestamp", 0, most=TIME_MAX),
        tmid=query.get("till_msgid", ""),
        tIncluded=query.get("include_start") == "true",
        ttIncluded=query.get("include_stop") == "true",
        direction=LogsCommand.NEW if query.get("reversed") == "true" else LogsCommand.OLD,
    )
    with called({"invalid": 4311, "not_found": 4312}):
        found = await messages_of(reader, view.conversation, said)
    shown = [item_of(view, entry) for entry in found]
    return shown if said.direction == LogsCommand.NEW else shown[::-1]


async def _reader(asked: Asked) -> Actor:
    """Say who reads: the operator, or a client for whom the app's own server signed.

    Raises:
        HttpRefusal: 401. Neither the master key nor a signature that has to be one.
        Refused: 4302. The signature is not good.
    """
    if asked.is_master:
        return Actor(asked.app)
    if "history" not in asked.app.settings.signed or "client_id" not in asked.query:
        raise HttpRefusal(401, "The master key is needed.")
    client = user_named(asked.query["client_id"], "client_id")
    at = number_in(asked.query, "signature_ts", 0, most=TIME_MAX)
    proof = Proof(at, asked.query.get("nonce", ""), asked.query.get("signature", ""))
    await asked.app.signatures.check_history(client, asked.path["id"], proof)
    return Actor(asked.app, client)


def item_of(view: ConversationView, entry: HistoryEntry) -> Json:
    """Show a message of a conversation."""
    return shown_item(view.conversation, view.of, entry)


def shown_item(conversation: ConversationId, of: ConversationKind, entry: HistoryEntry) -> Json:
    """Show a message of a conversation of a kind."""
    message, cid = entry.message, cid_of(conversation, is_temporary=of == "temporary")
    text, is_base64 = text_of(message)
    return {
        "timestamp": entry.at,
        "conv-id": cid,
        "data": text,
        "from": message.sender,
        "msg-id": id_of(conversation, entry.seq, entry.at, message.key),
        "bin": is_base64,
        "to": cid,
        "is-conv": True,
        "is-room": of == "room",
    }


async def _edit(asked: Asked) -> Json:
    sender = user_named(asked.body.get("from_client"), "from_client")
    conversation = (await find_one(asked, _family_of(asked))).conversation
    with called(EDIT_FAULTS):
        seq = await _seq(asked, conversation, asked.body.get("timestamp"))
        change = c.EditMessage(conversation, seq, content_of(_text(dict(asked.body))))
        await ask(Actor(asked.app, sender), change, Placed)
    return {}


async def _recall(asked: Asked) -> Json:
    """Take a message back, in its sender's name or, without one, in the operator's."""
    fields = asked.body or asked.query
    sender = fields.get("from_client")
    conversation = (await find_one(asked, _family_of(asked))).conversation
    actor = Actor(asked.app, None if sender is None else user_named(sender, "from_client"))
    with called(RECALL_FAULTS):
        seq = await _seq(asked, conversation, fields.get("timestamp"))
        await ask(actor, c.RecallMessage(conversation, seq), Placed)
    return {}


async def _seq(asked: Asked, conversation: ConversationId, timestamp: Json) -> Seq:
    """Give the place of the message that a path names, by its id and time."""
    if isinstance(timestamp, str) and timestamp.isascii() and timestamp.isdigit():
        timestamp = int(timestamp[:17])
    if not isinstance(timestamp, int) or isinstance(timestamp, bool) or not 0 < timestamp <= TIME_MAX:
        raise Invalid(field="timestamp", reason="the time of the message is needed")
    seq = await find_seq(Actor(asked.app), conversation, asked.path["mid"], timestamp)
    if seq is None:
        raise Refused(ERRORS[NO_MESSAGE])
    return seq


def _for(prefix: str) -> list[Endpoint]:
    messages = prefix + "/{id}/messages"
    return [
        Endpoint("GET", messages, "key", _history),
        Endpoint("PUT", messages + "/{mid}", "master", _edit),
        Endpoint("DELETE", messages + "/{mid}", "master", _recall),
        Endpoint("PUT", messages + "/{mid}/recall", "master", _recall),
    ]


_NORMAL, _ROOMS, _SERVICES = FAMILIES
MESSAGE_ENDPOINTS: Final = (
    *(endpoint for prefix in FAMILIES for endpoint in _for(prefix)),
    Endpoint("POST", _NORMAL + "/{id}/messages", "master", _send),
    Endpoint("POST", _ROOMS + "/{id}/messages", "master", _send),
    Endpoint("POST", _SERVICES + "/{id}/broadcasts", "master", _announce),
    Endpoint("POST", "/1.2/rtm/broadcasts", "master", _broadcast),
    Endpoint("POST", "/1.1/rtm/messages", "master", _send_1_1),
    Endpoint("POST", "/1.1/rtm/broadcast", "master", _broadcast),
)
