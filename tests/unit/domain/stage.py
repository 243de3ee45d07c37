"""A conversation to decide about, as a store would load it."""

from unisono.domain.conversation import Conversation, Decision, Membership, Snapshot
from unisono.domain.facts import ConversationKind
from unisono.domain.ids import ConversationId, Epoch, Instant, Seq, UserId
from unisono.domain.placement import Head, Place

NOW = Instant(5_000)
ROOM = ConversationId("room")
ANN, BOB, CAT, DAN, EVE = (UserId(name) for name in ("ann", "bob", "cat", "dan", "eve"))


def group(*members: UserId, of: ConversationKind = "group", head: int = 10) -> Conversation:
    """Make a conversation of so many members."""
    return Conversation(
        id=ROOM,
        of=of,
        creator=ANN,
        created_at=Instant(1_000),
        updated_at=Instant(2_000),
        head=Head(Epoch(1), Seq(head), Instant(3_000)),
        member_count=len(members),
        name="tea",
        attributes={"colour": "green"},
    )


def snapshot(
    *members: UserId, former: tuple[UserId, ...] = (), of: ConversationKind = "group", read: int = 0
) -> Snapshot:
    """Make what a decision sees: `ROOM` with these members, and some who left at seq 6."""
    memberships = {user: Membership(user, since=Seq(1), read=Seq(read)) for user in members}
    memberships |= {user: Membership(user, since=Seq(1), until=Seq(6)) for user in former}
    return Snapshot(now=NOW, conversation=group(*members, of=of), memberships=memberships)


def places(decision: Decision, first: int = 11) -> list[Place]:
    """Give places to the drafts of a decision, from `first` on in each stream."""
    heads: dict[str, int] = {}
    given = []
    for draft in decision.drafts:
        seq = heads[draft.stream] = heads.get(draft.stream, first - 1) + 1
        given.append(Place(draft.stream, Epoch(1), Seq(seq), NOW))
    return given
