"""What must hold of a conversation that a query is to find."""

from collections.abc import Mapping
from dataclasses import dataclass

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as the protocol says it.

    `one & other` holds where both do, `one | other` where one of them does, `~one` where it does not.
    """

    plain: Mapping[str, object]

    def __and__(self, other: "Condition") -> "Condition":
        """Give what holds where both do."""
        return Condition({"is": "all", "of": (*self._parts("all"), *other._parts("all"))})

    def __or__(self, other: "Condition") -> "Condition":
        """Give what holds where one of them does."""
        return Condition({"is": "any", "of": (*self._parts("any"), *other._parts("any"))})

    def __invert__(self) -> "Condition":
        """Give what holds where this one does not."""
        return Condition({"is": "not", "of": self.plain})

    def _parts(self, of: str) -> tuple[object, ...]:
        inner = self.plain["of"] if self.plain["is"] == of else (self.plain,)
        return inner if isinstance(inner, tuple) else (inner,)


@dataclass(frozen=True, slots=True)
class Field:
    """Something of a conversation that can be asked for; made by `field`.

    Values are compared within their kind: a text with texts by their characters, a number with numbers. What is of
    another kind, or no value at all, is neither equal nor less nor greater.
    """

    name: str

    def equal(self, value: Value) -> Condition:
        """Hold where it has this value."""
        return self._condition("equal", value=value)

    def not_equal(self, value: Value) -> Condition:
        """Hold where it has another value, or none."""
        return self._condition("not_equal", value=value)

    def less(self, value: Value) -> Condition:
        """Hold where it has a lower value."""
        return self._condition("less", value=value)

    def less_or_equal(self, value: Value) -> Condition:
        """Hold where it has this value or a lower one."""
        return self._condition("less_or_equal", value=value)

    def greater(self, value: Value) -> Condition:
        """Hold where it has a higher value."""
        return self._condition("greater", value=value)

    def greater_or_equal(self, value: Value) -> Condition:
        """Hold where it has this value or a higher one."""
        return self._condition("greater_or_equal", value=value)

    def one_of(self, *values: Value) -> Condition:
        """Hold where it has one of these values (up to 100)."""
        return self._condition("one_of", values=values)

    def has(self, *values: Value) -> Condition:
        """Hold where it has one of these values (up to 100), or is a list with one of them in it."""
        return self._condition("has", values=values)

    def contains(self, text: str) -> Condition:
        """Hold where it is a text with this one in it."""
        return self._condition("contains", text=text)

    def starts_with(self, text: str) -> Condition:
        """Hold where it is a text that starts with this one."""
        return self._condition("starts_with", text=text)

    def ends_with(self, text: str) -> Condition:
        """Hold where it is a text that ends with this one."""
        return self._condition("ends_with", text=text)

    def matches(self, pattern: str, *, ignore_case: bool = False) -> Condition:
        """Hold where it is a text in which a regular expression is found; the protocol page tells its grammar."""
        more = {"ignore_case": True} if ignore_case else {}
        return self._condition("matches", pattern=pattern, **more)

    def exists(self) -> Condition:
        """Hold where it has a value that is not null."""
        return self._condition("exists")

    def missing(self) -> Condition:
        """Hold where it has no value, or null."""
        return self._condition("missing")

    def size(self, count: int) -> Condition:
        """Hold where it is a list of so many values; of the attributes alone."""
        return self._condition("size", count=count)

    def includes(self, value: Value) -> Condition:
        """Hold where it is a list with this value in it."""
        return self._condition("includes", value=value)

    def _condition(self, name: str, **more: object) -> Condition:
        return Condition({"is": name, "field": self.name, **more})


def field(name: str) -> Field:
    """Name something of a conversation.

    `id`, `name`, `creator`, `kind`, `created_at`, `updated_at`, `last_message_at` (milliseconds since 1970-01-01 UTC),
    `member_count`, `unique`, `members`, `muted`, or a value in its attributes by its path, such as `attr.place.city`.
    """
    return Field(name)


def with_members(*users: str) -> Condition:
    """Hold where all of these users (up to 100) are members."""
    return Condition({"is": "with_members", "users": users})


def contains_members(*users: str) -> Condition:
    """Hold where one of these users (up to 100) at least is a member."""
    return Condition({"is": "contains_members", "users": users})
