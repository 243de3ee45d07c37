"""What an embedding program brings along, by name: answers to requests, and hooks."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar, cast

from msgspec import structs

from unisono.domain.facts import Content
from unisono.domain.ids import Json
from unisono.ports.program import Act, Asker, Sending, When

Answers = Callable[[Asker, Json], Awaitable[Json]]
Hook = Callable[[Act], Awaitable[Content | None]]
F = TypeVar("F", bound=Callable[..., Awaitable[object]])


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
        """Call the hooks; what one makes of a message is what the next one sees."""
        content: Content | None = None
        for hook in self._hooks[("before", type(act))]:
            content = await hook(act if content is None else _saying(act, content)) or content
        return content

    async def after(self, act: Act) -> None:
        """Call the hooks."""
        for hook in self._hooks[("after", type(act))]:
            await hook(act)

    def handles(self, name: str) -> bool:
        """Say if requests of a name are answered."""
        return name in self._answers

    async def handle(self, asker: Asker, name: str, data: Json) -> Json:
        """Call the function that answers."""
        return await self._answers[name](asker, data)


def _saying(act: Act, content: Content) -> Act:
    return structs.replace(act, content=content) if isinstance(act, Sending) else act
