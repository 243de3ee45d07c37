"""The conversation query in SQL: every value is bound, every name is a column of the schema."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from sqlalchemy import (
    Dialect,
    Integer,
    and_,
    bindparam,
    case,
    collate,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    union_all,
)

from unisono.domain import query as q
from unisono.domain.commands import FindConversations
from unisono.domain.ids import ConversationId, UserId, conversation_stream
from unisono.domain.kinds import KINDS
from unisono.domain.pattern import pattern
from unisono.stores.sql.compiled import Statement
from unisono.stores.sql.phrases import IS_NO_THREAD, IS_SHOWN, MATCHES
from unisono.stores.sql.schema import CONVERSATION_ATTRIBUTES as VALUES
from unisono.stores.sql.schema import CONVERSATIONS, MEMBERS, STREAMS

_ID_FROM: Final = 3
"""Where the id begins in the key of a conversation's stream."""
_LAST_CODE: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)

OWN: Final[dict[str, Any]] = {
    "id": func.substr(STREAMS.c.key, _ID_FROM),
    "name": CONVERSATIONS.c.name,
    "creator": CONVERSATIONS.c.creator,
    "kind": CONVERSATIONS.c.kind,
    "created_at": CONVERSATIONS.c.created_at,
    "updated_at": CONVERSATIONS.c.updated_at,
    "last_message_at": STREAMS.c.said_at,
    "member_count": CONVERSATIONS.c.member_count,
    "unique": case((CONVERSATIONS.c.unique_key.is_not(None), literal_column("1")), else_=literal_column("0")),
}

ROLLS: Final[dict[str, Any]] = {"members": true(), "muted": MEMBERS.c.level == literal_column("'none'")}
"""Fields that are lists of members, and which of them."""

_FOUND_OTHERWISE: Final[list[Any]] = [literal_column("'room'"), literal_column("'temporary'")]
_OTHER: Final[Any] = literal_column("'other'")
_LISTING: Final[list[Any]] = [literal_column(f"'{of}'") for of, kind in KINDS.items() if kind.lists_members]
"""Kinds of conversations whose members know each other."""

Compare = Callable[[Any, Any], Any]
COMPARE: Final[dict[type[q.Test], Compare]] = {
    q.Equal: lambda column, value: column == value,
    q.Less: lambda column, value: column < value,
    q.LessOrEqual: lambda column, value: column <= value,
    q.Greater: lambda column, value: column > value,
    q.GreaterOrEqual: lambda column, value: column >= value,
}


Part = tuple[Any, bool]
"""Which conversations, and whether they are the asker's own."""


def found_by(dialect: Dialect, user: UserId | None, asked: FindConversations, *, finds_open: bool = False) -> Statement:
    """Give the statement that finds the streams of conversations for a user, with one beyond the limit.

    The operator, None, looks through all; a user through open ones, too, where these are found (`finds_open`).
    """
    halves = []
    keys = [expression.label(f"key_{number}") for number, expression in enumerate(_sort_keys(asked.order))]
    for visible, is_mine in _seen_by(user, asked, finds_open=finds_open) if user is not None else ((true(), False),):
        half = select(CONVERSATIONS.c.stream.label("stream"), STREAMS.c.key.label("key"), *keys)
        half = half.join(STREAMS, STREAMS.c.id == CONVERSATIONS.c.stream).where(visible, IS_NO_THREAD)
        if asked.where is not None:
            translation = _Translation(dialect, user if is_mine else None, sees_all=user is None)
            half = half.where(translation.of(asked.where))
        halves.append(half)
    both = union_all(*halves).subquery()
    order = [
        both.c[f"key_{number}"].desc().nulls_last() if is_down else both.c[f"key_{number}"].asc().nulls_first()
        for number, is_down in enumerate(_directions(asked.order))
    ]
    statement = select(both.c.key).order_by(*order, both.c.key)
    return Statement(dialect, lambda: statement.limit(_number(asked.limit + 1)).offset(_number(asked.skip)))


def _seen_by(user: UserId, asked: FindConversations, *, finds_open: bool) -> list[Part]:
    """Give what a user sees. Each part is led by an index: what they are a member of, rooms, what is named and open.

    Where all open ones are found, it may be none that leads to them but that of what is asked for; temporary ones are
    found by their ids alone.
    """
    theirs = _membership().where(MEMBERS.c.user_id == user)
    # Who names its id may want to see again what they deleted.
    shown = (
        theirs if q.named_ids(asked.where) else theirs.join(STREAMS, STREAMS.c.id == MEMBERS.c.stream).where(IS_SHOWN)
    )
    mine, is_mine = CONVERSATIONS.c.stream.in_(shown.correlate(None)), CONVERSATIONS.c.stream.in_(theirs)
    is_room = CONVERSATIONS.c.kind == literal_column("'room'")
    is_open = CONVERSATIONS.c.joining == literal_column("'open'")
    seen: list[Part] = [(mine, True), (is_room, False)]
    if named := q.named_ids(asked.where):
        streams = [conversation_stream(ConversationId(one)) for one in named]
        is_named = STREAMS.c.key.in_([bindparam(None, key, type_=STREAMS.c.key.type) for key in streams])
        seen.append((is_named & is_open & not_(is_room) & not_(is_mine), False))
    elif finds_open:
        seen.append((is_open & CONVERSATIONS.c.kind.not_in(_FOUND_OTHERWISE) & not_(is_mine), False))
    return seen


