"""Whether a condition holds of a conversation, and which one comes first: what the statements of SQL must give, too."""

from collections.abc import Sequence
from functools import cmp_to_key

from msgspec import Struct

from unisono.domain import query as q
from unisono.domain.conversation import Conversation
from unisono.domain.ids import UserId
from unisono.domain.pattern import pattern

Known = tuple[q.Kind, str | float]


class Subject(Struct, frozen=True):
    """A conversation with all that can be asked about it."""

    conversation: Conversation
    members: frozenset[UserId]
    muted: frozenset[UserId] = frozenset()

    def roll(self, field: str) -> frozenset[UserId] | None:
        """Give the list of members that a field is; None for another."""
        return {"members": self.members, "muted": self.muted}.get(field)

    def own(self, field: str) -> str | float | None:
        """Give the value of one of its own fields."""
        entry = self.conversation
        match field:
            case "id":
                return entry.id
            case "kind":
                return entry.of
            case "last_message_at":
                return entry.head.said_at
            case "name" | "creator" | "created_at" | "updated_at" | "member_count":
                value: str | float | None = getattr(entry, field)
                return value
            case "unique":
                return entry.is_unique
            case _:
                return None

    def values(self, field: str, *, in_list: bool = False) -> list[Known]:
        """Give the values of a field, or of the list that it is."""
        path = q.path_of(field)
        if path is not None:
            found = [one for one in q.flatten(self.conversation.attributes) if one.path == path]
            return [_known(one) for one in found if one.kind != "other" and bool(one.nth) == in_list]
        if (users := self.roll(field)) is not None:
            return [("text", user) for user in users if in_list]
        value = self.own(field)
        return [] if value is None or in_list else [(q.kind_of(value), value)]

    def exists(self, field: str) -> bool:
        """Say if a field has any value, a list or an object too."""
        path = q.path_of(field)
        if path is not None:
            return any(one.path == path and not one.nth for one in q.flatten(self.conversation.attributes))
        users = self.roll(field)
        return self.own(field) is not None if users is None else bool(users)


def _known(found: q.Found) -> Known:
    return found.kind, found.text if found.text is not None else found.number or 0.0


def _wanted(value: q.Value) -> Known:
    return q.kind_of(value), value


def holds(condition: q.Condition, subject: Subject) -> bool:
    """Say if a condition holds."""
    match condition:
        case q.AllOf(of=conditions):
            return all(holds(one, subject) for one in conditions)
        case q.AnyOf(of=conditions):
            return any(holds(one, subject) for one in conditions)
        case q.Not(of=condition):
            return not holds(condition, subject)
        case q.WithMembers() | q.ContainsMembers():
            return _has_members(condition, subject.members)
        case q.Exists(field=field):
            return subject.exists(field)
        case q.Missing(field=field):
            return not subject.exists(field)
        case q.NotEqual(field=field, value=value):
            return _wanted(value) not in subject.values(field)
        case q.Has() | q.Includes() | q.Size():
            return _is_in_list(condition, subject)
        case q.OneOf(field=field, values=values):
            return any(_wanted(value) in subject.values(field) for value in values)
        case q.Contains() | q.StartsWith() | q.EndsWith() | q.Matches():
            return any(
                _is_so(condition, value) for _, value in subject.values(condition.field) if isinstance(value, str)
            )
        case _:
            return any(_compares(condition, value) for value in subject.values(condition.field))


def _is_in_list(condition: q.Has | q.Includes | q.Size, subject: Subject) -> bool:
    field = condition.field
    match condition:
        case q.Includes(value=value):
            return _wanted(value) in subject.values(field, in_list=True)
        case q.Has(values=values):
            known = subject.values(field) + subject.values(field, in_list=True)
            return any(_wanted(value) in known for value in values)
        case q.Size(count=count):
            found = (one for one in q.flatten(subject.conversation.attributes) if one.path == q.path_of(field))
            return any(one.kind == "other" and one.number == count for one in found if not one.nth)


def _has_members(condition: q.WithMembers | q.ContainsMembers, members: frozenset[UserId]) -> bool:
    if isinstance(condition, q.WithMembers):
        return members.issuperset(condition.users)
    return not members.isdisjoint(condition.users)


def _is_so(condition: q.TextTest, text: str) -> bool:
    match condition:
        case q.Contains(text=wanted):
            return wanted in text
        case q.StartsWith(text=wanted):
            return text.startswith(wanted)
        case q.EndsWith(text=wanted):
            return text.endswith(wanted)
        case q.Matches(pattern=wanted, ignore_case=ignore_case):
            return pattern(wanted, ignore_case=ignore_case).is_in(text)


def _compares(condition: q.Comparison, value: Known) -> bool:
    wanted = _wanted(condition.value)
    if value[0] != wanted[0]:
        return False
    match condition:
        case q.Less():
            return value < wanted
        case q.LessOrEqual():
            return value <= wanted
        case q.Greater():
            return value > wanted
        case q.GreaterOrEqual():
            return value >= wanted
        case _:
            return value == wanted


def ordered(subjects: Sequence[Subject], sort: Sequence[q.SortKey]) -> list[Subject]:
    """Sort as asked for, and by id what is alike."""

    def compare(one: Subject, other: Subject) -> int:
        for key in sort:
            mine, its = _rank(one, key.by), _rank(other, key.by)
            if mine != its:
                return 1 if (mine > its) is not key.descending else -1
        return 1 if one.conversation.id > other.conversation.id else -1

    return sorted(subjects, key=cmp_to_key(compare))


def _rank(subject: Subject, field: str) -> tuple[int, str, float]:
    values = subject.values(field)
    if not values:
        return 0, "", 0
    kind, value = values[0]
    return (1, str(value), 0) if kind == "text" else (2, "", float(value))
