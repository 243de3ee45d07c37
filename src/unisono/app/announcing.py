"""What the operator does with users as a whole: conversations they subscribe to, and announcements there."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from unisono.app.audience import Audience
from unisono.app.parts import Parts
from unisono.domain.announcing import Announcement, Founding, announce, found
from unisono.domain.answers import Answer, ConversationView, Count, Placed
from unisono.domain.conversation import Decide, Scope
from unisono.domain.errors import Internal
from unisono.domain.finishing import close
from unisono.domain.ids import NO_SEQ, OPERATOR, ConversationId, UserId, user_stream
from unisono.domain.quotas import Quotas
from unisono.domain.subscribing import admit, dismiss, enroll

ENROLLED_AT_ONCE: Final = 500


class Announcing:
    """The operator's conversations of one app. Refusals are those of `domain.announcing` and `domain.subscribing`."""

    def __init__(self, parts: Parts, quotas: Quotas) -> None:
        self._parts = parts
        self._quotas = quotas

    async def found(self, command: Founding) -> ConversationView:
        """Begin a conversation, or give the one that the same key made before."""
        new_id, quotas = self._parts.entropy.conversation_id(), self._quotas
        answer = await self._place(
            Scope(users=(command.by,), sender=command.by, key=command.key),
            lambda snapshot: found(snapshot, command, new_id, quotas),
        )
        if not isinstance(answer, ConversationView):
            raise Internal()
        return answer

    async def announce(self, conversation: ConversationId, command: Announcement) -> Placed:
        """Say something to all who subscribe, and whoever does later and looks back."""
        scope = Scope(conversation=conversation, sender=OPERATOR, key=command.key)
        answer = await self._place(scope, partial(announce, command=command, limits=self._quotas))
        if not isinstance(answer, Placed):
            raise Internal()
        return answer

    async def subscribe(self, conversation: ConversationId, user: UserId) -> None:
        """Make a user a subscriber, as if they had joined."""
        await self._place(
            Scope(conversation=conversation, users=(user,)),
            partial(admit, user=user),
        )

    async def unsubscribe(self, conversation: ConversationId, user: UserId) -> None:
        """Make a user a subscriber no more."""
        await self._place(
            Scope(conversation=conversation, users=(user,)),
            partial(dismiss, user=user),
        )

    async def end(self, conversation: ConversationId) -> Count:
        """End a conversation of the operator's; give how many subscribers are still to leave. Safe to repeat.

        Nothing is said there from then on, and nobody subscribes; sweeps let the subscribers go, some at a time.
        """
        answer = await self._place(Scope(conversation=conversation), close)
        if not isinstance(answer, Count):
            raise Internal()
        return answer

    async def enroll(self, conversation: ConversationId, user: UserId) -> None:
        """Make a user who never was one a subscriber of what is for all."""
        since = (await self._parts.log.read(user_stream(user), NO_SEQ, 1)).facts
        first_at = since[0].at if since else self._parts.clock.now()
        await self._place(
            Scope(conversation=conversation, users=(user,)),
            partial(enroll, user=user, first_at=first_at),
        )

    async def _place(self, scope: Scope, decide: Decide) -> Answer:
        committed = await self._parts.log.transact(scope, decide)
        self._parts.bus.publish_nowait(committed.facts)
        self._parts.telemetry.count("facts_placed", len(committed.facts))
        return committed.answer


class Enrolling:
    """Subscribes the users who are here to what is for all: at the sweep after they came, or after it began.

    Who is not here is subscribed when they come; what was said from its beginning, or since they are known, waits then.
    """

    def __init__(self, parts: Parts, audience: Audience, announcing: Announcing) -> None:
        self._parts = parts
        self._audience = audience
        self._announcing = announcing
        self._known: frozenset[ConversationId] = frozenset()
        self._done: set[UserId] = set()

    async def sweep(self) -> None:
        """Look at the users here who were not looked at yet.

        Raises:
            UnisonoError: The store is away, or too busy; those that are left have their turn at the next sweep.
        """
        known = frozenset(await self._parts.directory.for_all())
        if known != self._known:
            self._known, self._done = known, set()
        here = self._audience.users() if known else []
        self._done.intersection_update(here)
        left = [user for user in here if user not in self._done]
        for start in range(0, len(left), ENROLLED_AT_ONCE):
            users = left[start : start + ENROLLED_AT_ONCE]
            for conversation in sorted(known):
                await self._enroll(conversation, users)
            self._done.update(users)

    async def _enroll(self, conversation: ConversationId, users: Sequence[UserId]) -> None:
        found = {member.user for member in await self._parts.directory.places(conversation, users)}
        for user in users:
            if user not in found:
                await self._announcing.enroll(conversation, user)
