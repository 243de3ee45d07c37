"""What messages say, as classes: the built-in kinds, and the base of a program's own.

On the wire a message has a `Content`. A body is the same with names and types: fields other than `text`, `attributes`
and `binary` travel in the content's `data` under their own names.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Self, TypeVar, cast, dataclass_transform

from unisono_sdk.errors import InvalidArgument, ProtocolFault
from unisono_sdk.facts import Content, Json
from unisono_sdk.structure import read, write

B = TypeVar("B", bound="Body")

OWN: Final = ("text", "attributes", "binary")
"""Fields that a content has of its own, whatever its type."""
NUMBER_MAX: Final = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Body:
    """What a message says. `attributes` go with any type; see `body` for how to make a class of one's own."""

    number: ClassVar[int] = 0
    """The type number: negative for the built-in ones, positive for a program's own."""
    text: str | None = None
    attributes: Mapping[str, Json] | None = None

    def to_content(self) -> Content:
        """Give it as it travels. Fields that have their default, and attributes of no dataclass field, do not."""
        plain = cast("dict[str, object]", write(self))
        own = {name: getattr(self, name) for name in OWN if plain.pop(name, None) is not None}
        return Content(type=self.number, data=plain or None, **own)

    @classmethod
    def from_content(cls, content: Content) -> Self:
        """Make one of what came.

        Raises:
            ProtocolFault: Something is missing, or is of another type; what is more is passed over.
        """
        own = {name: value for name in OWN if (value := getattr(content, name)) is not None}
        return read(cls, {**(content.data or {}), **_readable(own)}, "$.data")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def body(number: int) -> Callable[[type[B]], type[B]]:
    """Make a class derived from `Body`, or from one of its kinds, the body of another type; as a decorator or a call.

    The class becomes a frozen dataclass with keyword arguments. Its annotated fields travel, if they are texts,
    numbers, booleans, mappings, tuples of one kind, dataclasses of such, or `object` for any JSON; other attributes do
    not. Have a client know it with `Unisono.register` or a plugin's `bodies`.

    Args:
        number: The type number, 1 to 2,147,483,647.

    Raises:
        InvalidArgument: The number is not a program's own.
    """
    if not 1 <= number <= NUMBER_MAX:
        raise InvalidArgument(f"types of one's own have numbers from 1 to {NUMBER_MAX}, not {number}")

    def make(cls: type[B]) -> type[B]:
        made = dataclass(frozen=True, kw_only=True)(cls)
        made.number = number
        return made

    return make


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that lies elsewhere. `size` is in bytes, `width` and `height` in pixels, `duration` in seconds."""

    url: str
    name: str | None = None
    mime: str | None = None
    size: int | None = None
    width: int | None = None
    height: int | None = None
    duration: float | int | None = None
    id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Text(Body):
    """A text."""

    number: ClassVar[int] = -1


@dataclass(frozen=True, kw_only=True)
class File(Body):
    """A file, `text` beside it."""

    number: ClassVar[int] = -6
    file: Attachment


@dataclass(frozen=True, kw_only=True)
class Image(File):
    """An image."""

    number: ClassVar[int] = -2


@dataclass(frozen=True, kw_only=True)
class Audio(File):
    """A recording of sound."""

    number: ClassVar[int] = -3


@dataclass(frozen=True, kw_only=True)
class Video(File):
    """A recording of pictures."""

    number: ClassVar[int] = -4


@dataclass(frozen=True, kw_only=True)
class Location(Body):
    """A place, in degrees (WGS 84)."""

    number: ClassVar[int] = -5
    latitude: float | int
    longitude: float | int


@dataclass(frozen=True, kw_only=True)
class Unknown(Body):
    """A body of a type that nobody registered, or one that could not be read; then `reason` says why."""

    content: Content
    reason: str | None = None

    def to_content(self) -> Content:
        """Give it as it came."""
        return self.content


BUILT_IN: Final[tuple[type[Body], ...]] = (Text, Image, Audio, Video, Location, File)


class Bodies:
    """The classes that a program knows, by their type numbers."""

    def __init__(self) -> None:
        self._classes = {known.number: known for known in BUILT_IN}

    def register(self, *bodies: type[Body]) -> None:
        """Know classes made with `body`. The last one of a number counts.

        Raises:
            InvalidArgument: A class has no number of its own.
        """
        for known in bodies:
            if not 1 <= known.number <= NUMBER_MAX:
                raise InvalidArgument(f"{known.__name__} has no type number of its own: make it with `body`")
        self._classes.update({known.number: known for known in bodies})

    def parse(self, content: Content) -> Body:
        """Give what came as one of the known classes, or as `Unknown`."""
        known = self._classes.get(content.type)
        if known is None:
            return Unknown(text=content.text, attributes=content.attributes, content=content)
        try:
            return known.from_content(content)
        except (ProtocolFault, TypeError, ValueError) as problem:
            return Unknown(text=content.text, attributes=content.attributes, content=content, reason=str(problem))


def as_content(said: "str | Content | Body") -> Content:
    """Give what a program wants to say as it travels."""
    if isinstance(said, str):
        return Content(text=said)
    return said.to_content() if isinstance(said, Body) else said


def _readable(own: Mapping[str, object]) -> Mapping[str, object]:
    """Give a content's own fields as plain values."""
    return {name: write(value) for name, value in own.items()}