def _number(value: int) -> Any:
    return bindparam(None, value, type_=STREAMS.c.id.type)


def _membership(stream: Any = None) -> Any:
    """Select memberships of now; of one conversation, where its stream is given."""
    chosen = select(MEMBERS.c.stream).where(MEMBERS.c.until.is_(None))
    return chosen if stream is None else chosen.where(MEMBERS.c.stream == stream)


def _sort_keys(sort: Iterable[q.SortKey]) -> Iterable[Any]:
    for key in sort:
        path = q.path_of(key.by)
        if path is None:
            yield OWN[key.by]
            continue
        for column in (VALUES.c.number, VALUES.c.text):
            at = _at(path).where(VALUES.c.stream == CONVERSATIONS.c.stream, VALUES.c.kind != _OTHER)
            yield at.with_only_columns(column).scalar_subquery()


def _directions(sort: Iterable[q.SortKey]) -> Iterable[bool]:
    for key in sort:
        yield key.descending
        if q.path_of(key.by) is not None:
            yield key.descending


def _at(path: str, *, in_list: bool | None = False) -> Any:
    """Select values at a path: the one itself, those in the list that it is, or all of them."""
    values = select(VALUES.c.stream).where(VALUES.c.path == path)
    if in_list is None:
        return values
    return values.where(VALUES.c.nth > literal_column("0") if in_list else VALUES.c.nth == literal_column("0"))


def after_all_with(text: str) -> str | None:
    """Give the least text that comes after all those that start with one; None when there is none."""
    for end in range(len(text), 0, -1):
        code = ord(text[end - 1]) + 1
        if code <= _LAST_CODE:
            return text[: end - 1] + chr(_SURROGATES.stop if code in _SURROGATES else code)
    return None


