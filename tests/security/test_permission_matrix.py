"""Every operation, standing and kind of conversation has the outcome that docs/protocol/permissions.md says."""

import re
from pathlib import Path
from typing import get_args

import pytest
from msgspec import inspect

from unisono.domain.commands import COMMANDS, Command
from unisono.domain.conversation import Membership, standing
from unisono.domain.errors import UnisonoError
from unisono.domain.facts import ConversationKind
from unisono.domain.ids import Seq, UserId
from unisono.domain.kinds import KINDS
from unisono.domain.permission import Standing, check

PAGE = Path(__file__).parents[2] / "docs/protocol/permissions.md"
ANY, OPEN = "Any conversation, any stream, or none", "Open conversations"
OF: dict[ConversationKind, str] = {"direct": "Direct conversations", "room": "Rooms"}

Table = dict[tuple[str, Standing], str]


def name_of(command: type[Command]) -> str:
    """Give the operation's name on the wire."""
    info = inspect.type_info(command)
    assert isinstance(info, inspect.StructType)
    return str(info.tag)


def table(heading: str) -> Table:
    """Read one table of the page."""
    section = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (text,) = [part for part in section if part.startswith(heading + "\n")]
    header, _, *rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    standings = [Standing(cell.strip()) for cell in header[1:]]
    assert standings == list(Standing)
    cells: Table = {}
    for first, *outcomes in rows:
        for each, outcome in zip(standings, outcomes, strict=True):
            assert (first.strip(), each) not in cells
            cells[first.strip(), each] = outcome.strip()
    return cells


def operations_of(cells: Table) -> set[str]:
    """List the operations that a table has rows for."""
    return {operation for operation, _ in cells}


def may_be_open(of: ConversationKind | None) -> tuple[bool, ...]:
    """Say if conversations of a kind are open."""
    return (False,) if of is None else (KINDS[of].is_open,)


CASES = [(of, is_open) for of in (None, *get_args(ConversationKind)) for is_open in may_be_open(of)]


def outcome(command: type[Command], caller: Standing, of: ConversationKind | None, *, is_open: bool) -> str:
    """Ask the code."""
    try:
        check(command, caller, of, is_open=is_open)
    except UnisonoError as fault:
        return fault.code
    return "yes"


def words(command: type[Command], caller: Standing, of: ConversationKind | None) -> str | None:
    """Give what a refused caller reads, or None when there is nothing to refuse."""
    try:
        check(command, caller, of)
    except UnisonoError as fault:
        return str(fault)
    return None


def test_every_operation_has_a_row_and_no_row_is_left_over() -> None:
    operations = {name_of(command) for command in COMMANDS}
    assert operations_of(table(ANY)) == operations
    assert all(operations_of(table(heading)) <= operations for heading in (OPEN, *OF.values()))


@pytest.mark.parametrize(("of", "is_open"), CASES)
@pytest.mark.parametrize("caller", Standing)
@pytest.mark.parametrize("command", COMMANDS)
def test_the_code_does_what_the_page_says(
    command: type[Command], caller: Standing, of: ConversationKind | None, *, is_open: bool
) -> None:
    cells = table(ANY) | (table(OPEN) if is_open else {}) | (table(OF[of]) if of in OF else {})
    assert outcome(command, caller, of, is_open=is_open) == cells[name_of(command), caller]


def test_an_operation_without_a_rule_is_refused_loudly() -> None:
    class Forgotten(Command, frozen=True, tag="forgotten"):
        pass

    for caller in Standing:
        with pytest.raises(KeyError):
            check(Forgotten, caller)


def test_what_may_not_be_seen_looks_like_what_does_not_exist() -> None:
    """A stranger gets the same words whatever is asked and whatever kind of conversation it is about."""
    texts = {words(command, Standing.STRANGER, of) for command in COMMANDS for of, is_open in CASES if not is_open}
    assert texts - {None, "this connection already has a session"} == {"not found"}


def test_a_membership_says_the_standing() -> None:
    user = UserId("ann")
    assert standing(None) is Standing.STRANGER
    assert standing(Membership(user, since=Seq(1))) is Standing.MEMBER
    assert standing(Membership(user, since=Seq(1), until=Seq(4))) is Standing.FORMER
