"""Every operation, standing and kind of conversation has the outcome that docs/protocol/permissions.md says."""

import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from msgspec import inspect, structs

from tests.unit.domain.stage import ANN, BOB, group
from unisono.domain.commands import COMMANDS, AddMembers, Command, RemoveMembers, Restrict, UpdateConversation
from unisono.domain.conversation import Membership, standing
from unisono.domain.errors import UnisonoError
from unisono.domain.facts import ConversationKind, Role, Rules
from unisono.domain.ids import Seq
from unisono.domain.kinds import KINDS
from unisono.domain.permission import RULES, About, Standing, check

PAGE = Path(__file__).parents[2] / "docs/protocol/permissions.md"
ANY, OPEN = "Any conversation, any stream, or none", "Open conversations"
IN_ROOM = "In a room"
KEPT = "Rooms that keep their history"
OF: dict[ConversationKind, str] = {
    "direct": "Direct conversations",
    "room": "Rooms",
    "service": "Service conversations",
    "temporary": "Temporary conversations",
    "thread": "Threads",
}

STANDINGS = [each for each in Standing if each is not Standing.OPERATOR]
"""Those that users can have."""

Table = dict[tuple[str, Standing], str]


def name_of(command: type) -> str:
    """Give the operation's name on the wire."""
    info = inspect.type_info(command)
    assert isinstance(info, inspect.StructType)
    return str(info.tag)


@cache
def table(heading: str) -> Table:
    """Read one table of the page."""
    section = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (text,) = [part for part in section if part.startswith(heading + "\n")]
    header, _, *rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    standings = [Standing(cell.strip()) for cell in header[1:]]
    assert standings == STANDINGS
    cells: Table = {}
    for first, *outcomes in rows:
        for each, outcome in zip(standings, outcomes, strict=True):
            assert (first.strip(), each) not in cells
            cells[first.strip(), each] = outcome.strip()
    return cells


def operations_of(cells: Table) -> set[str]:
    """List the operations that a table has rows for."""
    return {operation for operation, _ in cells}


def may_be_open(of: ConversationKind) -> tuple[bool, ...]:
    """Say if conversations of a kind are open."""
    return {"invited": (False,), "open": (True,), "choice": (False, True)}[KINDS[of].joining]


CASES: list[About | None] = [None, *(About(of, each) for of in get_args(ConversationKind) for each in may_be_open(of))]


def outcome(command: type[Command], caller: Standing, about: About | None, *, is_present: bool = False) -> str:
    """Ask the code."""
    try:
        check(command, caller, about, is_present=is_present)
    except UnisonoError as fault:
        return fault.code
    return "yes"


def words(command: type[Command], caller: Standing, about: About | None) -> str | None:
    """Give what a refused caller reads, or None when there is nothing to refuse."""
    try:
        check(command, caller, about)
    except UnisonoError as fault:
        return str(fault)
    return None


def test_every_operation_has_a_row_and_no_row_is_left_over() -> None:
    operations = {name_of(command) for command in COMMANDS}
    assert operations_of(table(ANY)) == operations
    assert all(operations_of(table(heading)) <= operations for heading in (OPEN, *OF.values(), IN_ROOM))


@pytest.mark.rows("L215")
@pytest.mark.parametrize("command", COMMANDS, ids=name_of)
def test_the_code_does_what_the_page_says(command: type[Command]) -> None:
    for case in CASES:
        about = case
        if about is None and (RULES[command].by is not None or "changing" not in RULES[command].lists):
            about = About("group")
        cells = table(ANY)
        if about is not None:
            cells = cells | (table(OPEN) if about.is_open else {}) | (table(OF[about.of]) if about.of in OF else {})
        for caller in STANDINGS:
            assert outcome(command, caller, about) == cells[name_of(command), caller], (caller, about)


@pytest.mark.parametrize("command", COMMANDS, ids=name_of)
def test_who_is_in_a_room_may_what_the_page_says(command: type[Command]) -> None:
    cells = table(ANY) | table(OPEN) | table(OF["room"]) | table(IN_ROOM)
    about = About("room", is_open=True)
    for caller in STANDINGS:
        assert outcome(command, caller, about, is_present=True) == cells[name_of(command), caller], caller


