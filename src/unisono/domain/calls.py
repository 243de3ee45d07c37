"""Calls: who is rung, who is in, and how they end. Each decision is one function over the call as it is.

A call is linearised by the store, so of two who answer at the same moment one is first, and the other sees it. What
changes nothing gives the very same call back.
"""

import hashlib
from collections.abc import Collection
from typing import Final, Literal

import msgspec
from msgspec import Struct, structs

from unisono.domain.call_view import CallState, CallView, EndView
from unisono.domain.commands import DeclineCall
from unisono.domain.errors import Invalid, NotFound, TooLarge
from unisono.domain.facts import CallEnded, CallReason, Label, Media
from unisono.domain.ids import CallId, ConversationId, DeviceId, Instant, Json, SendKey, SessionId, UserId

CALLS_OF_USER_MAX: Final = 16
"""Calls of one user that ring or run at a time: who is in so many can begin no more."""
DATA_MAX_BYTES: Final = 16_384
SIGNAL_MAX_BYTES: Final = 65_536
AWAY_MS: Final = 30_000
"""How long a session may be without a connection and be in a call."""
ENDED_KEPT_MS: Final = 86_400_000
"""How long a call is known after its end, to who asks again with its key, or answers too late."""


RingEnd = CallReason | Literal["answered"]
"""Why a call rings for a user no more: they answered it, or what came of it."""


class CallEnd(Struct, frozen=True):
    """Who is in a call, with which session of which device."""

    user: UserId
    session: SessionId
    device: DeviceId
    shown: Label
    since: Instant


class Call(Struct, frozen=True):
    """A call.

    `ringing` are those of the `users` called who are rung now, `joined` those who ever were in it, the caller
    included; `silent` the devices, each with its user, that do not ring; `gone` those who have nothing to do with it
    any more. Between one and one it ends with the first who leaves; one `is_group` with the last.
    """

    id: CallId
    caller: UserId
    users: tuple[UserId, ...]
    media: Media
    began_at: Instant
    rings_until: Instant
    ringing: tuple[UserId, ...]
    ends: tuple[CallEnd, ...]
    joined: tuple[UserId, ...]
    is_group: bool = False
    conversation: ConversationId | None = None
    data: Json = None
    revision: int = 1
    declined: tuple[UserId, ...] = ()
    busy: tuple[UserId, ...] = ()
    silent: tuple[tuple[UserId, DeviceId], ...] = ()
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    reason: CallReason | None = None
    by: UserId | None = None
    gone: tuple[UserId, ...] = ()

    @property
    def people(self) -> tuple[UserId, ...]:
        """Give all whom it ever concerned: the same from its beginning to its end."""
        return (self.caller, *self.users)

    @property
    def concerned(self) -> tuple[UserId, ...]:
        """Give all whom it concerns now."""
        return tuple(user for user in self.people if user not in self.gone)

    @property
    def state(self) -> CallState:
        """Say where it is in its life."""
        if self.ended_at is not None:
            return "ended"
        return "ringing" if self.answered_at is None else "answered"

    def end_of(self, user: UserId) -> CallEnd | None:
        """Give with what a user is in it."""
        return next((end for end in self.ends if end.user == user), None)


def call_id(user: UserId, key: SendKey) -> CallId:
    """Name the call that a user begins under a key: the same key is the same call."""
    return CallId(hashlib.sha256(f"{user}\0{key}".encode()).hexdigest()[:32])


def check_size(value: Json, limit_bytes: int) -> None:
    """Let free values through that are small enough.

    Raises:
        TooLarge: It has more than `limit_bytes` as JSON.
    """
    size = len(msgspec.json.encode(value))
    if size > limit_bytes:
        raise TooLarge(what="data", limit_bytes=limit_bytes, bytes=size)


def take_part(call: Call | None, user: UserId) -> Call:
    """Give a call to one whom it concerns.

    Raises:
        NotFound: There is none, or it does not concern the user.
    """
    if call is None or user not in call.concerned:
        raise NotFound()
    return call