class _Translation:
    """Conditions of one query: about the asker's own conversations, looked up for each, or about others.

    Others may be any number, so what is asked of them is looked up at once, and their members are nobody's business,
    but for who `sees_all`.
    """

    def __init__(self, dialect: Dialect, member: UserId | None, *, sees_all: bool = False) -> None:
        self._is_sqlite = dialect.name == "sqlite"
        self._member = member
        self._sees_all = sees_all

    def of(self, condition: q.Condition) -> Any:
        """Give the expression of a condition; it is never null where it stands under a negation."""
        match condition:
            case q.AllOf(of=conditions):
                return and_(*map(self.of, conditions))
            case q.AnyOf(of=conditions):
                return or_(*map(self.of, conditions))
            case q.Not(of=inner):
                # What is said of a name that is null is null, and counts as false.
                return not_(func.coalesce(self.of(inner), false()))
            case q.WithMembers() | q.ContainsMembers():
                return self._of_members(condition)
            case q.Exists(field=field):
                return self._exists(field)
            case q.Missing(field=field):
                return not_(self._exists(field))
            case q.NotEqual(field=field, value=value):
                return not_(self._equal(field, value))
            case q.OneOf(field=field, values=values):
                return self._one_of(field, values)
            case q.Has() | q.Includes() | q.Size():
                return self._of_list(condition)
            case q.Contains() | q.StartsWith() | q.EndsWith() | q.Matches():
                return self._text(condition.field, lambda column: self._is_so(condition, column))
            case _:
                return self._value(condition.field, condition.value, COMPARE[type(condition)])

    def _of_list(self, condition: q.Has | q.Includes | q.Size) -> Any:
        match condition:
            case q.Has(field=field, values=values):
                return self._has_value(field, values)
            case q.Includes(field=field, value=value):
                return self._includes(field, value)
            case q.Size(field=field, count=count):
                is_so = (VALUES.c.kind == _OTHER) & (VALUES.c.number == _number_of(count))
                return self._lookup(_at(q.path_of(field) or "").where(is_so))

    def _of_members(self, condition: q.WithMembers | q.ContainsMembers) -> Any:
        named = [_is_user(user) for user in dict.fromkeys(condition.users)]
        return and_(*map(self._has, named)) if isinstance(condition, q.WithMembers) else self._has(or_(*named))

    def _has(self, condition: Any) -> Any:
        if self._sees_all:
            return _membership(CONVERSATIONS.c.stream).where(condition).exists()
        if self._member is None:
            return false()
        is_known = (MEMBERS.c.user_id == self._member) | CONVERSATIONS.c.kind.in_(_LISTING)
        return _membership(CONVERSATIONS.c.stream).where(condition, is_known).exists()

    def _lookup(self, values: Any) -> Any:
        """Say that a conversation is among those of some values."""
        if self._member is not None:
            return values.where(VALUES.c.stream == CONVERSATIONS.c.stream).exists()
        return CONVERSATIONS.c.stream.in_(values)

    def _exists(self, field: str) -> Any:
        path = q.path_of(field)
        if path is not None:
            return self._lookup(_at(path))
        return self._has(ROLLS[field]) if field in ROLLS else OWN[field].is_not(None)

    def _equal(self, field: str, value: q.Value) -> Any:
        # A name may be null, and so would be what is said of it.
        equal = self._value(field, value, COMPARE[q.Equal])
        return equal if q.path_of(field) is not None else func.coalesce(equal, false())

    def _value(self, field: str, value: q.Value, compare: Compare, *, in_list: bool | None = False) -> Any:
        kind, path = q.kind_of(value), q.path_of(field)
        if path is not None:
            return self._lookup(_at(path, in_list=in_list).where(*_of_kind(value, compare)))
        if q.FIELDS[field] != kind:
            return false()
        # A fraction stays one, and is not made a whole number as the column is.
        return compare(OWN[field], value if isinstance(value, str) else _number_of(value))

    def _has_value(self, field: str, values: q.Values) -> Any:
        if field not in ROLLS:
            return self._one_of(field, values, in_list=None)
        users = [UserId(value) for value in dict.fromkeys(values) if isinstance(value, str)]
        return self._has(or_(*map(_is_user, users)) & ROLLS[field]) if users else false()

    def _one_of(self, field: str, values: q.Values, *, in_list: bool | None = False) -> Any:
        """Say that a field has one of some values: one lookup for those of a kind, however many there are."""
        by_kind: dict[str, list[q.Value]] = {}
        for value in dict.fromkeys(values):
            by_kind.setdefault(q.kind_of(value), []).append(value)
        some_of = ((some[0], partial(_is_among, values=some)) for some in by_kind.values())
        return or_(*(self._value(field, value, compare, in_list=in_list) for value, compare in some_of))

    def _includes(self, field: str, value: q.Value) -> Any:
        path = q.path_of(field)
        if path is not None:
            return self._lookup(_at(path, in_list=True).where(*_of_kind(value, COMPARE[q.Equal])))
        if field not in ROLLS or not isinstance(value, str):
            return false()
        return self._has((MEMBERS.c.user_id == value) & ROLLS[field])

    def _text(self, field: str, is_so: Callable[[Any], Any]) -> Any:
        path = q.path_of(field)
        if path is not None:
            return self._lookup(_at(path).where(VALUES.c.kind == literal_column("'text'"), is_so(VALUES.c.text)))
        return is_so(OWN[field]) if q.FIELDS[field] == "text" else false()

    def _is_so(self, condition: q.TextTest, column: Any) -> Any:
        match condition:
            case q.Contains(text=text):
                position = func.instr(column, text) if self._is_sqlite else func.strpos(column, text)
                return position > literal_column("0")
            case q.StartsWith(text=text):
                # As a range, which an index can lead through.
                end = after_all_with(text)
                return (column >= text) & (true() if end is None else column < end)
            case q.EndsWith(text=text):
                count = bindparam(None, -len(text) if self._is_sqlite else len(text), type_=Integer())
                ends = func.substr(column, count) if self._is_sqlite else func.right(column, count)
                return ends == text
            case q.Matches(pattern=wanted, ignore_case=ignore_case):
                ours = pattern(wanted, ignore_case=ignore_case)
                if self._is_sqlite:
                    return getattr(func, MATCHES)(ours.text, column) == literal_column("1")
                return collate(column, "C").op("~", is_comparison=True)(ours.text_for_postgresql)


def _is_among(column: Any, _: Any, values: list[q.Value]) -> Any:
    given = [
        bindparam(None, value if isinstance(value, str) else float(value), type_=_type_of(value)) for value in values
    ]
    return func.coalesce(column.in_(given), false())


def _number_of(value: float) -> Any:
    return bindparam(None, float(value), type_=VALUES.c.number.type)


def _type_of(value: q.Value) -> Any:
    return VALUES.c.text.type if isinstance(value, str) else VALUES.c.number.type


def _is_user(user: UserId) -> Any:
    return MEMBERS.c.user_id == user


def _of_kind(value: q.Value, compare: Compare) -> tuple[Any, Any]:
    kind = VALUES.c.kind == literal_column(f"'{q.kind_of(value)}'")
    if isinstance(value, str):
        return kind, compare(VALUES.c.text, value)
    return kind, compare(VALUES.c.number, float(value))
