"""What a client's fields become is held to the limits of every command."""

import pytest

from unisono.domain import commands as c
from unisono.domain.errors import Invalid
from unisono.domain.facts import Content, Rules
from unisono.domain.ids import ConversationId, SendKey, UserId
from unisono.wire.leancloud.checking import checked

C = ConversationId("69203ac0d3b07384d113edec")


def test_a_command_within_its_limits_stays_as_it_is() -> None:
    begin = c.CreateConversation(
        SendKey("k"), members=(UserId("jerry"),), attributes={"a": [1, {"b": None}]}, rules=Rules(remove="member")
    )
    say = c.SendMessage(C, SendKey("k"), Content(text="hi", data={"a": 1}))
    assert checked(begin) == begin
    assert checked(say) == say


@pytest.mark.parametrize(
    "command",
    [
        c.GetConversation(ConversationId("")),
        c.Quit(ConversationId("x" * 65)),
        c.AddMembers(C, ()),
        c.AddMembers(C, (UserId("a\nb"),)),
        c.GetMembers(C, limit=1001),
        c.CreateConversation(SendKey("k"), name="n" * 257),
    ],
)
def test_one_that_is_not_is_refused(command: c.Command) -> None:
    with pytest.raises(Invalid):
        checked(command)
