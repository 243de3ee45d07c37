"""Free values: what every reader keeps passes, and nothing else does."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.domain.attributes import NESTING_MAX
from unisono.domain.commands import (
    COMMANDS,
    Append,
    Ask,
    Command,
    CreateConversation,
    EditMessage,
    Increase,
    LeaveWill,
    ReplyTo,
    SendMessage,
    SetMember,
    SetObject,
    SignalCall,
    StartCall,
    Tell,
    UpdateConversation,
)
from unisono.domain.errors import Malformed
from unisono.domain.facts import Content
from unisono.domain.ids import INTEGER_MAX, CallId, ConversationId, SendKey, UserId
from unisono.wire.json_values import check_values

finite = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.text() | finite | st.integers(-INTEGER_MAX, INTEGER_MAX)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def commands_with(value: object) -> tuple[Command, ...]:
    """Put a value in each place that takes free ones."""
    return (
        StartCall(SendKey("k"), data={"a": value}),
        SignalCall(CallId("c"), {"a": value}),
        SendMessage(ConversationId("c"), SendKey("k"), Content(attributes={"a": value})),
        SendMessage(ConversationId("c"), SendKey("k"), Content(data={"a": value})),
        SendMessage(ConversationId("c"), SendKey("k"), Content(), push={"a": value}),
        LeaveWill(ConversationId("c"), SendKey("k"), Content(data={"a": value})),
        LeaveWill(ConversationId("c"), SendKey("k"), Content(), push={"a": value}),
        CreateConversation(key=SendKey("k"), attributes={"a": value}),
        SetMember(ConversationId("c"), UserId("u"), attributes={"a": value}),
        UpdateConversation(ConversationId("c"), set={"attr.a": value}),
        UpdateConversation(ConversationId("c"), amend={"attr.a": Append((value,)), "attr.b": Increase()}),
    )


def fault_of(command: Command) -> Malformed | None:
    """Give what is wrong with a command, or None."""
    try:
        check_values(command)
    except Malformed as fault:
        return fault
    return None


def check(value: object) -> None:
    """Check a value in each place that takes free ones."""
    said = [fault_of(command) for command in commands_with(value)]
    faults = [fault for fault in said if fault is not None]
    assert len(faults) in {0, len(said)}
    fields = {"content.attributes", "content.data", "push", "attributes", "set", "amend", "data"}
    assert {fault.numbers["field"] for fault in faults} in (set(), fields)
    if faults:
        raise faults[0]


def nested(levels: int, innermost: object = None) -> object:
    """Nest arrays and objects in turn."""
    value = innermost
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


@given(values)
def test_what_passes_is_written_and_read_alike_in_both_encodings(value: object) -> None:
    check(value)
    assert msgspec.json.decode(msgspec.json.encode(value)) == value
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(value)) == value


def test_nothing_free_nothing_to_check() -> None:
    check_values(SendMessage(ConversationId("c"), SendKey("k"), Content(text="x")))
    check_values(CreateConversation(key=SendKey("k")))


@pytest.mark.parametrize("edge", [INTEGER_MAX, -INTEGER_MAX])
def test_integers_that_every_reader_keeps_pass_and_the_next_do_not(edge: int) -> None:
    check(edge)
    check(float(edge) * 4)
    with pytest.raises(Malformed):
        check(edge + (1 if edge > 0 else -1))


def test_nesting_up_to_the_limit_and_one_level_more() -> None:
    around = 1  # the object that holds all attributes
    check(nested(NESTING_MAX - around))
    innermosts: tuple[object, ...] = (None, [], {})
    for innermost in innermosts:
        with pytest.raises(Malformed) as caught:
            check(nested(NESTING_MAX - around + (innermost is None), innermost))
        assert caught.value.numbers["limit"] == NESTING_MAX


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        float("-inf"),
        b"bytes",
        datetime(2026, 1, 1, tzinfo=UTC),
        msgspec.msgpack.Ext(5, b"x"),
        {1: "a"},
        {None: "a"},
        {b"k": "a"},
        {1.5: "a"},
        [{"a": [b""]}],
    ],
)
def test_what_only_messagepack_can_say_is_refused(value: object) -> None:
    """Such a value used to be placed, and then could not be written to readers of JSON, or became something else."""
    with pytest.raises(Malformed):
        check(value)


def test_every_command_with_a_free_value_is_checked() -> None:
    """A new command with a free value must be added to `check_values`."""

    def is_free(kind: object, *above: object) -> bool:
        if isinstance(kind, msgspec.inspect.AnyType | msgspec.inspect.CustomType):
            return True
        if isinstance(kind, msgspec.inspect.StructType):
            return kind.cls not in above and any(is_free(field.type, *above, kind.cls) for field in kind.fields)
        parts = getattr(kind, "types", ()) or getattr(kind, "item_types", ())
        inner = [getattr(kind, name) for name in ("value_type", "item_type", "type") if hasattr(kind, name)]
        return any(is_free(part, *above) for part in (*parts, *inner))

    free = {command for command in COMMANDS if is_free(msgspec.inspect.type_info(command))}
    told = {
        SendMessage,
        LeaveWill,
        EditMessage,
        CreateConversation,
        UpdateConversation,
        SetMember,
        SetObject,
        Tell,
        Ask,
        ReplyTo,
    }
    assert free == told | {StartCall, SignalCall}
