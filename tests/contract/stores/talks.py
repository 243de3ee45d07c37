"""Conversations to be found: of many kinds, names, attributes and members, the same in every store."""

from itertools import product

from tests.contract.stores import acts
from tests.contract.stores.acts import ANN, BOB, CIM, DAN, QUOTAS, AnyStore, conversation_id
from tests.support.time_and_chance import ManualClock
from unisono.domain import membership
from unisono.domain.commands import CreateConversation, FindConversations
from unisono.domain.conversation import Scope
from unisono.domain.facts import ConversationKind, Joining
from unisono.domain.ids import ConversationId, Json, SendKey, UserId

NAMES = ("tea", "Tea time", "é_%\\", "聊天室", "a\nb", "", None, "tea")
ATTRIBUTES: tuple[dict[str, Json] | None, ...] = (
    None,
    {"colour": "red", "size": 3, "vip": True, "place": {"city": "Köln", "zip": 50667}},
    {"colour": "Red", "size": 2.5, "vip": False, "tags": ["a", "b", 3, True]},
    {"colour": "reddish", "size": "3", "place": "nowhere"},
    {"colour": None, "size": -1, "place": {"city": None}, "tags": []},
    {"colour": "", "size": 0, "vip": 1, "tags": "a", "place": {"zip": 50667.5}},
    {"colour": "\U0010ffff", "size": 2**53 - 1, "place": {"city": {"part": "Ost"}}},
)
MEMBERS: tuple[tuple[UserId, ...], ...] = ((ANN, BOB), (ANN, BOB, CIM), (ANN, DAN), (BOB, CIM), (ANN,))


async def make(
    store: AnyStore,
    number: int,
    *members: UserId,
    name: str | None = "name",
    attributes: dict[str, Json] | None = None,
    of: ConversationKind = "group",
    joining: Joining = "invited",
) -> ConversationId:
    """Make a conversation; the first of the members creates it."""
    creator, room = members[0], conversation_id(number)
    others = () if of == "room" else members[1:]
    command = CreateConversation(
        SendKey(f"make-{number}"),
        of,
        others,
        name,
        attributes,
        unique=None if of in {"room", "direct"} else False,
        joining="open" if of == "room" else joining,
    )
    scope = Scope(users=(creator,), all_members=True, sender=creator, key=command.key)
    await store.log.transact(scope, lambda seen: membership.create(seen, creator, command, room, QUOTAS))
    return room


async def fill(store: AnyStore, clock: ManualClock) -> None:
    """Make one conversation for each pair of attributes and members, with messages in some, and rooms and open ones."""
    for number, (attributes, members) in enumerate(product(ATTRIBUTES, MEMBERS)):
        clock.advance(1)
        name = NAMES[number % len(NAMES)]
        room = await make(store, number, *members, name=name, attributes=attributes)
        for said in range(number % 3):
            clock.advance(0.5)
            await acts.send(store, members[0], f"k{said}", room=room)
        if number % 5 == 1:
            await acts.update(store, members[0], room=room, set={"attr.size": number}, unset=("attr.colour",))
        if number % 4 == 1:
            await acts.set_level(store, members[-1], "none", room)
        if number % 7 == 2:
            await acts.remove(store, members[0], *members[1:2], room=room)
    for number, attributes in enumerate(ATTRIBUTES, 100):
        clock.advance(1)
        await make(store, number, BOB, name="room", attributes=attributes, of="room")
        await make(store, number + 100, BOB, CIM, name="open", attributes=attributes, joining="open")


async def found(store: AnyStore, user: UserId, asked: FindConversations) -> list[int]:
    """Give the numbers of the conversations that a query finds."""
    return [int(room, 16) for room in await store.directory.query(user, asked)]
