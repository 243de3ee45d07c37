"""What each command counts against the rate of who asks."""

from typing import Final

from unisono.domain import commands as c
from unisono.domain.query import Equal, OneOf, named_ids

USERS_PER_REQUEST: Final = 10
"""So many users, or conversations, named cost as much as one more request: each is written to, or looked up."""

CALL_COST: Final = 5.0
"""What beginning a call counts: it may ring on many devices of each user called."""

SIGNAL_COST: Final = 0.25
"""What a signal within a call counts: both ends tell dozens of candidates at once."""

QUERY_COST: Final = 10.0
"""What looking for something counts: it may take a hundred times the work of another request."""


def cost_of(command: c.Command) -> float:
    """Give what a command counts against the rate of who asks."""
    match command:
        case c.StartCall(users=users):
            return CALL_COST + len(users) // USERS_PER_REQUEST
        case c.SignalCall():
            return SIGNAL_COST
        case c.MarkAllRead(conversations=conversations):
            return 1.0 + len(conversations)
        case c.CreateConversation(members=users) | c.AddMembers(users=users):
            return 1.0 + len(users) // USERS_PER_REQUEST
        case c.RemoveMembers(users=users) | c.Restrict(users=users) | c.BlockUsers(users=users):
            return 1.0 + len(users) // USERS_PER_REQUEST
        case c.AskPresence(users=users) | c.Watch(users=users) | c.UnblockUsers(users=users):
            return 1.0 + len(users) // USERS_PER_REQUEST
        case c.FindConversations(where=Equal(field="id") | OneOf(field="id")):
            return 1.0 + len(named_ids(command.where)) // USERS_PER_REQUEST
        case c.FindConversations() | c.SearchMessages():
            return QUERY_COST
        case _:
            return 1.0
