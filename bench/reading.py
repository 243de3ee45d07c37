"""(g) Reading from what has grown: pages of history and of the list of conversations, with ten times less beside it.

A page is read by its place, so what lies before and behind it should not matter. What is sorted by the last message is
the exception: no index could follow that for every member of a group without a write for each of them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from random import Random
from typing import Any, Final

from bench import unisono
from bench.asking import Asker, Question, Times, times_of
from bench.figures import Figure, Goal, compared, judged
from bench.grown import Deed, grow, messages
from bench.plan import Plan
from unisono.clock import SystemClock
from unisono.domain import commands as c
from unisono.domain.ids import ConversationId, SendKey, UserId

TENTH: Final = 10
PAGE: Final = 100
LATEST: Final = 20
READER: Final = "reader"
FRIENDS: Final = 50
FLAT: Final = Goal("ratio", "at most", 1.3)
OF_MESSAGES: Final = ("the newest 100 messages", "100 messages from anywhere", "100 messages before a moment")
SORTED: Final = "the 20 conversations spoken in last"
"""All conversations of the user must be looked at for it, so it grows with them; there is no goal."""
OF_TALKS: Final = ("100 from anywhere in the list of conversations", SORTED)


def measure(plan: Plan) -> list[Figure]:
    """Give the times of pages from much, and how they compare with those from a tenth of it."""
    with (
        _reader(plan, plan.history_messages // TENTH, plan.talks // TENTH) as few,
        _reader(plan, plan.history_messages, plan.talks) as many,
    ):
        tenth, whole = times_of([few, many], plan.questions)
    return figures_of(tenth, whole, plan)


def figures_of(tenth: dict[str, Times], whole: dict[str, Times], plan: Plan) -> list[Figure]:
    """Make figures of times."""
    figures: list[Figure] = []
    for names, much in ((OF_MESSAGES, plan.history_messages), (OF_TALKS, plan.talks)):
        for name in names:
            p50 = compared(Figure(f"{name}, of {much:,}: p50", whole[name].p50, "ms"), "a tenth", tenth[name].p50)
            p99 = compared(Figure(f"{name}, of {much:,}: p99", whole[name].p99, "ms"), "a tenth", tenth[name].p99)
            figures += [p50 if name == SORTED else judged(p50, FLAT), p99]
    return figures


@contextmanager
def _reader(plan: Plan, said: int, talks: int) -> Iterator[Asker]:
    """Serve a user who is in so many conversations, in one of which so much was said."""
    with unisono.data_directory() as data:
        plan.say(f"growing {talks:,} conversations and {said:,} messages")
        made = grow(data, _conversations(talks))
        begun = SystemClock().now()
        grow(data, messages(made[talks // 2], READER, said))
        ended = SystemClock().now()
        grow(data, (deed for talk in made[:LATEST] for deed in messages(talk, READER, 1)))
        with unisono.serving(data) as node:
            plan.say("asking")
            yield Asker(node, READER, _questions(made, made[talks // 2], said, (begun, ended)))


def _conversations(count: int) -> Iterator[Deed]:
    for number in range(count):
        members = (UserId(f"friend{number % FRIENDS}"),)
        yield UserId(READER), c.CreateConversation(SendKey(f"talk-{number}"), members=members, unique=False)


def _questions(
    talks: list[ConversationId], talk: ConversationId, said: int, between: tuple[int, int]
) -> dict[str, Question]:
    history = {"op": "history", "conversation": talk, "limit": PAGE}
    latest = {"op": "query", "limit": LATEST, "compact": True, "with_last": True}
    return dict(
        zip(
            (*OF_MESSAGES, *OF_TALKS),
            (
                Question(lambda _: history, _is_full),
                Question(lambda chance: {**history, "before": chance.randint(2 * PAGE, said)}, _is_full),
                Question(lambda chance: {**history, "before_at": chance.randint(*between)}, _is_page),
                Question(lambda chance: _listing(chance, talks), _is_listed),
                Question(lambda _: latest, lambda answer: len(answer["conversations"]) == LATEST),
            ),
            strict=True,
        )
    )


def _listing(chance: Random, talks: list[ConversationId]) -> dict[str, object]:
    after = talks[chance.randrange(len(talks) - PAGE)]
    return {"op": "conversations", "after": after, "limit": PAGE}


def _is_full(answer: Mapping[str, Any]) -> bool:
    return len(answer["messages"]) == PAGE


def _is_page(answer: Mapping[str, Any]) -> bool:
    return "messages" in answer


def _is_listed(answer: Mapping[str, Any]) -> bool:
    return len(answer["conversations"]) == PAGE
