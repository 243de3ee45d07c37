"""What contacts are, said as simply as can be: two sets of pairs, whom one blocks, and what was noted."""

from typing import Final

from unisono.domain import commands as c
from unisono.domain.contact_facts import (
    ContactAgreed,
    ContactDeclined,
    ContactInvited,
    ContactRemoved,
    RemarkSet,
    UsersBlocked,
    UsersUnblocked,
)

Seen = tuple[str, bool, str | None, str | None]
Pair = tuple[str, str]


class ContactModel:
    """All users at once. `sent` are invitations as their senders know them, `got` as those know them who were asked."""

    def __init__(self, limit: int) -> None:
        self._limit: Final = limit
        self._friends: set[frozenset[str]] = set()
        self._sent: dict[Pair, str | None] = {}
        self._got: dict[Pair, str | None] = {}
        self._blocks: set[Pair] = set()
        self._remarks: dict[Pair, str] = {}

    def do(self, user: str, command: c.Command) -> str:
        """Carry out what a user asks and give what comes of it."""
        match command:
            case c.InviteContact(user=other, message=message):
                return self._invite(user, other, message)
            case c.AcceptContact(user=other):
                if self._are_friends(user, other):
                    return "done"
                return self._befriend(user, other) if (other, user) in self._got else "not_found"
            case c.DeclineContact(user=other):
                return self._decline(user, other)
            case c.RemoveContact(user=other):
                self._remove(user, other)
            case c.RemarkContact(user=other, remark=remark):
                return self._remark(user, other, remark)
            case c.BlockUsers(users=users):
                return self._block(user, users)
            case c.UnblockUsers(users=users):
                self._blocks.difference_update((user, other) for other in users)
            case _:
                raise AssertionError(command)
        return "done"

    def _decline(self, user: str, other: str) -> str:
        if (other, user) in self._got:
            del self._got[other, user], self._sent[other, user]
        return "conflict" if self._are_friends(user, other) else "done"

    def _remove(self, user: str, other: str) -> None:
        self._friends.discard(frozenset((user, other)))
        for kept in (self._sent, self._got):
            kept.pop((user, other), None)
        for pair in ((user, other), (other, user)):
            self._remarks.pop(pair, None)

    def _remark(self, user: str, other: str, remark: str | None) -> str:
        if not self._are_friends(user, other):
            return "not_found"
        self._remarks.pop((user, other), None)
        if remark:
            self._remarks[user, other] = remark
        return "done"

    def _invite(self, user: str, other: str, message: str | None) -> str:
        if self._are_friends(user, other):
            return "done"
        if (user, other) in self._blocks:
            return "forbidden"
        if (other, user) in self._sent:
            return self._befriend(user, other)
        is_new, is_heard = (user, other) not in self._sent, (user, other) in self._got
        if is_new and sum(sender == user for sender, _ in self._sent) >= self._limit:
            return "limit_reached"
        if not is_heard and sum(asked == other for _, asked in self._got) >= self._limit:
            return "limit_reached"
        if is_new:
            self._sent[user, other] = message
        if not is_heard and (other, user) not in self._blocks:
            self._got[user, other] = message
        return "done"

    def _befriend(self, user: str, other: str) -> str:
        if any(sum(each in pair for pair in self._friends) >= self._limit for each in (user, other)):
            return "limit_reached"
        for pair in ((user, other), (other, user)):
            self._sent.pop(pair, None)
            self._got.pop(pair, None)
        self._friends.add(frozenset((user, other)))
        return "done"

    def _block(self, user: str, others: tuple[str, ...]) -> str:
        new = {(user, other) for other in others} - self._blocks
        if new and sum(blocker == user for blocker, _ in self._blocks) + len(new) > self._limit:
            return "limit_reached"
        self._blocks |= new
        for _, other in new:
            self._got.pop((other, user), None)
        return "done"

    def _are_friends(self, user: str, other: str) -> bool:
        return frozenset((user, other)) in self._friends

    def seen_by(self, user: str) -> dict[str, Seen]:
        """Give what others are to a user, in the user's eyes."""
        known = {other for pair in self._friends if user in pair for other in pair if other != user}
        known |= {other for sender, other in (*self._sent, *self._blocks) if sender == user}
        known |= {sender for sender, asked in self._got if asked == user}
        return {other: self._tie(user, other) for other in known}

    def _tie(self, user: str, other: str) -> Seen:
        is_blocked, remark = (user, other) in self._blocks, self._remarks.get((user, other))
        if self._are_friends(user, other):
            return "friend", is_blocked, remark, None
        if (user, other) in self._sent:
            return "invited", is_blocked, remark, self._sent[user, other]
        if (other, user) in self._got:
            return "asked", is_blocked, remark, self._got[other, user]
        return "none", is_blocked, remark, None

    def listed(self, user: str, which: str) -> list[str]:
        """Give whom a listing names."""
        state = {"contacts": "friend", "received": "asked", "sent": "invited"}.get(which)
        return [other for other, tie in self.seen_by(user).items() if (tie[1] if state is None else tie[0] == state)]


class Ledger:
    """What a session makes of the facts of its user's stream, and of nothing else."""

    def __init__(self, user: str) -> None:
        self._user: Final = user
        self._states: dict[str, str] = {}
        self._blocked: set[str] = set()
        self._remarks: dict[str, str] = {}

    def take(self, fact: object) -> None:
        """Hear of one more."""
        match fact:
            case ContactInvited(user=other, by=by):
                self._states[other] = "invited" if by == self._user else "asked"
            case ContactAgreed(user=other):
                self._states[other] = "friend"
            case ContactDeclined(user=other) | ContactRemoved(user=other):
                self._states.pop(other, None)
                self._remarks.pop(other, None)
            case RemarkSet(user=other, remark=remark):
                self._remarks.pop(other, None)
                if remark is not None:
                    self._remarks[other] = remark
            case UsersBlocked(users=users):
                self._blocked.update(users)
                self._states = {
                    other: state for other, state in self._states.items() if other not in users or state != "asked"
                }
            case UsersUnblocked(users=users):
                self._blocked.difference_update(users)
            case _:
                pass

    @property
    def ties(self) -> dict[str, tuple[str, bool, str | None]]:
        """Give what others are to the user by it."""
        return {
            other: (self._states.get(other, "none"), other in self._blocked, self._remarks.get(other))
            for other in {*self._states, *self._blocked}
        }
