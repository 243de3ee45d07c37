"""A conversation to decide about, as a store would load it."""

from unisono.domain.conversation import Conversation, Decision, Membership, Snapshot
from unisono.domain.facts import ConversationKind, Joining, Role, Rules
from unisono.domain.ids import ConversationId, Epoch, Instant, Seq, UserId
from unisono.domain.placement import Head, Place

NOW = Instant(5_000)
ROOM = ConversationId("room")
DEFAULT_RULES = Rules()
ANN, BOB, CAT, DAN, EVE = (UserId(name) for name in ("ann", "bob", "cat", "dan", "eve"))


def group(
    *members: UserId,
    of: ConversationKind = "group",
    head: int = 10,
    joining: Joining = "invited",
    rules: Rules = DEFAULT_RULES,
) -> Conversation:
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
        joining=joining,
        rules=rules,
        audience="subscribers" if of == "service" else None,
    )


def snapshot(
    *members: UserId,
    former: tuple[UserId, ...] = (),
    managers: tuple[UserId, ...] = (),
    others: tuple[Membership, ...] = (),
    of: ConversationKind = "group",
    read: int = 0,
    joining: Joining = "invited",
    rules: Rules = DEFAULT_RULES,
) -> Snapshot:
    """Make what a decision sees: `ROOM` with these members, and some who left at seq 6; Ann owns a group."""

    def role(user: UserId) -> Role:
        if user in managers:
            return "manager"
        return "owner" if user == ANN and of == "group" else "member"

    memberships = {user: Membership(user, since=Seq(1), read=Seq(read), role=role(user)) for user in members}
    memberships |= {user: Membership(user, since=Seq(1), until=Seq(6)) for user in former}
    memberships |= {other.user: other for other in others}
    talk = group(*members, of=of, joining=joining, rules=rules)
    return Snapshot(now=NOW, conversation=talk, memberships=memberships)


def places(decision: Decision, first: int = 11) -> list[Place]:
    """Give places to the drafts of a decision, from `first` on in each stream."""
    heads: dict[str, int] = {}
    given = []
    for draft in decision.drafts:
        seq = heads[draft.stream] = heads.get(draft.stream, first - 1) + 1
        given.append(Place(draft.stream, Epoch(1), Seq(seq), NOW))
    return given
