"""What a caller may do to the conversation that a decision is about, as of its snapshot."""

from collections.abc import Iterable
from typing import Final

from unisono.domain.commands import Command
from unisono.domain.conversation import Conversation, Membership, Snapshot, standing
from unisono.domain.errors import Forbidden, NotFound
from unisono.domain.ids import Instant, UserId
from unisono.domain.kinds import KINDS
from unisono.domain.permission import RULES, About, RuleName, Standing, check, check_role
from unisono.domain.ties import EVERYBODY

UNHEARD: Final = "not heard by them"
"""Why somebody does not reach a user who blocks them, or who hears from contacts alone."""


def permit(command: type[Command], snapshot: Snapshot, caller: UserId) -> Conversation:
    """Give the conversation a command is about, if the caller may do this to it.

    Raises:
        NotFound: There is none, or the caller may not know of it.
        Forbidden: The kind of conversation or its rules do not allow it, the caller is blocked or silenced, it is a
            room in which the caller is not, a direct one with somebody who hears nothing from them, or a thread that is
            not theirs to rule.
    """
    conversation = snapshot.conversation
    if conversation is None:
        raise NotFound()
    membership = snapshot.memberships.get(caller)
    of, about = _as_of_now(snapshot, conversation, caller)
    if RULES[command].rules_threads and conversation.parent is not None and of is not Standing.OPERATOR:
        of = _ruling(snapshot, conversation, caller, of)
    check(command, of, about, is_present=snapshot.is_present)
    if of is Standing.OPERATOR:
        check_lasts(command, conversation, snapshot.now)
    elif RULES[command].speaks:
        for each in (membership, snapshot.above.get(caller)):
            if each is not None:
                check_speaks(each, snapshot.now)
        if snapshot.listener is not None:
            check_heard(snapshot, caller, snapshot.listener)
    return conversation


def standing_now(snapshot: Snapshot, conversation: Conversation, caller: UserId) -> Standing:
    """Say what the caller of a command is to the conversation that it is about."""
    if snapshot.is_operator:
        return Standing.OPERATOR
    return standing(conversation, caller, snapshot.memberships.get(caller))


def _is_above(snapshot: Snapshot, user: UserId) -> bool:
    """Say if a user is in the group that a thread is under."""
    above = snapshot.above.get(user)
    return above is not None and above.is_member


def _ruling(snapshot: Snapshot, thread: Conversation, caller: UserId, of: Standing) -> Standing:
    """Give the standing of who may rule a thread, whether or not they are in it; who is out of the group may not.

    Raises:
        Forbidden: It is for others to rule.
    """
    if thread.is_over(snapshot.now) or not _is_above(snapshot, caller):
        return of
    if caller == thread.creator or snapshot.above[caller].role != "member":
        return Standing.MANAGER
    raise Forbidden(reason="for who began the thread, and who manages the group")


def check_lasts(command: type[Command], conversation: Conversation, now: Instant) -> None:
    """Let through what the operator may do to a conversation, as it is now.

    Raises:
        Forbidden: It is over, or its members are gone: it may have been dissolved, and is not to come back.
    """
    is_deserted = conversation.member_count == 0 and KINDS[conversation.of].members in {"fixed", "changing"}
    if (is_deserted or conversation.is_over(now)) and not RULES[command].outlasts:
        raise Forbidden(reason="the conversation is over")


def check_speaks(membership: Membership, now: Instant) -> None:
    """Let through who may speak.

    Raises:
        Forbidden: The user is silenced, or blocked in a room that they are still in.
    """
    if membership.is_silenced(now):
        raise Forbidden(reason="silenced", until=membership.silenced_until or 0)
    check_not_blocked(membership, now)


def check_not_blocked(membership: Membership, now: Instant) -> None:
    """Let through who is not blocked.

    Raises:
        Forbidden: The user is.
    """
    if membership.is_blocked(now):
        raise Forbidden(reason="blocked", until=membership.blocked_until or 0)


def check_heard(snapshot: Snapshot, speaker: UserId, listener: UserId, *, is_direct: bool = True) -> None:
    """Let a user reach another, in a direct conversation or not.

    Raises:
        Forbidden: The other blocks them, or hears from contacts alone, as all do in direct conversations where the app
            has it so: the same answer.
    """
    tie = snapshot.tie(listener, speaker)
    hears_contacts = snapshot.tie(listener, EVERYBODY).is_blocked or (is_direct and snapshot.writing == "contacts")
    if tie.is_blocked or (hears_contacts and tie.state != "friend"):
        raise Forbidden(reason=UNHEARD, user=listener)


def check_willing(snapshot: Snapshot, caller: UserId, users: Iterable[UserId], *, is_direct: bool = False) -> None:
    """Let a user bring others into a conversation; into a direct one where they hear from the user.

    Raises:
        Forbidden: One of them blocks the caller, or is not heard from.
    """
    for user in users:
        if user != caller and not snapshot.is_operator:
            check_heard(snapshot, caller, user, is_direct=is_direct)


def _as_of_now(snapshot: Snapshot, conversation: Conversation, caller: UserId) -> tuple[Standing, About]:
    """Give what a caller is to a conversation and what holds in it.

    To one that is over nobody belongs, nor to a thread who is out of its group: from that moment on, although it may
    not have been noted yet.
    """
    of = standing_now(snapshot, conversation, caller)
    is_outside = conversation.parent is not None and not _is_above(snapshot, caller)
    if of is Standing.OPERATOR or not (is_outside or conversation.is_over(snapshot.now)):
        return of, conversation.about
    return Standing.STRANGER if of is Standing.STRANGER else Standing.FORMER, About(conversation.of)


def permit_by(rule: RuleName, snapshot: Snapshot, conversation: Conversation, caller: UserId) -> None:
    """Let a caller do what a rule of the conversation says.

    Raises:
        Forbidden: It asks for a higher role.
    """
    if KINDS[conversation.of].has_owner:
        check_role(rule, standing_now(snapshot, conversation, caller), conversation.rules)