ROLES: tuple[Role, ...] = ("member", "manager", "owner")


@pytest.mark.parametrize("command", COMMANDS, ids=name_of)
def test_what_a_room_keeps_may_be_read_as_the_page_says(command: type[Command]) -> None:
    cells = table(ANY) | table(OPEN) | table(OF["room"]) | table(KEPT)
    about = About("room", is_open=True, keeps_history=True)
    for caller in STANDINGS:
        assert outcome(command, caller, about) == cells[name_of(command), caller], caller
    plain = outcome(command, Standing.OPERATOR, About("room", is_open=True))
    operators = "yes" if name_of(command) in operations_of(table(KEPT)) else plain
    assert outcome(command, Standing.OPERATOR, about) == operators


@pytest.mark.parametrize("least", ROLES)
def test_a_rule_names_the_least_role_that_may(least: Role) -> None:
    may = {Standing(role) for role in ROLES[ROLES.index(least) :]}
    about = About("group", rules=Rules(add=least, remove=least, update=least, restrict=least))
    for command in (AddMembers, RemoveMembers, UpdateConversation, Restrict):
        for caller in map(Standing, ROLES):
            assert outcome(command, caller, about) == ("yes" if caller in may else "forbidden")


def operators_table() -> dict[tuple[str, str], str]:
    """Read what the page says of the operator, by operation and kind."""
    (text,) = [part for part in PAGE.read_text(encoding="utf-8").split("\n## ") if part.startswith("The operator\n")]
    header, _, *rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    kinds = [cell.strip() for cell in header[1:]]
    assert set(kinds) == set(get_args(ConversationKind))
    return {
        (first.strip(), kind): cell.strip() for first, *cells in rows for kind, cell in zip(kinds, cells, strict=True)
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_the_operator_may_what_the_page_says(command: type[Command]) -> None:
    cells = operators_table()
    otherwise = "already_greeted" if Standing.UNGREETED in RULES[command].allowed else "forbidden"
    for of in get_args(ConversationKind):
        assert outcome(command, Standing.OPERATOR, About(of)) == cells.get((name_of(command), of), otherwise)


def test_the_page_tells_the_default_rules() -> None:
    section = PAGE.read_text(encoding="utf-8").split("## Roles and rules")[1].split("## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "|" in line]
    assert {name: default for name, default, _ in rows[2:]} == structs.asdict(Rules())


def test_an_operation_without_a_rule_is_refused_loudly() -> None:
    class Forgotten(Command, frozen=True, tag="forgotten"):
        pass

    for caller in Standing:
        with pytest.raises(KeyError):
            check(Forgotten, caller)


def test_what_may_not_be_seen_looks_like_what_does_not_exist() -> None:
    """A stranger gets the same words whatever is asked and whatever kind of conversation it is about."""
    closed = [about for about in CASES if about is None or not about.is_open]
    texts = {words(command, Standing.STRANGER, about) for command in COMMANDS for about in closed}
    assert texts - {None, "this connection already has a session"} == {"not found"}


def test_a_membership_says_the_standing() -> None:
    talk = group(BOB)
    assert standing(talk, BOB, None) is Standing.STRANGER
    assert standing(talk, BOB, Membership(BOB, since=Seq(0), until=Seq(0))) is Standing.STRANGER
    assert standing(talk, BOB, Membership(BOB, since=Seq(1))) is Standing.MEMBER
    assert standing(talk, BOB, Membership(BOB, since=Seq(1), role="manager")) is Standing.MANAGER
    assert standing(talk, BOB, Membership(BOB, since=Seq(1), role="owner")) is Standing.OWNER
    assert standing(talk, BOB, Membership(BOB, since=Seq(1), until=Seq(4))) is Standing.FORMER


def test_the_creator_of_a_room_is_its_owner_and_that_of_a_group_only_while_they_are() -> None:
    assert standing(group(of="room"), ANN, None) is Standing.OWNER
    assert standing(group(of="room"), BOB, None) is Standing.STRANGER
    assert standing(group(), ANN, None) is Standing.STRANGER
