"""How users arrange their conversations, done on their behalf."""

from typing import Final

from unisono.domain import answers as a
from unisono.domain import commands as c
from unisono.gateways.rest.acting import ONE, does
from unisono.gateways.rest.operations import Operation
from unisono.gateways.rest.shapes import OfMark, OfUser

_PIN: Final = ONE + "/pin"
_SILENCE: Final = ONE + "/silence"
_MARK: Final = ONE + "/marks/{mark}"

_ALL: Final = "/v1/users/{user}/silence"

ARRANGING_OPERATIONS: Final[tuple[Operation, ...]] = (
    does(
        c.PinConversation,
        a.Done,
        at=("PUT", _PIN),
        name="pinConversation",
        summary="Have a conversation stand above others in a user's list",
        faults=("limit_reached",),
    ),
    does(
        c.UnpinConversation,
        a.Done,
        at=("DELETE", _PIN),
        name="unpinConversation",
        summary="Have a conversation stand among the others again",
    ),
    does(
        c.MarkConversation,
        a.Done,
        at=("PUT", _MARK),
        name="markConversation",
        summary="Put a mark of a user's to a conversation",
        params=OfMark,
        faults=("limit_reached",),
    ),
    does(
        c.UnmarkConversation,
        a.Done,
        at=("DELETE", _MARK),
        name="unmarkConversation",
        summary="Take a mark of a user's from a conversation",
        params=OfMark,
    ),
    does(
        c.SilenceConversation,
        a.Done,
        at=("PUT", _SILENCE),
        name="silenceConversation",
        summary="Alert a user of less, for good, until an instant or at hours of the day",
    ),
    does(
        c.UnsilenceConversation,
        a.Done,
        at=("DELETE", _SILENCE),
        name="unsilenceConversation",
        summary="Lift a user's silence",
    ),
    does(
        c.SilenceAll,
        a.Done,
        at=("PUT", _ALL),
        name="silenceAll",
        summary="Alert a user of less of all their conversations, for good, until an instant or at hours of the day",
        params=OfUser,
    ),
    does(
        c.UnsilenceAll,
        a.Done,
        at=("DELETE", _ALL),
        name="unsilenceAll",
        summary="Lift a user's silence of all their conversations",
        params=OfUser,
    ),
    does(
        c.GetSilence,
        a.SilenceOfAll,
        at=("GET", _ALL),
        name="getSilence",
        summary="Say when a user wants to hear less of all their conversations",
        params=OfUser,
    ),
    does(
        c.DeleteConversation,
        a.Done,
        at=("POST", ONE + "/delete"),
        name="deleteConversation",
        summary="Take a conversation from a user's lists until something is said in it",
    ),
    does(
        c.DeleteHistory,
        a.Done,
        at=("POST", ONE + "/history/delete"),
        name="deleteHistory",
        summary="Delete what was said up to a place, for a user alone",
        scope="messages",
    ),
    does(
        c.DeleteMessages,
        a.Done,
        at=("POST", ONE + "/messages/delete"),
        name="deleteMessages",
        summary="Delete chosen messages, for a user alone",
        scope="messages",
        faults=("limit_reached",),
    ),
)
