"""The one chokepoint by example; tests/security/test_permission_matrix.py walks all of it."""

import pytest

from unisono.domain import commands as c
from unisono.domain.errors import AlreadyGreeted, Forbidden, NotFound, NotGreeted, NoUser, UnisonoError
from unisono.domain.permission import About, Standing, check


def refused(command: type[c.Command], standing: Standing, expected: type[UnisonoError]) -> None:
    """Expect a refusal about a direct conversation."""
    with pytest.raises(expected):
        check(command, standing, About("direct"))


def test_nothing_but_a_greeting_comes_before_the_greeting() -> None:
    """A ping used to pass the table, though no door answered it before the greeting."""
    check(c.Login, Standing.UNGREETED)
    check(c.Resume, Standing.UNGREETED)
    for command in set(c.COMMANDS) - {c.Login, c.Resume}:
        refused(command, Standing.UNGREETED, NotGreeted)


@pytest.mark.parametrize("greeted", [each for each in Standing if each not in {Standing.UNGREETED, Standing.OPERATOR}])
def test_a_connection_is_greeted_once(greeted: Standing) -> None:
    refused(c.Login, greeted, AlreadyGreeted)
    refused(c.Resume, greeted, AlreadyGreeted)
    check(c.Ping, greeted)


def test_without_a_user_there_is_nothing_but_signs_of_life() -> None:
    check(c.Ping, Standing.NOBODY)
    refused(c.SendMessage, Standing.NOBODY, NoUser)


def test_a_former_member_reads_but_takes_no_part() -> None:
    check(c.GetHistory, Standing.FORMER, About("group"))
    refused(c.SendMessage, Standing.FORMER, NotFound)


def test_the_members_of_a_direct_conversation_are_fixed() -> None:
    check(c.SendMessage, Standing.MEMBER, About("direct"))
    check(c.AddMembers, Standing.MEMBER, About("group"))
    refused(c.AddMembers, Standing.MEMBER, Forbidden)
    refused(c.Restrict, Standing.MEMBER, Forbidden)
    refused(c.Join, Standing.STRANGER, NotFound)
