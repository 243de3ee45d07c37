"""The list of operations: complete, each with one name, one rule and closed to unknown fields."""

import inspect
import typing

import msgspec

from unisono.domain import commands, facts
from unisono.domain.answers import AnyAnswer
from unisono.domain.commands import COMMANDS, Command
from unisono.domain.permission import RULES


def tags(structs: typing.Iterable[object]) -> list[str]:
    """Give the names on the wire."""
    infos = [msgspec.inspect.type_info(struct) for struct in structs]
    return [str(info.tag) for info in infos if isinstance(info, msgspec.inspect.StructType)]


def test_every_command_of_the_module_is_listed() -> None:
    declared = [cls for _, cls in inspect.getmembers(commands, inspect.isclass) if issubclass(cls, Command)]
    assert set(COMMANDS) == set(declared) - {Command}


def test_every_command_has_a_rule_and_no_rule_is_left_over() -> None:
    assert set(RULES) == set(COMMANDS)


def test_names_on_the_wire_are_unique() -> None:
    for union in (COMMANDS, typing.get_args(AnyAnswer), typing.get_args(facts.Fact)):
        names = tags(union)
        assert len(names) == len(union)
        assert len(set(names)) == len(names)


def test_commands_are_frozen_and_closed_to_unknown_fields() -> None:
    for command in COMMANDS:
        assert command.__struct_config__.frozen
        assert command.__struct_config__.forbid_unknown_fields


def test_facts_are_frozen() -> None:
    assert all(fact.__struct_config__.frozen for fact in typing.get_args(facts.Fact))