def may_answer(call: Call, user: UserId) -> bool:
    """Say if a user who answers now would be in, and is not yet."""
    may = call.is_group or user in call.ringing
    return may and call.ended_at is None and call.end_of(user) is None


def answer(call: Call | None, now: Instant, end: CallEnd) -> Call:
    """Put a session in, if its user is not in yet: the first who answers is."""
    call = take_part(call, end.user)
    if not may_answer(call, end.user):
        return call
    return structs.replace(
        call,
        ringing=_without(call.ringing, end.user),
        declined=_without(call.declined, end.user),
        joined=call.joined if end.user in call.joined else (*call.joined, end.user),
        ends=(*call.ends, end),
        answered_at=call.answered_at or now,
        revision=call.revision + 1,
    )


def decline(
    call: Call | None,
    now: Instant,
    user: UserId,
    device: DeviceId,
    command: DeclineCall,
    *,
    devices: Collection[DeviceId] = (),
) -> Call:
    """Let a device be silent, or ring a user no more; nobody left to answer ends it.

    `devices` are those of the user that have a connection: when none of them rings any more, a busy one speaks for all.
    """
    call = take_part(call, user)
    if user not in call.ringing:
        return call
    if command.scope == "device":
        call = _silenced(call, user, device)
        if not command.busy or any((user, each) not in call.silent for each in devices):
            return call
    quiet = structs.replace(
        call,
        ringing=_without(call.ringing, user),
        declined=(*call.declined, user),
        busy=(*call.busy, user) if command.busy else call.busy,
        revision=call.revision + 1,
    )
    if quiet.ringing or quiet.answered_at is not None:
        return quiet
    return _over(quiet, now, "busy" if quiet.busy == quiet.declined else "declined", user)


def leave(call: Call | None, now: Instant, user: UserId, session: SessionId | None = None) -> Call:
    """Take a user out, or only that `session` of theirs. The caller of what nobody answered takes it back.

    Raises:
        Invalid: The user is rung, and not in it: that is to be declined.
    """
    call = take_part(call, user)
    end = call.end_of(user)
    if call.ended_at is not None or (session is not None and (end is None or end.session != session)):
        return call
    if end is None:
        if user in call.ringing:
            raise Invalid(field="call", reason="it rings: decline it")
        return call
    if call.answered_at is None:
        return _over(call, now, "cancelled", user)
    return _left(call, now, user, "hung_up")


def lose(call: Call | None, now: Instant, session: SessionId) -> Call | None:
    """Take a session out that is over, or away for too long."""
    end = None if call is None else next((end for end in call.ends if end.session == session), None)
    if call is None or call.ended_at is not None or end is None:
        return call
    if call.answered_at is None:
        return _over(call, now, "failed", end.user)
    return _left(call, now, end.user, "failed")


def put_out(call: Call | None, now: Instant, user: UserId) -> Call | None:
    """Take a user out for good: one who is no member any more of the conversation that is called, or is erased.

    What they said with the ring goes with them.
    """
    if call is None or call.ended_at is not None or user not in call.concerned:
        return call
    left = structs.replace(
        call,
        ringing=_without(call.ringing, user),
        ends=tuple(end for end in call.ends if end.user != user),
        gone=(*call.gone, user),
        data=None if user == call.caller else call.data,
        revision=call.revision + 1,
    )
    is_unheard = left.answered_at is None and (user == left.caller or not left.ringing)
    return _over(left, now, "failed", user) if is_unheard or not left.ends or not left.is_group else left


def stop_ringing(call: Call | None, now: Instant) -> Call | None:
    """Ring nobody any more once it is time; what nobody answered is over."""
    if call is None or not call.ringing or call.ended_at is not None or now < call.rings_until:
        return call
    if call.answered_at is None:
        return _over(call, now, "timeout", None)
    return structs.replace(call, ringing=(), revision=call.revision + 1)


