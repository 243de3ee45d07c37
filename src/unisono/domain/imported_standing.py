"""Decisions about what users were in conversations that are brought along: roles, restrictions, subscriptions.

Each is taken over once and remembered by a key, as messages are: whoever is let speak again here stays so, however
often the same is brought. Nothing is ever taken away from anybody by it.
"""

from collections.abc import Collection, Sequence
from typing import Final, Literal

from msgspec import Struct, structs

from unisono.domain.conversation import Conversation, Decision, SenderKey, Snapshot, standing
from unisono.domain.facts import ConversationEntered, MemberChanged, MembersRestricted, Restriction, Role
from unisono.domain.ids import (
    IMPORTED,
    ConversationId,
    SendKey,
    Seq,
    UserId,
    UserIdIn,
    conversation_stream,
    user_stream,
)
from unisono.domain.importing import NotTaken, TakenIn, Why, why_not_in
from unisono.domain.kinds import KINDS
from unisono.domain.membership import departure
from unisono.domain.permission import Standing
from unisono.domain.placement import Draft
from unisono.domain.roll import FOR_EVER, restricted_until

Kept = Literal["owner", "manager", "silenced", "blocked", "subscriber"]
_RESTRICTIONS: Final[dict[Kept, Restriction]] = {"silenced": "silenced", "blocked": "blocked"}


class ImportedStanding(Struct, frozen=True, forbid_unknown_fields=True):
    """What a user was in a conversation, beside a member: for ever, where it is a restriction."""

    user: UserIdIn
    what: Kept

    @property
    def key(self) -> SendKey:
        """Give the key by which it is remembered: no message's, since their ids have no spaces."""
        return SendKey(f"{IMPORTED} {self.what}")


def take_standing(
    snapshot: Snapshot,
    conversation: ConversationId,
    given: Sequence[ImportedStanding],
    erased: Collection[UserId] = (),
) -> Decision:
    """Let users be what they were, each once; who was `erased` here is nothing any more."""
    taking = _Taking(snapshot, conversation)
    for each in given:
        if each.user in erased:
            taking.leave(each, "user_erased")
        else:
            taking.take(each)
    answer = TakenIn(taking.placed, taking.known, tuple(taking.not_taken))
    return Decision(tuple(taking.drafts), lambda _: answer)


class _Taking:
    """One such decision while it is made: `snapshot` is as of what was decided so far."""

    def __init__(self, snapshot: Snapshot, name: ConversationId) -> None:
        self.drafts: list[Draft] = []
        self.not_taken: list[NotTaken] = []
        self.placed = self.known = 0
        self._snapshot = snapshot
        self._name = name
        self._taken: set[SenderKey] = set(snapshot.taken)
        self._members = dict(snapshot.memberships)

    def leave(self, given: ImportedStanding, why: Why) -> None:
        self.not_taken.append(NotTaken(self._name, why, id=given.what, user=given.user))

    def take(self, given: ImportedStanding) -> None:
        conversation, why = self._snapshot.conversation, why_not_in(self._snapshot)
        if (given.user, given.key) in self._taken:
            self.known += 1
        elif conversation is None or why is not None:
            self.leave(given, why or "conversation_unknown")
        elif given.what == "subscriber":
            self._subscribe(conversation, given)
        elif not KINDS[conversation.of].has_owner:
            self.leave(given, "kind_without")
        elif (restriction := _RESTRICTIONS.get(given.what)) is not None:
            self._restrict(conversation, given, restriction)
        else:
            self._promote(conversation, given)

    def _subscribe(self, conversation: Conversation, given: ImportedStanding) -> None:
        if KINDS[conversation.of].members != "subscribed":
            self.leave(given, "kind_without")
        elif given.user in self._members:
            # Whoever quits here does not come back by it.
            self.known += 1
        else:
            entered = ConversationEntered(conversation.id, conversation.head.seq, conversation.creator)
            self._taken.add((given.user, given.key))
            self.placed += 1
            self.drafts.append(Draft(user_stream(given.user), entered))

    def _promote(self, conversation: Conversation, given: ImportedStanding) -> None:
        member = self._members.get(given.user)
        if member is None or not member.is_member:
            return self.leave(given, "role_of_stranger")
        if given.what == "owner" and given.user == conversation.creator:
            # They were made its owner when it was brought along: whoever handed it on here does not get it back.
            self.known += 1
            return None
        role: Role = "owner" if given.what == "owner" else "manager"
        if role == "owner" and any(each.is_member and each.role == "owner" for each in self._members.values()):
            if member.role != "owner":
                self.leave(given, "second_owner")
            role = "manager"
        if member.role in {role, "owner"}:
            self._remember(conversation, given, MemberChanged(given.user, by=conversation.creator, role=member.role))
            return None
        self._members[given.user] = structs.replace(member, role=role)
        self._place(conversation, given, MemberChanged(given.user, by=conversation.creator, role=role))
        return None

    def _restrict(self, conversation: Conversation, given: ImportedStanding, what: Restriction) -> None:
        member = self._members.get(given.user)
        if standing(conversation, given.user, member) is Standing.OWNER:
            self.leave(given, "owner_restricted")
            return
        fact = MembersRestricted((given.user,), by=conversation.creator, what=what, is_on=True)
        if member is not None and restricted_until(member, what) == FOR_EVER:
            self._remember(conversation, given, fact)
        else:
            self._place(conversation, given, fact)
            if what == "blocked" and member is not None and member.is_member:
                self._send_away(conversation, given.user)

    def _send_away(self, conversation: Conversation, user: UserId) -> None:
        at = Seq(
            conversation.head.seq + sum(draft.stream == conversation_stream(self._name) for draft in self.drafts) + 1
        )
        gone = departure(self._snapshot, conversation, (user,), by=conversation.creator, at=at)
        self.drafts += [_at(conversation, draft) for draft in gone]
        self._members[user] = structs.replace(self._members[user], until=at, role="member")

    def _remember(
        self, conversation: Conversation, given: ImportedStanding, fact: MemberChanged | MembersRestricted
    ) -> None:
        """Say once more what is so already, for the key: it is not to come back when it is no longer so."""
        self._place(conversation, given, fact)
        self.placed -= 1
        self.known += 1

    def _place(
        self, conversation: Conversation, given: ImportedStanding, fact: MemberChanged | MembersRestricted
    ) -> None:
        self._taken.add((given.user, given.key))
        self.placed += 1
        draft = Draft(conversation_stream(conversation.id), fact, given.user, given.key)
        self.drafts.append(_at(conversation, draft))


def _at(conversation: Conversation, draft: Draft) -> Draft:
    """Let a fact of the conversation be as old as its newest one: messages of the time between still fit behind it."""
    if draft.stream != conversation_stream(conversation.id):
        return draft
    return structs.replace(draft, at=conversation.head.at)
