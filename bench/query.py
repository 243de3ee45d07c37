"""(h) Finding conversations by what they are: of one who is in some of them and sees all the rooms.

Of so many conversations half are rooms, which everybody finds, a twentieth are the asker's own groups, and the rest are
groups of others. Each has attributes: a topic out of a thousand, a rank of its own.
"""

from collections.abc import Iterator
from random import Random
from typing import Any, Final

from bench import unisono
from bench.asking import Asker, Question, Times, times_of
from bench.figures import Figure
from bench.grown import Deed, grow
from bench.plan import Plan
from unisono.domain import commands as c
from unisono.domain.ids import SendKey, UserId

ASKER: Final = "asker"
TOPICS: Final = 1_000
FRIENDS: Final = 50
OWN_EVERY: Final = 20
ROOM_EVERY: Final = 2
LIMIT: Final = 10


def measure(plan: Plan) -> list[Figure]:
    """Give the time of each kind of question."""
    with unisono.data_directory() as data:
        plan.say(f"growing {plan.query_conversations:,} conversations")
        grow(data, _conversations(plan.query_conversations))
        with unisono.serving(data) as node:
            plan.say("asking")
            [times] = times_of([Asker(node, ASKER, _questions(plan.query_conversations))], plan.questions)
    return figures_of(times, plan)


def figures_of(times: dict[str, Times], plan: Plan) -> list[Figure]:
    """Make figures of times."""
    among = f"among {plan.query_conversations:,}"
    return [
        Figure(f"{name}, {among}: {share}", value, "ms")
        for name, found in times.items()
        for share, value in (("p50", found.p50), ("p99", found.p99))
    ]


def _conversations(count: int) -> Iterator[Deed]:
    for number in range(count):
        is_mine, is_room = number % OWN_EVERY == 1, number % ROOM_EVERY == 0
        attributes: dict[str, Any] = {"topic": f"t{number % TOPICS}", "rank": number}
        yield (
            UserId(ASKER if is_mine else f"user{number % FRIENDS}"),
            c.CreateConversation(
                SendKey(f"talk-{number}"),
                of="room" if is_room else "group",
                members=() if is_room else (UserId(f"friend{number // OWN_EVERY % FRIENDS}"),),
                name=f"Talk {number}",
                attributes=attributes,
                unique=None if is_room else False,
            ),
        )


def _questions(count: int) -> dict[str, Question]:
    def about(make: Any) -> Question:
        return Question(
            lambda chance: {"op": "query", "limit": LIMIT, **make(chance)}, lambda answer: bool(answer["conversations"])
        )

    def topic(chance: Random) -> dict[str, object]:
        # Even numbers are rooms.
        return {"where": {"is": "equal", "field": "attr.topic", "value": f"t{2 * chance.randrange(TOPICS // 2)}"}}

    def rank(chance: Random) -> dict[str, object]:
        least = chance.randrange(count - 10 * LIMIT)
        between = [
            {"is": "greater_or_equal", "field": "attr.rank", "value": least},
            {"is": "less", "field": "attr.rank", "value": least + 10 * LIMIT},
        ]
        return {"where": {"is": "all", "of": between}, "sort": [{"by": "attr.rank"}]}

    def member(chance: Random) -> dict[str, object]:
        return {"where": {"is": "contains_members", "users": [f"friend{chance.randrange(FRIENDS)}"]}}

    def name(chance: Random) -> dict[str, object]:
        return {"where": {"is": "starts_with", "field": "name", "text": f"Talk {chance.randrange(10, 100)}"}}

    return {
        "by an attribute": about(topic),
        "by a range of an attribute, sorted by it": about(rank),
        "by member": about(member),
        "by the beginning of the name": about(name),
        "the 10 newest": about(lambda _: {}),
    }