def hand_over(call: Call | None, end: CallEnd) -> Call:
    """Put another session of a user in the place of the one that is in it.

    Raises:
        Invalid: The user is not in it.
    """
    call = take_part(call, end.user)
    held = call.end_of(end.user)
    if call.ended_at is not None or (held is not None and held.session == end.session):
        return call
    if held is None:
        raise Invalid(field="call", reason="not in this call")
    ends = tuple(end if each.user == end.user else each for each in call.ends)
    return structs.replace(call, ends=ends, revision=call.revision + 1)


def route(call: Call | None, user: UserId, session: SessionId, to: SessionId | None) -> CallEnd:
    """Give the end that a session may tell something: the one asked for, or the only other one.

    Raises:
        NotFound: The session is not in it, or nobody is there with the session asked for.
        Invalid: There are several others, and none was asked for.
    """
    call = take_part(call, user)
    if call.ended_at is not None or all(end.session != session for end in call.ends):
        raise NotFound()
    others = [end for end in call.ends if end.session != session and to in {None, end.session}]
    if not others:
        raise NotFound()
    if len(others) > 1:
        raise Invalid(field="session", reason="several are in this call")
    return others[0]


def facts_of(before: Call | None, after: Call) -> tuple[tuple[UserId, CallEnded], ...]:
    """Give what each of its people is to know tomorrow, once it is over, or over for them."""
    if before is not None and before.ended_at is not None:
        return ()
    earlier = () if before is None else before.gone
    over_for = after.people if after.ended_at is not None else after.gone
    told = CallEnded(
        call=after.id,
        caller=after.caller,
        users=after.users,
        media=after.media,
        reason=after.reason or "failed",
        began_at=after.began_at,
        joined=tuple(user for user in after.joined if user != after.caller),
        conversation=after.conversation,
        answered_at=after.answered_at,
        by=after.by,
    )
    # Who was busy on one device heard nothing on the others.
    heard = {after.caller, *after.joined, *after.gone, *(user for user in after.declined if user not in after.busy)}
    left = (user for user in over_for if user not in earlier)
    return tuple((user, structs.replace(told, is_missed=user not in heard)) for user in left)


def rang_out(call: Call, user: UserId) -> RingEnd | None:
    """Say why a call rings for a user no more; None while it does."""
    if user in call.ringing:
        return None
    if user in call.gone:
        return "failed"
    if user in call.joined:
        return "answered"
    if user in call.declined:
        return "busy" if user in call.busy else "declined"
    return call.reason or "timeout"


def view(call: Call, user: UserId) -> CallView:
    """Give a call as one of its people sees it: of others' devices nothing."""
    return CallView(
        call=call.id,
        revision=call.revision,
        state=call.state,
        caller=call.caller,
        users=call.users,
        media=call.media,
        began_at=call.began_at,
        rings_until=call.rings_until,
        conversation=call.conversation,
        data=call.data,
        ringing=call.ringing,
        ends=tuple(
            EndView(end.user, end.session, end.since, end.shown if end.user == user else None) for end in call.ends
        ),
        declined=call.declined,
        silent=tuple(device for whose, device in call.silent if whose == user),
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        reason=call.reason,
        by=call.by,
    )


def _silenced(call: Call, user: UserId, device: DeviceId) -> Call:
    if (user, device) in call.silent:
        return call
    return structs.replace(call, silent=(*call.silent, (user, device)), revision=call.revision + 1)


def _left(call: Call, now: Instant, user: UserId, reason: CallReason) -> Call:
    ends = tuple(end for end in call.ends if end.user != user)
    left = structs.replace(call, ends=ends, revision=call.revision + 1)
    return _over(left, now, reason, user) if not ends or not call.is_group else left


def _over(call: Call, now: Instant, reason: CallReason, by: UserId | None) -> Call:
    return structs.replace(call, ringing=(), ends=(), ended_at=now, reason=reason, by=by, revision=call.revision + 1)


def _without(users: tuple[UserId, ...], user: UserId) -> tuple[UserId, ...]:
    return tuple(each for each in users if each != user)
