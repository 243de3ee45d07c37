"""What an embedding program brings along, by name: answers to requests, and hooks."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar, cast

import msgspec
from msgspec import structs

from unisono.domain.errors import Malformed
from unisono.domain.facts import Content
from unisono.domain.ids import Json
from unisono.ports.program import Act, Asker, Sending, When
from unisono.wire.json_values import check_value

Answers = Callable[[Asker, Json], Awaitable[Json]]
Hook = Callable[[Act], Awaitable[Content | None]]
F = TypeVar("F", bound=Callable[..., Awaitable[object]])


class UnreadableError(Exception):
    """A function of the program's gave what could not be told to everybody who is to read it."""


class Handlers:
    """Implements `ports.program.Program` with functions of the program's."""

    def __init__(self) -> None:
        """Begin with none."""
        self._answers: Final[dict[str, Answers]] = {}
        self._hooks: Final[dict[tuple[When, type[Act]], list[Hook]]] = {}

    def put_answers(self, name: str, function: Answers) -> None:
        """Have requests of a name answered by a function, in place of the one before."""
        self._answers[name] = function

    def put_hook(self, when: When, act: type[Act], function: F) -> F:
        """Have a function called before or after acts of a kind, behind those there are."""
        self._hooks.setdefault((when, act), []).append(cast("Hook", function))
        return function

    def listens(self, when: When, act: type[Act]) -> bool:
        """Say if there is a hook."""
        return (when, act) in self._hooks

    async def before(self, act: Act) -> Content | None:
        """Call the hooks; what one makes of a message is what the next one sees.

        Raises:
            UnreadableError: One gave what could not have come over the wire.
        """
        content: Content | None = None
        for hook in self._hooks[("before", type(act))]:
            given = await hook(act if content is None else _saying(act, content))
            if given is not None:
                content = _readable(given, hook)
        return content

    async def after(self, act: Act) -> None:
        """Call the hooks."""
        for hook in self._hooks[("after", type(act))]:
            await hook(act)

    def handles(self, name: str) -> bool:
        """Say if requests of a name are answered."""
        return name in self._answers

    async def handle(self, asker: Asker, name: str, data: Json) -> Json:
        """Call the function that answers.

        Raises:
            UnreadableError: It gave what not every reader keeps.
        """
        answer = await self._answers[name](asker, data)
        try:
            plain: Json = msgspec.json.decode(msgspec.json.encode(answer))
            check_value(plain, "answer")
        except (TypeError, ValueError, OverflowError, Malformed) as problem:
            raise UnreadableError(f"what answers {name!r} gave no JSON that all can read: {problem}") from None
        return plain


def _readable(given: object, hook: Hook) -> Content:
    """Give what a hook makes of a message, if it could have come over the wire."""
    name = getattr(hook, "__qualname__", repr(hook))
    if not isinstance(given, Content):
        raise UnreadableError(f"{name} gave {type(given).__name__}, not Content")
    try:
        check_value(given.attributes, "attributes")
        check_value(given.data, "data")
        return msgspec.convert(msgspec.to_builtins(given), Content)
    except (TypeError, ValueError, Malformed) as problem:
        raise UnreadableError(f"{name} gave what not everybody could read: {problem}") from None


def _saying(act: Act, content: Content) -> Act:
    return structs.replace(act, content=content) if isinstance(act, Sending) else act
