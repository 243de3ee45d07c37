"""What a client asks over HTTP for itself, by the token of its session: what it missed, and roles.

The app's own server may ask the same, by the master key.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from unisono.domain import commands as c
from unisono.domain.answers import Members, SeqFact
from unisono.domain.commands.base import PAGE_MAX
from unisono.domain.errors import Internal
from unisono.domain.facts import ConversationEntered, ConversationExited
from unisono.domain.ids import INTEGER_MAX, NO_SEQ, Instant, Json
from unisono.gateways.leancloud.acting import Actor
from unisono.gateways.leancloud.bidding import ask, named
from unisono.gateways.leancloud.desk import Asked, Endpoint, number_in, read_fields, text_in, user_named
from unisono.gateways.leancloud.http import HttpRefusal
from unisono.gateways.leancloud.refused import Refused
from unisono.gateways.leancloud.tokens import read
from unisono.wire.leancloud.codes import ERRORS
from unisono.wire.leancloud.places import cid_of, is_hidden, iso_of

TOKEN: Final = "X-LC-IM-Session-Token"  # noqa: S105  (the name of a header)
EXPIRED: Final = 4112
PERMANENT: Final = 1
NOTICES_MAX: Final = 100
"""Notifications in one answer; a client asks for more from the newest of them."""
Moves = ConversationEntered | ConversationExited
READ_AT_ONCE: Final = 2 * NOTICES_MAX


async def caller_of(asked: Asked) -> Actor:
    """Say for whom it is asked: the client whose session the token is of.

    Raises:
        Refused: 4112. The token is of no session of this client's that is not over.
        HttpRefusal: 401. There is none, nor the master key.
        RateLimited: The client asks too much, over the socket or here.
    """
    client = user_named(asked.query.get("client_id"), "client_id")
    if asked.is_master:
        return Actor(asked.app, client)
    token = asked.headers.get(TOKEN)
    if token is None:
        raise HttpRefusal(401, "A session token is needed.")
    shown = read(token)
    digest = hashlib.sha256(shown.secret.encode("utf-8", "surrogateescape")).digest()
    for record in await asked.app.node.parts.sessions.list_of(client):
        if record.session == shown.session and hmac.compare_digest(record.resume_hash, digest):
            asked.app.node.executor.spend(client)
            return Actor(asked.app, client)
    raise Refused(ERRORS[EXPIRED])


async def _notifications(asked: Asked) -> Json:
    """Tell when the client came into conversations and went out of them, in rising order."""
    actor = await caller_of(asked)
    since = number_in(asked.query, "start_ts", 0, most=INTEGER_MAX)
    found = await _news(actor, since)
    count = len(found)
    if count > NOTICES_MAX:
        # Those of one millisecond stay together: the client goes on from the time of the last one.
        count = next((at for at in range(NOTICES_MAX, count) if found[at].at != found[at - 1].at), count)
    told = [await _notice(actor, one) for one in found[:count]]
    notices: Json = {"hasMore": count < len(found), "notifications": told}
    if "notification_type" in asked.query:
        return notices
    return {"permanent": notices, "droppable": {"hasMore": False, "notifications": []}}


async def _news(actor: Actor, since: int) -> list[SeqFact]:
    """Read how a user came and went after a time: all of it, or beyond a page to where another millisecond begins."""
    found: list[SeqFact] = []
    page: Sequence[SeqFact] = ()
    after = NO_SEQ
    while not found or (len(page) == READ_AT_ONCE and found[-1].at == found[NOTICES_MAX - 1].at):
        page = await actor.app.node.parts.log.passages(actor.user, Instant(since), after, READ_AT_ONCE)
        found += [one for one in page if isinstance(one.fact, Moves) and not is_hidden(one.fact.conversation)]
        if not page:
            break
        after = page[-1].seq
    return found


async def _notice(actor: Actor, one: SeqFact) -> Json:
    fact = one.fact
    if not isinstance(fact, Moves):
        raise Internal(reason="a fact of another kind")
    found = await actor.app.node.parts.directory.find(fact.conversation, None)
    is_temporary = found is not None and found.conversation.of == "temporary"
    return {
        "cmd": "conv",
        "op": "joined" if isinstance(fact, ConversationEntered) else "left",
        "cid": cid_of(fact.conversation, is_temporary=is_temporary),
        "initBy": fact.by,
        "udate": iso_of(one.at),
        "serverTs": one.at,
        "notificationType": PERMANENT,
    }


async def _roles(asked: Asked) -> Json:
    """List the members of a conversation who are more than that; the creator's role clients know by themselves."""
    actor = await caller_of(asked)
    where = read_fields(asked.query.get("where", "").encode("utf-8", "surrogateescape"))
    cid = text_in(where, "cid")
    conversation, after, found = named(cid), None, []
    while True:
        page = await ask(actor, c.GetMembers(conversation, after=after, limit=PAGE_MAX), Members)
        found += [member for member in page.members if member.role == "manager"]
        if (after := page.next) is None:
            break
    limit = number_in(asked.query, "limit", len(found), most=PAGE_MAX)
    rows = [{"objectId": member.user, "cid": cid, "clientId": member.user, "role": "Manager"} for member in found]
    return {"results": rows[number_in(asked.query, "skip", 0, most=INTEGER_MAX) :][:limit]}


SESSION_ENDPOINTS: Final = (
    Endpoint("GET", "/1.1/rtm/notifications", "key", _notifications),
    Endpoint("GET", "/1.1/classes/_ConversationMemberInfo", "key", _roles),
)
