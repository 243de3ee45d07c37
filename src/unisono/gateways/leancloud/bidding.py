"""What handlers have in common: how they ask, and what a fault is called where an operation has a number of its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

from unisono.domain import commands as c
from unisono.domain.answers import Answer, ConversationView
from unisono.domain.errors import Forbidden, Internal, NotFound, UnisonoError
from unisono.domain.ids import ConversationId, UserId
from unisono.gateways.leancloud.asking import Asker, Refused
from unisono.wire.leancloud.checking import checked
from unisono.wire.leancloud.codes import ERRORS, error_of
from unisono.wire.leancloud.places import conversation_of
from unisono.wire.leancloud.realtime_pb2 import ErrorCommand

STRANGER: Final = 4317
"""Who asks is no member of what they may know of."""
NOT_NORMAL: Final = 4314

A = TypeVar("A", bound=Answer)


def named(cid: str) -> ConversationId:
    """Give the conversation that a client names.

    Raises:
        NotFound: No conversation can have that name.
    """
    conversation = conversation_of(cid)
    if conversation is None:
        raise NotFound()
    return conversation


async def ask(asker: Asker, command: c.Command, answer: type[A]) -> A:
    """Carry out a command within its limits, and give the answer, which is of one kind.

    Raises:
        UnisonoError: It was not carried out.
    """
    found = await asker.ask(checked(command))
    if not isinstance(found, answer):
        raise Internal(reason="an answer of another kind")
    return found


async def look_up(asker: Asker, conversation: ConversationId) -> ConversationView:
    """Give a conversation that the client may know of.

    Raises:
        NotFound: There is none.
    """
    return await ask(asker, c.GetConversation(conversation), ConversationView)


async def ask_as_member(
    asker: Asker, command: c.Command, answer: type[A], conversation: ConversationId, *, otherwise: int = STRANGER
) -> A:
    """Ask what members may. Who is none, but may know of the conversation, is refused by a number of its own.

    Raises:
        NotFound: There is no such conversation for the client.
        Refused: The client is no member.
    """
    try:
        return await ask(asker, command, answer)
    except NotFound:
        await look_up(asker, conversation)
        raise Refused(ERRORS[otherwise]) from None


@contextmanager
def called(numbers: Mapping[str, int]) -> Iterator[None]:
    """Call faults by the numbers that an operation has for them: by code, or by code and reason, `forbidden: blocked`.

    Raises:
        Refused: A fault that has a number here.
    """
    try:
        yield
    except UnisonoError as fault:
        number = numbers.get(f"{fault.code}: {fault.numbers.get('reason')}", numbers.get(fault.code))
        if number is None:
            raise
        raise Refused(ERRORS[number], fault.message) from fault


class Outcome:
    """What became of users of whom some could be refused by themselves."""

    def __init__(self, users: Sequence[UserId]) -> None:
        """Begin with all of them allowed."""
        self.allowed: list[UserId] = list(dict.fromkeys(users))
        self._refused: dict[int, list[UserId]] = {}

    def refuse(self, user: UserId, number: int) -> None:
        """Take one out."""
        self.allowed.remove(user)
        self._refused.setdefault(number, []).append(user)

    def failed(self) -> list[ErrorCommand]:
        """Give those who were refused, by their number."""
        return [
            ErrorCommand(code=number, reason=ERRORS[number].name, pids=users) for number, users in self._refused.items()
        ]


async def ask_for_each(
    asker: Asker,
    outcome: Outcome,
    command: Callable[[tuple[UserId, ...]], c.Command],
    number_of: Callable[[UserId, Forbidden], int | None],
) -> None:
    """Do to users what a command does to all or none: without those for whom it is refused.

    Each attempt counts against the client's rate, so there are not too many.

    Raises:
        UnisonoError: It is refused whoever the users are.
    """
    while outcome.allowed:
        try:
            await asker.ask(checked(command(tuple(outcome.allowed))))
        except Forbidden as fault:
            user = UserId(str(fault.numbers.get("user", "")))
            if user not in outcome.allowed:
                raise
            outcome.refuse(user, number_of(user, fault) or error_of(fault).code)
        else:
            return
